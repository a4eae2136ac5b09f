//! FacilityService.

use std::sync::Arc;

use serasi_domain::capacity::Pool;
use serasi_domain::facility::{Facility, FacilityProfile};
use serasi_domain::id::{FacilityId, Regency};
use serasi_domain::text::Text;
use serasi_proto::v1;
use serasi_proto::v1::facility_service_server::FacilityService;
use serasi_store::facilities::{self, FacilityFilter};
use serasi_store::{PgConnection, capacity};
use tonic::codegen::BoxStream;
use tonic::{Request, Response, Status, Streaming};

use super::caller;
use crate::auth::{Belongs, Permit};
use crate::error::{HubError, Kind};
use crate::hub::Hub;
use crate::sight::{VeiledList, hides_location, show_facility};
use crate::unit_of_work::{Call, Mutation, execute};
use crate::verbs::change_facility::{CloseFacility, ResumeFacility, SuspendFacility, UpdateFacility};
use crate::verbs::create_facility::CreateFacility;
use crate::watch::capacity::watch_capacity;
use crate::wire::{PageToken, Parse, facility_to_wire, id_of, page_of, page_size, pool_to_wire, profile};

mod capacity_report;
mod import;

#[derive(Debug)]
pub(crate) struct FacilityHandler(pub(crate) Arc<Hub>);

#[tonic::async_trait]
impl FacilityService for FacilityHandler {
    async fn create_facility(
        &self,
        request: Request<v1::CreateFacilityRequest>,
    ) -> Result<Response<v1::CreateFacilityResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let (request_id, profile) = read_profile(&request.request_id, request.facility.as_ref())?;
        let home = home_of(&caller, &profile)?;
        let call = Call::new(caller, request_id, &request);
        self.change(call, CreateFacility { profile, home }).await
    }

    async fn update_facility(
        &self,
        request: Request<v1::UpdateFacilityRequest>,
    ) -> Result<Response<v1::UpdateFacilityResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let (request_id, profile) = read_profile(&request.request_id, request.facility.as_ref())?;
        let named = request.facility.as_ref();
        let facility: FacilityId = id_of(
            Kind::Facility,
            named
                .map(|facility| facility.facility_id.as_str())
                .unwrap_or_default(),
        )?;
        if Regency::of(profile.place) != Some(facility.home()) {
            let mut parse = Parse::default();
            parse.wrong(
                "facility.region_code",
                "the regency of a facility cannot change; close it and create a new one",
            );
            return Err(parse.finish::<()>(None).err().unwrap_or(HubError::Moved).into());
        }
        let version = named.map(|facility| facility.version).unwrap_or_default();
        let call = Call::new(caller, request_id, &request);
        self.change(
            call,
            UpdateFacility {
                facility,
                version,
                profile,
            },
        )
        .await
    }

    async fn get_facility(
        &self,
        request: Request<v1::GetFacilityRequest>,
    ) -> Result<Response<v1::GetFacilityResponse>, Status> {
        let caller = caller(&request)?;
        let id: FacilityId = id_of(Kind::Facility, &request.get_ref().facility_id)?;
        let context = caller.context(None);
        let mut connection = self.0.store.begin(context).await.map_err(HubError::from)?;
        let (facility, pools) = with_pools(&mut connection, id).await?;
        let facility = show_facility(&mut connection, &caller, &facility, &pools)
            .await
            .map_err(HubError::from)?;
        Ok(Response::new(v1::GetFacilityResponse {
            facility: Some(facility),
        }))
    }

    async fn list_facilities(
        &self,
        request: Request<v1::ListFacilitiesRequest>,
    ) -> Result<Response<v1::ListFacilitiesResponse>, Status> {
        let caller = caller(&request)?;
        let (filter, list) = read_filter(request.get_ref())?;
        Ok(Response::new(self.list(&caller, (&filter, list)).await?))
    }

    async fn suspend_facility(
        &self,
        request: Request<v1::SuspendFacilityRequest>,
    ) -> Result<Response<v1::SuspendFacilityResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut parse = Parse::default();
        let request_id = parse.request_id(&request.request_id);
        let reason = parse.take("reason", Text::new(&request.reason));
        let until = parse.time("until_time", request.until_time.as_ref());
        if until.is_some_and(|until| until <= self.0.clock.now()) {
            parse.wrong("until_time", "must be in the future");
        }
        let facility = id_of(Kind::Facility, &request.facility_id)?;
        let (request_id, reason) = parse.finish(request_id.zip(reason))?;
        let call = Call::new(caller, request_id, &request);
        let mutation = SuspendFacility {
            facility,
            version: request.version,
            reason,
            until,
        };
        self.change(call, mutation).await
    }

    async fn resume_facility(
        &self,
        request: Request<v1::ResumeFacilityRequest>,
    ) -> Result<Response<v1::ResumeFacilityResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut parse = Parse::default();
        let request_id = parse.request_id(&request.request_id);
        let request_id = parse.finish(request_id)?;
        let facility = id_of(Kind::Facility, &request.facility_id)?;
        let call = Call::new(caller, request_id, &request);
        self.change(
            call,
            ResumeFacility {
                facility,
                version: request.version,
            },
        )
        .await
    }

    async fn close_facility(
        &self,
        request: Request<v1::CloseFacilityRequest>,
    ) -> Result<Response<v1::CloseFacilityResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut parse = Parse::default();
        let request_id = parse.request_id(&request.request_id);
        let reason = parse.take("reason", Text::new(&request.reason));
        let (request_id, reason) = parse.finish(request_id.zip(reason))?;
        let facility = id_of(Kind::Facility, &request.facility_id)?;
        let call = Call::new(caller, request_id, &request);
        let mutation = CloseFacility {
            facility,
            version: request.version,
            reason,
        };
        self.change(call, mutation).await
    }

    async fn import_facilities(
        &self,
        request: Request<Streaming<v1::ImportFacilitiesRequest>>,
    ) -> Result<Response<v1::ImportFacilitiesResponse>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(
            import::import(&self.0, caller, request.into_inner()).await?,
        ))
    }

    async fn report_capacity(
        &self,
        request: Request<v1::ReportCapacityRequest>,
    ) -> Result<Response<v1::ReportCapacityResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let (request_id, mutation) = capacity_report::read(&self.0, &request)?;
        let call = Call::new(caller, request_id, &request);
        self.change(call, mutation).await
    }

    async fn get_capacity(
        &self,
        request: Request<v1::GetCapacityRequest>,
    ) -> Result<Response<v1::GetCapacityResponse>, Status> {
        let id: FacilityId = id_of(Kind::Facility, &request.get_ref().facility_id)?;
        let mut connection = self.0.store.read().await.map_err(HubError::from)?;
        let (_, pools) = with_pools(&mut connection, id).await?;
        Ok(Response::new(v1::GetCapacityResponse {
            pools: pools.iter().map(pool_to_wire).collect(),
        }))
    }

    type WatchCapacityStream = BoxStream<v1::WatchCapacityResponse>;

    async fn watch_capacity(
        &self,
        request: Request<v1::WatchCapacityRequest>,
    ) -> Result<Response<Self::WatchCapacityStream>, Status> {
        Ok(Response::new(watch_capacity(&self.0, &request).await?))
    }
}

impl FacilityHandler {
    /// Changes the directory, and brings this replica's board up to it before the answer: who changes the directory
    /// and routes next finds the change.
    async fn change<M: Mutation>(&self, call: Call, mutation: M) -> Result<Response<M::Response>, Status> {
        let response = execute(&self.0, call, mutation).await?;
        self.0
            .board
            .refresh(&self.0.store)
            .await
            .map_err(HubError::from)?;
        Ok(Response::new(response))
    }

    async fn list(
        &self,
        caller: &Permit,
        (filter, veiled): (&FacilityFilter, VeiledList),
    ) -> Result<v1::ListFacilitiesResponse, HubError> {
        let mut connection = self.0.store.read().await?;
        let found = facilities::list(&mut connection, filter).await?;
        let is_hidden = |facility: &Facility| hides_location(caller, facility);
        let (page, next) = veiled.page(found, is_hidden);
        let shown = page
            .iter()
            .map(|facility| facility_to_wire(facility, &[], !is_hidden(facility)));
        let (facilities, is_cut) = page_of(shown.collect());
        let last = facilities.len().checked_sub(1).and_then(|last| page.get(last));
        let next = if is_cut { last } else { next.as_ref() };
        let next = next.map(|facility| PageToken::write(&facility.id));
        Ok(v1::ListFacilitiesResponse {
            facilities,
            next_page_token: next.unwrap_or_default(),
        })
    }
}

async fn with_pools(
    connection: &mut PgConnection,
    id: FacilityId,
) -> Result<(Facility, Vec<Pool>), HubError> {
    let facility = facilities::get(connection, id).await?;
    let facility = facility.ok_or_else(|| HubError::not_found(Kind::Facility, id))?;
    let pools = capacity::of_facility(connection, id).await?;
    Ok((facility, pools))
}

fn read_profile(
    request_id: &str,
    facility: Option<&v1::Facility>,
) -> Result<(uuid::Uuid, FacilityProfile), HubError> {
    let mut parse = Parse::default();
    let request_id = parse.request_id(request_id);
    let message = parse.require("facility", facility, "must be given");
    let read = message.and_then(|message| parse.nested("facility", |parse| profile(parse, message)));
    parse.finish(request_id.zip(read))
}

fn home_of(caller: &Permit, profile: &FacilityProfile) -> Result<Regency, HubError> {
    let to_be = Belongs {
        facility_place: Some(profile.place),
        ..Belongs::default()
    };
    if !caller.may(&to_be) {
        return Err(HubError::Forbidden("the facility lies outside your scope"));
    }
    Regency::of(profile.place).ok_or(HubError::Bug("a place above a regency was let through"))
}

fn read_filter(request: &v1::ListFacilitiesRequest) -> Result<(FacilityFilter, VeiledList), HubError> {
    let mut parse = Parse::default();
    let state = match request.state {
        0 => None,
        number => {
            let state = v1::FacilityState::try_from(number).ok();
            parse.state(
                "state",
                "FACILITY_STATE_",
                state.as_ref().map(v1::FacilityState::as_str_name),
            )
        }
    };
    let within = parse.region("region_code", &request.region_code);
    let list = VeiledList::new(within, page_size(&mut parse, request.page_size));
    let filter = FacilityFilter {
        within,
        kind: parse.optional("kind", request.kind),
        cluster: parse.optional("cluster", request.cluster),
        state,
        source_system: parse.key_part("source_system", &request.source_system),
        source_ref: parse.key_part("source_ref", &request.source_ref),
        after: PageToken::read(&mut parse, &request.page_token),
        limit: list.limit(),
    };
    parse.finish(Some((filter, list)))
}
