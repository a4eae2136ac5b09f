//! The part of the command line about the audit log.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serasi_domain::id::Regency;
use serasi_geography::RegionCode;
use time::OffsetDateTime;

use super::ListLength;
use super::records::moment;

const VERIFY_CODES: &str = "\
Exit codes:
  0  everything agrees
  1  something was changed, removed, added, moved or cut off; it is listed
  2  bad usage, or a file that cannot be read";

#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// List who read or changed what, newest first. The look is recorded.
    List(AuditListArgs),
    /// Write the log with its proofs to a file that can be checked without the hub.
    Export(AuditExportArgs),
    /// Check an export against signed heads, without a hub and without trusting who runs it.
    #[command(after_help = VERIFY_CODES)]
    Verify(AuditVerifyArgs),
    /// Make a key that signs heads, if the file is not there yet, and print its public half for those who verify.
    Key(AuditKeyArgs),
}

/// Which entries.
#[derive(Debug, Args)]
pub(crate) struct AuditFilterArgs {
    /// Only in this region [default: your scope].
    #[arg(long, value_name = "CODE", default_value = "", hide_default_value = true)]
    pub(crate) region: String,
    /// Only about this. A case stands for its persons, offers, placements, decisions and glass, a person for their case.
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    pub(crate) subject: String,
    /// From here on, e.g. 2026-11-01T00:00:00+07:00; must be given when --subject is not.
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    pub(crate) from: Option<OffsetDateTime>,
    /// And before here [default: now].
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    pub(crate) until: Option<OffsetDateTime>,
}

#[derive(Debug, Args)]
pub(crate) struct AuditListArgs {
    #[command(flatten)]
    pub(crate) filter: AuditFilterArgs,
    /// Only by this caller.
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    pub(crate) principal: String,
    /// Only this method or job, e.g. GetCase.
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    pub(crate) verb: String,
    #[command(flatten)]
    pub(crate) length: ListLength,
}

#[derive(Debug, Args)]
pub(crate) struct AuditExportArgs {
    #[command(flatten)]
    pub(crate) filter: AuditFilterArgs,
    /// File to write, JSON Lines; `-` = standard output. With --subject, a proof for each entry; else whole trees.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct AuditVerifyArgs {
    /// File of `serasi audit export`; `-` = standard input.
    pub(crate) file: PathBuf,
    /// File with the public key, or several keys, one a line, that may have signed heads.
    #[arg(long, value_name = "FILE", required = true)]
    pub(crate) key: Vec<PathBuf>,
    /// File of heads that was kept outside the database (`serve --audit-heads`); without it an export can be checked
    /// against itself only.
    #[arg(long, value_name = "FILE")]
    pub(crate) heads: Vec<PathBuf>,
    /// The export was made at this moment: heads signed after it are not missed.
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    pub(crate) until: Option<OffsetDateTime>,
    /// The export is of this regency only; heads of others are not missed.
    #[arg(long, value_name = "CODE", value_parser = regency)]
    pub(crate) region: Option<Regency>,
}

#[derive(Debug, Args)]
pub(crate) struct AuditKeyArgs {
    /// File of the private key.
    pub(crate) file: PathBuf,
}

fn regency(code: &str) -> Result<Regency, String> {
    let code: RegionCode = code
        .parse()
        .map_err(|_| "must be a code such as 32.73".to_owned())?;
    Regency::try_from(code).map_err(|error| error.to_string())
}
