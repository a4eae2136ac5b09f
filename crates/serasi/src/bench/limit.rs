//! What the server itself can do, by pgbench: the rows of cases that were really taken down, one transaction a case, and
//! then in batches, which no service can beat. The hub stands still meanwhile.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serasi_proto::v1::intake_service_client::IntakeServiceClient;
use serasi_store::embedded::program;
use serasi_store::limit::{Sampler, Shape};
use tokio::process::Command;

use super::hub_process::HubProcess;
use super::reports::Reporter;
use crate::cli::BenchArgs;
use crate::client::Authorized;
use crate::error::CliError;
use crate::host::{HostError, file_error};

/// Cases whose rows are written again and again: few, as every client prepares all statements of each, and enough that
/// not all wait for one pool.
const SAMPLES: usize = 8;
/// Cases of a batch.
const BATCH: u32 = 64;

/// Cases a second.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit {
    pub(super) one_by_one: f64,
    pub(super) in_batches: f64,
}

/// Scripts of both shapes, in a folder.
pub(super) struct Scripts {
    one_by_one: Vec<PathBuf>,
    in_batches: Vec<PathBuf>,
}

/// Has some cases taken down, one after the other, and makes scripts of what was written.
pub(super) async fn prepare(
    process: &HubProcess,
    mut hub: IntakeServiceClient<Authorized>,
    mut reporter: Reporter,
) -> Result<Scripts, CliError> {
    let store = |source| CliError::Host(HostError::Store { source });
    let mut sampler = Sampler::begin(&process.database_url("serasi"))
        .await
        .map_err(store)?;
    for _ in 0..SAMPLES {
        let taken = hub.submit_intake(reporter.next_request()).await?.into_inner();
        let case = taken.case.unwrap_or_default();
        sampler.take(&case.case_id).await.map_err(store)?;
    }
    let written = sampler.end().await.map_err(store)?;
    Ok(Scripts {
        one_by_one: write(process, "one", &written.scripts(Shape::One))?,
        in_batches: write(process, "batch", &written.scripts(Shape::Batch(BATCH)))?,
    })
}

fn write(process: &HubProcess, name: &str, scripts: &[String]) -> Result<Vec<PathBuf>, CliError> {
    let mut paths = vec![];
    for (number, script) in scripts.iter().enumerate() {
        let path = process.folder().join(format!("{name}-{number}.sql"));
        std::fs::write(&path, script).map_err(file_error("cannot write", &path))?;
        paths.push(path);
    }
    Ok(paths)
}

/// Runs both, as many clients and seconds as the hub had.
pub(super) async fn measure(
    process: &HubProcess,
    scripts: &Scripts,
    args: &BenchArgs,
) -> Result<Limit, CliError> {
    let pgbench = program(args.pg_bin.as_deref(), "pgbench").ok_or_else(|| {
        CliError::Usage(
            "no pgbench beside the PostgreSQL server nor in PATH: install it (`apt-get install postgresql-contrib`), \
             or name its folder with --pg-bin"
                .to_owned(),
        )
    })?;
    process.freeze(true).await;
    let one_by_one = run(
        &pgbench,
        process,
        &scripts.one_by_one,
        (args.clients, args.duration),
    )
    .await;
    let in_batches = run(&pgbench, process, &scripts.in_batches, (BATCHERS, args.duration)).await;
    process.freeze(false).await;
    Ok(Limit {
        one_by_one: one_by_one?,
        in_batches: in_batches? * f64::from(BATCH),
    })
}

/// Clients that write batches: more would wait for each other.
const BATCHERS: u16 = 4;

/// Transactions a second.
async fn run(
    pgbench: &Path,
    process: &HubProcess,
    scripts: &[PathBuf],
    (clients, seconds): (u16, u16),
) -> Result<f64, CliError> {
    let mut command = Command::new(pgbench);
    command
        .args([
            "--no-vacuum",
            "--protocol=prepared",
            "--define=k=0",
            "--username=serasi_hub",
        ])
        .args([format!("--client={clients}"), format!("--time={seconds}")])
        .arg(format!("--jobs={}", clients.min(2)))
        .arg("--host")
        .arg(process.socket());
    for script in scripts {
        command.arg("--file").arg(script);
    }
    let output = command
        .arg("postgres")
        // As the hub's own transactions.
        .env(
            "PGOPTIONS",
            "-c serasi.work=on -c serasi.persons=on -c plan_cache_mode=force_generic_plan",
        )
        .stdin(Stdio::null())
        .output()
        .await
        .map_err(file_error("cannot run", pgbench))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let tps = text.lines().find_map(|line| line.strip_prefix("tps = "));
    let tps = tps.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    tps.filter(|_| output.status.success()).ok_or_else(|| {
        let said = String::from_utf8_lossy(&output.stderr);
        CliError::Usage(format!(
            "pgbench did not do it: {}",
            said.lines().next().unwrap_or("it says nothing")
        ))
    })
}
