//! Submitting the forty cases of `demo/cases.jsonl`, and telling for each who is asked and why.

use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_proto::v1::{Channel, Cluster, Urgency};

use super::{Stage, Told, place_name};
use crate::client::Hub;
use crate::codes::label;
use crate::duration::duration;
use crate::error::CliError;
use crate::output::Output;
use crate::refusal::Refusal;
use crate::request_id;

const CASES: &str = include_str!("../../demo/cases.jsonl");

/// Sends every line; refusals are shown and told, not fatal.
pub(super) async fn submit(stage: &Stage, output: &mut Output<'_>) -> Result<Vec<Told>, CliError> {
    let roles = [Role::HotlineOperator, Role::OutreachWorker, Role::Referrer];
    let hub = stage.client(&roles, None).await?;
    let coordinator = stage.client(&[Role::Coordinator], None).await?;
    let mut told = vec![];
    let mut first_routed = true;
    output.line("\nForty reports come in:")?;
    for (position, text) in CASES.lines().enumerate() {
        let intake: v1::Intake = serde_json::from_str(text)
            .map_err(|error| CliError::Usage(format!("demo/cases.jsonl line {}: {error}", position + 1)))?;
        let label = describe(&intake);
        let request = request_id::submission(intake, false);
        let answer = hub.intakes().submit_intake(request).await;
        let told_now = match answer {
            Ok(answer) => taken(position + 1, label, &answer.into_inner(), &coordinator, output).await?,
            Err(status) => refused(position + 1, label, &Refusal::from(&status), output)?,
        };
        if first_routed && told_now.offer.is_some() {
            first_routed = false;
            output.line(format!("     {} the first case is routed", stage.clock()))?;
        }
        told.push(told_now);
    }
    Ok(told)
}

fn describe(intake: &v1::Intake) -> String {
    let cluster = if intake.cluster == 0 {
        intake.ppks_category.clone()
    } else {
        label::<Cluster>(intake.cluster)
    };
    let place = if intake.region_code.is_empty() {
        format!(
            "{:.3}, {:.3}",
            intake.latitude_deg.unwrap_or_default(),
            intake.longitude_deg.unwrap_or_default()
        )
    } else {
        place_name(&intake.region_code)
    };
    let parts = [
        label::<Channel>(intake.channel),
        label::<Urgency>(intake.urgency),
        cluster,
        place,
    ];
    parts
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" · ")
}

async fn taken(
    line: usize,
    label: String,
    answer: &v1::SubmitIntakeResponse,
    coordinator: &Hub,
    output: &mut Output<'_>,
) -> Result<Told, CliError> {
    let outcome = answer.outcome.clone().unwrap_or_default();
    let case = answer.case.clone().unwrap_or_default();
    let known = if answer.already_known {
        " (known already: same report, same case)"
    } else {
        ""
    };
    output.line(format!("{line:3}  {label}{known}"))?;
    match &outcome.offer {
        Some(offer) => {
            let seconds = |time: Option<&pbjson_types::Timestamp>| time.map_or(0, |time| time.seconds);
            let left = seconds(offer.expire_time.as_ref()) - seconds(offer.offer_time.as_ref());
            let held = if offer.holds_places {
                format!("{} place(s) held", offer.places)
            } else {
                "capacity unknown: asked, nothing held".to_owned()
            };
            output.line(format!(
                "     -> {}, {} away; {held}; must answer within {left} s",
                offer.facility_name,
                duration(offer.travel_minutes.into())
            ))?;
        }
        None => output.line(format!("     -> {}", outcome.message_id))?,
    }
    if !answer.already_known && !outcome.decision_id.is_empty() {
        why(&outcome.decision_id, coordinator, output).await?;
    }
    Ok(Told {
        line,
        label,
        case_id: Some(case.case_id),
        already_known: answer.already_known,
        refusal: None,
        offer: outcome.offer,
    })
}

/// The stored decision in one line: how many were looked at, what excluded the most, who else was near.
async fn why(decision_id: &str, coordinator: &Hub, output: &mut Output<'_>) -> Result<(), CliError> {
    let request = v1::GetDecisionRequest {
        decision_id: decision_id.to_owned(),
    };
    let decision = coordinator
        .referrals()
        .get_decision(request)
        .await?
        .into_inner()
        .decision
        .unwrap_or_default();
    let mut excluded = decision.excluded.clone();
    excluded.sort_by_key(|count| std::cmp::Reverse(count.facilities));
    let excluded: Vec<_> = excluded
        .iter()
        .take(3)
        .map(|count| format!("{} by {} ({})", count.facilities, count.rule, count.article))
        .collect();
    let next = decision
        .ranked
        .get(1)
        .map(|second| format!("; second choice: {}", second.facility_name));
    output.line(format!(
        "        why: of {} facilities {} were excluded{}",
        decision.facilities_considered,
        excluded.join(", "),
        next.unwrap_or_default()
    ))?;
    Ok(())
}

fn refused(line: usize, label: String, refusal: &Refusal, output: &mut Output<'_>) -> Result<Told, CliError> {
    output.line(format!("{line:3}  {label}"))?;
    output.line(format!(
        "     REFUSED {} {}: {}",
        refusal.code, refusal.reason, refusal.message_id
    ))?;
    for violation in &refusal.violations {
        output.line(format!("        {}: {}", violation.field, violation.description))?;
    }
    Ok(Told {
        line,
        label,
        case_id: None,
        already_known: false,
        refusal: Some(refusal.reason.clone()),
        offer: None,
    })
}
