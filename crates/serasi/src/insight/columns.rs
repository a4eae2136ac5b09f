//! The columns of each report, and how a row fills them.

use serasi_geography::{RegionCode, atlas};
use serasi_proto::v1::{
    Achievement, CaseCount, Cluster, Durations, IndicatorKind, Stage, Timeliness, Truthfulness, UnmetNeed,
    Urgency,
};

use crate::codes::label;

/// A number that is not told.
pub(super) const FEW: &str = "<5";

/// What a report looks like.
pub(super) struct Columns<T: 'static> {
    /// Header of a file, for programs.
    pub(super) names: &'static [&'static str],
    /// Header of a table, for people.
    pub(super) words: &'static [&'static str],
    pub(super) row: fn(&T) -> Vec<String>,
}

pub(super) const UNMET: Columns<UnmetNeed> = Columns {
    names: &[
        "month",
        "cluster",
        "region",
        "region_name",
        "reported",
        "no_candidate",
        "waiting",
        "never_placed",
        "wait_hours",
        "near_misses",
    ],
    words: &[
        "month",
        "cluster",
        "region",
        "name",
        "reported",
        "no candidate",
        "waiting",
        "never placed",
        "hours",
        "near misses",
    ],
    row: unmet_row,
};
pub(super) const TRUTHFULNESS: Columns<Truthfulness> = Columns {
    names: &[
        "facility",
        "name",
        "region",
        "active_days",
        "days_without_report",
        "longest_silence_days",
        "noncompliant",
        "asked",
        "accepted",
        "declined",
        "expired",
        "false_full",
        "median_minutes",
        "p90_minutes",
        "expired_percent",
    ],
    words: &[
        "facility",
        "name",
        "region",
        "active",
        "silent",
        "longest",
        "noncompliant",
        "asked",
        "accepted",
        "declined",
        "expired",
        "false full",
        "median",
        "p90",
        "expired %",
    ],
    row: truthfulness_row,
};
pub(super) const TIMELINESS: Columns<Timeliness> = Columns {
    names: &[
        "region",
        "region_name",
        "urgency",
        "offered",
        "offered_median_minutes",
        "offered_p90_minutes",
        "answers",
        "answers_median_minutes",
        "answers_p90_minutes",
        "accepted",
        "accepted_median_minutes",
        "accepted_p90_minutes",
        "in_time_percent",
    ],
    words: &[
        "region",
        "name",
        "urgency",
        "offered",
        "median",
        "p90",
        "answers",
        "median",
        "p90",
        "accepted",
        "median",
        "p90",
        "in time %",
    ],
    row: timeliness_row,
};

pub(super) const STAGES: Columns<Timeliness> = Columns {
    names: &[
        "region",
        "region_name",
        "urgency",
        "stage",
        "signed",
        "median_minutes",
        "p90_minutes",
    ],
    words: &["region", "name", "urgency", "stage", "signed", "median", "p90"],
    row: stage_row,
};
pub(super) const INDICATORS: Columns<Achievement> = Columns {
    names: &[
        "month",
        "cluster",
        "region",
        "region_name",
        "indicator",
        "cases",
        "mean_percent",
    ],
    words: &[
        "month",
        "cluster",
        "region",
        "name",
        "indicator",
        "cases",
        "mean %",
    ],
    row: indicator_row,
};

fn stage_row(row: &Timeliness) -> Vec<String> {
    let stage = row.stages.first().copied().unwrap_or_default();
    let mut cells = vec![
        row.region_code.clone(),
        region_name(&row.region_code),
        label::<Urgency>(row.urgency),
        label::<Stage>(stage.stage),
    ];
    cells.extend(duration_cells(stage.duration.unwrap_or_default()));
    cells
}

fn indicator_row(row: &Achievement) -> Vec<String> {
    vec![
        row.month.clone(),
        cluster(row.cluster),
        row.region_code.clone(),
        region_name(&row.region_code),
        label::<IndicatorKind>(row.kind),
        count(row.cases.as_ref()),
        number(row.mean_percent),
    ]
}

fn unmet_row(row: &UnmetNeed) -> Vec<String> {
    let near_misses = row.near_misses.iter();
    let near_misses = near_misses.map(|miss| format!("{}={}", miss.rule, count(miss.cases.as_ref())));
    vec![
        row.month.clone(),
        cluster(row.cluster),
        row.region_code.clone(),
        region_name(&row.region_code),
        count(row.reported.as_ref()),
        count(row.no_candidate.as_ref()),
        count(row.waiting.as_ref()),
        count(row.never_placed.as_ref()),
        number(row.median_wait_hours),
        near_misses.collect::<Vec<_>>().join(" "),
    ]
}

fn truthfulness_row(facility: &Truthfulness) -> Vec<String> {
    let noncompliant = if facility.consistent_noncompliance {
        "yes"
    } else {
        "no"
    };
    vec![
        facility.facility_id.clone(),
        facility.name.clone(),
        facility.region_code.clone(),
        facility.active_days.to_string(),
        facility.days_without_report.to_string(),
        facility.longest_silence_days.to_string(),
        noncompliant.to_owned(),
        facility.offers_asked.to_string(),
        facility.offers_accepted.to_string(),
        facility.offers_declined.to_string(),
        facility.offers_expired.to_string(),
        facility.false_full.to_string(),
        number(facility.median_answer_minutes),
        number(facility.p90_answer_minutes),
        percent(facility.expired_share),
    ]
}

fn timeliness_row(row: &Timeliness) -> Vec<String> {
    let mut cells = vec![
        row.region_code.clone(),
        region_name(&row.region_code),
        label::<Urgency>(row.urgency),
    ];
    for durations in [&row.first_offer, &row.answer, &row.acceptance] {
        cells.extend(duration_cells(durations.unwrap_or_default()));
    }
    cells.push(percent(row.answered_in_time_share));
    cells
}

fn duration_cells(durations: Durations) -> [String; 3] {
    [
        durations.count.to_string(),
        number(durations.median_minutes),
        number(durations.p90_minutes),
    ]
}

pub(super) fn count(count: Option<&CaseCount>) -> String {
    match count {
        Some(count) if count.suppressed => FEW.to_owned(),
        Some(count) => number(count.value),
        None => String::new(),
    }
}

/// Empty where there is none.
fn number(number: Option<i32>) -> String {
    number.map_or_else(String::new, |number| number.to_string())
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(String::new, |share| format!("{:.1}", share * 100.0))
}

fn cluster(number: i32) -> String {
    if number == 0 {
        "not known".to_owned()
    } else {
        label::<Cluster>(number)
    }
}

pub(super) fn region_name(code: &str) -> String {
    let region = code
        .parse::<RegionCode>()
        .ok()
        .and_then(|code| atlas().region(code));
    region.map_or_else(String::new, |region| region.name.to_owned())
}

#[cfg(test)]
mod tests {
    use serasi_proto::v1::NearMiss;

    use super::*;

    fn told(value: i32) -> CaseCount {
        CaseCount {
            value: Some(value),
            suppressed: false,
        }
    }

    const SUPPRESSED: Option<CaseCount> = Some(CaseCount {
        value: None,
        suppressed: true,
    });

    fn row() -> UnmetNeed {
        UnmetNeed {
            region_code: "32.73".to_owned(),
            month: "2026-10".to_owned(),
            cluster: Cluster::Anak.into(),
            reported: Some(told(12)),
            no_candidate: Some(told(0)),
            waiting: SUPPRESSED,
            never_placed: SUPPRESSED,
            near_misses: vec![NearMiss {
                rule: "has_places".to_owned(),
                cases: SUPPRESSED,
            }],
            median_wait_hours: None,
        }
    }

    #[test]
    fn a_number_that_is_not_told_is_shown_as_few_and_never_as_nought() {
        assert_eq!(
            unmet_row(&row()),
            [
                "2026-10",
                "anak",
                "32.73",
                "Kota Bandung",
                "12",
                "0",
                "<5",
                "<5",
                "",
                "has_places=<5"
            ]
        );
    }

    #[test]
    fn every_row_has_a_cell_for_each_column() {
        fn check<T: Default>(columns: &Columns<T>) {
            let cells = (columns.row)(&T::default()).len();
            assert_eq!((columns.names.len(), columns.words.len()), (cells, cells));
        }
        check(&UNMET);
        check(&TRUTHFULNESS);
        check(&TIMELINESS);
        check(&STAGES);
        check(&INDICATORS);
    }
}
