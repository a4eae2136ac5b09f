//! The part of a policy on cases in service.

use std::collections::BTreeMap;

use serasi_domain::case::record::Aspect;
use serasi_domain::cluster::Cluster;
use serasi_domain::policy::{CarePolicy, CareTimes};
use serasi_proto::v1;

use super::{allowance, allowance_to_wire, count, number};
use crate::wire::codes::{FromWire, numbers};
use crate::wire::parse::Parse;

const MAX_ASPECTS: usize = 16;

/// Reads it; left out it is the shipped one.
pub(super) fn care(parse: &mut Parse, care: Option<&v1::CarePolicy>) -> CarePolicy {
    let Some(care) = care else {
        return CarePolicy::default();
    };
    parse.nested("care", |parse| CarePolicy {
        reopen_within_days: count(care.reopen_within_days),
        required_aspects: required_aspects(parse, &care.assessments),
        longest_days: longest_days(parse, &care.durations),
        regular: times(parse, "regular", care.regular.as_ref()),
        urgent: times(parse, "urgent", care.urgent.as_ref()),
        emergency: times(parse, "emergency", care.emergency.as_ref()),
    })
}

fn required_aspects(parse: &mut Parse, given: &[v1::ClusterAssessment]) -> BTreeMap<Cluster, Vec<Aspect>> {
    let mut read = BTreeMap::new();
    let given = parse.at_most("assessments", Cluster::ALL.len(), given);
    for (position, assessment) in given.iter().enumerate() {
        parse.nested(&format!("assessments[{position}]"), |parse| {
            let cluster = parse.required("cluster", assessment.cluster);
            let given = parse
                .at_most("aspects", MAX_ASPECTS, &assessment.aspects)
                .iter()
                .enumerate();
            let aspects = given
                .filter_map(|(at, aspect)| parse.required(&format!("aspects[{at}]"), *aspect))
                .collect();
            if cluster.is_some_and(|cluster| read.insert(cluster, aspects).is_some()) {
                parse.wrong("cluster", "must not stand twice");
            }
        });
    }
    read
}

fn longest_days(parse: &mut Parse, given: &[v1::ClusterDuration]) -> BTreeMap<Cluster, u16> {
    let mut read = BTreeMap::new();
    let given = parse.at_most("durations", Cluster::ALL.len(), given);
    for (position, duration) in given.iter().enumerate() {
        parse.nested(&format!("durations[{position}]"), |parse| {
            let cluster = parse.required("cluster", duration.cluster);
            // What is no number of days has a rule that refuses 0.
            let days = u16::try_from(duration.longest_days).unwrap_or(0);
            if cluster.is_some_and(|cluster| read.insert(cluster, days).is_some()) {
                parse.wrong("cluster", "must not stand twice");
            }
        });
    }
    read
}

fn times(parse: &mut Parse, name: &str, times: Option<&v1::CareTimes>) -> CareTimes {
    let times = times.copied().unwrap_or_default();
    parse.nested(name, |parse| CareTimes {
        whole: allowance(parse, "whole", times.whole),
        access: allowance(parse, "access", times.access),
        initial_approach: allowance(parse, "initial_approach", times.initial_approach),
        assessment: allowance(parse, "assessment", times.assessment),
        planning: allowance(parse, "planning", times.planning),
        implementation: allowance(parse, "implementation", times.implementation),
        monitoring: allowance(parse, "monitoring", times.monitoring),
        aftercare: allowance(parse, "aftercare", times.aftercare),
    })
}

/// As the contract has it.
pub(super) fn care_to_wire(care: &CarePolicy) -> v1::CarePolicy {
    v1::CarePolicy {
        reopen_within_days: number(care.reopen_within_days),
        assessments: care
            .required_aspects
            .iter()
            .map(|(cluster, aspects)| v1::ClusterAssessment {
                cluster: cluster.to_wire(),
                aspects: numbers(aspects.iter().copied()),
            })
            .collect(),
        durations: care
            .longest_days
            .iter()
            .map(|(cluster, days)| v1::ClusterDuration {
                cluster: cluster.to_wire(),
                longest_days: i32::from(*days),
            })
            .collect(),
        regular: Some(times_to_wire(&care.regular)),
        urgent: Some(times_to_wire(&care.urgent)),
        emergency: Some(times_to_wire(&care.emergency)),
    }
}

fn times_to_wire(times: &CareTimes) -> v1::CareTimes {
    let time = |allowance| Some(allowance_to_wire(allowance));
    v1::CareTimes {
        whole: time(times.whole),
        access: time(times.access),
        initial_approach: time(times.initial_approach),
        assessment: time(times.assessment),
        planning: time(times.planning),
        implementation: time(times.implementation),
        monitoring: time(times.monitoring),
        aftercare: time(times.aftercare),
    }
}
