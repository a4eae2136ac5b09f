//! What comes in together is taken down in one transaction, each as if it had come alone: reports here, answers to offers
//! in `answers`.

use std::collections::{BTreeMap, BTreeSet};

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::build::{child, facility, intake, submit, without_capacity};
use serasi_tests::{Client, TestHub};
use sqlx::PgConnection;
use tokio::task::JoinSet;
use tonic::{Code, Status};

use crate::replay::{decisions, replay};
use crate::scene::hub_with;

#[path = "together/answers.rs"]
mod answers;
#[path = "together/in_the_way.rs"]
mod in_the_way;

type Answer = Result<v1::SubmitIntakeResponse, Status>;

/// Sends all at the same moment; the answers are in the order of the requests.
async fn send(client: &Client, requests: Vec<v1::SubmitIntakeRequest>) -> Vec<Answer> {
    let mut calls = JoinSet::new();
    for (number, request) in requests.into_iter().enumerate() {
        let mut client = client.clone();
        calls.spawn(async move {
            let answer = client.intake.submit_intake(request).await;
            (number, answer.map(tonic::Response::into_inner))
        });
    }
    let mut answers = calls.join_all().await;
    answers.sort_by_key(|(number, _)| *number);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

/// Cases, and transactions that made them.
async fn cases_and_transactions(connection: &mut PgConnection) -> (i64, i64) {
    sqlx::query_as(
        "SELECT count(DISTINCT subject_id), count(DISTINCT xid) FROM events
         WHERE kind LIKE 'case.%' AND subject_version = 1",
    )
    .fetch_one(connection)
    .await
    .unwrap()
}

fn case_id(answer: &Answer) -> &str {
    &answer.as_ref().unwrap().case.as_ref().unwrap().case_id
}

fn result(answer: &Answer) -> v1::RouteResult {
    answer.as_ref().unwrap().outcome.as_ref().unwrap().result()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_plain_leaves_the_group_and_no_neighbour_notices() {
    let hub = hub_with(vec![facility("A", "32.73.02", 200)]).await;
    // One and the same caller: a retry is the same call only if the same principal sends it.
    let token = hub.token(&[Role::HotlineOperator], "ID", None);
    let client = hub.with_token(Some(&token));
    let known = submit(intake("known"));
    let first = send(&client, vec![known.clone()]).await;

    let good = (0..40).map(|number| submit(intake(&format!("good-{number}"))));
    let mut requests: Vec<_> = good.collect();
    let twin = submit(intake("good-7"));
    let mut other = intake("good-8");
    other.story.push_str(" Keterangan lain.");
    let mut nobody = intake("nobody");
    nobody.cluster = v1::Cluster::Lansia.into();
    let mut bad = intake("bad");
    bad.region_code = "99.99".to_owned();
    // 40: sent again; 41: a known report anew; 42, 43: keys of neighbours; 44: no house; 45: no report.
    requests.extend([
        known,
        submit(intake("known")),
        twin,
        submit(other),
        submit(nobody),
        submit(bad),
    ]);
    let answers = send(&client, requests).await;

    let good = answers[..40].iter().chain([&answers[43]]);
    let ids: BTreeSet<_> = good.filter(|answer| answer.is_ok()).map(case_id).collect();
    assert_eq!(ids.len(), 40);
    assert!(
        answers[..7]
            .iter()
            .all(|answer| result(answer) == v1::RouteResult::Offered)
    );
    assert_eq!(
        answers[40].as_ref().unwrap(),
        first[0].as_ref().unwrap(),
        "a retry gets the first response"
    );
    assert_eq!(case_id(&answers[41]), case_id(&first[0]));
    assert!(answers[41].as_ref().unwrap().already_known);
    assert_eq!(case_id(&answers[42]), case_id(&answers[7]), "twins are one case");
    let twins = [&answers[7], &answers[42]].map(|answer| answer.as_ref().unwrap().already_known);
    assert_ne!(twins[0], twins[1], "one of them came first");
    // Whichever of the two was first, the other is in conflict with it.
    let conflicting = [&answers[8], &answers[43]].map(|answer| answer.as_ref().err().map(Status::code));
    assert!(
        conflicting.contains(&Some(Code::AlreadyExists)) && conflicting.contains(&None),
        "{conflicting:?}"
    );
    assert_eq!(result(&answers[44]), v1::RouteResult::NoCandidate);
    assert_eq!(answers[45].as_ref().unwrap_err().code(), Code::InvalidArgument);

    let mut connection = hub.database.connect().await;
    let (cases, transactions) = cases_and_transactions(&mut connection).await;
    assert_eq!(cases, 42);
    assert!(
        transactions < cases,
        "nobody went together: {transactions} transactions"
    );
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn neighbours_share_the_places_there_are_and_no_place_is_promised_twice() {
    // On a busy machine they come in too slowly to gather.
    for _ in 0..4 {
        if share_places().await {
            return;
        }
    }
    panic!("nobody went together, or nobody passed over a house that a neighbour took");
}

/// Whether some of them went together, and one passed over a house that a neighbour took.
async fn share_places() -> bool {
    let houses = [("A", 3), ("B", 5), ("C", 2)];
    let rows = houses.map(|(name, free)| facility(name, "32.73.02", free));
    let hub = hub_with(rows.into()).await;
    let requests = (0..64).map(|number| {
        let mut intake = intake(&format!("case-{number}"));
        if number % 4 == 0 {
            intake.persons.push(child());
        }
        submit(intake)
    });
    let answers = send(&hub.coordinator(), requests.collect()).await;
    let offered: i32 = answers
        .iter()
        .filter_map(|answer| answer.as_ref().unwrap().outcome.as_ref()?.offer.as_ref())
        .map(|offer| offer.places)
        .sum();
    let waiting = answers
        .iter()
        .filter(|answer| result(answer) == v1::RouteResult::Waiting);
    assert!((9..=10).contains(&offered), "{offered} places of 10 are promised");
    assert!(waiting.count() >= 54);
    let mut connection = hub.database.connect().await;
    let held: i64 = sqlx::query_scalar("SELECT sum(held)::bigint FROM capacity_pools")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(held, i64::from(offered));
    let (cases, transactions) = cases_and_transactions(&mut connection).await;
    let mut passed_over = 0;
    for id in decisions(&hub).await {
        let replayed = replay(&hub, &id).await;
        assert_eq!(replayed.result(), v1::ReplayResult::Reproduced, "{replayed:#?}");
        passed_over += usize::from(!replayed.replayed.unwrap().taken_meanwhile.is_empty());
    }
    hub.finish().await;
    transactions < cases && passed_over > 0
}

/// A report that is like few others, and one the hub has to do with as it comes.
fn any_report(rng: &mut StdRng, number: usize) -> v1::SubmitIntakeRequest {
    let mut report = intake(&format!("case-{number}"));
    let places = ["32.73.01", "32.73.02", "31.71.01", "12.71.01"];
    (*places.choose(rng).unwrap()).clone_into(&mut report.region_code);
    report.urgency = (*[v1::Urgency::Regular, v1::Urgency::Urgent, v1::Urgency::Emergency]
        .choose(rng)
        .unwrap())
    .into();
    let clusters = [v1::Cluster::Anak, v1::Cluster::Lansia, v1::Cluster::Unspecified];
    report.cluster = (*clusters.choose(rng).unwrap()).into();
    report.persons = (0..rng.random_range(1..4)).map(|_| child()).collect();
    for person in &mut report.persons {
        if rng.random_bool(0.5) {
            person.phone = format!("0812{:08}", rng.random_range(0..100_000_000));
        }
    }
    report.documents = (0..rng.random_range(0..3))
        .map(|document| v1::DocumentReference {
            kind: "surat_pengantar".to_owned(),
            url: format!("https://berkas.example/{number}/{document}"),
            sha256: "ab".repeat(32),
        })
        .collect();
    v1::SubmitIntakeRequest {
        route_later: rng.random_bool(0.2),
        ..submit(report)
    }
}

/// What is stored of each report, without ids, times and what is sealed.
async fn stored(hub: &TestHub) -> BTreeMap<String, serde_json::Value> {
    let rows: Vec<(String, serde_json::Value)> = sqlx::query_as(
        "SELECT c.source_ref, jsonb_build_object(
             'case', to_jsonb(c) - ARRAY ['case_id', 'offer_id', 'next_deadline', 'waiting_since', 'created_at',
                 'changed_at', 'episode_began_at', 'finish_before'],
             'intakes', (SELECT jsonb_agg(i.received_from) FROM intakes i WHERE i.case_id = c.case_id),
             'persons', (SELECT jsonb_agg(jsonb_build_array(p.position, p.provisional, p.contact IS NOT NULL,
                     (SELECT count(*) FROM name_index n WHERE n.person_id = p.person_id),
                     (SELECT count(*) FROM identity_index x WHERE x.person_id = p.person_id)) ORDER BY p.position)
                 FROM persons p WHERE p.case_id = c.case_id),
             'registrations', (SELECT jsonb_agg(jsonb_build_array(r.state, r.is_identifiable, r.domicile_code)
                     ORDER BY r.person_id) FROM registrations r WHERE r.case_id = c.case_id),
             'documents', (SELECT jsonb_agg(jsonb_build_array(d.kind, d.added_by)) FROM documents d
                 WHERE d.case_id = c.case_id),
             'keys', (SELECT jsonb_agg(k.class ORDER BY k.class) FROM subject_keys k WHERE k.case_id = c.case_id),
             'codes', (SELECT count(*) FROM public_codes k JOIN public_code_index USING (region_code, case_id)
                 WHERE k.case_id = c.case_id),
             'source', (SELECT s.subject FROM source_keys s WHERE s.subject_id = c.case_id),
             'decisions', (SELECT jsonb_agg(jsonb_build_array(d.outcome, d.policy_version, d.cluster, d.nearest_miss_rule,
                     d.inputs IS NOT NULL)) FROM decisions d WHERE d.case_id = c.case_id),
             'offers', (SELECT jsonb_agg(jsonb_build_array(o.state, o.facility_name, o.attempt, o.places, o.base, o.cluster,
                     o.sex, o.holds_places, o.tier, o.travel_minutes, o.party, o.documents)) FROM offers o
                 WHERE o.case_id = c.case_id),
             'holds', (SELECT jsonb_agg(jsonb_build_array(h.base, h.cluster, h.sex, h.places, h.state)) FROM holds h
                 WHERE h.case_id = c.case_id),
             'events', (SELECT jsonb_agg(jsonb_build_array(e.kind, e.subject_version, e.subject_state ->> 'state',
                     e.concerns_facility IS NOT NULL) ORDER BY e.position) FROM events e
                 WHERE e.subject_id LIKE '%' || c.case_id OR e.payload ->> 'case_id' LIKE '%' || c.case_id),
             'audit', (SELECT jsonb_agg(jsonb_build_array(a.verb, a.principal, a.roles, a.request_id IS NOT NULL))
                 FROM audit_entries a WHERE a.subject_id LIKE '%' || c.case_id))
         FROM cases c",
    )
    .fetch_all(&mut hub.database.connect().await)
    .await
    .unwrap();
    rows.into_iter().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_down_together_is_what_would_be_taken_down_one_by_one() {
    let seed: u64 = rand::rng().random();
    println!("seed {seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let requests: Vec<_> = (0..60).map(|number| any_report(&mut rng, number)).collect();
    // Houses that nobody prefers to another, and one that must be asked.
    let rows = || {
        vec![
            facility("A", "32.73.02", 400),
            without_capacity(facility("B", "12.71.01", 0)),
        ]
    };
    let (together, one_by_one) = (hub_with(rows()).await, hub_with(rows()).await);
    let name = "petugas";
    let client = |hub: &TestHub| {
        let token = hub.token_of(name, &[Role::HotlineOperator], "ID", None);
        hub.with_token(Some(&token))
    };
    let answers = send(&client(&together), requests.clone()).await;
    let alone = client(&one_by_one);
    let mut expected = vec![];
    for request in requests {
        expected.extend(send(&alone, vec![request]).await);
    }
    for (answer, expected) in answers.iter().zip(&expected) {
        assert_eq!(result(answer), result(expected));
    }
    let (cases, transactions) = cases_and_transactions(&mut together.database.connect().await).await;
    assert!(
        transactions < cases,
        "nobody went together: {transactions} transactions"
    );
    assert_eq!(
        cases_and_transactions(&mut one_by_one.database.connect().await).await,
        (60, 60)
    );
    assert_eq!(stored(&together).await, stored(&one_by_one).await);
    together.finish().await;
    one_by_one.finish().await;
}
