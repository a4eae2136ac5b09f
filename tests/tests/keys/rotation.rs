//! Rotation of every key while the hub is read and written: no call fails, and a run that is broken off goes on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serasi_proto::v1;
use serasi_store::Context;
use serasi_store::{persons, rotation};
use serasi_tests::build::{facility, intake, submit};
use serasi_tests::{Client, TestHub};
use tokio::task::JoinSet;

use crate::people::{add_versions, canary, count, keys_lines, report, status, worker};
use crate::scene::{case, hub_with};

const PERSONS: usize = 25;
/// Rows of sealed keys; the long form is `SERASI_ROTATION_ROWS=100000`.
const ROWS: usize = 2_000;

fn wanted_rows() -> usize {
    std::env::var("SERASI_ROTATION_ROWS").map_or(ROWS, |rows| rows.parse().unwrap())
}

/// Reports of 25 persons, each of whom has two sealed cells; case id to the first person's name.
async fn population(hub: &TestHub, rows: usize) -> BTreeMap<String, String> {
    let mut tasks = JoinSet::new();
    let reports = rows.div_ceil(2 * PERSONS);
    for worker in 0..4 {
        let mut client = hub.coordinator();
        tasks.spawn(async move {
            let mut cases = vec![];
            for number in (0..reports).filter(|number| number % 4 == worker) {
                let first = number * PERSONS;
                let people: Vec<_> = (first..first + PERSONS).map(canary).collect();
                let name = people[0].name.clone();
                cases.push((report(&mut client, &format!("r{number}"), people).await, name));
            }
            cases
        });
    }
    tasks.join_all().await.into_iter().flatten().collect()
}

/// Reads one case after the other until it is told to stop; every read must give what was written.
async fn reader(
    mut client: Client,
    cases: Arc<BTreeMap<String, String>>,
    stop: Arc<AtomicBool>,
    reads: Arc<AtomicU64>,
) {
    for (id, name) in cases.iter().cycle() {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let seen = case(&mut client, id).await;
        assert_eq!(seen.persons[0].name, *name);
        assert_eq!(seen.persons.len(), PERSONS);
        assert!(!seen.persons[0].phone.is_empty());
        assert_eq!(seen.story, "Cerita yang sangat rahasia.");
        reads.fetch_add(1, Ordering::Relaxed);
    }
}

/// Goes on taking reports down, and ends cases with words.
async fn writer(mut client: Client, name: usize, stop: Arc<AtomicBool>) {
    for number in 0.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let id = report(&mut client, &format!("w{name}-{number}"), vec![canary(number)]).await;
        let resolve = v1::ResolveDirectlyRequest {
            request_id: serasi_tests::build::request_id(),
            case_id: id.clone(),
            version: 0,
            resolution: "Diantar pulang.".to_owned(),
        };
        client.cases.resolve_directly(resolve).await.unwrap();
        assert_eq!(case(&mut client, &id).await.resolution, "Diantar pulang.");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_key_is_rotated_under_reads_and_writes_without_a_failed_call() {
    let hub = hub_with(vec![]).await;
    let cases = Arc::new(population(&hub, wanted_rows()).await);
    add_versions(&hub.database);
    // A replica that knows the new index key; the first hub finds new key-encryption keys in the file by itself.
    let replica = hub.replica().await;

    let (stop, reads) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let mut callers = JoinSet::new();
    for hub in [&hub, &replica] {
        let (cases, reads) = (Arc::clone(&cases), Arc::clone(&reads));
        callers.spawn(reader(worker(hub), cases, Arc::clone(&stop), reads));
    }
    callers.spawn(writer(worker(&hub), 1, Arc::clone(&stop)));
    callers.spawn(writer(worker(&replica), 2, Arc::clone(&stop)));

    let before = count(&hub, "SELECT count(*) FROM subject_keys").await;
    let began = Instant::now();
    let lines = keys_lines(&hub.database, &["rotate"]).await;
    let took = began.elapsed();
    let during = reads.load(Ordering::Relaxed);
    stop.store(true, Ordering::Relaxed);
    // A call that failed has panicked in its task.
    callers.join_all().await;
    println!("rotated {before} subjects' keys in {took:?}, {during} reads meanwhile: {lines:?}");
    assert!(during > 0);

    let after = status(&hub.database).await;
    assert_eq!(after["retired_data_keys"], 0, "{after}");
    assert_eq!(after["keks"].as_array().unwrap().len(), 1, "{after}");
    assert_eq!(after["keks"][0]["version"], 2);
    assert_eq!(
        count(&hub, "SELECT min(version)::bigint FROM data_keys").await,
        2,
        "no data key of before is left"
    );
    for (id, name) in cases.iter().take(20) {
        let seen = case(&mut worker(&hub), id).await;
        assert_eq!(seen.persons[0].name, *name);
    }
    // Nobody was lost from the index, not even who was added by the hub that does not know the new key.
    let store = replica.database.store().await;
    let mut connection = store.begin(Context::WorkOnPersons).await.unwrap();
    for number in [0, 7, PERSONS + 1] {
        let phone = canary(number).phone.parse().unwrap();
        let found = persons::by_phone(&mut connection, store.sealer(), &phone, 1_000).await;
        assert!(!found.unwrap().is_empty());
    }
    let lost = "SELECT count(*) FROM persons p WHERE NOT EXISTS (
        SELECT 1 FROM identity_index i WHERE i.person_id = p.person_id AND i.kind = 'nik')";
    assert_eq!(count(&hub, lost).await, 0);
    let codes = "SELECT count(*) FROM public_codes c WHERE NOT EXISTS (
        SELECT 1 FROM public_code_index i WHERE i.region_code = c.region_code AND i.case_id = c.case_id)";
    assert_eq!(
        count(&hub, codes).await,
        0,
        "every reporter's code still opens something"
    );
    drop(connection);
    store.close().await;
    replica.finish().await;
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_that_is_broken_off_goes_on_where_it_stopped() {
    let hub = hub_with(vec![]).await;
    population(&hub, 1_000).await;
    let mut client = hub.coordinator();
    let bogor = v1::Intake {
        region_code: "32.71.01".to_owned(),
        persons: vec![canary(1)],
        ..intake("bogor")
    };
    client.intake.submit_intake(submit(bogor)).await.unwrap();
    let store = hub.database.store().await;
    // The first batch ends the run: what comes after it is never polled.
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let mut progress = move |rows| tell.send(rows).unwrap();
    tokio::select! {
        done = rotation::renew_data_keys(&store, &mut progress) => panic!("it ended: {done:?}"),
        _ = told.recv() => {}
    }
    let half = status(&hub.database).await;
    assert!(half["retired_data_keys"].as_i64().unwrap() > 0, "{half}");
    let retired = "SELECT count(*) FROM subject_keys k JOIN data_keys d USING (region_code, data_key_id)
        WHERE d.retired_at IS NOT NULL";
    let left = count(&hub, retired).await;
    assert!(left > 0 && left < count(&hub, "SELECT count(*) FROM subject_keys").await);

    let done = rotation::renew_data_keys(&store, &mut |_| ()).await.unwrap();
    assert!(done > 0);
    assert_eq!(count(&hub, retired).await, 0);
    // Every region and class went one version on, none two.
    for extreme in [
        "SELECT min(version)::bigint FROM data_keys",
        "SELECT max(version)::bigint FROM data_keys",
    ] {
        assert_eq!(count(&hub, extreme).await, 2);
    }
    assert_eq!(count(&hub, "SELECT count(*) FROM data_keys").await, 8);
    store.close().await;
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_whose_data_key_was_destroyed_looks_again_and_loses_nothing() {
    let hub = hub_with(vec![facility("A", "32.73.02", 5)]).await;
    let mut client = worker(&hub);
    let id = report(&mut client, "before", vec![canary(1)]).await;
    let store = hub.database.store().await;
    for _ in 0..2 {
        rotation::renew_data_keys(&store, &mut |_| ()).await.unwrap();
    }
    store.close().await;
    // The hub still has the first data keys in memory: neither reading nor writing may fail.
    let written = report(&mut client, "after", vec![canary(2)]).await;
    for (id, number) in [(id, 1), (written, 2)] {
        let seen = case(&mut client, &id).await;
        assert_eq!(seen.persons[0].name, canary(number).name);
        tokio::time::timeout(Duration::from_secs(5), case(&mut client, &id))
            .await
            .unwrap();
    }
    hub.finish().await;
}
