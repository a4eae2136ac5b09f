//! `serasi insight tiered`: one line a number, so that a spreadsheet can turn it as it likes.

use serasi_proto::v1::{CaseDivision, GetTieredReportRequest, TieredRow, Urgency};

use super::columns::{Columns, FEW, count, region_name};
use super::{MAX_ROWS, show};
use crate::cli::{ClientOptions, TieredArgs};
use crate::client::Hub;
use crate::codes::label;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::pages::List;

/// The columns of a line.
const TIERED: Columns<[String; 5]> = Columns {
    names: &["region", "region_name", "division", "code", "value"],
    words: &["region", "name", "division", "code", "value"],
    row: |line| line.to_vec(),
};

/// Cases of a period, in every tier.
pub(crate) async fn tiered(
    options: &ClientOptions,
    args: &TieredArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let mut client = Hub::connect(options).await?.insights();
    let mut rows = vec![];
    let mut page_token = String::new();
    loop {
        let request = GetTieredReportRequest {
            region_code: args.region.clone().unwrap_or_default(),
            from_month: args.from.clone(),
            until_month: args.until.clone(),
            page_size: MAX_ROWS,
            page_token,
        };
        let page = client.get_tiered_report(request).await?.into_inner();
        rows.extend(page.rows);
        if page.next_page_token.is_empty() {
            break;
        }
        page_token = page.next_page_token;
    }
    if output.is_json() {
        for row in &rows {
            output.json_line(row)?;
        }
        return Ok(Exit::Done);
    }
    let lines = rows.iter().flat_map(lines).collect();
    show(&List::whole(lines), output, &args.export, &TIERED)
}

fn lines(row: &TieredRow) -> Vec<[String; 5]> {
    let line = |division: &str, code: &str, value: String| {
        let region = row.region_code.clone();
        let name = region_name(&row.region_code);
        [region, name, division.to_owned(), code.to_owned(), value]
    };
    let mut lines = vec![line("reported", "", count(row.reported.as_ref()))];
    for division in &row.divisions {
        let name = label::<CaseDivision>(division.division);
        if division.suppressed {
            lines.push(line(&name, "", FEW.to_owned()));
        }
        let parts = division.parts.iter();
        lines.extend(parts.map(|part| line(&name, &part.code, part.cases.to_string())));
    }
    for answers in &row.answers {
        let urgency = label::<Urgency>(answers.urgency);
        lines.push(line(
            "median_minutes",
            &urgency,
            answers.median_minutes.to_string(),
        ));
        lines.push(line("p90_minutes", &urgency, answers.p90_minutes.to_string()));
    }
    lines
}

#[cfg(test)]
mod tests {
    use serasi_proto::v1::{CaseCount, TieredDivision, TieredPart};

    use super::*;

    #[test]
    fn what_is_not_told_is_a_line_that_says_so() {
        let part = TieredPart {
            code: "anak".into(),
            cases: 12,
        };
        let row = TieredRow {
            region_code: "32".into(),
            reported: Some(CaseCount {
                value: Some(12),
                suppressed: false,
            }),
            divisions: vec![
                TieredDivision {
                    division: CaseDivision::Cluster.into(),
                    parts: vec![part],
                    suppressed: false,
                },
                TieredDivision {
                    division: CaseDivision::Channel.into(),
                    parts: vec![],
                    suppressed: true,
                },
            ],
            answers: vec![],
        };
        let shown: Vec<String> = lines(&row).iter().map(|line| line.join(";")).collect();
        assert_eq!(
            shown,
            [
                "32;Jawa Barat;reported;;12",
                "32;Jawa Barat;cluster;anak;12",
                "32;Jawa Barat;channel;;<5"
            ]
        );
    }
}
