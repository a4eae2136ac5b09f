//! What follows a report on an ordinary day: somebody looks the case up, and the facility answers.

use std::time::Instant;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serasi_proto::v1::case_service_client::CaseServiceClient;
use serasi_proto::v1::referral_service_client::ReferralServiceClient;
use serasi_proto::v1::{
    AcceptOfferRequest, DeclineOfferRequest, DeclineReason, GetCaseRequest, RouteResult, SubmitIntakeResponse,
};
use tonic::Status;

use super::load::Window;
use super::measured::Measured;
use crate::client::{Authorized, Hub};
use crate::refusal::code_name;
use crate::request_id;

/// Of ten offers, one is declined and goes to somebody else.
const DECLINED_SHARE: f64 = 0.1;

/// Does it all for one client of the load, whose token is a coordinator's.
pub(super) struct FollowUp {
    cases: CaseServiceClient<Authorized>,
    referrals: ReferralServiceClient<Authorized>,
    rng: StdRng,
}

/// A call, as the result names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Call {
    GetCase,
    Accept,
    Decline,
}

impl Call {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::GetCase => "get_case",
            Self::Accept => "accept_offer",
            Self::Decline => "decline_offer",
        }
    }
}

impl FollowUp {
    pub(super) fn new(hub: &Hub, seed: u64) -> Self {
        Self {
            cases: hub.cases(),
            referrals: hub.referrals(),
            rng: StdRng::seed_from_u64(seed),
        }
    }

    /// Looks the case of a report up and answers its offer.
    pub(super) async fn follow(
        &mut self,
        taken: &SubmitIntakeResponse,
        window: Window,
        measured: &mut Measured,
    ) {
        let case_id = taken.case.as_ref().map_or("", |case| &case.case_id).to_owned();
        let get = GetCaseRequest { case_id };
        let asked = Instant::now();
        let answer = self.cases.get_case(get).await.map(drop);
        note(Call::GetCase, (asked, answer), window, measured);
        let outcome = taken.outcome.as_ref();
        let offered = outcome.filter(|outcome| outcome.result() == RouteResult::Offered);
        let Some(offer) = offered.and_then(|outcome| outcome.offer.as_ref()) else {
            return;
        };
        // A facility that keeps its own count would have to state it.
        if !offer.holds_places {
            return;
        }
        let (offer_id, request_id) = (offer.offer_id.clone(), request_id::fresh().to_string());
        let asked = Instant::now();
        let (call, answer) = if self.rng.random_bool(DECLINED_SHARE) {
            let decline = DeclineOfferRequest {
                request_id,
                offer_id,
                reason: DeclineReason::NotEligible.into(),
                ..DeclineOfferRequest::default()
            };
            (
                Call::Decline,
                self.referrals.decline_offer(decline).await.map(drop),
            )
        } else {
            let accept = AcceptOfferRequest {
                request_id,
                offer_id,
                capacity: None,
            };
            (Call::Accept, self.referrals.accept_offer(accept).await.map(drop))
        };
        note(call, (asked, answer), window, measured);
    }
}

/// A call counts when it was begun in the window.
fn note(call: Call, (asked, answer): (Instant, Result<(), Status>), window: Window, measured: &mut Measured) {
    if asked < window.starts || asked >= window.ends {
        return;
    }
    let at = window.starts.elapsed();
    match answer {
        Ok(()) => measured.followed(call, asked.elapsed(), at),
        Err(status) => measured.failed_to_follow(call, code_name(status.code()), at),
    }
}
