//! A measurement with nobody else about: a hub of its own, the reference directory, and the server's limit beside it.

use std::sync::Arc;

use rand::Rng;
use serasi_proto::v1;

use super::country::Country;
use super::hub_process::HubProcess;
use super::reports::Reporter;
use super::result::BenchResult;
use super::{limit, load, now};
use crate::cli::BenchArgs;
use crate::demo::directory;
use crate::error::CliError;
use crate::output::Output;

/// Number of a client that is none of the load's.
const SAMPLER: u16 = u16::MAX;
/// So that nobody waits for a place however long the load lasts: who waits leaves fewer rows.
const TIMES_THE_PLACES: i32 = 100;
/// Cases are there before anything is measured, as in a hub at work: a server plans otherwise for empty tables.
const FILL_S: u16 = 5;

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
    hub.facilities()
        .import_facilities(tokio_stream::iter(houses()))
        .await?;
    let seed = args.seed.unwrap_or_else(|| rand::rng().random());
    let fill = BenchArgs {
        duration: FILL_S,
        bad_share: 0.0,
        rate: None,
        ..args.clone()
    };
    load(process.options(), &fill, (seed.wrapping_add(1), None), output).await?;
    let scripts = if args.pgbench {
        let key = (rand::rng().random(), SAMPLER);
        let reporter = Reporter::new(Arc::new(Country::load()), seed, key, now());
        Some(limit::prepare(process, hub.intakes(), reporter).await?)
    } else {
        None
    };
    process.settle().await?;
    let mut result = load(process.options(), args, (seed, Some(process)), output).await?;
    if let Some(scripts) = scripts {
        result.limit = Some(limit::measure(process, &scripts, args).await?);
    }
    Ok(result)
}

/// The reference directory, with more places.
fn houses() -> Vec<v1::ImportFacilitiesRequest> {
    let mut houses = directory::rows();
    for pool in houses.iter_mut().flat_map(|house| &mut house.capacity) {
        // As much as a pool may have.
        pool.total = (pool.total * TIMES_THE_PLACES).min(MOST_PLACES);
    }
    houses
}

/// Of one pool.
const MOST_PLACES: i32 = serasi_domain::capacity::CapacityReport::MAX_TOTAL;
