//! WatchOffers: the live offers of a facility or a region, then every change of any offer there.

use std::sync::Arc;

use serasi_domain::id::{FacilityId, OfferId};
use serasi_geography::RegionCode;
use serasi_proto::v1::{self, WatchStep};
use serasi_store::events::{self, Entry, Selection, Snapshot, SubjectState, What};
use serasi_store::offers::{self, OfferFilter};
use time::OffsetDateTime;
use tonic::Request;
use tonic::codegen::BoxStream;

use super::{Piece, Watched, open};
use crate::auth::{Caller, Session};
use crate::error::HubError;
use crate::hub::Hub;
use crate::wire::{Parse, offer_to_wire, watched_offer};

/// Offers of the snapshot read at a time.
const PIECE: i64 = 200;

pub(crate) struct Offers {
    facility: Option<FacilityId>,
    /// The case or the facility lies in all of them.
    within: [RegionCode; 2],
}

/// Begins to watch.
pub(crate) async fn watch_offers(
    hub: &Arc<Hub>,
    request: &Request<v1::WatchOffersRequest>,
) -> Result<BoxStream<v1::WatchOffersResponse>, HubError> {
    let session = Session::of(hub, request, Offers::METHOD)?;
    let offers = Offers::read(&session.caller, request.get_ref())?;
    open(hub, session, offers, &request.get_ref().cursor).await
}

impl Offers {
    /// As ListOffers: a facility sees its own wherever the case is; everybody else looks through their scope.
    fn read(caller: &Caller, request: &v1::WatchOffersRequest) -> Result<Self, HubError> {
        let mut parse = Parse::default();
        let facility = parse.parsed("facility_id", &request.facility_id);
        let region = parse.region("region_code", &request.region_code);
        let own = caller.facility.filter(|_| caller.is_facility_only());
        let scope = if own.is_some() {
            RegionCode::NATION
        } else {
            caller.scope
        };
        parse.finish(Some(Self {
            facility: own.or(facility),
            within: [scope, region.unwrap_or(RegionCode::NATION)],
        }))
    }

    fn sees(&self, case: RegionCode, facility: FacilityId) -> bool {
        let is_in = |region: &RegionCode| region.contains(&case) || region.contains(&facility.home().code());
        self.facility.is_none_or(|wanted| wanted == facility) && self.within.iter().all(is_in)
    }
}

impl Watched for Offers {
    const METHOD: &'static str = "serasi.v1.ReferralService/WatchOffers";
    type Message = v1::WatchOffersResponse;
    type Body = v1::WatchedOffer;
    type Place = Option<(OffsetDateTime, OfferId)>;

    fn selection(&self) -> Selection {
        Selection::Told(self.facility)
    }

    fn body(&self, entry: &Entry) -> Option<Self::Body> {
        match &entry.what {
            What::Told(told) => match told.state.as_ref()? {
                SubjectState::Offer(offer) => self
                    .sees(told.home.code(), offer.facility_id)
                    .then(|| watched_offer(told, offer)),
                SubjectState::Case(_) => None,
            },
            What::Pool(_, _) => None,
        }
    }

    async fn begin(&self, hub: &Hub) -> Result<(Snapshot, Option<Self::Place>), HubError> {
        let mut connection = hub.store.read().await?;
        // Offers are read after this moment: what has changed meanwhile is told again, and nothing is left out.
        Ok((events::now(&mut connection).await?, Some(None)))
    }

    async fn piece(&self, hub: &Hub, before: Self::Place) -> Result<Piece<Self>, HubError> {
        let [scope, _] = self.within;
        let filter = OfferFilter {
            scope,
            facility: self.facility,
            case: None,
            states: vec!["offered".to_owned(), "seen".to_owned()],
            before,
            limit: PIECE,
        };
        let mut connection = hub.store.read().await?;
        let found = offers::list(&mut connection, &filter).await?;
        let is_full = i64::try_from(found.len()).is_ok_and(|count| count == PIECE);
        let last = found.last().filter(|_| is_full);
        let next = last.map(|view| Some((view.offer.offered_at, view.offer.id)));
        let seen = found
            .iter()
            .filter(|view| self.sees(view.offer.case.home().code(), view.offer.facility));
        Ok(Piece {
            bodies: seen.map(|view| shortened(offer_to_wire(view))).collect(),
            place: next,
        })
    }

    fn message(
        step: WatchStep,
        cursor: String,
        event: Option<v1::Event>,
        offer: Option<Self::Body>,
    ) -> Self::Message {
        v1::WatchOffersResponse {
            step: step as i32,
            cursor,
            event,
            offer,
        }
    }
}

fn shortened(offer: v1::Offer) -> v1::WatchedOffer {
    v1::WatchedOffer {
        offer_id: offer.offer_id,
        version: offer.version,
        state: offer.state,
        case_id: offer.case_id,
        facility_id: offer.facility_id,
        places: offer.places,
        pool: offer.pool,
        holds_places: offer.holds_places,
        attempt: offer.attempt,
        expire_time: offer.expire_time,
    }
}
