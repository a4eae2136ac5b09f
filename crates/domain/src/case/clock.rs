//! The two clocks of a case: that of the next step, and that of the whole way from report to end. The earlier one is the
//! next deadline; who lets it pass is no longer the one who answers.

use serasi_geography::RegionCode;
use time::OffsetDateTime;

use super::{Case, CaseState, Owner};

/// When the whole way must have been gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finish {
    pub before: OffsetDateTime,
    /// It has called the next owner up, once; after that only steps count.
    pub has_rung: bool,
}

impl Case {
    /// The step that comes next must be done before `step`.
    pub(super) fn set_step(&mut self, step: OffsetDateTime) {
        let finish = self.finish.filter(|finish| !finish.has_rung);
        let finish = finish.map_or(step, |finish| finish.before);
        self.next_deadline = Some(step.min(finish));
    }

    /// Sets the clock of the whole way anew, as when the urgency changes.
    #[must_use]
    pub fn finish_before(mut self, before: OffsetDateTime) -> Self {
        self.finish = Some(Finish {
            before,
            has_rung: false,
        });
        if let Some(step) = self.next_deadline {
            self.set_step(step);
        }
        self
    }

    /// Whoever answers let the deadline pass: the next one up does from now on, until `act_before`. `None` = nothing has
    /// passed, or only a facility's time to answer an offer, which ends the offer. Of an offer, `act_before` is its end.
    #[must_use]
    pub fn overdue(mut self, act_before: OffsetDateTime, now: OffsetDateTime) -> Option<Self> {
        self.next_deadline.filter(|deadline| *deadline <= now)?;
        let rings = self
            .finish
            .is_some_and(|finish| !finish.has_rung && finish.before <= now);
        if matches!(self.state, CaseState::Offered { .. }) && !rings {
            return None;
        }
        if rings && let Some(finish) = &mut self.finish {
            finish.has_rung = true;
        }
        self.escalate();
        self.set_step(act_before);
        Some(self)
    }

    /// Above the nation there is nobody: it is called again, and the call counts.
    pub(super) fn escalate(&mut self) {
        self.owner = match self.owner {
            Owner::Coordinator(region) => Owner::Coordinator(region.parent().unwrap_or(RegionCode::NATION)),
            Owner::Facility(_) => self.coordinator(),
        };
        self.escalations += 1;
    }

    /// The first coordinator of the case: that of its home.
    pub(super) const fn coordinator(&self) -> Owner {
        Owner::Coordinator(self.id.home().code())
    }
}
