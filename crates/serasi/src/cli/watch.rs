//! The part of the command line that follows what happens.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum Watch {
    /// Live offers of a facility or region, then every change of an offer there.
    Offers(WatchOffersArgs),
    /// Every change of the cases in your scope.
    Cases(WatchCasesArgs),
    /// Places of a facility or region as they stand, then every change of them.
    Capacity(WatchPlacesArgs),
}

#[derive(Debug, Args)]
pub(crate) struct WatchOffersArgs {
    #[command(flatten)]
    pub(crate) places: PlaceFilter,
    #[command(flatten)]
    pub(crate) cursor: CursorArg,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("where").args(["facility", "region"]).required(true).multiple(true)))]
pub(crate) struct WatchPlacesArgs {
    #[command(flatten)]
    pub(crate) places: PlaceFilter,
    #[command(flatten)]
    pub(crate) cursor: CursorArg,
}

#[derive(Debug, Args)]
pub(crate) struct WatchCasesArgs {
    /// Only in this region: regency, province, or `ID`.
    #[arg(long, value_name = "CODE")]
    pub(crate) region: Option<String>,
    /// Only the queue of this region's coordinator; `ID` = nation.
    #[arg(long, value_name = "CODE")]
    pub(crate) owner: Option<String>,
    #[command(flatten)]
    pub(crate) cursor: CursorArg,
}

/// Whose offers or places.
#[derive(Debug, Args)]
pub(crate) struct PlaceFilter {
    /// Only of this facility.
    #[arg(long, value_name = "FACILITY")]
    pub(crate) facility: Option<String>,
    /// Only in this region.
    #[arg(long, value_name = "CODE")]
    pub(crate) region: Option<String>,
}

/// Where a watch goes on.
#[derive(Debug, Args)]
pub(crate) struct CursorArg {
    /// File that remembers how far you were told; written after each line. Without it every run begins anew.
    #[arg(long, value_name = "FILE")]
    pub(crate) cursor_file: Option<PathBuf>,
}
