//! WatchCases: every change of the cases in the caller's scope, or in one queue.

use std::sync::Arc;

use serasi_domain::id::{FacilityId, Regency};
use serasi_geography::{RegionCode, RegionLevel};
use serasi_proto::v1::{self, WatchStep};
use serasi_store::events::{self, CaseState, Entry, Selection, Snapshot, SubjectState, What};
use tonic::Request;
use tonic::codegen::BoxStream;

use super::{Piece, Watched, narrower, open, region_on_record};
use crate::auth::{Belongs, Permit, Session};
use crate::error::HubError;
use crate::hub::Hub;
use crate::wire::{Parse, watched_case};

pub(crate) struct Cases {
    permit: Permit,
    /// The facility that answers for the cases, where the caller sees no others.
    facility: Option<FacilityId>,
    within: RegionCode,
    /// The coordinator's region whose queue it is.
    queue: Option<RegionCode>,
}

/// Begins to watch.
pub(crate) async fn watch_cases(
    hub: &Arc<Hub>,
    request: &Request<v1::WatchCasesRequest>,
) -> Result<BoxStream<v1::WatchCasesResponse>, HubError> {
    let session = Session::of(hub, request, Cases::METHOD)?;
    let cases = Cases::read(&session.permit, request.get_ref())?;
    open(hub, session, cases, &request.get_ref().cursor).await
}

impl Cases {
    fn read(permit: &Permit, request: &v1::WatchCasesRequest) -> Result<Self, HubError> {
        let mut parse = Parse::default();
        let region = parse.region("region_code", &request.region_code);
        // That a masked case is told of would tell where it is, village by village.
        if region.is_some_and(|region| region.level() > RegionLevel::Regency) {
            parse.wrong("region_code", "must be a regency, a province or ID");
        }
        let queue = parse.region("owner_region_code", &request.owner_region_code);
        let reach = permit.reach();
        parse.finish(Some(Self {
            permit: permit.clone(),
            facility: reach.own_facility.filter(|_| reach.cases.is_none()),
            within: region.unwrap_or(RegionCode::NATION),
            queue,
        }))
    }

    fn sees(&self, case: &CaseState) -> bool {
        let (owner, facility) = match case.owner_kind.as_str() {
            "facility" => (None, case.owner_reference.parse().ok()),
            _ => (case.owner_reference.parse().ok(), None),
        };
        let record = Belongs {
            case_place: Some(case.place),
            owner,
            facility,
            ..Belongs::default()
        };
        self.within.contains(&case.place)
            && self.queue.is_none_or(|region| owner == Some(region))
            && self.permit.may(&record)
    }
}

impl Watched for Cases {
    const METHOD: &'static str = "serasi.v1.CaseService/WatchCases";
    const VERB: &'static str = "WatchCases";
    type Message = v1::WatchCasesResponse;
    type Body = v1::WatchedCase;
    type Place = std::convert::Infallible;

    fn record(&self) -> Option<(Regency, String)> {
        let region = narrower(self.within, self.queue.unwrap_or(self.permit.scope));
        Some(self.facility.map_or_else(
            || region_on_record("cases", region),
            |facility| (facility.home(), facility.to_string()),
        ))
    }

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

    async fn piece(&self, _: &Arc<Hub>, place: Self::Place) -> Result<Piece<Self>, HubError> {
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
