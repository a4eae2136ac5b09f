//! An addressee that does not acknowledge is followed by the next.

use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::TestHub;
use serasi_tests::build::{child, facility};

use super::{NIK, acknowledge, at_home_elsewhere, dinas, listed, obligation, outcome, placed, record};
use crate::scene::{eventually, hub_with};

async fn let_time_pass(hub: &TestHub) {
    let pass = "UPDATE registrations SET answer_before = now() - interval '1 second' WHERE answer_before IS NOT NULL";
    let mut connection = hub.database.connect().await;
    sqlx::query(pass).execute(&mut connection).await.unwrap();
}

#[tokio::test]
async fn silence_tells_the_province_and_then_the_ministry_and_the_first_may_still_act() {
    let hub = hub_with(vec![facility("A", "32.73.01", 5)]).await;
    let ids = placed(&hub, "1", vec![at_home_elsewhere()]).await;
    let mut told = vec![];
    for times in 1..=2 {
        let_time_pass(&hub).await;
        let look = || async { obligation(&hub, &ids[0]).await };
        let owed = eventually(look, |owed| owed.follow_ups == times).await;
        told.push((owed.addressee_region_code, owed.answer_deadline_time.is_some()));
    }
    assert_eq!(told, [("33".to_owned(), true), ("ID".to_owned(), false)]);
    let mut connection = hub.database.connect().await;
    let events: Vec<(String, String)> = sqlx::query_as(
        "SELECT kind, payload ->> 'addressee' FROM events WHERE kind LIKE 'registration.%' ORDER BY subject_version",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let event = |kind: &str, addressee: &str| (format!("registration.{kind}"), addressee.to_owned());
    assert_eq!(
        events,
        [
            event("owed", "33.74"),
            event("followed_up", "33"),
            event("followed_up", "ID")
        ]
    );
    for scope in ["ID", "33", "33.74"] {
        let seen = listed(&mut dinas(&hub, scope)).await;
        assert!(!seen[0].person.clone().unwrap().masked, "{scope} has been told");
    }
    acknowledge(&mut dinas(&hub, "33.74"), &[&ids[0]]).await;
    let taken = obligation(&hub, &ids[0]).await;
    assert_eq!(taken.state(), v1::ObligationState::Reported);
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_counts_once_however_many_replicas_see_it() {
    let first = hub_with(vec![facility("A", "32.73.01", 60)]).await;
    let second = first.replica().await;
    let third = first.replica().await;
    for number in 0..40 {
        placed(&first, &number.to_string(), vec![child()]).await;
    }
    let_time_pass(&first).await;
    let counts = || async {
        let query = "SELECT follow_ups, count(*) FROM registrations GROUP BY follow_ups";
        let mut connection = first.database.connect().await;
        let counts: Vec<(i32, i64)> = sqlx::query_as(query).fetch_all(&mut connection).await.unwrap();
        counts
    };
    eventually(counts, |counts| counts.iter().all(|(times, _)| *times > 0)).await;
    // Every replica ends the round it is in before it stops.
    third.finish().await;
    second.finish().await;
    assert_eq!(counts().await, [(1, 40)]);
    let mut connection = first.database.connect().await;
    let steps: Vec<(i64,)> = sqlx::query_as(
        "SELECT count(*) FROM registration_log WHERE principal LIKE 'job:%' GROUP BY person_id",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert_eq!(steps, vec![(1,); 40]);
    first.finish().await;
}

#[tokio::test]
async fn a_report_that_somebody_has_is_followed_up_only_if_they_do_not_act_on_it() {
    let hub = hub_with(vec![facility("A", "32.73.01", 9)]).await;
    let mut ids = vec![];
    for number in 0..3 {
        ids.extend(placed(&hub, &number.to_string(), vec![child()]).await);
    }
    let mut officer = dinas(&hub, "32.73");
    acknowledge(&mut officer, &[&ids[0], &ids[1]]).await;
    let taken = obligation(&hub, &ids[0]).await;
    let (at, until) = (taken.delivery_time.unwrap(), taken.answer_deadline_time.unwrap());
    assert_eq!(until.seconds - at.seconds, 30 * 24 * 3600);
    // Only the time of the third is over.
    let pass = "UPDATE registrations SET answer_before = answer_before - interval '29 days'";
    let mut connection = hub.database.connect().await;
    sqlx::query(pass).execute(&mut connection).await.unwrap();
    let look = || async { obligation(&hub, &ids[2]).await };
    eventually(look, |owed| owed.follow_ups == 1).await;
    assert_eq!(obligation(&hub, &ids[0]).await.follow_ups, 0);

    record(
        &mut officer,
        vec![outcome(&ids[1], v1::ObligationState::Proposed)],
    )
    .await;
    let_time_pass(&hub).await;
    let look = || async { obligation(&hub, &ids[0]).await };
    let late = eventually(look, |owed| owed.follow_ups == 1).await;
    assert_eq!(
        (late.state(), late.addressee_region_code.as_str()),
        (v1::ObligationState::Reported, "32")
    );
    assert_eq!(late.delivery_time, Some(at), "they have it still");
    let acts = obligation(&hub, &ids[1]).await;
    assert_eq!((acts.follow_ups, acts.answer_deadline_time), (0, None));
    hub.finish().await;
}

#[tokio::test]
async fn who_is_frozen_is_shown_to_no_dinas_and_the_report_waits() {
    let hub = hub_with(vec![facility("A", "32.73.01", 5)]).await;
    let frozen = placed(&hub, "1", vec![at_home_elsewhere()]).await.remove(0);
    let silent = placed(&hub, "2", vec![child()]).await.remove(0);
    let mut supervisor = hub.client(Role::Supervisor, "32.73");
    crate::subjects::freeze(&mut supervisor, &frozen).await;
    let mut officer = dinas(&hub, "33.74");
    let seen = listed(&mut officer).await.remove(0);
    assert_eq!(seen.mask_reason(), v1::MaskReason::Child);
    let masked = seen.person.unwrap();
    assert!(masked.masked && masked.nik.is_empty());
    let suspended = v1::EntryCode::Suspended;
    assert_eq!(acknowledge(&mut officer, &[&frozen]).await[0].code(), suspended);
    let entry = outcome(&frozen, v1::ObligationState::Refused);
    let entry = v1::OutcomeEntry {
        refusal_reason: v1::RefusalReason::Deceased as i32,
        ..entry
    };
    assert_eq!(record(&mut officer, vec![entry]).await[0].code(), suspended);
    let before = obligation(&hub, &frozen).await;
    let_time_pass(&hub).await;
    let look = || async { obligation(&hub, &silent).await };
    eventually(look, |owed| owed.follow_ups == 1).await;
    let waits = obligation(&hub, &frozen).await;
    assert_eq!((waits.follow_ups, waits.state()), (0, v1::ObligationState::Due));

    crate::subjects::unfreeze(&mut supervisor, &frozen).await;
    let again = obligation(&hub, &frozen).await;
    let waits = again.answer_deadline_time.unwrap().seconds - before.raise_time.unwrap().seconds;
    assert!(
        waits > 3600 && again.follow_ups == 0,
        "the dinas has its time anew: {again:?}"
    );
    let kinds: Vec<(String,)> = sqlx::query_as(
        "SELECT kind FROM events WHERE kind LIKE 'registration.%' AND payload ->> 'addressee' = '33.74'
         ORDER BY subject_version",
    )
    .fetch_all(&mut hub.database.connect().await)
    .await
    .unwrap();
    assert_eq!(
        kinds,
        ["owed", "resumed"].map(|kind| (format!("registration.{kind}"),))
    );
    let seen = listed(&mut officer).await.remove(0);
    assert_eq!(seen.person.unwrap().nik, NIK);
    assert_eq!(
        acknowledge(&mut officer, &[&frozen]).await[0].code(),
        v1::EntryCode::Done
    );
    hub.finish().await;
}
