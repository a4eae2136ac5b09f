//! What a replica holds in memory for the reconciliation that is going on here: everybody who is looked for, and the
//! threads that compare rows with them. Nothing of it is the truth: the database knows how far the run is, and any
//! replica can begin anew from there.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::available_parallelism;

use serasi_domain::id::{PersonId, ReconciliationId};
use serasi_domain::registry::Reconciliation;
use serasi_linkage::{Gather, Link, Look, Near, Ranking, Sought, Weights};
use serasi_registry_file::{OF_SENT, SentRows};
use tokio::sync::{Mutex, Semaphore, watch};

use crate::auth::Permit;
use crate::error::HubError;
use crate::hub::Hub;
use crate::linkage_identity;
use crate::unit_of_work::run_for;
use crate::verbs::reconcile::{ReadCandidates, ReadSought};

/// The weights that are shipped: estimating them would need all rows before the first is compared. How common a name is,
/// is counted on the persons; how likely a row is anybody, on the rows.
const PERSONS_AT_ONCE: i64 = 250;
/// What a row has at most that is not read; a chunk of so many rows is refused.
const MAX_ROWS: u64 = 5_000;

/// The one reconciliation of this replica.
pub(crate) struct Reconciling {
    /// One at a time: each holds its persons in memory.
    pub(crate) turn: Arc<Semaphore>,
    /// Persons of the last one, for a stream that comes again.
    roll: Mutex<Option<Arc<Roll>>>,
    /// Which version of a run was last begun here: a stream of an older one of the same run ends.
    pub(crate) begun: watch::Sender<Option<(ReconciliationId, i64)>>,
}

/// Everybody a run looks for.
pub(crate) struct Roll {
    id: ReconciliationId,
    /// In order; their positions are what linkage calls them.
    persons: Vec<PersonId>,
    sought: Sought,
}

/// A row that came near somebody.
pub(crate) struct Met {
    pub(crate) near: Near,
    pub(crate) registry_id: Arc<str>,
}

/// A row that cannot be read.
pub(crate) struct Refused {
    pub(crate) row: u64,
    pub(crate) column: &'static str,
    pub(crate) problem: String,
}

/// What came of some rows.
#[derive(Default)]
pub(crate) struct Piece {
    pub(crate) met: Vec<Met>,
    pub(crate) refused: Vec<Refused>,
    pub(crate) read: u64,
    /// Of those read: those that the client could not send.
    pub(crate) unreadable: u64,
    pub(crate) last_row: u64,
    /// Why the rows as a whole are not taken.
    pub(crate) wrong: Option<&'static str>,
}

/// What all rows say about everybody they came near.
pub(crate) struct Ranked {
    met: Vec<PersonId>,
    ranking: Ranking,
}

impl Default for Reconciling {
    fn default() -> Self {
        Self {
            turn: Arc::new(Semaphore::new(1)),
            roll: Mutex::new(None),
            begun: watch::Sender::new(None),
        }
    }
}

impl fmt::Debug for Reconciling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reconciling")
    }
}

impl Reconciling {
    /// Who is looked for: read and opened now, unless the same run was here before.
    pub(crate) async fn roll(
        hub: &Arc<Hub>,
        caller: &Permit,
        run: &Reconciliation,
    ) -> Result<Arc<Roll>, HubError> {
        let mut kept = hub.reconciling.roll.lock().await;
        if let Some(roll) = kept.as_ref().filter(|roll| roll.id == run.id) {
            return Ok(Arc::clone(roll));
        }
        // The memory of the last one first.
        *kept = None;
        let roll = Arc::new(Roll::read(hub, caller, run).await?);
        *kept = Some(Arc::clone(&roll));
        Ok(roll)
    }

    /// Lets the persons go.
    pub(crate) async fn forget(&self) {
        *self.roll.lock().await = None;
    }
}

impl Roll {
    async fn read(hub: &Arc<Hub>, caller: &Permit, run: &Reconciliation) -> Result<Self, HubError> {
        let (mut persons, mut gather) = (Vec::new(), Gather::default());
        let mut last = None;
        loop {
            let page = ReadSought {
                run: run.clone(),
                last,
                limit: PERSONS_AT_ONCE,
            };
            let page = run_for(hub, caller.clone(), page).await?;
            for (id, person) in &page {
                gather.add(&linkage_identity::of(person, None, run.started_at));
                persons.push(*id);
            }
            let Some((id, _)) = page.last() else { break };
            last = Some(*id);
        }
        let sought = tokio::task::spawn_blocking(move || gather.finish(&Weights::starting())).await;
        Ok(Self {
            id: run.id,
            persons,
            sought: sought.map_err(|_| HubError::Bug("the persons could not be indexed"))?,
        })
    }

    pub(crate) fn person(&self, position: u32) -> Option<PersonId> {
        self.persons.get(usize::try_from(position).ok()?).copied()
    }

    pub(crate) fn position(&self, person: PersonId) -> Option<u32> {
        let at = self.persons.binary_search(&person).ok()?;
        u32::try_from(at).ok()
    }

    /// Compares rows with everybody they may be. Their numbers must grow, from `after` on.
    pub(crate) fn compare(&self, rows: &[u8], after: u64, look: &mut Look) -> Piece {
        let mut piece = Piece {
            last_row: after,
            ..Piece::default()
        };
        SentRows::default().for_each(rows, |cells| {
            piece.read += 1;
            let number = match &cells {
                Ok(cells) => cells.get(0).parse().unwrap_or(0),
                // The number of a row that falls apart is not known; it comes after the one before.
                Err(_) => piece.last_row + 1,
            };
            if number <= piece.last_row {
                piece.wrong = Some("the numbers of rows must grow from row to row");
                return;
            }
            piece.last_row = number;
            match OF_SENT.parse(cells) {
                Ok(row) => {
                    let mut registry_id: Option<Arc<str>> = None;
                    for near in self.sought.near(&row.identity, number, number, look) {
                        let registry_id = registry_id.get_or_insert_with(|| row.key.into());
                        piece.met.push(Met {
                            near,
                            registry_id: Arc::clone(registry_id),
                        });
                    }
                }
                Err(problems) => piece.refused.extend(problems.into_iter().map(|problem| Refused {
                    row: number,
                    column: problem.column,
                    problem: problem.problem,
                })),
            }
        });
        if piece.read > MAX_ROWS {
            piece.wrong = Some("a message has at most 5,000 rows");
        }
        piece
    }
}

impl Ranked {
    /// Weighs all that was kept of a run. The rows of the registry are all that were read.
    pub(crate) async fn read(
        hub: &Arc<Hub>,
        caller: &Permit,
        run: &Reconciliation,
    ) -> Result<Self, HubError> {
        let mut rows = Vec::new();
        let mut last = None;
        loop {
            let page = ReadCandidates { run: run.id, last };
            let page = run_for(hub, caller.clone(), page).await?;
            let Some(end) = page.last() else { break };
            last = Some((end.row, end.person));
            rows.extend(page);
        }
        let read = run.rows.read;
        let weigh = move || {
            let mut met: Vec<PersonId> = rows.iter().map(|row| row.person).collect();
            met.sort_unstable();
            met.dedup();
            let near = rows.iter().filter_map(|row| {
                let at = met.binary_search(&row.person).ok()?;
                let of = &row.agreement;
                let person = u32::try_from(at).ok()?;
                Near::restored((person, row.row), of.bits, of.levels, of.name_bits)
            });
            let ranking = Ranking::of(near.collect(), read, &Weights::starting());
            Self { met, ranking }
        };
        let ranked = tokio::task::spawn_blocking(weigh).await;
        ranked.map_err(|_| HubError::Bug("the rows could not be weighed"))
    }

    /// Whether any row came near this person.
    pub(crate) fn has_met(&self, person: PersonId) -> bool {
        self.met.binary_search(&person).is_ok()
    }

    /// The rows that a person may be, the likeliest first, as if those in `without` were not there.
    pub(crate) fn rows_of(&self, person: PersonId, without: &[u64]) -> Vec<Link> {
        let position = self.met.binary_search(&person).ok();
        let position = position.and_then(|at| u32::try_from(at).ok());
        position.map_or_else(Vec::new, |at| self.ranking.rows_of(at, without))
    }
}

/// Threads that compare rows: half of the machine's, so that the other half answers.
pub(crate) fn threads() -> usize {
    available_parallelism().map_or(1, NonZeroUsize::get).div_ceil(2)
}
