//! RecordIndicators: writes down what was measured (P16 Ps.24(3)).

use serasi_domain::case::CaseVerb;
use serasi_domain::id::Regency;
use serasi_proto::v1;

use super::recording::Recording;
use crate::error::HubError;
use crate::unit_of_work::{Mutation, Unit};

pub(crate) struct RecordIndicators(pub(crate) Recording);

impl Mutation for RecordIndicators {
    const VERB: &'static str = "RecordIndicators";
    type Response = v1::RecordIndicatorsResponse;

    fn home(&self) -> Regency {
        self.0.case.home()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let recorded = self.0.keep(unit, CaseVerb::RecordIndicators).await?;
        Ok(v1::RecordIndicatorsResponse {
            case: Some(recorded.case(unit)),
            stages: recorded.stages(),
            record_id: recorded.id(),
        })
    }
}
