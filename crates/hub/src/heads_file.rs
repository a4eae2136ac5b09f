//! Signed heads outside the database: an append-only file of JSON lines, on the disk before it counts. Who can rewrite
//! the database cannot rewrite the copies that others have taken of it.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use serasi_domain::id::Regency;
use serasi_ledger::SignedHead;

/// Name of the file in its folder.
const NAME: &str = "audit-heads.jsonl";

/// The file of one replica.
#[derive(Debug)]
pub struct HeadsFile {
    path: PathBuf,
    file: File,
    /// Size of the newest head of each tree that stands in the file.
    exported: BTreeMap<Regency, u64>,
    /// Bytes of its whole lines.
    whole: u64,
}

/// Why heads cannot be kept in a folder.
#[derive(Debug, thiserror::Error)]
pub enum HeadsFileError {
    #[error("{0} is in use by another hub; give each replica a folder of its own")]
    InUse(String),
    #[error("cannot read or write {path}: {source}")]
    File { path: String, source: std::io::Error },
    #[error("line {line} of {path} is no signed head; move the file away, and keep it: it may be evidence")]
    Line { path: String, line: usize },
}

impl HeadsFile {
    /// Opens the file in `folder`; makes both if there are none.
    pub fn open(folder: &Path) -> Result<Self, HeadsFileError> {
        let path = folder.join(NAME);
        let failed = |source| HeadsFileError::File {
            path: path.display().to_string(),
            source,
        };
        std::fs::create_dir_all(folder).map_err(failed)?;
        let mut options = OpenOptions::new();
        let file = options
            .create(true)
            .read(true)
            .append(true)
            .open(&path)
            .map_err(failed)?;
        file.try_lock()
            .map_err(|_| HeadsFileError::InUse(path.display().to_string()))?;
        // A new file is there after a power cut only when its folder is on the disk, too.
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(failed)?;
        let (exported, whole) = read(&file, &path)?;
        // What a power cut left of a line was never counted, and must not swallow the next one.
        file.set_len(whole).map_err(failed)?;
        Ok(Self {
            path,
            file,
            exported,
            whole,
        })
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes down those that are newer than what the file has; says how many there were.
    pub(crate) fn export(&mut self, heads: &[SignedHead]) -> Result<usize, std::io::Error> {
        let is_news = |signed: &&SignedHead| {
            let known = self.exported.get(&signed.head.region);
            known.is_none_or(|size| *size < signed.head.size)
        };
        let news: Vec<_> = heads.iter().filter(is_news).collect();
        if news.is_empty() {
            return Ok(0);
        }
        let mut lines = vec![];
        for signed in &news {
            serde_json::to_writer(&mut lines, signed)?;
            lines.push(b'\n');
        }
        let written = self.file.write_all(&lines).and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            // Half a line of a full disk would swallow the next one.
            self.file.set_len(self.whole)?;
            return Err(error);
        }
        self.whole += lines.len() as u64;
        let sizes = news.iter().map(|signed| (signed.head.region, signed.head.size));
        self.exported.extend(sizes);
        Ok(news.len())
    }
}

/// The newest head of each tree in the file, and where its last whole line ends.
fn read(file: &File, path: &Path) -> Result<(BTreeMap<Regency, u64>, u64), HeadsFileError> {
    let mut lines = BufReader::new(file);
    let (mut exported, mut whole, mut line) = (BTreeMap::new(), 0, vec![]);
    for number in 1.. {
        line.clear();
        let read = lines.read_until(b'\n', &mut line);
        let bytes = read.map_err(|source| HeadsFileError::File {
            path: path.display().to_string(),
            source,
        })?;
        if line.last() != Some(&b'\n') {
            break;
        }
        whole += bytes as u64;
        let signed: SignedHead = serde_json::from_slice(&line).map_err(|_| HeadsFileError::Line {
            path: path.display().to_string(),
            line: number,
        })?;
        exported.insert(signed.head.region, signed.head.size);
    }
    Ok((exported, whole))
}

#[cfg(test)]
mod tests {
    use serasi_ledger::{Hash, Head, Signer};
    use time::macros::datetime;

    use super::*;

    fn head(size: u64, signer: &Signer) -> SignedHead {
        let head = Head {
            region: "32.73".parse().ok().and_then(Regency::of).unwrap(),
            size,
            root: Hash::of_nothing(),
            at: datetime!(2026-11-22 03:00 UTC),
            key: String::new(),
        };
        SignedHead::sign(head, signer)
    }

    #[test]
    fn each_head_is_written_once_and_a_torn_line_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let signer: Signer = Signer::generate(true).unwrap().parse().unwrap();
        let mut file = HeadsFile::open(folder.path()).unwrap();
        assert_eq!(file.export(&[head(3, &signer)]).unwrap(), 1);
        assert_eq!(file.export(&[head(3, &signer)]).unwrap(), 0);
        let path = file.path().to_owned();
        drop(file);
        let torn = std::fs::read_to_string(&path).unwrap() + "{\"region\":\"32.";
        std::fs::write(&path, torn).unwrap();
        let mut file = HeadsFile::open(folder.path()).unwrap();
        assert_eq!(file.export(&[head(3, &signer)]).unwrap(), 0);
        assert_eq!(file.export(&[head(5, &signer)]).unwrap(), 1);
        assert!(matches!(
            HeadsFile::open(folder.path()),
            Err(HeadsFileError::InUse(_))
        ));
        drop(file);
        let text = std::fs::read_to_string(&path).unwrap();
        let sizes = text
            .lines()
            .map(|line| serde_json::from_str::<SignedHead>(line).unwrap().head.size);
        assert_eq!(sizes.collect::<Vec<_>>(), [3, 5]);
        std::fs::write(&path, "no head\n").unwrap();
        assert!(matches!(
            HeadsFile::open(folder.path()),
            Err(HeadsFileError::Line { line: 1, .. })
        ));
    }
}
