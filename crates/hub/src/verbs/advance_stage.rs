//! AdvanceStage: the next stage begins. In an emergency service comes first, and the paper before it is owed (P16 Ps.10(5)).

use serasi_domain::case::course::StageRefusal;
use serasi_domain::case::stage::Stage;
use serasi_domain::case::{CaseState, CaseVerb};
use serasi_domain::id::{CaseId, Regency};
use serasi_domain::need::Urgency;
use serasi_proto::v1;
use serasi_store::records;
use serde_json::json;

use super::care::Care;
use super::open::case_for_change;
use crate::error::HubError;
use crate::sight::Eyes;
use crate::unit_of_work::{Mutation, Unit};
use crate::wire::course_to_wire;

pub(crate) struct AdvanceStage {
    pub(crate) case: CaseId,
    pub(crate) version: i64,
    pub(crate) respond_first: bool,
}

impl Mutation for AdvanceStage {
    const VERB: &'static str = "AdvanceStage";
    type Response = v1::AdvanceStageResponse;

    fn home(&self) -> Regency {
        self.case.home()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let case = case_for_change(unit, self.case, self.version).await?;
        case.must_allow(CaseVerb::AdvanceStage)?;
        let mut work = Care::of_locked(unit, case).await?;
        let clock = work.clock();
        work.course = if self.respond_first {
            if work.case.facts.urgency != Urgency::Emergency {
                return Err(StageRefusal::NoEmergency.into());
            }
            work.course.respond_first(unit.now, &*clock)?
        } else {
            work.course.advance(unit.now, &*clock)?
        };
        let begun = work.course.current().stage;
        if begun >= Stage::Implementation && matches!(work.case.state, CaseState::Placed { .. }) {
            return Err(StageRefusal::NotAdmitted { stage: begun }.into());
        }
        if begun == Stage::Implementation
            && let Some(duration) = records::duration_of(&mut unit.conn, &work.case).await?
        {
            work.course = work.course.last_until(duration);
        }
        let (case, course) = work.keep(unit).await?;
        let owed: Vec<Stage> = course.owed().map(|begun| begun.stage).collect();
        let payload = json!({ "stage": begun, "owed": owed });
        unit.tell(case.id.home(), case.id, case.version, "case.stage_begun", payload)
            .await?;
        unit.audit(self.case.home(), self.case).await?;
        Ok(v1::AdvanceStageResponse {
            case: Some(Eyes::new(unit.hub, unit.caller).case(&case)),
            stages: course_to_wire(&course, None),
        })
    }
}
