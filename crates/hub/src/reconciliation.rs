//! What a replica holds in memory for the reconciliation that is going on here: everybody who is looked for, and the
//! threads that compare rows with them. Nothing of it is the truth: the database knows how far the run is, and any
//! replica can begin anew from there.

use std::fmt;
use std::iter;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::available_parallelism;

use serasi_domain::id::{PersonId, ReconciliationId};
use serasi_domain::registry::{Reconciliation, RegistryId};
use serasi_domain::text::Text;
use serasi_linkage::{Gather, Identity, Look, Near, Sought, Weights};
use serasi_registry_file::{Cells, OF_SENT, SentRows};
use tokio::sync::{Mutex, Semaphore, watch};
use tokio::time::{Duration, Instant};

use self::finder::{Finder, Finding};
use crate::error::HubError;
use crate::linkage_identity;
use crate::verbs::reconcile::SoughtPerson;

mod finder;
mod ranked;

pub(crate) use ranked::{Kept, Measure, Ranked};

/// Persons are let go when no stream has come for them for so long.
const IDLE: Duration = Duration::from_mins(10);
/// The least urgent there is.
const LAST: i32 = 19;
/// What a row has at most that is not read; a chunk of so many rows is refused.
const MAX_ROWS: u64 = 5_000;

/// The one reconciliation of this replica.
pub(crate) struct Reconciling {
    /// One at a time: each holds its persons in memory.
    pub(crate) turn: Arc<Semaphore>,
    /// Persons of the last one, for a stream that comes again.
    roll: Mutex<Option<(Arc<Roll>, Instant)>>,
    /// Which version of a run was last begun here: a stream of an older one of the same run ends.
    pub(crate) begun: watch::Sender<Option<(ReconciliationId, i64)>>,
}

/// Everybody a run looks for. The weights are those that are shipped: estimating them would need all rows before the first
/// is compared. How common a name is, is counted on the persons; how likely a row is anybody, on the rows.
pub(crate) struct Roll {
    id: ReconciliationId,
    /// In order; their positions are what linkage calls them.
    persons: Vec<PersonId>,
    sought: Sought,
    /// By the key of the row that they are known to be, and by their NIK.
    keys: Finder,
    niks: Finder,
}

/// The same, while it is read.
#[derive(Default)]
pub(crate) struct Gathering {
    persons: Vec<PersonId>,
    gather: Gather,
    keys: Finding,
    niks: Finding,
}

/// A row that could be read.
struct Readable {
    number: u64,
    key: Arc<str>,
    identity: Identity,
}

/// A row that came near somebody.
pub(crate) struct Met {
    pub(crate) near: Near,
    pub(crate) registry_id: Arc<str>,
    /// The row has the key by which the person is known.
    pub(crate) is_known: bool,
}

/// A row that was refused and has somebody's key or NIK.
pub(crate) struct Hidden {
    pub(crate) person: u32,
    pub(crate) row: u64,
    pub(crate) registry_id: RegistryId,
}

/// A row that cannot be read.
pub(crate) struct Refused {
    pub(crate) row: u64,
    pub(crate) column: &'static str,
    pub(crate) problem: String,
}

/// Where some rows stand in their file.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    /// The number of the last row before them.
    pub(crate) after: u64,
    /// So many rows the file has, or more.
    pub(crate) among: u64,
}

/// What came of some rows.
#[derive(Default)]
pub(crate) struct Piece {
    pub(crate) met: Vec<Met>,
    pub(crate) refused: Vec<Refused>,
    pub(crate) hidden: Vec<Hidden>,
    pub(crate) read: u64,
    /// Of those read: those that the client could not send.
    pub(crate) unreadable: u64,
    pub(crate) last_row: u64,
    /// Why the rows as a whole are not taken.
    pub(crate) wrong: Option<&'static str>,
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
    /// Persons of this run, if they are here.
    pub(crate) async fn roll(&self, run: ReconciliationId) -> Option<Arc<Roll>> {
        let mut kept = self.roll.lock().await;
        let (roll, used_at) = kept.as_mut().filter(|(roll, _)| roll.id == run)?;
        *used_at = Instant::now();
        Some(Arc::clone(roll))
    }

    pub(crate) async fn keep(&self, roll: &Arc<Roll>) {
        *self.roll.lock().await = Some((Arc::clone(roll), Instant::now()));
    }

    /// Lets the persons go.
    pub(crate) async fn forget(&self) {
        *self.roll.lock().await = None;
    }

    /// Lets them go when no stream has come for them for a while.
    pub(crate) async fn forget_idle(&self) {
        // Whoever has the turn needs them.
        let Ok(_turn) = self.turn.try_acquire() else {
            return;
        };
        let mut kept = self.roll.lock().await;
        if kept
            .as_ref()
            .is_some_and(|(_, used_at)| used_at.elapsed() >= IDLE)
        {
            *kept = None;
        }
    }
}

impl Gathering {
    pub(crate) fn add(&mut self, run: &Reconciliation, page: &[SoughtPerson]) {
        for sought in page {
            let position = u32::try_from(self.persons.len()).unwrap_or(u32::MAX);
            let identity = linkage_identity::of(&sought.person, None, run.started_at);
            if let Some(key) = &sought.known_key {
                self.keys.add(key.as_str(), position);
            }
            if let Some(nik) = identity.nik {
                self.niks.add(nik, position);
            }
            self.gather.add(&identity);
            self.persons.push(sought.id);
        }
    }

    pub(crate) async fn finish(self, run: ReconciliationId) -> Result<Roll, HubError> {
        let index = move || Roll {
            id: run,
            persons: self.persons,
            sought: self.gather.finish(&Weights::starting()),
            keys: self.keys.finish(),
            niks: self.niks.finish(),
        };
        let roll = tokio::task::spawn_blocking(index).await;
        roll.map_err(|_| HubError::Bug("the persons could not be indexed"))
    }
}

impl Roll {
    pub(crate) fn person(&self, position: u32) -> Option<PersonId> {
        self.persons.get(usize::try_from(position).ok()?).copied()
    }

    pub(crate) fn position(&self, person: PersonId) -> Option<u32> {
        let at = self.persons.binary_search(&person).ok()?;
        u32::try_from(at).ok()
    }

    /// Compares rows with everybody they may be. Their numbers must grow from row to row.
    pub(crate) fn compare(&self, rows: &[u8], place: Place, look: &mut Look) -> Piece {
        let Place { after, among } = place;
        let mut piece = Piece {
            last_row: after,
            ..Piece::default()
        };
        let mut all_readable = Vec::new();
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
            let readable: Option<&Cells> = cells.as_ref().ok().copied();
            match OF_SENT.parse(cells) {
                Ok(row) => all_readable.push(Readable {
                    number,
                    key: row.key.into(),
                    identity: row.identity,
                }),
                Err(problems) => {
                    piece.refused.extend(problems.into_iter().map(|problem| Refused {
                        row: number,
                        column: problem.column,
                        problem: problem.problem,
                    }));
                    if let Some(cells) = readable {
                        piece.hidden.extend(self.hidden(cells, number));
                    }
                }
            }
        });
        if piece.read > MAX_ROWS {
            piece.wrong = Some("a message has at most 5,000 rows");
        }
        if piece.wrong.is_none() {
            piece.met = self.meet(&all_readable, among, look);
        }
        piece
    }
}

impl Roll {
    /// Whom rows may be, and who is known to be them. They are looked for together, which is quicker than one by one.
    fn meet(&self, rows: &[Readable], among: u64, look: &mut Look) -> Vec<Met> {
        let identities: Vec<(u64, &Identity)> = rows.iter().map(|row| (row.number, &row.identity)).collect();
        let mut near = self.sought.near(&identities, among, look).iter().peekable();
        let mut met = Vec::new();
        for row in rows {
            let found = iter::from_fn(|| near.next_if(|near| near.row == row.number).copied());
            self.meet_row(row, found, &mut met);
        }
        met
    }

    fn meet_row(&self, row: &Readable, found: impl Iterator<Item = Near>, met: &mut Vec<Met>) {
        let mut known: Vec<u32> = self.keys.persons(&row.key).collect();
        let mut add = |near, is_known| {
            met.push(Met {
                near,
                registry_id: Arc::clone(&row.key),
                is_known,
            });
        };
        for near in found {
            let at = known.iter().position(|person| *person == near.person);
            let is_known = at.map(|at| known.swap_remove(at)).is_some();
            add(near, is_known);
        }
        for person in known {
            if let Some(near) = self.sought.pair(person, &row.identity, row.number) {
                add(near, true);
            }
        }
    }

    /// Who stands in a row that was refused, as far as its key or NIK says.
    fn hidden(&self, cells: &Cells, row: u64) -> Vec<Hidden> {
        let (key, nik) = OF_SENT.marks(cells);
        let by_key = key.into_iter().flat_map(|key| self.keys.persons(key));
        let by_nik = nik.into_iter().flat_map(|nik| self.niks.persons(nik));
        // Of a row without a key that can be kept the person is all that counts.
        let Ok(registry_id) = Text::new(key.unwrap_or("-")).or_else(|_| Text::new("-")) else {
            return vec![];
        };
        let persons = by_key.chain(by_nik);
        let hidden = persons.map(|person| Hidden {
            person,
            row,
            registry_id: registry_id.clone(),
        });
        hidden.collect()
    }
}

/// Threads that compare rows: one for each processor, for they give way to whoever is called.
pub(crate) fn threads() -> usize {
    available_parallelism().map_or(1, NonZeroUsize::get)
}

/// From now on this thread works when nobody else wants to: answers to callers go before rows.
pub(crate) fn give_way() {
    // Linux keeps it for each thread. Where it cannot be set, the thread is like any other.
    let _ = rustix::process::nice(LAST);
}
