//! ReviewMatch: a human has looked at who a person is and why a row may be theirs, and says whether it is.

use serasi_domain::id::{PersonId, Regency};
use serasi_domain::registry::{Match, MatchClass, Registration, RegistryVerb, UndoReason};
use serasi_proto::v1;
use serasi_store::Context;
use serasi_store::reconciliations::{self, RowResult};
use serasi_store::registrations::{self, KeyKind};

use super::owe::{owed_now, write_registration, write_step};
use crate::error::{HubError, Kind, RuleBroken};
use crate::unit_of_work::{Mutation, Unit};
use crate::wire::registration_to_wire;

pub(crate) struct ReviewMatch {
    pub(crate) person: PersonId,
    pub(crate) decision: Decision,
}

/// What the human says.
#[derive(Clone, Copy)]
pub(crate) enum Decision {
    /// The row with this number is the person; `None` = the only one there is.
    Confirm(Option<u64>),
    /// No row of the run is.
    Reject,
}

impl Mutation for ReviewMatch {
    const VERB: &'static str = "ReviewMatch";
    type Response = v1::ReviewMatchResponse;

    fn home(&self) -> Regency {
        self.person.home()
    }

    fn context(&self) -> Context {
        Context::WorkOnPersons
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let before = person_for_change(unit, self.person).await?;
        let next = match self.decision {
            Decision::Confirm(row) => confirm(unit, &before, row).await?,
            Decision::Reject => {
                let next = before.clone().rejected(owed_now(unit, &before))?;
                reject_newest(unit, self.person, None).await?;
                let undone = Some(UndoReason::Rejected);
                write_step(unit, next, &before, ("registration.rejected", undone)).await?
            }
        };
        unit.audit(self.person.home(), self.person).await?;
        Ok(v1::ReviewMatchResponse {
            registration: Some(registration_to_wire(&next, unit.now)),
        })
    }
}

/// Somebody whom the caller may review, locked.
pub(super) async fn person_for_change(
    unit: &mut Unit<'_>,
    person: PersonId,
) -> Result<Registration, HubError> {
    let found = registrations::get_many_for_change(&mut unit.conn, &[person]).await?;
    unit.caller
        .find(Kind::Registration, person, found.into_iter().next())
}

async fn confirm(
    unit: &mut Unit<'_>,
    before: &Registration,
    row: Option<u64>,
) -> Result<Registration, HubError> {
    let candidates = newest(unit, before.person).await?;
    let mut fitting = candidates
        .into_iter()
        .filter(|known| row.is_none_or(|row| known.decided.row == row));
    let chosen = fitting.next();
    let is_one = fitting.next().is_none();
    // Of a person who has none to review the state says so first.
    let edition = before.standing.edition();
    let (Some(chosen), Some(edition), true) = (chosen, edition, is_one) else {
        before.must_allow(RegistryVerb::Review)?;
        return Err(RuleBroken::NoCandidate.into());
    };
    let run = reconciliations::get(&mut unit.conn, chosen.reconciliation).await?;
    let run = run.ok_or(HubError::Bug("a candidate of no reconciliation"))?;
    let found = Match {
        edition,
        class: MatchClass::Reviewed,
        weight: chosen.decided.weight,
        weights_version: run.weights_version,
    };
    let next = before.clone().confirmed(found)?;
    let key = chosen.registry_id.ok_or(RuleBroken::Erased)?;
    let next = write_registration(unit, next, before, "registration.reviewed").await?;
    let sealer = unit.hub.store.sealer();
    let of = (next.person, next.case);
    if !registrations::set_key(&mut unit.conn, sealer, of, KeyKind::Match, &key).await? {
        return Err(RuleBroken::Erased.into());
    }
    reject_newest(unit, before.person, Some(chosen.decided.row)).await?;
    Ok(next)
}

/// What the newest run that came near a person has left to say.
async fn newest(unit: &mut Unit<'_>, person: PersonId) -> Result<Vec<RowResult>, HubError> {
    let sealer = unit.hub.store.sealer();
    let mut known = reconciliations::of_persons(&mut unit.conn, sealer, &[person]).await?;
    known.retain(|row| row.decided.result != "rejected");
    let last = known.last().map(|row| row.reconciliation);
    known.retain(|row| Some(row.reconciliation) == last);
    Ok(known)
}

/// The rows of that run are not this person: all, or all `but` one. No later run links them by itself.
pub(super) async fn reject_newest(
    unit: &mut Unit<'_>,
    person: PersonId,
    but: Option<u64>,
) -> Result<(), HubError> {
    if let Some(row) = newest(unit, person).await?.first() {
        reconciliations::reject(&mut unit.conn, person, row.reconciliation, but).await?;
    }
    Ok(())
}
