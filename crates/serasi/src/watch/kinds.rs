//! The three watches, and how their lines look.

use serasi_proto::v1::{
    CaseState, Cluster, Event, OfferState, Urgency, WatchCapacityRequest, WatchCapacityResponse,
    WatchCasesRequest, WatchCasesResponse, WatchOffersRequest, WatchOffersResponse, WatchStep,
};
use tonic::{Status, Streaming};

use super::{Watched, lasting};
use crate::cli::{WatchCasesArgs, WatchOffersArgs, WatchPlacesArgs};
use crate::client::Hub;
use crate::codes::{label, pool_label};
use crate::local_time::Clock;

pub(super) struct Offers(WatchOffersRequest);
pub(super) struct Cases(WatchCasesRequest);
pub(super) struct Capacity(WatchCapacityRequest);

impl Offers {
    pub(super) fn of(args: &WatchOffersArgs) -> Self {
        Self(WatchOffersRequest {
            cursor: String::new(),
            facility_id: args.places.facility.clone().unwrap_or_default(),
            region_code: args.places.region.clone().unwrap_or_default(),
        })
    }
}

impl Watched for Offers {
    type Message = WatchOffersResponse;

    async fn open(&self, hub: &Hub, cursor: String) -> Result<Streaming<Self::Message>, Status> {
        let request = lasting(WatchOffersRequest {
            cursor,
            ..self.0.clone()
        });
        Ok(hub.referrals().watch_offers(request).await?.into_inner())
    }

    fn step(message: &Self::Message) -> WatchStep {
        message.step()
    }

    fn cursor(message: &Self::Message) -> &str {
        &message.cursor
    }

    fn line(message: &Self::Message) -> String {
        let offer = message.offer.clone().unwrap_or_default();
        let clock = Clock::of_id(&offer.case_id);
        format!(
            "{}  offer {}  {}  {} place(s) in {}  case {}  answer before {}",
            what(message.event.as_ref(), clock),
            offer.offer_id,
            label::<OfferState>(offer.state),
            offer.places,
            pool_label(offer.pool.as_ref()),
            offer.case_id,
            clock.show(offer.expire_time.as_ref())
        )
    }
}

impl Cases {
    pub(super) fn of(args: &WatchCasesArgs) -> Self {
        Self(WatchCasesRequest {
            cursor: String::new(),
            region_code: args.region.clone().unwrap_or_default(),
            owner_region_code: args.owner.clone().unwrap_or_default(),
        })
    }
}

impl Watched for Cases {
    type Message = WatchCasesResponse;

    async fn open(&self, hub: &Hub, cursor: String) -> Result<Streaming<Self::Message>, Status> {
        let request = lasting(WatchCasesRequest {
            cursor,
            ..self.0.clone()
        });
        Ok(hub.cases().watch_cases(request).await?.into_inner())
    }

    fn step(message: &Self::Message) -> WatchStep {
        message.step()
    }

    fn cursor(message: &Self::Message) -> &str {
        &message.cursor
    }

    fn line(message: &Self::Message) -> String {
        let case = message.case.clone().unwrap_or_default();
        let clock = Clock::of_id(&case.case_id);
        let owner = case.owner.unwrap_or_default().reference;
        format!(
            "{}  case {}  {}  {} {}  in {}  owner {owner}  act before {}",
            what(message.event.as_ref(), clock),
            case.case_id,
            label::<CaseState>(case.state),
            label::<Urgency>(case.urgency),
            label::<Cluster>(case.cluster),
            case.region_code,
            clock.show(case.next_deadline.as_ref())
        )
    }
}

impl Capacity {
    pub(super) fn of(args: &WatchPlacesArgs) -> Self {
        Self(WatchCapacityRequest {
            cursor: String::new(),
            facility_id: args.places.facility.clone().unwrap_or_default(),
            region_code: args.places.region.clone().unwrap_or_default(),
        })
    }
}

impl Watched for Capacity {
    type Message = WatchCapacityResponse;

    async fn open(&self, hub: &Hub, cursor: String) -> Result<Streaming<Self::Message>, Status> {
        let request = lasting(WatchCapacityRequest {
            cursor,
            ..self.0.clone()
        });
        Ok(hub.facilities().watch_capacity(request).await?.into_inner())
    }

    fn step(message: &Self::Message) -> WatchStep {
        message.step()
    }

    fn cursor(message: &Self::Message) -> &str {
        &message.cursor
    }

    fn line(message: &Self::Message) -> String {
        let watched = message.pool.clone().unwrap_or_default();
        let clock = Clock::of_id(&watched.facility_id);
        let pool = watched.pool.unwrap_or_default();
        format!(
            "{}  facility {}  {}  total {}, occupied {}, held {}, free {}  holds until {}",
            what(message.event.as_ref(), clock),
            watched.facility_id,
            pool_label(pool.key.as_ref()),
            pool.total,
            pool.occupied,
            pool.held,
            pool.free,
            clock.show(pool.valid_until_time.as_ref())
        )
    }
}

/// When what happened; what stood at the beginning did not happen.
fn what(event: Option<&Event>, clock: Clock) -> String {
    event.map_or_else(
        || "stands".to_owned(),
        |event| format!("{}  {}", clock.show(event.event_time.as_ref()), event.kind),
    )
}
