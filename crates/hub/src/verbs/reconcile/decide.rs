//! What follows for each person when the rows have ended: in order, some in a transaction, and nobody twice.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serasi_domain::id::PersonId;
use serasi_domain::registry::{
    Finding, Match, MatchClass, PersonCounts, Progress, Reconciliation, Registration, RegistryId, SourceKind,
    Standing,
};
use serasi_linkage::{Class, Link};
use serasi_store::Context;
use serasi_store::reconciliations::{self, Decided, RowResult, Unsettled};
use serasi_store::registrations::{self, KeyKind};
use serde_json::json;

use super::super::owe::{owed_now, write_registration};
use super::write;
use crate::error::HubError;
use crate::reconciliation::Ranked;
use crate::unit_of_work::{Act, Unit};

/// Persons that are decided on in one transaction: far below a second.
const PERSONS_AT_ONCE: i64 = 200;
/// A row less likely than this is shown to nobody.
const LEAST_LIKELY: f64 = 0.02;

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
        let next = reconciliations::sought(&mut unit.conn, run, after, PERSONS_AT_ONCE).await?;
        let Some(last) = next.last().copied() else {
            return Ok(None);
        };
        // Locked first: what a human rejects until then is known to what follows, and later they wait.
        let locked = registrations::get_many_for_change(&mut unit.conn, &next).await?;
        let mut links = links(unit, run, (&next, &self.ranked)).await?;
        // Asked last: what is committed until now is seen, and later they wait.
        let unsettled = reconciliations::unsettled(&mut unit.conn, run, &next).await?;
        let mut counts = PersonCounts::default();
        for before in locked {
            counts.decided += 1;
            let unsettled = unsettled.get(&before.person);
            if unsettled == Some(&Unsettled::Changed) {
                counts.held += 1;
                links.remove(&before.person);
                continue;
            }
            let of_person = links.get(&before.person).map_or(&[][..], Vec::as_slice);
            let says = Says {
                rows: of_person,
                of_absence: unsettled.is_none(),
            };
            decide(unit, run, before, (says, &mut counts)).await?;
        }
        let decided: Vec<Decided> = links.values().flat_map(|links| chosen(links)).collect();
        reconciliations::decide(&mut unit.conn, run.id, &decided).await?;
        Ok(Some(write(unit, run.clone().decide(last, counts)?, run).await?))
    }
}

/// A row that a person may be, and its key.
struct Row {
    person: PersonId,
    link: Link,
    key: RegistryId,
}

/// What the run says of a person.
struct Says<'a> {
    rows: &'a [Row],
    /// False = who is not among the rows may be all the same.
    of_absence: bool,
}

/// The rows that these persons may be: without those that a human has rejected in this registry, without a second row of the same key, and
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
    let is_rejected = |row: &RowResult| {
        row.decided.result == "rejected" && row.edition.registry() == run.edition.registry()
    };
    let rejected = known.into_iter().filter(is_rejected);
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
    (says, counts): (Says<'_>, &mut PersonCounts),
) -> Result<(), HubError> {
    let best = says.rows.first();
    let finding = match best.map(|row| row.link.class) {
        Some(Class::Exact) => found(run, best, MatchClass::Exact),
        Some(Class::Probable) => found(run, best, MatchClass::Probable),
        Some(Class::Ambiguous) => Finding::Doubt,
        Some(Class::None) | None => Finding::Nothing,
    };
    if finding == Finding::Nothing && !says.of_absence && run.says() == SourceKind::Snapshot {
        counts.held += 1;
        return Ok(());
    }
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
