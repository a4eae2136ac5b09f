//! Reports arise with the service, and reach the dinas they are addressed to and nobody else.

use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::TestHub;
use serasi_tests::build::{child, facility, intake, request_id, submit};
use serasi_tests::status::violated_fields;
use sqlx::AssertSqlSafe;
use tonic::Code;

use super::{
    NAME, NIK, accept, acknowledge, at_home_elsewhere, dinas, found, listed, obligation, people, placed,
    registration,
};
use crate::scene::{case, hub_with};

#[tokio::test]
async fn everybody_who_is_placed_is_owed_a_report_to_the_dinas_where_they_are_at_home() {
    let hub = hub_with(vec![facility("A", "32.73.01", 5)]).await;
    let mut client = hub.coordinator();
    let report = v1::Intake {
        persons: vec![at_home_elsewhere(), child()],
        ..intake("1")
    };
    let answer = client.intake.submit_intake(submit(report)).await.unwrap();
    let offer = answer.into_inner().outcome.unwrap().offer.unwrap();
    let ids = people(&mut client, &offer.case_id).await;
    let before = registration(&hub, &ids[0]).await;
    assert_eq!(before.state(), v1::RegistrationState::Unchecked);
    assert_eq!(before.obligation, None, "nobody is served yet");

    accept(&hub, &offer).await;
    let known = registration(&hub, &ids[0]).await;
    assert_eq!(known.state(), v1::RegistrationState::NotFound);
    let owed = known.obligation.unwrap();
    assert_eq!(owed.state(), v1::ObligationState::Due);
    assert_eq!(owed.registry(), v1::RegistryCode::Dtsen);
    assert_eq!(owed.addressee_region_code, "33.74", "where she is at home");
    let (raised, due) = (owed.raise_time.unwrap(), owed.due_time.unwrap());
    assert_eq!(due.seconds - raised.seconds, 24 * 3600);
    assert_eq!(owed.answer_deadline_time, Some(due));
    assert_eq!(known.steps.len(), 1);
    let unknown = registration(&hub, &ids[1]).await;
    assert_eq!(
        unknown.state(),
        v1::RegistrationState::NoIdentity,
        "a child without papers"
    );
    assert_eq!(
        unknown.obligation.unwrap().addressee_region_code,
        "32.73",
        "where the case is"
    );
    hub.finish().await;
}

#[tokio::test]
async fn who_is_helped_directly_is_owed_a_report_too() {
    let hub = hub_with(vec![]).await;
    let mut client = hub.coordinator();
    let request = v1::SubmitIntakeRequest {
        route_later: true,
        ..submit(intake("1"))
    };
    let case = client
        .intake
        .submit_intake(request)
        .await
        .unwrap()
        .into_inner()
        .case
        .unwrap();
    let resolve = v1::ResolveDirectlyRequest {
        request_id: request_id(),
        case_id: case.case_id.clone(),
        version: 0,
        resolution: "Diantar pulang.".to_owned(),
    };
    client.cases.resolve_directly(resolve).await.unwrap();
    let ids = people(&mut client, &case.case_id).await;
    assert_eq!(obligation(&hub, &ids[0]).await.state(), v1::ObligationState::Due);
    hub.finish().await;
}

#[tokio::test]
async fn the_dinas_sees_the_person_whole_and_says_itself_that_it_has_the_report() {
    let hub = hub_with(vec![facility("A", "32.73.01", 5)]).await;
    let ids = placed(&hub, "1", vec![at_home_elsewhere()]).await;
    // A child: others than the dinas see that there is somebody.
    let mut onlooker = hub.client(Role::Supervisor, "32.73");
    let seen = listed(&mut onlooker).await.remove(0);
    assert_eq!(seen.mask_reason(), v1::MaskReason::Child);
    let masked = seen.person.unwrap();
    assert!(masked.masked && masked.nik.is_empty() && masked.name == "***");
    // Not the dinas of the place, nor the province above, nor the one next door.
    for scope in ["32.73", "33"] {
        let seen = listed(&mut dinas(&hub, scope)).await;
        let persons = seen.into_iter().filter_map(|owed| owed.person);
        assert!(persons.into_iter().all(|person| person.masked), "{scope}");
    }
    assert!(listed(&mut dinas(&hub, "33.73")).await.is_empty());
    let mut figures = dinas(&hub, "33.74");
    let request = v1::ListObligationsRequest {
        without_persons: true,
        ..v1::ListObligationsRequest::default()
    };
    let shown = figures
        .registry
        .list_obligations(request)
        .await
        .unwrap()
        .into_inner()
        .owed;
    assert_eq!((shown.len(), shown[0].person.clone()), (1, None));
    assert_eq!(
        obligation(&hub, &ids[0]).await.state(),
        v1::ObligationState::Due,
        "nobody has seen them"
    );

    let token = hub.token_of("bu-dinas", &[Role::DinasOfficer], "33.74", None);
    let mut officer = hub.with_token(Some(&token));
    let seen = listed(&mut officer).await.remove(0);
    let person = seen.person.unwrap();
    assert_eq!((person.nik.as_str(), person.name.as_str()), (NIK, NAME));
    assert_eq!(person.address, "Jl. Contoh 7");
    assert_eq!(
        obligation(&hub, &ids[0]).await.state(),
        v1::ObligationState::Due,
        "an answer may be lost on its way"
    );
    acknowledge(&mut officer, &[&ids[0]]).await;
    let reported = obligation(&hub, &ids[0]).await;
    assert_eq!(reported.state(), v1::ObligationState::Reported);
    assert!(reported.delivered_to.ends_with("#bu-dinas") && reported.delivery_time.is_some());
    // Who has it, too, does not become the one who took it.
    acknowledge(&mut dinas(&hub, "33.74"), &[&ids[0]]).await;
    assert_eq!(obligation(&hub, &ids[0]).await, reported);
    let looks: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM audit_entries WHERE verb = 'ListObligations' AND subject_id = $1 AND principal LIKE '%#bu-dinas'",
    )
    .bind(&ids[0])
    .fetch_one(&mut hub.database.connect().await)
    .await
    .unwrap();
    assert_eq!(looks, 1, "who is shown is on record");
    hub.finish().await;
}

#[tokio::test]
async fn an_adult_is_shown_whole_to_the_dinas_that_is_addressed_and_to_nobody_else() {
    let hub = hub_with(vec![v1::ImportFacilitiesRequest {
        facility: Some(v1::Facility {
            clusters: vec![v1::Cluster::Lansia as i32],
            ..facility("A", "32.73.01", 5).facility.unwrap()
        }),
        ..facility("A", "32.73.01", 5)
    }])
    .await;
    let adult = v1::Person {
        birth_date: "1950-07-01".to_owned(),
        ..at_home_elsewhere()
    };
    let mut client = hub.coordinator();
    let report = v1::Intake {
        persons: vec![adult],
        cluster: v1::Cluster::Lansia as i32,
        ..intake("1")
    };
    let answer = client.intake.submit_intake(submit(report)).await.unwrap();
    let offer = answer.into_inner().outcome.unwrap().offer.unwrap();
    accept(&hub, &offer).await;
    let mut supervisor = hub.client(Role::Supervisor, "32.73");
    let case = case(&mut supervisor, &offer.case_id).await;
    assert_eq!(case.persons[0].name, NAME, "who works on cases sees adults there");
    for (role, scope) in [
        (Role::RegistryOfficer, "32.73"),
        (Role::DinasOfficer, "32"),
        (Role::RegistryOfficer, "ID"),
        (Role::Supervisor, "32.73"),
        (Role::Coordinator, "ID"),
    ] {
        let seen = listed(&mut hub.client(role, scope)).await.remove(0);
        assert_eq!(
            seen.mask_reason(),
            v1::MaskReason::NotAddressed,
            "{role:?} {scope}"
        );
        let person = seen.person.unwrap();
        assert!(
            person.masked
                && person.nik.is_empty()
                && person.address.is_empty()
                && person.mother_name.is_empty()
        );
        assert_eq!((person.name.as_str(), person.birth_date.as_str()), ("***", ""));
    }
    let seen = listed(&mut dinas(&hub, "33.74")).await.remove(0);
    assert_eq!((seen.person.unwrap().nik.as_str(), seen.mask_reason), (NIK, 0));
    hub.finish().await;
}

#[tokio::test]
async fn a_registration_is_hidden_from_whoever_has_nothing_to_do_with_it() {
    let hub = hub_with(vec![facility("A", "32.73.01", 5)]).await;
    let ids = placed(&hub, "1", vec![at_home_elsewhere()]).await;
    let request = v1::GetRegistrationRequest {
        person_id: ids[0].clone(),
    };
    let of_home = dinas(&hub, "33.74")
        .registry
        .get_registration(request.clone())
        .await;
    assert!(of_home.is_ok());
    let next_door = dinas(&hub, "33.73")
        .registry
        .get_registration(request.clone())
        .await
        .unwrap_err();
    assert_eq!(next_door.code(), Code::NotFound);
    let mut hotline = hub.client(Role::HotlineOperator, "ID");
    let denied = hotline.registry.get_registration(request).await.unwrap_err();
    assert_eq!(denied.code(), Code::PermissionDenied);
    hub.finish().await;
}

/// Five people of Kota Bandung, of whom the fourth has been owed a report for forty days.
async fn one_forgotten() -> (TestHub, Vec<String>) {
    let hub = hub_with(vec![facility("A", "32.73.01", 9)]).await;
    let mut ids = vec![];
    for number in 0..5 {
        ids.extend(placed(&hub, &number.to_string(), vec![child()]).await);
    }
    let age = format!(
        "UPDATE registrations SET raised_at = raised_at - interval '40 days', due_at = due_at - interval '40 days',
         answer_before = NULL WHERE person_id::text = '{}'",
        &ids[3][5..]
    );
    let mut connection = hub.database.connect().await;
    sqlx::query(AssertSqlSafe(age))
        .execute(&mut connection)
        .await
        .unwrap();
    (hub, ids)
}

#[tokio::test]
async fn pages_reach_every_report_once_the_oldest_first() {
    let (hub, ids) = Box::pin(one_forgotten()).await;
    let mut worker = hub.client(Role::SocialWorker, "32.73");
    let mut page_token = String::new();
    let mut seen = vec![];
    loop {
        let request = v1::ListObligationsRequest {
            page_size: 2,
            page_token,
            without_persons: true,
            ..v1::ListObligationsRequest::default()
        };
        let page = worker.registry.list_obligations(request).await.unwrap();
        let page = page.into_inner();
        let registrations = page.owed.into_iter().filter_map(|owed| owed.registration);
        seen.extend(registrations.map(|registration| registration.person_id));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(seen, [3, 0, 1, 2, 4].map(|at: usize| ids[at].clone()));
    hub.finish().await;
}

#[tokio::test]
async fn filters_leave_what_is_overdue_old_or_of_a_region() {
    let (hub, ids) = Box::pin(one_forgotten()).await;
    let mut worker = hub.client(Role::SocialWorker, "32.73");
    let all = v1::ListObligationsRequest::default;
    for request in [
        v1::ListObligationsRequest {
            overdue_only: true,
            ..all()
        },
        v1::ListObligationsRequest {
            min_age_days: 30,
            ..all()
        },
    ] {
        let seen = found(&mut worker, request).await;
        let forgotten = seen[0].registration.clone().unwrap();
        assert_eq!((seen.len(), &forgotten.person_id), (1, &ids[3]));
        assert!(forgotten.obligation.unwrap().overdue);
    }
    let elsewhere = v1::ListObligationsRequest {
        addressee_region_code: "33".to_owned(),
        ..all()
    };
    assert!(found(&mut worker, elsewhere).await.is_empty());
    let village = v1::ListObligationsRequest {
        region_code: "32.73.01".to_owned(),
        min_age_days: -1,
        ..all()
    };
    let refused = worker.registry.list_obligations(village).await.unwrap_err();
    assert_eq!(violated_fields(&refused), ["min_age_days", "region_code"]);
    hub.finish().await;
}

#[tokio::test]
async fn a_match_and_a_doubt_are_shown_as_they_are_kept_and_a_matched_person_is_owed_nothing() {
    let hub = hub_with(vec![facility("A", "32.73.01", 5)]).await;
    let ids = placed(&hub, "1", vec![at_home_elsewhere()]).await;
    let mut connection = hub.database.connect().await;
    let matched =
        "UPDATE registrations SET state = 'matched', edition = 'DTSEN 2026-Q3', match_class = 'probable',
         match_weight = 21.5, weights_version = '2026.1'";
    sqlx::query(matched).execute(&mut connection).await.unwrap();
    let found = registration(&hub, &ids[0]).await;
    assert_eq!(found.state(), v1::RegistrationState::Matched);
    assert_eq!(
        (found.registry(), found.edition.as_str()),
        (v1::RegistryCode::Dtsen, "2026-Q3")
    );
    let link = found.r#match.unwrap();
    assert_eq!(
        (link.match_class(), link.weights_version.as_str()),
        (v1::MatchClass::Probable, "2026.1")
    );
    assert_eq!(found.obligation, None, "it rests");
    assert!(listed(&mut dinas(&hub, "33.74")).await.is_empty());
    let doubt = "UPDATE registrations SET state = 'ambiguous', match_class = NULL, match_weight = NULL,
         weights_version = NULL";
    sqlx::query(doubt).execute(&mut connection).await.unwrap();
    let found = registration(&hub, &ids[0]).await;
    assert_eq!(found.state(), v1::RegistrationState::Ambiguous);
    assert_eq!(
        found.obligation.unwrap().state(),
        v1::ObligationState::Due,
        "still owed"
    );
    assert_eq!(listed(&mut dinas(&hub, "33.74")).await.len(), 1);
    hub.finish().await;
}

#[tokio::test]
async fn ages_are_counted_by_state_and_small_numbers_are_not_told() {
    let hub = hub_with(vec![facility("A", "32.73.01", 30)]).await;
    for number in 0..6 {
        placed(&hub, &number.to_string(), vec![child()]).await;
    }
    placed(&hub, "other", vec![at_home_elsewhere()]).await;
    let mut connection = hub.database.connect().await;
    let age =
        "UPDATE registrations SET raised_at = raised_at - interval '8 days' WHERE first_addressee = '32.73'";
    sqlx::query(age).execute(&mut connection).await.unwrap();
    let request = v1::GetObligationAgesRequest {
        region_code: "ID".to_owned(),
        level: v1::RegionLevel::Regency as i32,
    };
    let mut overseer = hub.client(Role::Supervisor, "ID");
    let rows = overseer
        .insight
        .get_obligation_ages(request)
        .await
        .unwrap()
        .into_inner()
        .rows;
    let told: Vec<_> = rows
        .iter()
        .map(|row| {
            let persons = row.persons.unwrap();
            (
                row.region_code.as_str(),
                row.state(),
                row.age(),
                persons.value,
                persons.suppressed,
            )
        })
        .collect();
    let due = v1::ObligationState::Due;
    assert_eq!(
        told,
        [
            ("32.73", due, v1::ObligationAge::Month, Some(6), false),
            ("33.74", due, v1::ObligationAge::Day, None, true)
        ]
    );
    hub.finish().await;
}
