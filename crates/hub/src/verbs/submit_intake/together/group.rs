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
use super::{Entry, Submission};
use crate::error::HubError;
use crate::hub::Hub;
use crate::unit_of_work::{Mutation, entry};
use crate::verbs::search::{Got, Neighbours, Patience};

/// What became of a group that is committed. Who is not in it has left it, and goes alone.
#[derive(Default)]
pub(super) struct Done {
    /// By the place in the group, from 0.
    pub(super) answered: Vec<(usize, v1::SubmitIntakeResponse)>,
    /// Somebody else had locked the house they want; nothing of them is begun.
    pub(super) locked_out: Vec<usize>,
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

/// Takes the reports down. Locks are asked for in one order, here and for a report alone: houses, source keys, request
/// ids.
pub(super) async fn commit(hub: &Hub, group: &[Entry], patience: Patience) -> Result<Done, HubError> {
    let members = without_twins(group);
    let mut conn = hub.store.begin_impatient(Context::Work).await?;
    let (now, members) = without_known(&mut conn, members).await?;
    let policy = hub.policies.active();
    let (members, locked_out) = hold(hub, &mut conn, members, (&policy, now), patience).await?;
    let mut done = Done {
        answered: vec![],
        locked_out,
    };
    if members.is_empty() {
        return Ok(done);
    }
    let claims: Vec<_> = members
        .iter()
        .map(|(member, _)| member.submission().report.claim(member.entry.draft.id))
        .collect();
    if source_keys::claim(&mut conn, Subject::Case, &claims).await?.len() < claims.len() {
        // Somebody has committed one since the look. The places are held, and only a rollback gives them back; when the
        // group runs again it is known, and leaves.
        return Err(HubError::Raced);
    }
    done.answered = keep(hub, &mut conn, members, (&policy, now)).await?;
    conn.commit().await.map_err(StoreError::from)?;
    hub.board.nudge();
    hub.feed.nudge();
    Ok(done)
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

/// Searches for everybody on the board, each seeing what those before it take, and takes it all at once. Gives who got
/// what they want, and the places of those whose house is locked.
async fn hold<'a>(
    hub: &Hub,
    conn: &mut PgConnection,
    members: Vec<Member<'a>>,
    (policy, now): (&Arc<Policy>, OffsetDateTime),
    patience: Patience,
) -> Result<(Vec<(Member<'a>, Taken)>, Vec<usize>), HubError> {
    let mut neighbours = Neighbours::new(hub.board.snapshot(), policy, &hub.clock);
    let mut found = vec![];
    for member in members {
        let report = &member.submission().report;
        let case = report.new_case(member.entry.draft.id, policy, now);
        if let Some(taken) = take(&mut neighbours, case, report, (policy, now)) {
            found.push((member, taken));
        }
    }
    let held = neighbours.hold(conn, patience).await?;
    let mut locked_out = vec![];
    found.retain(
        |(member, taken)| match taken.search.as_ref().map_or(Got::It, |search| held.of(search)) {
            Got::It => true,
            Got::Nothing => false,
            Got::LockedOut => {
                locked_out.push(member.place);
                false
            }
        },
    );
    Ok((found, locked_out))
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
    members: Vec<(Member<'_>, Taken)>,
    (policy, now): (&Policy, OffsetDateTime),
) -> Result<Vec<(usize, v1::SubmitIntakeResponse)>, HubError> {
    let mut reports = SealedReports::default();
    let (mut told, mut acts, mut done): (Vec<Event>, _, _) = (vec![], vec![], vec![]);
    let (mut cases, mut calls, mut people) = (vec![], vec![], vec![]);
    for (member, taken) in members {
        let Submission { call, report } = member.submission();
        call.caller.must_have_been_asked()?;
        let Draft {
            code,
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
