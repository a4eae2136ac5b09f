//! Where a hub keeps its things when nobody says.

use std::path::PathBuf;

use serasi_store::embedded::is_root;

use super::HostError;

/// As root a folder that the database's own user can reach; else one in the user's home.
pub(super) fn default(sub: Option<&str>) -> Result<PathBuf, HostError> {
    let base = if is_root() {
        PathBuf::from("/var/lib/serasi")
    } else {
        in_home()?
    };
    Ok(match sub {
        Some(sub) => base.join(sub),
        None => base,
    })
}

fn in_home() -> Result<PathBuf, HostError> {
    let set = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    set("XDG_DATA_HOME")
        .or_else(|| set("HOME").map(|home| home.join(".local/share")))
        .map(|base| base.join("serasi"))
        .ok_or(HostError::NoHome)
}
