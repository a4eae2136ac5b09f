//! What every verb shares that writes something down in a case.

use serasi_domain::case::course::Course;
use serasi_domain::case::record::{CaseRecord, NewRecord, WorkerId};
use serasi_domain::case::{Case, CaseVerb};
use serasi_domain::id::{CaseId, RecordId};
use serasi_domain::text::Text;
use serasi_proto::v1;
use serasi_store::records;
use serde_json::json;

use super::care::Care;
use super::refer::write_case;
use crate::error::{HubError, RuleBroken};
use crate::sight::Eyes;
use crate::unit_of_work::Unit;
use crate::wire::course_to_wire;

/// More than anybody reads: a case that goes on for years is conferred about and opened anew.
const MAX_RECORDS: i64 = 5_000;

/// Something to write down.
#[derive(Debug)]
pub(crate) struct Recording {
    pub(crate) case: CaseId,
    /// 0 = whatever it has.
    pub(crate) version: i64,
    pub(crate) record: NewRecord,
    /// What was found, planned, agreed.
    pub(crate) text: Text<8000>,
}

/// It is written.
pub(super) struct Recorded {
    case: Case,
    course: Course,
    id: RecordId,
}

impl Recording {
    /// Writes it, sealed, if the stage takes it.
    pub(super) async fn keep(&self, unit: &mut Unit<'_>, verb: CaseVerb) -> Result<Recorded, HubError> {
        let mut work = Care::of(unit, self.case, self.version, verb).await?;
        let kind = self.record.kind;
        work.course.must_take(kind)?;
        if let Some(duration) = self.record.duration {
            work.policy.care.must_allow(work.case.facts.cluster, duration)?;
        }
        if records::count(&mut unit.conn, self.case).await? >= MAX_RECORDS {
            return Err(RuleBroken::TooManyRecords.into());
        }
        let record = CaseRecord {
            id: RecordId::new(self.case.home(), unit.new_id()),
            episode: work.case.episode.number,
            author: WorkerId::new(&unit.caller.principal),
            recorded_at: unit.now,
            content: self.record.clone(),
        };
        let sealer = unit.hub.store.sealer();
        records::insert(&mut unit.conn, sealer, self.case, &record, &self.text).await?;
        let (case, course) = if let Some(duration) = self.record.duration {
            work.course = work.course.last_until(duration);
            work.keep(unit).await?
        } else {
            let old_state = work.case.state.clone();
            (write_case(unit, work.case, &old_state).await?, work.course)
        };
        let payload = json!({ "record_id": record.id, "kind": kind, "stage": kind.stage() });
        unit.tell(case.id.home(), case.id, case.version, "case.recorded", payload)
            .await?;
        unit.audit(self.case.home(), self.case).await?;
        Ok(Recorded {
            case,
            course,
            id: record.id,
        })
    }
}

impl Recorded {
    pub(super) fn case(&self, unit: &Unit<'_>) -> v1::Case {
        Eyes::new(unit.hub, unit.caller).case(&self.case)
    }

    pub(super) fn stages(&self) -> Vec<v1::StageProgress> {
        course_to_wire(&self.course, None)
    }

    pub(super) fn id(&self) -> String {
        self.id.to_string()
    }
}
