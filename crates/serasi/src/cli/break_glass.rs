//! The part of the command line that opens masked cases and reviews it.

use clap::{Args, Subcommand};
use serasi_proto::v1::{BreakGlassReason, BreakGlassVerdict};

use super::ListLength;
use crate::codes;

#[derive(Debug, Subcommand)]
pub(crate) enum BreakGlass {
    /// Open a masked case to you alone, for at most four hours. Recorded, told, and reviewed by a second person.
    Open(OpenArgs),
    /// Say whether an opening by somebody else had to be.
    Review(ReviewArgs),
    /// List openings, newest first.
    List(BreakGlassListArgs),
    /// Show one opening with what was written. The look is recorded.
    Show(BreakGlassArg),
}

#[derive(Debug, Args)]
pub(crate) struct OpenArgs {
    /// Id of the case.
    #[arg(value_name = "CASE")]
    pub(crate) case_id: String,
    /// danger, nobody-reachable, family-tracing, legal-order or other.
    #[arg(long, value_parser = codes::parse::<BreakGlassReason>)]
    pub(crate) reason: BreakGlassReason,
    /// Why, in 10-500 characters; the second person reads it.
    #[arg(long)]
    pub(crate) text: String,
    /// For how long.
    #[arg(long, default_value_t = 240, value_parser = clap::value_parser!(u8).range(1..=240))]
    pub(crate) minutes: u8,
}

#[derive(Debug, Args)]
pub(crate) struct ReviewArgs {
    #[command(flatten)]
    pub(crate) glass: BreakGlassArg,
    /// justified or not-justified.
    #[arg(long, value_parser = codes::parse::<BreakGlassVerdict>)]
    pub(crate) verdict: BreakGlassVerdict,
    /// Why, in 10-500 characters.
    #[arg(long)]
    pub(crate) text: String,
}

#[derive(Debug, Args)]
pub(crate) struct BreakGlassArg {
    /// Id of the opening.
    #[arg(value_name = "BREAK_GLASS")]
    pub(crate) break_glass_id: String,
}

#[derive(Debug, Args)]
pub(crate) struct BreakGlassListArgs {
    /// Only of this case.
    #[arg(long, value_name = "CASE")]
    pub(crate) case: Option<String>,
    /// Only those nobody has reviewed.
    #[arg(long)]
    pub(crate) unreviewed: bool,
    #[command(flatten)]
    pub(crate) length: ListLength,
}
