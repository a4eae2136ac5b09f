//! How far somebody has followed the events: a database snapshot whose events are all read, and, in the middle of the
//! next one, a position. Every replica reads the same cursor in the same way.

use std::fmt;
use std::str::FromStr;

/// Leads every cursor, so that another form can be told from this one.
const FORM: &str = "1";
/// Longest cursor that is looked at, in bytes; as many transactions as PostgreSQL runs at once fit in.
const LONGEST: usize = 16 * 1024;

/// Which transactions had committed at a moment (`pg_snapshot`): those below `xmax` that were not running.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    xmin: i64,
    xmax: i64,
    /// From `xmin` to below `xmax`, in order.
    running: Vec<i64>,
}

/// How far events have been followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Everything it sees has been read.
    pub done: Snapshot,
    /// Of what this later snapshot sees more, everything up to the position has been read.
    pub partly: Option<(Snapshot, i64)>,
}

/// A text that no hub gave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a cursor of this stream")]
pub struct InvalidCursor;

impl Snapshot {
    /// The snapshot of a moment when every transaction below `xid` had ended and no other had begun.
    #[must_use]
    pub const fn before(xid: i64) -> Self {
        Self {
            xmin: xid,
            xmax: xid,
            running: Vec::new(),
        }
    }

    /// Whether what transaction `xid` wrote, if it committed, was there.
    #[must_use]
    pub fn sees(&self, xid: i64) -> bool {
        xid < self.xmin || xid < self.xmax && self.running.binary_search(&xid).is_err()
    }

    /// Whether it was taken later than `other`, of the same database. As time goes by more and more is seen.
    #[must_use]
    pub fn is_after(&self, other: &Self) -> bool {
        self.xmax > other.xmax || self.xmax == other.xmax && self.running.len() < other.running.len()
    }

    /// Transactions below it had all ended.
    #[must_use]
    pub const fn xmin(&self) -> i64 {
        self.xmin
    }

    /// Transactions from here on had not begun.
    #[must_use]
    pub const fn xmax(&self) -> i64 {
        self.xmax
    }

    fn parse(text: &str, read: impl Fn(i64, i64) -> Option<i64>) -> Option<Self> {
        let mut parts = text.split(':');
        let xmin: i64 = parts.next()?.parse().ok()?;
        let xmax = read(xmin, parts.next()?.parse().ok()?)?;
        let running = parts.next()?;
        let running: Vec<i64> = running
            .split(',')
            .filter(|xid| !xid.is_empty())
            .map(|xid| xid.parse().ok().and_then(|xid| read(xmin, xid)))
            .collect::<Option<_>>()?;
        let in_order = running.is_sorted() && running.iter().all(|xid| (xmin..xmax).contains(xid));
        let is_whole = parts.next().is_none() && xmin > 0 && xmin <= xmax && in_order;
        is_whole.then_some(Self { xmin, xmax, running })
    }

    fn text(&self, write: impl Fn(i64) -> i64) -> String {
        let running: Vec<String> = self.running.iter().map(|xid| write(*xid).to_string()).collect();
        format!("{}:{}:{}", self.xmin, write(self.xmax), running.join(","))
    }

    /// In a cursor the numbers count from `xmin`: it stays short while many transactions run.
    fn compact(&self) -> String {
        self.text(|xid| xid - self.xmin)
    }

    fn from_compact(text: &str) -> Option<Self> {
        Self::parse(text, i64::checked_add)
    }
}

/// As PostgreSQL writes it.
impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(|xid| xid))
    }
}

/// As PostgreSQL writes it.
impl FromStr for Snapshot {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text, |_, xid| Some(xid)).ok_or(InvalidCursor)
    }
}

impl Cursor {
    /// All that `snapshot` sees has been read.
    #[must_use]
    pub const fn at(snapshot: Snapshot) -> Self {
        Self {
            done: snapshot,
            partly: None,
        }
    }

    /// Whether this event has been read.
    #[must_use]
    pub fn covers(&self, xid: i64, position: i64) -> bool {
        let is_partly = |(to, read): &(Snapshot, i64)| position <= *read && to.sees(xid);
        self.done.sees(xid) || self.partly.as_ref().is_some_and(is_partly)
    }

    /// The latest moment it knows of.
    #[must_use]
    pub fn latest(&self) -> &Snapshot {
        self.partly.as_ref().map_or(&self.done, |(snapshot, _)| snapshot)
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{FORM}.{}", self.done.compact())?;
        if let Some((snapshot, position)) = &self.partly {
            write!(f, ".{}.{position}", snapshot.compact())?;
        }
        Ok(())
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > LONGEST {
            return Err(InvalidCursor);
        }
        let parts: Vec<&str> = text.split('.').collect();
        let snapshot = |text: &str| Snapshot::from_compact(text).ok_or(InvalidCursor);
        match parts.as_slice() {
            [FORM, done] => Ok(Self::at(snapshot(done)?)),
            [FORM, done, partly, position] => {
                let (done, partly) = (snapshot(done)?, snapshot(partly)?);
                let position = position.parse().map_err(|_| InvalidCursor)?;
                // Else nothing of the later one would ever be left to read.
                if !partly.is_after(&done) {
                    return Err(InvalidCursor);
                }
                let partly = Some((partly, position));
                Ok(Self { done, partly })
            }
            _ => Err(InvalidCursor),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_sees_what_had_committed() {
        let snapshot: Snapshot = "100:105:100,103".parse().unwrap();
        let seen: Vec<i64> = (98..108).filter(|xid| snapshot.sees(*xid)).collect();
        assert_eq!(seen, [98, 99, 101, 102, 104]);
        assert_eq!(snapshot.to_string(), "100:105:100,103");
        let later: Snapshot = "103:105:103".parse().unwrap();
        assert!(later.is_after(&snapshot) && !snapshot.is_after(&later) && !later.is_after(&later));
        assert!(Snapshot::before(106).is_after(&later));
    }

    #[test]
    fn a_cursor_reads_back_what_it_writes() {
        let done: Snapshot = "100:105:100,103".parse().unwrap();
        let whole = Cursor::at(done.clone());
        assert_eq!(whole.to_string(), "1.100:5:0,3");
        let partly = Cursor {
            done,
            partly: Some((Snapshot::before(108), 4711)),
        };
        assert_eq!(partly.to_string(), "1.100:5:0,3.108:0:.4711");
        for cursor in [whole, partly] {
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
    }

    #[test]
    fn a_text_that_no_hub_gave_out_is_no_cursor() {
        let beyond = format!("1.{}:1:", i64::MAX);
        let long = format!("1.100:5:{}", "0,".repeat(LONGEST));
        let wrong = [
            "",
            "1",
            "2.100:5:",
            "1.0:0:",
            "1.100:5",
            "1.100:5:x",
            "1.100:5:3,0",
            "1.100:5:5",
            "1.100:-1:",
            "1.-100:5:",
            "1.100:5:.108:0:",
            "1.100:5:.108:0:.x",
            "1.100:5:.108:0:.7.8",
            "1.100:5:.100:5:.7",
            &beyond,
            &long,
        ];
        for text in wrong {
            assert_eq!(text.parse::<Cursor>(), Err(InvalidCursor), "{text:.40}");
        }
    }
}
