//! What another policy would have changed.

use serasi_domain::routing::decision::Outcome;
use serasi_domain::routing::dry_run::TravelSummary;
use serasi_proto::v1;

use super::codes::optional;
use super::decision::outcome_to_wire;
use super::time::to_timestamp;
use crate::dry_run::{DryRunResult, Example};

/// As the contract has it.
pub(crate) fn dry_run_to_wire(version: &str, result: &DryRunResult) -> v1::DryRunPolicyResponse {
    let (before, after) = result.run.travel();
    let (waiting_before, waiting_after) = result.run.waiting();
    let not_replayed = result
        .not_replayed
        .iter()
        .map(|(reason, decisions)| v1::NotReplayed {
            reason: (*reason).to_owned(),
            decisions: count(*decisions),
        });
    let results = result.run.outcomes();
    let results = results
        .iter()
        .map(|((before, after), decisions)| v1::ResultChange {
            before: result_of(*before) as i32,
            after: result_of(*after) as i32,
            decisions: count(*decisions),
        });
    v1::DryRunPolicyResponse {
        version: version.to_owned(),
        decisions: count(result.run.decisions()),
        changed: count(result.run.changed()),
        results: results.collect(),
        travel_before: Some(travel(before)),
        travel_after: Some(travel(after)),
        waiting_before: count(waiting_before),
        waiting_after: count(waiting_after),
        examples: result.examples.iter().map(example).collect(),
        not_replayed: not_replayed.collect(),
        continue_from_time: result.continue_from.map(to_timestamp),
    }
}

fn result_of(outcome: Option<Outcome>) -> v1::RouteResult {
    outcome.map_or(v1::RouteResult::NotRouted, outcome_to_wire)
}

fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn minutes(number: Option<u32>) -> i32 {
    number
        .and_then(|number| i32::try_from(number).ok())
        .unwrap_or_default()
}

fn travel(summary: TravelSummary) -> v1::TravelSummary {
    v1::TravelSummary {
        decisions: count(summary.decisions),
        median_minutes: minutes(summary.median_minutes),
        p90_minutes: minutes(summary.p90_minutes),
        total_minutes: i64::try_from(summary.total_minutes).unwrap_or(i64::MAX),
    }
}

fn example(example: &Example) -> v1::ChangedDecision {
    let comparison = &example.comparison;
    let (before, after) = (comparison.before, comparison.after);
    let (name_before, name_after) = example.names.clone();
    v1::ChangedDecision {
        decision_id: comparison.decision.to_string(),
        case_id: example.case.to_string(),
        cluster: optional(example.cluster),
        urgency: optional(Some(example.urgency)),
        result_before: result_of(before.outcome) as i32,
        result_after: result_of(after.outcome) as i32,
        facility_before_id: before.facility.map(|id| id.to_string()).unwrap_or_default(),
        facility_after_id: after.facility.map(|id| id.to_string()).unwrap_or_default(),
        facility_before_name: name_before.unwrap_or_default(),
        facility_after_name: name_after.unwrap_or_default(),
        travel_before_minutes: minutes(before.travel_minutes),
        travel_after_minutes: minutes(after.travel_minutes),
    }
}
