//! What a load costs the machine, read from the hub and its database while it runs.

use super::hub_process::HubProcess;
use crate::error::CliError;

/// As they stand at a moment.
pub(super) struct Meters {
    hub_cpu_s: f64,
    database_cpu_s: f64,
    wal_bytes: f64,
    hub_memory_bytes: u64,
}

/// For each case that was taken down.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cost {
    pub(super) hub_cpu_us: f64,
    pub(super) database_cpu_us: f64,
    pub(super) wal_bytes: f64,
    /// Of the hub at the end, whatever it has done.
    pub(super) hub_memory_bytes: u64,
}

impl Meters {
    /// `None` = the hub is not ours to look at.
    pub(super) async fn read(process: Option<&HubProcess>) -> Result<Option<Self>, CliError> {
        let Some(process) = process else {
            return Ok(None);
        };
        Ok(Some(Self {
            hub_cpu_s: process.cpu_seconds()?,
            database_cpu_s: process.database_cpu_seconds()?,
            wal_bytes: process.wal_bytes().await?,
            hub_memory_bytes: process.memory_bytes()?,
        }))
    }

    pub(super) fn until(&self, later: &Self, cases: u64) -> Cost {
        let cases = f64::from(u32::try_from(cases).unwrap_or(u32::MAX).max(1));
        Cost {
            hub_cpu_us: (later.hub_cpu_s - self.hub_cpu_s) * 1e6 / cases,
            database_cpu_us: (later.database_cpu_s - self.database_cpu_s) * 1e6 / cases,
            wal_bytes: (later.wal_bytes - self.wal_bytes) / cases,
            hub_memory_bytes: later.hub_memory_bytes,
        }
    }
}
