//! The rights of persons over their own data (UU 27/2022), and the list for the notice of a breach.

#[path = "subjects/breach.rs"]
mod breach;
#[path = "subjects/export.rs"]
mod export;
#[path = "subjects/freeze.rs"]
mod freeze;
#[path = "subjects/measure.rs"]
mod measure;
#[path = "subjects/requests.rs"]
mod requests;

use pbjson_types::Timestamp;
use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::build::{intake, request_id, submit};
use serasi_tests::{Client, TestHub};
use tonic::Status;

use crate::scene::case;

const HERE: &str = "32.73";

/// Somebody of Kota Bandung who comes more than once.
fn somebody(hub: &TestHub, who: &str, role: Role) -> Client {
    hub.with_token(Some(&hub.token_of(who, &[role], HERE, None)))
}

/// An old woman and her grandson of age, in a case that is not confidential.
fn old_woman(reference: &str) -> v1::Intake {
    v1::Intake {
        cluster: v1::Cluster::Lansia as i32,
        story: "Kenanga Kenari dan cucunya Waluyo Rahmat (0812-0000-0002, 081200000002) tinggal di gubuk; \
                dilaporkan Sasmita."
            .to_owned(),
        location_note: "Di belakang rumah Waluyo.".to_owned(),
        reporter: Some(v1::Reporter {
            name: "Sasmita Pelapor".to_owned(),
            phone: "081200000003".to_owned(),
            ..v1::Reporter::default()
        }),
        persons: vec![
            v1::Person {
                nik: "3273015006460007".to_owned(),
                name: "Kenanga Kenari".to_owned(),
                birth_date: "1946-06-10".to_owned(),
                phone: "081299988877".to_owned(),
                address: "Gang Mawar 17".to_owned(),
                mother_name: "Dahlia Kenari".to_owned(),
                ..v1::Person::default()
            },
            v1::Person {
                nik: "3273011006960008".to_owned(),
                name: "Waluyo Rahmat".to_owned(),
                birth_date: "1996-06-10".to_owned(),
                phone: "081200000002".to_owned(),
                address: "Gubuk Waluyo 3".to_owned(),
                ..v1::Person::default()
            },
        ],
        ..intake(reference)
    }
}

/// Reports it, without asking a facility; the case as who works on it sees it.
async fn report(hub: &TestHub, told: v1::Intake) -> v1::Case {
    let mut hotline = hub.client(Role::HotlineOperator, "ID");
    let region = told.region_code.get(..5).unwrap().to_owned();
    let request = v1::SubmitIntakeRequest {
        route_later: true,
        ..submit(told)
    };
    let answer = hotline.intake.submit_intake(request).await.unwrap().into_inner();
    let id = answer.case.unwrap().case_id;
    case(&mut hub.client(Role::SocialWorker, &region), &id).await
}

fn asking(person: &str, kind: v1::SubjectRequestKind) -> v1::RecordSubjectRequestRequest {
    v1::RecordSubjectRequestRequest {
        request_id: request_id(),
        person_id: person.to_owned(),
        kind: kind as i32,
        requester: v1::SubjectRequester::Person as i32,
        ..v1::RecordSubjectRequestRequest::default()
    }
}

async fn record(
    client: &mut Client,
    request: v1::RecordSubjectRequestRequest,
) -> Result<v1::SubjectRequest, Status> {
    let recorded = client.subjects.record_subject_request(request).await?;
    Ok(recorded.into_inner().subject_request.unwrap())
}

/// The person asks to see their data.
pub(crate) async fn access(client: &mut Client, person: &str) -> v1::SubjectRequest {
    let request = asking(person, v1::SubjectRequestKind::Access);
    record(client, request).await.unwrap()
}

/// `None` = it was done.
pub(crate) async fn answer(
    client: &mut Client,
    asked: &v1::SubjectRequest,
    refusal: Option<v1::SubjectRefusal>,
) -> Result<v1::SubjectRequest, Status> {
    let state = match refusal {
        Some(_) => v1::SubjectRequestState::Refused,
        None => v1::SubjectRequestState::Fulfilled,
    };
    let request = v1::AnswerSubjectRequestRequest {
        request_id: request_id(),
        subject_request_id: asked.subject_request_id.clone(),
        answer: state as i32,
        refusal: refusal.map_or(0, |refusal| refusal as i32),
    };
    let answered = client.subjects.answer_subject_request(request).await?;
    Ok(answered.into_inner().subject_request.unwrap())
}

pub(crate) async fn list(client: &mut Client, overdue_only: bool) -> Vec<v1::SubjectRequest> {
    let request = v1::ListSubjectRequestsRequest {
        overdue_only,
        ..v1::ListSubjectRequestsRequest::default()
    };
    let listed = client.subjects.list_subject_requests(request).await.unwrap();
    listed.into_inner().subject_requests
}

pub(crate) async fn export(client: &mut Client, person: &str) -> Result<v1::ExportSubjectResponse, Status> {
    let request = v1::ExportSubjectRequest {
        person_id: person.to_owned(),
        page_size: 200,
        page_token: String::new(),
    };
    Ok(client.subjects.export_subject(request).await?.into_inner())
}

pub(crate) async fn freeze(client: &mut Client, person: &str) -> v1::SubjectStatus {
    let request = v1::FreezeSubjectRequest {
        request_id: request_id(),
        person_id: person.to_owned(),
    };
    let done = client.subjects.freeze_subject(request).await.unwrap();
    done.into_inner().status.unwrap()
}

pub(crate) async fn unfreeze(client: &mut Client, person: &str) -> v1::SubjectStatus {
    let request = v1::UnfreezeSubjectRequest {
        request_id: request_id(),
        person_id: person.to_owned(),
    };
    let done = client.subjects.unfreeze_subject(request).await.unwrap();
    done.into_inner().status.unwrap()
}

pub(crate) async fn set_danger(client: &mut Client, person: &str) -> v1::SubjectStatus {
    let request = v1::SetAccessDangerRequest {
        request_id: request_id(),
        person_id: person.to_owned(),
    };
    let done = client.subjects.set_access_danger(request).await.unwrap();
    done.into_inner().status.unwrap()
}

pub(crate) async fn lift_danger(client: &mut Client, person: &str) -> Result<v1::SubjectStatus, Status> {
    let request = v1::LiftAccessDangerRequest {
        request_id: request_id(),
        person_id: person.to_owned(),
    };
    let done = client.subjects.lift_access_danger(request).await?;
    Ok(done.into_inner().status.unwrap())
}

/// Since long ago.
pub(crate) async fn affected(
    client: &mut Client,
    principal: &str,
    verb: &str,
) -> v1::ListAffectedSubjectsResponse {
    let request = v1::ListAffectedSubjectsRequest {
        principal: principal.to_owned(),
        verb: verb.to_owned(),
        from_time: Some(Timestamp::default()),
        discover_time: Some(Timestamp {
            seconds: 1_793_500_000,
            nanos: 0,
        }),
        ..v1::ListAffectedSubjectsRequest::default()
    };
    let listed = client.subjects.list_affected_subjects(request).await.unwrap();
    listed.into_inner()
}
