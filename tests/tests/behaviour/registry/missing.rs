//! A hub of the release before places and helps without a word about the registry; nobody is forgotten for it.

use serasi_proto::v1;
use serasi_tests::TestHub;
use serasi_tests::build::{child, facility, intake, request_id, submit};

use super::{accept, at_home_elsewhere, obligation, people, placed, registration};
use crate::care::admit;
use crate::endings::{link, unlink};
use crate::scene::{eventually, hub_with};

async fn report(hub: &TestHub, reference: &str, persons: Vec<v1::Person>) -> v1::Case {
    let request = v1::SubmitIntakeRequest {
        route_later: true,
        ..submit(v1::Intake {
            persons,
            ..intake(reference)
        })
    };
    let answer = hub.coordinator().intake.submit_intake(request).await.unwrap();
    answer.into_inner().case.unwrap()
}

async fn resolved_directly(hub: &TestHub, reference: &str) -> String {
    let case = report(hub, reference, vec![child()]).await;
    let mut client = hub.coordinator();
    let resolve = v1::ResolveDirectlyRequest {
        request_id: request_id(),
        case_id: case.case_id.clone(),
        version: 0,
        resolution: "Diantar pulang.".to_owned(),
    };
    client.cases.resolve_directly(resolve).await.unwrap();
    people(&mut client, &case.case_id).await.remove(0)
}

/// As if the release before had done all that was done.
async fn forget_the_registry(hub: &TestHub) {
    let mut connection = hub.database.connect().await;
    for query in [
        "DELETE FROM registration_log",
        "DELETE FROM registrations",
        "DELETE FROM events WHERE kind LIKE 'registration.%'",
    ] {
        sqlx::query(query).execute(&mut connection).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_the_release_before_served_is_owed_a_report_once_and_by_what_is_known_of_them() {
    let first = hub_with(vec![facility("A", "32.73.01", 9)]).await;
    let placed_one = placed(&first, "1", vec![at_home_elsewhere()]).await.remove(0);
    let served = placed(&first, "2", vec![child()]).await.remove(0);
    let mut connection = first.database.connect().await;
    let query = "SELECT replace(p.region_code, '.', '') || '-' || p.placement_id, replace(f.region_code, '.', '') || '-' || f.facility_id
         FROM placements p JOIN cases c USING (region_code, case_id), facilities f WHERE c.source_ref = '2'";
    let (placement, facility): (String, String) =
        sqlx::query_as(query).fetch_one(&mut connection).await.unwrap();
    admit(&mut first.officer(&facility), &placement).await.unwrap();
    let helped = resolved_directly(&first, "3").await;
    report(&first, "4", vec![child()]).await;
    // Taken down by this release, served by the one before.
    let taken_down = report(&first, "5", vec![child()]).await;
    forget_the_registry(&first).await;
    sqlx::query(
        "INSERT INTO registrations (region_code, person_id, case_id, version, state, is_identifiable, changed_at)
         SELECT region_code, person_id, case_id, 1, 'unchecked', false, now()
         FROM persons JOIN cases USING (region_code, case_id) WHERE source_ref IN ('2', '5')",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    let second = first.replica().await;
    let third = first.replica().await;

    for person in [&placed_one, &served, &helped] {
        let look = || async {
            let query = "SELECT count(*) FROM registrations WHERE served_at IS NOT NULL";
            let mut connection = first.database.connect().await;
            sqlx::query_scalar::<_, i64>(query)
                .fetch_one(&mut connection)
                .await
                .unwrap()
        };
        eventually(look, |owed| *owed == 3).await;
        let known = registration(&first, person).await;
        assert_eq!(known.obligation.unwrap().state(), v1::ObligationState::Due);
        assert_eq!(known.steps.len(), 1);
    }
    assert_eq!(
        obligation(&first, &placed_one).await.addressee_region_code,
        "33.74"
    );
    assert_eq!(
        registration(&first, &helped).await.state(),
        v1::RegistrationState::NoIdentity,
        "a child without papers"
    );
    third.finish().await;
    second.finish().await;
    let told: i64 = sqlx::query_scalar("SELECT count(*) FROM events WHERE kind = 'registration.owed'")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    let looks: i64 = sqlx::query_scalar("SELECT count(*) FROM audit_entries WHERE verb = 'OweMissing'")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!((told, looks), (3, 3), "once, however many replicas look");
    let waits = people(&mut first.coordinator(), &taken_down.case_id).await;
    let waits = registration(&first, &waits[0]).await;
    assert_eq!(waits.obligation, None, "nobody has served them");
    first.finish().await;
}

#[tokio::test]
async fn people_of_a_case_that_follows_are_owed_a_report_with_those_of_the_main_case() {
    let hub = hub_with(vec![facility("A", "32.73.01", 9)]).await;
    let mut client = hub.coordinator();
    let before = report(&hub, "follows", vec![child()]).await.case_id;
    let after = report(&hub, "follows-later", vec![child()]).await.case_id;
    let wrong = report(&hub, "does-not", vec![child()]).await.case_id;
    let answer = client.intake.submit_intake(submit(intake("main"))).await.unwrap();
    let offer = answer.into_inner().outcome.unwrap().offer.unwrap();
    for follower in [&before, &wrong] {
        link(&mut client, &offer.case_id, follower).await.unwrap();
    }
    unlink(&mut client, &wrong).await.unwrap();
    accept(&hub, &offer).await;
    link(&mut client, &offer.case_id, &after).await.unwrap();
    for case in [&before, &after] {
        let person = people(&mut client, case).await.remove(0);
        assert_eq!(obligation(&hub, &person).await.state(), v1::ObligationState::Due);
    }
    let person = people(&mut client, &wrong).await.remove(0);
    assert_eq!(registration(&hub, &person).await.obligation, None);
    hub.finish().await;
}
