//! WatchOffers: the live offers of a facility or a region, then every change of any offer there.

use std::sync::Arc;

use serasi_domain::id::{CaseId, FacilityId, OfferId, Regency};
use serasi_geography::RegionCode;
use serasi_proto::v1::{self, WatchStep};
use serasi_store::Context;
use serasi_store::events::{self, Entry, Selection, Snapshot, SubjectState, What};
use serasi_store::offers::{self, OfferFilter, OfferView};
use time::OffsetDateTime;
use tonic::Request;
use tonic::codegen::BoxStream;

use super::{Piece, Watched, narrower, open, region_on_record};
use crate::auth::{Belongs, Object, Permit, Session};
use crate::error::HubError;
use crate::hub::Hub;
use crate::unit_of_work::{Act, Unit, run_for};
use crate::wire::{Parse, standing_offer, watched_offer};

/// Offers of the snapshot read at a time.
const PIECE: i64 = 200;

pub(crate) struct Offers {
    permit: Permit,
    facility: Option<FacilityId>,
    /// The case or the facility lies in it.
    within: RegionCode,
}

/// Begins to watch.
pub(crate) async fn watch_offers(
    hub: &Arc<Hub>,
    request: &Request<v1::WatchOffersRequest>,
) -> Result<BoxStream<v1::WatchOffersResponse>, HubError> {
    let session = Session::of(hub, request, Offers::METHOD)?;
    let offers = Offers::read(&session.permit, request.get_ref())?;
    open(hub, session, offers, &request.get_ref().cursor).await
}

impl Offers {
    /// Who sees nothing but the own facility's offers need not name it.
    fn read(permit: &Permit, request: &v1::WatchOffersRequest) -> Result<Self, HubError> {
        let mut parse = Parse::default();
        let facility: Option<FacilityId> = parse.parsed("facility_id", &request.facility_id);
        let region = parse.region("region_code", &request.region_code);
        let reach = permit.reach();
        let sees_only_own = reach.cases.is_none() && reach.facilities.is_none();
        parse.finish(Some(Self {
            permit: permit.clone(),
            facility: facility.or(reach.own_facility.filter(|_| sees_only_own)),
            within: region.unwrap_or(RegionCode::NATION),
        }))
    }

    fn sees(&self, case: CaseId, facility: FacilityId) -> bool {
        let offer = Belongs {
            case_place: Some(case.home().code()),
            ..facility.belongs()
        };
        let is_in = |place| self.within.contains(&place);
        self.facility.is_none_or(|wanted| wanted == facility)
            && (is_in(case.home().code()) || is_in(facility.home().code()))
            && self.permit.may(&offer)
    }
}

/// Offers as they stand. The look is on record since the watch began.
struct Standing(OfferFilter);

impl Act for Standing {
    const VERB: &'static str = Offers::VERB;
    type Output = Vec<OfferView>;

    fn context(&self, caller: &Permit) -> Context {
        caller.context(None)
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Output, HubError> {
        Ok(offers::list(&mut unit.conn, &self.0).await?)
    }
}

impl Watched for Offers {
    const METHOD: &'static str = "serasi.v1.ReferralService/WatchOffers";
    const VERB: &'static str = "WatchOffers";
    type Message = v1::WatchOffersResponse;
    type Body = v1::WatchedOffer;
    type Place = Option<(OffsetDateTime, OfferId)>;

    fn record(&self) -> Option<(Regency, String)> {
        Some(self.facility.map_or_else(
            || region_on_record("offers", narrower(self.within, self.permit.scope)),
            |facility| (facility.home(), facility.to_string()),
        ))
    }

    fn selection(&self) -> Selection {
        Selection::Told(self.facility)
    }

    fn body(&self, entry: &Entry) -> Option<Self::Body> {
        match &entry.what {
            What::Told(told) => match told.state.as_ref()? {
                SubjectState::Offer(offer) => self
                    .sees(offer.case_id, offer.facility_id)
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

    async fn piece(&self, hub: &Arc<Hub>, before: Self::Place) -> Result<Piece<Self>, HubError> {
        let reach = self.permit.reach();
        let filter = OfferFilter {
            case_scope: reach.cases,
            facility_scope: reach.facilities,
            own_facility: reach.own_facility,
            facility: self.facility,
            case: None,
            states: vec!["offered".to_owned(), "seen".to_owned()],
            before,
            limit: PIECE,
        };
        let found = run_for(hub, self.permit.clone(), Standing(filter)).await?;
        let is_full = i64::try_from(found.len()).is_ok_and(|count| count == PIECE);
        let last = found.last().filter(|_| is_full);
        let next = last.map(|view| Some((view.offer.offered_at, view.offer.id)));
        let offers = found.iter().map(|view| &view.offer);
        let seen = offers.filter(|offer| self.sees(offer.case, offer.facility));
        Ok(Piece {
            bodies: seen.map(standing_offer).collect(),
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
