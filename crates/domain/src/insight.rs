//! Figures for those who supervise and evaluate (P16 Ps.40-44): over which time and region they are counted, which
//! small numbers are not told, and in what order facilities are named. Counting itself is the store's.
//!
//! It must never see a person, a name or a single case.

pub mod extent;
pub mod indicators;
pub mod obligations;
pub mod period;
pub mod reporting;
pub mod suppression;
pub mod tiered;
pub mod timeliness;
pub mod truthfulness;
pub mod unmet_need;

/// How long something took, of all that were measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Durations {
    pub count: i32,
    /// `None` = nothing was measured.
    pub median_minutes: Option<i32>,
    /// Nine of ten took at most this long.
    pub p90_minutes: Option<i32>,
}
