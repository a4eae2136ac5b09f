//! `serasi`: the hub and its client in one binary. Runs one command, whose exit code tells a script what happened.

mod audit;
mod bench;
mod break_glass;
mod case;
mod cli;
mod client;
mod codes;
mod config;
mod database_url;
mod demo;
mod doctor;
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
mod subject;
mod table;
mod text_file;
mod token;
mod traces;
mod watch;

use std::process::ExitCode;
use std::{env, io};

use mimalloc::MiMalloc;

use crate::exit::Exit;
use crate::output::Output;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let (mut results, mut notes) = (io::stdout(), io::stderr());
    let (cli, shown) = match config::read(env::args_os().collect()) {
        Ok(read) => read,
        Err(error) => {
            drop(Output::new(&mut results, &mut notes, false).note(error));
            return Exit::Refused.into();
        }
    };
    let mut output = Output::new(&mut results, &mut notes, cli.client.json);
    let exit = match run::run(cli, &shown, &mut output).await {
        Ok(exit) => exit,
        Err(error) => {
            error.show(&mut output);
            error.exit()
        }
    };
    exit.into()
}
