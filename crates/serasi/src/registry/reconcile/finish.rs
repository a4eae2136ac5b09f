//! `serasi registry reconciliations --finish`: the end of a run whose rows have ended, without its file and whoever began it.

use serasi_proto::v1::{
    GetReconciliationRequest, ReconcileRequest, ReconcileStart, Reconciliation, ReconciliationState,
    reconcile_request::Message,
};
use tokio_stream::StreamExt as _;
use tonic::Request;

use super::{LONGEST_CALL, next};
use crate::client::Hub;
use crate::error::CliError;

/// Has the hub decide on everybody who is left, and waits for it.
pub(in crate::registry) async fn finish(
    hub: &Hub,
    id: &str,
    allow_leavers: bool,
) -> Result<Reconciliation, CliError> {
    let request = GetReconciliationRequest {
        reconciliation_id: id.to_owned(),
    };
    let found = hub.registry().get_reconciliation(request).await?.into_inner();
    let run = found.reconciliation.unwrap_or_default();
    if run.state() == ReconciliationState::Open {
        return Err(CliError::Usage(format!(
            "rows of {id} are still to come: run its file again, or abandon it with --abandon"
        )));
    }
    if run.state() != ReconciliationState::Deciding {
        return Ok(run);
    }
    let request_id = run.reconciliation_id.split_once('-').map(|(_, id)| id.to_owned());
    let start = ReconcileStart {
        request_id: request_id.unwrap_or_default(),
        registry: run.registry,
        edition: run.edition,
        kind: run.kind,
        scope_region_code: run.scope_region_code,
        source_digest: run.source_digest,
        allow_leavers,
        rows_at_least: 0,
    };
    let start = ReconcileRequest {
        message: Some(Message::Start(start)),
    };
    // The stream stays open as long as the hub has something to say.
    let messages = tokio_stream::once(start).chain(tokio_stream::pending());
    let mut request = Request::new(messages);
    request.set_timeout(LONGEST_CALL);
    let mut answers = hub.registry().reconcile(request).await?.into_inner();
    loop {
        let answer = next(&mut answers).await?;
        let run = answer.reconciliation.unwrap_or_default();
        if run.state() == ReconciliationState::Done && answer.results.is_empty() {
            return Ok(run);
        }
    }
}
