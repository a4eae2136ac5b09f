//! From the parsed command line to the command.

use tracing_subscriber::filter::LevelFilter;

use crate::audit;
use crate::bench;
use crate::break_glass;
use crate::case;
use crate::cli::{
    Audit, BreakGlass, Case, Cli, ClientOptions, Command, Facility, Import, Insight, Intake, Offer,
    Placement, Policy, Registry, Route, Stage,
};
use crate::config::{Shown, page};
use crate::demo;
use crate::doctor;
use crate::document;
use crate::error::CliError;
use crate::exit::Exit;
use crate::facility;
use crate::host::HostError;
use crate::import;
use crate::insight;
use crate::intake;
use crate::keys;
use crate::migrate;
use crate::offer;
use crate::output::Output;
use crate::placement;
use crate::policy;
use crate::registry;
use crate::route;
use crate::serve;
use crate::subject;
use crate::token;
use crate::traces::log;
use crate::watch;

/// Runs one command to its end.
pub(crate) async fn run(cli: Cli, shown: &Shown, output: &mut Output<'_>) -> Result<Exit, CliError> {
    let client = &cli.client;
    match &cli.command {
        Command::Serve(args) => {
            serve_traced(args, shown).await?;
            Ok(Exit::Done)
        }
        Command::Migrate(args) => {
            log(LevelFilter::WARN, None);
            let done = migrate::migrate(args).await?;
            output.line(format!("{done} migrations were run; the schema is up to date"))?;
            Ok(Exit::Done)
        }
        Command::Doctor(args) => {
            log(LevelFilter::WARN, None);
            doctor::doctor(args, output).await
        }
        Command::Configuration => {
            output.line(page().trim_end())?;
            Ok(Exit::Done)
        }
        Command::Demo(args) => {
            log(LevelFilter::WARN, None);
            demo::demo(args, output).await?;
            Ok(Exit::Done)
        }
        Command::Token(args) => {
            output.line(token::token(args)?)?;
            Ok(Exit::Done)
        }
        Command::Import(Import::Facilities(args)) => import::facilities(client, args, output).await,
        Command::Intake(Intake::Submit(args)) => intake::submit(client, args, output).await,
        Command::Route(Route::Preview(case)) => route::preview(client, &case.case_id, output).await,
        Command::Route(Route::Case(args)) => route::case(client, args, output).await,
        Command::Route(Route::Replay(decision)) => route::replay(client, &decision.decision_id, output).await,
        Command::Route(Route::Decision(decision)) => {
            route::decision(client, &decision.decision_id, output).await
        }
        Command::Case(command) => of_case(client, command, output).await,
        Command::Offer(Offer::List(args)) => offer::list(client, args, output).await,
        Command::Offer(Offer::Show(offer)) => offer::show(client, &offer.offer_id, output).await,
        Command::Offer(Offer::Accept(args)) => offer::accept(client, args, output).await,
        Command::Offer(Offer::Decline(args)) => offer::decline(client, args, output).await,
        Command::Offer(Offer::Withdraw(args)) => offer::withdraw(client, args, output).await,
        Command::Placement(command) => of_placement(client, command, output).await,
        Command::Stage(command) => of_stage(client, command, output).await,
        Command::Facility(Facility::List(args)) => facility::list(client, args, output).await,
        Command::Facility(Facility::Show(facility)) => {
            facility::show(client, &facility.facility_id, output).await
        }
        Command::Policy(command) => of_policy(client, command, output).await,
        Command::Insight(command) => of_insight(client, command, output).await,
        Command::Status(args) => case::status(client, &args.code, output).await,
        Command::Audit(Audit::List(args)) => audit::list(client, args, output).await,
        Command::Audit(Audit::Export(args)) => audit::export(client, args, output).await,
        Command::Audit(Audit::Verify(args)) => audit::verify(args, output),
        Command::Audit(Audit::Key(args)) => audit::key(args, output),
        Command::Watch(what) => watch::watch(client, what, output).await,
        Command::BreakGlass(command) => of_break_glass(client, command, output).await,
        Command::Subject(command) => subject::run(client, command, output).await,
        Command::Keys(args) => {
            log(LevelFilter::WARN, None);
            keys::run(args, output).await
        }
        Command::Registry(command) => of_registry(client, command, output).await,
        Command::Bench(args) => bench::bench(client, args, output).await,
    }
}

async fn of_case(client: &ClientOptions, command: &Case, output: &mut Output<'_>) -> Result<Exit, CliError> {
    match command {
        Case::Show(case) => case::show(client, &case.case_id, output).await,
        Case::List(args) => case::list(client, args, output).await,
        Case::Records(args) => case::list_records(client, args, output).await,
        Case::Close(args) => case::close(client, args, output).await,
        Case::Reopen(case) => case::reopen(client, &case.case_id, output).await,
        Case::Link(args) => case::link(client, args, output).await,
        Case::Unlink(case) => case::unlink(client, &case.case_id, output).await,
        Case::Transfer(args) => case::transfer(client, args, output).await,
        Case::Stay(case) => case::stay(client, &case.case_id, output).await,
        Case::Hold(args) => case::hold(client, args, output).await,
        Case::LiftHold(case) => case::lift_hold(client, &case.case_id, output).await,
        Case::Documents(case) => document::list(client, &case.case_id, output).await,
        Case::AddDocument(args) => document::add(client, args, output).await,
    }
}

async fn of_placement(
    client: &ClientOptions,
    command: &Placement,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    match command {
        Placement::Admit(args) => placement::admit(client, &args.placement_id, output).await,
        Placement::NoShow(args) => placement::no_show(client, args, output).await,
        Placement::Cancel(args) => placement::cancel(client, args, output).await,
        Placement::Discharge(args) => placement::discharge(client, args, output).await,
    }
}

async fn of_stage(
    client: &ClientOptions,
    command: &Stage,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    match command {
        Stage::Record(args) => case::record(client, args, output).await,
        Stage::Sign(args) => case::sign(client, args, output).await,
        Stage::Advance(args) => case::advance(client, args, output).await,
        Stage::Aftercare(args) => case::aftercare(client, args, output).await,
    }
}

async fn of_insight(
    client: &ClientOptions,
    command: &Insight,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    match command {
        Insight::Tiered(args) => insight::tiered(client, args, output).await,
        Insight::Unmet(args) => insight::unmet(client, args, output).await,
        Insight::Truthfulness(args) => insight::truthfulness(client, args, output).await,
        Insight::Timeliness(args) => insight::timeliness(client, args, output).await,
        Insight::Stages(args) => insight::stages(client, args, output).await,
        Insight::Indicators(args) => insight::indicators(client, args, output).await,
    }
}

async fn of_break_glass(
    client: &ClientOptions,
    command: &BreakGlass,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    match command {
        BreakGlass::Open(args) => break_glass::open(client, args, output).await,
        BreakGlass::Review(args) => break_glass::review(client, args, output).await,
        BreakGlass::List(args) => break_glass::list(client, args, output).await,
        BreakGlass::Show(glass) => break_glass::show(client, &glass.break_glass_id, output).await,
    }
}

async fn of_registry(
    client: &ClientOptions,
    command: &Registry,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    match command {
        Registry::Match(args) => registry::matching(args, output),
        Registry::Evaluate(args) => registry::evaluate(args, output),
        Registry::Generate(args) => registry::generate(args, output),
        Registry::Obligations(args) => registry::obligations(client, args, output).await,
        Registry::Acknowledge(args) => registry::acknowledge(client, args, output).await,
        Registry::Outcome(args) => registry::outcome(client, args, output).await,
        Registry::Reconcile(args) => registry::reconcile(client, args, output).await,
        Registry::Reconciliations(args) => registry::reconciliations(client, args, output).await,
        Registry::Review(args) => registry::review(client, args, output).await,
        Registry::Undo(args) => registry::undo(client, args, output).await,
    }
}

async fn serve_traced(args: &serve::ServeArgs, shown: &Shown) -> Result<(), HostError> {
    let traces = args.traces().start()?;
    log(LevelFilter::INFO, traces.as_ref());
    let served = serve::serve(args, shown).await;
    if let Some(traces) = traces {
        traces.finish().await;
    }
    served
}

async fn of_policy(
    client: &ClientOptions,
    command: &Policy,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    match command {
        Policy::List(length) => policy::list(client, *length, output).await,
        Policy::Show(args) => policy::show(client, args.version.as_deref(), output).await,
        Policy::Create(args) => policy::create(client, &args.file, output).await,
        Policy::DryRun(args) => policy::dry_run(client, args, output).await,
        Policy::Activate(args) => policy::activate(client, &args.version, output).await,
    }
}
