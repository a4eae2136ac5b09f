//! RecordService: writes down service that was given (P16 Ps.23).

use serasi_domain::case::CaseVerb;
use serasi_domain::id::Regency;
use serasi_proto::v1;

use super::recording::Recording;
use crate::error::HubError;
use crate::unit_of_work::{Mutation, Unit};

pub(crate) struct RecordService(pub(crate) Recording);

impl Mutation for RecordService {
    const VERB: &'static str = "RecordService";
    type Response = v1::RecordServiceResponse;

    fn home(&self) -> Regency {
        self.0.case.home()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let recorded = self.0.keep(unit, CaseVerb::RecordService).await?;
        Ok(v1::RecordServiceResponse {
            case: Some(recorded.case(unit)),
            stages: recorded.stages(),
            record_id: recorded.id(),
        })
    }
}
