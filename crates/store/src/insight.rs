//! Figures for those who supervise: counted from the records at every call, never kept. Every statement has a period
//! with a limit, so that it ends within its time; what is owed now is limited by itself.

pub mod indicators;
pub mod obligations;
pub mod tiered;
pub mod timeliness;
pub mod truthfulness;
pub mod unmet_need;

use serasi_domain::insight::extent::RowLevel;
use serasi_geography::RegionCode;

use crate::StoreError;

/// As many letters of a regency's code as the row it goes to has: `32.73`, `32`, none.
const fn code_length(rows: RowLevel) -> i32 {
    match rows {
        RowLevel::Regency => 5,
        RowLevel::Province => 2,
        RowLevel::Nation => 0,
    }
}

/// The region of a row whose code was cut by [`code_length`].
fn region(table: &'static str, code: &str) -> Result<RegionCode, StoreError> {
    if code.is_empty() {
        return Ok(RegionCode::NATION);
    }
    code.parse().map_err(|_| StoreError::Impossible {
        table,
        column: "region_code",
        row: code.to_owned(),
    })
}
