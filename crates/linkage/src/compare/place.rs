//! Two domiciles, each known at any level: the smallest region both are known to lie in.

use serasi_geography::RegionCode;

use crate::level::levels;

levels! {
    /// The smallest region that both name.
    pub enum PlaceLevel {
        Village = "village",
        District = "district",
        Regency = "regency",
        Province = "province",
        Elsewhere = "elsewhere",
    }
}

pub(super) fn compare(left: RegionCode, right: RegionCode) -> PlaceLevel {
    let same = |region: fn(RegionCode) -> Option<RegionCode>| {
        region(left).is_some() && region(left) == region(right)
    };
    if left == right && left.district().is_some_and(|district| district != left) {
        PlaceLevel::Village
    } else if same(RegionCode::district) {
        PlaceLevel::District
    } else if same(RegionCode::regency) {
        PlaceLevel::Regency
    } else if same(RegionCode::province) {
        PlaceLevel::Province
    } else {
        PlaceLevel::Elsewhere
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_common_region_counts() {
        let level = |left: &str, right: &str| compare(left.parse().unwrap(), right.parse().unwrap());
        assert_eq!(level("32.73.01.1001", "32.73.01.1001"), PlaceLevel::Village);
        assert_eq!(level("32.73.01.1001", "32.73.01.1002"), PlaceLevel::District);
        assert_eq!(level("32.73.01", "32.73.01"), PlaceLevel::District);
        assert_eq!(level("32.73.01.1001", "32.73"), PlaceLevel::Regency);
        assert_eq!(level("32.73.01", "32.04.01"), PlaceLevel::Province);
        assert_eq!(level("32.73.01", "11.01.01"), PlaceLevel::Elsewhere);
    }
}
