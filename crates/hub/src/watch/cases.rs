//! WatchCases: every change of the cases in the caller's scope, or in one queue.

use std::sync::Arc;

use serasi_domain::id::FacilityId;
use serasi_geography::RegionCode;
use serasi_proto::v1::{self, WatchStep};
use serasi_store::events::{self, CaseState, Entry, Selection, Snapshot, SubjectState, What};
use tonic::Request;
use tonic::codegen::BoxStream;

use super::{Piece, Watched, open};
use crate::auth::{Caller, Session};
use crate::error::HubError;
use crate::hub::Hub;
use crate::wire::{Parse, watched_case};

pub(crate) struct Cases {
    /// The facility that answers for the cases, for its officer.
    facility: Option<FacilityId>,
    /// All of them hold the case.
    within: [RegionCode; 2],
    /// The coordinator's region whose queue it is.
    queue: Option<RegionCode>,
}

/// Begins to watch.
pub(crate) async fn watch_cases(
    hub: &Arc<Hub>,
    request: &Request<v1::WatchCasesRequest>,
) -> Result<BoxStream<v1::WatchCasesResponse>, HubError> {
    let session = Session::of(hub, request, Cases::METHOD)?;
    let cases = Cases::read(&session.caller, request.get_ref())?;
    open(hub, session, cases, &request.get_ref().cursor).await
}

impl Cases {
    /// As ListCases: a facility sees its own wherever the person comes from; everybody else looks through their scope.
    fn read(caller: &Caller, request: &v1::WatchCasesRequest) -> Result<Self, HubError> {
        let mut parse = Parse::default();
        let region = parse.region("region_code", &request.region_code);
        let queue = parse.region("owner_region_code", &request.owner_region_code);
        let facility = caller.facility.filter(|_| caller.is_facility_only());
        let scope = if facility.is_some() {
            RegionCode::NATION
        } else {
            caller.scope
        };
        parse.finish(Some(Self {
            facility,
            within: [scope, region.unwrap_or(RegionCode::NATION)],
            queue,
        }))
    }

    fn sees(&self, case: &CaseState) -> bool {
        let is_owner =
            |kind: &str, reference: String| case.owner_kind == kind && case.owner_reference == reference;
        self.within.iter().all(|region| region.contains(&case.place))
            && self
                .facility
                .is_none_or(|own| is_owner("facility", own.to_string()))
            && self
                .queue
                .is_none_or(|region| is_owner("coordinator", region.to_string()))
    }
}

impl Watched for Cases {
    const METHOD: &'static str = "serasi.v1.CaseService/WatchCases";
    type Message = v1::WatchCasesResponse;
    type Body = v1::WatchedCase;
    type Place = std::convert::Infallible;

    fn selection(&self) -> Selection {
        Selection::Told(self.facility)
    }

    fn body(&self, entry: &Entry) -> Option<Self::Body> {
        match &entry.what {
            What::Told(told) => match told.state.as_ref()? {
                SubjectState::Case(case) => self.sees(case).then(|| watched_case(told, case)),
                SubjectState::Offer(_) => None,
            },
            What::Pool(_, _) => None,
        }
    }

    async fn begin(&self, hub: &Hub) -> Result<(Snapshot, Option<Self::Place>), HubError> {
        let mut connection = hub.store.read().await?;
        Ok((events::now(&mut connection).await?, None))
    }

    async fn piece(&self, _: &Hub, place: Self::Place) -> Result<Piece<Self>, HubError> {
        match place {}
    }

    fn message(
        step: WatchStep,
        cursor: String,
        event: Option<v1::Event>,
        case: Option<Self::Body>,
    ) -> Self::Message {
        v1::WatchCasesResponse {
            step: step as i32,
            cursor,
            event,
            case,
        }
    }
}
