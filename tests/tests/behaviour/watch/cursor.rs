//! Going on from a cursor: on any replica, after any time, without a gap.

use std::collections::BTreeSet;

use serasi_proto::v1::referral_service_client::ReferralServiceClient;
use sqlx::{Connection, Executor, PgConnection};
use tonic::Request;
use tonic::transport::Endpoint;

use super::*;

/// Writes `count` events of an offer of Bandung to the facility, past the hub; they are numbered from `from`.
async fn write_events(connection: &mut PgConnection, facility: &str, from: i64, count: i64) {
    let statement = format!(
        "INSERT INTO events (region_code, event_id, subject_id, subject_version, kind, payload, created_at,
             concerns_facility, subject_state)
         SELECT '32.73', gen_random_uuid(), '3273-01933b5c-7a3e-7c3a-9d55-0242ac120002', number, 'offer.seen', '{{}}',
             now(), '{facility}', jsonb_build_object('subject', 'offer', 'state', 'seen',
                 'case_id', '3273-01933b5c-7a3e-7c3a-9d55-0242ac120001', 'facility_id', '{facility}', 'places', 1,
                 'base', 'residensial', 'cluster', 'any', 'sex', 'any', 'holds_places', true, 'attempt', 1,
                 'expires_at', now())
         FROM generate_series({from}, {}) AS number",
        from + count - 1
    );
    connection.execute(sqlx::AssertSqlSafe(statement)).await.unwrap();
}

fn version(message: &v1::WatchOffersResponse) -> i64 {
    message.offer.as_ref().unwrap().version
}

async fn hub_and_facility() -> (TestHub, String) {
    let hub = hub_with(vec![facility("A", "32.73.01", 1)]).await;
    let id = facility_id(&mut hub.coordinator(), "A").await;
    (hub, id)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_commits_late_is_told_late_and_never_left_out() {
    let (hub, id) = hub_and_facility().await;
    let mut officer = hub.officer(&id);
    let mut watch = Offers::open(&mut officer, "").await;
    let start = watch.told().await.cursor;

    let mut early = hub.database.connect().await;
    let mut open = early.begin().await.unwrap();
    write_events(&mut open, &id, 1, 1).await;
    let mut others = hub.database.connect().await;
    for number in 2..=4 {
        write_events(&mut others, &id, number, 1).await;
    }
    let told: Vec<_> = [watch.told().await, watch.told().await, watch.told().await]
        .iter()
        .map(version)
        .collect();
    assert_eq!(told, [2, 3, 4], "nobody waits for the open transaction");
    let mut on_another = Offers::open(&mut officer, &start).await;
    assert_eq!(on_another.told().await.step(), WatchStep::Live);
    let mut between = String::new();
    for number in 2..=4 {
        let message = on_another.told().await;
        assert_eq!(version(&message), number);
        between = message.cursor;
    }

    open.commit().await.unwrap();
    assert_eq!(version(&watch.told().await), 1);
    // The same from a cursor of the time when it was open, by another replica.
    let replica = hub.replica().await;
    let mut later = Offers::open(&mut replica.officer(&id), &between).await;
    assert_eq!(later.told().await.step(), WatchStep::Live);
    assert_eq!(version(&later.told().await), 1);
    write_events(&mut others, &id, 5, 1).await;
    assert_eq!(
        (version(&watch.told().await), version(&later.told().await)),
        (5, 5)
    );
    replica.finish().await;
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_cursor_goes_on_right_behind_its_message_on_every_replica() {
    let (hub, id) = hub_and_facility().await;
    let replica = hub.replica().await;
    let start = Offers::open(&mut hub.officer(&id), "").await.told().await.cursor;
    let mut writer = hub.database.connect().await;
    // Some in one transaction, some in many, some in pages of the database: 3 * 130 are more than a page has.
    for turn in 0..3 {
        write_events(&mut writer, &id, turn * 130 + 1, 100).await;
        for number in 101..=130 {
            write_events(&mut writer, &id, turn * 130 + number, 1).await;
        }
    }
    let (mut cursor, mut told) = (start, vec![]);
    // Each watch is given up after a few messages and the next begins at the other replica.
    for turn in 0_usize.. {
        let mut officer = [&hub, &replica][turn % 2].officer(&id);
        let mut watch = Offers::open(&mut officer, &cursor).await;
        assert_eq!(watch.told().await.step(), WatchStep::Live);
        for _ in 0..=(turn * 7 % 61) {
            if told.len() == 390 {
                break;
            }
            let message = watch.told().await;
            told.push(version(&message));
            cursor = message.cursor;
        }
        if told.len() == 390 {
            break;
        }
    }
    assert_eq!(told, (1..=390).collect::<Vec<_>>());
    replica.finish().await;
    hub.finish().await;
}

/// A watch on a connection that takes no more than 64 KiB before they are read.
async fn slow_watch(hub: &TestHub, facility: &str) -> Offers {
    let endpoint = Endpoint::from_shared(format!("http://{}", hub.address())).unwrap();
    let channel = endpoint
        .initial_stream_window_size(65_535)
        .connect()
        .await
        .unwrap();
    let token = hub.token(&[Role::FacilityOfficer], "ID", Some(facility));
    let mut request = Request::new(v1::WatchOffersRequest::default());
    let bearer = format!("Bearer {token}").parse().unwrap();
    request.metadata_mut().insert("authorization", bearer);
    let watch = ReferralServiceClient::new(channel).watch_offers(request).await;
    Offers(watch.unwrap().into_inner())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_is_cut_off_and_goes_on_without_a_gap() {
    const EVENTS: i64 = 4_000;
    let (hub, id) = hub_and_facility().await;
    let narrow = WatchLimits {
        ring_batches: 2,
        ..WatchLimits::default()
    };
    let replica = hub.replica_with(narrow).await;
    let mut officer = replica.officer(&id);
    let mut watch = slow_watch(&replica, &id).await;
    let mut quick = Offers::open(&mut officer, "").await;
    for watch in [&mut watch, &mut quick] {
        assert_eq!(watch.told().await.step(), WatchStep::Live);
    }
    let mut writer = hub.database.connect().await;
    write_events(&mut writer, &id, 1, 1).await;
    let mut told = vec![version(&watch.told().await)];
    // While the other one follows, nobody reads the first: more comes than its connection and the ring take.
    for turn in 0..EVENTS / 100 {
        write_events(&mut writer, &id, 2 + turn * 100, 100).await;
        while version(&quick.told().await) < 1 + (turn + 1) * 100 {}
    }
    let cut = loop {
        match watch.next().await {
            Ok(message) => told.push(version(&message)),
            Err(status) => break status,
        }
    };
    assert_eq!(
        refusal(&cut),
        (Code::ResourceExhausted, "SLOW_CONSUMER".to_owned())
    );
    let mut again = Offers::open(&mut officer, &metadata(&cut, "cursor")).await;
    assert_eq!(again.told().await.step(), WatchStep::Live);
    while told.len() < usize::try_from(EVENTS + 1).unwrap() {
        told.push(version(&again.told().await));
    }
    assert_eq!(told, (1..=EVENTS + 1).collect::<Vec<_>>());
    replica.finish().await;
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_or_forgotten_cursor_is_out_of_range_and_names_the_earliest() {
    let (hub, id) = hub_and_facility().await;
    let mut officer = hub.officer(&id);
    let old = Offers::open(&mut officer, "").await.told().await.cursor;
    let mut writer = hub.database.connect().await;
    write_events(&mut writer, &id, 1, 10).await;
    sqlx::query("UPDATE events SET created_at = now() - interval '91 days' WHERE subject_version <= 7 AND kind = 'offer.seen'")
        .execute(&mut writer)
        .await
        .unwrap();
    write_events(&mut writer, &id, 11, 3).await;
    let from_another_database = "1.9000000000000:0:";
    for unknown in ["nonsense", "2.1:0:", from_another_database] {
        let status = Offers::try_open(&mut officer, unknown).await.err().unwrap();
        assert_eq!(refusal(&status), (Code::OutOfRange, "CURSOR_UNKNOWN".to_owned()));
    }
    // A hub forgets what is too old when it starts.
    let replica = hub.replica().await;
    let status = crate::scene::eventually(
        || async { Offers::try_open(&mut replica.officer(&id), &old).await.err() },
        Option::is_some,
    )
    .await
    .unwrap();
    assert_eq!(refusal(&status), (Code::OutOfRange, "CURSOR_UNKNOWN".to_owned()));
    let mut watch = Offers::open(&mut officer, &metadata(&status, "earliest_cursor")).await;
    assert_eq!(watch.told().await.step(), WatchStep::Live);
    let told: BTreeSet<i64> = [watch.told().await, watch.told().await, watch.told().await]
        .iter()
        .map(version)
        .collect();
    assert_eq!(told, (11..=13).collect());
    replica.finish().await;
    hub.finish().await;
}
