//! The clock of a request, and what may be said to it.

use pbjson_types::Timestamp;
use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::status::{metadata, refusal, violated_fields};
use tonic::Code;

use super::{
    access, answer, asking, freeze, lift_danger, list, old_woman, record, report, set_danger, somebody,
};
use crate::scene::hub_with;

#[tokio::test]
async fn a_request_is_due_after_72_hours_and_then_overdue_by_the_databases_clock_until_it_is_answered() {
    let hub = hub_with(vec![]).await;
    let persons = report(&hub, old_woman("1")).await.persons;
    let mut rina = somebody(&hub, "rina", Role::SocialWorker);
    let late = access(&mut rina, &persons[0].person_id).await;
    let (received, due) = (late.receive_time.unwrap(), late.due_time.unwrap());
    assert_eq!(due.seconds - received.seconds, 72 * 60 * 60);
    assert_eq!((late.article.as_str(), late.overdue), ("UU 27/2022 Ps.32", false));
    let letter = v1::RecordSubjectRequestRequest {
        receive_time: Some(Timestamp {
            seconds: received.seconds - 60,
            nanos: 0,
        }),
        ..asking(&persons[1].person_id, v1::SubjectRequestKind::Restriction)
    };
    let earlier = record(&mut rina, letter).await.unwrap();
    assert_eq!(list(&mut rina, false).await, [earlier.clone(), late.clone()]);
    assert!(list(&mut rina, true).await.is_empty());

    let mut connection = hub.database.connect().await;
    sqlx::query(
        "UPDATE subject_requests SET received_at = now() - interval '72 hours', due_at = now() WHERE kind = 'access'",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    let overdue = list(&mut rina, true).await;
    assert_eq!(overdue.len(), 1);
    assert!(overdue[0].overdue && overdue[0].subject_request_id == late.subject_request_id);

    let mut budi = somebody(&hub, "budi", Role::Supervisor);
    let done = answer(&mut budi, &late, None).await.unwrap();
    assert_eq!(done.state(), v1::SubjectRequestState::Fulfilled);
    assert!(done.answerer.ends_with("#budi") && done.recorder.ends_with("#rina") && !done.overdue);
    assert!(list(&mut rina, true).await.is_empty());
    let again = answer(&mut budi, &late, None).await.unwrap_err();
    assert_eq!(refusal(&again).1, "SUBJECT_REQUEST_ANSWERED");
    let request = v1::ListSubjectRequestsRequest {
        kind: v1::SubjectRequestKind::Restriction as i32,
        open_only: true,
        ..v1::ListSubjectRequestsRequest::default()
    };
    let open = budi
        .subjects
        .list_subject_requests(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(open.subject_requests, [earlier]);
    hub.finish().await;
}

#[tokio::test]
async fn asking_again_does_not_start_the_clock_anew_and_half_an_answer_is_none() {
    let hub = hub_with(vec![]).await;
    let person = report(&hub, old_woman("1")).await.persons[0].person_id.clone();
    let mut rina = somebody(&hub, "rina", Role::Supervisor);
    let asked = access(&mut rina, &person).await;
    let again = asking(&person, v1::SubjectRequestKind::Access);
    let refused = record(&mut rina, again).await.unwrap_err();
    assert_eq!(
        refusal(&refused),
        (Code::FailedPrecondition, "SUBJECT_REQUEST_OPEN".to_owned())
    );
    let by_guardian = v1::RecordSubjectRequestRequest {
        requester: v1::SubjectRequester::Guardian as i32,
        ..asking(&person, v1::SubjectRequestKind::Access)
    };
    record(&mut rina, by_guardian.clone()).await.unwrap();
    let tomorrow = v1::RecordSubjectRequestRequest {
        request_id: serasi_tests::build::request_id(),
        kind: v1::SubjectRequestKind::Correction as i32,
        receive_time: Some(Timestamp {
            seconds: asked.due_time.unwrap().seconds,
            nanos: 0,
        }),
        ..by_guardian
    };
    let refused = record(&mut rina, tomorrow).await.unwrap_err();
    assert_eq!(violated_fields(&refused), ["receive_time"]);
    let nothing = v1::RecordSubjectRequestRequest {
        person_id: person,
        ..v1::RecordSubjectRequestRequest::default()
    };
    let refused = record(&mut rina, nothing).await.unwrap_err();
    assert_eq!(violated_fields(&refused), ["request_id", "kind", "requester"]);

    for (state, refusal, field) in [
        (v1::SubjectRequestState::Refused, 0, "refusal"),
        (v1::SubjectRequestState::Fulfilled, 1, "refusal"),
        (v1::SubjectRequestState::Open, 0, "answer"),
    ] {
        let request = v1::AnswerSubjectRequestRequest {
            request_id: serasi_tests::build::request_id(),
            subject_request_id: asked.subject_request_id.clone(),
            answer: state as i32,
            refusal,
        };
        let refused = rina.subjects.answer_subject_request(request).await.unwrap_err();
        assert_eq!(violated_fields(&refused), [field]);
    }
    hub.finish().await;
}

#[tokio::test]
async fn a_guardian_who_is_the_suspect_is_refused_with_article_33_and_only_a_second_person_lifts_the_danger()
{
    let hub = hub_with(vec![]).await;
    let person = report(&hub, old_woman("1")).await.persons[0].person_id.clone();
    let mut rina = somebody(&hub, "rina", Role::Supervisor);
    let suspect = v1::RecordSubjectRequestRequest {
        requester: v1::SubjectRequester::Guardian as i32,
        access_endangers: true,
        ..asking(&person, v1::SubjectRequestKind::Access)
    };
    let asked = record(&mut rina, suspect).await.unwrap();
    let refused = answer(&mut rina, &asked, None).await.unwrap_err();
    let endangered = (Code::FailedPrecondition, "SUBJECT_ENDANGERED".to_owned());
    assert_eq!(refusal(&refused), endangered);
    assert_eq!(metadata(&refused, "article"), "UU 27/2022 Ps.33");
    let reason = Some(v1::SubjectRefusal::Endangers);
    let told = answer(&mut rina, &asked, reason).await.unwrap();
    assert_eq!(told.article, "UU 27/2022 Ps.33 huruf a");

    let refused = lift_danger(&mut rina, &person).await.unwrap_err();
    assert_eq!(refusal(&refused).1, "SUBJECT_OWN_DANGER");
    assert!(freeze(&mut rina, &person).await.access_endangers);
    let mut budi = somebody(&hub, "budi", Role::Supervisor);
    assert!(!lift_danger(&mut budi, &person).await.unwrap().access_endangers);
    assert!(set_danger(&mut budi, &person).await.access_endangers);
    hub.finish().await;
}

#[tokio::test]
async fn the_database_keeps_no_request_with_another_time_and_no_answer_without_who_gave_it() {
    let hub = hub_with(vec![]).await;
    let person = report(&hub, old_woman("1")).await.persons[0].person_id.clone();
    access(&mut somebody(&hub, "rina", Role::Supervisor), &person).await;
    let mut connection = hub.database.connect().await;
    for (statement, constraint) in [
        (
            "UPDATE subject_requests SET due_at = due_at + interval '1 second'",
            "subject_requests_are_due_in_three_days",
        ),
        (
            "UPDATE subject_requests SET state = 'fulfilled', answered_at = now()",
            "subject_requests_answer_fits_state",
        ),
        (
            "INSERT INTO subject_requests SELECT region_code, gen_random_uuid(), version, case_id, person_id, kind,
                 requester, state, received_at, due_at, recorded_by FROM subject_requests",
            "subject_requests_one_open",
        ),
    ] {
        let refused = sqlx::query(statement).execute(&mut connection).await.unwrap_err();
        assert!(refused.to_string().contains(constraint), "{refused}");
    }
    hub.finish().await;
}
