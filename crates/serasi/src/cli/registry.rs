//! The part of the command line that links persons and registry rows in files, without a hub.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum Registry {
    /// Find the row of each person in a snapshot of the registry. Needs no hub and no database.
    #[command(after_help = FORMATS)]
    Match(MatchArgs),
    /// Tell how good a file of links is, where the truth is known.
    Evaluate(EvaluateArgs),
    /// Invent a registry, persons and the truth between them, to try matching out.
    Generate(GenerateArgs),
}

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
