//! AuditService.

mod break_glass;

use std::sync::Arc;

use serasi_domain::id::Regency;
use serasi_geography::RegionCode;
use serasi_proto::v1;
use serasi_proto::v1::audit_service_server::AuditService;
use tonic::{Request, Response, Status};

use super::caller;
use crate::error::{HubError, Kind};
use crate::hub::Hub;
use crate::unit_of_work::run_for;
use crate::verbs::get_audit_proof::GetAuditProof;
use crate::verbs::list_audit_entries::ListAuditEntries;
use crate::verbs::list_audit_heads::ListAuditHeads;
use crate::wire::{PageToken, Parse, audit_list, id_of, must_be_countable, page_size};

#[derive(Debug)]
pub(crate) struct AuditHandler(pub(crate) Arc<Hub>);

#[tonic::async_trait]
impl AuditService for AuditHandler {
    async fn list_audit_entries(
        &self,
        request: Request<v1::ListAuditEntriesRequest>,
    ) -> Result<Response<v1::ListAuditEntriesResponse>, Status> {
        let caller = caller(&request)?;
        let mut parse = Parse::default();
        let list = audit_list(&mut parse, caller.stated()?, request.get_ref());
        let act = ListAuditEntries {
            list: parse.finish(list)?,
        };
        Ok(Response::new(run_for(&self.0, caller, act).await?))
    }

    async fn list_audit_heads(
        &self,
        request: Request<v1::ListAuditHeadsRequest>,
    ) -> Result<Response<v1::ListAuditHeadsResponse>, Status> {
        let caller = caller(&request)?;
        let act = read_heads(caller.stated()?, request.get_ref())?;
        Ok(Response::new(run_for(&self.0, caller, act).await?))
    }

    async fn get_audit_proof(
        &self,
        request: Request<v1::GetAuditProofRequest>,
    ) -> Result<Response<v1::GetAuditProofResponse>, Status> {
        let caller = caller(&request)?;
        let act = read_proof(request.get_ref())?;
        Ok(Response::new(run_for(&self.0, caller, act).await?))
    }

    async fn open_break_glass(
        &self,
        request: Request<v1::OpenBreakGlassRequest>,
    ) -> Result<Response<v1::OpenBreakGlassResponse>, Status> {
        let caller = caller(&request)?;
        let opened = break_glass::open(&self.0, caller, &request.into_inner()).await?;
        Ok(Response::new(opened))
    }

    async fn review_break_glass(
        &self,
        request: Request<v1::ReviewBreakGlassRequest>,
    ) -> Result<Response<v1::ReviewBreakGlassResponse>, Status> {
        let caller = caller(&request)?;
        let reviewed = break_glass::review(&self.0, caller, &request.into_inner()).await?;
        Ok(Response::new(reviewed))
    }

    async fn get_break_glass(
        &self,
        request: Request<v1::GetBreakGlassRequest>,
    ) -> Result<Response<v1::GetBreakGlassResponse>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(
            break_glass::get(&self.0, caller, request.get_ref()).await?,
        ))
    }

    async fn list_break_glass(
        &self,
        request: Request<v1::ListBreakGlassRequest>,
    ) -> Result<Response<v1::ListBreakGlassResponse>, Status> {
        let caller = caller(&request)?;
        Ok(Response::new(
            break_glass::list(&self.0, caller, request.get_ref()).await?,
        ))
    }
}

fn read_heads(scope: RegionCode, request: &v1::ListAuditHeadsRequest) -> Result<ListAuditHeads, HubError> {
    let mut parse = Parse::default();
    let within = parse.region("region_code", &request.region_code).unwrap_or(scope);
    if !scope.contains(&within) {
        parse.wrong("region_code", "must lie in your own scope");
    }
    let after: Option<(Regency, u64)> = PageToken::read(&mut parse, &request.page_token);
    must_be_countable(&mut parse, after.map_or(0, |(_, size)| size));
    let limit = page_size(&mut parse, request.page_size);
    parse.finish(Some(ListAuditHeads {
        scope: within,
        after,
        limit,
    }))
}

fn read_proof(request: &v1::GetAuditProofRequest) -> Result<GetAuditProof, HubError> {
    let mut parse = Parse::default();
    let mut size = |field: &str, size: i64| {
        let read = u64::try_from(size);
        let read = parse.take(field, read.map_err(|_| "must be the size of a head, or 0"));
        read.filter(|size| *size > 0)
    };
    let wanted = size("tree_size", request.tree_size);
    let earlier = size("earlier_tree_size", request.earlier_tree_size);
    if wanted.zip(earlier).is_some_and(|(size, earlier)| earlier > size) {
        parse.wrong("earlier_tree_size", "must not be larger than tree_size");
    }
    parse.finish(Some(()))?;
    let entry = id_of(Kind::AuditEntry, &request.audit_id)?;
    Ok(GetAuditProof {
        entry,
        size: wanted,
        earlier,
    })
}
