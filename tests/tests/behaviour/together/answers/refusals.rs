//! Refusals that come in together, each with its next candidate.

use serasi_hub::auth::Role;
use serasi_tests::Client;
use serasi_tests::build::{facility, intake, request_id, submit};
use tonic::{Code, Status};

use super::super::in_the_way::until_waiting;
use super::super::{send, v1};
use super::{at_once, codes, events_and_transactions, house, offers, stored};
use crate::replay::{decisions, replay};
use crate::scene::{facility_id, hub_with};

async fn decline(
    requests: Vec<(Client, v1::DeclineOfferRequest)>,
) -> Vec<Result<v1::DeclineOfferResponse, Status>> {
    let calls = requests.into_iter();
    at_once(calls.map(|(mut client, request)| async move { client.referral.decline_offer(request).await }))
        .await
}

fn refuse(number: usize, offer: &v1::Offer, note: &str) -> v1::DeclineOfferRequest {
    let reasons = [
        v1::DeclineReason::NotEligible,
        v1::DeclineReason::Full,
        v1::DeclineReason::WrongKind,
        v1::DeclineReason::Safety,
    ];
    v1::DeclineOfferRequest {
        request_id: request_id(),
        offer_id: offer.offer_id.clone(),
        reason: reasons[number % reasons.len()].into(),
        note: note.to_owned(),
        ..v1::DeclineOfferRequest::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_declined_together_is_what_would_be_declined_one_by_one() {
    let mut kept = vec![];
    for together in [true, false] {
        let rows = vec![
            facility("NEAR", "32.73.02", 400),
            facility("FAR", "32.04.12", 400),
        ];
        let hub = hub_with(rows).await;
        let near = facility_id(&mut hub.coordinator(), "NEAR").await;
        let token = hub.token_of("petugas", &[Role::FacilityOfficer], "ID", Some(&near));
        let offers = offers(&hub, (0..40).map(|number| format!("case-{number}"))).await;
        let requests = offers.iter().enumerate();
        // Whoever adds a note is never written with others.
        let note = if together { "" } else { "Kamar sedang diperbaiki." };
        let requests = requests.map(|(number, offer)| {
            let client = hub.with_token(Some(&token));
            (client, refuse(number, offer, note))
        });
        let requests: Vec<_> = requests.collect();
        let answers = if together {
            decline(requests).await
        } else {
            let mut answers = vec![];
            for request in requests {
                answers.extend(decline(vec![request]).await);
            }
            answers
        };
        for (answer, offer) in answers.iter().zip(&offers) {
            let answer = answer.as_ref().unwrap();
            let declined = answer.offer.as_ref().unwrap();
            assert_eq!((&declined.offer_id, declined.version), (&offer.offer_id, 2));
            assert_eq!(declined.state(), v1::OfferState::Declined);
            assert_eq!(answer.next(), v1::RouteResult::Offered);
        }
        let (declined, transactions) = events_and_transactions(&hub, "offer.declined").await;
        assert_eq!(declined, 40);
        let expected = if together { 1..=30 } else { 40..=40 };
        assert!(expected.contains(&transactions), "{transactions} transactions");
        let (corrections, _) = events_and_transactions(&hub, "facility.correction_raised").await;
        assert_eq!(corrections, 10);
        for id in decisions(&hub).await {
            let replayed = replay(&hub, &id).await;
            assert_eq!(replayed.result(), v1::ReplayResult::Reproduced, "{replayed:#?}");
        }
        kept.push(stored(&hub).await);
        hub.finish().await;
    }
    assert_eq!(kept[0].len(), kept[1].len());
    for (case, stored) in &kept[0] {
        assert_eq!(stored, &kept[1][case], "{case}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_that_come_in_together_share_the_places_there_are() {
    // On a busy machine they come in too slowly to gather.
    for _ in 0..4 {
        if share_places().await {
            return;
        }
    }
    panic!("nobody went together");
}

/// Whether some of them went together.
async fn share_places() -> bool {
    let rows = vec![facility("NEAR", "32.73.02", 400), facility("FAR", "32.04.12", 10)];
    let hub = hub_with(rows).await;
    let (_, token) = house(&hub, "NEAR").await;
    let offers = offers(&hub, (0..24).map(|number| format!("case-{number}"))).await;
    let requests = offers.iter().map(|offer| {
        let client = hub.with_token(Some(&token));
        (client, refuse(0, offer, ""))
    });
    let answers = decline(requests.collect()).await;
    let next = answers.iter().map(|answer| answer.as_ref().unwrap().next());
    let found = [v1::RouteResult::Offered, v1::RouteResult::Waiting];
    assert!(next.clone().all(|next| found.contains(&next)));
    let held: i64 = sqlx::query_scalar("SELECT sum(held)::bigint FROM capacity_pools")
        .fetch_one(&mut hub.database.connect().await)
        .await
        .unwrap();
    assert!((8..=10).contains(&held), "{held} places of 10 are promised");
    let (declined, transactions) = events_and_transactions(&hub, "offer.declined").await;
    assert_eq!(declined, 24);
    hub.finish().await;
    transactions < declined
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_is_refused_or_must_wait_leaves_the_group_and_no_neighbour_notices() {
    let rows = vec![
        facility("NEAR", "32.73.02", 400),
        facility("FAR", "32.04.12", 400),
        facility("LOCKED", "12.71.01", 9),
    ];
    let hub = hub_with(rows).await;
    let (_, token) = house(&hub, "NEAR").await;
    let (locked, _) = house(&hub, "LOCKED").await;
    let officer = || hub.with_token(Some(&token));
    let good = offers(&hub, (0..30).map(|number| format!("good-{number}"))).await;
    let [known, strange] = &offers(&hub, (0..2).map(|number| format!("other-{number}"))).await[..] else {
        panic!("two offers");
    };
    let far = v1::Intake {
        region_code: "12.71.01".to_owned(),
        ..intake("far")
    };
    let far = send(&hub.coordinator(), vec![submit(far)])
        .await
        .remove(0)
        .unwrap();
    let far = far.outcome.unwrap().offer.unwrap();
    assert_eq!(far.facility_id, locked);
    let again = refuse(0, known, "");
    let first = decline(vec![(officer(), again.clone())]).await.remove(0).unwrap();
    let mut holder = hub.database.connect().await;
    sqlx::raw_sql("BEGIN; SELECT 1 FROM capacity_pools JOIN facilities USING (facility_id) WHERE source_ref = 'LOCKED' FOR UPDATE")
        .execute(&mut holder)
        .await
        .unwrap();

    let stuck = tokio::spawn(decline(vec![(hub.officer(&locked), refuse(0, &far, ""))]));
    // In a group of its own: one that waits for a house has its neighbours wait a little, and then go alone.
    until_waiting(&hub, 1).await;
    let mut requests: Vec<_> = good
        .iter()
        .map(|offer| (officer(), refuse(0, offer, "")))
        .collect();
    // 30: sent again; 31: answered already; 32: not this house's.
    requests.extend(vec![
        (officer(), again),
        (officer(), refuse(0, known, "")),
        (hub.officer(&locked), refuse(0, strange, "")),
    ]);
    let answers = decline(requests).await;
    let codes = codes(&answers);
    assert_eq!(codes[..30], vec![None; 30]);
    assert_eq!(
        answers[30].as_ref().unwrap(),
        &first,
        "a retry gets the first response"
    );
    assert_eq!(
        codes[31..],
        [Some(Code::FailedPrecondition), Some(Code::NotFound)]
    );
    assert!(!stuck.is_finished(), "somebody else has the house");
    sqlx::raw_sql("COMMIT").execute(&mut holder).await.unwrap();
    stuck.await.unwrap().remove(0).unwrap();
    let (declined, transactions) = events_and_transactions(&hub, "offer.declined").await;
    assert_eq!(declined, 32);
    assert!(transactions < declined, "nobody went together");
    hub.finish().await;
}
