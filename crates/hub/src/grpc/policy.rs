//! PolicyService.

use std::sync::Arc;

use serasi_geography::RegionCode;
use serasi_proto::v1;
use serasi_proto::v1::policy_service_server::PolicyService;
use serasi_store::policies;
use time::OffsetDateTime;
use tonic::{Request, Response, Status};

use super::caller;
use crate::auth::Caller;
use crate::error::{HubError, Kind};
use crate::hub::Hub;
use crate::unit_of_work::{Call, execute};
use crate::verbs::activate_policy::ActivatePolicy;
use crate::verbs::create_policy::CreatePolicy;
use crate::wire::{PageToken, Parse, page_of, page_size, policy, policy_to_wire};

#[derive(Debug)]
pub(crate) struct PolicyHandler(pub(crate) Arc<Hub>);

#[tonic::async_trait]
impl PolicyService for PolicyHandler {
    async fn get_policy(
        &self,
        request: Request<v1::GetPolicyRequest>,
    ) -> Result<Response<v1::GetPolicyResponse>, Status> {
        let policy = self.policy(&request.get_ref().version).await?;
        Ok(Response::new(v1::GetPolicyResponse { policy: Some(policy) }))
    }

    async fn list_policies(
        &self,
        request: Request<v1::ListPoliciesRequest>,
    ) -> Result<Response<v1::ListPoliciesResponse>, Status> {
        Ok(Response::new(self.policies(request.get_ref()).await?))
    }

    async fn create_policy(
        &self,
        request: Request<v1::CreatePolicyRequest>,
    ) -> Result<Response<v1::CreatePolicyResponse>, Status> {
        let caller = caller(&request)?;
        must_be_of_the_nation(&caller)?;
        let request = request.into_inner();
        let mut parse = Parse::default();
        let request_id = parse.request_id(&request.request_id);
        let given = parse.require("policy", request.policy.as_ref(), "must be given");
        let read = given.map(|given| parse.nested("policy", |parse| policy(parse, given)));
        let (request_id, policy) = parse.finish(request_id.zip(read))?;
        let call = Call::new(caller, request_id, &request);
        Ok(Response::new(
            execute(&self.0, call, CreatePolicy { policy }).await?,
        ))
    }

    async fn activate_policy(
        &self,
        request: Request<v1::ActivatePolicyRequest>,
    ) -> Result<Response<v1::ActivatePolicyResponse>, Status> {
        let caller = caller(&request)?;
        must_be_of_the_nation(&caller)?;
        let request = request.into_inner();
        let mut parse = Parse::default();
        let request_id = parse.request_id(&request.request_id);
        let request_id = parse.finish(request_id)?;
        let mutation = ActivatePolicy {
            version: request.version.clone(),
        };
        let call = Call::new(caller, request_id, &request);
        let response = execute(&self.0, call, mutation).await?;
        // Who activates a policy and then sends a report finds it in force.
        self.0.policies.look(&self.0.store).await;
        Ok(Response::new(response))
    }
}

impl PolicyHandler {
    async fn policy(&self, version: &str) -> Result<v1::Policy, HubError> {
        let mut connection = self.0.store.read().await?;
        let active = if version.is_empty() {
            policies::active_version(&mut connection).await?
        } else {
            None
        };
        let version = active.as_deref().unwrap_or(version);
        let stored = policies::get(&mut connection, version).await?;
        let not_found = || HubError::not_found(Kind::Policy, version.chars().take(64).collect::<String>());
        stored.as_ref().map(policy_to_wire).ok_or_else(not_found)
    }

    async fn policies(
        &self,
        request: &v1::ListPoliciesRequest,
    ) -> Result<v1::ListPoliciesResponse, HubError> {
        let mut parse = Parse::default();
        let before: Option<(OffsetDateTime, String)> = PageToken::read(&mut parse, &request.page_token);
        let limit = page_size(&mut parse, request.page_size);
        parse.finish(Some(()))?;
        let mut connection = self.0.store.read().await?;
        let found = policies::list(&mut connection, before.as_ref(), limit).await?;
        let is_full = i64::try_from(found.len()).is_ok_and(|count| count == limit);
        let (policies, is_cut) = page_of(found.iter().map(policy_to_wire).collect());
        let last = policies.len().checked_sub(1).and_then(|last| found.get(last));
        let next = last.filter(|_| is_full || is_cut);
        let next = next.map(|stored| PageToken::write(&(stored.created_at, &stored.policy.version)));
        Ok(v1::ListPoliciesResponse {
            policies,
            next_page_token: next.unwrap_or_default(),
        })
    }
}

/// One law holds for the whole nation.
fn must_be_of_the_nation(caller: &Caller) -> Result<(), HubError> {
    if caller.scope == RegionCode::NATION {
        return Ok(());
    }
    Err(HubError::Forbidden(
        "only an administrator of the nation writes and activates policies",
    ))
}
