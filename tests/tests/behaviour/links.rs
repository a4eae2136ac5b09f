//! Before the form is filled: is this somebody, or something, on record already?

use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::build::{child, facility, intake, request_id, submit};
use serasi_tests::status::{refusal, violated_fields};
use serasi_tests::{Client, TestHub};
use tonic::Code;

use crate::scene::hub_with;

const NIK: &str = "3273014107160001";

fn hotline(hub: &TestHub) -> Client {
    hub.client(Role::HotlineOperator, "51.71")
}

async fn report(client: &mut Client, intake: v1::Intake) -> v1::SubmitIntakeResponse {
    client
        .intake
        .submit_intake(submit(intake))
        .await
        .unwrap()
        .into_inner()
}

async fn ask(client: &mut Client, request: v1::ProposeLinksRequest) -> Vec<v1::LinkProposal> {
    let found = client.intake.propose_links(request).await.unwrap();
    found.into_inner().proposals
}

fn levels(proposal: &v1::LinkProposal) -> Vec<(&str, &str)> {
    let reasons = proposal.reasons.iter();
    let told = reasons.map(|reason| (reason.field.as_str(), reason.level.as_str()));
    told.filter(|(field, _)| *field != "household").collect()
}

fn full() -> v1::Person {
    v1::Person {
        nik: NIK.to_owned(),
        name: "Melati Kenangasari".to_owned(),
        birth_date: "2016-07-01".to_owned(),
        phone: "081200000007".to_owned(),
        ..child()
    }
}

#[tokio::test]
async fn a_person_is_found_by_any_field_in_any_region_and_only_that_there_is_a_case_is_shown() {
    let hub = hub_with(vec![facility("A", "32.73.01", 5)]).await;
    let mut elsewhere = hub.client(Role::OutreachWorker, "32.73");
    let made = report(
        &mut elsewhere,
        v1::Intake {
            persons: vec![full()],
            ..intake("1")
        },
    )
    .await;
    let case_id = made.case.unwrap().case_id;
    let offer = made.outcome.unwrap().offer.unwrap();
    let accept = v1::AcceptOfferRequest {
        request_id: request_id(),
        offer_id: offer.offer_id,
        capacity: None,
    };
    hub.officer(&offer.facility_id)
        .referral
        .accept_offer(accept)
        .await
        .unwrap();
    let mut hotline = hotline(&hub);
    let by = |change: fn(&mut v1::ProposeLinksRequest)| {
        let mut request = v1::ProposeLinksRequest::default();
        change(&mut request);
        request
    };
    let asked = [
        by(|ask| NIK.clone_into(&mut ask.nik)),
        by(|ask| "+62 812 0000 0007".clone_into(&mut ask.phone)),
        by(|ask| {
            "Kenangasari Melati".clone_into(&mut ask.name);
            "2016".clone_into(&mut ask.birth_date);
            "32.73".clone_into(&mut ask.region_code);
        }),
    ];
    let mut seen = vec![];
    for request in asked {
        let found = ask(&mut hotline, request).await;
        assert_eq!(found.len(), 1, "{found:?}");
        let glimpse = found[0].case.clone().unwrap();
        assert_eq!(glimpse.case_id, case_id);
        assert_eq!(
            glimpse.owner.unwrap().reference,
            "32.73",
            "a child's house is not told"
        );
        assert_eq!(found[0].kind(), v1::LinkKind::SamePerson);
        seen.push(
            levels(&found[0])
                .iter()
                .map(|(field, _)| (*field).to_owned())
                .collect::<Vec<_>>(),
        );
    }
    assert_eq!(seen, [vec!["nik"], vec!["phone"], vec!["name", "birth", "place"]]);
    assert!(
        ask(&mut hotline, by(|ask| "Slamet Riyadi".clone_into(&mut ask.name)))
            .await
            .is_empty()
    );
    // Every case that was shown is on record.
    let entries = entries(&hub, &case_id).await;
    assert_eq!(entries, 3);
    hub.finish().await;
}

async fn entries(hub: &TestHub, case_id: &str) -> i64 {
    let mut connection = hub.database.connect().await;
    let count = "SELECT count(*) FROM audit_entries WHERE verb = 'ProposeLinks' AND subject_id = $1";
    sqlx::query_scalar(count)
        .bind(case_id)
        .fetch_one(&mut connection)
        .await
        .unwrap()
}

#[tokio::test]
async fn reports_of_one_village_within_hours_may_be_one_incident() {
    let hub = hub_with(vec![]).await;
    let mut client = hub.coordinator();
    let nobody = |reference: &str, place: &str| v1::Intake {
        persons: vec![],
        region_code: place.to_owned(),
        ..intake(reference)
    };
    let near = report(&mut client, nobody("near", "32.73.01.1001")).await;
    report(&mut client, nobody("far", "32.73.02.1001")).await;
    let now = near.case.as_ref().unwrap().create_time;
    let request = v1::ProposeLinksRequest {
        region_code: "32.73.01.1001".to_owned(),
        report_time: now,
        ..v1::ProposeLinksRequest::default()
    };
    let found = ask(&mut hotline(&hub), request).await;
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0].case.as_ref().unwrap().case_id,
        near.case.unwrap().case_id
    );
    assert_eq!(found[0].kind(), v1::LinkKind::SameIncident);
    assert_eq!(levels(&found[0]), [("place", "village"), ("time", "hours")]);
    hub.finish().await;
}

#[tokio::test]
async fn proposals_are_few_the_likeliest_first_and_know_a_bound_nik() {
    let hub = hub_with(vec![]).await;
    let token = hub.token(&[Role::SocialWorker, Role::HotlineOperator], "32.73", None);
    let mut client = hub.with_token(Some(&token));
    let mut last = String::new();
    for number in 0..13 {
        let persons = vec![v1::Person {
            nik: String::new(),
            ..full()
        }];
        let made = report(
            &mut client,
            v1::Intake {
                persons,
                ..intake(&number.to_string())
            },
        )
        .await;
        last = made.case.unwrap().case_id;
    }
    let person_id = crate::scene::case(&mut client, &last).await.persons[0]
        .person_id
        .clone();
    let bind = v1::BindIdentityRequest {
        request_id: request_id(),
        case_id: last.clone(),
        person_id,
        nik: NIK.to_owned(),
        evidence: v1::IdentityEvidence::Ktp as i32,
    };
    client.cases.bind_identity(bind).await.unwrap();
    let request = v1::ProposeLinksRequest {
        nik: NIK.to_owned(),
        name: "Melati Kenangasari".to_owned(),
        birth_date: "2016-07-01".to_owned(),
        ..v1::ProposeLinksRequest::default()
    };
    let found = ask(&mut client, request).await;
    assert_eq!(found.len(), 10);
    assert_eq!(found[0].case.as_ref().unwrap().case_id, last);
    assert!(found.is_sorted_by(|one, next| one.probability >= next.probability));
    hub.finish().await;
}

#[tokio::test]
async fn who_says_nothing_is_told_what_to_say_and_nobody_can_try_numbers() {
    let hub = hub_with(vec![]).await;
    let mut hotline = hotline(&hub);
    let refused = hotline
        .intake
        .propose_links(v1::ProposeLinksRequest::default())
        .await
        .unwrap_err();
    assert_eq!(violated_fields(&refused), ["*"]);
    let wrong = v1::ProposeLinksRequest {
        nik: "1".to_owned(),
        region_code: "32".to_owned(),
        report_time: Some(serasi_tests::build::report_time()),
        ..v1::ProposeLinksRequest::default()
    };
    let refused = hotline.intake.propose_links(wrong).await.unwrap_err();
    assert_eq!(violated_fields(&refused), ["nik", "region_code", "report_time"]);
    let request = v1::ProposeLinksRequest {
        nik: NIK.to_owned(),
        ..v1::ProposeLinksRequest::default()
    };
    let mut asked = 0;
    let refused = loop {
        match hotline.intake.propose_links(request.clone()).await {
            Ok(_) => asked += 1,
            Err(refused) => break refused,
        }
        assert!(asked < 60, "there is no end to it");
    };
    assert!(asked >= 30);
    assert_eq!(
        refusal(&refused),
        (Code::ResourceExhausted, "RATE_LIMITED".to_owned())
    );
    hub.finish().await;
}
