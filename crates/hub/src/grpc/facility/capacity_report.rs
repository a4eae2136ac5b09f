//! Reading ReportCapacity.

use serasi_proto::v1;
use time::Duration;
use uuid::Uuid;

use crate::error::{HubError, Kind};
use crate::hub::Hub;
use crate::verbs::report_capacity::ReportCapacity;
use crate::wire::{Parse, capacity_report, id_of};

/// Pools one facility may count.
const MAX_POOLS: usize = 60;
/// Clocks of facilities run ahead at times.
const CLOCK_TOLERANCE: Duration = Duration::minutes(5);
/// Figures older than this say nothing about today.
const OLDEST_REPORT: Duration = Duration::days(30);
/// Nobody knows their places further ahead.
const LONGEST_VALIDITY: Duration = Duration::days(92);

pub(super) fn read(
    hub: &Hub,
    request: &v1::ReportCapacityRequest,
) -> Result<(Uuid, ReportCapacity), HubError> {
    let now = hub.clock.now();
    let mut parse = Parse::default();
    let request_id = parse.request_id(&request.request_id);
    let observed = parse.require("observe_time", request.observe_time.as_ref(), "must be given");
    let observed_at = parse.time("observe_time", observed);
    match observed_at {
        Some(at) if at > now + CLOCK_TOLERANCE => parse.wrong("observe_time", "is in the future"),
        Some(at) if at < now - OLDEST_REPORT => parse.wrong("observe_time", "is older than 30 days"),
        Some(_) | None => {}
    }
    let stated = parse.time("valid_until_time", request.valid_until_time.as_ref());
    let validity = hub.policies.active().capacity_validity();
    let valid_until = stated.or(observed_at.and_then(|at| at.checked_add(validity)));
    if valid_until
        .zip(observed_at)
        .is_some_and(|(until, at)| until <= at || until - at > LONGEST_VALIDITY)
    {
        parse.wrong(
            "valid_until_time",
            "must be after observe_time and at most 92 days later",
        );
    }
    if request.pools.is_empty() || request.pools.len() > MAX_POOLS {
        parse.wrong("pools", format!("give 1-{MAX_POOLS} pools"));
    }
    let numbered = request.pools.iter().take(MAX_POOLS).enumerate();
    let reports: Vec<_> = numbered
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
    let facility = id_of(Kind::Facility, &request.facility_id)?;
    let times = observed_at.zip(valid_until);
    let (request_id, (observed_at, valid_until)) = parse.finish(request_id.zip(times))?;
    Ok((
        request_id,
        ReportCapacity {
            facility,
            observed_at,
            valid_until,
            reports,
        },
    ))
}
