//! Whom the server runs as: PostgreSQL refuses root, so root drops to `postgres`, else `nobody`.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::EmbeddedError;

/// User and group of the server process; `None` = this process's own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Owner {
    pub(super) ids: Option<(u32, u32)>,
}

impl Owner {
    pub(super) fn for_this_process() -> Result<Self, EmbeddedError> {
        if !is_root() {
            return Ok(Self { ids: None });
        }
        let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        let ids = ["postgres", "nobody"]
            .iter()
            .find_map(|user| ids_of(&passwd, user));
        ids.map(|ids| Self { ids: Some(ids) })
            .ok_or(EmbeddedError::NoUser)
    }

    /// Gives `path` to the owner.
    pub(super) fn take(self, path: &Path) -> std::io::Result<()> {
        match self.ids {
            Some((user, group)) => std::os::unix::fs::chown(path, Some(user), Some(group)),
            None => Ok(()),
        }
    }

    /// Root can enter every folder; the server's user can only enter those that others may.
    pub(super) fn can_reach(self, path: &Path) -> bool {
        let Some((user, _)) = self.ids else { return true };
        path.ancestors().skip(1).all(|folder| {
            folder
                .metadata()
                .is_ok_and(|folder| folder.mode() & 0o001 != 0 || folder.uid() == user)
        })
    }
}

/// Whether this process runs as root.
#[must_use]
pub fn is_root() -> bool {
    Path::new("/proc/self")
        .metadata()
        .is_ok_and(|process| process.uid() == 0)
}

/// User and group id from a line `name:x:uid:gid:...`.
fn ids_of(passwd: &str, user: &str) -> Option<(u32, u32)> {
    let line = passwd.lines().find(|line| line.split(':').next() == Some(user))?;
    let mut fields = line.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_group_are_read_from_passwd() {
        let passwd = "root:x:0:0:root:/root:/bin/bash\npostgres:x:105:113::/var/lib/postgresql:/bin/bash\n";
        assert_eq!(ids_of(passwd, "postgres"), Some((105, 113)));
        assert_eq!(ids_of(passwd, "nobody"), None);
    }
}
