//! What a bench found: numbers, and how they are told to people and programs.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;
use serasi_proto::v1::RouteResult;
use serde_json::{Value, json};

use super::limit::{Limit, Rate};
use super::meters::Cost;
use crate::codes::label;
use crate::exit::Exit;
use crate::table::facts;

/// Longer calls than this have met their deadline.
const MAX_LATENCY_US: u64 = 60_000_000;
/// Digits of a latency that are kept: three, one per mille.
const DIGITS: u8 = 3;
/// By how much smaller the share of offered cases may be in the load than in what pgbench wrote: few cases were drawn for
/// that.
const TOLERATED_SHARE: f64 = 0.05;
const PERCENTILES: [(&str, f64); 5] = [
    ("p50", 50.0),
    ("p95", 95.0),
    ("p99", 99.0),
    ("p99.9", 99.9),
    ("max", 100.0),
];

/// What one client, or all of them, saw.
pub(super) struct Measured {
    latency_us: Histogram<u64>,
    /// By number of the [`RouteResult`].
    results: BTreeMap<i32, u64>,
    /// By gRPC code.
    errors: BTreeMap<&'static str, u64>,
    /// Bad calls that were answered as they must be.
    refused: u64,
    /// From the start of the window to the last answer.
    lasted: Duration,
    /// Clients that ended without a result.
    pub(super) lost_clients: u32,
}

/// A whole run.
pub(super) struct BenchResult {
    pub(super) seed: u64,
    pub(super) clients: u16,
    pub(super) connections: u16,
    pub(super) duration_s: u16,
    pub(super) measured: Measured,
    /// Where the hub is one that can be looked at.
    pub(super) cost: Option<Cost>,
    pub(super) limit: Option<Limit>,
}

impl Default for Measured {
    fn default() -> Self {
        let latency_us = Histogram::new_with_max(MAX_LATENCY_US, DIGITS);
        Self {
            latency_us: latency_us.expect("the bounds above are valid"),
            results: BTreeMap::new(),
            errors: BTreeMap::new(),
            refused: 0,
            lasted: Duration::ZERO,
            lost_clients: 0,
        }
    }
}

impl Measured {
    pub(super) fn answered(&mut self, result: i32, latency: Duration, at: Duration) {
        let latency_us = u64::try_from(latency.as_micros()).unwrap_or(MAX_LATENCY_US);
        self.latency_us.saturating_record(latency_us);
        *self.results.entry(result).or_default() += 1;
        self.lasted = self.lasted.max(at);
    }

    pub(super) fn failed(&mut self, code: &'static str, at: Duration) {
        *self.errors.entry(code).or_default() += 1;
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
        for (result, count) in &other.results {
            *self.results.entry(*result).or_default() += count;
        }
        for (code, count) in &other.errors {
            *self.errors.entry(code).or_default() += count;
        }
        self.refused += other.refused;
        self.lasted = self.lasted.max(other.lasted);
        self.lost_clients += other.lost_clients;
    }

    fn per_second(&self) -> f64 {
        if self.lasted.is_zero() {
            return 0.0;
        }
        let answered = u32::try_from(self.latency_us.len()).unwrap_or(u32::MAX);
        f64::from(answered) / self.lasted.as_secs_f64()
    }

    /// Of the cases that were taken down, those for which a place is held.
    fn offered_share(&self) -> f64 {
        let offered = self.results.get(&RouteResult::Offered.into()).copied();
        let [offered, all] = [offered.unwrap_or_default(), self.count()];
        let count = |cases| f64::from(u32::try_from(cases).unwrap_or(u32::MAX));
        count(offered) / count(all).max(1.0)
    }

    /// Name and milliseconds of each percentile.
    fn percentiles_ms(&self) -> impl Iterator<Item = (&'static str, f64)> {
        PERCENTILES.into_iter().map(|(name, percentile)| {
            let latency_us = self.latency_us.value_at_percentile(percentile);
            (name, Duration::from_micros(latency_us).as_secs_f64() * 1_000.0)
        })
    }

    fn results(&self) -> impl Iterator<Item = (String, u64)> {
        let results = self.results.iter();
        results.map(|(result, count)| (label::<RouteResult>(*result), *count))
    }
}

impl BenchResult {
    /// How many times as many cases as pgbench, one transaction each. `None` = not to be compared: the load's cases left
    /// fewer rows than those that pgbench wrote.
    fn ratio(&self, limit: &Limit) -> Option<f64> {
        let is_as_much = self.measured.offered_share() + TOLERATED_SHARE >= limit.offered_share;
        is_as_much.then_some(self.measured.per_second() / limit.one_by_one.per_second)
    }

    /// A load that got no answer at all has measured nothing.
    pub(super) fn exit(&self) -> Exit {
        let measured = &self.measured;
        let was_refused = measured.errors.keys().any(|code| *code != "UNAVAILABLE");
        match (measured.latency_us.is_empty(), was_refused) {
            (false, _) => Exit::Done,
            (true, true) => Exit::Refused,
            (true, false) => Exit::Unreachable,
        }
    }

    pub(super) fn to_json(&self) -> Value {
        let measured = &self.measured;
        let round = |number: f64| (number * 1_000.0).round() / 1_000.0;
        let latency_ms: BTreeMap<_, _> = measured
            .percentiles_ms()
            .map(|(name, ms)| (name, round(ms)))
            .collect();
        json!({
            "mix": "submit",
            "seed": self.seed,
            "clients": self.clients,
            "connections": self.connections,
            "duration_s": self.duration_s,
            "lasted_s": round(measured.lasted.as_secs_f64()),
            "answered": measured.latency_us.len(),
            "per_second": round(measured.per_second()),
            "latency_ms": latency_ms,
            "results": measured.results().collect::<BTreeMap<_, _>>(),
            "errors": measured.errors,
            "refused_as_expected": measured.refused,
            "cost_per_case": self.cost.map(|cost| json!({
                "hub_cpu_us": cost.hub_cpu_us.round(),
                "database_cpu_us": cost.database_cpu_us.round(),
                "wal_bytes": cost.wal_bytes.round(),
            })),
            "hub_memory_bytes": self.cost.map(|cost| cost.hub_memory_bytes),
            "pgbench": self.limit.map(|limit| json!({
                "one_by_one_per_second": round(limit.one_by_one.per_second),
                "one_by_one_wal_bytes": limit.one_by_one.wal_bytes.round(),
                "in_batches_per_second": round(limit.in_batches.per_second),
                "in_batches_wal_bytes": limit.in_batches.wal_bytes.round(),
                "offered_share": limit.offered_share,
                "ratio": self.ratio(&limit).map(round),
            })),
            "lost_clients": measured.lost_clients,
        })
    }

    pub(super) fn to_text(&self) -> String {
        let measured = &self.measured;
        let latency: Vec<_> = measured
            .percentiles_ms()
            .map(|(name, ms)| format!("{name} {ms:.1} ms"))
            .collect();
        let counted = |counts: Vec<String>| {
            if counts.is_empty() {
                "none".to_owned()
            } else {
                counts.join(", ")
            }
        };
        let results = measured
            .results()
            .map(|(result, count)| format!("{count} {result}"));
        let errors = measured
            .errors
            .iter()
            .map(|(code, count)| format!("{count} {code}"));
        let (clients, connections) = (self.clients, self.connections);
        let lost = measured.lost_clients;
        let load = [
            (
                "load",
                format!(
                    "{clients} clients on {connections} connections, {} s",
                    self.duration_s
                ),
            ),
            ("seed", self.seed.to_string()),
            (
                "answered",
                format!(
                    "{} ({:.1} per second)",
                    measured.latency_us.len(),
                    measured.per_second()
                ),
            ),
            ("latency", latency.join("   ")),
            ("results", counted(results.collect())),
            ("errors", counted(errors.collect())),
            (
                "refused",
                match measured.refused {
                    0 => String::new(),
                    refused => format!("{refused} bad calls, as they must be"),
                },
            ),
            (
                "lost clients",
                if lost == 0 {
                    String::new()
                } else {
                    lost.to_string()
                },
            ),
        ];
        facts(load.into_iter().chain(self.machine()))
    }

    /// What it cost, and what the server itself can do, where that was measured.
    fn machine(&self) -> [(&'static str, String); 3] {
        [
            (
                "cost of a case",
                self.cost.map_or_else(String::new, |cost| {
                    let Cost { hub_cpu_us, database_cpu_us, wal_bytes, .. } = cost;
                    format!("{hub_cpu_us:.0} us CPU in the hub, {database_cpu_us:.0} us in PostgreSQL, {wal_bytes:.0} bytes WAL")
                }),
            ),
            (
                "memory",
                self.cost.map_or_else(String::new, |cost| format!("{} MiB, the hub", cost.hub_memory_bytes >> 20)),
            ),
            (
                "pgbench",
                self.limit.map_or_else(String::new, |limit| {
                    let Limit { one_by_one, in_batches, .. } = limit;
                    let ratio = self.ratio(&limit).map_or_else(
                        || "no ratio, for the load's cases were offered more seldom than those that pgbench wrote".to_owned(),
                        |ratio| format!("hub : one by one = {ratio:.2}"),
                    );
                    let told = |rate: Rate, how| {
                        format!("{:.1} cases per second {how} ({:.0} bytes WAL each)", rate.per_second, rate.wal_bytes)
                    };
                    format!("{}, {}; {ratio}", told(one_by_one, "one by one"), told(in_batches, "in batches"))
                }),
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_a_client(latencies_ms: &[u64]) -> Measured {
        let mut measured = Measured::default();
        for latency in latencies_ms {
            let offered = RouteResult::Offered.into();
            measured.answered(offered, Duration::from_millis(*latency), Duration::from_secs(2));
        }
        measured
    }

    fn result(measured: Measured) -> BenchResult {
        BenchResult {
            seed: 7,
            clients: 2,
            connections: 1,
            duration_s: 2,
            measured,
            cost: None,
            limit: None,
        }
    }

    #[test]
    fn clients_are_added_up() {
        let mut all = of_a_client(&[1, 2, 3]);
        let mut other = of_a_client(&[100]);
        other.failed("RESOURCE_EXHAUSTED", Duration::from_secs(4));
        all.add(&other);
        let told = result(all).to_json();
        assert_eq!(told["answered"], 4);
        assert_eq!(told["per_second"], 1.0);
        assert_eq!(told["results"]["offered"], 4);
        assert_eq!(told["errors"]["RESOURCE_EXHAUSTED"], 1);
        let max = told["latency_ms"]["max"].as_f64().unwrap();
        assert!((99.9..100.2).contains(&max), "{max}");
        let p50 = told["latency_ms"]["p50"].as_f64().unwrap();
        assert!((1.9..2.1).contains(&p50), "{p50}");
    }

    #[test]
    fn people_get_the_same_numbers_in_lines() {
        let text = result(of_a_client(&[10, 20])).to_text();
        for fact in [
            "2 clients on 1 connections",
            "2 (1.0 per second)",
            "max 20.0 ms",
            "2 offered",
            "none",
        ] {
            assert!(text.contains(fact), "{fact} in\n{text}");
        }
    }

    #[test]
    fn cases_that_leave_less_are_not_compared() {
        let rate = |per_second| Rate {
            per_second,
            wal_bytes: 20_000.0,
        };
        let limit = Limit {
            one_by_one: rate(0.5),
            in_batches: rate(5.0),
            offered_share: 1.0,
        };
        let mut all = of_a_client(&[10, 10]);
        let ratio_of = |measured: Measured| {
            let mut result = result(measured);
            result.limit = Some(limit);
            (result.to_json()["pgbench"]["ratio"].as_f64(), result.to_text())
        };
        assert_eq!(ratio_of(of_a_client(&[10, 10])).0, Some(2.0));
        all.answered(
            RouteResult::Waiting.into(),
            Duration::ZERO,
            Duration::from_secs(2),
        );
        let (ratio, text) = ratio_of(all);
        assert_eq!(ratio, None);
        assert!(text.contains("no ratio"), "{text}");
    }

    #[test]
    fn a_load_without_any_answer_is_no_success() {
        assert_eq!(result(of_a_client(&[1])).exit(), Exit::Done);
        let mut away = Measured::default();
        away.failed("UNAVAILABLE", Duration::from_secs(1));
        assert_eq!(result(away).exit(), Exit::Unreachable);
        let mut refused = Measured::default();
        refused.failed("PERMISSION_DENIED", Duration::from_secs(1));
        assert_eq!(result(refused).exit(), Exit::Refused);
    }
}
