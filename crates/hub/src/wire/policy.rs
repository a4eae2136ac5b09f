//! Policies.

use std::collections::BTreeMap;

use serasi_domain::cluster::Cluster;
use serasi_domain::deadline::{Allowance, Clock, WorkingHours};
use serasi_domain::policy::{
    Fault, LadderStep, Policy, ReconcilePolicy, RegistryPolicy, Regulation, RequiredField, UrgencyPolicy,
};
use serasi_domain::privacy::Retention;
use serasi_domain::registry::RegistryCode;
use serasi_domain::routing::PreferenceName;
use serasi_proto::v1;
use serasi_store::policies::{PolicyState, StoredPolicy};

use super::codes::{FromWire, numbers};
use super::parse::Parse;
use super::time::to_timestamp;

mod care;

const MAX_STEPS: usize = 8;
const MAX_PREFERENCES: usize = 16;
const MAX_FIELDS: usize = 16;
/// More than any decree names in twenty years.
const MAX_HOLIDAYS: usize = 500;

/// Reads a policy; every violation at once, those of the contract and those of the rules. What cannot be read gets a
/// value the rules refuse, or is left out and reported here.
pub(crate) fn policy(parse: &mut Parse, policy: &v1::Policy) -> Policy {
    let hours = policy.working_hours.unwrap_or_default();
    let hour = |hour: i32| u8::try_from(hour).unwrap_or(u8::MAX);
    let mut urgency = |name: &str, policy: &Option<v1::UrgencyPolicy>| {
        let policy = policy.clone().unwrap_or_default();
        parse.nested(name, |parse| urgency_policy(parse, &policy))
    };
    let (regular, urgent, emergency) = (
        urgency("regular", &policy.regular),
        urgency("urgent", &policy.urgent),
        urgency("emergency", &policy.emergency),
    );
    let read = Policy {
        version: policy.version.clone(),
        regulation: parse
            .required("regulation", policy.regulation)
            .unwrap_or(Regulation::P7),
        refusals_before_escalation: policy.refusals_before_escalation,
        capacity_validity_hours: count(policy.capacity_validity_hours),
        full_parks_for_hours: count(policy.full_parks_for_hours),
        holidays: parse
            .at_most("holidays", MAX_HOLIDAYS, &policy.holidays)
            .iter()
            .enumerate()
            .filter_map(|(position, day)| {
                let field = format!("holidays[{position}]");
                let given = Some(day.as_str()).filter(|day| !day.is_empty());
                parse
                    .require(&field, given, "must be given")
                    .and_then(|day| parse.date(&field, day))
            })
            .collect(),
        working_hours: WorkingHours {
            start_hour: hour(hours.start_hour),
            end_hour: hour(hours.end_hour),
        },
        required: required(parse, &policy.required),
        retention: policy.retention.map(|retention| Retention {
            identity_years: count(retention.identity_years),
            contact_years: count(retention.contact_years),
            story_years: count(retention.story_years),
            assessment_years: count(retention.assessment_years),
        }),
        emergency_documents: policy
            .emergency_documents
            .map_or_else(Policy::five_working_days, |allowance| {
                parse.nested("emergency_documents", |parse| Allowance {
                    seconds: count(allowance.seconds),
                    clock: parse.required("clock", allowance.clock).unwrap_or(Clock::Wall),
                })
            }),
        registry: policy.registry.map(|registry| registry_policy(parse, registry)),
        regular,
        urgent,
        emergency,
        care: care::care(parse, policy.care.as_ref()),
    };
    // Where a list could not be read, its positions have moved: first things first.
    let list_of = |fault: &Fault| fault.path.split('[').next().unwrap_or_default().to_owned();
    let mut faults = read.faults();
    faults.retain(|fault| !parse.has_wrong(&list_of(fault)));
    for Fault { path, what, article } in faults {
        let article = article.map_or_else(String::new, |article| format!(" ({article})"));
        parse.wrong(path, format!("{what}{article}"));
    }
    read
}

/// A number that is not counted has a rule that refuses 0.
fn count(number: i32) -> u32 {
    u32::try_from(number).unwrap_or(0)
}

fn urgency_policy(parse: &mut Parse, policy: &v1::UrgencyPolicy) -> UrgencyPolicy {
    let ladder = parse
        .at_most("ladder", MAX_STEPS, &policy.ladder)
        .iter()
        .enumerate();
    let ladder = ladder
        .filter_map(|(position, step)| {
            let after_seconds = u32::try_from(step.after_seconds).unwrap_or(u32::MAX);
            let tier = parse.required(&format!("ladder[{position}].tier"), step.tier);
            Some(LadderStep {
                tier: tier?,
                after_seconds,
            })
        })
        .collect();
    let preferences = parse
        .at_most("preferences", MAX_PREFERENCES, &policy.preferences)
        .iter();
    let preferences = preferences
        .enumerate()
        .filter_map(|(position, number)| parse.required(&format!("preferences[{position}]"), *number))
        .collect::<Vec<PreferenceName>>();
    let mut time = |name: &str, given: Option<v1::Allowance>| allowance(parse, name, given);
    UrgencyPolicy {
        ladder,
        preferences,
        ask_unknown_before_widening: policy.ask_unknown_before_widening,
        uses_overflow: policy.uses_overflow,
        answer: time("answer", policy.answer),
        coordinate: time("coordinate", policy.coordinate),
        admit: time("admit", policy.admit),
        review: time("review", policy.review),
        follow_up: time("follow_up", policy.follow_up),
    }
}

fn allowance(parse: &mut Parse, name: &str, given: Option<v1::Allowance>) -> Allowance {
    let given = given.unwrap_or_default();
    let clock = parse.required(&format!("{name}.clock"), given.clock);
    Allowance {
        seconds: count(given.seconds),
        clock: clock.unwrap_or(Clock::Wall),
    }
}

fn registry_policy(parse: &mut Parse, registry: v1::RegistryPolicy) -> RegistryPolicy {
    parse.nested("registry", |parse| RegistryPolicy {
        code: parse
            .required("code", registry.code)
            .unwrap_or(RegistryCode::Dtsen),
        report: allowance(parse, "report", registry.report),
        acknowledge: allowance(parse, "acknowledge", registry.acknowledge),
        propose: match registry.propose {
            None => RegistryPolicy::propose_by_default(),
            given @ Some(_) => allowance(parse, "propose", given),
        },
        reconcile: registry
            .reconcile
            .map_or_else(ReconcilePolicy::default, |reconcile| ReconcilePolicy {
                least_rows: count(reconcile.least_rows),
                refused_per_million: count(reconcile.refused_per_million),
                leavers_percent: count(reconcile.leavers_percent),
                leavers_at_least: count(reconcile.leavers_at_least),
            }),
    })
}

fn required(
    parse: &mut Parse,
    requirements: &[v1::ClusterRequirement],
) -> BTreeMap<Cluster, Vec<RequiredField>> {
    let mut required = BTreeMap::new();
    let requirements = parse.at_most("required", Cluster::ALL.len(), requirements);
    for (position, requirement) in requirements.iter().enumerate() {
        parse.nested(&format!("required[{position}]"), |parse| {
            let fields = required_fields(parse, &requirement.fields);
            let cluster = parse.required("cluster", requirement.cluster);
            if cluster.is_some_and(|cluster| required.insert(cluster, fields).is_some()) {
                parse.wrong("cluster", "must not stand twice");
            }
        });
    }
    required.retain(|_, fields| !fields.is_empty());
    required
}

fn required_fields(parse: &mut Parse, numbers: &[i32]) -> Vec<RequiredField> {
    let mut fields = vec![];
    let numbers = parse.at_most("fields", MAX_FIELDS, numbers);
    for (position, number) in numbers.iter().enumerate() {
        let path = format!("fields[{position}]");
        match parse.required(&path, *number) {
            Some(field) if fields.contains(&field) => parse.wrong(path, "must not stand twice"),
            field => fields.extend(field),
        }
    }
    fields
}

/// As the contract has it.
pub(crate) fn policy_to_wire(stored: &StoredPolicy) -> v1::Policy {
    v1::Policy {
        state: match stored.state {
            PolicyState::Draft => v1::PolicyState::Draft,
            PolicyState::Active => v1::PolicyState::Active,
            PolicyState::Retired => v1::PolicyState::Retired,
        } as i32,
        digest: stored.digest.iter().map(|byte| format!("{byte:02x}")).collect(),
        create_time: Some(to_timestamp(stored.created_at)),
        activate_time: stored.activated_at.map(to_timestamp),
        retire_time: stored.retired_at.map(to_timestamp),
        ..policy_content(&stored.policy)
    }
}

/// What CreatePolicy takes: a policy without its history.
#[must_use]
pub fn policy_content(policy: &Policy) -> v1::Policy {
    v1::Policy {
        version: policy.version.clone(),
        regulation: policy.regulation.to_wire(),
        refusals_before_escalation: policy.refusals_before_escalation,
        capacity_validity_hours: number(policy.capacity_validity_hours),
        full_parks_for_hours: number(policy.full_parks_for_hours),
        holidays: policy.holidays.iter().map(ToString::to_string).collect(),
        working_hours: Some(v1::WorkingHours {
            start_hour: i32::from(policy.working_hours.start_hour),
            end_hour: i32::from(policy.working_hours.end_hour),
        }),
        required: policy
            .required
            .iter()
            .map(|(cluster, fields)| v1::ClusterRequirement {
                cluster: cluster.to_wire(),
                fields: numbers(fields.iter().copied()),
            })
            .collect(),
        retention: policy.retention.map(|retention| v1::Retention {
            identity_years: number(retention.identity_years),
            contact_years: number(retention.contact_years),
            story_years: number(retention.story_years),
            assessment_years: number(retention.assessment_years),
        }),
        emergency_documents: Some(allowance_to_wire(policy.emergency_documents)),
        registry: policy.registry.map(|registry| v1::RegistryPolicy {
            code: registry.code.to_wire(),
            report: Some(allowance_to_wire(registry.report)),
            acknowledge: Some(allowance_to_wire(registry.acknowledge)),
            propose: Some(allowance_to_wire(registry.propose)),
            reconcile: Some(v1::ReconcilePolicy {
                least_rows: number(registry.reconcile.least_rows),
                refused_per_million: number(registry.reconcile.refused_per_million),
                leavers_percent: number(registry.reconcile.leavers_percent),
                leavers_at_least: number(registry.reconcile.leavers_at_least),
            }),
        }),
        regular: Some(urgency_to_wire(&policy.regular)),
        urgent: Some(urgency_to_wire(&policy.urgent)),
        emergency: Some(urgency_to_wire(&policy.emergency)),
        care: Some(care::care_to_wire(&policy.care)),
        ..v1::Policy::default()
    }
}

fn urgency_to_wire(policy: &UrgencyPolicy) -> v1::UrgencyPolicy {
    let time = |allowance: Allowance| Some(allowance_to_wire(allowance));
    v1::UrgencyPolicy {
        ladder: policy
            .ladder
            .iter()
            .map(|step| v1::LadderStep {
                tier: step.tier.to_wire(),
                after_seconds: number(step.after_seconds),
            })
            .collect(),
        preferences: numbers(policy.preferences.iter().copied()),
        ask_unknown_before_widening: policy.ask_unknown_before_widening,
        uses_overflow: policy.uses_overflow,
        answer: time(policy.answer),
        coordinate: time(policy.coordinate),
        admit: time(policy.admit),
        review: time(policy.review),
        follow_up: time(policy.follow_up),
    }
}

fn allowance_to_wire(allowance: Allowance) -> v1::Allowance {
    v1::Allowance {
        seconds: number(allowance.seconds),
        clock: allowance.clock.to_wire(),
    }
}

/// The rules keep every number of a policy far below the largest of the contract.
fn number(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
