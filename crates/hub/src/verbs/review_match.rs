//! ReviewMatch: a human has looked at who a person is and why a row may be theirs, and says whether it is.

use std::iter;

use serasi_domain::id::{PersonId, ReconciliationId, Regency};
use serasi_domain::registry::{Edition, Match, MatchClass, Registration, RegistryVerb, Standing, UndoReason};
use serasi_proto::v1;
use serasi_store::reconciliations::{self, RowResult};
use serasi_store::registrations::{self, KeyKind};
use serasi_store::{Context, cases};

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
                reject_grounds(unit, &before).await?;
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

/// Somebody whom the caller may review, locked; not while the processing of their data is suspended.
pub(super) async fn person_for_change(
    unit: &mut Unit<'_>,
    person: PersonId,
) -> Result<Registration, HubError> {
    let found = registrations::get_many_for_change(&mut unit.conn, &[person]).await?;
    let found = unit
        .caller
        .find(Kind::Registration, person, found.into_iter().next())?;
    for (_, case) in cases::get_many(&mut unit.conn, iter::once(found.case)).await? {
        if case?.is_frozen {
            return Err(RuleBroken::Frozen.into());
        }
    }
    Ok(found)
}

async fn confirm(
    unit: &mut Unit<'_>,
    before: &Registration,
    row: Option<u64>,
) -> Result<Registration, HubError> {
    let grounds = Grounds::read(unit, before).await?.rows;
    let mut fitting = grounds
        .iter()
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
    let key = chosen.registry_id.as_ref().ok_or(RuleBroken::Erased)?;
    let next = write_registration(unit, next, before, "registration.reviewed").await?;
    let sealer = unit.hub.store.sealer();
    let of = (next.person, next.case);
    if !registrations::set_key(&mut unit.conn, sealer, of, KeyKind::Match, key).await? {
        return Err(RuleBroken::Erased.into());
    }
    let others = grounds
        .iter()
        .filter(|other| other.decided.row != chosen.decided.row);
    let others: Vec<_> = others
        .map(|other| (other.reconciliation, other.decided.row))
        .collect();
    reconciliations::reject(&mut unit.conn, before.person, &others).await?;
    Ok(next)
}

/// The rows that made a person stand where they stand: of a match those of the newest run with its row, of a doubt those
/// of the newest run with its edition. Other runs, of another registry or of fewer rows, have left rows, too, and say
/// nothing about this.
struct Grounds {
    rows: Vec<RowResult>,
    /// Rows of other runs that have the same key as the match.
    linked: Vec<(ReconciliationId, u64)>,
}

impl Grounds {
    async fn read(unit: &mut Unit<'_>, before: &Registration) -> Result<Self, HubError> {
        let sealer = unit.hub.store.sealer();
        let of_match = match &before.standing {
            Standing::Matched { .. } => registrations::key(&mut unit.conn, sealer, before).await?,
            Standing::Unchecked
            | Standing::Ambiguous { .. }
            | Standing::NotFound { .. }
            | Standing::NoIdentity { .. } => None,
        };
        let edition = before.standing.edition();
        let registry = edition.map(Edition::registry);
        let mut rows = reconciliations::of_persons(&mut unit.conn, sealer, &[before.person]).await?;
        rows.retain(|row| row.decided.result != "rejected" && Some(row.edition.registry()) == registry);
        let is_linked = |row: &RowResult| of_match.is_some() && row.registry_id == of_match;
        let linked = rows.iter().filter(|row| is_linked(row));
        let linked = linked.map(|row| (row.reconciliation, row.decided.row)).collect();
        rows.retain(|row| Some(row.edition) == edition);
        let ground = rows.iter().rfind(|row| of_match.is_none() || is_linked(row));
        let run = ground.map(|row| row.reconciliation);
        rows.retain(|row| Some(row.reconciliation) == run);
        Ok(Self { rows, linked })
    }
}

/// None of these rows is the person, and no later run links them by itself.
pub(super) async fn reject_grounds(unit: &mut Unit<'_>, before: &Registration) -> Result<(), HubError> {
    let grounds = Grounds::read(unit, before).await?;
    let of_run = grounds
        .rows
        .iter()
        .map(|row| (row.reconciliation, row.decided.row));
    let rows: Vec<_> = of_run.chain(grounds.linked.iter().copied()).collect();
    Ok(reconciliations::reject(&mut unit.conn, before.person, &rows).await?)
}
