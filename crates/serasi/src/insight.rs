//! `serasi insight`: reports on unmet need, truthfulness and timeliness, as a table, JSON Lines or CSV.

use std::path::Path;

use serasi_geography::{RegionCode, atlas};
use serasi_proto::v1::{
    CaseCount, Cluster, Durations, GetTimelinessRequest, GetTruthfulnessRequest, GetUnmetNeedRequest,
    Timeliness, Truthfulness, UnmetNeed, Urgency,
};
use serde::Serialize;

use crate::cli::{ClientOptions, Export, TimelinessArgs, TruthfulnessArgs, UnmetArgs};
use crate::client::Hub;
use crate::codes::label;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::pages::{List, collect};

/// A number that is not told.
const FEW: &str = "<5";
/// Rows the hub gives in one page.
const MAX_ROWS: i32 = 5_000;

const UNMET: [&str; 10] = [
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
];
const TRUTHFULNESS: [&str; 15] = [
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
];
const TIMELINESS: [&str; 13] = [
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
];

/// Cases nobody was found for.
pub(crate) async fn unmet(
    options: &ClientOptions,
    args: &UnmetArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let mut client = Hub::connect(options).await?.insights();
    let mut rows = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = GetUnmetNeedRequest {
            region_code: args.extent.region.clone().unwrap_or_default(),
            from_month: args.from.clone(),
            until_month: args.until.clone(),
            cluster: args.cluster.unwrap_or_default().into(),
            level: args.extent.level.into(),
            page_size: MAX_ROWS,
            page_token,
        };
        let page = client.get_unmet_need(request).await?.into_inner();
        rows.extend(page.rows);
        if page.next_page_token.is_empty() {
            break;
        }
        page_token = page.next_page_token;
    }
    show(&List::whole(rows), output, &args.export, (&UNMET, unmet_row))
}

/// How facilities report and answer.
pub(crate) async fn truthfulness(
    options: &ClientOptions,
    args: &TruthfulnessArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let mut client = Hub::connect(options).await?.insights();
    let filter = GetTruthfulnessRequest {
        region_code: args.region.clone().unwrap_or_default(),
        facility_id: args.facility.clone().unwrap_or_default(),
        from_date: args.days.from.clone(),
        until_date: args.days.until.clone(),
        ..GetTruthfulnessRequest::default()
    };
    let facilities = collect(args.length, async |page_size, page_token| {
        let request = GetTruthfulnessRequest {
            page_size,
            page_token,
            ..filter.clone()
        };
        let page = client.get_truthfulness(request).await?.into_inner();
        Ok((page.facilities, page.next_page_token))
    });
    let columns = (&TRUTHFULNESS[..], truthfulness_row as fn(&_) -> _);
    show(&facilities.await?, output, &args.export, columns)
}

/// How long people wait.
pub(crate) async fn timeliness(
    options: &ClientOptions,
    args: &TimelinessArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let mut client = Hub::connect(options).await?.insights();
    let request = GetTimelinessRequest {
        region_code: args.extent.region.clone().unwrap_or_default(),
        from_date: args.days.from.clone(),
        until_date: args.days.until.clone(),
        level: args.extent.level.into(),
    };
    let rows = client.get_timeliness(request).await?.into_inner().rows;
    show(
        &List::whole(rows),
        output,
        &args.export,
        (&TIMELINESS, timeliness_row),
    )
}

/// The columns of a report and a row of them.
type Columns<'a, T> = (&'a [&'a str], fn(&T) -> Vec<String>);

fn show<T: Serialize>(
    list: &List<T>,
    output: &mut Output<'_>,
    export: &Export,
    (header, row): Columns<'_, T>,
) -> Result<Exit, CliError> {
    if let Some(path) = &export.csv {
        write_csv(path, header, list.rows().iter().map(row)).map_err(|source| CliError::Unwritable {
            path: path.clone(),
            source: source.into(),
        })?;
        output.note(format!("{} rows in {}", list.rows().len(), path.display()))?;
        list.tell_if_cut(output)?;
    } else {
        let words: Vec<String> = header.iter().map(|column| column.replace('_', " ")).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        list.print(output, &words, row)?;
    }
    Ok(Exit::Done)
}

fn write_csv(
    path: &Path,
    header: &[&str],
    rows: impl Iterator<Item = Vec<String>>,
) -> Result<(), csv::Error> {
    let mut file = csv::Writer::from_path(path)?;
    file.write_record(header)?;
    for row in rows {
        file.write_record(row.iter().map(|cell| harmless(cell)))?;
    }
    Ok(file.flush()?)
}

/// A spreadsheet must not take a name that a facility gave itself for a formula.
fn harmless(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@']) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
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

fn count(count: Option<&CaseCount>) -> String {
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

fn region_name(code: &str) -> String {
    let region = code
        .parse::<RegionCode>()
        .ok()
        .and_then(|code| atlas().region(code));
    region.map_or_else(String::new, |region| region.name.to_owned())
}

#[cfg(test)]
mod tests {
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
            near_misses: vec![serasi_proto::v1::NearMiss {
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
        assert_eq!(unmet_row(&row()).len(), UNMET.len());
        assert_eq!(
            truthfulness_row(&Truthfulness::default()).len(),
            TRUTHFULNESS.len()
        );
        assert_eq!(timeliness_row(&Timeliness::default()).len(), TIMELINESS.len());
    }

    #[test]
    fn a_csv_file_has_a_header_and_no_formulas() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.csv");
        let (mut results, mut notes) = (Vec::new(), Vec::new());
        let mut output = Output::new(&mut results, &mut notes, false);
        let facility = Truthfulness {
            name: "=HYPERLINK(1)".to_owned(),
            expired_share: Some(0.25),
            ..Truthfulness::default()
        };
        let export = Export {
            csv: Some(path.clone()),
        };
        let columns = (&TRUTHFULNESS[..], truthfulness_row as fn(&_) -> _);
        show(&List::whole(vec![facility]), &mut output, &export, columns).unwrap();
        let written = std::fs::read_to_string(path).unwrap();
        let mut lines = written.lines();
        assert_eq!(lines.next().unwrap(), TRUTHFULNESS.join(","));
        assert_eq!(
            lines.next().unwrap(),
            ",'=HYPERLINK(1),,0,0,0,no,0,0,0,0,0,,,25.0"
        );
        assert_eq!(lines.next(), None);
        assert!(results.is_empty());
        assert!(String::from_utf8(notes).unwrap().starts_with("1 rows in "));
    }

    #[test]
    fn a_table_has_words_for_columns() {
        let (mut results, mut notes) = (Vec::new(), Vec::new());
        let mut output = Output::new(&mut results, &mut notes, false);
        let columns = (&UNMET[..], unmet_row as fn(&_) -> _);
        show(
            &List::whole(vec![row()]),
            &mut output,
            &Export { csv: None },
            columns,
        )
        .unwrap();
        let table = String::from_utf8(results).unwrap();
        assert!(
            table.contains("never placed") && table.contains("has_places=<5"),
            "{table}"
        );
    }
}
