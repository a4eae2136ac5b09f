//! Whoever answers for a case let its deadline pass: the next one up does - of a facility the coordinator of the case's home,
//! then the province, then the nation - and the clock starts anew.

use serasi_domain::case::{Case, Owner};
use serasi_domain::id::CaseId;
use serasi_geography::RegionCode;
use serasi_store::{cases, offers};
use serde_json::json;
use time::Duration;

use super::refer::{deadline, write_case};
use crate::error::HubError;
use crate::unit_of_work::{Act, Unit};

/// Of the time the nation is given, when it is called again and again.
const LONGEST_PATIENCE: Duration = Duration::DAY;
const MAX_DOUBLINGS: i32 = 10;

/// Escalates the case if it is still overdue; `false` = somebody was faster.
pub(crate) struct EscalateOverdue {
    pub(crate) case: CaseId,
}

impl Act for EscalateOverdue {
    const VERB: &'static str = "EscalateOverdue";
    const IS_BY_KEY: bool = true;
    type Output = bool;

    async fn run(&self, unit: &mut Unit<'_>) -> Result<bool, HubError> {
        let Some(case) = cases::get_for_change(&mut unit.conn, self.case).await? else {
            return Ok(false);
        };
        let (old_state, owner_before) = (case.state.clone(), case.owner);
        let policy = unit.policy_of(&case).await?;
        let coordinate = policy.of(case.facts.urgency).coordinate;
        let act_before = deadline(unit, &policy, coordinate, case.facts.place);
        let act_before = match case.state.live_offer().filter(|_| case.state.stay().is_none()) {
            // Whoever is called for the whole way: the facility's time to answer runs on.
            Some(offer) => offers::get(&mut unit.conn, offer)
                .await?
                .map(|view| view.offer.expires_at),
            None => Some(unit.now + patience(&case, act_before - unit.now)),
        };
        let act_before = act_before.ok_or(HubError::Bug("a case names an offer that is not there"))?;
        let Some(case) = case.overdue(act_before, unit.now) else {
            return Ok(false);
        };
        let case = write_case(unit, case, &old_state).await?;
        tell_escalated(unit, &case, owner_before).await?;
        unit.audit(self.case.home(), self.case).await?;
        Ok(true)
    }
}

/// At the nation there is nobody further up: it is called again, but each time after twice as long, up to a day.
fn patience(case: &Case, allowed: Duration) -> Duration {
    if case.owner != Owner::Coordinator(RegionCode::NATION) {
        return allowed;
    }
    let doubled = allowed * 2_i32.pow(case.escalations.clamp(0, MAX_DOUBLINGS).unsigned_abs());
    doubled.min(allowed.max(LONGEST_PATIENCE))
}

/// Tells that the next coordinator up answers for the case, which is written.
pub(super) async fn tell_escalated(
    unit: &mut Unit<'_>,
    case: &Case,
    owner_before: Owner,
) -> Result<(), HubError> {
    let payload = json!({
        "from": reference(owner_before),
        "to": reference(case.owner),
        "escalations": case.escalations,
    });
    unit.tell(case.id.home(), case.id, case.version, "case.escalated", payload)
        .await
}

fn reference(owner: Owner) -> String {
    match owner {
        Owner::Coordinator(region) => region.to_string(),
        Owner::Facility(facility) => facility.to_string(),
    }
}
