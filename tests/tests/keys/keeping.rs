//! What keeps personal data whose time is over: the case it follows, a review that is still to come. And words that come
//! late go, too.

use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::build::request_id;
use serasi_tests::status::refusal;
use serasi_tests::{Client, TestHub};
use sqlx::{AssertSqlSafe, Connection, Executor};
use tonic::Code;

use crate::erasure::{age, ended, hold, keep_for, lift, run_retention, years};
use crate::people::{canary, count, report, worker};
use crate::scene::{case, eventually, hub_with};

const ALL: [v1::DataClass; 3] = [
    v1::DataClass::Identity,
    v1::DataClass::Contact,
    v1::DataClass::Story,
];

/// A case that has ended, one that follows it, and a younger one of nobody else: when that one is erased, the job has been
/// past the others.
async fn followed(hub: &TestHub, client: &mut Client) -> (String, String, String) {
    let main = report(client, "main", vec![canary(1)]).await;
    let follower = report(client, "follower", vec![canary(1)]).await;
    let link = v1::LinkCasesRequest {
        request_id: request_id(),
        main_case_id: main.clone(),
        case_id: follower.clone(),
    };
    client.cases.link_cases(link).await.unwrap();
    let close = v1::CloseCaseRequest {
        request_id: request_id(),
        case_id: main.clone(),
        version: 0,
        reason: v1::CloseReason::LostContact as i32,
        note: "Tidak ditemukan lagi.".to_owned(),
    };
    client.cases.close_case(close).await.unwrap();
    let last = ended(client, "last").await;
    age(hub, "6 years").await;
    keep_for(client, "R-1", years(5, 5, 5)).await;
    (main, follower, last)
}

async fn is_whole(hub: &TestHub, id: &str) -> bool {
    let seen = case(&mut worker(hub), id).await;
    seen.erased_classes.is_empty() && seen.persons[0].name == canary(1).name
}

async fn unlink(client: &mut Client, follower: &str) -> Result<(), tonic::Status> {
    let request = v1::UnlinkCasesRequest {
        request_id: request_id(),
        case_id: follower.to_owned(),
    };
    client.cases.unlink_cases(request).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_on_the_main_case_keeps_what_follows_it() {
    let hub = hub_with(vec![]).await;
    let mut client = hub.coordinator();
    let (main, follower, last) = followed(&hub, &mut client).await;
    hold(&mut client, &main).await.unwrap();
    run_retention(&hub, &last, &ALL).await;
    assert!(is_whole(&hub, &main).await && is_whole(&hub, &follower).await);

    lift(&mut client, &main).await.unwrap();
    run_retention(&hub, &follower, &ALL).await;
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_that_is_being_set_on_the_main_case_is_waited_for() {
    let hub = hub_with(vec![]).await;
    let mut client = hub.coordinator();
    let (_, follower, last) = followed(&hub, &mut client).await;
    let mut connection = hub.database.connect().await;
    let mut setting = connection.begin().await.unwrap();
    // As SetLegalHold does it; the job finds the follower before the hold is there.
    for statement in [
        "SELECT 1 FROM cases WHERE source_ref = 'main' FOR UPDATE",
        "INSERT INTO legal_holds (region_code, hold_id, case_id, reason, set_at, set_by)
         SELECT region_code, gen_random_uuid(), case_id, 'court_order', now(), 'somebody'
         FROM cases WHERE source_ref = 'main'",
    ] {
        setting.execute(statement).await.unwrap();
    }
    let replica = hub.replica().await;
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    eventually(|| count(&hub, waits), |waiting| *waiting > 0).await;
    setting.commit().await.unwrap();
    let look = || async { case(&mut worker(&hub), &last).await };
    eventually(look, |seen| seen.erased_classes.len() == ALL.len()).await;
    assert!(is_whole(&hub, &follower).await);
    replica.finish().await;
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_follows_is_kept_for_the_time_of_its_main_case_and_stays_linked_when_it_is_erased() {
    let hub = hub_with(vec![]).await;
    let mut client = hub.coordinator();
    let (_, follower, last) = followed(&hub, &mut client).await;
    let mut connection = hub.database.connect().await;
    let ended_today = "UPDATE cases SET changed_at = now() WHERE source_ref = 'main'";
    connection.execute(ended_today).await.unwrap();
    run_retention(&hub, &last, &ALL).await;
    assert!(is_whole(&hub, &follower).await);

    age(&hub, "6 years").await;
    run_retention(&hub, &follower, &ALL).await;
    let refused = unlink(&mut client, &follower).await.unwrap_err();
    assert_eq!(
        refusal(&refused),
        (Code::FailedPrecondition, "DATA_ERASED".to_owned())
    );
    let seen = case(&mut worker(&hub), &follower).await;
    assert_eq!(seen.close_reason(), v1::CloseReason::Linked);
    hub.finish().await;
}

/// Somebody who must break the glass to see a case, and who reviews it.
fn supervisor(hub: &TestHub, who: &str) -> Client {
    hub.with_token(Some(&hub.token_of(who, &[Role::Supervisor], "32.73", None)))
}

async fn open(hub: &TestHub, id: &str) -> String {
    let request = v1::OpenBreakGlassRequest {
        request_id: request_id(),
        case_id: id.to_owned(),
        reason: v1::BreakGlassReason::Danger as i32,
        text: "Ayahnya mengancam datang malam ini.".to_owned(),
        minutes: 0,
    };
    let opened = supervisor(hub, "rina").audit.open_break_glass(request).await;
    opened.unwrap().into_inner().break_glass.unwrap().break_glass_id
}

async fn review(hub: &TestHub, glass: &str) {
    let request = v1::ReviewBreakGlassRequest {
        request_id: request_id(),
        break_glass_id: glass.to_owned(),
        verdict: v1::BreakGlassVerdict::Justified as i32,
        text: "Memang harus dilihat saat itu.".to_owned(),
    };
    let reviewed = supervisor(hub, "budi").audit.review_break_glass(request).await;
    reviewed.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_stays_until_the_opening_of_its_case_is_reviewed() {
    let hub = hub_with(vec![]).await;
    let mut client = hub.coordinator();
    let opened = ended(&mut client, "opened").await;
    let glass = open(&hub, &opened).await;
    let last = ended(&mut client, "last").await;
    age(&hub, "6 years").await;
    keep_for(&mut client, "R-1", years(5, 5, 5)).await;
    run_retention(&hub, &last, &ALL).await;
    let seen = case(&mut worker(&hub), &opened).await;
    assert!(seen.persons[0].name.is_empty() && !seen.story.is_empty());
    assert_eq!(seen.erased_classes.len(), 2);

    review(&hub, &glass).await;
    run_retention(&hub, &opened, &ALL).await;
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn words_that_were_written_after_the_story_was_erased_are_erased_as_well() {
    let hub = hub_with(vec![]).await;
    let mut client = hub.coordinator();
    let id = ended(&mut client, "old").await;
    age(&hub, "6 years").await;
    keep_for(&mut client, "R-1", years(5, 5, 5)).await;
    run_retention(&hub, &id, &ALL).await;
    hold(&mut client, &id).await.unwrap();
    let glass = open(&hub, &id).await;
    let keys = "SELECT count(*) FROM subject_keys WHERE class = 'story' AND erased_at IS NULL";
    assert_eq!(count(&hub, keys).await, 2);

    // Held, and to be reviewed: each alone keeps them.
    lift(&mut client, &id).await.unwrap();
    let last = ended(&mut client, "last").await;
    let long_ago = "UPDATE cases SET changed_at = changed_at - interval '6 years' WHERE source_ref = 'last'";
    let mut connection = hub.database.connect().await;
    connection.execute(AssertSqlSafe(long_ago)).await.unwrap();
    run_retention(&hub, &last, &ALL).await;
    assert_eq!(count(&hub, keys).await, 2);

    review(&hub, &glass).await;
    let replica = hub.replica().await;
    eventually(|| count(&hub, keys), |left| *left == 0).await;
    replica.finish().await;
    let words = "SELECT (SELECT count(*) FROM break_glass WHERE length(words) + length(review_words) > 0)
        + (SELECT count(*) FROM legal_holds WHERE length(note) > 0)";
    assert_eq!(count(&hub, words).await, 0);
    let erased = case(&mut worker(&hub), &id).await.erased_classes;
    assert_eq!(erased.len(), ALL.len(), "each class once");
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_who_is_erased_nobody_is_reminded_and_where_they_were_at_home_is_forgotten() {
    let hub = hub_with(vec![]).await;
    let mut client = hub.coordinator();
    let id = ended(&mut client, "1").await;
    let person = case(&mut worker(&hub), &id).await.persons.remove(0).person_id;
    let mut connection = hub.database.connect().await;
    let at_home = "UPDATE registrations SET domicile_code = '32.73'";
    connection.execute(at_home).await.unwrap();
    let mut dinas = hub.client(Role::DinasOfficer, "32.73");
    let list = v1::ListObligationsRequest::default();
    let seen = dinas.registry.list_obligations(list.clone()).await.unwrap();
    assert_eq!(seen.into_inner().owed.len(), 1);

    age(&hub, "6 years").await;
    keep_for(&mut client, "R-1", years(5, 5, 5)).await;
    run_retention(&hub, &id, &ALL).await;
    let seen = dinas.registry.list_obligations(list).await.unwrap();
    assert!(seen.into_inner().owed.is_empty());
    let request = v1::AcknowledgeReportRequest {
        request_id: request_id(),
        person_ids: vec![person],
    };
    let answer = dinas.registry.acknowledge_report(request).await.unwrap();
    assert_eq!(answer.into_inner().results[0].code(), v1::EntryCode::NotFound);
    let request = v1::GetObligationAgesRequest {
        region_code: "ID".to_owned(),
        level: v1::RegionLevel::Nation as i32,
    };
    let mut overseer = hub.client(Role::Supervisor, "ID");
    let ages = overseer.insight.get_obligation_ages(request).await.unwrap();
    assert!(ages.into_inner().rows.is_empty());
    let left =
        "SELECT count(*) FROM registrations WHERE domicile_code IS NOT NULL OR answer_before IS NOT NULL";
    assert_eq!(count(&hub, left).await, 0);
    hub.finish().await;
}
