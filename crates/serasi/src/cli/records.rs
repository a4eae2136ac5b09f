//! The part of the command line that looks at records and answers offers.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};
use serasi_proto::v1::{
    CaseOrder, CaseState, CloseReason, Cluster, DeclineReason, FacilityKind, FacilityState, HoldReason,
    OfferState, PoolKey, RecordKind, Urgency, WithdrawReason,
};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{AddDocumentArgs, CaseArg, TransferArgs};
use crate::codes;

#[derive(Debug, Subcommand)]
pub(crate) enum Case {
    /// Show one case with its persons, live offer and placement. The look is recorded.
    Show(CaseArg),
    /// List cases without personal data.
    List(CaseListArgs),
    /// Show what was written down: assessments, plans, conferences, services, indicators. The look is recorded.
    Records(RecordsArgs),
    /// Close a case, with a reason.
    Close(CloseArgs),
    /// Go on with an ended case, within the days the policy allows.
    Reopen(CaseArg),
    /// Tell that a case is the same as another, which it follows from now on.
    Link(LinkArgs),
    /// Take a link back: the case is what it was before.
    Unlink(CaseArg),
    /// Look for another facility for persons who are served; they stay until they are admitted there.
    Transfer(TransferArgs),
    /// Give a transfer up: the persons stay where they are.
    Stay(CaseArg),
    /// Keep a case from being erased, whatever its age, with a reason.
    Hold(HoldArgs),
    /// List the documents of a case, removed ones too, and what is owed. The look is recorded.
    Documents(CaseArg),
    /// Add a document to a case: where it is, and its digest.
    AddDocument(AddDocumentArgs),
    /// Lift the hold: the case is erased when its time is over.
    LiftHold(CaseArg),
}

#[derive(Debug, Args)]
pub(crate) struct RecordsArgs {
    #[command(flatten)]
    pub(crate) case: CaseArg,
    /// Only these kinds, e.g. `service-plan,family-conference`.
    #[arg(long, value_name = "KIND", value_delimiter = ',', value_parser = codes::parse::<RecordKind>)]
    pub(crate) kind: Vec<RecordKind>,
    #[command(flatten)]
    pub(crate) length: ListLength,
}

#[derive(Debug, Args)]
pub(crate) struct CloseArgs {
    #[command(flatten)]
    pub(crate) case: CaseArg,
    /// completed, referred-out, person-declined, lost-contact, died, unfounded or other.
    #[arg(long, value_parser = codes::parse::<CloseReason>)]
    pub(crate) reason: CloseReason,
    /// In a few words, without names; needed for `other`.
    #[arg(
        long,
        default_value = "",
        hide_default_value = true,
        required_if_eq("reason", "other")
    )]
    pub(crate) note: String,
}

#[derive(Debug, Args)]
pub(crate) struct LinkArgs {
    #[command(flatten)]
    pub(crate) case: CaseArg,
    /// The case that is gone on with.
    #[arg(long, value_name = "CASE")]
    pub(crate) to: String,
}

#[derive(Debug, Args)]
pub(crate) struct HoldArgs {
    #[command(flatten)]
    pub(crate) case: CaseArg,
    /// court-order, investigation, audit or dispute.
    #[arg(long, value_parser = codes::parse::<HoldReason>)]
    pub(crate) reason: HoldReason,
    /// File number of the court, the inspection and so on. Kept sealed.
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub(crate) note: String,
}

#[derive(Debug, Args)]
pub(crate) struct CaseListArgs {
    /// Only in this region, of any level.
    #[arg(long, value_name = "CODE")]
    pub(crate) region: Option<String>,
    /// Only in these states, e.g. `waiting,no-candidate`.
    #[arg(long, value_name = "STATE", value_delimiter = ',', value_parser = codes::parse::<CaseState>)]
    pub(crate) state: Vec<CaseState>,
    /// Only this cluster: anak, disabilitas, tuna-sosial-kpo, napza, lansia.
    #[arg(long, value_parser = codes::parse::<Cluster>)]
    pub(crate) cluster: Option<Cluster>,
    /// Only this urgency: regular, urgent, emergency.
    #[arg(long, value_parser = codes::parse::<Urgency>)]
    pub(crate) urgency: Option<Urgency>,
    /// The queue of a coordinator: open cases the coordinator of exactly this region answers for; `ID` = nation.
    #[arg(long, value_name = "CODE")]
    pub(crate) owner: Option<String>,
    /// Only those whose deadline has passed.
    #[arg(long)]
    pub(crate) overdue: bool,
    /// created: the oldest first; queue: emergencies first, then the oldest.
    #[arg(long, default_value = "created", value_parser = codes::parse::<CaseOrder>)]
    pub(crate) order: CaseOrder,
    #[command(flatten)]
    pub(crate) source: SourceFilter,
    #[command(flatten)]
    pub(crate) length: ListLength,
}

/// Which records of a sender.
#[derive(Debug, Args)]
pub(crate) struct SourceFilter {
    /// Only from this source system.
    #[arg(long, value_name = "SYSTEM")]
    pub(crate) source_system: Option<String>,
    /// Only with this key in the source system.
    #[arg(long, value_name = "REF", requires = "source_system")]
    pub(crate) source_ref: Option<String>,
}

/// How long a list may become.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct ListLength {
    /// Most rows to list.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) limit: u32,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Offer {
    /// List the offers of a case or a facility, newest first.
    List(OfferListArgs),
    /// Show one offer.
    Show(OfferArg),
    /// Accept an offer for the facility.
    Accept(AcceptArgs),
    /// Decline an offer, with a reason; the next facility is asked.
    Decline(DeclineArgs),
    /// Take an offer back, with a reason; the next facility is asked.
    Withdraw(WithdrawArgs),
}

#[derive(Debug, Args)]
pub(crate) struct OfferArg {
    /// Id of the offer.
    #[arg(value_name = "OFFER")]
    pub(crate) offer_id: String,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("whose").args(["case", "facility"]).required(true).multiple(true)))]
pub(crate) struct OfferListArgs {
    /// Offers made for this case.
    #[arg(long, value_name = "CASE")]
    pub(crate) case: Option<String>,
    /// Offers made to this facility.
    #[arg(long, value_name = "FACILITY")]
    pub(crate) facility: Option<String>,
    /// Only in these states, e.g. `offered,seen`.
    #[arg(long, value_name = "STATE", value_delimiter = ',', value_parser = codes::parse::<OfferState>)]
    pub(crate) state: Vec<OfferState>,
    #[command(flatten)]
    pub(crate) length: ListLength,
}

#[derive(Debug, Args)]
pub(crate) struct AcceptArgs {
    /// Id of the offer.
    #[arg(value_name = "OFFER")]
    pub(crate) offer_id: String,
    /// Places of the pool; needed when the offer holds no places.
    #[arg(long, value_name = "PLACES", requires = "occupied")]
    pub(crate) total: Option<i32>,
    /// Persons living there now, before this case moves in.
    #[arg(long, value_name = "PERSONS", requires = "total")]
    pub(crate) occupied: Option<i32>,
    /// Extra places for emergencies [default: 0].
    #[arg(long, value_name = "PLACES", requires = "total")]
    pub(crate) overflow: Option<i32>,
    /// The pool, as `offer list` shows it; else the hub is asked, which marks the offer as seen.
    #[arg(long, value_name = "BASE[/CLUSTER[/SEX]]", requires = "total", value_parser = codes::parse_pool)]
    pub(crate) pool: Option<PoolKey>,
}

#[derive(Debug, Args)]
pub(crate) struct DeclineArgs {
    /// Id of the offer.
    #[arg(value_name = "OFFER")]
    pub(crate) offer_id: String,
    /// full, wrong-kind, not-now, not-eligible, safety, person-refused or other.
    #[arg(long, value_parser = codes::parse::<DeclineReason>)]
    pub(crate) reason: DeclineReason,
    /// In a few words, without names; needed for `other`.
    #[arg(
        long,
        default_value = "",
        hide_default_value = true,
        required_if_eq("reason", "other")
    )]
    pub(crate) note: String,
    /// When the facility may be asked again, e.g. 2026-11-02T08:00:00+07:00; needed for `not-now`.
    #[arg(long, value_name = "TIME", value_parser = moment, required_if_eq("reason", "not-now"))]
    pub(crate) retry_at: Option<OffsetDateTime>,
}

#[derive(Debug, Args)]
pub(crate) struct WithdrawArgs {
    /// Id of the offer.
    #[arg(value_name = "OFFER")]
    pub(crate) offer_id: String,
    /// person-changed-mind, solved-otherwise, wrong-facts, safety or other.
    #[arg(long, value_parser = codes::parse::<WithdrawReason>)]
    pub(crate) reason: WithdrawReason,
    /// In a few words, without names; needed for `other`.
    #[arg(
        long,
        default_value = "",
        hide_default_value = true,
        required_if_eq("reason", "other")
    )]
    pub(crate) note: String,
    /// Ask nobody yet: the case waits for its coordinator.
    #[arg(long)]
    pub(crate) route_later: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Facility {
    /// List facilities.
    List(FacilityListArgs),
    /// Show one facility with its places.
    Show(FacilityArg),
}

#[derive(Debug, Args)]
pub(crate) struct FacilityArg {
    /// Id of the facility.
    #[arg(value_name = "FACILITY")]
    pub(crate) facility_id: String,
}

#[derive(Debug, Args)]
pub(crate) struct FacilityListArgs {
    /// Only in this region, of any level.
    #[arg(long, value_name = "CODE")]
    pub(crate) region: Option<String>,
    /// Only this kind: balai-besar, balai, loka, uptd-province, uptd-regency, lks.
    #[arg(long, value_parser = codes::parse::<FacilityKind>)]
    pub(crate) kind: Option<FacilityKind>,
    /// Only those that serve this cluster.
    #[arg(long, value_parser = codes::parse::<Cluster>)]
    pub(crate) cluster: Option<Cluster>,
    /// Only in this state: active, suspended, closed.
    #[arg(long, value_parser = codes::parse::<FacilityState>)]
    pub(crate) state: Option<FacilityState>,
    #[command(flatten)]
    pub(crate) source: SourceFilter,
    #[command(flatten)]
    pub(crate) length: ListLength,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Policy {
    /// List the versions, newest first.
    List(ListLength),
    /// Show one version, or the active one.
    Show(PolicyShowArgs),
    /// Write a policy file down as a draft, for administrators of the nation. A version never changes.
    Create(PolicyCreateArgs),
    /// Let new cases follow this version from now on; the one before is retired. A routed case keeps its version.
    Activate(PolicyActivateArgs),
    /// Make the decisions of a period again under another version: who would be asked, how far, who would wait.
    DryRun(PolicyDryRunArgs),
}

#[derive(Debug, Args)]
pub(crate) struct PolicyDryRunArgs {
    /// Version to try; a draft, as a rule.
    #[arg(value_name = "VERSION")]
    pub(crate) version: String,
    /// Decisions made from here on, e.g. 2026-11-01T00:00:00+07:00.
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    pub(crate) from: OffsetDateTime,
    /// And before here [default: now].
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    pub(crate) until: Option<OffsetDateTime>,
    /// Where the cases are [default: your scope].
    #[arg(long, value_name = "REGION", default_value = "", hide_default_value = true)]
    pub(crate) region: String,
    /// Changed decisions to show.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(0..=200))]
    pub(crate) examples: u16,
}

#[derive(Debug, Args)]
pub(crate) struct PolicyShowArgs {
    /// Version of the policy [default: the active one].
    #[arg(value_name = "VERSION")]
    pub(crate) version: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct PolicyCreateArgs {
    /// TOML file as crates/domain/policies has them; `-` = standard input.
    pub(crate) file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct PolicyActivateArgs {
    /// Version of the policy.
    #[arg(value_name = "VERSION")]
    pub(crate) version: String,
}

pub(super) fn moment(text: &str) -> Result<OffsetDateTime, String> {
    OffsetDateTime::parse(text, &Rfc3339)
        .map_err(|_| "must be a moment with its offset, e.g. 2026-11-02T08:00:00+07:00".to_owned())
}
