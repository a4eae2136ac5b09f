//! ImportFacilities: all rows or none. Rows that exist unchanged are counted, changed ones replaced.

use std::collections::HashMap;

use serasi_domain::capacity::{CapacityReport, CapacitySource, Pool};
use serasi_domain::facility::{Facility, FacilityProfile, FacilityState};
use serasi_domain::id::{FacilityId, Regency};
use serasi_domain::intake::SourceKey;
use serasi_proto::v1;
use serasi_store::capacity::{self, Reported};
use serasi_store::facilities;
use serde_json::json;
use time::OffsetDateTime;

use crate::error::{HubError, Violation};
use crate::unit_of_work::{Act, Unit};

/// One checked row.
#[derive(Clone, Debug)]
pub(crate) struct ImportRow {
    pub(crate) row: i32,
    pub(crate) home: Regency,
    pub(crate) profile: FacilityProfile,
    pub(crate) reports: Vec<CapacityReport>,
    pub(crate) valid_until: Option<OffsetDateTime>,
}

/// Rows written with one statement.
const CHUNK: usize = 500;

/// Imports all rows in one transaction.
pub(crate) struct ImportFacilities {
    pub(crate) rows: Vec<ImportRow>,
}

impl Act for ImportFacilities {
    const VERB: &'static str = "ImportFacilities";
    type Output = v1::ImportFacilitiesResponse;

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Output, HubError> {
        let mut done = v1::ImportFacilitiesResponse::default();
        for chunk in self.rows.chunks(CHUNK) {
            let keys: Vec<SourceKey> = chunk.iter().map(|row| row.profile.source.clone()).collect();
            let known: HashMap<SourceKey, Facility> = facilities::by_sources(&mut unit.conn, &keys)
                .await?
                .into_iter()
                .collect();
            let (old, new): (Vec<_>, Vec<_>) = chunk
                .iter()
                .partition(|row| known.contains_key(&row.profile.source));
            done.created += insert(unit, &new).await?;
            for row in old {
                let Some(facility) = known.get(&row.profile.source) else {
                    continue;
                };
                if replace(unit, facility, row).await? {
                    done.updated += 1;
                } else {
                    done.unchanged += 1;
                }
            }
        }
        if let Some(first) = self.rows.first() {
            unit.audit(first.home, format!("facilities:{}", self.rows.len()))
                .await?;
        }
        Ok(done)
    }
}

async fn insert(unit: &mut Unit<'_>, rows: &[&ImportRow]) -> Result<i32, HubError> {
    let new: Vec<Facility> = rows
        .iter()
        .map(|row| Facility {
            id: FacilityId::new(row.home, unit.new_id()),
            version: 1,
            state: FacilityState::Active,
            profile: row.profile.clone(),
            created_at: unit.now,
            changed_at: unit.now,
        })
        .collect();
    facilities::insert_many(&mut unit.conn, &new).await?;
    let reports: Vec<_> = new
        .iter()
        .zip(rows)
        .flat_map(|(facility, row)| row.reports.iter().map(move |report| (facility.id, *row, report)))
        .map(|(id, row, report)| (id, reported(unit, row, report)))
        .collect();
    capacity::insert_many(&mut unit.conn, &reports).await?;
    Ok(i32::try_from(new.len()).unwrap_or(i32::MAX))
}

/// `true` = something changed.
async fn replace(unit: &mut Unit<'_>, old: &Facility, row: &ImportRow) -> Result<bool, HubError> {
    if old.id.home() != row.home {
        let field = format!("row {}.region_code", row.row);
        let description = format!(
            "this key belongs to {}; a facility cannot move to another regency",
            old.id
        );
        return Err(HubError::Invalid(vec![Violation { field, description }]));
    }
    old.state.update()?;
    let pools = capacity::of_facility(&mut unit.conn, old.id).await?;
    let news: Vec<_> = row
        .reports
        .iter()
        .filter(|report| is_news(report, &pools, unit.now))
        .collect();
    let profile = row.profile.clone().keeping_location_of(&old.profile);
    let same_profile = old.profile.differences(&profile).is_empty();
    if !same_profile {
        let next = Facility {
            profile,
            ..old.clone()
        };
        if !facilities::update(&mut unit.conn, &next, unit.now).await? {
            return Err(HubError::Moved);
        }
        unit.tell(
            old.id.home(),
            old.id,
            old.version + 1,
            "facility.updated",
            json!({}),
        )
        .await?;
    }
    for report in &news {
        let reported = reported(unit, row, report);
        capacity::report(&mut unit.conn, old.id, &reported).await?;
    }
    Ok(!same_profile || !news.is_empty())
}

/// Whether a row says something about a pool that is not better known. What the facility itself has reported stands
/// while it is valid; between imports the hub's own admissions have changed `occupied`, so that alone is no news.
fn is_news(report: &CapacityReport, pools: &[Pool], now: OffsetDateTime) -> bool {
    let Some(pool) = pools.iter().find(|pool| pool.key == report.key) else {
        return true;
    };
    let has_run_out = pool.valid_until <= now;
    let says_else = (pool.total, pool.overflow) != (report.total(), report.overflow());
    has_run_out || says_else && pool.source != CapacitySource::Facility
}

fn reported<'r>(unit: &Unit<'_>, row: &ImportRow, report: &'r CapacityReport) -> Reported<'r> {
    let validity = unit.hub.policies.active().capacity_validity();
    Reported {
        report,
        observed_at: unit.now,
        valid_until: row.valid_until.unwrap_or(unit.now + validity),
        source: CapacitySource::Import,
    }
}
