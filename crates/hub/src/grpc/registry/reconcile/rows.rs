//! The rows of a stream: compared on threads of their own, put together in their order, kept about once a second.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::sync::Arc;

use serasi_domain::registry::Reconciliation;
use serasi_domain::text::Text;
use serasi_linkage::{Look, Near, Top};
use serasi_proto::v1;
use serasi_proto::v1::reconcile_request::Message;
use serasi_store::reconciliations::{Agreement, NewCandidate};
use tokio::sync::oneshot;
use tokio::time::{Duration, Instant};

use super::{Stream, unreadable, wrong};
use crate::error::HubError;
use crate::reconciliation::{Met, Piece, Place, Roll, give_way, threads};
use crate::unit_of_work::run_for;
use crate::verbs::reconcile::{KeepRows, ReadCandidates};
use crate::wire::refused_to_wire;

/// What is compared is kept after so long, or when it has become so much: callers wait for the database
/// meanwhile.
pub(super) const CHECKPOINT: Duration = Duration::from_secs(1);
const MAX_MET: usize = 500;
const MAX_REFUSED: usize = 2_000;
/// Messages that a thread may have before it: enough to go on while the database writes. Each is a few milliseconds' work.
const IN_HAND_EACH: usize = 24;
/// Bytes of rows in one message.
const MAX_BYTES: usize = 64 * 1024;

/// Threads that compare, and what they have in hand, in the order of the rows.
struct Crew {
    pool: rayon::ThreadPool,
    roll: Arc<Roll>,
    in_hand: VecDeque<oneshot::Receiver<Piece>>,
    most: usize,
    /// The last row that was given out.
    given: u64,
    /// So many rows come, or more.
    among: u64,
}

/// What is compared and not kept yet.
#[derive(Default)]
struct Pending {
    read: u64,
    refused: u64,
    last_row: u64,
    near: Vec<NewCandidate>,
    results: Vec<v1::RowResult>,
}

/// What is kept already of everybody, as far as it says what else must be.
#[derive(Default)]
struct Best {
    top: Top,
    /// Whose own key has come, and whose own row was refused: once is enough.
    known: HashSet<u32>,
    hidden: HashSet<u32>,
}

impl Best {
    fn admits(&mut self, met: &Met) -> bool {
        let is_best = self.top.admit(&met.near);
        let is_own = met.is_known && self.known.insert(met.near.person);
        is_best || is_own
    }
}

thread_local! {
    static LOOK: std::cell::RefCell<Look> = std::cell::RefCell::default();
}

impl Stream {
    /// Takes rows until the client says that they have ended, and keeps them. Gives whether they broke off.
    pub(super) async fn read_rows(&mut self) -> Result<bool, HubError> {
        let roll = self.roll().await?;
        let mut best = self.kept_before(&roll).await?;
        let mut crew = Crew::new(Arc::clone(&roll), &self.run)?;
        let mut pending = Pending {
            last_row: crew.given,
            ..Pending::default()
        };
        let mut next_checkpoint = Instant::now() + CHECKPOINT;
        let mut said: Option<Result<v1::ReconcileEnd, HubError>> = None;
        loop {
            self.must_go_on()?;
            if said.is_some() && crew.in_hand.is_empty() {
                break;
            }
            let takes_more = said.is_none() && crew.in_hand.len() < crew.most;
            let answers = self.answers.clone();
            let wake = next_checkpoint.min(self.next_check);
            tokio::select! {
                piece = crew.next(), if !crew.in_hand.is_empty() => {
                    pending.add(piece?, &roll, &mut best)?;
                }
                message = self.messages.message(), if takes_more => {
                    let content = message.map(|message| message.and_then(|message| message.message));
                    match content {
                        Ok(Some(Message::Rows(rows))) => crew.give(rows)?,
                        Ok(Some(Message::End(end))) => said = Some(Ok(end)),
                        Ok(Some(Message::Start(_))) => return Err(wrong("start", "must come first and once")),
                        // What has come is kept all the same.
                        Ok(None) => said = Some(Err(wrong("end", "must end the rows before the stream ends"))),
                        Err(_) => said = Some(Err(unreadable())),
                    }
                }
                () = answers.closed() => {}
                () = tokio::time::sleep_until(wake) => {}
            }
            if pending.is_much() || Instant::now() >= next_checkpoint {
                self.keep(&mut pending).await?;
                next_checkpoint = Instant::now() + CHECKPOINT;
            }
        }
        self.keep(&mut pending).await?;
        let said = said.transpose()?.unwrap_or_default();
        if said.rows != self.run.rows.read {
            let what = format!("must be {}, as many as were read", self.run.rows.read);
            return Err(wrong("end.rows", &what));
        }
        // What broke off is measured by what was to come.
        if said.rows < self.run.rows_at_least && !said.broke_off {
            let what = format!(
                "must be {} or more, as many as were announced; among fewer, rows may have been passed over that count: \
                 abandon {} and begin another",
                self.run.rows_at_least, self.run.id
            );
            return Err(wrong("end.rows", &what));
        }
        Ok(said.broke_off)
    }

    /// The best rows of everybody so far.
    async fn kept_before(&mut self, roll: &Roll) -> Result<Best, HubError> {
        let mut best = Best::default();
        let mut last = None;
        loop {
            self.must_go_on()?;
            let page = ReadCandidates {
                run: self.run.id,
                last,
            };
            let page = run_for(&self.hub, self.session.permit.clone(), page).await?;
            let Some(end) = page.last() else { return Ok(best) };
            last = Some((end.row, end.person));
            for row in page {
                let of = row.agreement;
                let person = roll.position(row.person);
                if row.is_refused {
                    best.hidden.extend(person);
                    continue;
                }
                let near = person
                    .and_then(|person| Near::restored((person, row.row), of.bits, of.levels, of.name_bits));
                if let Some(near) = near {
                    best.top.admit(&near);
                }
            }
        }
    }

    /// Writes down what was compared, and says so.
    async fn keep(&mut self, pending: &mut Pending) -> Result<(), HubError> {
        if pending.last_row == self.run.progress.last_row() {
            return Ok(());
        }
        let keep = KeepRows {
            before: self.run.clone(),
            last_row: pending.last_row,
            read: std::mem::take(&mut pending.read),
            refused: std::mem::take(&mut pending.refused),
            near: std::mem::take(&mut pending.near),
        };
        self.run = run_for(&self.hub, self.session.permit.clone(), keep).await?;
        self.tell(std::mem::take(&mut pending.results)).await
    }
}

impl Crew {
    fn new(roll: Arc<Roll>, run: &Reconciliation) -> Result<Self, HubError> {
        let threads = threads();
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .start_handler(|_| give_way())
            .build();
        Ok(Self {
            pool: pool.map_err(|_| HubError::Bug("no threads to compare rows with"))?,
            roll,
            in_hand: VecDeque::new(),
            most: threads * IN_HAND_EACH,
            given: run.progress.last_row(),
            among: run.rows_at_least,
        })
    }

    /// Gives rows to the next free thread. Those that are kept already, and sent again, are passed over.
    fn give(&mut self, rows: v1::ReconcileRows) -> Result<(), HubError> {
        if rows.rows.len() > MAX_BYTES {
            return Err(wrong("rows.rows", "has at most 64 KiB"));
        }
        if rows.last_row <= self.given {
            return Ok(());
        }
        let (roll, after) = (Arc::clone(&self.roll), self.given);
        let place = Place {
            after,
            among: self.among,
        };
        let (done, piece) = oneshot::channel();
        let last_row = rows.last_row;
        self.pool.spawn(move || {
            let mut piece = LOOK.with_borrow_mut(|look| roll.compare(&rows.rows, place, look));
            if piece.last_row > rows.last_row {
                piece.wrong = Some("rows.last_row is below the number of a row");
            }
            let unreadable = u64::from(rows.unreadable_rows);
            if piece.read + unreadable > rows.last_row - after {
                piece.wrong = Some("there are more rows than numbers");
            }
            piece.read += unreadable;
            piece.unreadable = unreadable;
            piece.last_row = rows.last_row;
            // Nobody waits when the stream has ended.
            let _ = done.send(piece);
        });
        self.given = last_row;
        self.in_hand.push_back(piece);
        Ok(())
    }

    /// The oldest that was given out. It may be asked for again when this is dropped.
    async fn next(&mut self) -> Result<Piece, HubError> {
        let Some(oldest) = self.in_hand.front_mut() else {
            return std::future::pending().await;
        };
        let piece = oldest.await;
        self.in_hand.pop_front();
        piece.map_err(|_| HubError::Bug("rows could not be compared"))
    }
}

impl Pending {
    fn add(&mut self, piece: Piece, roll: &Roll, best: &mut Best) -> Result<(), HubError> {
        if let Some(what) = piece.wrong {
            return Err(wrong("rows", what));
        }
        self.read += piece.read;
        self.last_row = piece.last_row;
        let refused: BTreeSet<u64> = piece.refused.iter().map(|refused| refused.row).collect();
        self.refused += piece.unreadable + refused.len() as u64;
        self.results.extend(piece.refused.iter().map(refused_to_wire));
        for met in piece.met {
            let Some(person) = roll.person(met.near.person).filter(|_| best.admits(&met)) else {
                continue;
            };
            // A key that could be read is no longer than it may be.
            let Ok(registry_id) = Text::new(&met.registry_id) else {
                continue;
            };
            self.near.push(NewCandidate {
                person,
                row: met.near.row,
                agreement: Agreement {
                    levels: met.near.levels(),
                    bits: met.near.bits,
                    name_bits: met.near.name_bits(),
                },
                registry_id,
                is_refused: false,
            });
        }
        for hidden in piece.hidden {
            let person = roll.person(hidden.person);
            if let Some(person) = person.filter(|_| best.hidden.insert(hidden.person)) {
                self.near.push(NewCandidate {
                    person,
                    row: hidden.row,
                    agreement: Agreement::default(),
                    registry_id: hidden.registry_id,
                    is_refused: true,
                });
            }
        }
        Ok(())
    }

    fn is_much(&self) -> bool {
        self.near.len() >= MAX_MET || self.results.len() >= MAX_REFUSED
    }
}
