//! The part of the command line that asks for reports.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serasi_proto::v1::{Cluster, RegionLevel};

use super::ListLength;
use crate::codes;

const UNMET_COLUMNS: &str = "\
Columns of --csv:
  month, cluster, region, region_name
  reported        cases taken down in that month, Jakarta time
  no_candidate    of these, cases for which a search found that nobody may take them
  waiting         of these, cases for which a search found everybody full
  never_placed    cases of the last two that no facility has accepted so far
  wait_hours      median hours from report to first offer of these, where at least 5 had one
  near_misses     RULE=CASES for what stood in the way; a case may count under several
`<5` stands for a number from 1 to 4, and for those that would give one away.";

const TRUTHFULNESS_COLUMNS: &str = "\
Columns of --csv, the worst facility first:
  facility, name, region
  active_days, days_without_report, longest_silence_days
  noncompliant    yes = no report on 2 active days running, or on 5 in a month
  asked, accepted, declined, expired
  false_full      declined as full while the hub held free places there
  median_minutes, p90_minutes  from offer to answer; one that ran out counts as its whole time
  expired_percent of accepted, declined and expired";

const TIMELINESS_COLUMNS: &str = "\
Columns of --csv, for cases taken down in the period, Jakarta time:
  region, region_name, urgency
  offered, offered_median_minutes, offered_p90_minutes     from report to first offer
  answers, answers_median_minutes, answers_p90_minutes     from offer to answer; one that ran out counts as its whole time
  accepted, accepted_median_minutes, accepted_p90_minutes  from report to first acceptance
  in_time_percent accepted or declined among all answers";

const STAGE_COLUMNS: &str = "\
Columns of --csv, for cases taken down in the period, Jakarta time:
  region, region_name, urgency
  stage           of ATENSI, in order
  signed, median_minutes, p90_minutes  from its begin to its signature";

const INDICATOR_COLUMNS: &str = "\
Columns of --csv:
  month, cluster, region, region_name
  indicator       input, process, output, benefit or impact
  cases           measured in that month, Jakarta time, each with its latest measurement
  mean_percent    of what was aimed at, where the number of cases is told and does not follow from others
`<5` stands for a number from 1 to 4, and for those that would give one away.";
const TIERED_COLUMNS: &str = "\
Columns of --csv, one line a number, for cases taken down in the period, Jakarta time:
  region, region_name    the nation, then each province before its regencies
  division               reported, cluster, channel, urgency, outcome, placement; median_minutes and p90_minutes of answers
  code                   e.g. anak; of answers the urgency
  value                  `<5` stands for what is not told: a number from 1 to 4, or what would give one away";

#[derive(Debug, Subcommand)]
pub(crate) enum Insight {
    /// Show the tiered report: cases of a period in regency, province and nation.
    #[command(after_help = TIERED_COLUMNS)]
    Tiered(TieredArgs),
    /// Show where need is not met: cases nobody was found for, by cluster, region and month.
    #[command(after_help = UNMET_COLUMNS)]
    Unmet(UnmetArgs),
    /// Show whose figures are true: how facilities report and answer, the worst first.
    #[command(after_help = TRUTHFULNESS_COLUMNS)]
    Truthfulness(TruthfulnessArgs),
    /// Show how long people wait for an offer, an answer and a place, by urgency and region.
    #[command(after_help = TIMELINESS_COLUMNS)]
    Timeliness(TimelinessArgs),
    /// Show how long the stages of ATENSI take, by urgency and region.
    #[command(after_help = STAGE_COLUMNS)]
    Stages(TimelinessArgs),
    /// Show what service achieves, by the five kinds of indicators, cluster, region and month.
    #[command(after_help = INDICATOR_COLUMNS)]
    Indicators(IndicatorArgs),
}

/// The same questions as for unmet need.
pub(crate) type IndicatorArgs = UnmetArgs;

/// Where to write the report.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// Write the report to this file, as CSV with a header, and show nothing.
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    pub(crate) csv: Option<PathBuf>,
}

/// Where a report looks, and what a row of it stands for.
#[derive(Debug, Args)]
pub(crate) struct Extent {
    /// Only in this region: a regency, a province or `ID` [default: all that the caller may see].
    #[arg(long, value_name = "CODE")]
    pub(crate) region: Option<String>,
    /// What a row stands for: nation, province or regency.
    #[arg(long, default_value = "regency", value_parser = codes::parse::<RegionLevel>)]
    pub(crate) level: RegionLevel,
}

/// Days of a report.
#[derive(Debug, Args)]
pub(crate) struct Days {
    /// First day, YYYY-MM-DD.
    #[arg(long, value_name = "DATE")]
    pub(crate) from: String,
    /// Last day, at most 366 days in all.
    #[arg(long, value_name = "DATE")]
    pub(crate) until: String,
}

#[derive(Debug, Args)]
pub(crate) struct UnmetArgs {
    #[command(flatten)]
    pub(crate) extent: Extent,
    /// First month, YYYY-MM.
    #[arg(long, value_name = "MONTH")]
    pub(crate) from: String,
    /// Last month, at most 24 months in all.
    #[arg(long, value_name = "MONTH")]
    pub(crate) until: String,
    /// Only this cluster: anak, disabilitas, tuna-sosial-kpo, napza, lansia.
    #[arg(long, value_parser = codes::parse::<Cluster>)]
    pub(crate) cluster: Option<Cluster>,
    #[command(flatten)]
    pub(crate) export: Export,
}

#[derive(Debug, Args)]
pub(crate) struct TieredArgs {
    /// Only in this region: a regency, a province or `ID` [default: all that the caller may see].
    #[arg(long, value_name = "CODE")]
    pub(crate) region: Option<String>,
    /// First month, YYYY-MM.
    #[arg(long, value_name = "MONTH")]
    pub(crate) from: String,
    /// Last month, at most 24 months in all.
    #[arg(long, value_name = "MONTH")]
    pub(crate) until: String,
    #[command(flatten)]
    pub(crate) export: Export,
}

#[derive(Debug, Args)]
pub(crate) struct TruthfulnessArgs {
    /// Only facilities in this region, of any level.
    #[arg(long, value_name = "CODE")]
    pub(crate) region: Option<String>,
    /// Only this facility.
    #[arg(long, value_name = "FACILITY")]
    pub(crate) facility: Option<String>,
    #[command(flatten)]
    pub(crate) days: Days,
    #[command(flatten)]
    pub(crate) length: ListLength,
    #[command(flatten)]
    pub(crate) export: Export,
}

#[derive(Debug, Args)]
pub(crate) struct TimelinessArgs {
    #[command(flatten)]
    pub(crate) extent: Extent,
    #[command(flatten)]
    pub(crate) days: Days,
    #[command(flatten)]
    pub(crate) export: Export,
}
