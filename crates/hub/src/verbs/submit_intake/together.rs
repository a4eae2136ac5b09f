//! Reports that come in together become cases in one transaction, each with a result of its own. What a report leaves
//! is decided by the same code as for one alone; whatever is not plain - a key that is known, a call that is repeated, a
//! house that is full after all - leaves the group before anything is written of it, and goes alone.
//!
//! The transaction reads no person and no report.

use std::collections::HashSet;
use std::sync::Arc;

use serasi_domain::case::Case;
use serasi_domain::policy::Policy;
use serasi_proto::v1;
use serasi_store::events::Event;
use serasi_store::idempotency;
use serasi_store::intakes::SealedReports;
use serasi_store::source_keys::{self, Subject};
use serasi_store::{Context, PgConnection, StoreError, audit, events};
use time::OffsetDateTime;
use tokio::sync::oneshot;

use super::{Draft, SubmitIntake, Taken, write};
use crate::error::HubError;
use crate::gather::{Joined, LONGEST_WAIT};
use crate::hub::Hub;
use crate::unit_of_work::{Call, Mutation, alone, entry, in_task, repeated};
use crate::verbs::search::Neighbours;

type Answer = Result<v1::SubmitIntakeResponse, HubError>;

/// A report that waits for its group. Its answer dropped unsent means: it goes alone.
#[derive(Debug)]
pub(crate) struct Entry {
    submission: Arc<Submission>,
    draft: Draft,
    answer: oneshot::Sender<Answer>,
}

#[derive(Debug)]
struct Submission {
    call: Call,
    report: SubmitIntake,
}

/// A report of a group.
struct Member {
    /// In the group, from 0.
    place: usize,
    submission: Arc<Submission>,
    draft: Draft,
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
            answer,
        };
        join(&hub, entry, bytes);
        match answered.await {
            Ok(answer) => answer,
            Err(_) => alone(&hub, &submission.call, &submission.report).await,
        }
    })
    .await
}

fn join(hub: &Arc<Hub>, entry: Entry, bytes: usize) {
    let hub = Arc::clone(hub);
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

async fn take_down(hub: &Hub, group: Vec<Entry>) {
    let (mut answers, mut members) = (vec![], vec![]);
    for (entry, place) in group.into_iter().zip(0..) {
        answers.push(Some(entry.answer));
        members.push(Member {
            place,
            submission: entry.submission,
            draft: entry.draft,
        });
    }
    match commit(hub, members).await {
        Ok(done) => {
            for (place, response) in done {
                // Who does not wait any more finds it by the request id.
                if let Some(answer) = answers.get_mut(place).and_then(Option::take) {
                    drop(answer.send(Ok(response)));
                }
            }
        }
        // Each would only find the same.
        Err(HubError::Store(error)) if error.is_unavailable() => {
            for answer in answers.into_iter().flatten() {
                drop(answer.send(Err(StoreError::unavailable().into())));
            }
        }
        Err(error) => tracing::debug!(error = %error, "a group of reports fell apart; each goes alone"),
    }
}

/// Gives the responses of those that are committed, by their place in the group; the others have left it.
async fn commit(hub: &Hub, members: Vec<Member>) -> Result<Vec<(usize, v1::SubmitIntakeResponse)>, HubError> {
    let members = without_twins(members);
    let mut conn = hub.store.begin(Context::Work).await?;
    let (now, members) = without_known(&mut conn, members).await?;
    let policy = hub.policies.active();
    let members = hold(hub, &mut conn, members, (&policy, now)).await?;
    let claims: Vec<_> = members
        .iter()
        .map(|(member, _)| member.submission.report.claim(member.draft.id))
        .collect();
    let claimed = source_keys::claim(&mut conn, Subject::Case, &claims).await?;
    if claimed.len() < claims.len() {
        // Somebody claimed one since the look: the places are already held, and only a rollback gives them back.
        return Err(HubError::Raced);
    }
    if members.is_empty() {
        return Ok(vec![]);
    }
    let done = keep(hub, &mut conn, members, (&policy, now)).await?;
    conn.commit().await.map_err(StoreError::from)?;
    hub.board.nudge();
    hub.feed.nudge();
    Ok(done)
}

/// Of those with one source key or one request id, the first stays.
fn without_twins(mut members: Vec<Member>) -> Vec<Member> {
    let (mut sources, mut calls) = (HashSet::new(), HashSet::new());
    members.retain(|member| {
        let Submission { call, report } = &*member.submission;
        let is_new_source = sources.insert(report.intake.source.clone());
        let is_new_call = calls.insert((report.home, call.caller.principal.clone(), call.request_id));
        is_new_source && is_new_call
    });
    members
}

async fn without_known(
    conn: &mut PgConnection,
    members: Vec<Member>,
) -> Result<(OffsetDateTime, Vec<Member>), HubError> {
    let keys = members.iter().map(|member| {
        let Submission { call, report } = &*member.submission;
        call.key(report.home)
    });
    let sources = members
        .iter()
        .map(|member| &member.submission.report.intake.source);
    let keys: Vec<_> = keys.collect();
    let (now, known_calls) = idempotency::begin_calls(conn, &keys).await?;
    let known_sources = source_keys::are_known(conn, Subject::Case, &sources.collect::<Vec<_>>()).await?;
    let known = known_calls.into_iter().zip(known_sources);
    let members = members.into_iter().zip(known);
    let members = members.filter_map(|(member, (call, source))| (!call && !source).then_some(member));
    Ok((now, members.collect()))
}

/// Searches for everybody on the board, each seeing what those before it take, and takes it all at once.
async fn hold(
    hub: &Hub,
    conn: &mut PgConnection,
    members: Vec<Member>,
    (policy, now): (&Arc<Policy>, OffsetDateTime),
) -> Result<Vec<(Member, Taken)>, HubError> {
    let mut neighbours = Neighbours::new(hub.board.snapshot(), policy, &hub.clock);
    let mut found = vec![];
    for member in members {
        let report = &member.submission.report;
        let case = report.new_case(member.draft.id, policy, now);
        if let Some(taken) = take(&mut neighbours, case, report, (policy, now)) {
            found.push((member, taken));
        }
    }
    let held = neighbours.hold(conn).await?;
    found.retain(|(_, taken)| taken.search.as_ref().is_none_or(|search| held.has(search)));
    Ok(found)
}

/// `None` = it must be searched for alone.
fn take(
    neighbours: &mut Neighbours<'_>,
    case: Case,
    report: &SubmitIntake,
    (policy, now): (&Policy, OffsetDateTime),
) -> Option<Taken> {
    if !report.is_routed(&case, policy) {
        return Some(Taken { case, search: None });
    }
    let search = neighbours.search(&case, now).ok().flatten()?;
    Some(Taken {
        case: search.apply(case, now),
        search: Some(search),
    })
}

/// Writes everything down, for each what it would leave alone.
async fn keep(
    hub: &Hub,
    conn: &mut PgConnection,
    members: Vec<(Member, Taken)>,
    (policy, now): (&Policy, OffsetDateTime),
) -> Result<Vec<(usize, v1::SubmitIntakeResponse)>, HubError> {
    let mut reports = SealedReports::default();
    let (mut told, mut acts, mut done): (Vec<Event>, _, _) = (vec![], vec![], vec![]);
    let (mut cases, mut calls, mut people) = (vec![], vec![], vec![]);
    for (member, taken) in members {
        let Submission { call, report } = &*member.submission;
        call.caller.must_have_been_asked()?;
        let Draft {
            code,
            sealed,
            registrations,
            ..
        } = member.draft;
        reports.append(sealed);
        people.extend(registrations);
        told.extend(taken.events(&hub.clock));
        let (act, subject) = (
            (SubmitIntake::VERB, Some(call.request_id)),
            (report.home, taken.case.id.to_string()),
        );
        acts.push(entry(&hub.clock, now, &call.caller, act, subject));
        let response = taken.answer(hub, &call.caller, policy, code);
        calls.push((call.key(report.home), call.remembered::<SubmitIntake>(&response)));
        done.push((member.place, response));
        cases.push(taken);
    }
    write(conn, &cases, &reports, &people).await?;
    events::append(conn, &told).await?;
    audit::append(conn, &acts).await?;
    if !idempotency::remember(conn, &calls).await? {
        // The same call ran beside this and committed first.
        return Err(HubError::Raced);
    }
    Ok(done)
}
