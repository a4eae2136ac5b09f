//! How long people wait, by urgency and region.

use serasi_geography::RegionCode;

use super::Durations;
use crate::case::stage::Stage;
use crate::need::Urgency;

/// How fast things went for the cases of one urgency reported in one region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeliness {
    pub region: RegionCode,
    pub urgency: Urgency,
    /// From report to the first offer.
    pub first_offer: Durations,
    /// From offer to answer; an offer that ran out counts as its whole time.
    pub answer: Durations,
    /// From report to the first acceptance.
    pub acceptance: Durations,
    /// Offers that were accepted or declined.
    pub answered_in_time: i32,
    /// From the begin of each stage of ATENSI to its signature, in order; stages that nobody signed are left out.
    pub stages: Vec<(Stage, Durations)>,
}

impl Timeliness {
    /// Accepted or declined among those answered or run out, 0-1; `None` where there are none.
    #[must_use]
    pub fn answered_in_time_share(&self) -> Option<f64> {
        let ended = self.answer.count;
        (ended > 0).then(|| f64::from(self.answered_in_time) / f64::from(ended))
    }
}
