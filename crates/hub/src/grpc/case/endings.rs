//! Requests that end cases, open them again, or tell that two are the same.

use serasi_domain::case::ending::CloseReason;
use serasi_domain::id::CaseId;
use serasi_proto::v1;
use uuid::Uuid;

use crate::error::{HubError, Kind};
use crate::verbs::close_case::CloseCase;
use crate::verbs::link_cases::LinkCases;
use crate::verbs::reopen_case::ReopenCase;
use crate::verbs::unlink_cases::UnlinkCases;
use crate::wire::{Parse, id_of};

pub(super) fn close_case(request: &v1::CloseCaseRequest) -> Result<(Uuid, CloseCase), HubError> {
    let mut parse = Parse::default();
    let request_id = parse.request_id(&request.request_id);
    let reason: Option<CloseReason> = parse.required("reason", request.reason);
    let note = parse.text("note", &request.note);
    if reason == Some(CloseReason::Other) && request.note.trim().is_empty() {
        parse.wrong("note", "must say why when the reason is OTHER");
    }
    let case = id_of(Kind::Case, &request.case_id)?;
    let (request_id, reason) = parse.finish(request_id.zip(reason))?;
    let mutation = CloseCase {
        case,
        version: request.version,
        reason,
        note,
    };
    Ok((request_id, mutation))
}

pub(super) fn reopen_case(request: &v1::ReopenCaseRequest) -> Result<(Uuid, ReopenCase), HubError> {
    let mut parse = Parse::default();
    let request_id = parse.request_id(&request.request_id);
    let case = id_of(Kind::Case, &request.case_id)?;
    let version = request.version;
    Ok((parse.finish(request_id)?, ReopenCase { case, version }))
}

pub(super) fn link_cases(request: &v1::LinkCasesRequest) -> Result<(Uuid, LinkCases), HubError> {
    let mut parse = Parse::default();
    let request_id = parse.request_id(&request.request_id);
    let main: CaseId = id_of(Kind::Case, &request.main_case_id)?;
    let case = id_of(Kind::Case, &request.case_id)?;
    Ok((parse.finish(request_id)?, LinkCases { main, case }))
}

pub(super) fn unlink_cases(request: &v1::UnlinkCasesRequest) -> Result<(Uuid, UnlinkCases), HubError> {
    let mut parse = Parse::default();
    let request_id = parse.request_id(&request.request_id);
    let case = id_of(Kind::Case, &request.case_id)?;
    Ok((parse.finish(request_id)?, UnlinkCases { case }))
}
