//! What follows for each person when the rows have ended: in order, some in a transaction, and nobody twice.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serasi_domain::id::{CaseId, PersonId};
use serasi_domain::registry::{
    Finding, Match, MatchClass, PersonCounts, Progress, Reconciliation, Registration, RegistryId, SourceKind,
    Standing,
};
use serasi_linkage::{Class, Link, Part};
use serasi_store::Context;
use serasi_store::reconciliations::{self, Decided, RowResult, Unsettled};
use serasi_store::registrations::{self, Change, KeyKind};
use serde_json::json;

use super::super::owe::{owed_now, write_changes};
use super::write;
use crate::error::HubError;
use crate::reconciliation::Ranked;
use crate::unit_of_work::{Act, Unit};

/// Persons that are decided on in one transaction: few, for callers wait for the database meanwhile.
const PERSONS_AT_ONCE: i64 = 200;
/// A row less likely than this is shown to nobody.
const LEAST_LIKELY: f64 = 0.02;
/// The code of a standing that is for a human.
const AMBIGUOUS: &str = "ambiguous";

/// Decides on the next persons. `None` = nobody is left.
pub(crate) struct DecideNext {
    pub(crate) before: Reconciliation,
    pub(crate) ranked: Arc<Ranked>,
}

impl Act for DecideNext {
    const VERB: &'static str = "Reconcile";
    type Output = Option<Reconciliation>;

    fn context(&self, _: &crate::auth::Permit) -> Context {
        Context::WorkOnPersons
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Option<Reconciliation>, HubError> {
        let run = &self.before;
        let after = match run.progress {
            Progress::Deciding { after, .. } => after,
            Progress::Open { .. } | Progress::Done { .. } | Progress::Abandoned { .. } => None,
        };
        let sought = reconciliations::sought(&mut unit.conn, run, after, PERSONS_AT_ONCE).await?;
        let (next, Some(last)) = (sought.persons, sought.last) else {
            return Ok(None);
        };
        // Locked first: what a human rejects until then is known to what follows, and later they wait.
        let locked = registrations::get_many_for_change(&mut unit.conn, &next).await?;
        let rows = rows_of(unit, run, (&next, &self.ranked)).await?;
        // Asked last: what is committed until now is seen, and later they wait.
        let unsettled = reconciliations::unsettled(&mut unit.conn, run, &next).await?;
        let mut counts = PersonCounts::default();
        let mut follows = Follows::default();
        for before in locked {
            counts.decided += 1;
            let unsettled = unsettled.get(&before.person);
            if unsettled == Some(&Unsettled::Changed) {
                counts.held += 1;
                continue;
            }
            let says = Says {
                rows: rows.get(&before.person).map_or(&[], Vec::as_slice),
                of_absence: unsettled.is_none() && !self.ranked.is_hidden(before.person),
            };
            follows.decide(unit, run, before, (says, &mut counts))?;
        }
        let Follows {
            changes,
            kinds,
            keys,
            decided,
        } = follows;
        write_changes(unit, &changes, &kinds, None).await?;
        registrations::set_keys(&mut unit.conn, unit.hub.store.sealer(), KeyKind::Match, &keys).await?;
        reconciliations::decide(&mut unit.conn, run.id, &decided).await?;
        Ok(Some(write(unit, run.clone().decide(last, counts)?, run).await?))
    }
}

/// What follows for the persons of one transaction.
#[derive(Default)]
struct Follows {
    changes: Vec<Change>,
    /// What is told of each change.
    kinds: Vec<&'static str>,
    /// Of those who are found, the keys of their rows.
    keys: Vec<(PersonId, CaseId, RegistryId)>,
    /// What is kept of their rows.
    decided: Vec<Decided>,
}

/// A row that a person may be, and its key.
struct Row {
    person: PersonId,
    link: Link,
    key: RegistryId,
    /// The person is known by its key.
    is_own: bool,
}

impl Row {
    const fn weighed(person: PersonId, link: Link, key: RegistryId) -> Self {
        Self {
            person,
            link,
            key,
            is_own: false,
        }
    }

    /// A row of which nothing but its key speaks for the person.
    fn unweighed(person: PersonId, row: u64, key: RegistryId) -> Self {
        let why = vec![Part {
            what: "known_key",
            level: "",
            bits: 0.0,
        }];
        let link = Link {
            row,
            weight: 0.0,
            probability: 1.0,
            class: Class::None,
            why,
        };
        Self::weighed(person, link, key)
    }

    /// As what it is told and kept: a row that a human has said is as good as one that was found.
    const fn class(&self) -> Class {
        match self.link.class {
            Class::Exact => Class::Exact,
            Class::Probable | Class::Ambiguous | Class::None if self.is_own => Class::Probable,
            class @ (Class::Probable | Class::Ambiguous | Class::None) => class,
        }
    }
}

/// What the run says of a person.
#[derive(Clone, Copy)]
struct Says<'a> {
    rows: &'a [Row],
    /// False = who is not among the rows may be all the same.
    of_absence: bool,
}

/// The rows that these persons may be, or are known to be: without those that a human has rejected in this registry, without a second row of the same key, and
/// without those of who was erased meanwhile.
async fn rows_of(
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
    let registry = run.edition.registry();
    let keys = reconciliations::keys(&mut unit.conn, sealer, run.id, &met).await?;
    let known = registrations::known_keys(&mut unit.conn, sealer, registry, &met).await?;
    let decided = reconciliations::of_persons(&mut unit.conn, sealer, &met).await?;
    let is_rejected =
        |row: &RowResult| row.decided.result == "rejected" && row.edition.registry() == registry;
    let rejected: HashSet<(PersonId, RegistryId)> = decided
        .into_iter()
        .filter(is_rejected)
        .filter_map(|row| Some((row.decided.person, row.registry_id?)))
        .collect();
    let mut by_person: HashMap<PersonId, Vec<(u64, &RegistryId)>> = HashMap::with_capacity(met.len());
    for ((person, row), key) in &keys {
        by_person.entry(*person).or_default().push((*row, key));
    }
    let mut rows = HashMap::with_capacity(met.len());
    for (person, mut of_person) in by_person {
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
            Some(Row::weighed(person, link, key))
        });
        let links: Vec<Row> = links.collect();
        let own = known.get(&person);
        let own = own.filter(|own| !rejected.contains(&(person, own.key.clone())));
        let own = own.and_then(|own| {
            let (row, key) = of_person.iter().find(|(_, key)| **key == own.key)?;
            Some((own.is_said, *row, (*key).clone()))
        });
        rows.insert(person, with_own(person, links, own));
    }
    Ok(rows)
}

/// The row that a person is known to be stands there still: it goes before all others where a human has said so, and
/// wherever no other is sure.
fn with_own(person: PersonId, mut rows: Vec<Row>, own: Option<(bool, u64, RegistryId)>) -> Vec<Row> {
    let is_sure = rows.first().is_some_and(|row| row.link.class.is_link());
    match own {
        Some((is_said, row, key)) if is_said || !is_sure => {
            let at = rows.iter().position(|known| known.key == key);
            let known = at.map(|at| rows.swap_remove(at));
            let mut known = known.unwrap_or_else(|| Row::unweighed(person, row, key));
            known.is_own = true;
            vec![known]
        }
        Some(_) | None => rows,
    }
}

impl Follows {
    /// What follows for one person.
    fn decide(
        &mut self,
        unit: &Unit<'_>,
        run: &Reconciliation,
        before: Registration,
        (says, counts): (Says<'_>, &mut PersonCounts),
    ) -> Result<(), HubError> {
        let best = says.rows.first();
        let finding = finding(run, &before, best);
        let is_row = matches!(finding, Finding::Row(_));
        if finding == Finding::Nothing && !says.of_absence && run.says() == SourceKind::Snapshot {
            counts.held += 1;
            self.decided.extend(chosen(says.rows, false));
            return Ok(());
        }
        let owed = owed_now(unit, &before);
        let next = before
            .clone()
            .reconciled(finding, (run.edition, run.says()), owed)?;
        let Some(next) = next else {
            let is_doubt = is_row && before.standing.code() == AMBIGUOUS;
            self.decided.extend(chosen(says.rows, is_doubt));
            return Ok(());
        };
        let was_matched = matches!(before.standing, Standing::Matched { .. });
        let (count, kind) = match &next.standing {
            Standing::Matched { .. } => (&mut counts.matched, "registration.matched"),
            Standing::Ambiguous { .. } => (&mut counts.ambiguous, "registration.ambiguous"),
            Standing::Unchecked | Standing::NotFound { .. } | Standing::NoIdentity { .. } if was_matched => {
                (&mut counts.left, "registration.left")
            }
            Standing::Unchecked | Standing::NotFound { .. } | Standing::NoIdentity { .. } => {
                (&mut counts.not_found, "registration.not_found")
            }
        };
        *count += 1;
        if let (Standing::Matched { .. }, Some(row)) = (&next.standing, best) {
            self.keys.push((next.person, next.case, row.key.clone()));
        }
        self.decided
            .extend(chosen(says.rows, next.standing.code() == AMBIGUOUS));
        self.kinds.push(kind);
        self.changes
            .push(Change::new(before, next, &unit.caller.principal));
        Ok(())
    }
}

/// What the best of the rows says. A row that the person is known by keeps the match as sure as it was.
fn finding(run: &Reconciliation, before: &Registration, best: Option<&Row>) -> Finding {
    let Some(row) = best else {
        return Finding::Nothing;
    };
    let class = match (&before.standing, row.link.class) {
        (Standing::Matched { found, .. }, _) if row.is_own => found.class,
        (_, _) if row.is_own => MatchClass::Reviewed,
        (_, Class::Exact) => MatchClass::Exact,
        (_, Class::Probable) => MatchClass::Probable,
        (_, Class::Ambiguous) => return Finding::Doubt,
        (_, Class::None) => return Finding::Nothing,
    };
    Finding::Row(Match {
        edition: run.edition,
        class,
        weight: row.link.weight,
        weights_version: run.weights_version.clone(),
    })
}

/// What is kept: of a match its row, of a doubt all that may be it.
fn chosen(rows: &[Row], is_doubt: bool) -> Vec<Decided> {
    let class = match rows.first().map_or(Class::None, Row::class) {
        Class::Exact | Class::Probable if is_doubt => Class::Ambiguous,
        class @ (Class::Exact | Class::Probable | Class::Ambiguous | Class::None) => class,
    };
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
