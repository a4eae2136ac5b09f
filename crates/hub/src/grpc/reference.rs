//! ReferenceService: what clients fill their forms with.

use serasi_domain::cluster::ppks_categories;
use serasi_domain::regulation::Article;
use serasi_geography::{Place, RegionCode, RegionLevel, TravelMode, atlas};
use serasi_proto::v1;
use serasi_proto::v1::reference_service_server::ReferenceService;
use tonic::{Request, Response, Status};

use crate::error::HubError;
use crate::wire::{PageToken, Parse, article_to_wire, category_to_wire, page_size, region_to_wire};

/// Hits of a name search that are looked at.
const MAX_HITS: usize = 1_000;
/// Longest name that is searched for, in characters.
const MAX_QUERY: usize = 100;

#[derive(Debug)]
pub(crate) struct ReferenceHandler;

#[tonic::async_trait]
impl ReferenceService for ReferenceHandler {
    async fn list_regions(
        &self,
        request: Request<v1::ListRegionsRequest>,
    ) -> Result<Response<v1::ListRegionsResponse>, Status> {
        Ok(Response::new(list_regions(request.get_ref())?))
    }

    async fn get_travel(
        &self,
        request: Request<v1::GetTravelRequest>,
    ) -> Result<Response<v1::GetTravelResponse>, Status> {
        Ok(Response::new(travel(request.get_ref())?))
    }

    async fn list_ppks_categories(
        &self,
        _: Request<v1::ListPpksCategoriesRequest>,
    ) -> Result<Response<v1::ListPpksCategoriesResponse>, Status> {
        let categories = ppks_categories().iter().map(category_to_wire).collect();
        Ok(Response::new(v1::ListPpksCategoriesResponse { categories }))
    }

    async fn list_articles(
        &self,
        _: Request<v1::ListArticlesRequest>,
    ) -> Result<Response<v1::ListArticlesResponse>, Status> {
        let articles = Article::ALL.iter().copied().map(article_to_wire).collect();
        Ok(Response::new(v1::ListArticlesResponse { articles }))
    }
}

fn list_regions(request: &v1::ListRegionsRequest) -> Result<v1::ListRegionsResponse, HubError> {
    let mut parse = Parse::default();
    let parent = parse.region("parent_code", &request.parent_code);
    let level = level(&mut parse, request.level);
    let start: usize = PageToken::read(&mut parse, &request.page_token).unwrap_or(0);
    let size = usize::try_from(page_size(&mut parse, request.page_size)).unwrap_or(0);
    if request.query.chars().count() > MAX_QUERY {
        parse.wrong("query", format!("at most {MAX_QUERY} characters"));
    }
    parse.finish(Some(()))?;

    let query = request.query.trim();
    let by_code = query
        .parse::<RegionCode>()
        .ok()
        .and_then(|code| atlas().region(code));
    let found: Vec<_> = if let Some(region) = by_code {
        vec![region]
    } else if query.is_empty() {
        let children = atlas().children(parent.unwrap_or(RegionCode::NATION));
        children
            .filter(|region| level.is_none_or(|level| region.level() == level))
            .collect()
    } else {
        atlas().search(query, level, parent, MAX_HITS)
    };
    let regions: Vec<_> = found.iter().skip(start).take(size).map(region_to_wire).collect();
    let end = start + regions.len();
    let next = if end < found.len() {
        PageToken::write(&end)
    } else {
        String::new()
    };
    Ok(v1::ListRegionsResponse {
        regions,
        next_page_token: next,
    })
}

fn level(parse: &mut Parse, number: i32) -> Option<RegionLevel> {
    match v1::RegionLevel::try_from(number) {
        Ok(v1::RegionLevel::Unspecified) => None,
        Ok(v1::RegionLevel::Nation) => Some(RegionLevel::Nation),
        Ok(v1::RegionLevel::Province) => Some(RegionLevel::Province),
        Ok(v1::RegionLevel::Regency) => Some(RegionLevel::Regency),
        Ok(v1::RegionLevel::District) => Some(RegionLevel::District),
        Ok(v1::RegionLevel::Village) => Some(RegionLevel::Village),
        Err(_) => {
            parse.wrong("level", format!("{number} is not a region level"));
            None
        }
    }
}

fn travel(request: &v1::GetTravelRequest) -> Result<v1::GetTravelResponse, HubError> {
    let mut parse = Parse::default();
    let from = place(&mut parse, "from_region_code", &request.from_region_code);
    let to = place(&mut parse, "to_region_code", &request.to_region_code);
    let (from, to) = parse.finish(from.zip(to))?;
    let travel = atlas().travel(from, to);
    let mode = match travel.mode {
        TravelMode::Road => "road",
        TravelMode::Sea => "sea",
        TravelMode::Air => "air",
        TravelMode::SeaAndAir => "sea+air",
    };
    Ok(v1::GetTravelResponse {
        travel_minutes: i32::try_from(travel.minutes.get()).unwrap_or(i32::MAX),
        distance_km: travel.distance_km,
        mode: mode.to_owned(),
    })
}

fn place(parse: &mut Parse, field: &str, code: &str) -> Option<Place> {
    if code.trim().is_empty() {
        parse.wrong(field, "must be given");
        return None;
    }
    let code = parse.region(field, code)?;
    parse.require(
        field,
        atlas().place(code),
        "must be a regency, district or village",
    )
}
