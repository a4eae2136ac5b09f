//! What the clients of a load saw, added up.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;
use serasi_proto::v1::RouteResult;
use serde_json::{Value, json};

use super::follow::Call;
use crate::codes::label;

/// Longer calls than this have met their deadline.
const MAX_LATENCY_US: u64 = 60_000_000;
/// Digits of a latency that are kept: three, one per mille.
const DIGITS: u8 = 3;
const PERCENTILES: [(&str, f64); 5] = [
    ("p50", 50.0),
    ("p95", 95.0),
    ("p99", 99.0),
    ("p99.9", 99.9),
    ("max", 100.0),
];

/// What one client, or all of them, saw.
pub(super) struct Measured {
    pub(super) latency_us: Histogram<u64>,
    /// By number of the [`RouteResult`].
    results: BTreeMap<i32, u64>,
    /// Calls that followed a report.
    pub(super) followed: BTreeMap<Call, Histogram<u64>>,
    /// By gRPC code.
    pub(super) errors: BTreeMap<&'static str, u64>,
    /// Of the calls that followed.
    pub(super) follow_errors: BTreeMap<(Call, &'static str), u64>,
    /// Bad calls that were answered as they must be.
    pub(super) refused: u64,
    /// From the start of the window to the last answer.
    pub(super) lasted: Duration,
    /// Clients that ended without a result.
    pub(super) lost_clients: u32,
}

fn no_latencies() -> Histogram<u64> {
    Histogram::new_with_max(MAX_LATENCY_US, DIGITS).expect("the bounds above are valid")
}

impl Default for Measured {
    fn default() -> Self {
        Self {
            latency_us: no_latencies(),
            results: BTreeMap::new(),
            followed: BTreeMap::new(),
            errors: BTreeMap::new(),
            follow_errors: BTreeMap::new(),
            refused: 0,
            lasted: Duration::ZERO,
            lost_clients: 0,
        }
    }
}

impl Measured {
    pub(super) fn answered(&mut self, result: i32, latency: Duration, at: Duration) {
        record(&mut self.latency_us, latency);
        *self.results.entry(result).or_default() += 1;
        self.lasted = self.lasted.max(at);
    }

    pub(super) fn followed(&mut self, call: Call, latency: Duration, at: Duration) {
        record(self.followed.entry(call).or_insert_with(no_latencies), latency);
        self.lasted = self.lasted.max(at);
    }

    pub(super) fn failed(&mut self, code: &'static str, at: Duration) {
        *self.errors.entry(code).or_default() += 1;
        self.lasted = self.lasted.max(at);
    }

    pub(super) fn failed_to_follow(&mut self, call: Call, code: &'static str, at: Duration) {
        *self.follow_errors.entry((call, code)).or_default() += 1;
        self.lasted = self.lasted.max(at);
    }

    pub(super) fn refused(&mut self, at: Duration) {
        self.refused += 1;
        self.lasted = self.lasted.max(at);
    }

    /// Good calls that were answered.
    pub(super) fn count(&self) -> u64 {
        self.latency_us.len()
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.latency_us
            .add(&other.latency_us)
            .expect("all histograms have the same bounds");
        for (call, latencies) in &other.followed {
            let known = self.followed.entry(*call).or_insert_with(no_latencies);
            known.add(latencies).expect("all histograms have the same bounds");
        }
        for (result, count) in &other.results {
            *self.results.entry(*result).or_default() += count;
        }
        for (code, count) in &other.errors {
            *self.errors.entry(code).or_default() += count;
        }
        for (error, count) in &other.follow_errors {
            *self.follow_errors.entry(*error).or_default() += count;
        }
        self.refused += other.refused;
        self.lasted = self.lasted.max(other.lasted);
        self.lost_clients += other.lost_clients;
    }

    pub(super) fn per_second(&self) -> f64 {
        self.rate_of(&self.latency_us)
    }

    pub(super) fn rate_of(&self, calls: &Histogram<u64>) -> f64 {
        if self.lasted.is_zero() {
            return 0.0;
        }
        let answered = u32::try_from(calls.len()).unwrap_or(u32::MAX);
        f64::from(answered) / self.lasted.as_secs_f64()
    }

    /// Of the cases that were taken down, those for which a place is held.
    pub(super) fn offered_share(&self) -> f64 {
        let offered = self.results.get(&RouteResult::Offered.into()).copied();
        let [offered, all] = [offered.unwrap_or_default(), self.count()];
        let count = |cases| f64::from(u32::try_from(cases).unwrap_or(u32::MAX));
        count(offered) / count(all).max(1.0)
    }

    pub(super) fn results(&self) -> impl Iterator<Item = (String, u64)> {
        let results = self.results.iter();
        results.map(|(result, count)| (label::<RouteResult>(*result), *count))
    }
}

fn record(latencies: &mut Histogram<u64>, latency: Duration) {
    latencies.saturating_record(u64::try_from(latency.as_micros()).unwrap_or(MAX_LATENCY_US));
}

/// Name and milliseconds of each percentile.
fn percentiles_ms(latency_us: &Histogram<u64>) -> impl Iterator<Item = (&'static str, f64)> {
    PERCENTILES.into_iter().map(|(name, percentile)| {
        let latency_us = latency_us.value_at_percentile(percentile);
        (name, Duration::from_micros(latency_us).as_secs_f64() * 1_000.0)
    })
}

pub(super) fn latency_text(latency_us: &Histogram<u64>) -> String {
    let told = percentiles_ms(latency_us).map(|(name, ms)| format!("{name} {ms:.1} ms"));
    told.collect::<Vec<_>>().join("   ")
}

pub(super) fn round(number: f64) -> f64 {
    (number * 1_000.0).round() / 1_000.0
}

pub(super) fn latency_json(latency_us: &Histogram<u64>) -> Value {
    let told = percentiles_ms(latency_us).map(|(name, ms)| (name, round(ms)));
    json!(told.collect::<BTreeMap<_, _>>())
}
