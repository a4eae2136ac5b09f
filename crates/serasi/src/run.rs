//! From the parsed command line to the command.

use crate::bench;
use crate::case;
use crate::cli::{Case, Cli, Command, Facility, Import, Intake, Offer, Route};
use crate::error::CliError;
use crate::exit::Exit;
use crate::facility;
use crate::import;
use crate::intake;
use crate::offer;
use crate::output::Output;
use crate::route;

/// Runs one command to its end.
pub(crate) async fn run(cli: Cli, output: &mut Output<'_>) -> Result<Exit, CliError> {
    let client = &cli.client;
    match &cli.command {
        Command::Serve(_) => Err(CliError::NotInThisBuild("serve")),
        Command::Migrate(_) => Err(CliError::NotInThisBuild("migrate")),
        Command::Demo(_) => Err(CliError::NotInThisBuild("demo")),
        Command::Token(_) => Err(CliError::NotInThisBuild("token")),
        Command::Import(Import::Facilities(args)) => import::facilities(client, args, output).await,
        Command::Intake(Intake::Submit(args)) => intake::submit(client, args, output).await,
        Command::Route(Route::Preview(case)) => route::preview(client, &case.case_id, output).await,
        Command::Route(Route::Case(case)) => route::case(client, &case.case_id, output).await,
        Command::Case(Case::Show(case)) => case::show(client, &case.case_id, output).await,
        Command::Case(Case::List(args)) => case::list(client, args, output).await,
        Command::Offer(Offer::List(args)) => offer::list(client, args, output).await,
        Command::Offer(Offer::Accept(args)) => offer::accept(client, args, output).await,
        Command::Offer(Offer::Decline(args)) => offer::decline(client, args, output).await,
        Command::Facility(Facility::List(args)) => facility::list(client, args, output).await,
        Command::Facility(Facility::Show(facility)) => {
            facility::show(client, &facility.facility_id, output).await
        }
        Command::Bench(args) => bench::bench(client, args, output).await,
    }
}
