//! WatchCapacity: the pools of a facility or a region, then every change of them.

use std::sync::Arc;

use serasi_domain::directory::Directory;
use serasi_domain::id::{FacilityId, Regency};
use serasi_geography::{RegionCode, RegionLevel};
use serasi_proto::v1::{self, WatchStep};
use serasi_store::events::{Entry, Selection, Snapshot, What};
use tonic::Request;
use tonic::codegen::BoxStream;

use super::{Piece, Watched, open};
use crate::auth::Session;
use crate::error::HubError;
use crate::hub::Hub;
use crate::wire::{Parse, watched_pool};

/// Facilities of the snapshot looked at in one step.
const PIECE: usize = 200;

pub(crate) struct Capacity {
    facility: Option<FacilityId>,
    within: RegionCode,
}

/// Begins to watch.
pub(crate) async fn watch_capacity(
    hub: &Arc<Hub>,
    request: &Request<v1::WatchCapacityRequest>,
) -> Result<BoxStream<v1::WatchCapacityResponse>, HubError> {
    let session = Session::of(hub, request, Capacity::METHOD)?;
    let capacity = Capacity::read(request.get_ref())?;
    open(hub, session, capacity, &request.get_ref().cursor).await
}

impl Capacity {
    fn read(request: &v1::WatchCapacityRequest) -> Result<Self, HubError> {
        let mut parse = Parse::default();
        let facility = parse.parsed("facility_id", &request.facility_id);
        let region = parse.region("region_code", &request.region_code);
        if request.facility_id.is_empty() && request.region_code.is_empty() {
            parse.wrong("facility_id", "give facility_id or region_code");
        }
        if region.is_some_and(|region| region.level() > RegionLevel::Regency) {
            parse.wrong("region_code", "must be a regency, a province or ID");
        }
        parse.finish(Some(Self {
            facility,
            within: region.unwrap_or(RegionCode::NATION),
        }))
    }

    fn sees(&self, facility: FacilityId) -> bool {
        self.facility.is_none_or(|wanted| wanted == facility) && self.within.contains(&facility.home().code())
    }
}

impl Watched for Capacity {
    const METHOD: &'static str = "serasi.v1.FacilityService/WatchCapacity";
    const VERB: &'static str = "WatchCapacity";
    type Message = v1::WatchCapacityResponse;
    type Body = v1::WatchedPool;
    /// The directory of the moment, and how many of its facilities have been looked at.
    type Place = (Arc<Directory>, usize);

    /// Counts of places, as everybody sees them in GetCapacity.
    fn record(&self) -> Option<(Regency, String)> {
        None
    }

    fn selection(&self) -> Selection {
        Selection::Pools(self.facility)
    }

    fn body(&self, entry: &Entry) -> Option<Self::Body> {
        match &entry.what {
            What::Pool(facility, pool) => self.sees(*facility).then(|| watched_pool(*facility, pool)),
            What::Told(_) => None,
        }
    }

    /// The board knows all pools, and up to which moment.
    async fn begin(&self, hub: &Hub) -> Result<(Snapshot, Option<Self::Place>), HubError> {
        let board = hub.board.snapshot();
        let position = board.position.as_str().parse();
        let position = position.map_err(|_| HubError::Bug("the board has no position"))?;
        Ok((position, Some((board.directory, 0))))
    }

    async fn piece(
        &self,
        _: &Arc<Hub>,
        (directory, looked_at): Self::Place,
    ) -> Result<Piece<Self>, HubError> {
        let entries = directory.entries().skip(looked_at).take(PIECE);
        let pools = entries
            .filter(|entry| self.sees(entry.facility.id))
            .flat_map(|entry| {
                entry
                    .pools
                    .iter()
                    .map(|pool| watched_pool(entry.facility.id, pool))
            })
            .collect();
        let next = looked_at + PIECE;
        let has_more = next < directory.len();
        Ok(Piece {
            bodies: pools,
            place: has_more.then_some((directory, next)),
        })
    }

    fn message(
        step: WatchStep,
        cursor: String,
        event: Option<v1::Event>,
        pool: Option<Self::Body>,
    ) -> Self::Message {
        v1::WatchCapacityResponse {
            step: step as i32,
            cursor,
            event,
            pool,
        }
    }
}
