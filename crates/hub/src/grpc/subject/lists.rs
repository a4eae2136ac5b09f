//! Lists: what is due when, and whom a breach affects.

use std::sync::Arc;

use serasi_domain::id::SubjectRequestId;
use serasi_domain::subject::NOTIFY_WITHIN;
use serasi_geography::RegionCode;
use serasi_proto::v1;
use serasi_store::audit::affected::Breach;
use serasi_store::subjects::RequestFilter;
use time::OffsetDateTime;

use crate::auth::Permit;
use crate::error::HubError;
use crate::hub::Hub;
use crate::unit_of_work::run_for;
use crate::verbs::list_affected_subjects::ListAffectedSubjects;
use crate::verbs::list_subject_requests::ListSubjectRequests;
use crate::wire::{PageToken, Parse, affected_to_wire, exact, page_size, subject_request_to_wire, timestamp};

/// Largest page of affected cases: each page counts its regency anew, so that few and large ones are cheaper.
const MAX_AFFECTED: i32 = 5_000;
const DEFAULT_AFFECTED: i32 = 1_000;

pub(super) async fn requests(
    hub: &Arc<Hub>,
    caller: Permit,
    request: &v1::ListSubjectRequestsRequest,
) -> Result<v1::ListSubjectRequestsResponse, HubError> {
    let mut parse = Parse::default();
    let reach = caller.reach().cases.unwrap_or(caller.scope);
    let scope = within(&mut parse, reach, &request.region_code);
    let person = parse.parsed("person_id", &request.person_id);
    let kind = parse.optional("kind", request.kind);
    let after: Option<(OffsetDateTime, SubjectRequestId)> = PageToken::read(&mut parse, &request.page_token);
    let limit = page_size(&mut parse, request.page_size);
    parse.finish(Some(()))?;
    let filter = RequestFilter {
        scope,
        person,
        kind,
        open_only: request.open_only,
        overdue_only: request.overdue_only,
        after,
        limit,
    };
    let (now, found) = run_for(hub, caller, ListSubjectRequests { filter }).await?;
    let is_full = i64::try_from(found.len()).is_ok_and(|count| count == limit);
    let next = found.last().filter(|_| is_full);
    let next = next.map(|request| PageToken::write(&(request.due_at, request.id)));
    Ok(v1::ListSubjectRequestsResponse {
        subject_requests: found
            .iter()
            .map(|request| subject_request_to_wire(request, now))
            .collect(),
        next_page_token: next.unwrap_or_default(),
    })
}

pub(super) async fn affected(
    hub: &Arc<Hub>,
    caller: Permit,
    request: &v1::ListAffectedSubjectsRequest,
) -> Result<v1::ListAffectedSubjectsResponse, HubError> {
    let mut parse = Parse::default();
    let scope = within(&mut parse, caller.stated()?, &request.region_code);
    let principal = exact(&mut parse, "principal", &request.principal);
    let verb = exact(&mut parse, "verb", &request.verb);
    if principal.is_none() && verb.is_none() {
        parse.wrong("principal", "must be given when no verb is");
    }
    let from = parse.require("from_time", request.from_time.as_ref(), "must be given");
    let from = parse.time("from_time", from);
    let until = parse.time("until_time", request.until_time.as_ref());
    if from.zip(until).is_some_and(|(from, until)| from >= until) {
        parse.wrong("until_time", "must be after from_time");
    }
    let found_at = parse.require("discover_time", request.discover_time.as_ref(), "must be given");
    let due = parse
        .time("discover_time", found_at)
        .and_then(|found_at| found_at.checked_add(NOTIFY_WITHIN));
    let after = PageToken::read(&mut parse, &request.page_token);
    let limit = match request.page_size {
        0 => DEFAULT_AFFECTED,
        size => size,
    };
    if !(1..=MAX_AFFECTED).contains(&limit) {
        parse.wrong(
            "page_size",
            format!("must be 1-{MAX_AFFECTED}, or 0 for {DEFAULT_AFFECTED}"),
        );
    }
    let (from, due) = parse.finish(from.zip(due))?;
    let act = ListAffectedSubjects {
        scope,
        breach: Breach {
            principal,
            verb,
            from,
            until,
        },
        after,
        limit: limit.into(),
    };
    let page = run_for(hub, caller, act).await?;
    Ok(v1::ListAffectedSubjectsResponse {
        affected_subjects: page.affected.iter().map(affected_to_wire).collect(),
        notice_due_time: Some(timestamp(due)),
        list_looks: page.list_looks,
        next_page_token: page.next.map(|next| PageToken::write(&next)).unwrap_or_default(),
    })
}

/// The region that is asked for, which lies in the caller's.
fn within(parse: &mut Parse, scope: RegionCode, code: &str) -> RegionCode {
    let within = parse.region("region_code", code).unwrap_or(scope);
    if !scope.contains(&within) {
        parse.wrong("region_code", "must lie in your own scope");
    }
    within
}
