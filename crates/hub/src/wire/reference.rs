//! Regions, categories, articles.

use serasi_domain::cluster::PpksCategory;
use serasi_domain::regulation::Article;
use serasi_geography::{Coordinates, Region, RegionLevel};
use serasi_proto::v1;

use super::codes::{FromWire, optional};

/// As the contract has it.
pub(crate) fn region_to_wire(region: &Region<'_>) -> v1::Region {
    let level = match region.level() {
        RegionLevel::Nation => v1::RegionLevel::Nation,
        RegionLevel::Province => v1::RegionLevel::Province,
        RegionLevel::Regency => v1::RegionLevel::Regency,
        RegionLevel::District => v1::RegionLevel::District,
        RegionLevel::Village => v1::RegionLevel::Village,
    };
    let is_nation = region.level() == RegionLevel::Nation;
    v1::Region {
        code: region.code.to_string(),
        name: region.name.to_owned(),
        level: level as i32,
        latitude_deg: region.coordinates.map(Coordinates::latitude_deg),
        longitude_deg: region.coordinates.map(Coordinates::longitude_deg),
        utc_offset_hours: if is_nation {
            0
        } else {
            i32::from(region.time_zone.utc_offset_hours())
        },
    }
}

/// As the contract has it.
pub(crate) fn category_to_wire(category: &PpksCategory) -> v1::PpksCategory {
    v1::PpksCategory {
        code: category.code.clone(),
        name_id: category.name_id.clone(),
        name_en: category.name_en.clone(),
        cluster: optional(category.cluster),
        alternative_cluster: optional(category.alternative),
        min_age_years: category.min_age_years.map(i32::from),
        max_age_years: category.max_age_years.map(i32::from),
        criterion: category.criterion.to_wire(),
    }
}

/// As the contract has it.
pub(crate) fn article_to_wire(article: Article) -> v1::Article {
    let duty = article.duty();
    v1::Article {
        citation: article.code().to_owned(),
        instrument: article.instrument().to_owned(),
        duty_id: duty.id.to_owned(),
        duty_en: duty.en.to_owned(),
    }
}
