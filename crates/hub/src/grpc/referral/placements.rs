//! Requests about placements and transfers.

use serasi_domain::placement::{CancelReason, NoShowReason};
use serasi_proto::v1;
use uuid::Uuid;

use super::read_request_id;
use crate::error::{HubError, Kind};
use crate::verbs::admit_placement::AdmitPlacement;
use crate::verbs::cancel_placement::CancelPlacement;
use crate::verbs::cancel_transfer::CancelTransfer;
use crate::verbs::discharge_placement::DischargePlacement;
use crate::verbs::mark_no_show::MarkNoShow;
use crate::verbs::request_transfer::RequestTransfer;
use crate::wire::{Parse, id_of, need};

pub(super) fn admit_placement(
    request: &v1::AdmitPlacementRequest,
) -> Result<(Uuid, AdmitPlacement), HubError> {
    let request_id = read_request_id(&request.request_id)?;
    let placement = id_of(Kind::Placement, &request.placement_id)?;
    Ok((request_id, AdmitPlacement { placement }))
}

pub(super) fn discharge_placement(
    request: &v1::DischargePlacementRequest,
) -> Result<(Uuid, DischargePlacement), HubError> {
    let mut parse = Parse::default();
    let request_id = parse.request_id(&request.request_id);
    let destination = parse.required("destination", request.destination);
    let (request_id, destination) = parse.finish(request_id.zip(destination))?;
    let placement = id_of(Kind::Placement, &request.placement_id)?;
    Ok((
        request_id,
        DischargePlacement {
            placement,
            destination,
        },
    ))
}

pub(super) fn mark_no_show(request: &v1::MarkNoShowRequest) -> Result<(Uuid, MarkNoShow), HubError> {
    let mut parse = Parse::default();
    let request_id = parse.request_id(&request.request_id);
    let reason: Option<NoShowReason> = parse.required("reason", request.reason);
    must_say_why(&mut parse, reason == Some(NoShowReason::Other), &request.note);
    let note = parse.text("note", &request.note);
    let (request_id, reason) = parse.finish(request_id.zip(reason))?;
    let mutation = MarkNoShow {
        placement: id_of(Kind::Placement, &request.placement_id)?,
        reason,
        note,
        route_later: request.route_later,
    };
    Ok((request_id, mutation))
}

pub(super) fn cancel_placement(
    request: &v1::CancelPlacementRequest,
) -> Result<(Uuid, CancelPlacement), HubError> {
    let mut parse = Parse::default();
    let request_id = parse.request_id(&request.request_id);
    let reason: Option<CancelReason> = parse.required("reason", request.reason);
    must_say_why(&mut parse, reason == Some(CancelReason::Other), &request.note);
    let note = parse.text("note", &request.note);
    let (request_id, reason) = parse.finish(request_id.zip(reason))?;
    let mutation = CancelPlacement {
        placement: id_of(Kind::Placement, &request.placement_id)?,
        reason,
        note,
        route_later: request.route_later,
    };
    Ok((request_id, mutation))
}

pub(super) fn request_transfer(
    request: &v1::RequestTransferRequest,
) -> Result<(Uuid, RequestTransfer), HubError> {
    let mut parse = Parse::default();
    let request_id = parse.request_id(&request.request_id);
    let reason = parse.required("reason", request.reason);
    let given = request.need.as_ref();
    let need = given.and_then(|message| need(&mut parse, Some(message), 1));
    let (request_id, reason) = parse.finish(request_id.zip(reason))?;
    let mutation = RequestTransfer {
        case: id_of(Kind::Case, &request.case_id)?,
        version: request.version,
        reason,
        need,
    };
    Ok((request_id, mutation))
}

pub(super) fn cancel_transfer(
    request: &v1::CancelTransferRequest,
) -> Result<(Uuid, CancelTransfer), HubError> {
    let request_id = read_request_id(&request.request_id)?;
    let case = id_of(Kind::Case, &request.case_id)?;
    let version = request.version;
    Ok((request_id, CancelTransfer { case, version }))
}

fn must_say_why(parse: &mut Parse, is_other: bool, note: &str) {
    if is_other && note.trim().is_empty() {
        parse.wrong("note", "must say why when the reason is OTHER");
    }
}
