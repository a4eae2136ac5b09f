//! How far a watch has been told, in a file or only in memory.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::error::CliError;

/// The cursor of the last line told.
pub(super) struct CursorFile {
    path: Option<PathBuf>,
    text: String,
}

impl CursorFile {
    /// What the file says; a file that is not there yet says: begin.
    pub(super) fn open(path: Option<&Path>) -> Result<Self, CliError> {
        let text = match path.map(fs::read_to_string) {
            None => String::new(),
            Some(Ok(text)) => text.trim().to_owned(),
            Some(Err(error)) if error.kind() == ErrorKind::NotFound => String::new(),
            Some(Err(source)) => {
                let path = path.unwrap_or(Path::new("")).to_owned();
                return Err(CliError::Unreadable { path, source });
            }
        };
        let path = path.map(Path::to_owned);
        Ok(Self { path, text })
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Remembers the cursor. The file is replaced as a whole: a run that is killed leaves the old one or the new one.
    pub(super) fn move_to(&mut self, cursor: &str) -> Result<(), CliError> {
        cursor.clone_into(&mut self.text);
        let Some(path) = &self.path else {
            return Ok(());
        };
        let mut beside = path.clone().into_os_string();
        beside.push(".new");
        let written = fs::write(&beside, format!("{cursor}\n")).and_then(|()| fs::rename(&beside, path));
        written.map_err(|source| CliError::Unwritable {
            path: path.clone(),
            source,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_run_goes_on_where_the_last_one_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("balai.cursor");
        let mut first = CursorFile::open(Some(&path)).unwrap();
        assert_eq!(first.text(), "");
        first.move_to("1.100:0:").unwrap();
        first.move_to("1.108:0:").unwrap();
        assert_eq!(CursorFile::open(Some(&path)).unwrap().text(), "1.108:0:");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_cannot_be_read_or_written_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let unreadable = CursorFile::open(Some(folder.path())).err().unwrap();
        assert!(matches!(unreadable, CliError::Unreadable { .. }), "{unreadable}");
        let mut nowhere = CursorFile::open(Some(Path::new("/nonexistent/cursor"))).unwrap();
        assert!(matches!(
            nowhere.move_to("1.1:0:"),
            Err(CliError::Unwritable { .. })
        ));
    }
}
