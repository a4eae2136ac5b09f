//! What a policy and a conference say about the service of a case, and what a record must say.

use serasi_domain::case::record::Aspect;
use serasi_domain::cluster::Cluster;
use serasi_domain::policy::Policy;
use serasi_proto::v1;
use serasi_tests::TestHub;
use serasi_tests::build::{facility, request_id};
use serasi_tests::status::{metadata, refusal, violated_fields};
use tonic::{Code, Status};

use crate::care::{Care, TEXT};
use crate::scene::{hub_with, import};

#[tokio::test]
async fn guidance_for_a_cluster_adds_aspects_and_limits_the_duration() {
    let mut policy = Policy::p7();
    policy
        .care
        .required_aspects
        .insert(Cluster::Anak, vec![Aspect::FamilyTracing]);
    policy.care.longest_days.insert(Cluster::Anak, 90);
    let hub = TestHub::with_policy(policy).await;
    import(&mut hub.coordinator(), vec![facility("A", "32.73.01", 4)]).await;
    let mut care = Care::admitted(&hub, "1").await;
    care.until(v1::Stage::Assessment).await;
    care.fill(v1::Stage::Assessment).await;
    let error = care.sign(v1::Stage::Assessment).await.unwrap_err();
    assert_eq!(
        metadata(&error, "missing"),
        "comprehensive_assessment of aspect family_tracing"
    );
    let traced = |duration_days| v1::RecordAssessmentRequest {
        aspects: vec![v1::AssessmentAspect::FamilyTracing as i32],
        duration_days,
        ..care.assessment(v1::AssessmentKind::Comprehensive)
    };
    let (long, right) = (traced(91), traced(90));
    let error = care.worker.cases.record_assessment(long).await.unwrap_err();
    assert_eq!(
        refusal(&error),
        (Code::FailedPrecondition, "DURATION_TOO_LONG".to_owned())
    );
    care.worker.cases.record_assessment(right).await.unwrap();
    care.sign(v1::Stage::Assessment).await.unwrap();
    hub.finish().await;
}

#[tokio::test]
async fn a_conference_decides_how_long_the_service_lasts() {
    let hub = hub_with(vec![facility("A", "32.73.01", 4)]).await;
    let mut care = Care::admitted(&hub, "1").await;
    care.until(v1::Stage::Implementation).await;
    let days = |case: &v1::Case| {
        let service = case.stages.last().unwrap();
        (service.due_time.unwrap().seconds - service.begin_time.unwrap().seconds) / 86_400
    };
    let planned = care.case().await;
    assert_eq!(days(&planned), 60);
    care.confer(20).await.unwrap();
    let shortened = care.case().await;
    assert_eq!(days(&shortened), 20);
    assert_eq!(shortened.next_deadline, shortened.stages.last().unwrap().due_time);
    hub.finish().await;
}

#[tokio::test]
async fn every_violation_of_a_record_is_told_at_once() {
    let hub = hub_with(vec![facility("A", "32.73.01", 4)]).await;
    let mut care = Care::admitted(&hub, "1").await;
    let fields = |error: Status| violated_fields(&error);
    let request = v1::RecordAssessmentRequest {
        case_id: care.case_id.clone(),
        kind: v1::AssessmentKind::Initial as i32,
        aspects: vec![v1::AssessmentAspect::Legal as i32],
        duration_days: 2000,
        ..v1::RecordAssessmentRequest::default()
    };
    let error = care.worker.cases.record_assessment(request).await.unwrap_err();
    assert_eq!(
        fields(error),
        [
            "aspects",
            "duration_days",
            "duration_days",
            "request_id",
            "profession",
            "text"
        ]
    );
    let request = v1::RecordPlanRequest {
        request_id: request_id(),
        case_id: care.case_id.clone(),
        part: v1::PlanPart::ServicePlan as i32,
        ..v1::RecordPlanRequest::default()
    };
    let error = care.worker.cases.record_plan(request).await.unwrap_err();
    assert_eq!(fields(error), ["bases", "funding", "profession", "text"]);
    let twice = v1::Indicator {
        kind: v1::IndicatorKind::Input as i32,
        achieved_percent: 101,
    };
    let request = v1::RecordIndicatorsRequest {
        request_id: request_id(),
        case_id: care.case_id.clone(),
        text: TEXT.to_owned(),
        profession: v1::Profession::Doctor as i32,
        indicators: vec![twice],
        version: 0,
    };
    let error = care.worker.cases.record_indicators(request).await.unwrap_err();
    assert_eq!(fields(error), ["indicators[0].achieved_percent"]);
    hub.finish().await;
}
