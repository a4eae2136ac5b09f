//! Every stage x every verb, as one table: what the state of the case refuses, what the stage refuses, what is allowed.
//! Not in it: before the persons are admitted the hub begins no service (NOT_ADMITTED, P16 Ps.23).

use std::fmt::Write;

use super::*;
use crate::case::CaseState;
use crate::case::tests::{every_state, name as state_name};

/// The stages that can have begun while the case stands so.
fn courses_in(state: &CaseState) -> Vec<Course> {
    let until = match state {
        CaseState::Placed { .. } => Stage::Planning,
        CaseState::InService { .. } => Stage::Monitoring,
        CaseState::Aftercare { .. } => Stage::Aftercare,
        CaseState::Received
        | CaseState::Triaged
        | CaseState::Offered { .. }
        | CaseState::Waiting { .. }
        | CaseState::NoCandidate { .. }
        | CaseState::Closed { .. }
        | CaseState::ResolvedDirectly { .. } => return vec![],
    };
    let courses = every_course().into_iter();
    courses.filter(|course| course.current().stage <= until).collect()
}

fn cells(state: &CaseState, course: Option<&Course>) -> String {
    let cell = |verb: &CaseVerb| {
        if !state.allowed_verbs().contains(verb) {
            '.'
        } else if course.is_some_and(|course| !course.allows(*verb)) {
            's'
        } else {
            '+'
        }
    };
    CaseVerb::ALL.iter().map(cell).collect()
}

#[test]
fn every_stage_allows_exactly_its_verbs_in_every_state_of_the_case() {
    let mut table = "+ allowed, s refused by the stage, . refused by the state of the case\n".to_owned();
    for (column, verb) in CaseVerb::ALL.iter().enumerate() {
        writeln!(table, "{:>width$} {}", '|', verb.code(), width = 54 + column).unwrap();
    }
    for state in every_state() {
        let courses = courses_in(&state);
        if courses.is_empty() {
            writeln!(table, "{:52} {}", state_name(&state), cells(&state, None)).unwrap();
        }
        for course in &courses {
            let row = format!("{}, {}", state_name(&state), name(course));
            writeln!(table, "{row:52} {}", cells(&state, Some(course))).unwrap();
        }
    }
    assert_eq!(table, include_str!("grid.txt"), "read line by line:\n{table}");
}
