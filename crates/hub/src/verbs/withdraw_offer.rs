//! WithdrawOffer: those who decide where a case goes take an offer back. The facility has refused nothing; the case is
//! searched for again in the same transaction, or waits for its coordinator.

use serasi_domain::case::{Case, CaseVerb};
use serasi_domain::id::{OfferId, Regency};
use serasi_domain::offer::Withdrawal;
use serasi_proto::v1;
use serasi_store::{exclusions, offers};
use serde_json::json;

use super::open::offer_for_change;
use super::refer::{deadline, not_routed, refer_again, write_case};
use super::refuse::{Ending, end, must_be_offered};
use crate::error::HubError;
use crate::sight::Eyes;
use crate::unit_of_work::{Mutation, Unit};

pub(crate) struct WithdrawOffer {
    pub(crate) offer: OfferId,
    pub(crate) withdrawal: Withdrawal,
    pub(crate) route_later: bool,
}

impl Mutation for WithdrawOffer {
    const VERB: &'static str = "WithdrawOffer";
    type Response = v1::WithdrawOfferResponse;

    fn home(&self) -> Regency {
        self.offer.home()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let (case, mut view) = offer_for_change(unit, self.offer).await?;
        view.offer = view.offer.withdraw(self.withdrawal.reason, unit.now)?;
        must_be_offered(&case, &view.offer, CaseVerb::Withdraw)?;
        let policy = unit.policy_of(&case).await?;
        let ending = Ending {
            reason: format!("withdrawn:{}", self.withdrawal.reason),
            event: "offer.withdrawn",
            excluded_until: self.withdrawal.excluded_until(unit.now, policy.full_parks_for()),
        };
        end(unit, &view.offer, &ending).await?;
        if let Some(note) = &self.withdrawal.note {
            let sealer = unit.hub.store.sealer();
            offers::set_withdraw_note(&mut unit.conn, sealer, &view.offer, note.as_str()).await?;
        }
        let (case, outcome) = self.send_on(unit, case).await?;
        view.offer.version += 1;
        view.answered_at = Some(unit.now);
        unit.audit(self.offer.home(), self.offer).await?;
        let eyes = Eyes::new(unit.hub, unit.caller);
        Ok(v1::WithdrawOfferResponse {
            offer: Some(eyes.offer(&case, &view)),
            case: Some(eyes.case(&case)),
            outcome: Some(outcome),
        })
    }
}

impl WithdrawOffer {
    /// To the next facility, or to the coordinator.
    async fn send_on(&self, unit: &mut Unit<'_>, case: Case) -> Result<(Case, v1::RouteOutcome), HubError> {
        let old_state = case.state.clone();
        let policy = unit.policy_of(&case).await?;
        let coordinate = policy.of(case.facts.urgency).coordinate;
        let act_before = deadline(unit, &policy, coordinate, case.facts.place);
        let case = case.withdraw(act_before)?;
        if !self.route_later && !self.withdrawal.needs_the_coordinator() {
            let excluded = exclusions::of_case(&mut unit.conn, case.id).await?;
            let referral = refer_again(unit, case, &old_state, &excluded).await?;
            let outcome = referral.outcome(&Eyes::new(unit.hub, unit.caller));
            return Ok((referral.case, outcome));
        }
        if let Some(stay) = case.state.stay() {
            exclusions::stay_after_all(&mut unit.conn, case.id, stay.facility).await?;
        }
        let kind = if case.state.stay().is_some() {
            "case.transfer_ended"
        } else {
            "case.triaged"
        };
        let case = write_case(unit, case, &old_state).await?;
        unit.tell(case.id.home(), case.id, case.version, kind, json!({}))
            .await?;
        let outcome = not_routed(
            "Penawaran ditarik. Belum ada lembaga lain yang dimintai jawaban.",
            "The offer is taken back; nobody else has been asked yet.",
        );
        Ok((case, outcome))
    }
}
