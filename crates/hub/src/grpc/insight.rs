//! InsightService. Reads only: no report changes anything, and none is kept.

mod tiered;

use std::sync::Arc;

use serasi_domain::id::FacilityId;
use serasi_domain::insight::obligations::table;
use serasi_domain::insight::period::Month;
use serasi_domain::insight::truthfulness::Rank;
use serasi_domain::insight::unmet_need::{RowKey, UnmetNeed};
use serasi_geography::RegionCode;
use serasi_proto::v1;
use serasi_proto::v1::insight_service_server::InsightService;
use serasi_store::Context;
use serasi_store::insight::indicators::IndicatorFilter;
use serasi_store::insight::truthfulness::{Truthfulness, TruthfulnessFilter};
use serasi_store::insight::unmet_need::UnmetNeedFilter;
use serasi_store::insight::{indicators, obligations, timeliness, truthfulness, unmet_need};
use tonic::{Request, Response, Status};

use super::caller;
use crate::auth::Permit;
use crate::error::{HubError, Kind};
use crate::hub::Hub;
use crate::sight::{Eyes, VeiledList};
use crate::wire::{
    PageToken, Parse, achievement_to_wire, days, extent, id_of, months, obligation_ages_to_wire, page_of,
    page_size, timeliness_to_wire, truthfulness_to_wire, unmet_need_to_wire, within,
};

/// Rows of a table are small, and every page is counted anew: pages may be long.
const MAX_ROWS: i32 = 5_000;
const DEFAULT_ROWS: i32 = 1_000;

#[derive(Debug)]
pub(crate) struct InsightHandler(pub(crate) Arc<Hub>);

#[tonic::async_trait]
impl InsightService for InsightHandler {
    async fn get_unmet_need(
        &self,
        request: Request<v1::GetUnmetNeedRequest>,
    ) -> Result<Response<v1::GetUnmetNeedResponse>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(self.unmet_need(&caller, request.get_ref()).await?))
    }

    async fn get_truthfulness(
        &self,
        request: Request<v1::GetTruthfulnessRequest>,
    ) -> Result<Response<v1::GetTruthfulnessResponse>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(
            self.truthfulness(&caller, request.get_ref()).await?,
        ))
    }

    async fn get_tiered_report(
        &self,
        request: Request<v1::GetTieredReportRequest>,
    ) -> Result<Response<v1::GetTieredReportResponse>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(self.tiered(&caller, request.get_ref()).await?))
    }

    async fn get_timeliness(
        &self,
        request: Request<v1::GetTimelinessRequest>,
    ) -> Result<Response<v1::GetTimelinessResponse>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(self.timeliness(&caller, request.get_ref()).await?))
    }

    async fn get_obligation_ages(
        &self,
        request: Request<v1::GetObligationAgesRequest>,
    ) -> Result<Response<v1::GetObligationAgesResponse>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(
            self.obligation_ages(&caller, request.get_ref()).await?,
        ))
    }

    async fn get_indicators(
        &self,
        request: Request<v1::GetIndicatorsRequest>,
    ) -> Result<Response<v1::GetIndicatorsResponse>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(self.indicators(&caller, request.get_ref()).await?))
    }
}

impl InsightHandler {
    async fn unmet_need(
        &self,
        caller: &Permit,
        request: &v1::GetUnmetNeedRequest,
    ) -> Result<v1::GetUnmetNeedResponse, HubError> {
        let mut parse = Parse::default();
        let extent = extent(&mut parse, caller.stated()?, &request.region_code, request.level);
        let months = months(&mut parse, &request.from_month, &request.until_month);
        let cluster = parse.optional("cluster", request.cluster);
        let after = read_key(&mut parse, &request.page_token);
        let limit = rows_of_a_page(&mut parse, request.page_size);
        let (extent, months) = parse.finish(extent.zip(months))?;
        let filter = UnmetNeedFilter {
            extent,
            months,
            cluster,
        };
        let (mut table, waits) = unmet_need::count(&self.0.store, &filter).await?;
        table.retain(|row| after.is_none_or(|after| row.key > after));
        let to_wire = |row: &UnmetNeed| unmet_need_to_wire(row, waits.get(&row.key).copied());
        let (rows, _) = page_of(table.iter().take(limit).map(to_wire).collect());
        let last = rows.len().checked_sub(1).and_then(|last| table.get(last));
        let next = last.filter(|_| rows.len() < table.len());
        Ok(v1::GetUnmetNeedResponse {
            next_page_token: next.map(|row| write_key(&row.key)).unwrap_or_default(),
            rows,
            region_code: extent.region().to_string(),
        })
    }

    async fn truthfulness(
        &self,
        caller: &Permit,
        request: &v1::GetTruthfulnessRequest,
    ) -> Result<v1::GetTruthfulnessResponse, HubError> {
        let mut parse = Parse::default();
        let facility = facility_of(caller, &request.facility_id)?;
        // Its own facility, wherever the scope of its officer ends.
        let scope = caller.reach().stated.unwrap_or(RegionCode::NATION);
        let within = within(&mut parse, scope, &request.region_code);
        let days = days(&mut parse, &request.from_date, &request.until_date);
        let after: Option<Rank> = PageToken::read(&mut parse, &request.page_token);
        let page_size = page_size(&mut parse, request.page_size);
        let (within, days) = parse.finish(within.zip(days))?;
        let list = VeiledList::new(Some(within), page_size);
        let filter = TruthfulnessFilter {
            within,
            facility,
            days,
            after,
            limit: usize::try_from(list.limit()).unwrap_or(0),
        };
        let mut connection = self.0.store.begin(Context::Work).await?;
        let found = truthfulness::worst(&mut connection, &filter).await?;
        let eyes = Eyes::new(&self.0, caller);
        let (found, next) = list.page(found, |row| eyes.hides_location(row.facility));
        if let Some(facility) = facility.filter(|_| found.is_empty() && after.is_none()) {
            return Err(HubError::not_found(Kind::Facility, facility));
        }
        let next = next.as_ref().map(Truthfulness::rank);
        Ok(v1::GetTruthfulnessResponse {
            facilities: found.iter().map(truthfulness_to_wire).collect(),
            next_page_token: next.map(|rank| PageToken::write(&rank)).unwrap_or_default(),
        })
    }

    async fn timeliness(
        &self,
        caller: &Permit,
        request: &v1::GetTimelinessRequest,
    ) -> Result<v1::GetTimelinessResponse, HubError> {
        let mut parse = Parse::default();
        let extent = extent(&mut parse, caller.stated()?, &request.region_code, request.level);
        let days = days(&mut parse, &request.from_date, &request.until_date);
        let (extent, days) = parse.finish(extent.zip(days))?;
        let mut connection = self.0.store.begin(Context::Work).await?;
        let rows = timeliness::count(&mut connection, extent, days).await?;
        Ok(v1::GetTimelinessResponse {
            rows: rows.iter().map(timeliness_to_wire).collect(),
            region_code: extent.region().to_string(),
        })
    }

    async fn obligation_ages(
        &self,
        caller: &Permit,
        request: &v1::GetObligationAgesRequest,
    ) -> Result<v1::GetObligationAgesResponse, HubError> {
        let mut parse = Parse::default();
        let extent = extent(&mut parse, caller.stated()?, &request.region_code, request.level);
        let extent = parse.finish(extent)?;
        let mut connection = self.0.store.begin(Context::Work).await?;
        let tallies = obligations::tallies(&mut connection).await?;
        Ok(v1::GetObligationAgesResponse {
            rows: table(tallies, extent)
                .iter()
                .map(obligation_ages_to_wire)
                .collect(),
            region_code: extent.region().to_string(),
        })
    }
}

impl InsightHandler {
    async fn indicators(
        &self,
        caller: &Permit,
        request: &v1::GetIndicatorsRequest,
    ) -> Result<v1::GetIndicatorsResponse, HubError> {
        let mut parse = Parse::default();
        let extent = extent(&mut parse, caller.stated()?, &request.region_code, request.level);
        let months = months(&mut parse, &request.from_month, &request.until_month);
        let cluster = parse.optional("cluster", request.cluster);
        let token = PageToken::read::<(String, _, _, _)>(&mut parse, &request.page_token);
        let after = token.and_then(|(month, cluster, region, kind)| {
            let month: Month = parse.take("page_token", month.parse())?;
            Some((month, cluster, region, kind))
        });
        let limit = rows_of_a_page(&mut parse, request.page_size);
        let (extent, months) = parse.finish(extent.zip(months))?;
        let filter = IndicatorFilter {
            extent,
            months,
            cluster,
        };
        let mut connection = self.0.store.begin(Context::Work).await?;
        let mut table = indicators::count(&mut connection, &filter).await?;
        table.retain(|row| after.is_none_or(|after| row.key > after));
        let (rows, _) = page_of(table.iter().take(limit).map(achievement_to_wire).collect());
        let last = rows.len().checked_sub(1).and_then(|last| table.get(last));
        let next = last.filter(|_| rows.len() < table.len()).map(|row| row.key);
        let next = next.map(|(month, cluster, region, kind)| {
            PageToken::write(&(month.to_string(), cluster, region, kind))
        });
        Ok(v1::GetIndicatorsResponse {
            next_page_token: next.unwrap_or_default(),
            rows,
            region_code: extent.region().to_string(),
        })
    }
}

/// The one facility to look at, if it is to be one. Another one than the own is not there for its officer.
fn facility_of(caller: &Permit, facility_id: &str) -> Result<Option<FacilityId>, HubError> {
    let asked = Some(facility_id).filter(|id| !id.is_empty());
    let asked: Option<FacilityId> = asked.map(|id| id_of(Kind::Facility, id)).transpose()?;
    let reach = caller.reach();
    if reach.stated.is_some() {
        return Ok(asked);
    }
    let own = reach
        .own_facility
        .filter(|own| asked.is_none_or(|asked| asked == *own));
    own.map(Some)
        .ok_or_else(|| HubError::not_found(Kind::Facility, facility_id))
}

/// 1-5000, default 1000.
fn rows_of_a_page(parse: &mut Parse, size: i32) -> usize {
    if !(0..=MAX_ROWS).contains(&size) {
        parse.wrong(
            "page_size",
            format!("must be 1-{MAX_ROWS}, or 0 for {DEFAULT_ROWS}"),
        );
    }
    usize::try_from(if size == 0 { DEFAULT_ROWS } else { size }).unwrap_or(0)
}

fn write_key((month, cluster, region): &RowKey) -> String {
    PageToken::write(&(month.to_string(), cluster, region))
}

fn read_key(parse: &mut Parse, token: &str) -> Option<RowKey> {
    let (month, cluster, region) = PageToken::read::<(String, _, _)>(parse, token)?;
    let month = parse.take("page_token", month.parse::<Month>())?;
    Some((month, cluster, region))
}
