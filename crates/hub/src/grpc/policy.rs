//! PolicyService.

use std::sync::Arc;

use serasi_geography::RegionLevel;
use serasi_proto::v1;
use serasi_proto::v1::policy_service_server::PolicyService;
use serasi_store::policies;
use time::OffsetDateTime;
use tonic::{Request, Response, Status};

use super::caller;
use crate::auth::Permit;
use crate::dry_run::{DryRunRequest, dry_run};
use crate::error::{HubError, Kind, RuleBroken};
use crate::hub::Hub;
use crate::unit_of_work::{Call, execute};
use crate::verbs::activate_policy::ActivatePolicy;
use crate::verbs::create_policy::CreatePolicy;
use crate::wire::{PageToken, Parse, dry_run_to_wire, page_of, page_size, policy, policy_to_wire};

/// Changed decisions that one answer shows.
const MAX_EXAMPLES: usize = 200;

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

    async fn dry_run_policy(
        &self,
        request: Request<v1::DryRunPolicyRequest>,
    ) -> Result<Response<v1::DryRunPolicyResponse>, Status> {
        let caller = caller(&request)?;
        let request = self.read_dry_run(&caller, request.get_ref()).await?;
        let result = dry_run(&self.0, &request).await?;
        Ok(Response::new(dry_run_to_wire(&request.policy.version, &result)))
    }
}

impl PolicyHandler {
    async fn read_dry_run(
        &self,
        caller: &Permit,
        request: &v1::DryRunPolicyRequest,
    ) -> Result<DryRunRequest, HubError> {
        let mut parse = Parse::default();
        let own = caller.stated()?;
        let scope = parse.region("region_code", &request.region_code).unwrap_or(own);
        if !own.contains(&scope) {
            parse.wrong("region_code", "must lie in your own scope");
        }
        if scope.level() > RegionLevel::Regency {
            parse.wrong("region_code", "must be a regency, a province or ID");
        }
        let from = parse.time("from_time", request.from_time.as_ref());
        let from = parse.require("from_time", from, "must be given");
        let until = parse.time("until_time", request.until_time.as_ref());
        let until = until.unwrap_or_else(|| self.0.clock.now());
        if from.is_some_and(|from| from >= until) {
            parse.wrong("until_time", "must be after from_time");
        }
        let examples = usize::try_from(request.examples)
            .ok()
            .filter(|count| *count <= MAX_EXAMPLES);
        let what = format!("must be 0-{MAX_EXAMPLES}");
        let examples = parse.require("examples", examples, &what);
        let (from, examples) = parse.finish(from.zip(examples))?;
        let mut connection = self.0.store.read().await?;
        let known = self.0.policies.version(&mut connection, &request.version).await;
        let policy = known.map_err(|error| match error {
            HubError::Rule(RuleBroken::PolicyUnknown(version)) => {
                HubError::not_found(Kind::Policy, version.chars().take(64).collect::<String>())
            }
            other => other,
        })?;
        Ok(DryRunRequest {
            policy,
            scope,
            from,
            until,
            examples,
        })
    }

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
