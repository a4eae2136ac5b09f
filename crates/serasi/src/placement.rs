//! `serasi placement`: persons arrive, do not come, or leave.

use serasi_proto::v1::{
    AdmitPlacementRequest, CancelPlacementRequest, DischargePlacementRequest, MarkNoShowRequest, Placement,
    PlacementState, RouteResult,
};
use serde::Serialize;

use crate::cli::{CancelArgs, ClientOptions, DischargeArgs, NoShowArgs};
use crate::client::Hub;
use crate::codes::label;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::request_id;

/// The persons have arrived.
pub(crate) async fn admit(
    options: &ClientOptions,
    placement_id: &str,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let mut request = AdmitPlacementRequest {
        request_id: String::new(),
        placement_id: placement_id.to_owned(),
    };
    // A placement goes each way once: after a lost answer the same command gets it again.
    request.request_id = request_id::of_content("AdmitPlacement", &request).to_string();
    let mut client = Hub::connect(options).await?.referrals();
    let response = client.admit_placement(request).await?.into_inner();
    told(&response, response.placement.as_ref(), 0, output)
}

/// They did not come.
pub(crate) async fn no_show(
    options: &ClientOptions,
    args: &NoShowArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let mut request = MarkNoShowRequest {
        request_id: String::new(),
        placement_id: args.placement.placement_id.clone(),
        reason: args.reason.into(),
        note: args.rest.note.clone(),
        route_later: args.rest.route_later,
    };
    request.request_id = request_id::of_content("MarkNoShow", &request).to_string();
    let mut client = Hub::connect(options).await?.referrals();
    let response = client.mark_no_show(request).await?.into_inner();
    told(&response, response.placement.as_ref(), response.next, output)
}

/// The place is given up before anybody came.
pub(crate) async fn cancel(
    options: &ClientOptions,
    args: &CancelArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let mut request = CancelPlacementRequest {
        request_id: String::new(),
        placement_id: args.placement.placement_id.clone(),
        reason: args.reason.into(),
        note: args.rest.note.clone(),
        route_later: args.rest.route_later,
    };
    request.request_id = request_id::of_content("CancelPlacement", &request).to_string();
    let mut client = Hub::connect(options).await?.referrals();
    let response = client.cancel_placement(request).await?.into_inner();
    told(&response, response.placement.as_ref(), response.next, output)
}

/// The persons have left.
pub(crate) async fn discharge(
    options: &ClientOptions,
    args: &DischargeArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let mut request = DischargePlacementRequest {
        request_id: String::new(),
        placement_id: args.placement.placement_id.clone(),
        destination: args.to.into(),
    };
    request.request_id = request_id::of_content("DischargePlacement", &request).to_string();
    let mut client = Hub::connect(options).await?.referrals();
    let response = client.discharge_placement(request).await?.into_inner();
    told(&response, response.placement.as_ref(), 0, output)
}

/// `next` = what became of the search for another place, if there was one.
fn told(
    response: &impl Serialize,
    placement: Option<&Placement>,
    next: i32,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    if output.is_json() {
        output.json_line(response)?;
        return Ok(Exit::Done);
    }
    let placement = placement.cloned().unwrap_or_default();
    let state = label::<PlacementState>(placement.state);
    let then = if next == 0 {
        String::new()
    } else {
        format!("; the case: {}", label::<RouteResult>(next))
    };
    output.line(format!("{state}: placement {}{then}", placement.placement_id))?;
    Ok(Exit::Done)
}
