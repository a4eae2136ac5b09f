//! What a person is given of themselves, and what of others never.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::binary;
use serasi_tests::build::{facility, request_id};
use serasi_tests::status::{metadata, refusal};
use tonic::{Code, Status};

use super::{
    HERE, access, answer, asking, export, freeze, lift_danger, old_woman, record, report, set_danger,
    somebody,
};
use crate::scene::hub_with;

fn assert_refused(refused: &Status, reason: &str) {
    assert_eq!(refusal(refused), (Code::FailedPrecondition, reason.to_owned()));
}

#[tokio::test]
async fn an_export_holds_everything_of_the_person_and_nothing_of_anybody_else() {
    let hub = hub_with(vec![facility("A", "32.73.01", 5)]).await;
    let told = v1::Intake {
        need: Some(v1::Need {
            excluded_region_codes: vec!["32.04".to_owned()],
            ..v1::Need::default()
        }),
        ..old_woman("kunci-pelapor")
    };
    let case = report(&hub, told).await;
    let (person, other) = (&case.persons[0].person_id, &case.persons[1].person_id);
    access(&mut somebody(&hub, "rina", Role::Supervisor), other).await;
    access(&mut somebody(&hub, "rina", Role::Supervisor), person).await;
    let mut budi = somebody(&hub, "budi", Role::Coordinator);
    let given = export(&mut budi, person).await.unwrap();
    let text = format!("{given:?}");
    for own in [
        "Kenanga Kenari",
        "3273015006460007",
        "1946-06-10",
        "081299988877",
        "Gang Mawar 17",
        "tinggal di gubuk",
        "Di belakang rumah ***.",
        "RecordSubjectRequest",
        "SubmitIntake",
        "#rina",
    ] {
        assert!(text.contains(own), "{own} is missing: {text}");
    }
    for others in [
        "Waluyo",
        "Rahmat",
        "3273011006960008",
        "1996-06-10",
        "081200000002",
        "081200000003",
        "Sasmita",
        "kunci-pelapor",
        "32.04",
        other,
    ] {
        assert!(!text.contains(others), "{others} is told");
    }
    let record = &given.records[0];
    assert_eq!((record.other_persons, given.records_elsewhere), (1, 0));
    assert_eq!(record.requests.len(), 1);
    assert_eq!(given.trail[0].verb, "ExportSubject", "this look is in the trail");
    hub.finish().await;
}

#[tokio::test]
async fn it_holds_every_case_of_the_same_nik_but_not_of_other_regions_and_names() {
    let hub = hub_with(vec![]).await;
    let person = report(&hub, old_woman("1")).await.persons[0].person_id.clone();
    let second = report(&hub, old_woman("2")).await;
    let mut elsewhere = old_woman("3");
    "33.74.01".clone_into(&mut elsewhere.region_code);
    report(&hub, elsewhere).await;
    let mut stranger = old_woman("4");
    "Ratna Sari".clone_into(&mut stranger.persons[0].name);
    report(&hub, stranger).await;
    let mut budi = somebody(&hub, "budi", Role::Supervisor);
    // What is suspended is still theirs.
    freeze(&mut budi, &second.persons[0].person_id).await;
    access(&mut somebody(&hub, "rina", Role::Supervisor), &person).await;
    let given = export(&mut budi, &person).await.unwrap();
    assert_eq!((given.records.len(), given.records_elsewhere), (2, 2));
    assert_eq!(given.records[1].case.as_ref().unwrap().case_id, second.case_id);
    assert!(given.records[1].frozen && !format!("{given:?}").contains("Ratna"));
    assert!(given.trail.iter().any(|step| step.subject_id == second.case_id));

    // Danger in one of the cases is danger in all of them.
    set_danger(&mut budi, &second.persons[0].person_id).await;
    let refused = export(&mut budi, &person).await.unwrap_err();
    assert_refused(&refused, "SUBJECT_ENDANGERED");
    hub.finish().await;
}

#[tokio::test]
async fn without_an_open_request_or_in_danger_nothing_is_exported_and_an_open_glass_is_no_way_round() {
    let hub = hub_with(vec![]).await;
    // A child: masked for a supervisor.
    let case = report(&hub, serasi_tests::build::intake("1")).await;
    let person = &case.persons[0].person_id;
    let mut rina = somebody(&hub, "rina", Role::Supervisor);
    let mut budi = somebody(&hub, "budi", Role::Supervisor);
    let glass = v1::OpenBreakGlassRequest {
        request_id: request_id(),
        case_id: case.case_id.clone(),
        reason: v1::BreakGlassReason::Danger as i32,
        text: "Keluarga mengancam menjemput paksa.".to_owned(),
        minutes: 5,
    };
    budi.audit.open_break_glass(glass).await.unwrap();
    let refused = export(&mut budi, person).await.unwrap_err();
    assert_refused(&refused, "SUBJECT_NO_OPEN_REQUEST");

    let asked = access(&mut rina, person).await;
    let refused = export(&mut rina, person).await.unwrap_err();
    assert_refused(&refused, "SUBJECT_OWN_REQUEST");
    export(&mut budi, person).await.unwrap();

    set_danger(&mut rina, person).await;
    let refused = export(&mut budi, person).await.unwrap_err();
    assert_refused(&refused, "SUBJECT_ENDANGERED");
    assert_eq!(metadata(&refused, "article"), "UU 27/2022 Ps.33");
    lift_danger(&mut budi, person).await.unwrap();
    answer(&mut rina, &asked, None).await.unwrap();
    let refused = export(&mut budi, person).await.unwrap_err();
    assert_refused(&refused, "SUBJECT_NO_OPEN_REQUEST");
    hub.finish().await;
}

#[tokio::test]
async fn who_hides_from_somebody_is_exported_to_nobody_but_themselves() {
    let hub = hub_with(vec![]).await;
    let mut hiding = old_woman("1");
    hiding.need = Some(v1::Need {
        excluded_region_codes: vec!["32.04".to_owned()],
        ..v1::Need::default()
    });
    let person = report(&hub, hiding).await.persons[0].person_id.clone();
    let mut rina = somebody(&hub, "rina", Role::Supervisor);
    let mut budi = somebody(&hub, "budi", Role::Supervisor);
    let by_guardian = v1::RecordSubjectRequestRequest {
        requester: v1::SubjectRequester::Guardian as i32,
        ..asking(&person, v1::SubjectRequestKind::Access)
    };
    record(&mut rina, by_guardian).await.unwrap();
    let refused = export(&mut budi, &person).await.unwrap_err();
    assert_refused(&refused, "SUBJECT_ENDANGERED");
    access(&mut rina, &person).await;
    export(&mut budi, &person).await.unwrap();
    hub.finish().await;
}

#[tokio::test]
async fn pages_of_the_trail_hold_each_step_once_and_the_records_come_first() {
    let hub = hub_with(vec![]).await;
    let case = report(&hub, old_woman("1")).await;
    let person = &case.persons[0].person_id;
    let mut worker = hub.client(Role::SocialWorker, HERE);
    for _ in 0..6 {
        crate::scene::case(&mut worker, &case.case_id).await;
    }
    access(&mut somebody(&hub, "rina", Role::Supervisor), person).await;
    let mut budi = somebody(&hub, "budi", Role::Supervisor);
    let mut request = v1::ExportSubjectRequest {
        person_id: person.clone(),
        page_size: 2,
        page_token: String::new(),
    };
    let mut steps = vec![];
    let mut records = vec![];
    loop {
        let page = budi
            .subjects
            .export_subject(request.clone())
            .await
            .unwrap()
            .into_inner();
        records.push(page.records.len());
        steps.extend(
            page.trail
                .into_iter()
                .map(|step| (step.time.unwrap().seconds, step.verb)),
        );
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    assert!(records.len() > 3 && records[0] == 1 && records[1..].iter().all(|count| *count == 0));
    let verbs: Vec<&str> = steps.iter().map(|(_, verb)| verb.as_str()).collect();
    let looks = ["GetCase"; 7];
    let expected = [
        &["ExportSubject", "RecordSubjectRequest"],
        &looks[..],
        &["SubmitIntake"],
    ]
    .concat();
    assert_eq!(verbs, expected);
    hub.finish().await;
}

#[tokio::test]
async fn the_command_writes_one_document_that_nobody_else_may_read_and_overwrites_nothing() {
    let hub = hub_with(vec![]).await;
    let person = report(&hub, old_woman("1")).await.persons[0].person_id.clone();
    access(&mut somebody(&hub, "rina", Role::Supervisor), &person).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data.json");
    let url = format!("http://{}", hub.address());
    let token = hub.token(&[Role::Supervisor], HERE, None);
    let run = || {
        let mut command = Command::new(binary());
        command.args([
            "subject", "export", &person, "--hub", &url, "--token", &token, "--out",
        ]);
        command.arg(&file);
        command
    };
    let mut first = run();
    let written = tokio::task::spawn_blocking(move || first.output().unwrap())
        .await
        .unwrap();
    let told = String::from_utf8(written.stdout).unwrap() + &String::from_utf8(written.stderr).unwrap();
    assert!(written.status.success() && !told.contains("Kenanga"), "{told}");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let read: v1::ExportSubjectResponse = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(read.records[0].person.as_ref().unwrap().name, "Kenanga Kenari");
    let ids: BTreeSet<_> = read.trail.iter().map(|step| &step.subject_id).collect();
    assert!(ids.contains(&person));
    let mut second = run();
    let again = tokio::task::spawn_blocking(move || second.output().unwrap())
        .await
        .unwrap();
    assert_eq!(again.status.code(), Some(2));
    hub.finish().await;
}
