//! SignOffStage: a Pekerja Sosial with supervision competence, who has not worked on the stage, signs it (P16 Ps.18(2)-(3)).

use serasi_domain::case::CaseVerb;
use serasi_domain::case::course::Signature;
use serasi_domain::case::record::WorkerId;
use serasi_domain::case::stage::Stage;
use serasi_domain::id::{CaseId, Regency};
use serasi_proto::v1;
use serasi_store::records;
use serde_json::json;

use super::care::Care;
use crate::error::HubError;
use crate::sight::Eyes;
use crate::unit_of_work::{Mutation, Unit};
use crate::wire::course_to_wire;

pub(crate) struct SignOffStage {
    pub(crate) case: CaseId,
    pub(crate) version: i64,
    pub(crate) stage: Stage,
}

impl Mutation for SignOffStage {
    const VERB: &'static str = "SignOffStage";
    type Response = v1::SignOffStageResponse;

    fn home(&self) -> Regency {
        self.case.home()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let mut work = Care::of(unit, self.case, self.version, CaseVerb::SignOffStage).await?;
        let file = records::file_of(&mut unit.conn, &work.case).await?;
        let aspects = work.policy.care.aspects(work.case.facts.cluster);
        let signature = Signature {
            by: WorkerId::new(&unit.caller.principal),
            at: unit.now,
        };
        work.course = work.course.sign(self.stage, signature, &file, aspects)?;
        let (case, course) = work.keep(unit).await?;
        let payload = json!({ "stage": self.stage });
        unit.tell(
            case.id.home(),
            case.id,
            case.version,
            "case.stage_signed",
            payload,
        )
        .await?;
        unit.audit(self.case.home(), self.case).await?;
        Ok(v1::SignOffStageResponse {
            case: Some(Eyes::new(unit.hub, unit.caller).case(&case)),
            stages: course_to_wire(&course, None),
        })
    }
}
