//! The tiered report.

use serasi_domain::insight::suppression::SMALLEST_TOLD;
use serasi_domain::insight::tiered::TierRow;
use serasi_domain::insight::timeliness::Timeliness;
use serasi_proto::v1;

use super::codes::FromWire;
use super::insight::case_count;

/// As the contract has it; `timeliness` is that of the same period, of any region.
pub(crate) fn tiered_to_wire(row: &TierRow, timeliness: &[Timeliness]) -> v1::TieredRow {
    let divisions = row.divisions.iter().map(|divided| v1::TieredDivision {
        division: divided.division.to_wire(),
        suppressed: divided.parts.is_none(),
        parts: divided
            .parts
            .iter()
            .flatten()
            .map(|(code, cases)| v1::TieredPart {
                code: code.clone(),
                cases: *cases,
            })
            .collect(),
    });
    let of_region = timeliness.iter().filter(|of| of.region == row.region);
    let answers = of_region.filter_map(|of| {
        let (median, p90) = of.answer.median_minutes.zip(of.answer.p90_minutes)?;
        (of.answer.count >= SMALLEST_TOLD).then(|| v1::TieredAnswers {
            urgency: of.urgency.to_wire(),
            median_minutes: median,
            p90_minutes: p90,
        })
    });
    v1::TieredRow {
        region_code: row.region.to_string(),
        reported: Some(case_count(row.reported)),
        divisions: divisions.collect(),
        answers: answers.collect(),
    }
}
