//! What the server itself can do, by pgbench: the rows of cases that were really taken down, one transaction a case, and
//! then in batches, which no service can beat. The hub stands still meanwhile.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serasi_proto::v1::RouteResult;
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

/// Cases whose rows are written again and again: few, as every client prepares all statements of each.
const SAMPLES: u16 = 16;
/// Until every client has prepared the statements of nearly every case; none of it counts.
const WARM_UP_S: u16 = 8;
/// Cases of a batch.
const BATCH: u32 = 64;
/// A transaction that writes a few bytes of log and nothing else: its commit waits for the disk.
const COMMIT: &str = "SELECT pg_logical_emit_message(true, 'serasi', '');";
const COMMITS_S: u16 = 3;

/// What pgbench did.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit {
    pub(super) one_by_one: Rate,
    pub(super) in_batches: Rate,
    /// Median of one client's transactions that do nothing but reach the disk.
    pub(super) commit_ms: f64,
    /// Of the cases whose rows were written, those for which a place is held: they leave the most.
    pub(super) offered_share: f64,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    /// Cases.
    pub(super) per_second: f64,
    /// For each case.
    pub(super) wal_bytes: f64,
}

/// Scripts of both shapes, in a folder.
pub(super) struct Scripts {
    one_by_one: Vec<PathBuf>,
    in_batches: Vec<PathBuf>,
    commit: Vec<PathBuf>,
    offered_share: f64,
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
    let mut offered = 0;
    for _ in 0..SAMPLES {
        let taken = hub.submit_intake(reporter.next_request()).await?.into_inner();
        let result = taken.outcome.unwrap_or_default().result();
        offered += u16::from(result == RouteResult::Offered);
        let case = taken.case.unwrap_or_default();
        sampler.take(&case.case_id).await.map_err(store)?;
    }
    let written = sampler.end().await.map_err(store)?;
    Ok(Scripts {
        one_by_one: write(process, "one", &written.scripts(Shape::One))?,
        in_batches: write(process, "batch", &written.scripts(Shape::Batch(BATCH)))?,
        commit: write(process, "commit", &[COMMIT.to_owned()])?,
        offered_share: f64::from(offered) / f64::from(SAMPLES),
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

/// Runs them, as many clients and seconds as the hub had.
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
    process.freeze(true);
    let runs = async {
        let one_by_one = run(
            &pgbench,
            process,
            (&scripts.one_by_one, 1),
            (args.clients, args.duration),
        );
        let one_by_one = one_by_one.await?;
        let batches = (scripts.in_batches.as_slice(), BATCH);
        let in_batches = run(&pgbench, process, batches, (BATCHERS, args.duration)).await?;
        Ok(Limit {
            one_by_one,
            in_batches,
            commit_ms: commit_ms(&pgbench, process, &scripts.commit).await?,
            offered_share: scripts.offered_share,
        })
    };
    let limit = runs.await;
    process.freeze(false);
    limit
}

/// Clients that write batches: more would wait for each other.
const BATCHERS: u16 = 4;

/// Brings the server to rest, and runs the scripts, each of so many cases.
async fn run(
    pgbench: &Path,
    process: &HubProcess,
    (scripts, cases): (&[PathBuf], u32),
    (clients, seconds): (u16, u16),
) -> Result<Rate, CliError> {
    process.settle().await?;
    let before = process.wal_bytes().await?;
    let mut command = command(pgbench, process, scripts, (clients, seconds + WARM_UP_S));
    let said = run_to_end(pgbench, &mut command).await?;
    let written = process.wal_bytes().await? - before;
    let cases = f64::from(cases);
    let rate = said.mean_after(WARM_UP_S).zip(said.transactions);
    let (per_second, transactions) =
        rate.ok_or_else(|| CliError::Usage("pgbench does not say what it did".to_owned()))?;
    Ok(Rate {
        per_second: per_second * cases,
        wal_bytes: written / (transactions * cases),
    })
}

/// Median of single commits.
async fn commit_ms(pgbench: &Path, process: &HubProcess, script: &[PathBuf]) -> Result<f64, CliError> {
    process.settle().await?;
    let mut command = command(pgbench, process, script, (1, COMMITS_S));
    let prefix = process.folder().join("commits");
    command.arg("--log").arg("--log-prefix").arg(&prefix);
    run_to_end(pgbench, &mut command).await?;
    let logs = std::fs::read_dir(process.folder()).map_err(file_error("cannot read", process.folder()))?;
    let is_log = |path: &PathBuf| path.to_string_lossy().starts_with(&*prefix.to_string_lossy());
    let log = logs.filter_map(|entry| Some(entry.ok()?.path())).find(is_log);
    let log = log.and_then(|log| std::fs::read_to_string(log).ok());
    log.and_then(|log| median_ms(&log))
        .ok_or_else(|| CliError::Usage("pgbench does not say what a commit takes".to_owned()))
}

/// Of a log of pgbench: the third word of a line is how long a transaction took, in microseconds.
fn median_ms(log: &str) -> Option<f64> {
    let took = log
        .lines()
        .filter_map(|line| line.split(' ').nth(2)?.parse().ok());
    let mut took: Vec<f64> = took.collect();
    took.sort_by(f64::total_cmp);
    took.get(took.len() / 2).map(|us| us / 1_000.0)
}

/// What a run of pgbench tells.
struct Said {
    /// Transactions of each second.
    each_second: Vec<f64>,
    /// Of the whole run.
    transactions: Option<f64>,
}

impl Said {
    fn read(answer: &str, progress: &str) -> Self {
        let second = |line: &str| {
            let (_, rest) = line.strip_prefix("progress: ")?.split_once(" s, ")?;
            rest.split_once(" tps")?.0.parse().ok()
        };
        let transactions = answer
            .lines()
            .find_map(|line| line.strip_prefix("number of transactions actually processed: "));
        Self {
            each_second: progress.lines().filter_map(second).collect(),
            transactions: transactions.and_then(|count| count.trim().parse().ok()),
        }
    }

    /// Transactions a second, when the first seconds are over.
    fn mean_after(&self, seconds: u16) -> Option<f64> {
        let counted = self.each_second.get(usize::from(seconds)..)?;
        let seconds = u32::try_from(counted.len()).ok().filter(|seconds| *seconds > 0)?;
        Some(counted.iter().sum::<f64>() / f64::from(seconds))
    }
}

fn command(
    pgbench: &Path,
    process: &HubProcess,
    scripts: &[PathBuf],
    (clients, seconds): (u16, u16),
) -> Command {
    let mut command = Command::new(pgbench);
    command
        .args([
            "--no-vacuum",
            "--protocol=prepared",
            "--define=k=0",
            "--progress=1",
            "--username=serasi_hub",
        ])
        .args([format!("--client={clients}"), format!("--time={seconds}")])
        .arg(format!("--jobs={}", clients.min(2)))
        .arg("--host")
        .arg(process.socket());
    for script in scripts {
        command.arg("--file").arg(script);
    }
    command
        .arg("postgres")
        // As the hub's own transactions.
        .env(
            "PGOPTIONS",
            "-c serasi.work=on -c serasi.persons=on -c plan_cache_mode=force_generic_plan",
        )
        .stdin(Stdio::null());
    command
}

async fn run_to_end(pgbench: &Path, command: &mut Command) -> Result<Said, CliError> {
    let output = command
        .output()
        .await
        .map_err(file_error("cannot run", pgbench))?;
    let progress = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        let said = progress.lines().find(|line| !line.starts_with("progress: "));
        let said = said.unwrap_or("it says nothing");
        return Err(CliError::Usage(format!("pgbench did not do it: {said}")));
    }
    Ok(Said::read(&String::from_utf8_lossy(&output.stdout), &progress))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_pgbench_did_while_it_warmed_up_does_not_count() {
        let progress = "pgbench (15.14)\nprogress: 1.0 s, 10.0 tps, lat 1.0 ms stddev 0.1, 0 failed\n\
                        progress: 2.0 s, 100.0 tps, lat 1.0 ms stddev 0.1, 0 failed\n\
                        progress: 3.0 s, 200.0 tps, lat 1.0 ms stddev 0.1, 0 failed\n";
        let said = Said::read("number of transactions actually processed: 310\n", progress);
        assert_eq!(said.transactions, Some(310.0));
        assert_eq!(said.mean_after(1), Some(150.0));
        assert_eq!(said.mean_after(3), None);
    }

    #[test]
    fn the_median_is_the_one_in_the_middle() {
        let log = "0 1 900 0 1764000000 1\n0 2 100 0 1764000000 2\n0 3 300 0 1764000000 3\n";
        assert_eq!(median_ms(log), Some(0.3));
        assert_eq!(median_ms(""), None);
    }
}
