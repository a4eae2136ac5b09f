//! The stage machine, stage by stage and verb by verb.

use time::{Duration, OffsetDateTime};

use super::*;
use crate::case::record::{DurationDays, IndicatorKind, RecordFact};

mod grid;

const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

/// Each stage has as many days as its place in the row.
fn clock(stage: Stage, from: OffsetDateTime) -> OffsetDateTime {
    from + Duration::days(day(stage))
}

fn day(stage: Stage) -> i64 {
    i64::try_from(Stage::ALL.iter().position(|one| *one == stage).unwrap()).unwrap() + 1
}

fn by(name: &str) -> Signature {
    Signature {
        by: WorkerId::new(name),
        at: NOW,
    }
}

/// Everything that every stage needs, by one worker.
fn whole_file() -> CaseFile {
    let facts = RecordKind::ALL.iter().map(|kind| RecordFact {
        aspects: Aspect::ALL
            .iter()
            .copied()
            .filter(|_| *kind == RecordKind::ComprehensiveAssessment)
            .collect(),
        indicators: IndicatorKind::ALL
            .iter()
            .copied()
            .filter(|_| *kind == RecordKind::Indicators)
            .collect(),
        sets_duration: *kind == RecordKind::CaseConference,
        ..RecordFact::new(*kind, WorkerId::new("peksos"))
    });
    CaseFile::new(facts.collect())
}

/// The course at each stage, not signed and signed.
fn every_course() -> Vec<Course> {
    let mut course = Course::begin(NOW);
    let mut courses = vec![];
    loop {
        courses.push(course.clone());
        let stage = course.current().stage;
        course = course.sign(stage, by("supervisor"), &whole_file(), &[]).unwrap();
        courses.push(course.clone());
        course = match stage {
            Stage::Aftercare => return courses,
            Stage::Monitoring => course.start_aftercare(&whole_file(), NOW, &clock).unwrap(),
            Stage::Access
            | Stage::InitialApproach
            | Stage::Assessment
            | Stage::Planning
            | Stage::Implementation => course.advance(NOW, &clock).unwrap(),
        };
    }
}

fn name(course: &Course) -> String {
    let state = if course.current().signed.is_some() {
        "signed"
    } else {
        "open"
    };
    format!("{} {state}", course.current().stage)
}

#[test]
fn each_stage_allows_exactly_its_verbs() {
    let table: String = every_course()
        .iter()
        .map(|course| {
            let verbs: Vec<_> = STAGE_VERBS.iter().filter(|verb| course.allows(**verb)).collect();
            let verbs: Vec<_> = verbs.iter().map(|verb| verb.code()).collect();
            format!("{}: {}\n", name(course), verbs.join(" "))
        })
        .collect();
    insta::assert_snapshot!(table, @r"
    access open: RecordAssessment SignOffStage
    access signed: RecordAssessment AdvanceStage
    initial_approach open: RecordAssessment RecordPlan SignOffStage
    initial_approach signed: RecordAssessment RecordPlan AdvanceStage
    assessment open: RecordAssessment RecordPlan SignOffStage
    assessment signed: RecordAssessment RecordPlan AdvanceStage
    planning open: RecordAssessment RecordPlan RecordConference SignOffStage
    planning signed: RecordAssessment RecordPlan RecordConference AdvanceStage
    implementation open: RecordAssessment RecordPlan RecordConference RecordService RecordIndicators SignOffStage
    implementation signed: RecordAssessment RecordPlan RecordConference RecordService RecordIndicators AdvanceStage
    monitoring open: RecordAssessment RecordPlan RecordConference RecordService RecordIndicators SignOffStage
    monitoring signed: RecordAssessment RecordPlan RecordConference RecordService RecordIndicators StartAftercare
    aftercare open: RecordAssessment RecordPlan RecordConference RecordService RecordIndicators SignOffStage
    aftercare signed: RecordAssessment RecordPlan RecordConference RecordService RecordIndicators
    ");
}

#[test]
fn each_stage_takes_exactly_its_records() {
    let table: String = every_course()
        .iter()
        .map(|course| {
            let kinds = RecordKind::ALL
                .iter()
                .filter(|kind| course.must_take(**kind).is_ok());
            let kinds: Vec<_> = kinds.map(|kind| kind.code()).collect();
            format!("{}: {}\n", name(course), kinds.join(" "))
        })
        .collect();
    insta::assert_snapshot!(table, @r"
    access open: access_review
    access signed: 
    initial_approach open: initial_assessment case_response initial_agreement
    initial_approach signed: initial_assessment
    assessment open: initial_assessment comprehensive_assessment
    assessment signed: initial_assessment comprehensive_assessment
    planning open: initial_assessment comprehensive_assessment resource_map service_plan joint_decision case_conference family_conference
    planning signed: initial_assessment comprehensive_assessment case_conference family_conference
    implementation open: initial_assessment comprehensive_assessment case_conference family_conference service indicators
    implementation signed: initial_assessment comprehensive_assessment case_conference family_conference service indicators
    monitoring open: initial_assessment comprehensive_assessment case_conference family_conference service indicators aftercare_assessment
    monitoring signed: initial_assessment comprehensive_assessment case_conference family_conference service indicators aftercare_assessment
    aftercare open: initial_assessment comprehensive_assessment case_conference family_conference service indicators aftercare_assessment termination
    aftercare signed: initial_assessment comprehensive_assessment case_conference family_conference service indicators aftercare_assessment
    ");
}

#[test]
fn assessments_stay_open_after_the_last_signature() {
    let course = every_course().pop().unwrap();
    for kind in [
        RecordKind::InitialAssessment,
        RecordKind::ComprehensiveAssessment,
        RecordKind::AftercareAssessment,
    ] {
        assert_eq!(course.must_take(kind), Ok(()));
    }
    let sealed = course.must_take(RecordKind::ServicePlan);
    assert!(matches!(sealed, Err(StageRefusal::Sealed { .. })));
}

#[test]
fn nobody_signs_what_they_have_worked_on() {
    let refused = Course::begin(NOW)
        .sign(Stage::Access, by("peksos"), &whole_file(), &[])
        .unwrap_err();
    assert_eq!(refused, StageRefusal::OwnWork { stage: Stage::Access });
    assert_eq!(refused.article(), Article::P16Ps18Ay2);
}

#[test]
fn a_stage_is_signed_once_complete_and_in_order() {
    let course = Course::begin(NOW);
    let empty = CaseFile::default();
    let refused = course
        .clone()
        .sign(Stage::Access, by("s"), &empty, &[])
        .unwrap_err();
    assert!(matches!(
        refused,
        StageRefusal::Incomplete {
            stage: Stage::Access,
            ..
        }
    ));
    let later = course
        .clone()
        .sign(Stage::Planning, by("s"), &whole_file(), &[])
        .unwrap_err();
    assert!(matches!(
        later,
        StageRefusal::OutOfOrder {
            earlier: Stage::Access,
            ..
        }
    ));
    let signed = course.sign(Stage::Access, by("s"), &whole_file(), &[]).unwrap();
    let again = signed.clone().sign(Stage::Access, by("s"), &whole_file(), &[]);
    assert_eq!(again, Err(StageRefusal::SignedAlready { stage: Stage::Access }));
    let not_begun = signed
        .sign(Stage::InitialApproach, by("s"), &whole_file(), &[])
        .unwrap_err();
    assert!(matches!(
        not_begun,
        StageRefusal::Illegal {
            verb: CaseVerb::SignOffStage,
            ..
        }
    ));
}

#[test]
fn an_emergency_is_served_first_and_owes_the_stages_before_each_with_its_deadline() {
    let course = Course::begin(NOW).respond_first(NOW, &clock).unwrap();
    assert_eq!(course.current().stage, Stage::Implementation);
    let owed: Vec<_> = course.owed().map(|begun| (begun.stage, begun.due_at)).collect();
    let expected = [
        Stage::Access,
        Stage::InitialApproach,
        Stage::Assessment,
        Stage::Planning,
    ];
    assert_eq!(owed, expected.map(|stage| (stage, Some(clock(stage, NOW)))));
    assert_eq!(course.next_due(&clock), Some(NOW + Duration::DAY));
    let early = course
        .clone()
        .sign(Stage::Implementation, by("s"), &whole_file(), &[])
        .unwrap_err();
    assert!(matches!(
        early,
        StageRefusal::OutOfOrder {
            earlier: Stage::Access,
            ..
        }
    ));
    let mut course = course;
    for stage in expected {
        course = course.sign(stage, by("s"), &whole_file(), &[]).unwrap();
    }
    assert_eq!(course.owed().count(), 0);
    assert_eq!(course.next_due(&clock), Some(clock(Stage::Implementation, NOW)));
    assert!(course.respond_first(NOW, &clock).is_err(), "service has begun");
}

#[test]
fn every_course_with_running_clocks_has_a_next_deadline() {
    for course in every_course() {
        let course = course.start_clocks(NOW, &clock);
        assert!(course.next_due(&clock).is_some(), "{}", name(&course));
    }
    assert_eq!(
        Course::begin(NOW).next_due(&clock),
        None,
        "before admission its own clock runs"
    );
}

#[test]
fn a_conference_decides_how_long_the_service_lasts() {
    let days = DurationDays::try_from(40).unwrap();
    let planned = Course::begin(NOW).last_until(days);
    assert_eq!(planned.current().due_at, None, "the service has not begun");
    let served = Course::begin(NOW)
        .respond_first(NOW, &clock)
        .unwrap()
        .last_until(days);
    assert_eq!(served.current().due_at, Some(NOW + Duration::days(40)));
}

#[test]
fn only_a_run_of_stages_from_the_first_one_is_a_course() {
    let begun = |stage| Begun {
        stage,
        begun_at: NOW,
        due_at: None,
        signed: None,
    };
    assert!(Course::of(vec![begun(Stage::Access), begun(Stage::InitialApproach)]).is_some());
    assert_eq!(
        Course::of(vec![begun(Stage::Access), begun(Stage::Planning)]),
        None
    );
    assert_eq!(Course::of(vec![]), None);
}
