//! `serasi bench`: how much a hub can do. Clients that each wait for their answer submit invented reports from the
//! whole country, which the hub routes in the same call; the report says how many, how fast, with what result.
//!
//! It fills a hub with cases that are not real: never to be pointed at one in production.

mod bad;
mod country;
mod follow;
mod hub_process;
mod limit;
mod load;
mod measured;
mod meters;
mod pace;
mod private;
mod reports;
mod result;
mod watch;

use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::Rng;
use time::OffsetDateTime;

use crate::cli::{BenchArgs, BenchWhat, ClientOptions, Mix};
use crate::client::Hub;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::progress::progress;
use country::Country;
use follow::FollowUp;
use hub_process::HubProcess;
use load::{Client, Window, drive};
use measured::Measured;
use meters::{Cost, Meters};
use pace::Pace;
use reports::Reporter;
use result::BenchResult;

/// Connections are opened, caches filled, queries planned; none of it counts.
const WARM_UP: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_secs(1);
/// Of somebody who has none.
const NO_TOKEN: &str = "none";

/// Runs the load and reports it.
pub(crate) async fn bench(
    options: &ClientOptions,
    args: &BenchArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    if let Some(BenchWhat::Watch(args)) = &args.what {
        return watch::watch(args, output).await;
    }
    if args.pgbench && args.mix != Mix::Submit {
        let why = "--pgbench writes the rows of reports; leave out --mix, or --pgbench";
        return Err(CliError::Usage(why.to_owned()));
    }
    let result = if args.private {
        private::bench(args, output).await?
    } else {
        let seed = args.seed.unwrap_or_else(|| rand::rng().random());
        load(options, args, (seed, None), output).await?
    };
    if output.is_json() {
        output.json_line(&result.to_json())?;
    } else {
        output.line(result.to_text())?;
    }
    Ok(result.exit())
}

/// `process` is the hub that is asked, where its cost can be seen.
async fn load(
    options: &ClientOptions,
    args: &BenchArgs,
    (seed, process): (u64, Option<&HubProcess>),
    output: &Output<'_>,
) -> Result<BenchResult, CliError> {
    let hubs = connect(options, args).await?;
    let connections = u16::try_from(hubs.len()).unwrap_or(u16::MAX);
    let (measured, cost) = submit((options, hubs), args, (seed, process), output).await?;
    Ok(BenchResult {
        mix: args.mix,
        seed,
        clients: args.clients,
        connections,
        rate: args.rate,
        duration_s: args.duration,
        measured,
        cost,
        limit: None,
    })
}

async fn connect(options: &ClientOptions, args: &BenchArgs) -> Result<Vec<Hub>, CliError> {
    let connections = args.connections.unwrap_or(args.clients).min(args.clients);
    let mut hubs = Vec::new();
    for _ in 0..connections {
        hubs.push(Hub::connect(options).await?);
    }
    Ok(hubs)
}

async fn submit(
    (options, hubs): (&ClientOptions, Vec<Hub>),
    args: &BenchArgs,
    (seed, process): (u64, Option<&HubProcess>),
    output: &Output<'_>,
) -> Result<(Measured, Option<Cost>), CliError> {
    let country = Arc::new(Country::load());
    let stranger = ClientOptions {
        token: Some(NO_TOKEN.to_owned().into()),
        token_file: None,
        ..options.clone()
    };
    let stranger = Hub::connect(&stranger).await?;
    // The people are drawn from the seed; the keys are not, or a second run would only find the first one's cases.
    let run: u32 = rand::rng().random();
    let now = now();
    let warms_up = Instant::now();
    let starts = warms_up + WARM_UP;
    let window = Window {
        starts,
        ends: starts + Duration::from_secs(args.duration.into()),
    };
    let clients = hubs.iter().cycle().take(args.clients.into()).zip(0..);
    let tasks: Vec<_> = clients
        .map(|(hub, number)| {
            let reporter = Reporter::new(Arc::clone(&country), seed, (run, number), now);
            let client = Client {
                hub: hub.intakes(),
                as_stranger: stranger.intakes(),
                reporter,
                pace: Pace::new(args.rate, (number, args.clients), warms_up),
                bad: (args.bad_share, seed ^ u64::from(number)),
                follow_up: match args.mix {
                    Mix::Submit => None,
                    Mix::Day => Some(FollowUp::new(hub, seed ^ u64::from(number))),
                },
            };
            tokio::spawn(drive(client, window))
        })
        .collect();
    let bar = progress(output, Some(WARM_UP.as_secs() + u64::from(args.duration)));
    tokio::time::sleep_until(window.starts.into()).await;
    let before = Meters::read(process).await?;
    while Instant::now() < window.ends {
        bar.inc(1);
        let next = Instant::now() + TICK;
        tokio::time::sleep_until(next.min(window.ends).into()).await;
    }
    bar.finish_and_clear();
    let after = Meters::read(process).await?;
    let mut measured = Measured::default();
    for task in tasks {
        match task.await {
            Ok(of_client) => measured.add(&of_client),
            Err(_) => measured.lost_clients += 1,
        }
    }
    let cost = before
        .zip(after)
        .map(|(before, after)| before.until(&after, measured.count()));
    Ok((measured, cost))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the hub refuses reports from the future, and invented ones are of now"
)]
fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}
