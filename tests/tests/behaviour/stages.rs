//! The seven stages of ATENSI: a stage moves only when the law lets it.

use std::fmt::Write;

use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::TestHub;
use serasi_tests::build::{facility, intake, request_id};
use serasi_tests::status::{metadata, refusal};
use tonic::Code;

use crate::care::{Care, STAGES, TEXT, events, let_the_deadline_pass};
use crate::scene::{eventually, hub_with};

fn refused(reason: &str) -> (Code, String) {
    (Code::FailedPrecondition, reason.to_owned())
}

async fn hub() -> TestHub {
    hub_with(vec![facility("A", "32.73.01", 4)]).await
}

#[tokio::test]
async fn a_case_goes_through_seven_signed_stages_to_its_end() {
    let hub = hub().await;
    let mut care = Care::admitted(&hub, "1").await;
    care.until(v1::Stage::Aftercare).await;
    let early = care.close(v1::CloseReason::Completed).await.unwrap_err();
    assert_eq!(refusal(&early), refused("NOT_TERMINATED"));
    care.fill(v1::Stage::Aftercare).await;
    let signed = care.sign(v1::Stage::Aftercare).await.unwrap();
    assert!(
        signed
            .stages
            .iter()
            .all(|stage| stage.signed_by.is_empty() && stage.workers.is_empty())
    );
    let closed = care.close(v1::CloseReason::Completed).await.unwrap();
    assert_eq!(
        (closed.state(), closed.close_reason(), closed.next_deadline),
        (v1::CaseState::Closed, v1::CloseReason::Completed, None)
    );
    let seen = care.case().await;
    let stages: Vec<_> = seen.stages.iter().map(v1::StageProgress::stage).collect();
    assert_eq!(stages, STAGES);
    for stage in &seen.stages {
        assert!(
            stage.sign_time.is_some() && !stage.signed_by.is_empty(),
            "{stage:?}"
        );
        assert_eq!(stage.workers.len(), 1, "{stage:?}");
        assert_ne!(stage.workers[0], stage.signed_by);
    }
    let told = events(&hub, &care.case_id).await;
    let count = |kind: &str| told.iter().filter(|told| *told == kind).count();
    assert_eq!((count("case.stage_signed"), count("case.stage_begun")), (7, 6));
    assert_eq!(told.last().unwrap(), "case.closed");
    hub.finish().await;
}

#[tokio::test]
async fn what_is_written_down_is_sealed() {
    let hub = hub().await;
    let mut care = Care::admitted(&hub, "1").await;
    care.until(v1::Stage::Implementation).await;
    let mut connection = hub.database.connect().await;
    for (table, column) in [("case_records", "content"), ("idempotency_keys", "response")] {
        let readable =
            format!("SELECT count(*) FROM {table} WHERE position(convert_to($1, 'UTF8') in {column}) > 0");
        let readable: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(readable))
            .bind("Melati setuju")
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert_eq!(readable, 0, "{table}");
    }
    hub.finish().await;
}

#[tokio::test]
async fn every_look_at_records_is_on_record_and_only_for_those_who_work_on_the_case() {
    let hub = hub().await;
    let mut care = Care::admitted(&hub, "1").await;
    care.until(v1::Stage::Implementation).await;
    let list = |kinds: Vec<i32>, page_size, page_token| v1::ListRecordsRequest {
        case_id: care.case_id.clone(),
        kinds,
        page_size,
        page_token,
    };
    let supervisor = &mut care.supervisor.cases;
    let plans = list(vec![v1::RecordKind::ServicePlan as i32], 0, String::new());
    let plans = supervisor.list_records(plans).await.unwrap().into_inner();
    let plan = &plans.records[0];
    assert_eq!((plans.records.len(), plan.text.as_str()), (1, TEXT));
    assert_eq!(
        (plan.stage(), plan.funding(), plan.episode),
        (v1::Stage::Planning, v1::FundingSource::Apbn, 1)
    );
    let mut found = 0;
    let mut token = String::new();
    loop {
        let page = supervisor
            .list_records(list(vec![], 3, token))
            .await
            .unwrap()
            .into_inner();
        found += page.records.len();
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(found, 8);
    let mut connection = hub.database.connect().await;
    let looks: i64 = sqlx::query_scalar("SELECT count(*) FROM audit_entries WHERE verb = 'ListRecords'")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(looks, 4);
    for (role, scope, code) in [
        (Role::SocialWorker, "33", Code::NotFound),
        (Role::HotlineOperator, "ID", Code::PermissionDenied),
    ] {
        let look = list(vec![], 0, String::new());
        let refused = hub.client(role, scope).cases.list_records(look).await;
        assert_eq!(refused.unwrap_err().code(), code, "{role}");
    }
    hub.finish().await;
}

#[tokio::test]
async fn nobody_signs_what_they_have_worked_on() {
    let hub = hub().await;
    let mut care = Care::admitted(&hub, "1").await;
    let own = care.assessment(v1::AssessmentKind::AccessReview);
    care.supervisor.cases.record_assessment(own).await.unwrap();
    let error = care.sign(v1::Stage::Access).await.unwrap_err();
    assert_eq!(refusal(&error), refused("OWN_WORK"));
    assert_eq!(metadata(&error, "article"), "P16 Ps.18(2)-(3)");
    care.supervisor = hub.client(Role::Supervisor, "32.73");
    care.sign(v1::Stage::Access).await.unwrap();
    let request = v1::SignOffStageRequest {
        request_id: request_id(),
        case_id: care.case_id.clone(),
        version: 0,
        stage: v1::Stage::Access as i32,
    };
    let worker = care.worker.cases.sign_off_stage(request).await.unwrap_err();
    assert_eq!(
        worker.code(),
        Code::PermissionDenied,
        "supervision competence is a role"
    );
    hub.finish().await;
}

#[tokio::test]
async fn each_stage_says_what_it_lacks_by_which_article() {
    let hub = hub().await;
    let mut care = Care::admitted(&hub, "1").await;
    let mut table = String::new();
    for (stage, next) in STAGES.iter().zip(&STAGES[1..]) {
        let error = care.sign(*stage).await.unwrap_err();
        assert_eq!(refusal(&error), refused("STAGE_INCOMPLETE"), "{stage:?}");
        let [stage_name, article, missing] = ["stage", "article", "missing"].map(|key| metadata(&error, key));
        writeln!(table, "{stage_name} {article}: {missing}").unwrap();
        care.fill(*stage).await;
        care.sign(*stage).await.unwrap();
        if *next == v1::Stage::Aftercare {
            break;
        }
        care.advance(false).await.unwrap();
    }
    let error = care
        .start_aftercare(v1::DischargeDestination::Family)
        .await
        .unwrap_err();
    assert_eq!(
        (refusal(&error), metadata(&error, "article").as_str()),
        (refused("STAGE_INCOMPLETE"), "P16 Ps.25")
    );
    insta::assert_snapshot!(table, @r"
    access P16 Ps.19: access_review
    initial_approach P16 Ps.20: initial_assessment; case_response or initial_agreement
    assessment P16 Ps.21: comprehensive_assessment of at least one aspect
    planning P16 Ps.22: resource_map; service_plan; joint_decision; duration_days in an assessment or a conference
    implementation P16 Ps.23: service
    monitoring P16 Ps.24(3): indicator input; indicator process; indicator output; indicator benefit; indicator impact
    ");
    hub.finish().await;
}

#[tokio::test]
async fn what_a_stage_does_not_allow_names_the_stage_the_article_and_what_is_allowed() {
    let hub = hub().await;
    let mut care = Care::admitted(&hub, "1").await;
    let error = care.advance(false).await.unwrap_err();
    assert_eq!(refusal(&error), refused("STAGE_STATE"));
    assert_eq!(
        (
            metadata(&error, "article").as_str(),
            metadata(&error, "stage").as_str()
        ),
        ("P16 Ps.19", "access")
    );
    assert_eq!(metadata(&error, "allowed"), "RecordAssessment,SignOffStage");
    let early = care.serve().await.unwrap_err();
    assert_eq!(refusal(&early), refused("STAGE_STATE"));
    let early = care.assess(v1::AssessmentKind::Comprehensive).await.unwrap_err();
    assert_eq!(refusal(&early), refused("STAGE_STATE"));
    let order = care.sign(v1::Stage::Planning).await.unwrap_err();
    assert_eq!(metadata(&order, "earlier"), "access");
    hub.finish().await;
}

#[tokio::test]
async fn a_signed_plan_is_closed_and_assessments_stay_open() {
    let hub = hub().await;
    let mut care = Care::admitted(&hub, "1").await;
    care.until(v1::Stage::Implementation).await;
    let sealed = care.plan(v1::PlanPart::ServicePlan).await.unwrap_err();
    assert_eq!(refusal(&sealed), refused("STAGE_STATE"));
    care.assess(v1::AssessmentKind::Initial).await.unwrap();
    care.assess(v1::AssessmentKind::Comprehensive).await.unwrap();
    let seen = care.case().await;
    assert_eq!(seen.stages.last().unwrap().stage(), v1::Stage::Implementation);
    hub.finish().await;
}

#[tokio::test]
async fn an_emergency_is_served_first_and_owes_its_paper_with_deadlines_that_call_the_next_owner() {
    let hub = hub().await;
    let mut care = Care::emergency(&hub, "1").await;
    let begun = care.advance(true).await.unwrap();
    let owed: Vec<_> = begun
        .stages
        .iter()
        .filter(|stage| stage.owed)
        .map(v1::StageProgress::stage)
        .collect();
    assert_eq!(owed, STAGES[..4]);
    assert!(begun.stages.iter().all(|stage| stage.due_time.is_some()));
    care.serve().await.unwrap();
    let early = care.sign(v1::Stage::Implementation).await.unwrap_err();
    assert_eq!(
        metadata(&early, "earlier"),
        "access",
        "the paper comes before the signature"
    );
    let_the_deadline_pass(&hub, &care.case_id).await;
    let coordinator = hub.coordinator();
    let look = || async { crate::scene::case(&mut coordinator.clone(), &care.case_id).await };
    let called = eventually(look, |case| case.escalations == 1).await;
    let owner = called.owner.unwrap();
    assert_eq!(
        (owner.kind(), owner.reference.as_str()),
        (v1::OwnerKind::Coordinator, "32.73")
    );
    let seen = crate::scene::case(&mut care.officer, &care.case_id).await;
    assert_eq!(
        seen.state(),
        v1::CaseState::InService,
        "the facility still sees whom it serves"
    );
    for stage in &STAGES[..4] {
        care.fill(*stage).await;
        care.sign(*stage).await.unwrap();
    }
    let back = care.case().await;
    assert_eq!(back.owner.unwrap().kind(), v1::OwnerKind::Facility);
    assert!(back.stages.iter().all(|stage| !stage.owed));
    care.sign(v1::Stage::Implementation).await.unwrap();
    hub.finish().await;
}

#[tokio::test]
async fn only_an_emergency_and_only_after_admission_is_served_before_its_paper() {
    let hub = hub().await;
    let mut regular = Care::admitted(&hub, "1").await;
    let error = regular.advance(true).await.unwrap_err();
    assert_eq!(refusal(&error), refused("NO_EMERGENCY"));
    assert_eq!(metadata(&error, "article"), "P16 Ps.10(5)");
    let report = v1::Intake {
        urgency: v1::Urgency::Emergency as i32,
        ..intake("2")
    };
    let mut expected = Care::placed(&hub, report).await;
    let error = expected.advance(true).await.unwrap_err();
    assert_eq!(refusal(&error), refused("NOT_ADMITTED"));
    expected.fill(v1::Stage::Access).await;
    expected.sign(v1::Stage::Access).await.unwrap();
    let deadline = expected.case().await.next_deadline;
    assert_eq!(
        deadline, expected.placement.admission_deadline_time,
        "the clock of the admission runs on"
    );
    hub.finish().await;
}
