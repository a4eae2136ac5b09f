//! StartAftercare: the service ends as planned; what follows is given by an assessment (P16 Ps.25).

use serasi_domain::case::stage::Stage;
use serasi_domain::case::{CaseState, CaseVerb};
use serasi_domain::id::{CaseId, Regency};
use serasi_domain::placement::DischargeDestination;
use serasi_proto::v1;
use serasi_store::{records, stages};
use serde_json::json;

use super::cancel_transfer::end_transfer;
use super::care::Care;
use super::discharge_placement::end_stay;
use super::open::case_for_change;
use super::refer::write_case;
use crate::error::{HubError, RuleBroken};
use crate::sight::Eyes;
use crate::unit_of_work::{Mutation, Unit};
use crate::wire::course_to_wire;

pub(crate) struct StartAftercare {
    pub(crate) case: CaseId,
    pub(crate) version: i64,
    /// Where the persons live from now on; `None` = they have left before.
    pub(crate) destination: Option<DischargeDestination>,
}

impl Mutation for StartAftercare {
    const VERB: &'static str = "StartAftercare";
    type Response = v1::StartAftercareResponse;

    fn home(&self) -> Regency {
        self.case.home()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let case = case_for_change(unit, self.case, self.version).await?;
        case.must_allow(CaseVerb::StartAftercare)?;
        let old_state = case.state.clone();
        let mut work = Care::of_locked(unit, case).await?;
        let file = records::file_of(&mut unit.conn, &work.case).await?;
        let clock = work.clock();
        work.course = work.course.start_aftercare(&file, unit.now, &*clock)?;
        let step = work.step(unit);
        let mut case = work.case;
        match (&old_state, self.destination) {
            (CaseState::InService { stay, .. }, Some(destination)) => {
                case = end_transfer(unit, case).await?;
                end_stay(unit, stay.placement, destination).await?;
                case = case.discharge(destination, step, unit.now)?;
            }
            (CaseState::InService { .. }, None) => return Err(RuleBroken::DestinationNeeded.into()),
            (
                CaseState::Received
                | CaseState::Triaged
                | CaseState::Offered { .. }
                | CaseState::Waiting { .. }
                | CaseState::NoCandidate { .. }
                | CaseState::Placed { .. }
                | CaseState::Aftercare { .. }
                | CaseState::Closed { .. }
                | CaseState::ResolvedDirectly { .. },
                _,
            ) => case = case.worked_on(step),
        }
        stages::keep(&mut unit.conn, &case, &work.course).await?;
        let case = write_case(unit, case, &old_state).await?;
        let payload = json!({ "stage": Stage::Aftercare });
        unit.tell(case.id.home(), case.id, case.version, "case.stage_begun", payload)
            .await?;
        unit.audit(self.case.home(), self.case).await?;
        Ok(v1::StartAftercareResponse {
            case: Some(Eyes::new(unit.hub, unit.caller).case(&case)),
            stages: course_to_wire(&work.course, None),
        })
    }
}
