//! Opening a file: what it is by its first bytes, and whether its header is the right one.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use crate::chunk::Chunks;
use crate::columns::{Columns, Layout, Mapping, WrongHeader};
use crate::lines::Lines;
use crate::table::{Table, schema_names};

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTANDARD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
const PARQUET: &[u8] = b"PAR1";
const READ_BYTES: usize = 256 * 1024;

/// A file whose header is right; it can be read several times.
#[derive(Debug)]
pub struct RegistryFile {
    path: PathBuf,
    form: Form,
    layout: Layout,
}

/// Why a file is not read at all.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
    #[error(transparent)]
    Header(#[from] WrongHeader),
    #[error("it is no Parquet file that can be read: {0}")]
    Parquet(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Plain,
    Gzip,
    Zstandard,
    Parquet,
}

impl RegistryFile {
    /// Looks at the beginning of the file; nothing else is read yet.
    pub fn open(path: &Path, columns: Columns, mapping: &Mapping) -> Result<Self, FileError> {
        let form = form(path)?;
        let layout = if form == Form::Parquet {
            let names = schema_names(path)?;
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            columns.layout(mapping, &names)?
        } else {
            let mut lines = Lines::new(decoded(path, form)?);
            let header = lines.header()?;
            let delimiter = if header.contains(&b',') || !header.contains(&b';') {
                b','
            } else {
                b';'
            };
            let header = String::from_utf8_lossy(&header).into_owned();
            let names: Vec<&str> = header
                .split(char::from(delimiter))
                .map(|name| name.trim().trim_matches('"'))
                .collect();
            Layout {
                delimiter,
                ..columns.layout(mapping, &names)?
            }
        };
        Ok(Self {
            path: path.to_owned(),
            form,
            layout,
        })
    }

    /// The rows from the first on.
    pub fn chunks(&self) -> Result<Chunks<'_>, FileError> {
        if self.form == Form::Parquet {
            return Ok(Chunks::of_table(
                Table::open(&self.path, &self.layout)?,
                &self.layout,
            ));
        }
        let mut lines = Lines::new(decoded(&self.path, self.form)?);
        lines.header()?;
        Ok(Chunks::of_lines(lines, &self.layout))
    }

    /// Bytes on the disk.
    pub fn size(&self) -> io::Result<u64> {
        Ok(self.path.metadata()?.len())
    }
}

fn form(path: &Path) -> io::Result<Form> {
    let mut start = Vec::new();
    File::open(path)?.take(4).read_to_end(&mut start)?;
    Ok(if start.starts_with(GZIP) {
        Form::Gzip
    } else if start == ZSTANDARD {
        Form::Zstandard
    } else if start == PARQUET {
        Form::Parquet
    } else {
        Form::Plain
    })
}

fn decoded(path: &Path, form: Form) -> io::Result<Box<dyn Read + Send>> {
    let file = BufReader::with_capacity(READ_BYTES, File::open(path)?);
    Ok(match form {
        Form::Gzip => Box::new(MultiGzDecoder::new(file)),
        Form::Zstandard => Box::new(zstd::Decoder::with_buffer(file)?),
        Form::Plain | Form::Parquet => Box::new(file),
    })
}
