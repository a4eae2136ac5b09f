//! RecordPlan: writes down what is agreed with the person or laid down for them (P16 Ps.20 c, Ps.22, Ps.25(4)).

use serasi_domain::case::CaseVerb;
use serasi_domain::id::Regency;
use serasi_proto::v1;

use super::recording::Recording;
use crate::error::HubError;
use crate::unit_of_work::{Mutation, Unit};

pub(crate) struct RecordPlan(pub(crate) Recording);

impl Mutation for RecordPlan {
    const VERB: &'static str = "RecordPlan";
    type Response = v1::RecordPlanResponse;

    fn home(&self) -> Regency {
        self.0.case.home()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let recorded = self.0.keep(unit, CaseVerb::RecordPlan).await?;
        Ok(v1::RecordPlanResponse {
            case: Some(recorded.case(unit)),
            stages: recorded.stages(),
            record_id: recorded.id(),
        })
    }
}
