//! The part of the command line about the rights of persons over their own data.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serasi_proto::v1::{SubjectRefusal, SubjectRequestKind, SubjectRequester};
use time::OffsetDateTime;

use super::ListLength;
use super::records::moment;
use crate::codes;

#[derive(Debug, Subcommand)]
pub(crate) enum Subject {
    /// Take down what a person, or somebody for them, asks for. To be answered within 72 hours.
    Request(RequestArgs),
    /// Answer a request: it was done, or it is refused for a reason of UU 27/2022 Ps. 33.
    Answer(AnswerArgs),
    /// List requests, the first due first.
    List(SubjectListArgs),
    /// Write everything the hub holds about a person, with the trail of its processing, to a file for that person. Needs
    /// an open access request that somebody else took down.
    Export(ExportArgs),
    /// Suspend the processing of a person's data.
    Freeze(PersonArg),
    /// End the suspension.
    Unfreeze(PersonArg),
    /// Say that access to the data would endanger somebody: nothing is exported until it is lifted.
    Danger(PersonArg),
    /// Say that it no longer would. A second person does.
    LiftDanger(PersonArg),
    /// List everybody whose data a caller or a method was shown, for the notice of a breach.
    Affected(AffectedArgs),
}

#[derive(Debug, Args)]
pub(crate) struct PersonArg {
    /// Id of the person, as `case show` names it.
    #[arg(value_name = "PERSON")]
    pub(crate) person_id: String,
}

#[derive(Debug, Args)]
pub(crate) struct RequestArgs {
    #[command(flatten)]
    pub(crate) person: PersonArg,
    /// access, correction, restriction or withdrawal.
    #[arg(value_parser = codes::parse::<SubjectRequestKind>)]
    pub(crate) kind: SubjectRequestKind,
    /// Who asks: person, guardian or legal-representative.
    #[arg(long, value_parser = codes::parse::<SubjectRequester>)]
    pub(crate) by: SubjectRequester,
    /// When it was received, e.g. by letter [default: now].
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    pub(crate) received: Option<OffsetDateTime>,
    /// Access would endanger somebody, e.g. because the guardian who asks is the suspect.
    #[arg(long)]
    pub(crate) danger: bool,
}

#[derive(Debug, Args)]
pub(crate) struct AnswerArgs {
    /// Id of the request.
    #[arg(value_name = "REQUEST")]
    pub(crate) subject_request_id: String,
    /// Refuse it: endangers, discloses-others or national-security [default: it was done].
    #[arg(long, value_name = "REASON", value_parser = codes::parse::<SubjectRefusal>)]
    pub(crate) refuse: Option<SubjectRefusal>,
}

#[derive(Debug, Args)]
pub(crate) struct SubjectListArgs {
    /// Only in this region [default: your scope].
    #[arg(long, value_name = "CODE", default_value = "", hide_default_value = true)]
    pub(crate) region: String,
    /// Only about this person.
    #[arg(long, value_name = "PERSON", default_value = "", hide_default_value = true)]
    pub(crate) person: String,
    /// Only of this kind.
    #[arg(long, value_parser = codes::parse::<SubjectRequestKind>)]
    pub(crate) kind: Option<SubjectRequestKind>,
    /// Only those nobody has answered.
    #[arg(long)]
    pub(crate) open: bool,
    /// Only those nobody has answered in time.
    #[arg(long)]
    pub(crate) overdue: bool,
    #[command(flatten)]
    pub(crate) length: ListLength,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    pub(crate) person: PersonArg,
    /// New file to write, for you alone to read; `-` = standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct AffectedArgs {
    /// By this caller: issuer and subject of a token, as the audit log has it.
    #[arg(
        long,
        value_name = "NAME",
        default_value = "",
        hide_default_value = true,
        required_unless_present = "verb"
    )]
    pub(crate) principal: String,
    /// By this method, e.g. GetCase.
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    pub(crate) verb: String,
    /// Only in this region [default: your scope].
    #[arg(long, value_name = "CODE", default_value = "", hide_default_value = true)]
    pub(crate) region: String,
    /// From here on, e.g. 2026-11-01T00:00:00+07:00.
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    pub(crate) from: OffsetDateTime,
    /// And before here [default: now].
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    pub(crate) until: Option<OffsetDateTime>,
    /// When the breach was found: the notice is due 72 hours later.
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    pub(crate) discovered: OffsetDateTime,
}
