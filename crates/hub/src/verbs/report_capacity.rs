//! ReportCapacity: the facility states its places; what the hub holds stays held.

use serasi_domain::capacity::{CapacityReport, CapacitySource};
use serasi_domain::id::{FacilityId, Regency};
use serasi_proto::v1;
use serasi_store::capacity::{self, Reported};
use time::OffsetDateTime;

use super::open::facility_for_change;
use crate::error::{HubError, RuleBroken};
use crate::unit_of_work::{Mutation, Unit};
use crate::wire::pool_to_wire;

pub(crate) struct ReportCapacity {
    pub(crate) facility: FacilityId,
    pub(crate) observed_at: OffsetDateTime,
    pub(crate) valid_until: OffsetDateTime,
    pub(crate) reports: Vec<CapacityReport>,
}

impl Mutation for ReportCapacity {
    const VERB: &'static str = "ReportCapacity";
    type Response = v1::ReportCapacityResponse;

    fn home(&self) -> Regency {
        self.facility.home()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let facility = facility_for_change(unit, self.facility, 0).await?;
        facility.state.update()?;
        for report in &self.reports {
            let reported = Reported {
                report,
                observed_at: self.observed_at,
                valid_until: self.valid_until,
                source: CapacitySource::Facility,
            };
            if !capacity::report(&mut unit.conn, self.facility, &reported).await? {
                return Err(RuleBroken::StaleReport.into());
            }
        }
        unit.audit(self.facility.home(), self.facility).await?;
        let pools = capacity::of_facility(&mut unit.conn, self.facility).await?;
        Ok(v1::ReportCapacityResponse {
            pools: pools.iter().map(pool_to_wire).collect(),
        })
    }
}
