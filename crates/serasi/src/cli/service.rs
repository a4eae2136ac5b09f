//! The part of the command line that serves persons: their places, and the stages of their case.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serasi_proto::v1::{
    AssessmentAspect, CancelReason, DischargeDestination, FundingSource, Indicator, IndicatorKind,
    NoShowReason, Profession, RecordKind, ServiceBase, ServiceForm, Stage as CaseStage, TransferReason,
};

use super::CaseArg;
use crate::codes;

#[derive(Debug, Subcommand)]
pub(crate) enum Placement {
    /// The persons have arrived.
    Admit(PlacementArg),
    /// They did not come, with a reason: the place is free again.
    NoShow(NoShowArgs),
    /// Give a reserved place up, with a reason.
    Cancel(CancelArgs),
    /// The persons have left: the places are free again.
    Discharge(DischargeArgs),
}

#[derive(Debug, Args)]
pub(crate) struct PlacementArg {
    /// Id of the placement, as `offer accept` and `case show` name it.
    #[arg(value_name = "PLACEMENT")]
    pub(crate) placement_id: String,
}

#[derive(Debug, Args)]
pub(crate) struct NoShowArgs {
    #[command(flatten)]
    pub(crate) placement: PlacementArg,
    /// did-not-arrive, person-refused, no-transport or other.
    #[arg(long, value_parser = codes::parse::<NoShowReason>)]
    pub(crate) reason: NoShowReason,
    #[command(flatten)]
    pub(crate) rest: LostPlaceArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CancelArgs {
    #[command(flatten)]
    pub(crate) placement: PlacementArg,
    /// facility-cannot, person-changed-mind, solved-otherwise, wrong-facts, safety or other.
    #[arg(long, value_parser = codes::parse::<CancelReason>)]
    pub(crate) reason: CancelReason,
    #[command(flatten)]
    pub(crate) rest: LostPlaceArgs,
}

#[derive(Debug, Args)]
pub(crate) struct LostPlaceArgs {
    /// In a few words, without names; needed for `other`. Kept sealed.
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true,
        required_if_eq("reason", "other")
    )]
    pub(crate) note: String,
    /// Ask nobody yet: the case waits for its coordinator.
    #[arg(long)]
    pub(crate) route_later: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DischargeArgs {
    #[command(flatten)]
    pub(crate) placement: PlacementArg,
    /// Where they went: family, other-facility, independent, death or left.
    #[arg(long, value_parser = codes::parse::<DischargeDestination>)]
    pub(crate) to: DischargeDestination,
}

#[derive(Debug, Args)]
pub(crate) struct TransferArgs {
    #[command(flatten)]
    pub(crate) case: CaseArg,
    /// needs-other-service, nearer-to-family, facility-cannot, safety or other.
    #[arg(long, value_parser = codes::parse::<TransferReason>)]
    pub(crate) reason: TransferReason,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Stage {
    /// Write down an assessment, a part of the plan, a conference, a service or indicators.
    Record(Box<RecordArgs>),
    /// Sign a stage off, with supervision competence, for others who worked on it.
    Sign(SignArgs),
    /// Begin the next stage.
    Advance(AdvanceArgs),
    /// End the service as planned; after-care begins.
    Aftercare(AftercareArgs),
}

#[derive(Debug, Args)]
pub(crate) struct RecordArgs {
    #[command(flatten)]
    pub(crate) case: CaseArg,
    /// What it is, e.g. access-review, initial-assessment, service-plan, family-conference, service, indicators.
    #[arg(long, value_parser = codes::parse::<RecordKind>)]
    pub(crate) kind: RecordKind,
    /// File with what was found, planned or agreed; `-` = standard input. Kept sealed.
    #[arg(long, value_name = "FILE")]
    pub(crate) text: PathBuf,
    /// Whose contribution it is (P16 Ps.34).
    #[arg(long, default_value = "social-worker", value_parser = codes::parse::<Profession>)]
    pub(crate) profession: Profession,
    /// Aspects of a comprehensive assessment (P16 Ps.21), e.g. `medical,family-tracing`.
    #[arg(long, value_name = "ASPECT", value_delimiter = ',', value_parser = codes::parse::<AssessmentAspect>)]
    pub(crate) aspect: Vec<AssessmentAspect>,
    /// Bases of a plan or a service: family, community, residential.
    #[arg(long, value_name = "BASE", value_delimiter = ',', value_parser = codes::parse::<ServiceBase>)]
    pub(crate) base: Vec<ServiceBase>,
    /// Forms of a plan or a service, e.g. `therapy,decent-living`.
    #[arg(long, value_name = "FORM", value_delimiter = ',', value_parser = codes::parse::<ServiceForm>)]
    pub(crate) form: Vec<ServiceForm>,
    /// Who pays (P16 Ps.45): apbn, apbd, other-lawful.
    #[arg(long, value_parser = codes::parse::<FundingSource>)]
    pub(crate) funding: Option<FundingSource>,
    /// How long the service lasts, decided by an assessment or a conference (P16 Ps.26).
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) days: i32,
    /// What is reached of what was aimed at, e.g. `output=80,impact=60` (per cent).
    #[arg(long, value_name = "KIND=PERCENT", value_delimiter = ',', value_parser = indicator)]
    pub(crate) indicator: Vec<Indicator>,
}

#[derive(Debug, Args)]
pub(crate) struct SignArgs {
    #[command(flatten)]
    pub(crate) case: CaseArg,
    /// access, initial-approach, assessment, planning, implementation, monitoring or aftercare.
    #[arg(long, value_parser = codes::parse::<CaseStage>)]
    pub(crate) stage: CaseStage,
}

#[derive(Debug, Args)]
pub(crate) struct AdvanceArgs {
    #[command(flatten)]
    pub(crate) case: CaseArg,
    /// In an emergency: begin the service at once, the stages before it are owed (P16 Ps.10(5)).
    #[arg(long)]
    pub(crate) respond_first: bool,
}

#[derive(Debug, Args)]
pub(crate) struct AftercareArgs {
    #[command(flatten)]
    pub(crate) case: CaseArg,
    /// Where the persons live from now on: family, other-facility, independent, left; needed unless they have left before.
    #[arg(long, value_parser = codes::parse::<DischargeDestination>)]
    pub(crate) to: Option<DischargeDestination>,
}

fn indicator(text: &str) -> Result<Indicator, String> {
    let (kind, percent) = text
        .split_once('=')
        .ok_or("must be KIND=PERCENT, e.g. output=80")?;
    let achieved_percent = percent
        .parse()
        .map_err(|_| "the percentage must be a whole number from 0 to 100".to_owned())?;
    let kind = codes::parse::<IndicatorKind>(kind)?.into();
    Ok(Indicator {
        kind,
        achieved_percent,
    })
}
