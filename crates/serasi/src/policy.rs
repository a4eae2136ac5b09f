//! `serasi policy`: the law as data - which versions there are, what they say, and which one holds.

mod dry_run;
mod text;

use std::path::Path;

use serasi_domain::policy::Policy as PolicyFile;
use serasi_hub::policy_content;
use serasi_proto::v1::{
    ActivatePolicyRequest, CreatePolicyRequest, GetPolicyRequest, ListPoliciesRequest, Policy, PolicyState,
    Regulation,
};

use crate::cli::{ClientOptions, ListLength};
use crate::client::Hub;
use crate::codes::label;
use crate::error::CliError;
use crate::exit::Exit;
use crate::local_time::Clock;
use crate::output::Output;
use crate::pages::collect;
use crate::request_id;
use crate::text_file;
pub(crate) use dry_run::dry_run;
use text::text_of;

const HEADER: [&str; 6] = [
    "version",
    "state",
    "regulation",
    "created",
    "activated",
    "retired",
];

/// Every version, newest first.
pub(crate) async fn list(
    options: &ClientOptions,
    length: ListLength,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let mut client = Hub::connect(options).await?.policies();
    let policies = collect(length, async |page_size, page_token| {
        let request = ListPoliciesRequest {
            page_size,
            page_token,
        };
        let page = client.list_policies(request).await?.into_inner();
        Ok((page.policies, page.next_page_token))
    });
    policies.await?.print(output, &HEADER, row)?;
    Ok(Exit::Done)
}

/// One version, or the active one.
pub(crate) async fn show(
    options: &ClientOptions,
    version: Option<&str>,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let mut client = Hub::connect(options).await?.policies();
    let request = GetPolicyRequest {
        version: version.unwrap_or_default().to_owned(),
    };
    let policy = client.get_policy(request).await?.into_inner().policy;
    let policy = policy.unwrap_or_default();
    if output.is_json() {
        output.json_line(&policy)?;
    } else {
        output.line(text_of(&policy))?;
    }
    Ok(Exit::Done)
}

/// Writes a policy file down as a draft; what is wrong with it is told before it is sent.
pub(crate) async fn create(
    options: &ClientOptions,
    file: &Path,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let policy = PolicyFile::parse(&text_file::read(file)?).map_err(|source| CliError::NotAPolicy {
        path: file.to_owned(),
        source,
    })?;
    let mut client = Hub::connect(options).await?.policies();
    let request = CreatePolicyRequest {
        // The version makes it the same policy however often it is sent; the answer is to be today's.
        request_id: request_id::fresh().to_string(),
        policy: Some(policy_content(&policy)),
    };
    let policy = client.create_policy(request).await?.into_inner().policy;
    tell(&policy.unwrap_or_default(), output)
}

/// New cases follow this version from now on.
pub(crate) async fn activate(
    options: &ClientOptions,
    version: &str,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let mut client = Hub::connect(options).await?.policies();
    let request = ActivatePolicyRequest {
        // To activate it again, after another one, is another request.
        request_id: request_id::fresh().to_string(),
        version: version.to_owned(),
    };
    let policy = client.activate_policy(request).await?.into_inner().policy;
    tell(&policy.unwrap_or_default(), output)
}

fn tell(policy: &Policy, output: &mut Output<'_>) -> Result<Exit, CliError> {
    if output.is_json() {
        output.json_line(policy)?;
    } else {
        let state = label::<PolicyState>(policy.state);
        output.line(format!(
            "policy {} is {state}; digest {}",
            policy.version, policy.digest
        ))?;
    }
    Ok(Exit::Done)
}

fn row(policy: &Policy) -> Vec<String> {
    vec![
        policy.version.clone(),
        label::<PolicyState>(policy.state),
        label::<Regulation>(policy.regulation),
        Clock::Utc.show(policy.create_time.as_ref()),
        Clock::Utc.show(policy.activate_time.as_ref()),
        Clock::Utc.show(policy.retire_time.as_ref()),
    ]
}
