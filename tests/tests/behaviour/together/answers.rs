//! Acceptances and refusals that come in together are written in one transaction, each as if it had come alone.

use std::collections::BTreeMap;

use serasi_hub::auth::Role;
use serasi_tests::build::{child, facility, intake, pool, request_id, submit, without_capacity};
use serasi_tests::{Client, TestHub};
use tokio::task::JoinSet;
use tonic::{Code, Status};

use super::{send, v1};
use crate::scene::{facility_id, hub_with};

#[path = "answers/refusals.rs"]
mod refusals;

type Answer = Result<v1::AcceptOfferResponse, Status>;

fn accept(offer: &v1::Offer) -> v1::AcceptOfferRequest {
    v1::AcceptOfferRequest {
        request_id: request_id(),
        offer_id: offer.offer_id.clone(),
        capacity: None,
    }
}

/// Makes all calls at the same moment; the answers are in their order.
async fn at_once<T: Send + 'static>(
    calls: impl Iterator<Item = impl Future<Output = Result<tonic::Response<T>, Status>> + Send + 'static>,
) -> Vec<Result<T, Status>> {
    let mut made = JoinSet::new();
    for (number, call) in calls.enumerate() {
        made.spawn(async move { (number, call.await.map(tonic::Response::into_inner)) });
    }
    let mut answers = made.join_all().await;
    answers.sort_by_key(|(number, _)| *number);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

async fn answer(requests: Vec<(Client, v1::AcceptOfferRequest)>) -> Vec<Answer> {
    let calls = requests.into_iter();
    at_once(calls.map(|(mut client, request)| async move { client.referral.accept_offer(request).await }))
        .await
}

/// Reports of these names; the offers made for them, in order.
async fn offers(hub: &TestHub, names: impl Iterator<Item = String>) -> Vec<v1::Offer> {
    let requests = names.enumerate().map(|(number, name)| {
        let mut report = intake(&name);
        report.persons = (0..=number % 3).map(|_| child()).collect();
        submit(report)
    });
    let answers = send(&hub.coordinator(), requests.collect()).await;
    let offer = |answer: Result<v1::SubmitIntakeResponse, _>| answer.unwrap().outcome?.offer;
    answers.into_iter().map(|answer| offer(answer).unwrap()).collect()
}

/// Events of this kind, and transactions that wrote them.
async fn events_and_transactions(hub: &TestHub, kind: &str) -> (i64, i64) {
    sqlx::query_as("SELECT count(*), count(DISTINCT xid) FROM events WHERE kind = $1")
        .bind(kind)
        .fetch_one(&mut hub.database.connect().await)
        .await
        .unwrap()
}

/// What is stored of each case, without ids and times.
async fn stored(hub: &TestHub) -> BTreeMap<String, serde_json::Value> {
    let rows: Vec<(String, serde_json::Value)> = sqlx::query_as(
        "SELECT c.source_ref, jsonb_build_object(
             'case', jsonb_build_array(c.version, c.state, c.owner_kind, c.offer_id IS NULL, c.placement_id IS NOT NULL,
                 c.next_deadline IS NOT NULL, c.facility_reference IS NOT NULL),
             'offers', (SELECT jsonb_agg(jsonb_build_array(o.version, o.state, o.answered_at IS NOT NULL, o.facility_name,
                     o.decline_reason) ORDER BY o.attempt) FROM offers o
                 WHERE o.case_id = c.case_id),
             'exclusions', (SELECT jsonb_agg(jsonb_build_array(x.reason, x.excluded_until - x.excluded_at))
                 FROM case_exclusions x WHERE x.case_id = c.case_id),
             'decisions', (SELECT jsonb_agg(jsonb_build_array(d.outcome, d.inputs IS NOT NULL)
                     ORDER BY d.decided_at) FROM decisions d WHERE d.case_id = c.case_id),
             'placements', (SELECT jsonb_agg(jsonb_build_array(p.version, p.state, p.places, p.base,
                     p.placement_id = c.placement_id, o.offer_id IS NOT NULL, p.admit_before - p.reserved_at))
                 FROM placements p LEFT JOIN offers o USING (offer_id, facility_id) WHERE p.case_id = c.case_id),
             'holds', (SELECT jsonb_agg(jsonb_build_array(h.places, h.state) ORDER BY h.held_at) FROM holds h WHERE h.case_id = c.case_id),
             'registrations', (SELECT jsonb_agg(jsonb_build_array(r.version, r.state, r.obligation_state, r.addressee,
                     r.served_at IS NOT NULL, r.due_at IS NOT NULL, l.principal, l.version) ORDER BY r.person_id, l.version)
                 FROM registrations r JOIN registration_log l USING (person_id) WHERE r.case_id = c.case_id),
             'events', (SELECT jsonb_agg(jsonb_build_array(e.kind, e.subject_version, e.subject_state ->> 'state',
                     e.concerns_facility IS NOT NULL) ORDER BY e.position) FROM events e
                 WHERE e.subject_id LIKE '%' || c.case_id OR e.payload ->> 'case_id' LIKE '%' || c.case_id),
             'audit', (SELECT jsonb_agg(jsonb_build_array(a.verb, a.principal, a.roles, a.request_id IS NOT NULL,
                     k.verb)) FROM audit_entries a JOIN offers o ON a.subject_id LIKE '%' || o.offer_id
                 LEFT JOIN idempotency_keys k USING (request_id, principal) WHERE o.case_id = c.case_id))
         FROM cases c",
    )
    .fetch_all(&mut hub.database.connect().await)
    .await
    .unwrap();
    rows.into_iter().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_accepted_together_is_what_would_be_accepted_one_by_one() {
    let mut kept = vec![];
    for together in [true, false] {
        let hub = hub_with(vec![facility("A", "32.73.02", 400)]).await;
        let house = facility_id(&mut hub.coordinator(), "A").await;
        let officer = |number: usize| {
            let name = format!("petugas-{}", number % 4);
            hub.with_token(Some(&hub.token_of(
                &name,
                &[Role::FacilityOfficer],
                "ID",
                Some(&house),
            )))
        };
        let offers = offers(&hub, (0..40).map(|number| format!("case-{number}"))).await;
        let requests = offers.iter().enumerate();
        // Whoever states places is never written with others; for an offer that holds some nothing comes of it.
        let capacity = (!together).then(|| pool(500, 0));
        let requests = requests.map(|(number, offer)| {
            let accept = v1::AcceptOfferRequest {
                capacity,
                ..accept(offer)
            };
            (officer(number), accept)
        });
        let requests: Vec<_> = requests.collect();
        let answers = if together {
            answer(requests).await
        } else {
            let mut answers = vec![];
            for request in requests {
                answers.extend(answer(vec![request]).await);
            }
            answers
        };
        for (answer, offer) in answers.iter().zip(&offers) {
            let answer = answer.as_ref().unwrap();
            let (accepted, placement) = (answer.offer.as_ref().unwrap(), answer.placement.as_ref().unwrap());
            assert_eq!((&accepted.offer_id, accepted.version), (&offer.offer_id, 2));
            assert_eq!(accepted.state(), v1::OfferState::Accepted);
            assert_eq!(placement.case_id, offer.case_id);
            assert_eq!(placement.places, offer.places);
        }
        let (accepted, transactions) = events_and_transactions(&hub, "offer.accepted").await;
        assert_eq!(accepted, 40);
        let expected = if together { 1..=30 } else { 40..=40 };
        assert!(expected.contains(&transactions), "{transactions} transactions");
        kept.push(stored(&hub).await);
        hub.finish().await;
    }
    assert_eq!(kept[0].len(), kept[1].len());
    for (case, stored) in &kept[0] {
        assert_eq!(stored, &kept[1][case], "{case}");
    }
}

/// A house that has places, and a token of its officer.
async fn house(hub: &TestHub, reference: &str) -> (String, String) {
    let house = facility_id(&mut hub.coordinator(), reference).await;
    let token = hub.token(&[Role::FacilityOfficer], "ID", Some(&house));
    (house, token)
}

fn codes<T>(answers: &[Result<T, Status>]) -> Vec<Option<Code>> {
    let codes = answers.iter();
    codes
        .map(|answer| answer.as_ref().err().map(Status::code))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acceptance_that_is_refused_or_known_leaves_the_group_and_no_neighbour_notices() {
    let rows = vec![facility("A", "32.73.02", 400), facility("B", "12.71.01", 1)];
    let hub = hub_with(rows).await;
    let (_, token) = house(&hub, "A").await;
    let (stranger, _) = house(&hub, "B").await;
    let officer = || hub.with_token(Some(&token));
    let good = offers(&hub, (0..30).map(|number| format!("good-{number}"))).await;
    let [known, strange] = &offers(&hub, (0..2).map(|number| format!("other-{number}"))).await[..] else {
        panic!("two offers");
    };
    let again = accept(known);
    let first = answer(vec![(officer(), again.clone())]).await.remove(0).unwrap();

    let mut requests: Vec<_> = good.iter().map(|offer| (officer(), accept(offer))).collect();
    let twin = accept(&good[7]);
    let nobody = v1::AcceptOfferRequest {
        offer_id: good[3].case_id.clone(),
        ..accept(known)
    };
    // 30: sent again; 31: answered already; 32, 33: one call twice; 34: not this house's; 35: there is no such offer.
    requests.extend(vec![
        (officer(), again),
        (officer(), accept(known)),
        (officer(), twin.clone()),
        (officer(), twin),
        (hub.officer(&stranger), accept(strange)),
        (officer(), nobody),
    ]);
    let answers = answer(requests).await;
    let codes = codes(&answers);
    let neighbours = codes[..30].iter().enumerate().filter(|(number, _)| *number != 7);
    for (number, code) in neighbours {
        assert_eq!(*code, None, "the acceptance of good-{number}");
    }
    assert_eq!(
        answers[30].as_ref().unwrap(),
        &first,
        "a retry gets the first response"
    );
    // Of the two calls that want one offer either was first; one call sent twice has one answer.
    assert_eq!(codes[32], codes[33]);
    let of_one_offer = [codes[7], codes[32]];
    let too_late = Some(Code::FailedPrecondition);
    assert!(
        of_one_offer.contains(&None) && of_one_offer.contains(&too_late),
        "{codes:?}"
    );
    let absent = Some(Code::NotFound);
    assert_eq!([codes[31], codes[34], codes[35]], [too_late, absent, absent]);
    let (accepted, transactions) = events_and_transactions(&hub, "offer.accepted").await;
    assert_eq!(accepted, 31);
    assert!(transactions < accepted, "nobody went together");
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acceptance_that_needs_more_goes_alone_and_gets_it() {
    let rows = vec![
        facility("A", "32.73.02", 400),
        without_capacity(facility("ASKED", "12.71.01", 0)),
    ];
    let hub = hub_with(rows).await;
    let mut coordinator = hub.coordinator();
    let (_, token) = house(&hub, "A").await;
    let (asked, _) = house(&hub, "ASKED").await;
    let officer = || hub.with_token(Some(&token));
    let good = offers(&hub, (0..30).map(|number| format!("good-{number}"))).await;
    let [main, locked] = &offers(&hub, (0..2).map(|number| format!("other-{number}"))).await[..] else {
        panic!("two offers");
    };
    let far = v1::Intake {
        region_code: "12.71.01".to_owned(),
        ..intake("far")
    };
    let far = send(&coordinator, vec![submit(far)]).await.remove(0).unwrap();
    let far = far.outcome.unwrap().offer.unwrap();
    assert!(!far.holds_places);
    let follower = v1::SubmitIntakeRequest {
        route_later: true,
        ..submit(intake("follower"))
    };
    let follower = send(&coordinator, vec![follower]).await.remove(0).unwrap();
    let link = v1::LinkCasesRequest {
        request_id: request_id(),
        main_case_id: main.case_id.clone(),
        case_id: follower.case.unwrap().case_id,
    };
    coordinator.cases.link_cases(link).await.unwrap();
    let mut holder = hub.database.connect().await;
    sqlx::raw_sql("BEGIN; SELECT 1 FROM cases WHERE source_ref = 'other-1' FOR UPDATE")
        .execute(&mut holder)
        .await
        .unwrap();

    let stuck = tokio::spawn(answer(vec![(officer(), accept(locked))]));
    let mut requests: Vec<_> = good.iter().map(|offer| (officer(), accept(offer))).collect();
    let stated = v1::AcceptOfferRequest {
        capacity: Some(pool(5, 0)),
        ..accept(&far)
    };
    requests.push((officer(), accept(main)));
    requests.push((hub.officer(&asked), stated));
    let answers = answer(requests).await;
    assert_eq!(codes(&answers), vec![None; 32]);
    assert!(!stuck.is_finished(), "somebody else has the case");
    sqlx::raw_sql("COMMIT").execute(&mut holder).await.unwrap();
    stuck.await.unwrap().remove(0).unwrap();

    let (accepted, transactions) = events_and_transactions(&hub, "offer.accepted").await;
    assert_eq!(accepted, 33);
    assert!(transactions < accepted, "nobody went together");
    let owed: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM registrations r JOIN cases c USING (case_id)
         WHERE c.source_ref IN ('follower', 'other-0') AND r.obligation_state = 'due'",
    )
    .fetch_one(&mut hub.database.connect().await)
    .await
    .unwrap();
    assert_eq!(owed, 2, "who is in the main case, and who follows it");
    hub.finish().await;
}
