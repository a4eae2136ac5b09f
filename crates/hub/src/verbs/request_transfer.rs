//! RequestTransfer: persons who are served are to go elsewhere. The same routing finds where; the sender keeps case and place
//! until somebody accepts.

use serasi_domain::case::Case;
use serasi_domain::id::{CaseId, Regency};
use serasi_domain::need::Need;
use serasi_domain::placement::TransferReason;
use serasi_domain::routing::Exclusion;
use serasi_proto::v1;
use serasi_store::{exclusions, offers};

use super::open::case_for_change;
use super::refer::{not_routed, refer_again};
use crate::error::HubError;
use crate::sight::Eyes;
use crate::unit_of_work::{Mutation, Unit};

pub(crate) struct RequestTransfer {
    pub(crate) case: CaseId,
    pub(crate) version: i64,
    pub(crate) reason: TransferReason,
    /// `None` = as before.
    pub(crate) need: Option<Need>,
}

impl Mutation for RequestTransfer {
    const VERB: &'static str = "RequestTransfer";
    type Response = v1::RequestTransferResponse;

    fn home(&self) -> Regency {
        self.case.home()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let case = case_for_change(unit, self.case, self.version).await?;
        let old_state = case.state.clone();
        let wanted = case.clone().request_transfer(unit.now)?;
        if wanted.is_some() || self.reason == TransferReason::Safety {
            self.exclude_sender(unit, &case).await?;
        }
        let Some(mut wanted) = wanted else {
            return show(unit, &case).await;
        };
        if let Some(need) = &self.need {
            wanted.facts.need = wanted.facts.need.replaced_by(need.clone());
        }
        let excluded = exclusions::of_case(&mut unit.conn, case.id).await?;
        let referral = refer_again(unit, wanted, &old_state, &excluded).await?;
        unit.audit(self.case.home(), self.case).await?;
        let eyes = Eyes::new(unit.hub, unit.caller);
        Ok(v1::RequestTransferResponse {
            case: Some(eyes.case(&referral.case)),
            outcome: Some(referral.outcome(&eyes)),
            already_under_way: false,
        })
    }
}

impl RequestTransfer {
    /// The persons do not come back to where they are; once it was for their safety, that is why.
    async fn exclude_sender(&self, unit: &mut Unit<'_>, case: &Case) -> Result<(), HubError> {
        let Some(stay) = case.state.stay() else {
            return Ok(());
        };
        let reason = format!("transfer:{}", self.reason);
        let exclusion = Exclusion {
            facility: stay.facility,
            cause: self.reason.cause(),
            until: None,
        };
        Ok(exclusions::exclude(&mut unit.conn, &[(case.id, exclusion, &reason)], unit.now).await?)
    }
}

/// A transfer is under way: it is shown, and goes on as it was.
async fn show(unit: &mut Unit<'_>, case: &Case) -> Result<v1::RequestTransferResponse, HubError> {
    let mut outcome = not_routed(
        "Pemindahan kasus ini sudah berjalan; permintaan kedua tidak menanyai siapa pun lagi.",
        "A transfer of this case is under way; the second request asks nobody else.",
    );
    if let Some(offer) = case.state.live_offer() {
        let view = offers::get(&mut unit.conn, offer).await?;
        let view = view.ok_or(HubError::Bug("a case names an offer that is not there"))?;
        outcome.result = v1::RouteResult::Offered as i32;
        outcome.decision_id = view.offer.decision.to_string();
        outcome.offer = Some(Eyes::new(unit.hub, unit.caller).offer(case, &view));
    }
    unit.audit(case.id.home(), case.id).await?;
    Ok(v1::RequestTransferResponse {
        case: Some(Eyes::new(unit.hub, unit.caller).case(case)),
        outcome: Some(outcome),
        already_under_way: true,
    })
}
