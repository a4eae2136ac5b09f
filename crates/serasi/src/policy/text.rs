//! One policy as a person reads it: what holds for all cases, then the three urgencies side by side.

use serasi_proto::v1::{
    Allowance, AllowanceClock, Cluster, ClusterRequirement, LadderStep, Policy, PolicyState, Preference,
    RegistryCode, RegistryPolicy, Regulation, RequiredField, Retention, ScopeTier, UrgencyPolicy,
    WorkingHours,
};

use crate::codes::{label, labels};
use crate::local_time::Clock;
use crate::table::{facts, records};

const HEADER: [&str; 4] = ["", "regular", "urgent", "emergency"];

pub(super) fn text_of(policy: &Policy) -> String {
    let urgencies = [&policy.regular, &policy.urgent, &policy.emergency];
    let urgencies = urgencies.map(|urgency| urgency.clone().unwrap_or_default());
    let rows = rows(&urgencies);
    format!("{}\n\n{}", policy_facts(policy), records(&HEADER, rows))
}

fn policy_facts(policy: &Policy) -> String {
    facts([
        ("policy", policy.version.clone()),
        ("state", label::<PolicyState>(policy.state)),
        ("regulation", label::<Regulation>(policy.regulation)),
        (
            "escalates after",
            format!("{} refusals", policy.refusals_before_escalation),
        ),
        (
            "a report counts",
            format!("{} hours", policy.capacity_validity_hours),
        ),
        ("full parks for", format!("{} hours", policy.full_parks_for_hours)),
        (
            "working hours",
            policy.working_hours.map(working_hours).unwrap_or_default(),
        ),
        ("holidays", policy.holidays.join(", ")),
        (
            "required",
            policy
                .required
                .iter()
                .map(requirement)
                .collect::<Vec<_>>()
                .join("; "),
        ),
        ("papers of an emergency", time(policy.emergency_documents)),
        (
            "kept after the end",
            policy.retention.map(retention).unwrap_or_default(),
        ),
        ("registry", policy.registry.map(registry).unwrap_or_default()),
        ("created", Clock::Utc.show(policy.create_time.as_ref())),
        ("activated", Clock::Utc.show(policy.activate_time.as_ref())),
        ("retired", Clock::Utc.show(policy.retire_time.as_ref())),
        ("digest", policy.digest.clone()),
    ])
}

fn working_hours(hours: WorkingHours) -> String {
    format!(
        "{:02}:00-{:02}:00, Monday to Friday",
        hours.start_hour, hours.end_hour
    )
}

fn retention(retention: Retention) -> String {
    format!(
        "identity {} years, contact {}, story {}, assessment {}",
        retention.identity_years, retention.contact_years, retention.story_years, retention.assessment_years
    )
}

fn registry(registry: RegistryPolicy) -> String {
    format!(
        "{}, reported within {}, then {} each; proposed within {}",
        label::<RegistryCode>(registry.code),
        time(registry.report),
        time(registry.acknowledge),
        time(registry.propose)
    )
}

fn requirement(requirement: &ClusterRequirement) -> String {
    let fields = labels::<RequiredField>(&requirement.fields);
    format!("{}: {fields}", label::<Cluster>(requirement.cluster))
}

fn rows(urgencies: &[UrgencyPolicy; 3]) -> Vec<Vec<String>> {
    let row = |name: &str, cell: fn(&UrgencyPolicy) -> String| {
        let mut row = vec![name.to_owned()];
        row.extend(urgencies.iter().map(cell));
        row
    };
    vec![
        row("search", |urgency| {
            lines(urgency.ladder.iter().copied().map(step))
        }),
        row("prefer", |urgency| {
            lines(
                urgency
                    .preferences
                    .iter()
                    .map(|&number| label::<Preference>(number)),
            )
        }),
        row("ask unknown first", |urgency| {
            yes_or_no(urgency.ask_unknown_before_widening)
        }),
        row("use overflow", |urgency| yes_or_no(urgency.uses_overflow)),
        row("answer", |urgency| time(urgency.answer)),
        row("coordinate", |urgency| time(urgency.coordinate)),
        row("admit", |urgency| time(urgency.admit)),
        row("review", |urgency| time(urgency.review)),
        row("follow up", |urgency| time(urgency.follow_up)),
    ]
}

fn lines(cells: impl Iterator<Item = String>) -> String {
    cells.collect::<Vec<_>>().join("\n")
}

fn step(step: LadderStep) -> String {
    let tier = label::<ScopeTier>(step.tier);
    if step.after_seconds == 0 {
        return tier;
    }
    format!("{tier} after {}", span(step.after_seconds))
}

fn yes_or_no(is_so: bool) -> String {
    if is_so { "yes" } else { "no" }.to_owned()
}

fn time(allowance: Option<Allowance>) -> String {
    let allowance = allowance.unwrap_or_default();
    let span = span(allowance.seconds);
    match AllowanceClock::try_from(allowance.clock) {
        Ok(AllowanceClock::Working) => format!("{span} of work"),
        Ok(AllowanceClock::Wall | AllowanceClock::Unspecified) | Err(_) => span,
    }
}

/// The largest unit that says it whole: `30 min`, `24 h`, `14 d`.
fn span(seconds: i32) -> String {
    const DAY: i32 = 24 * 3600;
    // A working day is no day of 24 hours: up to two days are told in hours.
    match seconds {
        0 => "0 s".to_owned(),
        days if days % DAY == 0 && days > 2 * DAY => format!("{} d", days / DAY),
        hours if hours % 3600 == 0 => format!("{} h", hours / 3600),
        minutes if minutes % 60 == 0 => format!("{} min", minutes / 60),
        seconds => format!("{seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use serasi_domain::cluster::Cluster;
    use serasi_domain::policy;
    use serasi_hub::policy_content;

    use super::*;

    #[test]
    fn a_policy_is_shown_with_its_waits_times_holidays_and_requirements() {
        let mut policy = policy::Policy::p7();
        let fields = vec![policy::RequiredField::PpksCategory, policy::RequiredField::Age];
        policy.required.insert(Cluster::Napza, fields);
        let text = text_of(&policy_content(&policy));
        for fact in [
            "P7-2021.2",
            "08:00-16:00, Monday to Friday",
            "2026-08-17",
            "napza: ppks-category, age",
            "nation after 24 h",
            "24 h of work",
            "15 min",
            "14 d",
        ] {
            assert!(text.contains(fact), "{fact} in\n{text}");
        }
    }

    #[test]
    fn spans_are_told_in_the_largest_unit_that_says_them_whole() {
        let told = [0, 14, 900, 7_200, 86_400, 1_209_600].map(span);
        assert_eq!(told, ["0 s", "14 s", "15 min", "2 h", "24 h", "14 d"]);
    }
}
