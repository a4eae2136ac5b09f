//! `serasi`: the hub and its client in one binary. Parses the command line, runs one command, and ends
//! with the exit code that tells a script what happened.

mod audit;
mod bench;
mod break_glass;
mod case;
mod cli;
mod client;
mod codes;
mod demo;
mod document;
mod duration;
mod error;
mod exit;
mod facility;
mod host;
mod import;
mod insight;
mod intake;
mod keys;
mod local_time;
mod migrate;
mod offer;
mod outcome;
mod output;
mod pages;
mod placement;
mod policy;
mod progress;
mod refusal;
mod registry;
mod rejects;
mod request_id;
mod route;
mod run;
mod serve;
mod table;
mod text_file;
mod token;
mod watch;

use std::io;
use std::process::ExitCode;

use clap::Parser;

use crate::cli::Cli;
use crate::output::Output;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let (mut results, mut notes) = (io::stdout(), io::stderr());
    let mut output = Output::new(&mut results, &mut notes, cli.client.json);
    let exit = match run::run(cli, &mut output).await {
        Ok(exit) => exit,
        Err(error) => {
            error.show(&mut output);
            error.exit()
        }
    };
    exit.into()
}
