//! `serasi audit key`: the key that signs heads.

use std::path::Path;

use serasi_ledger::Signer;

use crate::cli::AuditKeyArgs;
use crate::error::CliError;
use crate::exit::Exit;
use crate::host::read_audit_key;
use crate::output::Output;

/// Makes the key if it is not there; prints the public half.
pub(crate) fn key(args: &AuditKeyArgs, output: &mut Output<'_>) -> Result<Exit, CliError> {
    let signer = open_or_create(&args.file)?;
    output.line(signer.public())?;
    Ok(Exit::Done)
}

fn open_or_create(path: &Path) -> Result<Signer, CliError> {
    if !path.exists() {
        crate::host::create_audit_key(path, false)?;
    }
    Ok(read_audit_key(path)?)
}
