//! RecordConference: writes down what a case or family conference decided, the duration among it (P16 Ps.26).

use serasi_domain::case::CaseVerb;
use serasi_domain::id::Regency;
use serasi_proto::v1;

use super::recording::Recording;
use crate::error::HubError;
use crate::unit_of_work::{Mutation, Unit};

pub(crate) struct RecordConference(pub(crate) Recording);

impl Mutation for RecordConference {
    const VERB: &'static str = "RecordConference";
    type Response = v1::RecordConferenceResponse;

    fn home(&self) -> Regency {
        self.0.case.home()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let recorded = self.0.keep(unit, CaseVerb::RecordConference).await?;
        Ok(v1::RecordConferenceResponse {
            case: Some(recorded.case(unit)),
            stages: recorded.stages(),
            record_id: recorded.id(),
        })
    }
}
