//! ImportFacilities: reads the whole stream, checks every row, and only then writes.

use std::collections::HashMap;
use std::sync::Arc;

use serasi_domain::capacity::CapacityReport;
use serasi_domain::id::Regency;
use serasi_geography::RegionCode;
use serasi_proto::v1;
use tokio_stream::StreamExt;
use tonic::{Code, Streaming};

use time::{Duration, OffsetDateTime};

use crate::auth::Permit;
use crate::error::{HubError, Violation};
use crate::hub::Hub;
use crate::unit_of_work::run_for;
use crate::verbs::import_facilities::{ImportFacilities, ImportRow};
use crate::wire::{Parse, capacity_report, profile};

/// Rows of one import.
const MAX_ROWS: usize = 50_000;
/// Violations after which reading on helps nobody.
const MAX_VIOLATIONS: usize = 1_000;
/// Nobody knows their places further ahead.
const LONGEST_VALIDITY: Duration = Duration::days(92);
/// Pools of one row.
const MAX_POOLS: usize = 60;

pub(super) async fn import(
    hub: &Arc<Hub>,
    caller: Permit,
    mut stream: Streaming<v1::ImportFacilitiesRequest>,
) -> Result<v1::ImportFacilitiesResponse, HubError> {
    let scope = caller.stated()?;
    let mut rows: Vec<ImportRow> = vec![];
    let mut violations: Vec<Violation> = vec![];
    let mut position = 0;
    while let Some(message) = stream.next().await {
        // The client went away or sent bytes that are no message: nothing is written.
        let message = message.map_err(|unread| {
            if unread.code() == Code::DeadlineExceeded {
                HubError::Deadline
            } else {
                HubError::TooMuch("a row could not be read from the stream")
            }
        })?;
        // A long import may outlive its token.
        caller.still_valid(hub.clock.now())?;
        position += 1;
        if usize::try_from(position).unwrap_or(usize::MAX) > MAX_ROWS {
            return Err(HubError::TooMuch("an import has at most 50000 rows"));
        }
        if violations.len() >= MAX_VIOLATIONS {
            break;
        }
        let number = if message.row > 0 { message.row } else { position };
        match read_row(scope, number, &message, hub.clock.now()) {
            Ok(row) => rows.push(row),
            Err(HubError::Invalid(wrong)) => violations.extend(wrong.into_iter().take(MAX_VIOLATIONS)),
            Err(other) => return Err(other),
        }
    }
    violations.extend(repeated(&rows));
    // Always in the same order: two imports at once wait for each other instead of deadlocking.
    rows.sort_by(|a, b| a.profile.source.cmp(&b.profile.source));
    if !violations.is_empty() {
        return Err(HubError::Invalid(violations));
    }
    let done = run_for(hub, caller, ImportFacilities { rows }).await?;
    hub.board.refresh(&hub.store).await?;
    Ok(done)
}

fn read_row(
    scope: RegionCode,
    row: i32,
    message: &v1::ImportFacilitiesRequest,
    now: OffsetDateTime,
) -> Result<ImportRow, HubError> {
    let mut parse = Parse::default();
    let read = parse.nested(&format!("row {row}"), |parse| {
        let facility = parse.require("facility", message.facility.as_ref(), "must be given")?;
        let profile = profile(parse, facility);
        if message.capacity.len() > MAX_POOLS {
            parse.wrong("capacity", format!("at most {MAX_POOLS} pools"));
        }
        let numbered = message.capacity.iter().take(MAX_POOLS).enumerate();
        let reports: Vec<CapacityReport> = numbered
            .filter_map(|(position, report)| {
                parse.nested(&format!("pools[{position}]"), |parse| {
                    capacity_report(parse, report)
                })
            })
            .collect();
        let mut keys: Vec<_> = reports.iter().map(|report| report.key).collect();
        keys.sort_unstable();
        keys.dedup();
        if keys.len() < reports.len() {
            parse.wrong("pools", "each pool may stand once");
        }
        let bases = profile.as_ref().map(|profile| profile.bases).unwrap_or_default();
        for (position, report) in reports.iter().enumerate() {
            if profile.is_some() && !bases.contains(report.key.base) {
                let what = format!(
                    "the facility does not work on base {}: these places are nobody's",
                    report.key.base
                );
                parse.wrong(format!("pools[{position}].base"), what);
            }
        }
        let valid_until = parse.time(
            "capacity_valid_until_time",
            message.capacity_valid_until_time.as_ref(),
        );
        if valid_until.is_some_and(|until| until <= now || until - now > LONGEST_VALIDITY) {
            parse.wrong(
                "capacity_valid_until_time",
                "must be in the future, at most 92 days ahead",
            );
        }
        let profile = profile?;
        if !scope.contains(&profile.place) {
            parse.wrong("region_code", "lies outside your scope");
        }
        let home = Regency::of(profile.place)?;
        Some(ImportRow {
            row,
            home,
            profile,
            reports,
            valid_until,
        })
    });
    parse.finish(read)
}

/// The same key twice in one import is a mistake of the sender.
fn repeated(rows: &[ImportRow]) -> Vec<Violation> {
    let mut first: HashMap<_, i32> = HashMap::new();
    let mut violations = vec![];
    for row in rows {
        if let Some(earlier) = first.insert(&row.profile.source, row.row) {
            violations.push(Violation {
                field: format!("row {}.source_ref", row.row),
                description: format!("stands in row {earlier} already"),
            });
        }
    }
    violations
}
