//! `serasi bench`: how much a hub can do. Clients that each wait for their answer submit invented reports from the
//! whole country, which the hub routes in the same call; the report says how many, how fast, with what result.
//!
//! It fills a hub with cases that are not real: never to be pointed at one in production.

mod country;
mod load;
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
use load::{Client, Window, drive};
use reports::Reporter;
use result::{BenchResult, Measured};

/// Connections are opened, caches filled, queries planned; none of it counts.
const WARM_UP: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_secs(1);

/// Runs the load and reports it.
pub(crate) async fn bench(
    options: &ClientOptions,
    args: &BenchArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    if let Some(BenchWhat::Watch(args)) = &args.what {
        return watch::watch(args, output).await;
    }
    let seed = args.seed.unwrap_or_else(|| rand::rng().random());
    let hubs = connect(options, args).await?;
    let result = BenchResult {
        seed,
        clients: args.clients,
        connections: u16::try_from(hubs.len()).unwrap_or(u16::MAX),
        duration_s: args.duration,
        measured: match args.mix {
            Mix::Submit => submit(hubs, args, seed, output).await,
        },
    };
    if output.is_json() {
        output.json_line(&result.to_json())?;
    } else {
        output.line(result.to_text())?;
    }
    Ok(result.exit())
}

async fn connect(options: &ClientOptions, args: &BenchArgs) -> Result<Vec<Hub>, CliError> {
    let connections = args.connections.unwrap_or(args.clients).min(args.clients);
    let mut hubs = Vec::new();
    for _ in 0..connections {
        hubs.push(Hub::connect(options).await?);
    }
    Ok(hubs)
}

async fn submit(hubs: Vec<Hub>, args: &BenchArgs, seed: u64, output: &Output<'_>) -> Measured {
    let country = Arc::new(Country::load());
    // The people are drawn from the seed; the keys are not, or a second run would only find the first one's cases.
    let run: u32 = rand::rng().random();
    let now = now();
    let starts = Instant::now() + WARM_UP;
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
                reporter,
            };
            tokio::spawn(drive(client, window))
        })
        .collect();
    show_seconds(args.duration, output).await;
    let mut measured = Measured::default();
    for task in tasks {
        match task.await {
            Ok(of_client) => measured.add(&of_client),
            Err(_) => measured.lost_clients += 1,
        }
    }
    measured
}

/// A bar of seconds while the clients work.
async fn show_seconds(duration_s: u16, output: &Output<'_>) {
    let seconds = WARM_UP.as_secs() + u64::from(duration_s);
    let bar = progress(output, Some(seconds));
    for _ in 0..seconds {
        tokio::time::sleep(TICK).await;
        bar.inc(1);
    }
    bar.finish_and_clear();
}

#[expect(
    clippy::disallowed_methods,
    reason = "the hub refuses reports from the future, and invented ones are of now"
)]
fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}
