//! AuditService.

mod break_glass;

use std::sync::Arc;

use serasi_proto::v1;
use serasi_proto::v1::audit_service_server::AuditService;
use tonic::{Request, Response, Status};

use super::caller;
use crate::hub::Hub;

#[derive(Debug)]
pub(crate) struct AuditHandler(pub(crate) Arc<Hub>);

#[tonic::async_trait]
impl AuditService for AuditHandler {
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
            break_glass::list(&self.0, &caller, request.get_ref()).await?,
        ))
    }
}
