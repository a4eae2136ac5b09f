//! Commands of one verb that come in together share a transaction and its statements, each with a result, a request id
//! and an audit row of its own. One that is not plain leaves its group with nothing written, and goes alone; so does every
//! one of a group that falls apart.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use serasi_ledger::Entry;
use serasi_store::{Context, PgConnection, StoreError, idempotency};
use time::OffsetDateTime;
use tokio::sync::oneshot;

use super::{CALL_DEADLINE, Call, Mutation, alone, in_task};
use crate::error::HubError;
use crate::gather::{Gathering, Joined, LONGEST_WAIT};
use crate::hub::Hub;

/// Of a group that met a lock or was overtaken, before each of it goes alone.
const MOST_TRIES: u32 = 5;

/// A verb whose commands can be done together.
pub(crate) trait Together: Mutation + Sized {
    /// Where they wait for each other.
    fn gathering(hub: &Hub) -> &Gathering<Waiting<Self>>;

    /// Does those that are plain, in the open transaction, which works on no persons ([`Context::Work`]), with their audit rows;
    /// gives what each is told, by its place.
    /// Whoever may not do it leaves, as whoever is left out for anything else: nothing may be written of them.
    fn run_together(
        hub: &Hub,
        conn: &mut PgConnection,
        members: Vec<Member<'_, Self>>,
        now: OffsetDateTime,
    ) -> impl Future<Output = Result<Vec<(usize, Self::Response)>, HubError>> + Send;
}

/// A command that waits for its group. Its answer dropped unsent means: it goes alone.
#[derive(Debug)]
pub(crate) struct Waiting<M: Mutation> {
    command: Arc<Command<M>>,
    came_at: Instant,
    answer: oneshot::Sender<Result<M::Response, HubError>>,
}

#[derive(Debug)]
struct Command<M> {
    call: Call,
    mutation: M,
}

/// A command in an open transaction; nobody has answered this call yet.
pub(crate) struct Member<'a, M> {
    /// In the group, from 0.
    pub(crate) place: usize,
    pub(crate) call: &'a Call,
    pub(crate) mutation: &'a M,
}

/// Runs a command for a client, with others if others come in. `bytes` = size of the request.
pub(crate) async fn together<M: Together>(
    hub: &Arc<Hub>,
    call: Call,
    mutation: M,
    bytes: usize,
) -> Result<M::Response, HubError> {
    let hub = Arc::clone(hub);
    in_task(async move {
        let command = Arc::new(Command { call, mutation });
        let (answer, answered) = oneshot::channel();
        let entry = Waiting {
            command: Arc::clone(&command),
            came_at: Instant::now(),
            answer,
        };
        join(&hub, entry, bytes);
        match answered.await {
            Ok(answer) => answer,
            Err(_) => alone(&hub, &command.call, &command.mutation).await,
        }
    })
    .await
}

fn join<M: Together>(hub: &Arc<Hub>, entry: Waiting<M>, bytes: usize) {
    let hub = Arc::clone(hub);
    match M::gathering(&hub).join(entry, bytes) {
        Joined::Goes(group) => drop(tokio::spawn(run(hub, group))),
        Joined::Waits => drop(tokio::spawn(async move {
            tokio::time::sleep(LONGEST_WAIT).await;
            if let Some(group) = M::gathering(&hub).overdue() {
                run(hub, group).await;
            }
        })),
        Joined::IsSeenTo => {}
    }
}

/// One group, and those that have gathered meanwhile.
async fn run<M: Together>(hub: Arc<Hub>, mut group: Vec<Waiting<M>>) {
    loop {
        let owner = Arc::clone(&hub);
        // A panic ends this task and no other; its entries go alone.
        drop(tokio::spawn(async move { take_down(&owner, group).await }).await);
        match M::gathering(&hub).ended() {
            Some(next) => group = next,
            None => return,
        }
    }
}

async fn take_down<M: Together>(hub: &Hub, group: Vec<Waiting<M>>) {
    let is_late = |entry: &Waiting<M>| entry.came_at.elapsed() >= CALL_DEADLINE;
    let (late, group) = group.into_iter().partition(is_late);
    refuse(late, || HubError::Deadline);
    let reason = match tried_again(hub, &group).await {
        Ok(answers) => {
            let mut group: Vec<_> = group.into_iter().map(Some).collect();
            for (place, response) in answers {
                if let Some(entry) = group.get_mut(place).and_then(Option::take) {
                    // Who does not wait any more finds it by the request id.
                    drop(entry.answer.send(Ok(response)));
                }
            }
            return;
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
        Err(error) => {
            tracing::debug!(error = %error, verb = M::VERB, "a group fell apart; each goes alone");
            "fell_apart"
        }
    };
    undone::<M>(reason);
}

/// Whoever was in the way of a group has mostly gone on when it comes again; between two tries it holds no lock.
async fn tried_again<M: Together>(
    hub: &Hub,
    group: &[Waiting<M>],
) -> Result<Vec<(usize, M::Response)>, HubError> {
    for _ in 1..MOST_TRIES {
        match commit(hub, group).await {
            Err(HubError::Store(StoreError::Conflict(_))) => undone::<M>("locked"),
            Err(HubError::Raced | HubError::Moved) => undone::<M>("raced"),
            answers => return answers,
        }
    }
    commit(hub, group).await
}

fn undone<M: Mutation>(reason: &'static str) {
    metrics::counter!("serasi_groups_undone_total", "verb" => M::VERB, "reason" => reason).increment(1);
}

fn refuse<M: Mutation>(group: Vec<Waiting<M>>, why: impl Fn() -> HubError) {
    for entry in group {
        drop(entry.answer.send(Err(why())));
    }
}

/// Who is not answered has left the group.
async fn commit<M: Together>(hub: &Hub, group: &[Waiting<M>]) -> Result<Vec<(usize, M::Response)>, HubError> {
    let mut conn = hub.store.begin_impatient(Context::Work).await?;
    match answer(hub, &mut conn, group).await {
        Ok(answers) if !answers.is_empty() => {
            conn.commit().await.map_err(StoreError::from)?;
            hub.board.nudge();
            hub.feed.nudge();
            metrics::histogram!("serasi_group_commands", "verb" => M::VERB).record(count(answers.len()));
            Ok(answers)
        }
        undone => {
            // Awaited: who goes alone must not meet locks of this. Where it fails the connection is gone, and they with it.
            drop(conn.rollback().await);
            undone
        }
    }
}

async fn answer<M: Together>(
    hub: &Hub,
    conn: &mut PgConnection,
    group: &[Waiting<M>],
) -> Result<Vec<(usize, M::Response)>, HubError> {
    let members = without_twins(group);
    let keys: Vec<_> = members.iter().map(Member::key).collect();
    if keys.is_empty() {
        return Ok(vec![]);
    }
    let (now, known) = idempotency::begin_calls(conn, &keys).await?;
    let members = members.into_iter().zip(known);
    let members: Vec<_> = members
        .filter_map(|(member, is_known)| (!is_known).then_some(member))
        .collect();
    let answers = M::run_together(hub, conn, members, now).await?;
    let mut calls = vec![];
    for (place, response) in &answers {
        let entry = group.get(*place);
        let entry = entry.ok_or(HubError::Bug("an answer to nobody of the group"))?;
        let Command { call, mutation } = &*entry.command;
        call.caller.must_have_been_asked()?;
        calls.push((call.key(mutation.home()), call.remembered::<M>(response)));
    }
    if !idempotency::remember(conn, &calls).await? {
        // The same call ran beside this and committed first.
        return Err(HubError::Raced);
    }
    Ok(answers)
}

impl<M: Mutation> Member<'_, M> {
    /// What goes on record of it.
    pub(crate) fn entry(&self, hub: &Hub, now: OffsetDateTime, subject: &impl ToString) -> Entry {
        let act = (M::VERB, Some(self.call.request_id));
        let subject = (self.mutation.home(), subject.to_string());
        super::entry(&hub.clock, now, &self.call.caller, act, subject)
    }

    fn key(&self) -> idempotency::CallKey {
        self.call.key(self.mutation.home())
    }
}

/// Of those with one request id, the first stays.
fn without_twins<M: Mutation>(group: &[Waiting<M>]) -> Vec<Member<'_, M>> {
    let mut calls = HashSet::new();
    let members = group.iter().zip(0..).map(|(entry, place)| Member {
        place,
        call: &entry.command.call,
        mutation: &entry.command.mutation,
    });
    let is_first = |member: &Member<'_, M>| {
        let idempotency::CallKey {
            home,
            principal,
            request_id,
        } = member.key();
        calls.insert((home, principal, request_id))
    };
    members.filter(is_first).collect()
}

fn count(entries: usize) -> f64 {
    u32::try_from(entries).map_or(f64::INFINITY, f64::from)
}
