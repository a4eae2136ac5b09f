//! Rows of a registry run past the persons of the hub: who stands there, who does not, and who is for a human.

#[path = "reconcile/absence.rs"]
mod absence;
#[path = "reconcile/announced.rs"]
mod announced;
#[path = "reconcile/command.rs"]
mod command;
#[path = "reconcile/kills.rs"]
mod kills;
#[path = "reconcile/known.rs"]
mod known;
#[path = "reconcile/meanwhile.rs"]
mod meanwhile;
#[path = "reconcile/pages.rs"]
mod pages;
#[path = "reconcile/refused.rs"]
mod refused;
#[path = "reconcile/review.rs"]
mod review;
#[path = "reconcile/two_homes.rs"]
mod two_homes;
#[path = "reconcile/two_registries.rs"]
mod two_registries;

use std::fmt::Write;

use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_proto::v1::RegistrationState::{Ambiguous, Matched, NotFound};
use serasi_proto::v1::reconcile_request::Message;
use serasi_tests::build::{facility, request_id};
use serasi_tests::{Client, TestHub};
use tonic::Status;

use super::{NAME, NIK, acknowledge, at_home_elsewhere, dinas, outcome, placed, record, registration};
use crate::scene::hub_with;

/// In the registry with their NIK; with all but their NIK; perhaps; and not at all.
const EXACT: usize = 0;
const PROBABLE: usize = 1;
const DOUBTFUL: usize = 2;
const ABSENT: usize = 3;

/// The row of each, as it is sent; both of who is in doubt.
fn rows_of_people() -> Vec<String> {
    [
        format!("R-1,{NIK},,{NAME},2014-07-01,P,33.74.01.1001,Jl. Contoh 7,Dahlia Contohwati"),
        "R-2,,,Bagas Contohkusuma,1961-03-09,L,33.74.02.1002,,Melati Contohsari".to_owned(),
        "R-3,,,Wulan Contohningsih,1970-05-20,P,33.74.03.1003,,Kenanga Contohsih".to_owned(),
        "R-4,,,Wulan Contohningsih,1970-05-20,P,33.74.03.1003,,Kenanga Contohsih".to_owned(),
    ]
    .to_vec()
}

fn people() -> Vec<v1::Person> {
    let named = |name: &str, birth: &str, sex: v1::Sex, place: &str, mother: &str| v1::Person {
        name: name.to_owned(),
        birth_date: birth.to_owned(),
        sex: sex as i32,
        domicile_region_code: place.to_owned(),
        mother_name: mother.to_owned(),
        ..v1::Person::default()
    };
    let female = v1::Sex::Female;
    vec![
        at_home_elsewhere(),
        named(
            "Bagas Contohkusuma",
            "1961-03-09",
            v1::Sex::Male,
            "33.74.02.1002",
            "Melati Contohsari",
        ),
        named(
            "Wulan Contohningsih",
            "1970-05-20",
            female,
            "33.74.03.1003",
            "Kenanga Contohsih",
        ),
        named(
            "Teratai Contohayu",
            "1988-12-24",
            female,
            "33.74.04.1001",
            "Anggrek Contohayu",
        ),
    ]
}

/// Strangers, so that there is something to be found among.
fn strangers(count: usize) -> Vec<String> {
    let names = [
        "Joko", "Rini", "Agus", "Dewi", "Yanto", "Lestari", "Hendra", "Putri",
    ];
    (0..count)
        .map(|at| {
            let (first, second) = (names[at % 8], names[(at / 8) % 8]);
            let (year, month, day) = (1930 + at % 70, 1 + at % 12, 1 + at % 28);
            let regency = 1 + at % 20;
            format!("S-{at},,,{first} {second} {at},{year}-{month:02}-{day:02},L,35.{regency:02},,")
        })
        .collect()
}

/// Rows under their numbers, which begin with 2, as lines of a file do.
fn numbered(rows: &[String]) -> Vec<(u64, String)> {
    (2..).zip(rows.iter().map(|row| format!("{row}\n"))).collect()
}

fn chunk(rows: &[(u64, String)]) -> v1::ReconcileRows {
    let mut text = String::new();
    for (number, row) in rows {
        write!(text, "{number},{row}").unwrap();
    }
    v1::ReconcileRows {
        rows: text.into_bytes(),
        last_row: rows.last().unwrap().0,
        unreadable_rows: 0,
    }
}

fn start(edition: &str) -> v1::ReconcileStart {
    v1::ReconcileStart {
        request_id: request_id(),
        registry: v1::RegistryCode::Dtsen as i32,
        edition: edition.to_owned(),
        kind: v1::SourceKind::Snapshot as i32,
        scope_region_code: String::new(),
        source_digest: vec![1; 32],
        allow_leavers: false,
        rows_at_least: 0,
    }
}

fn messages(
    start: &v1::ReconcileStart,
    rows: Vec<v1::ReconcileRows>,
    end: Option<usize>,
) -> Vec<v1::ReconcileRequest> {
    let first = Message::Start(start.clone());
    let end = end.map(|rows| {
        Message::End(v1::ReconcileEnd {
            rows: rows as u64,
            broke_off: false,
        })
    });
    let all = [first]
        .into_iter()
        .chain(rows.into_iter().map(Message::Rows))
        .chain(end);
    all.map(|message| v1::ReconcileRequest {
        message: Some(message),
    })
    .collect()
}

/// Sends these messages and reads all answers.
async fn answers(
    client: &mut Client,
    messages: Vec<v1::ReconcileRequest>,
) -> Result<Vec<v1::ReconcileResponse>, Status> {
    let mut stream = client
        .registry
        .reconcile(tokio_stream::iter(messages))
        .await?
        .into_inner();
    let mut answers = vec![];
    while let Some(answer) = stream.message().await? {
        answers.push(answer);
    }
    Ok(answers)
}

/// A whole run. Gives how it ended, and its results.
async fn reconcile(
    client: &mut Client,
    start: &v1::ReconcileStart,
    rows: &[String],
) -> (v1::Reconciliation, Vec<v1::RowResult>) {
    let numbered = numbered(rows);
    let chunks = numbered.chunks(10).map(chunk).collect();
    let answers = answers(client, messages(start, chunks, Some(rows.len())))
        .await
        .unwrap();
    let run = answers.last().unwrap().reconciliation.clone().unwrap();
    (
        run,
        answers.into_iter().flat_map(|answer| answer.results).collect(),
    )
}

fn officer(hub: &TestHub) -> Client {
    let token = hub.token_of("pemadan", &[Role::RegistryOfficer], "ID", None);
    hub.with_token(Some(&token))
}

async fn with_people() -> (TestHub, Vec<String>) {
    let hub = hub_with(vec![facility("A", "32.73.01", 9)]).await;
    let ids = placed(&hub, "1", people()).await;
    settle(&hub).await;
    (hub, ids)
}

/// Whoever is there has been for a while: about whom has only just come, a run says no more than that it found them.
async fn settle(hub: &TestHub) {
    let mut connection = hub.database.connect().await;
    let query = "UPDATE cases SET created_at = created_at - interval '1 minute'";
    sqlx::query(query).execute(&mut connection).await.unwrap();
}

/// Where somebody stands, as who holds the registry sees it.
async fn seen(hub: &TestHub, person_id: &str) -> v1::Registration {
    let request = v1::GetRegistrationRequest {
        person_id: person_id.to_owned(),
    };
    let answer = officer(hub).registry.get_registration(request).await.unwrap();
    answer.into_inner().registration.unwrap()
}

async fn state(hub: &TestHub, person: &str) -> v1::RegistrationState {
    registration(hub, person).await.state()
}

fn snapshot() -> Vec<String> {
    let mut rows = strangers(60);
    for (at, row) in rows_of_people().into_iter().enumerate() {
        rows.insert(at * 15, row);
    }
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_has_a_code_every_person_a_state_and_the_numbers_add_up() {
    let (hub, ids) = Box::pin(with_people()).await;
    let (run, results) = reconcile(&mut officer(&hub), &start("2026-Q4"), &snapshot()).await;
    assert_eq!(run.state(), v1::ReconciliationState::Done);
    let rows = run.rows.unwrap();
    assert_eq!(
        (
            rows.read,
            rows.exact,
            rows.probable,
            rows.ambiguous,
            rows.refused,
            rows.not_found
        ),
        (64, 1, 1, 2, 0, 60)
    );
    let told: Vec<_> = results
        .iter()
        .map(|result| (result.row, result.code(), &result.person_id))
        .collect();
    assert_eq!(
        told,
        [
            (2, v1::RowCode::Exact, &ids[EXACT]),
            (17, v1::RowCode::Probable, &ids[PROBABLE]),
            (32, v1::RowCode::Ambiguous, &ids[DOUBTFUL]),
            (47, v1::RowCode::Ambiguous, &ids[DOUBTFUL]),
        ]
    );
    let persons = run.persons.unwrap();
    assert_eq!(
        (
            persons.decided,
            persons.matched,
            persons.ambiguous,
            persons.not_found
        ),
        (4, 2, 1, 1)
    );
    for (at, expected) in [
        (EXACT, Matched),
        (PROBABLE, Matched),
        (DOUBTFUL, Ambiguous),
        (ABSENT, NotFound),
    ] {
        assert_eq!(state(&hub, &ids[at]).await, expected, "{at}");
    }
    assert_eq!(
        registration(&hub, &ids[EXACT]).await.registry_id,
        "",
        "a child's key is masked"
    );
    let found = seen(&hub, &ids[EXACT]).await;
    assert_eq!(
        (found.edition.as_str(), found.registry_id.as_str()),
        ("2026-Q4", "R-1")
    );
    assert_eq!(found.r#match.unwrap().match_class(), v1::MatchClass::Exact);
    assert_eq!(found.steps.last().unwrap().match_class(), v1::MatchClass::Exact);
    assert!(
        found.candidates[0]
            .why
            .iter()
            .any(|part| part.what == "nik" && part.level == "exact")
    );
    assert!(found.obligation.is_none(), "what was owed rests");
    assert!(registration(&hub, &ids[DOUBTFUL]).await.obligation.is_some());
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_a_later_snapshot_is_owed_anew_and_a_delta_concludes_nothing() {
    let (hub, ids) = Box::pin(with_people()).await;
    let mut officer = officer(&hub);
    reconcile(&mut officer, &start("2026-Q3"), &snapshot()).await;
    let delta = v1::ReconcileStart {
        kind: v1::SourceKind::Delta as i32,
        ..start("2026-Q4")
    };
    reconcile(&mut officer, &delta, &strangers(30)).await;
    assert_eq!(state(&hub, &ids[EXACT]).await, Matched);
    let (run, _) = reconcile(&mut officer, &start("2026-Q4"), &strangers(30)).await;
    assert_eq!(run.persons.unwrap().left, 2);
    let left = registration(&hub, &ids[EXACT]).await;
    assert_eq!(left.state(), NotFound);
    assert_eq!(left.obligation.unwrap().round, 2);
    // An earlier edition, sent late, takes nothing back.
    let (late, _) = reconcile(&mut officer, &start("2026-Q2"), &snapshot()).await;
    assert_eq!(late.persons.unwrap().matched, 0);
    assert_eq!(state(&hub, &ids[EXACT]).await, NotFound);
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_persons_at_home_in_the_scope_are_looked_for() {
    let (hub, ids) = Box::pin(with_people()).await;
    let mut elsewhere = hub.client(Role::RegistryOfficer, "32.73");
    let (run, results) = reconcile(&mut elsewhere, &start("2026-Q4"), &snapshot()).await;
    assert_eq!((run.persons.unwrap().decided, results.len()), (0, 0));
    assert_eq!(state(&hub, &ids[EXACT]).await, NotFound);
    let mut at_home = hub.client(Role::RegistryOfficer, "33.74");
    let (run, _) = reconcile(&mut at_home, &start("2026-Q4"), &snapshot()).await;
    assert_eq!(run.persons.unwrap().decided, 4);
    assert_eq!(state(&hub, &ids[EXACT]).await, Matched);
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_done_tells_the_same_again_and_is_listed() {
    let (hub, _) = Box::pin(with_people()).await;
    let mut officer = officer(&hub);
    let start = start("2026-Q4");
    let first = reconcile(&mut officer, &start, &snapshot()).await;
    let again = answers(&mut officer, messages(&start, vec![], None))
        .await
        .unwrap();
    assert_eq!(again.last().unwrap().reconciliation.as_ref(), Some(&first.0));
    let told: Vec<_> = again.into_iter().flat_map(|answer| answer.results).collect();
    assert_eq!(told, first.1);
    let list = v1::ListReconciliationsRequest::default();
    let listed = officer
        .registry
        .list_reconciliations(list)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(listed.reconciliations, std::slice::from_ref(&first.0));
    let get = v1::GetReconciliationRequest {
        reconciliation_id: first.0.reconciliation_id.clone(),
    };
    let found = officer
        .registry
        .get_reconciliation(get)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(found.reconciliation, Some(first.0));
    hub.finish().await;
}
