//! Nobody at a dinas took a report, or acted on it, in time: the next addressee up gets it, too (P16 Ps.35(2)).

use serasi_domain::id::PersonId;
use serasi_store::{cases, registrations};

use super::owe::write_registration;
use super::refer::deadline;
use crate::error::HubError;
use crate::unit_of_work::{Act, Unit};

/// Tells the next one up if it is still time to; `false` = somebody was faster.
pub(crate) struct FollowUpReport {
    pub(crate) person: PersonId,
}

impl Act for FollowUpReport {
    const VERB: &'static str = "FollowUpReport";
    const IS_BY_KEY: bool = true;
    type Output = bool;

    async fn run(&self, unit: &mut Unit<'_>) -> Result<bool, HubError> {
        let found = registrations::get_many_for_change(&mut unit.conn, &[self.person]).await?;
        let Some(before) = found.into_iter().next() else {
            return Ok(false);
        };
        let case = cases::get(&mut unit.conn, before.case).await?;
        if case.is_none_or(|case| case.is_frozen) {
            return Ok(false);
        }
        let Some(owed) = before.standing.obligation() else {
            return Ok(false);
        };
        let Some(next) = owed.addressee.one_up() else {
            return Ok(false);
        };
        let policy = unit.hub.policies.active();
        let time = policy.registry().time_to_answer(&owed.state);
        let answer_before = deadline(unit, &policy, time, next.region());
        let Some(person) = before.clone().follow_up(answer_before, unit.now) else {
            return Ok(false);
        };
        write_registration(unit, person, &before, "registration.followed_up").await?;
        unit.audit(self.person.home(), self.person).await?;
        Ok(true)
    }
}
