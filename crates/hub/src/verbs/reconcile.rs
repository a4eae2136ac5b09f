//! Reconcile, step by step: each is a transaction of its own, and each but the looks writes the next version of the run, so
//! that a stream that somebody else has taken over writes nothing any more.

mod decide;
mod leavers;

pub(crate) use decide::DecideNext;
pub(crate) use leavers::CountLeavers;

use serasi_domain::id::{PersonId, ReconciliationId};
use serasi_domain::person::Person;
use serasi_domain::registry::{Progress, Reconciliation, RegistryId, RowCounts};
use serasi_store::reconciliations::{self, CandidatePosition, CandidateRow, Decided, NewCandidate};
use serasi_store::{Context, StoreError};
use serasi_store::{persons, registrations};

use crate::error::{HubError, Kind, RuleBroken};
use crate::unit_of_work::{Act, Unit};

const ONE_OPEN: &str = "reconciliations_one_open";

/// Begins a run, or goes on with one.
pub(crate) struct Open {
    /// As it would begin now.
    pub(crate) asked: Reconciliation,
}

/// Keeps what came of rows.
pub(crate) struct KeepRows {
    pub(crate) before: Reconciliation,
    pub(crate) last_row: u64,
    pub(crate) read: u64,
    pub(crate) refused: u64,
    pub(crate) near: Vec<NewCandidate>,
}

/// No more rows come.
pub(crate) struct EndRows {
    pub(crate) before: Reconciliation,
    /// There were more, and they cannot be read.
    pub(crate) broke_off: bool,
}

/// Everybody is decided on.
pub(crate) struct Finish {
    pub(crate) before: Reconciliation,
    /// Rows that are somebody, or may be.
    pub(crate) found: RowCounts,
}

/// Takes some of the rows over that the release before kept. Gives whether any was left.
pub(crate) struct AdoptRows {
    pub(crate) run: ReconciliationId,
}

/// Lets some of the rows go that were not chosen. Gives whether any was left.
pub(crate) struct ForgetRows {
    pub(crate) run: ReconciliationId,
}

/// Who is looked for, page by page.
pub(crate) struct ReadSought {
    pub(crate) run: Reconciliation,
    pub(crate) last: Option<PersonId>,
    pub(crate) limit: i64,
}

/// Some of those who are looked for.
pub(crate) struct SoughtPage {
    pub(crate) persons: Vec<SoughtPerson>,
    /// `None` = there are no more.
    pub(crate) last: Option<PersonId>,
}

/// Somebody who is looked for.
pub(crate) struct SoughtPerson {
    pub(crate) id: PersonId,
    pub(crate) person: Person,
    /// Of the row that they are known to be.
    pub(crate) known_key: Option<RegistryId>,
}

/// How many rows the last whole snapshot had that a part is measured by.
pub(crate) struct ReadWhole {
    pub(crate) run: Reconciliation,
}

/// What was kept of the rows, page by page.
pub(crate) struct ReadCandidates {
    pub(crate) run: ReconciliationId,
    pub(crate) last: Option<CandidatePosition>,
}

/// What was decided about rows, page by page.
pub(crate) struct ReadResults {
    pub(crate) run: ReconciliationId,
    pub(crate) last: Option<CandidatePosition>,
}

impl Act for Open {
    const VERB: &'static str = "Reconcile";
    type Output = Reconciliation;

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Reconciliation, HubError> {
        let asked = &self.asked;
        if let Some(known) = reconciliations::get(&mut unit.conn, asked.id).await? {
            let differences = differences(&known, asked);
            if !differences.is_empty() {
                return Err(HubError::Exists {
                    kind: Kind::Reconciliation,
                    id: asked.id.to_string(),
                    differences: Some(differences),
                });
            }
            return match known.progress {
                // Whoever comes last goes on; the version fences off who was before.
                Progress::Open { .. } => {
                    let next = Reconciliation {
                        rows_at_least: known.rows_at_least.max(asked.rows_at_least),
                        ..known.clone()
                    };
                    write(unit, next, &known).await
                }
                Progress::Deciding { .. } => write(unit, known.clone(), &known).await,
                Progress::Done { .. } | Progress::Abandoned { .. } => Ok(known),
            };
        }
        if let Some(other) = reconciliations::running(&mut unit.conn, asked).await? {
            return Err(RuleBroken::ReconciliationRuns(other.id.to_string()).into());
        }
        let new = Reconciliation {
            started_at: unit.now,
            ..asked.clone()
        };
        match reconciliations::insert(&mut unit.conn, &new).await {
            Ok(true) => {}
            Ok(false) => return Err(HubError::Raced),
            Err(StoreError::Constraint(name)) if name == ONE_OPEN => return Err(HubError::Raced),
            Err(error) => return Err(error.into()),
        }
        unit.audit(new.id.home(), new.id).await?;
        Ok(new)
    }
}

fn differences(known: &Reconciliation, asked: &Reconciliation) -> Vec<&'static str> {
    // When the rows have ended whoever may run one may end this one: nothing more comes from its file.
    let is_ended = !matches!(known.progress, Progress::Open { .. });
    let fields = [
        ("registry", known.edition.registry() == asked.edition.registry()),
        ("edition", known.edition == asked.edition),
        ("kind", known.kind == asked.kind),
        ("scope_region_code", known.scope == asked.scope),
        ("source_digest", is_ended || known.source == asked.source),
        ("principal", is_ended || known.principal == asked.principal),
    ];
    let differing = fields.into_iter().filter(|(_, is_same)| !is_same);
    differing.map(|(field, _)| field).collect()
}

async fn write(
    unit: &mut Unit<'_>,
    next: Reconciliation,
    before: &Reconciliation,
) -> Result<Reconciliation, HubError> {
    let written = reconciliations::update(&mut unit.conn, next, before).await?;
    written.ok_or(HubError::Moved)
}

/// The same where the commit may have been done and its answer lost: what stands there is then what was to be written.
/// Another stream that has taken over has written a version without these rows in its place.
async fn write_or_find(
    unit: &mut Unit<'_>,
    next: Reconciliation,
    before: &Reconciliation,
) -> Result<Reconciliation, HubError> {
    let asked = Reconciliation {
        version: before.version + 1,
        ..next.clone()
    };
    match write(unit, next, before).await {
        Err(HubError::Moved) => {
            let found = reconciliations::get(&mut unit.conn, asked.id).await?;
            found.filter(|found| *found == asked).ok_or(HubError::Moved)
        }
        written => written,
    }
}

impl Act for KeepRows {
    const VERB: &'static str = "Reconcile";
    type Output = Reconciliation;

    fn context(&self, _: &crate::auth::Permit) -> Context {
        Context::WorkOnPersons
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Reconciliation, HubError> {
        let next = self
            .before
            .clone()
            .read(self.last_row, (self.read, self.refused))?;
        // First: who is fenced off waits for nothing.
        let next = write_or_find(unit, next, &self.before).await?;
        let sealer = unit.hub.store.sealer();
        reconciliations::keep(&mut unit.conn, sealer, next.id, &self.near).await?;
        Ok(next)
    }
}

impl Act for EndRows {
    const VERB: &'static str = "Reconcile";
    type Output = Reconciliation;

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Reconciliation, HubError> {
        let policy = unit.hub.policies.active().registry().reconcile;
        let next = self.before.clone().end(self.broke_off, &policy)?;
        write_or_find(unit, next, &self.before).await
    }
}

impl Act for Finish {
    const VERB: &'static str = "Reconcile";
    type Output = Reconciliation;

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Reconciliation, HubError> {
        let run = &self.before;
        let done = write(unit, run.clone().finish(self.found, unit.now)?, run).await?;
        unit.audit(done.id.home(), done.id).await?;
        Ok(done)
    }
}

impl Act for AdoptRows {
    const VERB: &'static str = "Reconcile";
    type Output = bool;

    async fn run(&self, unit: &mut Unit<'_>) -> Result<bool, HubError> {
        Ok(reconciliations::adopt(&mut unit.conn, self.run).await?)
    }
}

impl Act for ForgetRows {
    const VERB: &'static str = "Reconcile";
    type Output = bool;

    async fn run(&self, unit: &mut Unit<'_>) -> Result<bool, HubError> {
        Ok(reconciliations::forget(&mut unit.conn, self.run).await?)
    }
}

impl Act for ReadSought {
    const VERB: &'static str = "Reconcile";
    type Output = SoughtPage;

    fn context(&self, _: &crate::auth::Permit) -> Context {
        Context::WorkOnPersons
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Output, HubError> {
        let sought = reconciliations::sought(&mut unit.conn, &self.run, self.last, self.limit).await?;
        let ids = sought.persons;
        let sealer = unit.hub.store.sealer();
        let kept = persons::get_many(&mut unit.conn, sealer, &ids).await?;
        let registry = self.run.edition.registry();
        let mut keys = registrations::known_keys(&mut unit.conn, sealer, registry, &ids).await?;
        let mut persons: Vec<_> = kept
            .into_iter()
            .map(|(_, kept)| SoughtPerson {
                id: kept.id,
                person: kept.known(),
                known_key: keys.remove(&kept.id).map(|known| known.key),
            })
            .collect();
        persons.sort_unstable_by_key(|sought| sought.id);
        Ok(SoughtPage {
            persons,
            last: sought.last,
        })
    }
}

impl Act for ReadWhole {
    const VERB: &'static str = "Reconcile";
    type Output = Option<u64>;

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Option<u64>, HubError> {
        Ok(reconciliations::rows_of_whole(&mut unit.conn, &self.run).await?)
    }
}

impl Act for ReadCandidates {
    const VERB: &'static str = "Reconcile";
    type Output = Vec<CandidateRow>;

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Output, HubError> {
        Ok(reconciliations::of_reconciliation(&mut unit.conn, self.run, self.last).await?)
    }
}

impl Act for ReadResults {
    const VERB: &'static str = "Reconcile";
    type Output = Vec<Decided>;

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Output, HubError> {
        Ok(reconciliations::results(&mut unit.conn, self.run, self.last).await?)
    }
}
