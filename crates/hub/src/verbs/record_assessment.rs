//! RecordAssessment: writes down an assessment, of a stage that has begun; assessments stay open after it is signed (P16 Ps.21).

use serasi_domain::case::CaseVerb;
use serasi_domain::id::Regency;
use serasi_proto::v1;

use super::recording::Recording;
use crate::error::HubError;
use crate::unit_of_work::{Mutation, Unit};

pub(crate) struct RecordAssessment(pub(crate) Recording);

impl Mutation for RecordAssessment {
    const VERB: &'static str = "RecordAssessment";
    type Response = v1::RecordAssessmentResponse;

    fn home(&self) -> Regency {
        self.0.case.home()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let recorded = self.0.keep(unit, CaseVerb::RecordAssessment).await?;
        Ok(v1::RecordAssessmentResponse {
            case: Some(recorded.case(unit)),
            stages: recorded.stages(),
            record_id: recorded.id(),
        })
    }
}
