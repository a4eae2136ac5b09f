//! The key that signs heads of the audit log, and the folder where they are kept.

use std::path::Path;
use std::time::Duration;

use serasi_hub::{AuditSettings, HeadsFile};
use serasi_ledger::Signer;
use serasi_store::private_file;

use super::{HostArgs, HostError, file_error};

/// Heads leave the database this often; an outsider is promised a minute.
const SIGN_EVERY: Duration = Duration::from_secs(20);

/// What the hub seals with. Production names both; development makes them in the data directory.
pub(super) fn settings(
    args: &HostArgs,
    data_dir: &Path,
    is_production: bool,
) -> Result<AuditSettings, HostError> {
    let signer = if is_production {
        audit_heads_of(args)?;
        audit_key_of(args)?
    } else if let Some(path) = &args.audit_key {
        read_audit_key(path)?
    } else {
        let path = data_dir.join("audit-development.key");
        if !path.exists() {
            create_audit_key(&path, true)?;
        }
        read_audit_key(&path)?
    };
    let in_data_dir = data_dir.join("audit-heads");
    let heads = HeadsFile::open(args.audit_heads.as_ref().unwrap_or(&in_data_dir))?;
    Ok(AuditSettings {
        signer,
        heads,
        every: SIGN_EVERY,
    })
}

/// The key of production.
pub(crate) fn audit_key_of(args: &HostArgs) -> Result<Signer, HostError> {
    let path = args.audit_key.as_ref().ok_or(HostError::AuditRequired)?;
    let signer = read_audit_key(path)?;
    if signer.is_development() {
        return Err(HostError::DevelopmentAuditKey(path.display().to_string()));
    }
    Ok(signer)
}

/// The folder that production has named for the heads.
pub(crate) fn audit_heads_of(args: &HostArgs) -> Result<&Path, HostError> {
    args.audit_heads.as_deref().ok_or(HostError::AuditRequired)
}

/// Makes a new key that only its owner can read.
pub(crate) fn create_audit_key(path: &Path, is_development: bool) -> Result<(), HostError> {
    let line = Signer::generate(is_development).ok_or(HostError::NoRandomness)?;
    private_file::create(path, line.as_bytes()).map_err(file_error("cannot write", path))
}

pub(crate) fn read_audit_key(path: &Path) -> Result<Signer, HostError> {
    let text = std::fs::read_to_string(path).map_err(file_error("cannot read", path))?;
    text.parse().map_err(|source| HostError::AuditKey {
        path: path.display().to_string(),
        source,
    })
}
