//! `serasi route`: whom the hub would ask, or asks, for a case.

mod decision;

use serasi_proto::v1::{
    CaseState, Decision, GetDecisionRequest, PreviewRouteRequest, ReplayDecisionRequest,
    ReplayDecisionResponse, ReplayResult, RouteCaseRequest,
};

use crate::cli::{ClientOptions, RouteCaseArgs};
use crate::client::Hub;
use crate::codes::label;
use crate::error::CliError;
use crate::exit::Exit;
use crate::local_time::Clock;
use crate::outcome::outcome_text;
use crate::output::Output;
use crate::request_id;
use decision::decision_text;

/// The decision the hub would take now, with all its reasons; without effect.
pub(crate) async fn preview(
    options: &ClientOptions,
    case_id: &str,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let hub = Hub::connect(options).await?;
    let request = PreviewRouteRequest {
        case_id: case_id.to_owned(),
    };
    let response = hub.referrals().preview_route(request).await?.into_inner();
    print(&response.decision.unwrap_or_default(), output)
}

/// A decision as it was taken and stored, with all its reasons.
pub(crate) async fn decision(
    options: &ClientOptions,
    decision_id: &str,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let hub = Hub::connect(options).await?;
    let request = GetDecisionRequest {
        decision_id: decision_id.to_owned(),
    };
    let response = hub.referrals().get_decision(request).await?.into_inner();
    print(&response.decision.unwrap_or_default(), output)
}

/// A decision made again from what it was made of.
pub(crate) async fn replay(
    options: &ClientOptions,
    decision_id: &str,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let hub = Hub::connect(options).await?;
    let request = ReplayDecisionRequest {
        decision_id: decision_id.to_owned(),
    };
    let replay = hub.referrals().replay_decision(request).await?.into_inner();
    if output.is_json() {
        output.json_line(&replay)?;
    } else {
        output.line(replay_text(&replay))?;
    }
    Ok(match replay.result() {
        ReplayResult::Reproduced => Exit::Done,
        ReplayResult::Unspecified | ReplayResult::Differs | ReplayResult::NotPossible => Exit::SomeRefused,
    })
}

fn replay_text(replay: &ReplayDecisionResponse) -> String {
    match replay.result() {
        ReplayResult::Reproduced => format!("reproduced byte for byte, SHA-256 {}", replay.record_digest),
        ReplayResult::Differs => format!(
            "DIFFERS in {}: stored {}, made again {}",
            replay.differing_fields.join(", "),
            replay.record_digest,
            replay.replayed_digest
        ),
        ReplayResult::NotPossible | ReplayResult::Unspecified => {
            format!("cannot be made again: missing is {}", replay.missing)
        }
    }
}

fn print(decision: &Decision, output: &mut Output<'_>) -> Result<Exit, CliError> {
    if output.is_json() {
        output.json_line(decision)?;
    } else {
        output.line(decision_text(decision))?;
    }
    Ok(Exit::Done)
}

/// Looks for a facility and asks it.
pub(crate) async fn case(
    options: &ClientOptions,
    args: &RouteCaseArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let case_id = &args.case.case_id;
    let hub = Hub::connect(options).await?;
    let request = RouteCaseRequest {
        // To route again later is another request: a facility may have places by then.
        request_id: request_id::fresh().to_string(),
        case_id: case_id.clone(),
        version: 0,
        use_active_policy: args.use_active_policy,
    };
    let response = hub.referrals().route_case(request).await?.into_inner();
    if output.is_json() {
        output.json_line(&response)?;
        return Ok(Exit::Done);
    }
    let case = response.case.unwrap_or_default();
    let outcome = response.outcome.unwrap_or_default();
    let clock = Clock::of_region(&case.region_code);
    output.line(format!("case {case_id} is {}", label::<CaseState>(case.state)))?;
    output.line(outcome_text(&outcome, clock))?;
    Ok(Exit::Done)
}
