//! Whole lines in blocks of bytes, however the file is cut; a line that never ends is passed over.

use std::io::{self, Read};

/// Bytes of a block: enough that handing it to another thread costs nothing beside reading it.
const BLOCK_BYTES: usize = 512 * 1024;
/// Longer than any row.
const MAX_LINE_BYTES: usize = 128 * 1024;
/// So far before a block's end an open quotation is taken for one that goes on in the next block.
const MAX_OPEN_BYTES: usize = 16 * 1024;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

pub(crate) struct Lines {
    source: Box<dyn Read + Send>,
    /// Read, and not yet given out.
    rest: Vec<u8>,
    /// On which line `rest` starts, counted from 1.
    line: u64,
    ended: Option<io::Result<()>>,
}

/// What comes next in a file.
pub(crate) enum Block {
    /// Whole lines, from this one on.
    Lines { first: u64, bytes: Vec<u8> },
    /// A line that is longer than any row.
    TooLong { line: u64 },
    /// The file can be read no further than this line.
    Broken { line: u64, error: io::Error },
}

impl Lines {
    pub(crate) fn new(source: Box<dyn Read + Send>) -> Self {
        Self {
            source,
            rest: Vec::new(),
            line: 1,
            ended: None,
        }
    }

    /// The first line, without its end.
    pub(crate) fn header(&mut self) -> io::Result<Vec<u8>> {
        while memchr::memchr(b'\n', &self.rest).is_none() && self.rest.len() < MAX_LINE_BYTES && !self.fill()
        {
        }
        if let (true, Some(Err(_))) = (self.rest.is_empty(), &self.ended)
            && let Some(Err(error)) = self.ended.take()
        {
            return Err(error);
        }
        let end = memchr::memchr(b'\n', &self.rest).unwrap_or(self.rest.len());
        let mut header: Vec<u8> = self.rest.drain(..end).collect();
        if !self.rest.is_empty() {
            self.rest.remove(0);
        }
        self.line = 2;
        if header.last() == Some(&b'\r') {
            header.pop();
        }
        if header.starts_with(BYTE_ORDER_MARK) {
            header.drain(..BYTE_ORDER_MARK.len());
        }
        Ok(header)
    }

    pub(crate) fn next_block(&mut self) -> Option<Block> {
        while self.rest.len() < BLOCK_BYTES && !self.fill() {}
        let first = self.line;
        if self.rest.len() < BLOCK_BYTES {
            // The file's end: what is left is the last block, unless reading broke off in the middle of its last line.
            let broken = matches!(self.ended, Some(Err(_)));
            let end = if broken {
                memchr::memrchr(b'\n', &self.rest).map_or(0, |at| at + 1)
            } else {
                self.rest.len()
            };
            if end > 0 {
                let bytes = self.take(end);
                return Some(Block::Lines { first, bytes });
            }
            // Half a row is no row.
            self.rest.clear();
            return match self.ended.replace(Ok(())) {
                Some(Err(error)) => Some(Block::Broken { line: first, error }),
                Some(Ok(())) | None => None,
            };
        }
        if let Some(end) = self.cut() {
            let bytes = self.take(end);
            Some(Block::Lines { first, bytes })
        } else {
            self.pass_over();
            Some(Block::TooLong { line: first })
        }
    }

    /// Behind the last line of which the quotations are closed, or else behind the last line.
    fn cut(&self) -> Option<usize> {
        let last = memchr::memrchr(b'\n', &self.rest)?;
        let quotes = memchr::memchr_iter(b'"', self.rest.get(..last)?).count();
        if quotes.is_multiple_of(2) {
            return Some(last + 1);
        }
        let open_from = last.saturating_sub(MAX_OPEN_BYTES);
        let tail = self.rest.get(open_from..last)?;
        let mut closed = None;
        let mut is_open = memchr::memchr_iter(b'"', self.rest.get(..open_from)?).count() % 2 == 1;
        for at in memchr::memchr2_iter(b'"', b'\n', tail) {
            match tail.get(at) {
                Some(b'"') => is_open = !is_open,
                Some(_) | None => closed = (!is_open).then_some(open_from + at).or(closed),
            }
        }
        Some(closed.unwrap_or(last) + 1)
    }

    fn take(&mut self, end: usize) -> Vec<u8> {
        let rest = self.rest.split_off(end.min(self.rest.len()));
        let taken = std::mem::replace(&mut self.rest, rest);
        self.line += lines_in(&taken);
        taken
    }

    /// Forgets all up to the next line's start.
    fn pass_over(&mut self) {
        loop {
            if let Some(end) = memchr::memchr(b'\n', &self.rest) {
                self.take(end + 1);
                return;
            }
            self.rest.clear();
            if self.fill() {
                self.line += 1;
                return;
            }
        }
    }

    /// Reads on; true: there is no more.
    fn fill(&mut self) -> bool {
        if self.ended.is_some() {
            return true;
        }
        let before = self.rest.len();
        let mut more = self.source.by_ref().take(BLOCK_BYTES as u64);
        match more.read_to_end(&mut self.rest) {
            Ok(0) => self.ended = Some(Ok(())),
            Ok(_) => {}
            // What was read before it broke is good.
            Err(error) => self.ended = Some(Err(error)),
        }
        self.rest.len() == before && self.ended.is_some()
    }
}

pub(crate) fn lines_in(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).map(|_| 1).sum()
}
