//! `serasi registry reconciliations|review|undo`: runs of the registry, and what a human says of their links.

use serasi_proto::v1::{
    AbandonReconciliationRequest, GetRegistrationRequest, ListReconciliationsRequest, ReconciliationState,
    Registration, RegistrationState, RegistryCode, ReviewDecision, ReviewMatchRequest, RowCode,
    UndoMatchRequest,
};

use super::reconcile::finish;
use crate::cli::{ClientOptions, MatchReviewArgs, ReconciliationsArgs, ReviewChoice, UndoArgs};
use crate::client::Hub;
use crate::codes::label;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::pages::{List, collect};
use crate::request_id;
use crate::table::records;

pub(crate) async fn reconciliations(
    options: &ClientOptions,
    args: &ReconciliationsArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let hub = Hub::connect(options).await?;
    let mut client = hub.registry();
    let runs = if let Some(id) = &args.finish {
        List::whole(vec![finish(&hub, id, args.allow_leavers).await?])
    } else if let Some(id) = &args.abandon {
        let request = AbandonReconciliationRequest {
            request_id: request_id::fresh().to_string(),
            reconciliation_id: id.clone(),
        };
        let answer = client.abandon_reconciliation(request).await?.into_inner();
        List::whole(answer.reconciliation.into_iter().collect())
    } else {
        let found = collect(args.length, async |page_size, page_token| {
            let request = ListReconciliationsRequest {
                page_size,
                page_token,
            };
            let answer = client.list_reconciliations(request).await?.into_inner();
            Ok((answer.reconciliations, answer.next_page_token))
        });
        found.await?
    };
    if output.is_json() {
        runs.rows().iter().try_for_each(|run| output.json_line(run))?;
        return Ok(Exit::Done);
    }
    let rows = runs.rows().iter().map(|run| {
        let rows = run.rows.unwrap_or_default();
        vec![
            run.reconciliation_id.clone(),
            format!("{} {}", label::<RegistryCode>(run.registry), run.edition),
            run.scope_region_code.clone(),
            label::<ReconciliationState>(run.state),
            rows.read.to_string(),
            (rows.exact + rows.probable).to_string(),
            rows.ambiguous.to_string(),
            rows.refused.to_string(),
        ]
    });
    let titles = [
        "id",
        "edition",
        "region",
        "state",
        "rows",
        "linked",
        "ambiguous",
        "refused",
    ];
    output.line(records(&titles, rows))?;
    runs.tell_if_cut(output)?;
    Ok(Exit::Done)
}

pub(crate) async fn review(
    options: &ClientOptions,
    args: &MatchReviewArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let mut client = Hub::connect(options).await?.registry();
    let decision = match args.decision {
        ReviewChoice::Show => {
            let request = GetRegistrationRequest {
                person_id: args.person.clone(),
            };
            let answer = client.get_registration(request).await?.into_inner();
            return candidates(&answer.registration.unwrap_or_default(), output);
        }
        ReviewChoice::Confirm => ReviewDecision::Confirm,
        ReviewChoice::Reject => ReviewDecision::Reject,
    };
    let request = ReviewMatchRequest {
        request_id: request_id::fresh().to_string(),
        person_id: args.person.clone(),
        decision: decision.into(),
        row: args.row,
    };
    let answer = client.review_match(request).await?.into_inner();
    stands(&answer.registration.unwrap_or_default(), output)
}

pub(crate) async fn undo(
    options: &ClientOptions,
    args: &UndoArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let mut client = Hub::connect(options).await?.registry();
    let request = UndoMatchRequest {
        request_id: request_id::fresh().to_string(),
        person_id: args.person.clone(),
        reason: args.reason.into(),
    };
    let answer = client.undo_match(request).await?.into_inner();
    stands(&answer.registration.unwrap_or_default(), output)
}

fn stands(registration: &Registration, output: &mut Output<'_>) -> Result<Exit, CliError> {
    if output.is_json() {
        output.json_line(registration)?;
    } else {
        output.line(format!(
            "{} is {} now",
            registration.person_id,
            label::<RegistrationState>(registration.state)
        ))?;
    }
    Ok(Exit::Done)
}

/// The rows that may be the person, and why.
fn candidates(registration: &Registration, output: &mut Output<'_>) -> Result<Exit, CliError> {
    if output.is_json() {
        output.json_line(registration)?;
        return Ok(Exit::Done);
    }
    let rows = registration.candidates.iter().map(|candidate| {
        let why = candidate.why.iter().map(|part| {
            let level = if part.level.is_empty() {
                String::new()
            } else {
                format!(" {}", part.level)
            };
            format!("{}{level} {:+.1}", part.what, part.bits)
        });
        vec![
            candidate.row.to_string(),
            label::<RowCode>(candidate.code),
            format!("{:.1} %", candidate.probability * 100.0),
            candidate.registry_id.clone(),
            why.collect::<Vec<_>>().join(", "),
        ]
    });
    let titles = ["row", "code", "probability", "registry id", "why, in bits"];
    output.line(records(&titles, rows))?;
    Ok(Exit::Done)
}
