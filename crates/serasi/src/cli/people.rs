//! The part of the command line about the papers and the people of a case.

use std::path::PathBuf;

use clap::Args;
use serasi_proto::v1::DocumentKind;

use super::CaseArg;
use crate::codes;

#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// 16 letters and digits, as the answer to the report gave them.
    #[arg(value_name = "CODE")]
    pub(crate) code: String,
}

#[derive(Debug, Args)]
pub(crate) struct AddDocumentArgs {
    #[command(flatten)]
    pub(crate) case: CaseArg,
    /// surat-dinsos, kk, ktp, akta-lahir, pasfoto, surat-sehat, surat-psikiater, surat-polisi, laporan-sosial, persetujuan
    /// or other.
    #[arg(long, value_parser = codes::parse::<DocumentKind>)]
    pub(crate) kind: DocumentKind,
    /// Where the file is: https or s3.
    #[arg(long, value_name = "URL")]
    pub(crate) url: String,
    /// The same file on this machine: its SHA-256 is sent, not the file.
    #[arg(long, value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// What it is called; needed for `other`.
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true,
        required_if_eq("kind", "other")
    )]
    pub(crate) title: String,
}
