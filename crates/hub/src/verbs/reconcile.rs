//! Reconcile, step by step: each is a transaction of its own, and each but the looks writes the next version of the run, so
//! that a stream that somebody else has taken over writes nothing any more.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serasi_domain::id::{PersonId, ReconciliationId};
use serasi_domain::person::Person;
use serasi_domain::registry::{
    Finding, Match, MatchClass, PersonCounts, Progress, Reconciliation, Registration, RegistryId, Standing,
};
use serasi_linkage::{Class, Link};
use serasi_store::persons;
use serasi_store::reconciliations::{self, CandidatePosition, CandidateRow, Decided, NewCandidate};
use serasi_store::registrations::{self, KeyKind};
use serasi_store::{Context, StoreError};
use serde_json::json;

use super::owe::{owed_now, write_registration};
use crate::error::{HubError, Kind, RuleBroken};
use crate::reconciliation::Ranked;
use crate::unit_of_work::{Act, Unit};

/// Persons that are decided on in one transaction: far below a second.
const PERSONS_AT_ONCE: i64 = 200;
/// A row less likely than this is shown to nobody.
const LEAST_LIKELY: f64 = 0.02;
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

/// Decides on the next persons; when none is left, the run is done.
pub(crate) struct DecideNext {
    pub(crate) before: Reconciliation,
    pub(crate) ranked: Arc<Ranked>,
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
                Progress::Open { .. } | Progress::Deciding { .. } => write(unit, known.clone(), &known).await,
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
    let fields = [
        ("registry", known.edition.registry() == asked.edition.registry()),
        ("edition", known.edition == asked.edition),
        ("kind", known.kind == asked.kind),
        ("scope_region_code", known.scope == asked.scope),
        ("source_digest", known.source == asked.source),
        ("principal", known.principal == asked.principal),
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
        let next = write(unit, next, &self.before).await?;
        let sealer = unit.hub.store.sealer();
        reconciliations::keep(&mut unit.conn, sealer, next.id, &self.near).await?;
        Ok(next)
    }
}

impl Act for EndRows {
    const VERB: &'static str = "Reconcile";
    type Output = Reconciliation;

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Reconciliation, HubError> {
        write(unit, self.before.clone().end(self.broke_off)?, &self.before).await
    }
}

impl Act for DecideNext {
    const VERB: &'static str = "Reconcile";
    type Output = Reconciliation;

    fn context(&self, _: &crate::auth::Permit) -> Context {
        Context::WorkOnPersons
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Reconciliation, HubError> {
        let run = &self.before;
        let after = match run.progress {
            Progress::Deciding { after, .. } => after,
            Progress::Open { .. } | Progress::Done { .. } | Progress::Abandoned { .. } => None,
        };
        let next = reconciliations::sought(&mut unit.conn, run, after, PERSONS_AT_ONCE).await?;
        let Some(last) = next.last().copied() else {
            let found = reconciliations::count_rows(&mut unit.conn, run.id).await?;
            let done = write(unit, run.clone().finish(found, unit.now)?, run).await?;
            unit.audit(done.id.home(), done.id).await?;
            return Ok(done);
        };
        let links = links(unit, run, (&next, &self.ranked)).await?;
        let mut counts = PersonCounts::default();
        for before in registrations::get_many_for_change(&mut unit.conn, &next).await? {
            counts.decided += 1;
            let of_person = links.get(&before.person).map_or(&[][..], Vec::as_slice);
            decide(unit, run, before, (of_person, &mut counts)).await?;
        }
        let decided: Vec<Decided> = links.values().flat_map(|links| chosen(links)).collect();
        reconciliations::decide(&mut unit.conn, run.id, &decided).await?;
        write(unit, run.clone().decide(last, counts)?, run).await
    }
}

/// A row that a person may be, and its key.
struct Row {
    person: PersonId,
    link: Link,
    key: RegistryId,
}

/// The rows that these persons may be: without those that a human has rejected, without a second row of the same key, and
/// without those of who was erased meanwhile.
async fn links(
    unit: &mut Unit<'_>,
    run: &Reconciliation,
    (persons, ranked): (&[PersonId], &Ranked),
) -> Result<HashMap<PersonId, Vec<Row>>, HubError> {
    let met: Vec<PersonId> = persons
        .iter()
        .copied()
        .filter(|person| ranked.has_met(*person))
        .collect();
    let sealer = unit.hub.store.sealer();
    let keys = reconciliations::keys(&mut unit.conn, sealer, run.id, &met).await?;
    let known = reconciliations::of_persons(&mut unit.conn, sealer, &met).await?;
    let rejected = known.into_iter().filter(|row| row.decided.result == "rejected");
    let rejected: HashSet<(PersonId, RegistryId)> = rejected
        .filter_map(|row| Some((row.decided.person, row.registry_id?)))
        .collect();
    let mut rows = HashMap::with_capacity(met.len());
    for person in met {
        let of_person = keys.iter().filter(|((of, _), _)| *of == person);
        let mut of_person: Vec<(u64, &RegistryId)> = of_person.map(|((_, row), key)| (*row, key)).collect();
        of_person.sort_unstable_by_key(|(row, _)| *row);
        let mut seen = HashSet::new();
        let without: Vec<u64> = of_person
            .iter()
            .filter(|(_, key)| rejected.contains(&(person, (*key).clone())) || !seen.insert(*key))
            .map(|(row, _)| *row)
            .collect();
        let links = ranked.rows_of(person, &without).into_iter();
        let links = links.filter_map(|link| {
            let key = keys.get(&(person, link.row))?.clone();
            Some(Row { person, link, key })
        });
        rows.insert(person, links.collect());
    }
    Ok(rows)
}

/// What follows for one person.
async fn decide(
    unit: &mut Unit<'_>,
    run: &Reconciliation,
    before: Registration,
    (rows, counts): (&[Row], &mut PersonCounts),
) -> Result<(), HubError> {
    let best = rows.first();
    let finding = match best.map(|row| row.link.class) {
        Some(Class::Exact) => found(run, best, MatchClass::Exact),
        Some(Class::Probable) => found(run, best, MatchClass::Probable),
        Some(Class::Ambiguous) => Finding::Doubt,
        Some(Class::None) | None => Finding::Nothing,
    };
    let owed = owed_now(unit, &before);
    let was_matched = matches!(before.standing, Standing::Matched { .. });
    let Some(next) = before
        .clone()
        .reconciled(finding, (run.edition, run.says()), owed)?
    else {
        return Ok(());
    };
    let kind = match &next.standing {
        Standing::Matched { .. } => {
            counts.matched += 1;
            "registration.matched"
        }
        Standing::Ambiguous { .. } => {
            counts.ambiguous += 1;
            "registration.ambiguous"
        }
        Standing::Unchecked | Standing::NotFound { .. } | Standing::NoIdentity { .. } if was_matched => {
            counts.left += 1;
            "registration.left"
        }
        Standing::Unchecked | Standing::NotFound { .. } | Standing::NoIdentity { .. } => {
            counts.not_found += 1;
            "registration.not_found"
        }
    };
    let next = write_registration(unit, next, &before, kind).await?;
    if let (Standing::Matched { .. }, Some(row)) = (&next.standing, best) {
        let sealer = unit.hub.store.sealer();
        let of = (next.person, next.case);
        registrations::set_key(&mut unit.conn, sealer, of, KeyKind::Match, &row.key).await?;
    }
    Ok(())
}

fn found(run: &Reconciliation, row: Option<&Row>, class: MatchClass) -> Finding {
    row.map_or(Finding::Nothing, |row| {
        Finding::Row(Match {
            edition: run.edition,
            class,
            weight: row.link.weight,
            weights_version: run.weights_version.clone(),
        })
    })
}

/// What is kept: of a match its row, of a doubt all that may be it.
fn chosen(rows: &[Row]) -> Vec<Decided> {
    let class = rows.first().map_or(Class::None, |row| row.link.class);
    let kept = match class {
        Class::Exact | Class::Probable => rows.get(..1),
        Class::Ambiguous => Some(rows),
        Class::None => None,
    };
    let likely = kept.unwrap_or_default().iter().enumerate();
    likely
        .filter(|(at, row)| *at == 0 || row.link.probability >= LEAST_LIKELY)
        .map(|(_, row)| Decided {
            person: row.person,
            row: row.link.row,
            result: class.code().to_owned(),
            weight: row.link.weight,
            probability: row.link.probability,
            why: json!(row.link.why),
        })
        .collect()
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
    type Output = Vec<(PersonId, Person)>;

    fn context(&self, _: &crate::auth::Permit) -> Context {
        Context::WorkOnPersons
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Output, HubError> {
        let ids = reconciliations::sought(&mut unit.conn, &self.run, self.last, self.limit).await?;
        let sealer = unit.hub.store.sealer();
        let kept = persons::get_many(&mut unit.conn, sealer, &ids).await?;
        let mut known: Vec<_> = kept
            .into_iter()
            .map(|(_, kept)| (kept.id, kept.known()))
            .collect();
        known.sort_unstable_by_key(|(id, _)| *id);
        Ok(known)
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
