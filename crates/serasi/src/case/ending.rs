//! `serasi case close`, `reopen`, `link`, `unlink`: how cases end, begin again, and follow each other.

use serasi_proto::v1::{
    Case, CaseState, CloseCaseRequest, CloseReason, LinkCasesRequest, ReopenCaseRequest, UnlinkCasesRequest,
};
use serde::Serialize;

use super::clock;
use crate::cli::{ClientOptions, CloseArgs, LinkArgs};
use crate::client::Hub;
use crate::codes::label;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::request_id;

/// Ends a case, with its reason.
pub(crate) async fn close(
    options: &ClientOptions,
    args: &CloseArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let request = CloseCaseRequest {
        // A case that was opened again may be closed for the same reason: another request each time.
        request_id: request_id::fresh().to_string(),
        case_id: args.case.case_id.clone(),
        version: 0,
        reason: args.reason.into(),
        note: args.note.clone(),
    };
    let mut client = Hub::connect(options).await?.cases();
    let response = client.close_case(request).await?.into_inner();
    let case = response.case.clone().unwrap_or_default();
    let text = format!(
        "closed ({}): case {}",
        label::<CloseReason>(case.close_reason),
        case.case_id
    );
    told(&response, text, output)
}

/// Goes on with an ended case.
pub(crate) async fn reopen(
    options: &ClientOptions,
    case_id: &str,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let request = ReopenCaseRequest {
        request_id: request_id::fresh().to_string(),
        case_id: case_id.to_owned(),
        version: 0,
    };
    let mut client = Hub::connect(options).await?.cases();
    let response = client.reopen_case(request).await?.into_inner();
    let case = response.case.clone().unwrap_or_default();
    told(&response, stands("opened again", &case), output)
}

/// Tells that a case is the same as another.
pub(crate) async fn link(
    options: &ClientOptions,
    args: &LinkArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let request = LinkCasesRequest {
        request_id: request_id::fresh().to_string(),
        main_case_id: args.to.clone(),
        case_id: args.case.case_id.clone(),
    };
    let mut client = Hub::connect(options).await?.cases();
    let response = client.link_cases(request).await?.into_inner();
    let text = format!("linked: case {} follows case {}", args.case.case_id, args.to);
    told(&response, text, output)
}

/// Takes a link back.
pub(crate) async fn unlink(
    options: &ClientOptions,
    case_id: &str,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let request = UnlinkCasesRequest {
        request_id: request_id::fresh().to_string(),
        case_id: case_id.to_owned(),
    };
    let mut client = Hub::connect(options).await?.cases();
    let response = client.unlink_cases(request).await?.into_inner();
    let case = response.case.clone().unwrap_or_default();
    let text = format!(
        "{}; it followed case {}",
        stands("unlinked", &case),
        response.main_case_id
    );
    told(&response, text, output)
}

fn stands(done: &str, case: &Case) -> String {
    let deadline = clock(case).show(case.next_deadline.as_ref());
    let state = label::<CaseState>(case.state);
    format!("{done}: case {} is {state}, act before {deadline}", case.case_id)
}

fn told(response: &impl Serialize, text: String, output: &mut Output<'_>) -> Result<Exit, CliError> {
    if output.is_json() {
        output.json_line(response)?;
    } else {
        output.line(text)?;
    }
    Ok(Exit::Done)
}
