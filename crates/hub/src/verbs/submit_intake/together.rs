//! Reports that come in together become cases in one transaction, each with a result of its own. What a report leaves
//! is decided by the same code as for one alone; whatever is not plain - a key that is known, a call that is repeated, a
//! house that is full after all - leaves the group with nothing written of it, and goes alone. Nobody waits long for
//! a house that somebody else has locked: the neighbours go on, and who wants that house comes again.
//!
//! The transaction reads no person and no report.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serasi_proto::v1;
use serasi_store::StoreError;
use tokio::sync::oneshot;

use super::{Draft, SubmitIntake};
use crate::error::HubError;
use crate::gather::{Joined, LONGEST_WAIT};
use crate::hub::Hub;
use crate::unit_of_work::{CALL_DEADLINE, Call, alone, in_task, repeated};

mod group;

use group::{Done, Tried, commit};

/// Until a report whose house was locked tries again.
const PAUSE: Duration = Duration::from_millis(50);
/// Then it goes alone, and waits for the house in line with everybody else.
const MOST_RETURNS: u32 = 6;
/// Reports that wait for a house at the same time: a quarter of the connections of a small pool.
pub(crate) const MOST_WAITING: usize = 6;

type Answer = Result<v1::SubmitIntakeResponse, HubError>;

/// How a group is taken down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// As if the board were right, as it nearly always is: all is written first, and the houses, which others want too,
    /// are locked last and for the shortest time.
    Trusts,
    /// Houses first; whoever gets nothing leaves the group.
    Waits,
    /// The same, and no locked house is waited for.
    PassesBy,
}

/// A report that waits for its group. Its answer dropped unsent means: it goes alone.
#[derive(Debug)]
pub(crate) struct Entry {
    submission: Arc<Submission>,
    draft: Draft,
    /// Size of the request.
    bytes: usize,
    came_at: Instant,
    /// How often it has met a locked house; it does not wait for one again in a group.
    returns: u32,
    answer: oneshot::Sender<Answer>,
}

#[derive(Debug)]
struct Submission {
    call: Call,
    report: SubmitIntake,
}

/// Takes a report down, with others if others come in. `bytes` = size of the request.
pub(crate) async fn submit(hub: &Arc<Hub>, call: Call, report: SubmitIntake, bytes: usize) -> Answer {
    let hub = Arc::clone(hub);
    in_task(async move {
        let sealed = || async { Ok(report.draft(&hub, &call.caller)?) };
        let draft = repeated(&hub, sealed).await?;
        let submission = Arc::new(Submission { call, report });
        let (answer, answered) = oneshot::channel();
        let entry = Entry {
            submission: Arc::clone(&submission),
            draft,
            bytes,
            came_at: Instant::now(),
            returns: 0,
            answer,
        };
        join(&hub, entry);
        match answered.await {
            Ok(answer) => answer,
            Err(_) => alone(&hub, &submission.call, &submission.report).await,
        }
    })
    .await
}

fn join(hub: &Arc<Hub>, entry: Entry) {
    let (hub, bytes) = (Arc::clone(hub), entry.bytes);
    match hub.intakes.join(entry, bytes) {
        Joined::Goes(group) => drop(tokio::spawn(run(hub, group))),
        Joined::Waits => drop(tokio::spawn(async move {
            tokio::time::sleep(LONGEST_WAIT).await;
            if let Some(group) = hub.intakes.overdue() {
                run(hub, group).await;
            }
        })),
        Joined::IsSeenTo => {}
    }
}

/// One group, and those that have gathered meanwhile.
async fn run(hub: Arc<Hub>, mut group: Vec<Entry>) {
    loop {
        let owner = Arc::clone(&hub);
        // A panic ends this task and no other; its entries go alone.
        drop(tokio::spawn(async move { take_down(&owner, group).await }).await);
        match hub.intakes.ended() {
            Some(next) => group = next,
            None => return,
        }
    }
}

/// Takes a group down. Where the board was wrong, houses come first, and for the next groups until it has changed. Where
/// others are in the way it is tried again without waiting for any house, and then in halves: whoever is stuck, few go with
/// it.
async fn take_down(hub: &Arc<Hub>, group: Vec<Entry>) {
    let way = if group.iter().any(|entry| entry.returns > 0) {
        Way::PassesBy
    } else if hub.board.is_trusted() {
        Way::Trusts
    } else {
        Way::Waits
    };
    let mut rounds = vec![(group, way)];
    while let Some((group, way)) = rounds.pop() {
        let group = in_time(group);
        if group.is_empty() {
            continue;
        }
        let reason = match commit(hub, &group, way).await {
            Ok(Tried::Done(done)) => {
                tell(hub, group, done);
                continue;
            }
            Ok(Tried::BoardWasWrong) => {
                hub.board.found_wrong();
                rounds.push((group, Way::Waits));
                "overtaken"
            }
            // Each would only find the same.
            Err(HubError::Store(error)) if error.is_unavailable() => {
                refuse(group, || StoreError::unavailable().into());
                "unavailable"
            }
            Err(HubError::Store(StoreError::TooSlow(_))) => {
                refuse(group, || HubError::Deadline);
                "too_slow"
            }
            // Whose twin came first is known when it is tried again, and leaves; the others were not in the way.
            Err(HubError::Raced) if way == Way::Trusts => {
                rounds.push((group, Way::Waits));
                "raced"
            }
            Err(HubError::Raced) => {
                rounds.extend(again(group, way));
                "raced"
            }
            Err(HubError::Store(StoreError::Conflict(_))) => {
                rounds.extend(again(group, way));
                "locked"
            }
            Err(error) => {
                tracing::debug!(error = %error, "a group of reports fell apart; each goes alone");
                "fell_apart"
            }
        };
        metrics::counter!("serasi_intake_groups_undone_total", "reason" => reason).increment(1);
    }
}

/// Those whose callers still wait; the others are told, and nothing of them was begun.
fn in_time(group: Vec<Entry>) -> Vec<Entry> {
    let is_late = |entry: &Entry| entry.came_at.elapsed() >= CALL_DEADLINE;
    let (late, in_time) = group.into_iter().partition(is_late);
    refuse(late, || HubError::Deadline);
    in_time
}

fn refuse(group: Vec<Entry>, why: impl Fn() -> HubError) {
    for entry in group {
        drop(entry.answer.send(Err(why())));
    }
}

/// How a group goes on that was rolled back. One that is alone and still stuck goes the way of a single report.
fn again(mut group: Vec<Entry>, way: Way) -> Vec<(Vec<Entry>, Way)> {
    match (way, group.len()) {
        (Way::Trusts | Way::Waits, _) => vec![(group, Way::PassesBy)],
        (Way::PassesBy, ..=1) => vec![],
        (Way::PassesBy, entries) => {
            let other = group.split_off(entries.div_ceil(2));
            vec![(other, way), (group, way)]
        }
    }
}

fn tell(hub: &Arc<Hub>, group: Vec<Entry>, done: Done) {
    let mut group: Vec<_> = group.into_iter().map(Some).collect();
    metrics::histogram!("serasi_intake_group_reports").record(count(done.answered.len()));
    let mut entry = |place| group.get_mut(place).and_then(Option::take);
    for (place, response) in done.answered {
        if let Some(entry) = entry(place) {
            // Who does not wait any more finds it by the request id.
            drop(entry.answer.send(Ok(response)));
        }
    }
    let locked_out = done.locked_out.into_iter().filter_map(entry);
    let (locked_out, in_line): (Vec<_>, Vec<_>) = locked_out.partition(|entry| entry.returns < MOST_RETURNS);
    for entry in in_line {
        drop(tokio::spawn(wait_in_line(Arc::clone(hub), entry)));
    }
    if locked_out.is_empty() {
        return;
    }
    let hub = Arc::clone(hub);
    drop(tokio::spawn(async move {
        tokio::time::sleep(PAUSE).await;
        for entry in locked_out {
            join(
                &hub,
                Entry {
                    returns: entry.returns + 1,
                    ..entry
                },
            );
        }
    }));
}

/// A house that is wanted all the time is never found unlocked: then it is waited for in line, alone, and few do at a time.
async fn wait_in_line(hub: Arc<Hub>, entry: Entry) {
    let _turn = hub.waiting_intakes.acquire().await;
    let answer = alone(&hub, &entry.submission.call, &entry.submission.report).await;
    drop(entry.answer.send(answer));
}

fn count(entries: usize) -> f64 {
    u32::try_from(entries).map_or(f64::INFINITY, f64::from)
}
