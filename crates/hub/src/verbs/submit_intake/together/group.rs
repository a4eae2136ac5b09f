//! One group of reports, in one transaction.

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

use super::super::{Draft, SubmitIntake, Taken, write};
use super::{Entry, Submission, Way};
use crate::error::HubError;
use crate::hub::Hub;
use crate::unit_of_work::{Mutation, entry};
use crate::verbs::search::{Got, Held, Neighbours, Patience, write_holds};

/// What became of a group that is committed. Who is not in it has left it, and goes alone.
#[derive(Default)]
pub(super) struct Done {
    /// By the place in the group, from 0.
    pub(super) answered: Vec<(usize, v1::SubmitIntakeResponse)>,
    /// Somebody else had locked the house they want; nothing of them is begun.
    pub(super) locked_out: Vec<usize>,
}

/// How it went with a group.
pub(super) enum Tried {
    Done(Done),
    /// A place that the board showed is not there. Nothing is written of anybody: only a rollback takes back what was.
    BoardWasWrong,
}

/// A report of a group.
struct Member<'a> {
    /// In the group, from 0.
    place: usize,
    entry: &'a Entry,
}

impl Member<'_> {
    fn submission(&self) -> &Submission {
        &self.entry.submission
    }
}

impl Taken {
    fn got(&self, held: &Held) -> Got {
        self.search.as_ref().map_or(Got::It, |search| held.of(search))
    }
}

/// Takes the reports down. A group that trusts the board asks for source keys, houses, request ids, in this order;
/// another one, and a report alone, for houses, source keys, request ids. Where the two stand against each other the group
/// gives way before the server looks for deadlocks.
pub(super) async fn commit(hub: &Hub, group: &[Entry], way: Way) -> Result<Tried, HubError> {
    let mut conn = hub.store.begin_impatient(Context::Work).await?;
    match take_down(hub, &mut conn, group, way).await {
        Ok(Tried::Done(done)) if !done.answered.is_empty() => {
            conn.commit().await.map_err(StoreError::from)?;
            hub.board.nudge();
            hub.feed.nudge();
            Ok(Tried::Done(done))
        }
        undone => {
            // Awaited: what comes next must not meet locks of this. Where it fails the connection is gone, and they with it.
            drop(conn.rollback().await);
            undone
        }
    }
}

async fn take_down(hub: &Hub, conn: &mut PgConnection, group: &[Entry], way: Way) -> Result<Tried, HubError> {
    let members = without_twins(group);
    let (now, members) = without_known(conn, members).await?;
    let policy = hub.policies.active();
    let (found, neighbours) = search(hub, members, (&policy, now));
    let mut done = Done::default();
    let (found, trusting) = match way {
        Way::Trusts => (found, Some(neighbours)),
        Way::Waits | Way::PassesBy => {
            let patience = if way == Way::Waits {
                Patience::Waits
            } else {
                Patience::PassesBy
            };
            let held = neighbours.hold(conn, patience).await?;
            (without_those_who_got_nothing(found, &held, &mut done), None)
        }
    };
    if found.is_empty() {
        return Ok(Tried::Done(done));
    }
    claim(conn, &found).await?;
    write_down(hub, conn, &found, now).await?;
    if let Some(neighbours) = trusting {
        let held = neighbours.hold(conn, Patience::Waits).await?;
        if found.iter().any(|(_, taken)| taken.got(&held) != Got::It) {
            return Ok(Tried::BoardWasWrong);
        }
    }
    done.answered = bind(hub, conn, found, &policy).await?;
    Ok(Tried::Done(done))
}

/// Of those with one source key or one request id, the first stays.
fn without_twins(group: &[Entry]) -> Vec<Member<'_>> {
    let (mut sources, mut calls) = (HashSet::new(), HashSet::new());
    let members = group
        .iter()
        .zip(0..)
        .map(|(entry, place)| Member { place, entry });
    let is_first = |member: &Member<'_>| {
        let Submission { call, report } = member.submission();
        let is_new_source = sources.insert(report.intake.source.clone());
        let is_new_call = calls.insert((report.home, call.caller.principal.clone(), call.request_id));
        is_new_source && is_new_call
    };
    members.filter(is_first).collect()
}

async fn without_known<'a>(
    conn: &mut PgConnection,
    members: Vec<Member<'a>>,
) -> Result<(OffsetDateTime, Vec<Member<'a>>), HubError> {
    let keys = members.iter().map(|member| {
        let Submission { call, report } = member.submission();
        call.key(report.home)
    });
    let sources = members
        .iter()
        .map(|member| &member.submission().report.intake.source);
    let keys: Vec<_> = keys.collect();
    let (now, known_calls) = idempotency::begin_calls(conn, &keys).await?;
    let known_sources = source_keys::are_known(conn, Subject::Case, &sources.collect::<Vec<_>>()).await?;
    let known = known_calls.into_iter().zip(known_sources);
    let members = members.into_iter().zip(known);
    let members = members.filter_map(|(member, (call, source))| (!call && !source).then_some(member));
    Ok((now, members.collect()))
}

/// Searches for everybody on the board, each seeing what those before it are about to take.
fn search<'a, 'p>(
    hub: &'p Hub,
    members: Vec<Member<'a>>,
    (policy, now): (&'p Arc<Policy>, OffsetDateTime),
) -> (Vec<(Member<'a>, Taken)>, Neighbours<'p>) {
    let mut neighbours = Neighbours::new(hub.board.snapshot(), &hub.clock);
    let mut found = vec![];
    for member in members {
        let report = &member.submission().report;
        let case = report.new_case(member.entry.draft.id, policy, now);
        if let Some(taken) = take(&mut neighbours, case, report, (policy, now)) {
            found.push((member, taken));
        }
    }
    (found, neighbours)
}

/// Who got what they want stays; whose house is locked is noted.
fn without_those_who_got_nothing<'a>(
    found: Vec<(Member<'a>, Taken)>,
    held: &Held,
    done: &mut Done,
) -> Vec<(Member<'a>, Taken)> {
    let mut stay = vec![];
    for (member, taken) in found {
        match taken.got(held) {
            Got::It => stay.push((member, taken)),
            Got::Nothing => {}
            Got::LockedOut => done.locked_out.push(member.place),
        }
    }
    stay
}

/// `None` = it must be searched for alone.
fn take(
    neighbours: &mut Neighbours<'_>,
    case: Case,
    report: &SubmitIntake,
    (policy, now): (&Arc<Policy>, OffsetDateTime),
) -> Option<Taken> {
    if !report.is_routed(&case, policy) {
        return Some(Taken { case, search: None });
    }
    let search = neighbours.search(&case, (policy, &[], 0), now).ok().flatten()?;
    Some(Taken {
        case: search.apply(case, now),
        search: Some(search),
    })
}

/// Nobody else takes these reports down.
async fn claim(conn: &mut PgConnection, found: &[(Member<'_>, Taken)]) -> Result<(), HubError> {
    let claims = found
        .iter()
        .map(|(member, _)| member.submission().report.claim(member.entry.draft.id));
    let claims: Vec<_> = claims.collect();
    if source_keys::claim(conn, Subject::Case, &claims).await?.len() < claims.len() {
        // Somebody has committed one since the look. Claims are for ever, and only a rollback gives the others back; when
        // the group runs again that one is known, and leaves.
        return Err(HubError::Raced);
    }
    Ok(())
}

/// Writes for each what it would leave alone: rows that nobody else wants, so nobody waits for them.
async fn write_down(
    hub: &Hub,
    conn: &mut PgConnection,
    found: &[(Member<'_>, Taken)],
    now: OffsetDateTime,
) -> Result<(), HubError> {
    let mut reports = SealedReports::default();
    let (mut told, mut acts, mut people): (Vec<Event>, _, _) = (vec![], vec![], vec![]);
    for (member, taken) in found {
        let Submission { call, report } = member.submission();
        call.caller.must_have_been_asked()?;
        let Draft {
            sealed,
            registrations,
            ..
        } = member.entry.draft.clone();
        reports.append(sealed);
        people.extend(registrations);
        told.extend(taken.events(&hub.clock));
        let (act, subject) = (
            (SubmitIntake::VERB, Some(call.request_id)),
            (report.home, taken.case.id.to_string()),
        );
        acts.push(entry(&hub.clock, now, &call.caller, act, subject));
    }
    let cases: Vec<_> = found.iter().map(|(_, taken)| taken).collect();
    write(conn, &cases, &reports, &people).await?;
    events::append(conn, &told).await?;
    Ok(audit::append(conn, &acts).await?)
}

/// Whose the places are, and what keeps a call from being answered twice; gives what each is told.
async fn bind(
    hub: &Hub,
    conn: &mut PgConnection,
    found: Vec<(Member<'_>, Taken)>,
    policy: &Policy,
) -> Result<Vec<(usize, v1::SubmitIntakeResponse)>, HubError> {
    let searches = found.iter().filter_map(|(_, taken)| taken.search.as_ref());
    write_holds(conn, &searches.collect::<Vec<_>>()).await?;
    let (mut calls, mut answered) = (vec![], vec![]);
    for (member, taken) in found {
        let Submission { call, report } = member.submission();
        let response = taken.answer(hub, &call.caller, policy, member.entry.draft.code);
        calls.push((call.key(report.home), call.remembered::<SubmitIntake>(&response)));
        answered.push((member.place, response));
    }
    if !idempotency::remember(conn, &calls).await? {
        // The same call ran beside this and committed first.
        return Err(HubError::Raced);
    }
    Ok(answered)
}
