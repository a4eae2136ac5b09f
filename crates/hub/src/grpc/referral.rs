//! ReferralService.

use std::sync::Arc;

use prost::Message;
use serasi_domain::id::{CaseId, FacilityId};
use serasi_domain::offer::{Decline, DeclineReason, WithdrawReason, Withdrawal};
use serasi_proto::v1;
use serasi_proto::v1::referral_service_server::ReferralService;
use serasi_store::offers::OfferFilter;
use time::{Duration, OffsetDateTime};
use tonic::codegen::BoxStream;
use tonic::{Request, Response, Status};

use super::{caller, run};
use crate::auth::Permit;
use crate::error::{HubError, Kind};
use crate::hub::Hub;
use crate::sight::Eyes;
use crate::unit_of_work::{Call, execute, run_for, together};
use crate::verbs::accept_offer::AcceptOffer;
use crate::verbs::decline_offer::DeclineOffer;
use crate::verbs::get_decision::GetDecision;
use crate::verbs::get_offer::GetOffer;
use crate::verbs::list_offers::ListOffers;
use crate::verbs::mark_offer_seen::MarkOfferSeen;
use crate::verbs::preview_route::PreviewRoute;
use crate::verbs::replay_decision::ReplayDecision;
use crate::verbs::route_case::RouteCase;
use crate::verbs::withdraw_offer::WithdrawOffer;
use crate::watch::offers::watch_offers;
use crate::wire::{PageToken, Parse, capacity_report, id_of, page_of, page_size, replay_to_wire};

mod placements;

/// Longest time a facility may ask to be left out.
const LONGEST_PARK: Duration = Duration::days(366);
const MAX_STATES: usize = 6;

#[derive(Debug)]
pub(crate) struct ReferralHandler(pub(crate) Arc<Hub>);

#[tonic::async_trait]
impl ReferralService for ReferralHandler {
    async fn preview_route(
        &self,
        request: Request<v1::PreviewRouteRequest>,
    ) -> Result<Response<v1::PreviewRouteResponse>, Status> {
        let caller = caller(&request)?;
        let act = PreviewRoute {
            case: id_of(Kind::Case, &request.get_ref().case_id)?,
        };
        let decision = run_for(&self.0, caller, act).await?;
        Ok(Response::new(v1::PreviewRouteResponse {
            decision: Some(decision),
        }))
    }

    async fn route_case(
        &self,
        request: Request<v1::RouteCaseRequest>,
    ) -> Result<Response<v1::RouteCaseResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let request_id = read_request_id(&request.request_id)?;
        let mutation = RouteCase {
            case: id_of(Kind::Case, &request.case_id)?,
            version: request.version,
            use_active_policy: request.use_active_policy,
        };
        let call = Call::new(caller, request_id, &request);
        Ok(Response::new(execute(&self.0, call, mutation).await?))
    }

    async fn get_decision(
        &self,
        request: Request<v1::GetDecisionRequest>,
    ) -> Result<Response<v1::GetDecisionResponse>, Status> {
        let caller = caller(&request)?;
        let id = id_of(Kind::Decision, &request.get_ref().decision_id)?;
        let act = GetDecision { decision: id };
        let (case, stored) = run_for(&self.0, caller.clone(), act).await?;
        let eyes = Eyes::new(&self.0, &caller);
        Ok(Response::new(v1::GetDecisionResponse {
            decision: Some(eyes.decision(Some(id), &case, stored.decision)),
        }))
    }

    async fn replay_decision(
        &self,
        request: Request<v1::ReplayDecisionRequest>,
    ) -> Result<Response<v1::ReplayDecisionResponse>, Status> {
        let caller = caller(&request)?;
        let id = id_of(Kind::Decision, &request.get_ref().decision_id)?;
        let act = ReplayDecision { decision: id };
        let (case, stored, replayed) = run_for(&self.0, caller.clone(), act).await?;
        let eyes = Eyes::new(&self.0, &caller);
        let show = |decision| eyes.decision(Some(id), &case, decision);
        Ok(Response::new(replay_to_wire(&stored, replayed, show)))
    }

    async fn get_offer(
        &self,
        request: Request<v1::GetOfferRequest>,
    ) -> Result<Response<v1::GetOfferResponse>, Status> {
        let caller = caller(&request)?;
        let act = GetOffer {
            offer: id_of(Kind::Offer, &request.get_ref().offer_id)?,
        };
        let (case, view) = run_for(&self.0, caller.clone(), act).await?;
        let offer = Eyes::new(&self.0, &caller).offer(&case, &view);
        Ok(Response::new(v1::GetOfferResponse { offer: Some(offer) }))
    }

    async fn list_offers(
        &self,
        request: Request<v1::ListOffersRequest>,
    ) -> Result<Response<v1::ListOffersResponse>, Status> {
        let caller = caller(&request)?;
        let filter = read_filter(&caller, request.get_ref())?;
        Ok(Response::new(self.offers(caller, filter).await?))
    }

    type WatchOffersStream = BoxStream<v1::WatchOffersResponse>;

    async fn watch_offers(
        &self,
        request: Request<v1::WatchOffersRequest>,
    ) -> Result<Response<Self::WatchOffersStream>, Status> {
        Ok(Response::new(watch_offers(&self.0, &request).await?))
    }

    async fn mark_offer_seen(
        &self,
        request: Request<v1::MarkOfferSeenRequest>,
    ) -> Result<Response<v1::MarkOfferSeenResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let request_id = read_request_id(&request.request_id)?;
        let mutation = MarkOfferSeen {
            offer: id_of(Kind::Offer, &request.offer_id)?,
        };
        let call = Call::new(caller, request_id, &request);
        Ok(Response::new(execute(&self.0, call, mutation).await?))
    }

    async fn accept_offer(
        &self,
        request: Request<v1::AcceptOfferRequest>,
    ) -> Result<Response<v1::AcceptOfferResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut parse = Parse::default();
        let request_id = parse.request_id(&request.request_id);
        let report = request.capacity.as_ref();
        let capacity =
            report.and_then(|report| parse.nested("capacity", |parse| capacity_report(parse, report)));
        let request_id = parse.finish(request_id)?;
        let mutation = AcceptOffer {
            offer: id_of(Kind::Offer, &request.offer_id)?,
            capacity,
        };
        let call = Call::new(caller, request_id, &request);
        Ok(Response::new(
            together(&self.0, call, mutation, request.encoded_len()).await?,
        ))
    }

    async fn decline_offer(
        &self,
        request: Request<v1::DeclineOfferRequest>,
    ) -> Result<Response<v1::DeclineOfferResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut parse = Parse::default();
        let request_id = parse.request_id(&request.request_id);
        let decline = read_decline(&mut parse, &request, self.0.clock.now());
        let (request_id, decline) = parse.finish(request_id.zip(decline))?;
        let mutation = DeclineOffer {
            offer: id_of(Kind::Offer, &request.offer_id)?,
            decline,
        };
        let call = Call::new(caller, request_id, &request);
        let answer = together(&self.0, call, mutation, request.encoded_len()).await?;
        Ok(Response::new(answer))
    }

    async fn withdraw_offer(
        &self,
        request: Request<v1::WithdrawOfferRequest>,
    ) -> Result<Response<v1::WithdrawOfferResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut parse = Parse::default();
        let request_id = parse.request_id(&request.request_id);
        let withdrawal = read_withdrawal(&mut parse, &request);
        let (request_id, withdrawal) = parse.finish(request_id.zip(withdrawal))?;
        let mutation = WithdrawOffer {
            offer: id_of(Kind::Offer, &request.offer_id)?,
            withdrawal,
            route_later: request.route_later,
        };
        let call = Call::new(caller, request_id, &request);
        Ok(Response::new(execute(&self.0, call, mutation).await?))
    }

    async fn admit_placement(
        &self,
        request: Request<v1::AdmitPlacementRequest>,
    ) -> Result<Response<v1::AdmitPlacementResponse>, Status> {
        run(&self.0, request, placements::admit_placement).await
    }

    async fn discharge_placement(
        &self,
        request: Request<v1::DischargePlacementRequest>,
    ) -> Result<Response<v1::DischargePlacementResponse>, Status> {
        run(&self.0, request, placements::discharge_placement).await
    }

    async fn mark_no_show(
        &self,
        request: Request<v1::MarkNoShowRequest>,
    ) -> Result<Response<v1::MarkNoShowResponse>, Status> {
        run(&self.0, request, placements::mark_no_show).await
    }

    async fn cancel_placement(
        &self,
        request: Request<v1::CancelPlacementRequest>,
    ) -> Result<Response<v1::CancelPlacementResponse>, Status> {
        run(&self.0, request, placements::cancel_placement).await
    }

    async fn request_transfer(
        &self,
        request: Request<v1::RequestTransferRequest>,
    ) -> Result<Response<v1::RequestTransferResponse>, Status> {
        run(&self.0, request, placements::request_transfer).await
    }

    async fn cancel_transfer(
        &self,
        request: Request<v1::CancelTransferRequest>,
    ) -> Result<Response<v1::CancelTransferResponse>, Status> {
        run(&self.0, request, placements::cancel_transfer).await
    }
}

impl ReferralHandler {
    async fn offers(&self, caller: Permit, filter: OfferFilter) -> Result<v1::ListOffersResponse, HubError> {
        let limit = filter.limit;
        let (found, cases) = run_for(&self.0, caller.clone(), ListOffers { filter }).await?;
        let is_full = i64::try_from(found.len()).is_ok_and(|count| count == limit);
        let eyes = Eyes::new(&self.0, &caller);
        let shown = found.iter().map(|view| {
            let case = cases.get(&view.offer.case);
            case.map(|case| eyes.offer(case, view))
                .ok_or(HubError::Bug("an offer without a case"))
        });
        let (offers, is_cut) = page_of(shown.collect::<Result<_, _>>()?);
        let last = offers.len().checked_sub(1).and_then(|last| found.get(last));
        let next = last.filter(|_| is_full || is_cut);
        let next = next.map(|view| PageToken::write(&(view.offer.offered_at, view.offer.id)));
        Ok(v1::ListOffersResponse {
            offers,
            next_page_token: next.unwrap_or_default(),
        })
    }
}

fn read_withdrawal(parse: &mut Parse, request: &v1::WithdrawOfferRequest) -> Option<Withdrawal> {
    let reason: Option<WithdrawReason> = parse.required("reason", request.reason);
    let note = parse.text("note", &request.note);
    if reason == Some(WithdrawReason::Other) && request.note.trim().is_empty() {
        parse.wrong("note", "must say why when the reason is OTHER");
    }
    Some(Withdrawal {
        reason: reason?,
        note,
    })
}

fn read_request_id(text: &str) -> Result<uuid::Uuid, HubError> {
    let mut parse = Parse::default();
    let request_id = parse.request_id(text);
    parse.finish(request_id)
}

fn read_decline(
    parse: &mut Parse,
    request: &v1::DeclineOfferRequest,
    now: OffsetDateTime,
) -> Option<Decline> {
    let reason: Option<DeclineReason> = parse.required("reason", request.reason);
    let note = parse.text("note", &request.note);
    let retry_at = parse.time("retry_time", request.retry_time.as_ref());
    if reason == Some(DeclineReason::Other) && request.note.trim().is_empty() {
        parse.wrong("note", "must say why when the reason is OTHER");
    }
    if reason == Some(DeclineReason::NotNow) {
        match retry_at {
            None => parse.wrong(
                "retry_time",
                "must say when you may be asked again when the reason is NOT_NOW",
            ),
            Some(at) if at <= now => parse.wrong("retry_time", "must be in the future"),
            Some(at) if at > now + LONGEST_PARK => parse.wrong("retry_time", "must be within a year"),
            Some(_) => {}
        }
    }
    Some(Decline {
        reason: reason?,
        note,
        retry_at,
    })
}

fn read_filter(caller: &Permit, request: &v1::ListOffersRequest) -> Result<OfferFilter, HubError> {
    let mut parse = Parse::default();
    let facility: Option<FacilityId> = parse.parsed("facility_id", &request.facility_id);
    let case: Option<CaseId> = parse.parsed("case_id", &request.case_id);
    let reach = caller.reach();
    let sees_only_own = reach.cases.is_none() && reach.facilities.is_none();
    let own = reach.own_facility.filter(|_| sees_only_own);
    if facility.is_none() && case.is_none() && own.is_none() {
        parse.wrong("facility_id", "give facility_id or case_id");
    }
    if request.states.len() > MAX_STATES {
        parse.wrong("states", format!("at most {MAX_STATES} states"));
    }
    let states = request
        .states
        .iter()
        .filter_map(|number| {
            let state = v1::OfferState::try_from(*number).ok();
            parse.state(
                "states",
                "OFFER_STATE_",
                state.as_ref().map(v1::OfferState::as_str_name),
            )
        })
        .collect();
    let filter = OfferFilter {
        case_scope: reach.cases,
        facility_scope: reach.facilities,
        own_facility: reach.own_facility,
        facility: facility.or(own),
        case,
        states,
        before: PageToken::read(&mut parse, &request.page_token),
        limit: page_size(&mut parse, request.page_size),
    };
    parse.finish(Some(filter))
}
