//! Reconciliations as records, and what a human says of their links.

use std::sync::Arc;

use serasi_domain::id::{PersonId, ReconciliationId};
use serasi_domain::registry::UndoReason;
use serasi_proto::v1;
use serasi_store::reconciliations::ReconciliationPosition;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use crate::error::{HubError, Kind};
use crate::grpc::{caller, run};
use crate::hub::Hub;
use crate::unit_of_work::run_for;
use crate::verbs::abandon_reconciliation::AbandonReconciliation;
use crate::verbs::get_reconciliation::GetReconciliation;
use crate::verbs::list_reconciliations::ListReconciliations;
use crate::verbs::reconcile::ForgetRows;
use crate::verbs::review_match::{Decision, ReviewMatch};
use crate::verbs::undo_match::UndoMatch;
use crate::wire::{PageToken, Parse, id_of, page_size, reconciliation_to_wire};

pub(super) async fn get(
    hub: &Arc<Hub>,
    request: Request<v1::GetReconciliationRequest>,
) -> Result<v1::GetReconciliationResponse, HubError> {
    let caller = caller(&request)?;
    let id: ReconciliationId = id_of(Kind::Reconciliation, &request.get_ref().reconciliation_id)?;
    let found = run_for(hub, caller, GetReconciliation { id }).await?;
    Ok(v1::GetReconciliationResponse {
        reconciliation: Some(reconciliation_to_wire(&found)),
    })
}

pub(super) async fn list(
    hub: &Arc<Hub>,
    request: Request<v1::ListReconciliationsRequest>,
) -> Result<v1::ListReconciliationsResponse, HubError> {
    let caller = caller(&request)?;
    let mut parse = Parse::default();
    let before: Option<ReconciliationPosition> = PageToken::read(&mut parse, &request.get_ref().page_token);
    let limit = page_size(&mut parse, request.get_ref().page_size);
    let act = parse.finish(Some(ListReconciliations { before, limit }))?;
    let found = run_for(hub, caller, act).await?;
    let is_full = i64::try_from(found.len()).is_ok_and(|found| found >= limit);
    let next = found.last().filter(|_| is_full);
    Ok(v1::ListReconciliationsResponse {
        next_page_token: next
            .map(|last| PageToken::write(&(last.started_at, last.id)))
            .unwrap_or_default(),
        reconciliations: found.iter().map(reconciliation_to_wire).collect(),
    })
}

pub(super) async fn abandon(
    hub: &Arc<Hub>,
    request: Request<v1::AbandonReconciliationRequest>,
) -> Result<Response<v1::AbandonReconciliationResponse>, Status> {
    let caller = caller(&request)?;
    let id: ReconciliationId = id_of(Kind::Reconciliation, &request.get_ref().reconciliation_id)?;
    let answer = run(hub, request, |request| {
        let mut parse = Parse::default();
        let request_id = parse.request_id(&request.request_id);
        parse.finish(request_id.map(|request_id| (request_id, AbandonReconciliation { id })))
    })
    .await?;
    // What is left when this is cut off a job forgets.
    while run_for(hub, caller.clone(), ForgetRows { run: id }).await? {}
    Ok(answer)
}

pub(super) fn read_review(request: &v1::ReviewMatchRequest) -> Result<(Uuid, ReviewMatch), HubError> {
    let mut parse = Parse::default();
    let request_id = parse.request_id(&request.request_id);
    let person: PersonId = id_of(Kind::Registration, &request.person_id)?;
    let decision = match request.decision() {
        v1::ReviewDecision::Confirm => Some(Decision::Confirm(Some(request.row).filter(|row| *row > 0))),
        v1::ReviewDecision::Reject if request.row > 0 => {
            parse.wrong("row", "goes with CONFIRM only");
            None
        }
        v1::ReviewDecision::Reject => Some(Decision::Reject),
        v1::ReviewDecision::Unspecified => {
            parse.wrong("decision", "must be CONFIRM or REJECT");
            None
        }
    };
    parse.finish(request_id.zip(decision.map(|decision| ReviewMatch { person, decision })))
}

pub(super) fn read_undo(request: &v1::UndoMatchRequest) -> Result<(Uuid, UndoMatch), HubError> {
    let mut parse = Parse::default();
    let request_id = parse.request_id(&request.request_id);
    let person: PersonId = id_of(Kind::Registration, &request.person_id)?;
    let reason: Option<UndoReason> = parse.required("reason", request.reason);
    if reason == Some(UndoReason::Rejected) {
        parse.wrong(
            "reason",
            "must be OTHER_PERSON, WRONG_IDENTITY or WRONG_ROW; to reject a link, use ReviewMatch",
        );
    }
    parse.finish(request_id.zip(reason.map(|reason| UndoMatch { person, reason })))
}
