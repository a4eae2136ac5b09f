//! Two domiciles, each known at any level: the smallest region both are known to lie in.

use serasi_geography::{RegionCode, RegionLevel};

use crate::level::levels;

levels! {
    /// The smallest region that both name, and whether they part below it or only know no more.
    pub enum PlaceLevel {
        Village = "village",
        /// The same district, and one side knows no more.
        District = "district",
        Regency = "regency",
        Province = "province",
        /// The same district, other villages.
        OtherVillage = "other_village",
        OtherDistrict = "other_district",
        OtherRegency = "other_regency",
        Elsewhere = "elsewhere",
    }
}

pub(crate) fn compare(left: RegionCode, right: RegionCode) -> PlaceLevel {
    let same = |region: fn(RegionCode) -> Option<RegionCode>| {
        region(left).is_some() && region(left) == region(right)
    };
    let one_knows_no_more = left.contains(&right) || right.contains(&left);
    let level = |agrees, parts| if one_knows_no_more { agrees } else { parts };
    if left == right && left.level() == RegionLevel::Village {
        PlaceLevel::Village
    } else if same(RegionCode::district) {
        level(PlaceLevel::District, PlaceLevel::OtherVillage)
    } else if same(RegionCode::regency) {
        level(PlaceLevel::Regency, PlaceLevel::OtherDistrict)
    } else if same(RegionCode::province) {
        level(PlaceLevel::Province, PlaceLevel::OtherRegency)
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
        assert_eq!(level("32.73.01.1001", "32.73.01.1002"), PlaceLevel::OtherVillage);
        assert_eq!(level("32.73.01", "32.73.01"), PlaceLevel::District);
        assert_eq!(level("32.73.01.1001", "32.73"), PlaceLevel::Regency);
        assert_eq!(level("32.73.01", "32.04.01"), PlaceLevel::OtherRegency);
        assert_eq!(level("32.73.01", "32.73.02"), PlaceLevel::OtherDistrict);
        assert_eq!(level("32", "32.04.01"), PlaceLevel::Province);
        assert_eq!(level("32.73.01", "11.01.01"), PlaceLevel::Elsewhere);
    }
}
