//! What can be wrong with an export, in words for the person who checks it.

use std::fmt;

use time::OffsetDateTime;
use uuid::Uuid;

/// One thing that does not agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The line is none of an export.
    Unreadable { line: u64 },
    /// No given key has signed the head.
    BadSignature { size: u64, key: String },
    /// Two signed heads of one size have different roots: two histories were told.
    TwoHistories { size: u64 },
    /// The entry is not the one that was sealed.
    Edited { index: u64, id: Uuid },
    /// The entry was sealed and is gone.
    Removed { index: u64, id: Uuid },
    /// Leaves are missing.
    Gap { first: u64, last: u64 },
    /// A leaf stands where another one should.
    OutOfOrder { index: u64, expected: u64 },
    /// Leaves from `first` to `last` are not those that the head covers.
    Rewritten {
        first: u64,
        last: u64,
        head_at: OffsetDateTime,
    },
    /// The tree ends before the head does.
    Truncated {
        size: u64,
        head_size: u64,
        head_at: OffsetDateTime,
    },
    /// The proof of the leaf does not lead to the head.
    NotProven { index: u64, id: Uuid, size: u64 },
    /// There is no signed head of the size that the proof names.
    NoHead { index: u64, size: u64 },
    /// Older than the last head, and not in the tree.
    NotSealed { id: Uuid, at: OffsetDateTime },
    /// A head comes after the leaves it covers, so that it could not be compared.
    LateHead { size: u64 },
}

impl Finding {
    /// Stable name, for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "unreadable",
            Self::BadSignature { .. } => "bad_signature",
            Self::TwoHistories { .. } => "two_histories",
            Self::Edited { .. } => "edited",
            Self::Removed { .. } => "removed",
            Self::Gap { .. } => "gap",
            Self::OutOfOrder { .. } => "out_of_order",
            Self::Rewritten { .. } => "rewritten",
            Self::Truncated { .. } => "truncated",
            Self::NotProven { .. } => "not_proven",
            Self::NoHead { .. } => "no_head",
            Self::NotSealed { .. } => "not_sealed",
            Self::LateHead { .. } => "late_head",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { line } => write!(f, "line {line} is no line of an audit export"),
            Self::BadSignature { size, key } => write!(
                f,
                "the head of size {size} is not signed by a key you trust (it names key `{key}`)"
            ),
            Self::TwoHistories { size } => write!(
                f,
                "two signed heads of size {size} differ: the holder of the key has told two histories"
            ),
            Self::Edited { index, id } => {
                write!(f, "entry {id} (leaf {index}) was changed after it was sealed")
            }
            Self::Removed { index, id } => {
                write!(f, "entry {id} (leaf {index}) was removed after it was sealed")
            }
            Self::Gap { first, last } => write!(f, "leaves {first} to {last} are missing"),
            Self::OutOfOrder { index, expected } => {
                write!(f, "leaf {index} stands where leaf {expected} should")
            }
            Self::Rewritten { first, last, head_at } => write!(
                f,
                "among leaves {first} to {last} something was changed, added or removed: they are not those of the \
                 head signed at {head_at}"
            ),
            Self::Truncated {
                size,
                head_size,
                head_at,
            } => write!(
                f,
                "the log ends after {size} leaves, and the head signed at {head_at} covers {head_size}: the end was cut off, or the \
                 export is older than the head"
            ),
            Self::NotProven { index, id, size } => write!(
                f,
                "entry {id} is not leaf {index} of the tree of size {size}, or its proof is not whole"
            ),
            Self::NoHead { index, size } => write!(
                f,
                "the proof of leaf {index} needs the head of size {size}, which is not there: take a newer copy of the heads"
            ),
            Self::NotSealed { id, at } => write!(
                f,
                "entry {id} of {at} is older than the last head and in no tree: it was put into the table afterwards, or \
                 the sealer was behind"
            ),
            Self::LateHead { size } => write!(
                f,
                "the head of size {size} comes after its leaves; heads stand first in an export"
            ),
        }
    }
}
