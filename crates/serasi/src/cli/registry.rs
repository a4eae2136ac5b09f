//! The part of the command line about the social registry: obligations of the hub, and links in files without one.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serasi_proto::v1::{ObligationState, RegistryCode, UndoReason};

use super::ListLength;
use crate::codes;

#[derive(Debug, Subcommand)]
pub(crate) enum Registry {
    /// Find the row of each person in a snapshot of the registry. Needs no hub and no database.
    #[command(after_help = FORMATS)]
    Match(MatchArgs),
    /// Tell how good a file of links is, where the truth is known.
    Evaluate(EvaluateArgs),
    /// Invent a registry, persons and the truth between them, to try matching out.
    Generate(GenerateArgs),
    /// List who is owed a report or a registration, the oldest first; as a file for the dinas with --csv.
    #[command(after_help = LIST)]
    Obligations(ObligationsArgs),
    /// Say that the dinas has the reports about these people.
    Acknowledge(AcknowledgeArgs),
    /// Record what became of reports, from the list that the dinas was given. Sending a file again changes nothing.
    #[command(after_help = OUTCOMES)]
    Outcome(OutcomeArgs),
    /// Run an edition of the registry past everybody the hub knows in your region, and have it say who stands there. After
    /// a break, also of this command, the same command goes on.
    #[command(after_help = RECONCILE)]
    Reconcile(ReconcileArgs),
    /// List the reconciliations of your region, the newest first; or abandon one that is open.
    Reconciliations(ReconciliationsArgs),
    /// Say of a person whether a row that may be theirs is: `show` lists the rows and why they may be.
    Review(MatchReviewArgs),
    /// Undo the link of a person to a row. What is owed to them goes on.
    Undo(UndoArgs),
}

const RECONCILE: &str = "\
FILE is CSV in UTF-8, plain, gzip or Zstandard, or Parquet; what it is, is seen from its first bytes. Columns:
registry_id,nik,no_kk,nama,tanggal_lahir,jenis_kelamin,kode_wilayah,alamat,nama_ibu_kandung; registry_id has 1-64
characters, every other cell may be empty. A mapping file is TOML, one line for each column with another name:
nik = \"NO_NIK\"; \"\" = there is no such column.
A row that cannot be read is left out and listed in FILE.rejects.csv with its line and the reason. Rows that are, or may be,
somebody are listed with --results: row,code,person_id,weight,probability; a row is the surest of its codes, and one that
is in neither list was not found. Nobody's name or number is in any of them.";

const LIST: &str = "\
On the terminal and with --json stands where each registration is, and nobody's name. --csv writes who they are, for a
spreadsheet: UTF-8 with byte order mark, columns as the ministry's list of DTKS fields, then id_serasi, tanggal, tenggat.
A cell that begins with an apostrophe is text: it would be taken for a formula, or lose digits. Only its owner can read
the file. It has all of them; once it is safe on disk, those that are addressed to you count as reported.";

const OUTCOMES: &str = "\
The file is CSV with a header, comma or semicolon; of its columns these count, the others are passed over:
  id_serasi      as in the list
  status_usulan  diusulkan, musyawarah, verifikasi_validasi, ditetapkan; or why it was refused: ditolak_musyawarah,
                 tidak_padan, perbaikan, meninggal, pindah, ganda. Other rows of the list are passed over
  tanggal        the day it happened, YYYY-MM-DD or DD/MM/YYYY
  id_dtks        key of the row in the registry, with ditetapkan
A row that is refused is listed in FILE.rejects.csv with its line and the reason; the others are recorded.";

const FORMATS: &str = "\
Files are CSV in UTF-8, plain, gzip or Zstandard, or Parquet; what they are is seen from their first bytes.
  snapshot  registry_id,nik,no_kk,nama,tanggal_lahir,jenis_kelamin,kode_wilayah,alamat,nama_ibu_kandung
  persons   person_ref,nik,nama,tanggal_lahir,jenis_kelamin,kode_wilayah,nama_ibu_kandung
            any field but person_ref may be empty; a birth date is YYYY-MM-DD or a year, a place of any level
  links     person_ref,registry_id,weight,probability,class: one row for each person, the best candidate
            exact: same NIK, nothing against it; probable; ambiguous: for a human; none: registry_id is empty
A row that cannot be read is left out and listed in LINKS.rejects.csv with its line and the reason.
A mapping file is TOML, one line for each column with another name: nik = \"NO_NIK\"; \"\" = there is no such column.";

#[derive(Debug, Args)]
pub(crate) struct MatchArgs {
    /// Rows of the registry.
    #[arg(long, value_name = "FILE")]
    pub(crate) snapshot: PathBuf,
    /// Persons to look for.
    #[arg(long, value_name = "FILE")]
    pub(crate) persons: PathBuf,
    /// Where the links go.
    #[arg(long, value_name = "LINKS")]
    pub(crate) out: PathBuf,
    /// What the columns of the snapshot are called in it.
    #[arg(long, value_name = "TOML")]
    pub(crate) mapping: Option<PathBuf>,
    /// Weights to start estimation from [default: those that are shipped].
    #[arg(long, value_name = "TOML")]
    pub(crate) weights: Option<PathBuf>,
    /// Where the estimated weights go.
    #[arg(long, value_name = "TOML")]
    pub(crate) save_weights: Option<PathBuf>,
    /// Show field by field what the link of this person weighs; may be given again.
    #[arg(long, value_name = "PERSON_REF")]
    pub(crate) explain: Vec<String>,
    /// Draws the chance pairs of the estimation; the same seed and files give the same links.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
}

#[derive(Debug, Args)]
pub(crate) struct EvaluateArgs {
    /// Links, as `match` writes them.
    pub(crate) links: PathBuf,
    /// person_ref,registry_id; an empty registry_id = not registered.
    pub(crate) truth: PathBuf,
    /// Write precision and recall of every threshold to this CSV file.
    #[arg(long, value_name = "CSV")]
    pub(crate) curve: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct GenerateArgs {
    /// Rows of the registry.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=20_000_000))]
    pub(crate) registry: u32,
    /// Persons, of whom seven in ten stand in it. At most as many as the registry has rows.
    #[arg(long, value_name = "M", value_parser = clap::value_parser!(u32).range(1..=20_000_000))]
    pub(crate) persons: u32,
    /// Invent the same people again.
    #[arg(long, value_name = "S")]
    pub(crate) seed: u64,
    /// Folder for snapshot.csv, persons.csv and truth.csv.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ObligationsArgs {
    /// Only DUE past their time.
    #[arg(long)]
    pub(crate) overdue: bool,
    /// Only in this state: due, reported, proposed, deliberated, verified, registered, refused; may be given again
    /// [default: all but registered].
    #[arg(long, value_parser = codes::parse::<ObligationState>)]
    pub(crate) state: Vec<ObligationState>,
    /// Only what was first addressed to a dinas in this region.
    #[arg(long, value_name = "CODE")]
    pub(crate) addressee: Option<String>,
    /// Only of cases in this region.
    #[arg(long, value_name = "CODE")]
    pub(crate) region: Option<String>,
    /// Only what is owed for so many days at least.
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(1..=3650))]
    pub(crate) older_than: Option<u16>,
    #[command(flatten)]
    pub(crate) length: ListLength,
    /// Write who they are, all of them, to this file for the dinas, and acknowledge what is addressed to you.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["json", "limit"])]
    pub(crate) csv: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct AcknowledgeArgs {
    /// Ids of the people.
    #[arg(value_name = "PERSON", required = true)]
    pub(crate) person_ids: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct OutcomeArgs {
    /// The list, with what became of it.
    pub(crate) file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ReconcileArgs {
    /// Rows of the registry.
    pub(crate) file: PathBuf,
    /// Which registry: dtks, dtsen.
    #[arg(long, value_parser = codes::parse::<RegistryCode>, default_value = "dtsen")]
    pub(crate) registry: RegistryCode,
    /// Which edition: a month of DTKS, 2026-11, or a quarter of DTSEN, 2026-Q4.
    #[arg(long)]
    pub(crate) edition: String,
    /// The file has only what has changed: it says nothing of who is not in it.
    #[arg(long)]
    pub(crate) delta: bool,
    /// Only persons at home in this region [default: that of your token].
    #[arg(long, value_name = "CODE")]
    pub(crate) region: Option<String>,
    /// What the columns are called in the file.
    #[arg(long, value_name = "TOML")]
    pub(crate) mapping: Option<PathBuf>,
    /// Where refused rows are listed [default: FILE.rejects.csv].
    #[arg(long, value_name = "FILE")]
    pub(crate) rejects: Option<PathBuf>,
    /// Where rows are listed that are or may be somebody.
    #[arg(long, value_name = "FILE")]
    pub(crate) results: Option<PathBuf>,
    /// Whether to look first for keys and NIK that stand in the file more than once: FILE.duplicates.csv lists them with the
    /// first row, a second row of a key is refused, and the hub is told how many rows come [default: find in a snapshot, ignore in a delta].
    #[arg(long, value_name = "WHAT")]
    pub(crate) duplicates: Option<DuplicateRows>,
    /// Very many who stood in an earlier edition are not in the file, and that is meant.
    #[arg(long)]
    pub(crate) allow_leavers: bool,
    /// Run a file once more that was run to its end, or abandoned: a number that no run of it has had. The same number goes on.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) again: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum DuplicateRows {
    Find,
    /// The file is read once less.
    Ignore,
}

#[derive(Debug, Args)]
pub(crate) struct ReconciliationsArgs {
    #[command(flatten)]
    pub(crate) length: ListLength,
    /// Abandon this one: nothing was decided, and nothing will be.
    #[arg(long, value_name = "ID")]
    pub(crate) abandon: Option<String>,
    /// Have this one end whose rows have ended, whoever began it.
    #[arg(long, value_name = "ID", conflicts_with = "abandon")]
    pub(crate) finish: Option<String>,
    /// With --finish: very many leave, and that is meant.
    #[arg(long, requires = "finish")]
    pub(crate) allow_leavers: bool,
}

#[derive(Debug, Args)]
pub(crate) struct MatchReviewArgs {
    /// Id of the person.
    pub(crate) person: String,
    /// confirm, reject, or show the rows that may be the person and why.
    pub(crate) decision: ReviewChoice,
    /// With confirm: which row, where there are several.
    #[arg(long, default_value_t = 0)]
    pub(crate) row: u64,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum ReviewChoice {
    Show,
    Confirm,
    Reject,
}

#[derive(Debug, Args)]
pub(crate) struct UndoArgs {
    /// Id of the person.
    pub(crate) person: String,
    /// other-person, wrong-identity, wrong-row.
    #[arg(long, value_parser = codes::parse::<UndoReason>)]
    pub(crate) reason: UndoReason,
}
