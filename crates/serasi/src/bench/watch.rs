//! `serasi bench watch`: what idle watchers cost a hub, and how fast all of them are told. The hub is a process of its own,
//! with a private database, so that its memory can be read; it is gone afterwards.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use pbjson_types::Timestamp;
use serasi_hub::clock::Clock;
use serasi_proto::v1::{
    CapacityReport, Facility, FacilityKind, ImportFacilitiesRequest, ListFacilitiesRequest, PoolKey,
    ReportCapacityRequest, ServiceBase, WatchCapacityRequest, WatchCapacityResponse, WatchStep,
};
use serde_json::json;
use tokio::sync::mpsc;
use tonic::{Request, Status, Streaming};

use super::hub_process::HubProcess;
use crate::cli::BenchWatchArgs;
use crate::client::Hub;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::progress::progress;
use crate::request_id;
use crate::table::facts;

/// Nothing happens for so long, to see what waiting costs.
const IDLE: Duration = Duration::from_secs(10);
const BETWEEN_EVENTS: Duration = Duration::from_secs(1);
/// Whoever has not been told by then has been forgotten.
const PATIENCE: Duration = Duration::from_secs(30);
const LONGEST_CALL: Duration = Duration::from_hours(1);
const MAX_LATENCY_US: u64 = 60_000_000;
const DIGITS: u8 = 3;
const KIB: f64 = 1024.0;

/// What a run found.
struct Found {
    watchers: u32,
    connections: u32,
    bytes_each: f64,
    idle_cpu_percent: f64,
    latency_us: Histogram<u64>,
    missed: u64,
}

/// A watcher has been told of a version of the pool.
type Told = (i64, Instant);

pub(super) async fn watch(args: &BenchWatchArgs, output: &mut Output<'_>) -> Result<Exit, CliError> {
    let process = HubProcess::start(args.pg_bin.as_deref()).await?;
    let found = measure(&process, args, output).await;
    process.stop().await;
    let found = found?;
    if output.is_json() {
        output.json_line(&found.to_json())?;
    } else {
        output.line(found.to_text())?;
    }
    Ok(if found.missed == 0 {
        Exit::Done
    } else {
        Exit::SomeRefused
    })
}

async fn measure(
    process: &HubProcess,
    args: &BenchWatchArgs,
    output: &mut Output<'_>,
) -> Result<Found, CliError> {
    let hub = process.client().await?;
    let facility = one_facility(&hub).await?;
    let mut hubs = vec![];
    for _ in 0..args.connections {
        hubs.push(process.client().await?);
    }
    let memory_before = process.memory_bytes()?;
    let (tell, mut told) = mpsc::unbounded_channel();
    let bar = progress(output, Some(args.watchers.into()));
    for hub in hubs
        .iter()
        .cycle()
        .take(usize::try_from(args.watchers).unwrap_or(usize::MAX))
    {
        let stream = begin(hub, &facility).await?;
        tokio::spawn(listen(stream, tell.clone()));
        bar.inc(1);
    }
    bar.finish_and_clear();
    let cpu_before = process.cpu_seconds()?;
    tokio::time::sleep(IDLE).await;
    let idle_cpu_percent = (process.cpu_seconds()? - cpu_before) / IDLE.as_secs_f64() * 100.0;
    let mut latency_us = Histogram::new_with_max(MAX_LATENCY_US, DIGITS).expect("the bounds above are valid");
    let mut missed = 0;
    let bar = progress(output, Some(args.events.into()));
    for version in (2..).take(args.events.into()) {
        let next = Instant::now() + BETWEEN_EVENTS;
        let sent = report(&hub, &facility, version).await?;
        missed += all_told(&mut told, (version, sent), args.watchers, &mut latency_us).await;
        bar.inc(1);
        tokio::time::sleep_until(next.into()).await;
    }
    bar.finish_and_clear();
    let grown = process.memory_bytes()?.saturating_sub(memory_before);
    #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
    let bytes_each = grown as f64 / f64::from(args.watchers);
    Ok(Found {
        watchers: args.watchers,
        connections: args.connections,
        bytes_each,
        idle_cpu_percent,
        latency_us,
        missed,
    })
}

async fn one_facility(hub: &Hub) -> Result<String, CliError> {
    let facility = Facility {
        source_system: "bench".to_owned(),
        source_ref: "watched".to_owned(),
        kind: FacilityKind::Lks.into(),
        name: "LKS yang diamati".to_owned(),
        region_code: "32.73.01".to_owned(),
        clusters: vec![serasi_proto::v1::Cluster::Anak.into()],
        bases: vec![ServiceBase::Residential.into()],
        ministry_supervised: true,
        ..Facility::default()
    };
    let row = ImportFacilitiesRequest {
        facility: Some(facility),
        capacity: vec![capacity(100)],
        ..ImportFacilitiesRequest::default()
    };
    hub.facilities()
        .import_facilities(tokio_stream::iter([row]))
        .await?;
    let all = ListFacilitiesRequest::default();
    let found = hub
        .facilities()
        .list_facilities(all)
        .await?
        .into_inner()
        .facilities;
    let first = found.into_iter().next();
    first
        .map(|facility| facility.facility_id)
        .ok_or_else(|| Status::not_found("the facility that was just imported").into())
}

fn capacity(total: i32) -> CapacityReport {
    CapacityReport {
        key: Some(PoolKey {
            base: ServiceBase::Residential.into(),
            ..PoolKey::default()
        }),
        total,
        ..CapacityReport::default()
    }
}

/// A watch that has been told how things stand.
async fn begin(hub: &Hub, facility: &str) -> Result<Streaming<WatchCapacityResponse>, CliError> {
    let mut request = Request::new(WatchCapacityRequest {
        facility_id: facility.to_owned(),
        ..WatchCapacityRequest::default()
    });
    request.set_timeout(LONGEST_CALL);
    let mut stream = hub.facilities().watch_capacity(request).await?.into_inner();
    while let Some(message) = stream.message().await? {
        if message.step() == WatchStep::Live {
            return Ok(stream);
        }
    }
    Err(Status::unavailable("the hub ended the stream").into())
}

async fn listen(mut stream: Streaming<WatchCapacityResponse>, tell: mpsc::UnboundedSender<Told>) {
    while let Ok(Some(message)) = stream.message().await {
        if let Some(watched) = message.pool
            && tell.send((watched.version, Instant::now())).is_err()
        {
            return;
        }
    }
}

/// Makes the next event; gives back when it was sent.
async fn report(hub: &Hub, facility: &str, version: i64) -> Result<Instant, CliError> {
    let now = Clock::system().now();
    let request = ReportCapacityRequest {
        request_id: request_id::fresh().to_string(),
        facility_id: facility.to_owned(),
        observe_time: Some(Timestamp {
            seconds: now.unix_timestamp(),
            nanos: i32::try_from(now.nanosecond()).unwrap_or(0),
        }),
        valid_until_time: None,
        pools: vec![capacity(100 + i32::try_from(version).unwrap_or(0))],
    };
    let sent = Instant::now();
    hub.facilities().report_capacity(request).await?;
    Ok(sent)
}

/// Waits until every watcher has been told of the version; gives back how many were not.
async fn all_told(
    told: &mut mpsc::UnboundedReceiver<Told>,
    (version, sent): (i64, Instant),
    watchers: u32,
    latency_us: &mut Histogram<u64>,
) -> u64 {
    let mut left = u64::from(watchers);
    let until = tokio::time::Instant::now() + PATIENCE;
    while left > 0 {
        match tokio::time::timeout_at(until, told.recv()).await {
            Ok(Some((heard, at))) if heard == version => {
                let latency = at.duration_since(sent).as_micros();
                latency_us.saturating_record(u64::try_from(latency).unwrap_or(MAX_LATENCY_US));
                left -= 1;
            }
            Ok(Some(_)) => {}
            Ok(None) | Err(_) => return left,
        }
    }
    0
}

impl Found {
    fn latency_ms(&self, percentile: f64) -> f64 {
        let latency_us = self.latency_us.value_at_percentile(percentile);
        Duration::from_micros(latency_us).as_secs_f64() * 1_000.0
    }

    fn to_json(&self) -> serde_json::Value {
        json!({
            "mix": "watch",
            "watchers": self.watchers,
            "connections": self.connections,
            "kib_per_watcher": (self.bytes_each / KIB * 10.0).round() / 10.0,
            "idle_cpu_percent": (self.idle_cpu_percent * 10.0).round() / 10.0,
            "told": self.latency_us.len(),
            "missed": self.missed,
            "fan_out_ms": {
                "p50": self.latency_ms(50.0).round(),
                "p99": self.latency_ms(99.0).round(),
                "max": self.latency_ms(100.0).round(),
            },
        })
    }

    fn to_text(&self) -> String {
        let fan_out = [("p50", 50.0), ("p99", 99.0), ("max", 100.0)];
        let fan_out =
            fan_out.map(|(name, percentile)| format!("{name} {:.0} ms", self.latency_ms(percentile)));
        facts([
            (
                "watchers",
                format!("{} over {} connections", self.watchers, self.connections),
            ),
            (
                "memory",
                format!("{:.1} KiB each, of the hub", self.bytes_each / KIB),
            ),
            (
                "waiting",
                format!("{:.1} % of a core, of the hub", self.idle_cpu_percent),
            ),
            (
                "fan-out",
                format!(
                    "{}, from the report's sending to each watcher",
                    fan_out.join(", ")
                ),
            ),
            (
                "told",
                format!("{}, {} missed", self.latency_us.len(), self.missed),
            ),
        ])
    }
}
