//! `serasi insight`: reports on unmet need, truthfulness and timeliness, as a table, JSON Lines or CSV.

mod columns;
mod tiered;

use std::path::Path;

use serasi_proto::v1::{
    GetIndicatorsRequest, GetTimelinessRequest, GetTruthfulnessRequest, GetUnmetNeedRequest, Timeliness,
};
use serde::Serialize;

use crate::cli::{ClientOptions, Export, IndicatorArgs, TimelinessArgs, TruthfulnessArgs, UnmetArgs};
use crate::client::Hub;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::pages::{List, collect};
use columns::{Columns, INDICATORS, STAGES, TIMELINESS, TRUTHFULNESS, UNMET};
pub(crate) use tiered::tiered;

/// Rows the hub gives in one page.
const MAX_ROWS: i32 = 5_000;

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
    show(&List::whole(rows), output, &args.export, &UNMET)
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
    show(&facilities.await?, output, &args.export, &TRUTHFULNESS)
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
    show(&List::whole(rows), output, &args.export, &TIMELINESS)
}

/// How long the stages take.
pub(crate) async fn stages(
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
    // One line a stage: each row is shown with one of its stages only.
    let rows = rows.iter().flat_map(|row| {
        row.stages.iter().map(|stage| Timeliness {
            region_code: row.region_code.clone(),
            urgency: row.urgency,
            stages: vec![*stage],
            ..Timeliness::default()
        })
    });
    show(&List::whole(rows.collect()), output, &args.export, &STAGES)
}

/// What service achieves.
pub(crate) async fn indicators(
    options: &ClientOptions,
    args: &IndicatorArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let mut client = Hub::connect(options).await?.insights();
    let mut rows = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = GetIndicatorsRequest {
            region_code: args.extent.region.clone().unwrap_or_default(),
            from_month: args.from.clone(),
            until_month: args.until.clone(),
            cluster: args.cluster.unwrap_or_default().into(),
            level: args.extent.level.into(),
            page_size: MAX_ROWS,
            page_token,
        };
        let page = client.get_indicators(request).await?.into_inner();
        rows.extend(page.rows);
        if page.next_page_token.is_empty() {
            break;
        }
        page_token = page.next_page_token;
    }
    show(&List::whole(rows), output, &args.export, &INDICATORS)
}

fn show<T: Serialize>(
    list: &List<T>,
    output: &mut Output<'_>,
    export: &Export,
    columns: &Columns<T>,
) -> Result<Exit, CliError> {
    if let Some(path) = &export.csv {
        let rows = list.rows().iter().map(columns.row);
        write_csv(path, columns.names, rows).map_err(|source| CliError::Unwritable {
            path: path.clone(),
            source: source.into(),
        })?;
        output.note(format!("{} rows in {}", list.rows().len(), path.display()))?;
        list.tell_if_cut(output)?;
    } else {
        list.print(output, columns.words, columns.row)?;
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

/// A spreadsheet must not take a name that somebody gave for a formula.
pub(crate) fn harmless(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use serasi_proto::v1::{Truthfulness, UnmetNeed};

    use super::*;

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
        let list = List::whole(vec![facility]);
        show(&list, &mut output, &export, &TRUTHFULNESS).unwrap();
        let written = std::fs::read_to_string(path).unwrap();
        let mut lines = written.lines();
        assert_eq!(lines.next().unwrap(), TRUTHFULNESS.names.join(","));
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
        let export = Export { csv: None };
        show(
            &List::whole(vec![UnmetNeed::default()]),
            &mut output,
            &export,
            &UNMET,
        )
        .unwrap();
        let table = String::from_utf8(results).unwrap();
        assert!(
            table.contains("never placed") && table.contains("not known"),
            "{table}"
        );
    }
}
