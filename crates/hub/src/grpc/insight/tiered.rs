//! GetTieredReport.

use serasi_domain::insight::extent::{Extent, RowLevel};
use serasi_domain::insight::period::{DaySpan, MonthSpan};
use serasi_domain::insight::tiered::TierRow;
use serasi_domain::insight::timeliness::Timeliness;
use serasi_geography::{RegionCode, RegionLevel};
use serasi_proto::v1;
use serasi_store::Context;
use serasi_store::insight::{tiered, timeliness};

use super::{InsightHandler, rows_of_a_page};
use crate::auth::Permit;
use crate::error::HubError;
use crate::wire::{PageToken, Parse, months, page_of, tiered_to_wire, within};

impl InsightHandler {
    pub(super) async fn tiered(
        &self,
        caller: &Permit,
        request: &v1::GetTieredReportRequest,
    ) -> Result<v1::GetTieredReportResponse, HubError> {
        let mut parse = Parse::default();
        let region = within(&mut parse, caller.stated()?, &request.region_code);
        if region.is_some_and(|region| region.level() > RegionLevel::Regency) {
            parse.wrong(
                "region_code",
                "is smaller than a regency; these figures are counted by regency",
            );
        }
        let months = months(&mut parse, &request.from_month, &request.until_month);
        let after: Option<String> = PageToken::read(&mut parse, &request.page_token);
        let limit = rows_of_a_page(&mut parse, request.page_size);
        let (region, months) = parse.finish(region.zip(months))?;
        let tallies = tiered::count(&self.0.store, &months).await?;
        let mut table = TierRow::table(&tallies, region);
        let order = |row: &TierRow| sort_key(row.region);
        table.sort_by_key(order);
        table.retain(|row| after.as_ref().is_none_or(|after| order(row) > *after));
        let answers = self.answers(region, &months).await?;
        let rows = table.iter().take(limit);
        let (rows, _) = page_of(rows.map(|row| tiered_to_wire(row, &answers)).collect());
        let last = rows.len().checked_sub(1).and_then(|last| table.get(last));
        let next = last.filter(|_| rows.len() < table.len());
        Ok(v1::GetTieredReportResponse {
            next_page_token: next.map(|row| PageToken::write(&order(row))).unwrap_or_default(),
            rows,
            region_code: region.to_string(),
        })
    }

    /// Of every tier in the region; none of a period that is too long.
    async fn answers(&self, region: RegionCode, months: &MonthSpan) -> Result<Vec<Timeliness>, HubError> {
        let Ok(days) = DaySpan::try_from(months) else {
            return Ok(vec![]);
        };
        let mut connection = self.0.store.begin(Context::Work).await?;
        let mut answers = vec![];
        for rows in [RowLevel::Nation, RowLevel::Province, RowLevel::Regency] {
            if let Ok(extent) = Extent::new(region, rows) {
                answers.extend(timeliness::count(&mut connection, extent, days).await?);
            }
        }
        Ok(answers)
    }
}

/// The nation first, then each province before its regencies.
fn sort_key(region: RegionCode) -> String {
    if region == RegionCode::NATION {
        String::new()
    } else {
        region.to_string()
    }
}
