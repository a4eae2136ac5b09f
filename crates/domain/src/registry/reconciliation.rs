//! One run of a registry's rows against the persons of a region: OPEN while rows come, DECIDING when they have ended, DONE;
//! or ABANDONED while nobody was decided on. It never goes back, and every step is the next version: who works on an older one is
//! refused.

use serasi_geography::RegionCode;
use time::OffsetDateTime;

use super::Edition;
use crate::code::coded;
use crate::id::{PersonId, ReconciliationId};
use crate::policy::ReconcilePolicy;
use crate::regulation::Article;
use crate::text::Text;

coded! {
    /// What the rows are of their edition.
    pub enum SourceKind {
        /// All of them: who is not there is not in the edition.
        Snapshot = "snapshot",
        /// What has changed: it says nothing of who is not there.
        Delta = "delta",
    }
}

coded! {
    /// What can be done with a reconciliation.
    pub enum ReconciliationVerb {
        /// Rows are sent.
        Read = "Reconcile",
        /// The rows have ended.
        End = "End",
        /// Persons are decided on.
        Decide = "Decide",
        Abandon = "AbandonReconciliation",
    }
}

/// SHA-256 of what the rows come from, so that another file does not go on where one has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceDigest(pub [u8; 32]);

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// All rows up to this number are kept; 0 = none.
    Open {
        last_row: u64,
    },
    /// All persons up to this one are decided on; `None` = nobody yet.
    Deciding {
        last_row: u64,
        after: Option<PersonId>,
    },
    Done {
        last_row: u64,
        at: OffsetDateTime,
    },
    Abandoned {
        last_row: u64,
        at: OffsetDateTime,
    },
}

/// Rows by what became of them. What is left of those read was not found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowCounts {
    pub read: u64,
    pub refused: u64,
    pub exact: u64,
    pub probable: u64,
    pub ambiguous: u64,
}

/// Persons by what has changed for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PersonCounts {
    /// Looked at.
    pub decided: u64,
    pub matched: u64,
    pub ambiguous: u64,
    pub not_found: u64,
    /// Were in an earlier edition.
    pub left: u64,
    /// Changed meanwhile, or came just before, or their row was refused: for the next run.
    pub held: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reconciliation {
    pub id: ReconciliationId,
    pub version: i64,
    pub edition: Edition,
    pub kind: SourceKind,
    /// Only persons at home here are looked for.
    pub scope: RegionCode,
    pub source: SourceDigest,
    /// False = the source broke off, or too many of its rows could not be read: it says no more than a delta.
    pub is_whole: bool,
    /// The source broke off: not even how many rows there are is known.
    pub broke_off: bool,
    /// Whoever sends the rows has said that at least so many come: nothing is kept that is hopeless among so many.
    pub rows_at_least: u64,
    /// Who began it, and alone goes on with it.
    pub principal: String,
    pub weights_version: Text<40>,
    pub started_at: OffsetDateTime,
    pub progress: Progress,
    pub rows: RowCounts,
    pub persons: PersonCounts,
}

/// A verb that the state does not allow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a reconciliation in state {state} does not allow {verb}")]
pub struct IllegalReconciliationVerb {
    pub verb: ReconciliationVerb,
    pub state: &'static str,
    pub allowed: &'static [ReconciliationVerb],
    pub article: Article,
}

impl Progress {
    /// Code of the state, as the database holds it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Open { .. } => "open",
            Self::Deciding { .. } => "deciding",
            Self::Done { .. } => "done",
            Self::Abandoned { .. } => "abandoned",
        }
    }

    /// The number of the last row that is kept.
    #[must_use]
    pub const fn last_row(&self) -> u64 {
        match self {
            Self::Open { last_row }
            | Self::Deciding { last_row, .. }
            | Self::Done { last_row, .. }
            | Self::Abandoned { last_row, .. } => *last_row,
        }
    }

    /// When it ended.
    #[must_use]
    pub const fn ended_at(&self) -> Option<OffsetDateTime> {
        match self {
            Self::Open { .. } | Self::Deciding { .. } => None,
            Self::Done { at, .. } | Self::Abandoned { at, .. } => Some(*at),
        }
    }
}

impl RowCounts {
    #[must_use]
    pub const fn not_found(&self) -> u64 {
        self.read
            .saturating_sub(self.refused + self.exact + self.probable + self.ambiguous)
    }
}

impl Reconciliation {
    /// What the rows say of who is not among them.
    #[must_use]
    pub const fn says(&self) -> SourceKind {
        if self.is_whole {
            self.kind
        } else {
            SourceKind::Delta
        }
    }

    /// Whether the rows are a part of their registry only, and say nothing of how many there are.
    #[must_use]
    pub const fn is_part(&self) -> bool {
        self.broke_off || matches!(self.kind, SourceKind::Delta)
    }

    const fn allowed(&self) -> &'static [ReconciliationVerb] {
        use ReconciliationVerb::{Abandon, Decide, End, Read};
        match self.progress {
            Progress::Open { .. } => &[Read, End, Abandon],
            Progress::Deciding { after: None, .. } => &[Decide, Abandon],
            Progress::Deciding { after: Some(_), .. } => &[Decide],
            Progress::Done { .. } | Progress::Abandoned { .. } => &[],
        }
    }

    fn must_allow(&self, verb: ReconciliationVerb) -> Result<(), IllegalReconciliationVerb> {
        let allowed = self.allowed();
        if allowed.contains(&verb) {
            return Ok(());
        }
        Err(IllegalReconciliationVerb {
            verb,
            state: self.progress.code(),
            allowed,
            article: Article::P16Ps35,
        })
    }

    /// OPEN -> OPEN: the rows up to `last_row` are kept, `read` of them new, and `refused` of these.
    pub fn read(
        mut self,
        last_row: u64,
        (read, refused): (u64, u64),
    ) -> Result<Self, IllegalReconciliationVerb> {
        self.must_allow(ReconciliationVerb::Read)?;
        self.progress = Progress::Open { last_row };
        self.rows.read += read;
        self.rows.refused += refused;
        Ok(self)
    }

    /// OPEN -> DECIDING: no more rows, or no more that can be read.
    pub fn end(
        mut self,
        broke_off: bool,
        policy: &ReconcilePolicy,
    ) -> Result<Self, IllegalReconciliationVerb> {
        self.must_allow(ReconciliationVerb::End)?;
        let RowCounts { read, refused, .. } = self.rows;
        self.broke_off = broke_off;
        self.is_whole = !broke_off && read > refused && !policy.is_too_many_refused(refused, read);
        self.progress = Progress::Deciding {
            last_row: self.progress.last_row(),
            after: None,
        };
        Ok(self)
    }

    /// DECIDING -> DECIDING: everybody up to `after` is decided on.
    pub fn decide(mut self, after: PersonId, more: PersonCounts) -> Result<Self, IllegalReconciliationVerb> {
        self.must_allow(ReconciliationVerb::Decide)?;
        self.progress = Progress::Deciding {
            last_row: self.progress.last_row(),
            after: Some(after),
        };
        let known = &mut self.persons;
        known.decided += more.decided;
        known.matched += more.matched;
        known.ambiguous += more.ambiguous;
        known.not_found += more.not_found;
        known.left += more.left;
        known.held += more.held;
        Ok(self)
    }

    /// DECIDING -> DONE: everybody is decided on, and so many rows are somebody, or may be.
    pub fn finish(mut self, found: RowCounts, at: OffsetDateTime) -> Result<Self, IllegalReconciliationVerb> {
        self.must_allow(ReconciliationVerb::Decide)?;
        self.rows = RowCounts {
            read: self.rows.read,
            refused: self.rows.refused,
            ..found
        };
        let last_row = self.progress.last_row();
        self.progress = Progress::Done { last_row, at };
        Ok(self)
    }

    /// OPEN, or DECIDING while nobody is decided on -> ABANDONED: nothing was decided, and nothing will be.
    pub fn abandon(mut self, at: OffsetDateTime) -> Result<Self, IllegalReconciliationVerb> {
        self.must_allow(ReconciliationVerb::Abandon)?;
        let last_row = self.progress.last_row();
        self.progress = Progress::Abandoned { last_row, at };
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn open() -> Reconciliation {
        Reconciliation {
            id: "3171-01933b5c-7a3e-7c3a-9d55-0242ac120002".parse().unwrap(),
            version: 1,
            edition: "DTSEN 2026-Q4".parse().unwrap(),
            kind: SourceKind::Snapshot,
            scope: RegionCode::NATION,
            source: SourceDigest([0; 32]),
            is_whole: true,
            broke_off: false,
            rows_at_least: 0,
            principal: "test".to_owned(),
            weights_version: Text::new("test").unwrap(),
            started_at: datetime!(2026-11-22 10:00 UTC),
            progress: Progress::Open { last_row: 0 },
            rows: RowCounts::default(),
            persons: PersonCounts::default(),
        }
    }

    #[test]
    fn it_goes_from_open_to_done_and_its_rows_add_up() {
        let at = datetime!(2026-11-22 11:00 UTC);
        let policy = ReconcilePolicy {
            refused_per_million: 50_000,
            ..ReconcilePolicy::default()
        };
        let read = open().read(11, (10, 1)).unwrap().read(21, (10, 0)).unwrap();
        let found = RowCounts {
            exact: 2,
            ambiguous: 1,
            ..RowCounts::default()
        };
        assert_eq!(
            read.clone().end(true, &policy).unwrap().says(),
            SourceKind::Delta,
            "it broke off"
        );
        assert_eq!(
            open().end(false, &policy).unwrap().says(),
            SourceKind::Delta,
            "it has no rows"
        );
        let strict = ReconcilePolicy::default();
        assert_eq!(
            read.clone().end(false, &strict).unwrap().says(),
            SourceKind::Delta,
            "who is missing may be the one that was refused"
        );
        let deciding = read.end(false, &policy).unwrap();
        assert!(deciding.clone().abandon(at).is_ok(), "nobody is decided on");
        let person = "3273-01933b5c-7a3e-7c3a-9d55-0242ac120002".parse().unwrap();
        let deciding = deciding.decide(person, PersonCounts::default()).unwrap();
        assert_eq!(deciding.says(), SourceKind::Snapshot);
        assert!(deciding.clone().read(22, (1, 0)).is_err());
        assert!(
            deciding.clone().abandon(at).is_err(),
            "what was decided stays decided"
        );
        let done = deciding.finish(found, at).unwrap();
        assert_eq!((done.rows.read, done.rows.not_found()), (20, 16));
        assert_eq!((done.progress.code(), done.progress.last_row()), ("done", 21));
        assert!(done.abandon(at).is_err());
    }

    #[test]
    fn what_was_abandoned_takes_no_more_rows() {
        let gone = open().abandon(datetime!(2026-11-22 11:00 UTC)).unwrap();
        let refused = gone.read(1, (1, 0)).unwrap_err();
        assert_eq!((refused.state, refused.allowed.len()), ("abandoned", 0));
    }
}
