//! CancelTransfer: the persons stay where they are; offer and place elsewhere are given back.

use serasi_domain::case::{Case, CaseVerb, Transfer};
use serasi_domain::id::{CaseId, Regency};
use serasi_domain::offer::WithdrawReason;
use serasi_domain::placement::CancelReason;
use serasi_proto::v1;
use serasi_store::{exclusions, offers, placements};
use serde_json::json;

use super::lose_place::{Loss, back_to_sender, release};
use super::open::case_for_change;
use super::refer::write_case;
use super::refuse::{Ending, end};
use crate::error::HubError;
use crate::sight::Eyes;
use crate::unit_of_work::{Mutation, Unit};

pub(crate) struct CancelTransfer {
    pub(crate) case: CaseId,
    pub(crate) version: i64,
}

impl Mutation for CancelTransfer {
    const VERB: &'static str = "CancelTransfer";
    type Response = v1::CancelTransferResponse;

    fn home(&self) -> Regency {
        self.case.home()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let case = case_for_change(unit, self.case, self.version).await?;
        case.must_allow(CaseVerb::CancelTransfer)?;
        let old_state = case.state.clone();
        let case = end_transfer(unit, case).await?;
        let case = write_case(unit, case, &old_state).await?;
        let payload = json!({ "reason": "cancelled" });
        unit.tell(
            case.id.home(),
            case.id,
            case.version,
            "case.transfer_ended",
            payload,
        )
        .await?;
        unit.audit(self.case.home(), self.case).await?;
        Ok(v1::CancelTransferResponse {
            case: Some(Eyes::new(unit.hub, unit.caller).case(&case)),
        })
    }
}

/// Ends the transfer of a locked case, if there is one; the case is not written yet.
pub(super) async fn end_transfer(unit: &mut Unit<'_>, case: Case) -> Result<Case, HubError> {
    match case.state.transfer() {
        None => return Ok(case),
        Some(Transfer::Waiting { .. }) => {}
        Some(Transfer::Offered { offer }) => {
            let view = offers::get(&mut unit.conn, offer).await?;
            let view = view.ok_or(HubError::Bug("a case names an offer that is not there"))?;
            let reason = WithdrawReason::SolvedOtherwise;
            let offer = view.offer.withdraw(reason, unit.now)?;
            let policy = unit.policy_of(&case).await?;
            let ending = Ending {
                reason: format!("withdrawn:{reason}"),
                event: "offer.withdrawn",
                excluded_until: Some(unit.now + policy.full_parks_for()),
            };
            end(unit, &offer, &ending).await?;
        }
        Some(Transfer::Accepted { next }) => {
            let placement = placements::get(&mut unit.conn, next.placement).await?;
            let placement = placement.ok_or(HubError::Bug("an accepted transfer has no placement"))?;
            let mut placement = placement.cancel(CancelReason::SolvedOtherwise, unit.now)?;
            let loss = Loss {
                verb: CaseVerb::CancelPlacement,
                reason: format!("cancelled:{}", CancelReason::SolvedOtherwise),
                event: "placement.cancelled",
                exclusion: None,
                note: None,
                waits_for_coordinator: true,
            };
            release(unit, &mut placement, &loss).await?;
            return back_to_sender(unit, case, loss.verb).await;
        }
    }
    if let Some(stay) = case.state.stay() {
        exclusions::stay_after_all(&mut unit.conn, case.id, stay.facility).await?;
    }
    Ok(case.end_transfer())
}
