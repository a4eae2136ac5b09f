//! What a bench found: numbers, and how they are told to people and programs.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::limit::{Limit, Rate};
use super::measured::{Measured, latency_json, latency_text, round};
use super::meters::Cost;
use crate::cli::Mix;
use crate::exit::Exit;
use crate::table::facts;

/// By how much smaller the share of offered cases may be in the load than in what pgbench wrote: few cases were drawn for
/// that.
const TOLERATED_SHARE: f64 = 0.05;
/// A whole run.
pub(super) struct BenchResult {
    pub(super) mix: Mix,
    pub(super) seed: u64,
    pub(super) clients: u16,
    pub(super) connections: u16,
    /// Reports a second that were due; `None` = as many as were answered.
    pub(super) rate: Option<u32>,
    pub(super) duration_s: u16,
    pub(super) measured: Measured,
    /// Where the hub is one that can be looked at.
    pub(super) cost: Option<Cost>,
    pub(super) limit: Option<Limit>,
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
        let followed = measured.followed.iter().map(|(call, latency_us)| {
            let told = json!({
                "answered": latency_us.len(),
                "per_second": round(measured.rate_of(latency_us)),
                "latency_ms": latency_json(latency_us),
            });
            (call.name(), told)
        });
        json!({
            "mix": match self.mix {
                Mix::Submit => "submit",
                Mix::Day => "day",
            },
            "seed": self.seed,
            "clients": self.clients,
            "connections": self.connections,
            "rate": self.rate,
            "duration_s": self.duration_s,
            "lasted_s": round(measured.lasted.as_secs_f64()),
            "answered": measured.latency_us.len(),
            "per_second": round(measured.per_second()),
            "latency_ms": latency_json(&measured.latency_us),
            "followed_by": followed.collect::<BTreeMap<_, _>>(),
            "results": measured.results().collect::<BTreeMap<_, _>>(),
            "errors": measured.errors,
            "follow_errors": measured.follow_errors.iter().map(|((call, code), count)| {
                json!({ "call": call.name(), "code": code, "count": count })
            }).collect::<Vec<_>>(),
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
                "commit_ms": round(limit.commit_ms),
                "offered_share": limit.offered_share,
                "ratio": self.ratio(&limit).map(round),
            })),
            "lost_clients": measured.lost_clients,
        })
    }

    pub(super) fn to_text(&self) -> String {
        let measured = &self.measured;
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
        let follow_errors = measured.follow_errors.iter();
        let follow_errors =
            follow_errors.map(|((call, code), count)| format!("{count} {code} of {}", call.name()));
        let (clients, connections) = (self.clients, self.connections);
        let lost = measured.lost_clients;
        let load = [
            (
                "load",
                format!(
                    "{clients} clients on {connections} connections, {} s{}",
                    self.duration_s,
                    self.rate
                        .map(|rate| format!(", {rate} due per second"))
                        .unwrap_or_default()
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
            ("latency", latency_text(&measured.latency_us)),
            ("results", counted(results.collect())),
            ("errors", counted(errors.chain(follow_errors).collect())),
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
        let followed = measured.followed.iter().map(|(call, latency_us)| {
            let (calls, rate) = (latency_us.len(), measured.rate_of(latency_us));
            let told = format!("{calls} ({rate:.1} per second)   {}", latency_text(latency_us));
            (call.name(), told)
        });
        facts(load.into_iter().chain(followed).chain(self.machine()))
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
                    format!(
                        "{}, {}; a commit alone p50 {:.2} ms; {ratio}",
                        told(one_by_one, "one by one"),
                        told(in_batches, "in batches"),
                        limit.commit_ms,
                    )
                }),
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serasi_proto::v1::RouteResult;

    use super::super::follow::Call;
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
            mix: Mix::Day,
            seed: 7,
            clients: 2,
            connections: 1,
            rate: None,
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
    fn what_follows_a_report_is_told_apart() {
        let mut all = of_a_client(&[10]);
        let mut other = of_a_client(&[10]);
        for _ in 0..2 {
            other.followed(Call::Accept, Duration::from_millis(30), Duration::from_secs(2));
        }
        all.add(&other);
        let result = result(all);
        let told = result.to_json();
        assert_eq!(told["answered"], 2);
        assert_eq!(told["followed_by"]["accept_offer"]["answered"], 2);
        assert_eq!(told["followed_by"]["accept_offer"]["per_second"], 1.0);
        assert!(told["followed_by"]["decline_offer"].is_null());
        assert!(result.to_text().contains("accept_offer"), "{}", result.to_text());
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
            commit_ms: 1.0,
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
