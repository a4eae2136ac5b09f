//! Requests of the service for the rights of persons.

use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::TestHub;

use super::samples::{Sample, days_ago, id};
use super::stage::{HERE, Stage};
use crate::subjects;

/// A request about the person of `case` that nothing more can be done to.
pub(super) async fn refused_request(hub: &TestHub, case: &str) -> v1::SubjectRequest {
    let mut supervisor = hub.client(Role::Supervisor, HERE);
    let seen = crate::scene::case(&mut supervisor, case).await;
    let asked = subjects::access(&mut supervisor, &seen.persons[0].person_id).await;
    let refusal = Some(v1::SubjectRefusal::DisclosesOthers);
    subjects::answer(&mut supervisor, &asked, refusal).await.unwrap()
}

pub(super) fn sample(method: &str, stage: &Stage) -> Option<Sample> {
    let person_id = || stage.asked.person_id.clone();
    let request_id = id();
    let sample = match method {
        "RecordSubjectRequest" => Sample::of(&v1::RecordSubjectRequestRequest {
            request_id,
            person_id: person_id(),
            kind: v1::SubjectRequestKind::Correction as i32,
            requester: v1::SubjectRequester::Person as i32,
            ..v1::RecordSubjectRequestRequest::default()
        }),
        "AnswerSubjectRequest" => {
            let subject_request_id = stage.asked.subject_request_id.clone();
            let answer = v1::AnswerSubjectRequestRequest {
                request_id,
                subject_request_id: subject_request_id.clone(),
                answer: v1::SubjectRequestState::Fulfilled as i32,
                refusal: 0,
            };
            return Some(Sample::of(&answer).about(&subject_request_id));
        }
        "ListSubjectRequests" => {
            let list = Sample::of(&v1::ListSubjectRequestsRequest::default());
            return Some(list.shows(&stage.asked.subject_request_id));
        }
        "ListAffectedSubjects" => {
            let list = Sample::of(&v1::ListAffectedSubjectsRequest {
                verb: "AcceptOffer".to_owned(),
                from_time: Some(days_ago(1)),
                discover_time: Some(days_ago(0)),
                ..v1::ListAffectedSubjectsRequest::default()
            });
            return Some(list.shows(&stage.asked.case_id));
        }
        "ExportSubject" => Sample::of(&v1::ExportSubjectRequest {
            person_id: person_id(),
            ..v1::ExportSubjectRequest::default()
        }),
        "FreezeSubject" => Sample::of(&v1::FreezeSubjectRequest {
            request_id,
            person_id: person_id(),
        }),
        "UnfreezeSubject" => Sample::of(&v1::UnfreezeSubjectRequest {
            request_id,
            person_id: person_id(),
        }),
        "SetAccessDanger" => Sample::of(&v1::SetAccessDangerRequest {
            request_id,
            person_id: person_id(),
        }),
        "LiftAccessDanger" => Sample::of(&v1::LiftAccessDangerRequest {
            request_id,
            person_id: person_id(),
        }),
        _ => return None,
    };
    Some(sample.about(&person_id()))
}
