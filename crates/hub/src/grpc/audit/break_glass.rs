//! Openings of masked cases: open, review, look, list.

use std::sync::Arc;

use serasi_domain::break_glass::{Justification, LONGEST};
use serasi_domain::id::BreakGlassId;
use serasi_proto::v1;
use serasi_store::break_glass::BreakGlassFilter;
use time::{Duration, OffsetDateTime};

use crate::auth::Permit;
use crate::error::{HubError, Kind};
use crate::hub::Hub;
use crate::unit_of_work::{Call, execute, run_for};
use crate::verbs::get_break_glass::GetBreakGlass;
use crate::verbs::list_break_glass::ListBreakGlass;
use crate::verbs::open_break_glass::OpenBreakGlass;
use crate::verbs::review_break_glass::ReviewBreakGlass;
use crate::wire::{PageToken, Parse, break_glass_to_wire, id_of, page_size};

pub(super) async fn open(
    hub: &Arc<Hub>,
    caller: Permit,
    request: &v1::OpenBreakGlassRequest,
) -> Result<v1::OpenBreakGlassResponse, HubError> {
    let mut parse = Parse::default();
    let request_id = parse.request_id(&request.request_id);
    let reason = parse.required("reason", request.reason);
    let words = parse.take("text", Justification::new(&request.text));
    let lasts = lasts(&mut parse, request.minutes);
    let read = request_id.zip(reason).zip(words.zip(lasts));
    let ((request_id, reason), (words, lasts)) = parse.finish(read)?;
    let mutation = OpenBreakGlass {
        case: id_of(Kind::Case, &request.case_id)?,
        reason,
        words,
        lasts,
    };
    execute(hub, Call::new(caller, request_id, request), mutation).await
}

pub(super) async fn review(
    hub: &Arc<Hub>,
    caller: Permit,
    request: &v1::ReviewBreakGlassRequest,
) -> Result<v1::ReviewBreakGlassResponse, HubError> {
    let mut parse = Parse::default();
    let request_id = parse.request_id(&request.request_id);
    let verdict = parse.required("verdict", request.verdict);
    let words = parse.take("text", Justification::new(&request.text));
    let ((request_id, verdict), words) = parse.finish(request_id.zip(verdict).zip(words))?;
    let mutation = ReviewBreakGlass {
        glass: id_of(Kind::BreakGlass, &request.break_glass_id)?,
        verdict,
        words,
    };
    execute(hub, Call::new(caller, request_id, request), mutation).await
}

pub(super) async fn get(
    hub: &Arc<Hub>,
    caller: Permit,
    request: &v1::GetBreakGlassRequest,
) -> Result<v1::GetBreakGlassResponse, HubError> {
    let glass = id_of(Kind::BreakGlass, &request.break_glass_id)?;
    let break_glass = run_for(hub, caller, GetBreakGlass { glass }).await?;
    Ok(v1::GetBreakGlassResponse {
        break_glass: Some(break_glass),
    })
}

pub(super) async fn list(
    hub: &Arc<Hub>,
    caller: Permit,
    request: &v1::ListBreakGlassRequest,
) -> Result<v1::ListBreakGlassResponse, HubError> {
    let mut parse = Parse::default();
    let case = parse.parsed("case_id", &request.case_id);
    let before: Option<(OffsetDateTime, BreakGlassId)> = PageToken::read(&mut parse, &request.page_token);
    let limit = page_size(&mut parse, request.page_size);
    parse.finish(Some(()))?;
    let Some(scope) = caller.reach().cases else {
        return Ok(v1::ListBreakGlassResponse::default());
    };
    let filter = BreakGlassFilter {
        scope,
        case,
        unreviewed_only: request.unreviewed_only,
        before,
        limit,
    };
    let (now, found) = run_for(hub, caller, ListBreakGlass { filter }).await?;
    let is_full = i64::try_from(found.len()).is_ok_and(|count| count == limit);
    let next = found.last().filter(|_| is_full);
    let next = next.map(|glass| PageToken::write(&(glass.opened_at, glass.id)));
    Ok(v1::ListBreakGlassResponse {
        break_glasses: found
            .iter()
            .map(|glass| break_glass_to_wire(glass, now, None))
            .collect(),
        next_page_token: next.unwrap_or_default(),
    })
}

/// 1-240 minutes, default all of them.
fn lasts(parse: &mut Parse, minutes: i32) -> Option<Duration> {
    let asked = match minutes {
        0 => LONGEST,
        minutes => Duration::minutes(minutes.into()),
    };
    let lasts = Some(asked).filter(|asked| asked.is_positive() && *asked <= LONGEST);
    parse.require("minutes", lasts, "must be 1-240, or 0 for 240")
}
