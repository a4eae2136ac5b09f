//! The command line: what can be typed, and what `--help` says about it.

mod audit;
mod break_glass;
mod insight;
mod keys;
mod people;
mod records;
mod registry;
mod service;
mod subject;
mod watch;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::client::Token;
use crate::demo::DemoArgs;
use crate::migrate::MigrateArgs;
use crate::serve::ServeArgs;
use crate::token::TokenArgs;

pub(crate) use audit::{
    Audit, AuditExportArgs, AuditFilterArgs, AuditKeyArgs, AuditListArgs, AuditVerifyArgs,
};
pub(crate) use break_glass::{BreakGlass, BreakGlassListArgs, OpenArgs, ReviewArgs};
pub(crate) use insight::{
    Export, IndicatorArgs, Insight, TieredArgs, TimelinessArgs, TruthfulnessArgs, UnmetArgs,
};
pub(crate) use keys::{DatabaseArgs, Keys, RotateArgs, Rotation};
pub(crate) use people::{AddDocumentArgs, StatusArgs};
pub(crate) use records::{
    AcceptArgs, Case, CaseListArgs, CloseArgs, DeclineArgs, Facility, FacilityListArgs, HoldArgs, LinkArgs,
    ListLength, Offer, OfferListArgs, Policy, PolicyDryRunArgs, RecordsArgs, WithdrawArgs,
};
pub(crate) use registry::{
    AcknowledgeArgs, DuplicateRows, EvaluateArgs, GenerateArgs, MatchArgs, MatchReviewArgs, ObligationsArgs,
    OutcomeArgs, ReconcileArgs, ReconciliationsArgs, Registry, ReviewChoice, UndoArgs,
};
pub(crate) use service::{
    AdvanceArgs, AftercareArgs, CancelArgs, DischargeArgs, NoShowArgs, Placement, RecordArgs, SignArgs,
    Stage, TransferArgs,
};
pub(crate) use subject::{AffectedArgs, AnswerArgs, ExportArgs, RequestArgs, Subject, SubjectListArgs};
pub(crate) use watch::{CursorArg, Watch, WatchCasesArgs, WatchOffersArgs, WatchPlacesArgs};

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  some rows were refused; FILE.rejects.jsonl (or .csv) lists them with reasons
  2  bad usage, a file that cannot be read, or the hub refused the request
  3  the hub does not answer; the same command may be run again";

/// Serasi, the referral hub of Indonesia's social services, and its client.
#[derive(Debug, Parser)]
#[command(name = "serasi", version, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) client: ClientOptions,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// How to reach the hub, and the form of results.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Client options")]
pub(crate) struct ClientOptions {
    /// Address of the hub.
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "SERASI_HUB",
        default_value = "http://127.0.0.1:50051"
    )]
    pub(crate) hub: String,
    /// Token of the caller [env: SERASI_TOKEN]. Others on this machine can see it: prefer a file.
    #[arg(long, global = true, value_name = "TOKEN", value_parser = token)]
    pub(crate) token: Option<Token>,
    /// File that holds the token [env: SERASI_TOKEN_FILE].
    #[arg(long, global = true, value_name = "FILE", conflicts_with = "token")]
    pub(crate) token_file: Option<PathBuf>,
    /// PEM file with the authorities to trust at an https:// hub, instead of the public ones.
    #[arg(long, global = true, value_name = "FILE", env = "SERASI_CA")]
    pub(crate) ca: Option<PathBuf>,
    /// PEM file with the client certificate to show there.
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "SERASI_CLIENT_CERT",
        requires = "client_key"
    )]
    pub(crate) client_cert: Option<PathBuf>,
    /// PEM file with its private key.
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "SERASI_CLIENT_KEY",
        requires = "client_cert"
    )]
    pub(crate) client_key: Option<PathBuf>,
    /// Print results as JSON Lines (proto JSON).
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the hub.
    Serve(Box<ServeArgs>),
    /// Bring the database schema up to date.
    Migrate(MigrateArgs),
    /// Check what a hub would start with: configuration, keys, database, clock. Takes the options of `serve`; changes
    /// nothing. Ends with 1 if something is wrong.
    Doctor(Box<ServeArgs>),
    /// Print the page on every option of a hub.
    Configuration,
    /// Run a hub with its own database and the reference directory, to try things out.
    Demo(DemoArgs),
    /// Make a token of the development issuer.
    Token(TokenArgs),
    /// Load many records from a file.
    #[command(subcommand)]
    Import(Import),
    /// Reports about people who need help.
    #[command(subcommand)]
    Intake(Intake),
    /// Find a facility for a case.
    #[command(subcommand)]
    Route(Route),
    /// Look at cases, end them, and tell which are the same.
    #[command(subcommand)]
    Case(Case),
    /// Look at offers and answer them.
    #[command(subcommand)]
    Offer(Offer),
    /// Say who arrived, did not come, or left.
    #[command(subcommand)]
    Placement(Placement),
    /// Work on the stages of a case: write down, sign, go on.
    #[command(subcommand)]
    Stage(Stage),
    /// Look at the directory of facilities.
    #[command(subcommand)]
    Facility(Facility),
    /// Look at the policies cases are routed under, and change the one that holds.
    #[command(subcommand)]
    Policy(Policy),
    /// Make, list and rotate the keys that seal personal data.
    #[command(subcommand)]
    Keys(Keys),
    /// Look at where need is not met, whose figures are true, and how long people wait.
    #[command(subcommand)]
    Insight(Insight),
    /// Ask how a case goes, with the reporter's code. Needs no token.
    Status(StatusArgs),
    /// Look into the record of who read or changed what, and check that it is whole.
    #[command(subcommand)]
    Audit(Audit),
    /// Be told what happens as it happens, and go on where the last run ended.
    #[command(subcommand)]
    Watch(Watch),
    /// Open a case that is masked for you, for a short while and on record; review what others opened.
    #[command(subcommand)]
    BreakGlass(BreakGlass),
    /// Answer persons about their own data within 72 hours: export, suspend, refuse. List whom a breach affects.
    #[command(subcommand)]
    Subject(Subject),
    /// See to it that who is served comes into the social registry; link persons and its rows in files.
    #[command(subcommand)]
    Registry(Registry),
    /// Measure how much a hub can do, with invented reports.
    Bench(BenchArgs),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Import {
    /// Load a directory of facilities: all rows or, if one is wrong, none.
    Facilities(ImportFacilitiesArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ImportFacilitiesArgs {
    /// CSV file as crates/directory/FORMAT.md describes it; `-` = standard input.
    pub(crate) file: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Intake {
    /// Submit reports. Sending a file again makes no report twice.
    Submit(SubmitArgs),
}

#[derive(Debug, Args)]
pub(crate) struct SubmitArgs {
    /// JSON Lines of serasi.v1.Intake in proto JSON; `-` = standard input.
    pub(crate) file: PathBuf,
    /// Reports on the way at the same time.
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) parallel: u16,
    /// Only take the reports down; ask no facility yet.
    #[arg(long)]
    pub(crate) route_later: bool,
    /// Send all reports in one stream instead of a call for each: for a worker's queue over a poor line.
    #[arg(long)]
    pub(crate) stream: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Route {
    /// Show whom the hub would ask now, and why not the others. Has no effect.
    Preview(CaseArg),
    /// Look for a facility and ask it.
    Case(RouteCaseArgs),
    /// Show a decision of the hub: who was considered, and what excluded the others.
    Decision(DecisionArg),
    /// Make a stored decision again from what it was made of, and compare the two byte for byte. Exit code 1 = it does
    /// not come out as it was.
    Replay(DecisionArg),
}

#[derive(Debug, Args)]
pub(crate) struct DecisionArg {
    /// Id of the decision, as an offer or an outcome names it.
    #[arg(value_name = "DECISION")]
    pub(crate) decision_id: String,
}

#[derive(Debug, Args)]
pub(crate) struct CaseArg {
    /// Id of the case.
    #[arg(value_name = "CASE")]
    pub(crate) case_id: String,
}

#[derive(Debug, Args)]
pub(crate) struct RouteCaseArgs {
    #[command(flatten)]
    pub(crate) case: CaseArg,
    /// Let the case follow the active policy, not the one it was routed under. For coordinators.
    #[arg(long)]
    pub(crate) use_active_policy: bool,
}

#[derive(Clone, Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct BenchArgs {
    #[command(subcommand)]
    pub(crate) what: Option<BenchWhat>,
    /// Callers at work at the same time; each waits for its answer before it asks again.
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) clients: u16,
    /// Connections that the clients share [default: one each].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) connections: Option<u16>,
    /// Reports a second of all clients together, evenly [default: as many as are answered]. What is answered late has
    /// waited since it was due.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) rate: Option<u32>,
    /// How long to measure; a second before it warms up and does not count.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=3600))]
    pub(crate) duration: u16,
    /// What the clients do.
    #[arg(long, value_enum, default_value_t = Mix::Submit)]
    pub(crate) mix: Mix,
    /// Draw the same people and places again.
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Of all calls, the share that is malformed, too large, without a valid token, sent twice or in conflict with one
    /// before.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    pub(crate) bad_share: f64,
    /// Measure a hub of its own, with a private database and the reference directory; says also what a case costs.
    #[arg(long)]
    pub(crate) private: bool,
    /// Then measure what the same server does when pgbench writes the rows of the same cases.
    #[arg(long, requires = "private")]
    pub(crate) pgbench: bool,
    /// Folder with initdb and postgres, where they are not in the usual places.
    #[arg(long, env = "SERASI_PG_BIN", value_name = "DIR")]
    pub(crate) pg_bin: Option<PathBuf>,
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| (0.0..=0.9).contains(share));
    share.ok_or_else(|| "must be a share from 0 to 0.9, such as 0.2".to_owned())
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum BenchWhat {
    /// Measure what many idle watchers cost, and how fast they are told, on a hub of its own.
    Watch(BenchWatchArgs),
}

#[derive(Clone, Debug, Args)]
pub(crate) struct BenchWatchArgs {
    /// Watchers, all of one facility's places.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) watchers: u32,
    /// Connections that the watchers share; one takes at most 128.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) connections: u32,
    /// Events, one a second.
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=3_600))]
    pub(crate) events: u16,
    /// Folder with initdb and postgres, where they are not in the usual places.
    #[arg(long, env = "SERASI_PG_BIN", value_name = "DIR")]
    pub(crate) pg_bin: Option<PathBuf>,
}

/// What the clients of a bench do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mix {
    /// Submit reports, each routed in the same call.
    Submit,
    /// The same, and look each case up; of ten offers, nine are accepted and one is declined. For a token of a coordinator who
    /// also takes reports.
    Day,
}

#[expect(clippy::unnecessary_wraps, reason = "the form clap asks of a value parser")]
fn token(text: &str) -> Result<Token, String> {
    Ok(text.to_owned().into())
}

#[cfg(test)]
mod tests;
