//! Text that a command is given in a file or on standard input.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use crate::error::CliError;
use crate::rejects::STDIN;

/// The whole of it; `-` = standard input.
pub(crate) fn read(path: &Path) -> Result<String, CliError> {
    let read = if path == Path::new(STDIN) {
        let mut text = String::new();
        io::stdin().lock().read_to_string(&mut text).map(|_| text)
    } else {
        fs::read_to_string(path)
    };
    read.map_err(|source| CliError::Unreadable {
        path: path.to_owned(),
        source,
    })
}
