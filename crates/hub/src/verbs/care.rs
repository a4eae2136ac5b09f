//! Working on the stages of a case: the case locked, its stages read, written back with the deadline that follows.

use std::sync::Arc;

use serasi_domain::case::course::{Course, StageClock};
use serasi_domain::case::stage::Stage;
use serasi_domain::case::{Case, CaseState, CaseVerb};
use serasi_domain::id::CaseId;
use serasi_domain::policy::Policy;
use serasi_store::stages;
use time::OffsetDateTime;

use super::open::case_for_change;
use super::refer::{deadline, ends, write_case};
use crate::error::HubError;
use crate::unit_of_work::Unit;

/// A case whose stages are worked on.
pub(super) struct Care {
    pub(super) case: Case,
    pub(super) course: Course,
    pub(super) policy: Arc<Policy>,
    old_state: CaseState,
}

impl Care {
    /// The case, locked, if it and its stages allow `verb`.
    pub(super) async fn of(
        unit: &mut Unit<'_>,
        id: CaseId,
        version: i64,
        verb: CaseVerb,
    ) -> Result<Self, HubError> {
        let case = case_for_change(unit, id, version).await?;
        case.must_allow(verb)?;
        let work = Self::of_locked(unit, case).await?;
        work.course.must_allow(verb, work.case.state.allowed_verbs())?;
        Ok(work)
    }

    /// The stages of a case that is locked already.
    pub(super) async fn of_locked(unit: &mut Unit<'_>, case: Case) -> Result<Self, HubError> {
        let course = stages::course_of(&mut unit.conn, &case).await?;
        let policy = unit.policy_of(&case).await?;
        Ok(Self {
            old_state: case.state.clone(),
            case,
            course,
            policy,
        })
    }

    /// When the time for a stage runs out, in working hours of the place where the person is.
    pub(super) fn clock(&self) -> Box<StageClock<'static>> {
        let (policy, place) = (Arc::clone(&self.policy), self.case.facts.place);
        let times = *policy.care_times(self.case.facts.urgency);
        Box::new(move |stage: Stage, from: OffsetDateTime| ends(&policy, times.stage(stage), place, from))
    }

    /// When the next thing must be done for the stages. What is overdue already has called somebody: who works on it gets a
    /// new time.
    pub(super) fn step(&self, unit: &Unit<'_>) -> OffsetDateTime {
        let due = self.course.next_due(&*self.clock());
        due.filter(|due| *due > unit.now).unwrap_or_else(|| {
            let coordinate = self.policy.of(self.case.facts.urgency).coordinate;
            deadline(unit, &self.policy, coordinate, self.case.facts.place)
        })
    }

    /// Writes stages and case; whoever serves the persons answers again, until the next thing is due.
    pub(super) async fn keep(self, unit: &mut Unit<'_>) -> Result<(Case, Course), HubError> {
        stages::keep(&mut unit.conn, &self.case, &self.course).await?;
        let step = self.step(unit);
        let case = write_case(unit, self.case.worked_on(step), &self.old_state).await?;
        Ok((case, self.course))
    }
}
