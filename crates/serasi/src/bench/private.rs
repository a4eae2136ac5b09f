//! A measurement with nobody else about: a hub of its own, the reference directory, and the server's limit beside it.

use std::sync::Arc;

use rand::Rng;
use serasi_store::limit::settle;

use super::country::Country;
use super::hub_process::HubProcess;
use super::reports::Reporter;
use super::result::BenchResult;
use super::{limit, load, now};
use crate::cli::BenchArgs;
use crate::demo::directory;
use crate::error::CliError;
use crate::host::HostError;
use crate::output::Output;

/// Number of a client that is none of the load's.
const SAMPLER: u16 = u16::MAX;

pub(super) async fn bench(args: &BenchArgs, output: &Output<'_>) -> Result<BenchResult, CliError> {
    let process = HubProcess::start(args.pg_bin.as_deref()).await?;
    let result = measure(&process, args, output).await;
    process.stop().await;
    result
}

async fn measure(
    process: &HubProcess,
    args: &BenchArgs,
    output: &Output<'_>,
) -> Result<BenchResult, CliError> {
    let hub = process.client().await?;
    let rows = tokio_stream::iter(directory::rows());
    hub.facilities().import_facilities(rows).await?;
    let scripts = if args.pgbench {
        let key = (rand::rng().random(), SAMPLER);
        let seed = args.seed.unwrap_or_default();
        let reporter = Reporter::new(Arc::new(Country::load()), seed, key, now());
        Some(limit::prepare(process, hub.intakes(), reporter).await?)
    } else {
        None
    };
    let at_rest = || async {
        let settled = settle(&process.database_url("serasi")).await;
        settled.map_err(|source| CliError::Host(HostError::Store { source }))
    };
    at_rest().await?;
    let mut result = load(process.options(), args, Some(process), output).await?;
    if let Some(scripts) = scripts {
        at_rest().await?;
        result.limit = Some(limit::measure(process, &scripts, args).await?);
    }
    Ok(result)
}
