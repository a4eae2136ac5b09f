//! Where a report looks, and what one row of it stands for.

use serasi_geography::{RegionCode, RegionLevel};

use crate::id::Regency;

/// What a row stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowLevel {
    Regency,
    Province,
    Nation,
}

/// A region and the level of its rows: no row reaches beyond the region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    region: RegionCode,
    rows: RowLevel,
}

/// Why a report cannot look there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidExtent {
    #[error("is smaller than a regency; these figures are counted by regency")]
    BelowRegency,
    #[error("a row would reach beyond the region; ask for a lower level")]
    RowsTooLarge,
}

impl RowLevel {
    /// The row that a regency's figures go to.
    #[must_use]
    pub fn row_of(self, regency: Regency) -> RegionCode {
        let code = regency.code();
        match self {
            Self::Regency => code,
            Self::Province => code.province().unwrap_or(RegionCode::NATION),
            Self::Nation => RegionCode::NATION,
        }
    }
}

impl Extent {
    pub fn new(region: RegionCode, rows: RowLevel) -> Result<Self, InvalidExtent> {
        let fits = match (region.level(), rows) {
            (RegionLevel::District | RegionLevel::Village, _) => return Err(InvalidExtent::BelowRegency),
            (RegionLevel::Nation, _)
            | (RegionLevel::Province, RowLevel::Province | RowLevel::Regency)
            | (RegionLevel::Regency, RowLevel::Regency) => true,
            (RegionLevel::Province, RowLevel::Nation)
            | (RegionLevel::Regency, RowLevel::Province | RowLevel::Nation) => false,
        };
        if fits {
            Ok(Self { region, rows })
        } else {
            Err(InvalidExtent::RowsTooLarge)
        }
    }

    #[must_use]
    pub const fn region(self) -> RegionCode {
        self.region
    }

    #[must_use]
    pub const fn rows(self) -> RowLevel {
        self.rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_row_reaches_beyond_the_region() {
        let all = [RowLevel::Regency, RowLevel::Province, RowLevel::Nation];
        for (region, allowed) in [("ID", 3), ("32", 2), ("32.73", 1)] {
            let region = region.parse().unwrap();
            let fits = all.map(|rows| Extent::new(region, rows).is_ok());
            assert_eq!(fits, [true, allowed > 1, allowed > 2], "{region}");
        }
        let district = "32.73.01".parse().unwrap();
        assert_eq!(
            Extent::new(district, RowLevel::Regency),
            Err(InvalidExtent::BelowRegency)
        );
    }

    #[test]
    fn a_regency_goes_to_the_row_it_lies_in() {
        let regency = Regency::try_from("32.73".parse::<RegionCode>().unwrap()).unwrap();
        let rows =
            [RowLevel::Regency, RowLevel::Province, RowLevel::Nation].map(|level| level.row_of(regency));
        assert_eq!(rows.map(|row| row.to_string()), ["32.73", "32", "ID"]);
    }
}
