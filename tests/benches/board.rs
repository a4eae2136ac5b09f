//! What it costs a replica to follow the directory: a hundred facilities have reported, the change log is read from
//! PostgreSQL and put over the snapshot.
//!
//! `cargo bench -p serasi-tests --bench board`. Reports are made through the hub and are not timed; what is timed is
//! what the board does at each look.
#![expect(clippy::print_stdout, reason = "a bench reports to the terminal")]
#![expect(clippy::unwrap_used, reason = "a bench that cannot run says where and stops")]

use std::time::Instant;

use pbjson_types::Timestamp;
use serasi_directory::reference_facilities;
use serasi_domain::directory::Directory;
use serasi_hub::clock::Clock;
use serasi_proto::v1;
use serasi_store::directory::{read_all, read_since};
use serasi_tests::build::request_id;
use serasi_tests::{Client, TestHub};

const CHANGED: usize = 100;
const LOOKS: usize = 50;

#[tokio::main]
async fn main() {
    let hub = TestHub::start().await;
    let mut client = hub.coordinator();
    let rows = tokio_stream::iter(reference_facilities());
    client.facilities.import_facilities(rows).await.unwrap();
    let store = hub.database.store().await;
    let (mut position, everything) = read_all(&store).await.unwrap();
    let mut directory = Directory::default().with(position.version, everything).unwrap();

    let (mut reads, mut wholes) = (vec![], vec![]);
    for _ in 0..LOOKS {
        report(&mut client, &directory).await;
        let start = Instant::now();
        let (next, changes) = read_since(&store, &position).await.unwrap();
        reads.push(start.elapsed());
        assert!(changes.pools.len() >= CHANGED, "every report is in the log");
        directory = directory.with(next.version, changes).unwrap();
        wholes.push(start.elapsed());
        position = next;
    }
    println!(
        "board of {} facilities, {CHANGED} of them changed, {LOOKS} looks",
        directory.len()
    );
    for (name, mut times) in [("read from PostgreSQL", reads), ("whole refresh", wholes)] {
        times.sort_unstable();
        println!(
            "{name:<21} p50 {:>6.2?}   max {:>6.2?}",
            times.get(times.len() / 2).copied().unwrap_or_default(),
            times.last().copied().unwrap_or_default()
        );
    }
    hub.finish().await;
}

/// A hundred facilities over the whole country state their first pool again, one place more.
async fn report(client: &mut Client, directory: &Directory) {
    let clock = Clock::system();
    let step = directory.len() / CHANGED / 2;
    let with_pools = directory.entries().filter(|entry| !entry.pools.is_empty());
    for entry in with_pools.step_by(step).take(CHANGED) {
        let facility_id = entry.facility.id.to_string();
        let request = v1::GetCapacityRequest {
            facility_id: facility_id.clone(),
        };
        let stated = client
            .facilities
            .get_capacity(request)
            .await
            .unwrap()
            .into_inner();
        let pool = stated.pools.into_iter().next().unwrap();
        let request = v1::ReportCapacityRequest {
            request_id: request_id(),
            facility_id,
            observe_time: Some(Timestamp {
                seconds: clock.now().unix_timestamp(),
                nanos: 0,
            }),
            valid_until_time: None,
            pools: vec![v1::CapacityReport {
                key: pool.key,
                total: pool.total + 1,
                occupied: pool.occupied,
                overflow: pool.overflow,
            }],
        };
        client.facilities.report_capacity(request).await.unwrap();
    }
}
