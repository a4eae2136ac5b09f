//! Reports: where and when they look, and what they found.

use serasi_domain::insight::Durations;
use serasi_domain::insight::extent::{Extent, InvalidExtent, RowLevel};
use serasi_domain::insight::indicators::Achievement;
use serasi_domain::insight::period::{DaySpan, Month, MonthSpan};
use serasi_domain::insight::suppression::CaseCount;
use serasi_domain::insight::timeliness::Timeliness;
use serasi_domain::insight::unmet_need::UnmetNeed;
use serasi_geography::RegionCode;
use serasi_proto::v1;
use serasi_store::insight::truthfulness::Truthfulness;

use super::codes::{FromWire, optional};
use super::parse::Parse;

/// The part of `scope` that is asked for: all of it when no region is named, and no more than it of a larger one.
pub(crate) fn within(parse: &mut Parse, scope: RegionCode, region_code: &str) -> Option<RegionCode> {
    if region_code.is_empty() {
        return Some(scope);
    }
    let asked = parse.region("region_code", region_code)?;
    let common = if scope.contains(&asked) {
        Some(asked)
    } else {
        Some(scope).filter(|scope| asked.contains(scope))
    };
    parse.require("region_code", common, "lies outside your scope")
}

/// The region of a report that adds up regencies, and its rows.
pub(crate) fn extent(parse: &mut Parse, scope: RegionCode, region_code: &str, level: i32) -> Option<Extent> {
    let region = within(parse, scope, region_code);
    let rows = row_level(parse, level);
    let extent = Extent::new(region?, rows?);
    let field = match extent {
        Ok(_) | Err(InvalidExtent::RowsTooLarge) => "level",
        Err(InvalidExtent::BelowRegency) => "region_code",
    };
    parse.take(field, extent)
}

fn row_level(parse: &mut Parse, level: i32) -> Option<RowLevel> {
    match v1::RegionLevel::try_from(level) {
        Ok(v1::RegionLevel::Unspecified | v1::RegionLevel::Regency) => Some(RowLevel::Regency),
        Ok(v1::RegionLevel::Province) => Some(RowLevel::Province),
        Ok(v1::RegionLevel::Nation) => Some(RowLevel::Nation),
        Ok(v1::RegionLevel::District | v1::RegionLevel::Village) | Err(_) => {
            parse.wrong("level", "must be NATION, PROVINCE or REGENCY");
            None
        }
    }
}

/// `from_month` to `until_month`.
pub(crate) fn months(parse: &mut Parse, from: &str, until: &str) -> Option<MonthSpan> {
    let first = parse.take("from_month", from.parse::<Month>());
    let last = parse.take("until_month", until.parse::<Month>());
    parse.take("until_month", MonthSpan::new(first?, last?))
}

/// `from_date` to `until_date`.
pub(crate) fn days(parse: &mut Parse, from: &str, until: &str) -> Option<DaySpan> {
    let mut day = |field, text: &str| {
        let given = Some(text).filter(|text| !text.is_empty());
        let given = parse.require(field, given, "must be given");
        given.and_then(|text| parse.date(field, text))
    };
    let (first, last) = (day("from_date", from), day("until_date", until));
    parse.take("until_date", DaySpan::new(first?, last?))
}

/// As the contract has it.
pub(crate) fn unmet_need_to_wire(row: &UnmetNeed, median_wait_hours: Option<i32>) -> v1::UnmetNeed {
    let (month, cluster, region) = row.key;
    let near_misses = row.near_misses.iter().map(|(rule, cases)| v1::NearMiss {
        rule: rule.clone(),
        cases: Some(case_count(*cases)),
    });
    v1::UnmetNeed {
        cluster: optional(cluster),
        region_code: region.to_string(),
        month: month.to_string(),
        reported: Some(case_count(row.reported)),
        no_candidate: Some(case_count(row.no_candidate)),
        waiting: Some(case_count(row.waiting)),
        never_placed: Some(case_count(row.never_placed)),
        near_misses: near_misses.collect(),
        median_wait_hours,
    }
}

pub(super) const fn case_count(count: CaseCount) -> v1::CaseCount {
    match count {
        CaseCount::Told(cases) => v1::CaseCount {
            value: Some(cases),
            suppressed: false,
        },
        CaseCount::Suppressed => v1::CaseCount {
            value: None,
            suppressed: true,
        },
    }
}

/// As the contract has it.
pub(crate) fn truthfulness_to_wire(truth: &Truthfulness) -> v1::Truthfulness {
    let (reporting, answers) = (&truth.reporting, &truth.answers);
    v1::Truthfulness {
        facility_id: truth.facility.to_string(),
        name: truth.name.clone(),
        // Below it stands where a safe house is.
        region_code: truth.place.regency().unwrap_or(truth.place).to_string(),
        active_days: reporting.active_days,
        days_without_report: reporting.silent_days,
        longest_silence_days: reporting.longest_silence_days,
        consistent_noncompliance: reporting.is_consistently_silent,
        offers_asked: answers.asked,
        offers_accepted: answers.accepted,
        offers_declined: answers.declined,
        offers_expired: answers.expired,
        false_full: answers.false_full,
        median_answer_minutes: answers.minutes.median_minutes,
        p90_answer_minutes: answers.minutes.p90_minutes,
        expired_share: answers.expired_share(),
    }
}

/// As the contract has it.
pub(crate) fn timeliness_to_wire(row: &Timeliness) -> v1::Timeliness {
    v1::Timeliness {
        region_code: row.region.to_string(),
        urgency: row.urgency.to_wire(),
        first_offer: Some(durations(row.first_offer)),
        answer: Some(durations(row.answer)),
        acceptance: Some(durations(row.acceptance)),
        answered_in_time_share: row.answered_in_time_share(),
        stages: row
            .stages
            .iter()
            .map(|(stage, took)| v1::StageTime {
                stage: stage.to_wire(),
                duration: Some(durations(*took)),
            })
            .collect(),
    }
}

/// As the contract has it.
pub(crate) fn achievement_to_wire(row: &Achievement) -> v1::Achievement {
    let (month, cluster, region, kind) = row.key;
    v1::Achievement {
        cluster: optional(cluster),
        region_code: region.to_string(),
        month: month.to_string(),
        kind: kind.to_wire(),
        cases: Some(case_count(row.cases)),
        mean_percent: row.mean_percent,
    }
}

const fn durations(durations: Durations) -> v1::Durations {
    v1::Durations {
        count: durations.count,
        median_minutes: durations.median_minutes,
        p90_minutes: durations.p90_minutes,
    }
}
