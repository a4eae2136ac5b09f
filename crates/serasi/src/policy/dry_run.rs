//! `serasi policy dry-run`: what another version would have changed.

use pbjson_types::Timestamp;
use serasi_proto::v1::{
    ChangedDecision, Cluster, DryRunPolicyRequest, DryRunPolicyResponse, ResultChange, RouteResult, Urgency,
};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use crate::cli::{ClientOptions, PolicyDryRunArgs};
use crate::client::Hub;
use crate::codes::label;
use crate::duration::duration;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::table::records;

const RESULT_HEADER: [&str; 3] = ["was", "would be", "decisions"];
const CHANGED_HEADER: [&str; 6] = ["case", "cluster", "urgency", "was", "would be", "travel"];

/// Makes the decisions of a period again under `version`. Has no effect.
pub(crate) async fn dry_run(
    options: &ClientOptions,
    args: &PolicyDryRunArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let mut client = Hub::connect(options).await?.policies();
    let request = DryRunPolicyRequest {
        version: args.version.clone(),
        region_code: args.region.clone(),
        from_time: Some(timestamp(args.from)),
        until_time: args.until.map(timestamp),
        examples: args.examples.into(),
    };
    let response = client.dry_run_policy(request).await?.into_inner();
    if output.is_json() {
        output.json_line(&response)?;
    } else {
        output.line(text_of(&response))?;
    }
    Ok(Exit::Done)
}

fn timestamp(moment: OffsetDateTime) -> Timestamp {
    Timestamp {
        seconds: moment.unix_timestamp(),
        nanos: i32::try_from(moment.nanosecond()).unwrap_or_default(),
    }
}

/// As the command line takes it.
fn rfc3339(time: &Timestamp) -> Option<String> {
    let moment = OffsetDateTime::from_unix_timestamp(time.seconds).ok()?;
    (moment + Duration::nanoseconds(time.nanos.into()))
        .format(&Rfc3339)
        .ok()
}

fn text_of(run: &DryRunPolicyResponse) -> String {
    let mut parts = vec![format!(
        "Under policy {}, {} of {} decisions would be different.",
        run.version, run.changed, run.decisions
    )];
    let results = records(&RESULT_HEADER, run.results.iter().map(result_row));
    parts.push(results);
    let before = run.travel_before.unwrap_or_default();
    let after = run.travel_after.unwrap_or_default();
    parts.push(format!(
        "Nobody is asked for {} cases instead of {}.\nTravel of the others: median {} instead of {}, 90 % within {} \
         instead of {}.",
        run.waiting_after,
        run.waiting_before,
        duration(after.median_minutes.into()),
        duration(before.median_minutes.into()),
        duration(after.p90_minutes.into()),
        duration(before.p90_minutes.into()),
    ));
    if !run.examples.is_empty() {
        let table = records(&CHANGED_HEADER, run.examples.iter().map(changed_row));
        parts.push(format!("What would change most:\n{table}"));
    }
    for missing in &run.not_replayed {
        parts.push(format!(
            "{} decisions could not be made again: {}.",
            missing.decisions, missing.reason
        ));
    }
    if let Some(from) = run.continue_from_time.as_ref().and_then(rfc3339) {
        parts.push(format!(
            "The period has more decisions: go on with --from {from}."
        ));
    }
    parts.join("\n\n")
}

fn result_row(change: &ResultChange) -> Vec<String> {
    vec![
        label::<RouteResult>(change.before),
        label::<RouteResult>(change.after),
        change.decisions.to_string(),
    ]
}

fn changed_row(changed: &ChangedDecision) -> Vec<String> {
    let asked = |name: &str, result| {
        if name.is_empty() {
            label::<RouteResult>(result)
        } else {
            name.to_owned()
        }
    };
    let travel = |minutes| {
        if minutes == 0 {
            "-".to_owned()
        } else {
            duration(minutes)
        }
    };
    vec![
        changed.case_id.clone(),
        label::<Cluster>(changed.cluster),
        label::<Urgency>(changed.urgency),
        asked(&changed.facility_before_name, changed.result_before),
        asked(&changed.facility_after_name, changed.result_after),
        format!(
            "{} -> {}",
            travel(changed.travel_before_minutes.into()),
            travel(changed.travel_after_minutes.into())
        ),
    ]
}
