//! Requests that work on the stages of a case.

use enumset::EnumSet;
use serasi_domain::case::record::{DurationDays, FundingSource, NewRecord, Profession, RecordKind};
use serasi_domain::placement::DischargeDestination;
use serasi_domain::text::Text;
use serasi_proto::v1;
use uuid::Uuid;

use crate::error::{HubError, Kind};
use crate::verbs::Recording;
use crate::verbs::advance_stage::AdvanceStage;
use crate::verbs::list_records::ListRecords;
use crate::verbs::record_assessment::RecordAssessment;
use crate::verbs::record_conference::RecordConference;
use crate::verbs::record_indicators::RecordIndicators;
use crate::verbs::record_plan::RecordPlan;
use crate::verbs::record_service::RecordService;
use crate::verbs::sign_off_stage::SignOffStage;
use crate::verbs::start_aftercare::StartAftercare;
use crate::wire::{PageToken, Parse, id_of, indicators, page_size};

/// What every request has that writes something down.
struct Written<'r> {
    request_id: &'r str,
    case_id: &'r str,
    version: i64,
    profession: i32,
    text: &'r str,
}

/// Shorthand: the fields of [`Written`] in a request.
macro_rules! written {
    ($request:expr) => {
        Written {
            request_id: &$request.request_id,
            case_id: &$request.case_id,
            version: $request.version,
            profession: $request.profession,
            text: &$request.text,
        }
    };
}

impl Written<'_> {
    /// Reads it, with what is particular to the kind; every violation at once.
    fn read(
        &self,
        mut parse: Parse,
        kind: Option<RecordKind>,
        particular: impl FnOnce(&mut NewRecord),
    ) -> Result<(Uuid, Recording), HubError> {
        let request_id = parse.request_id(self.request_id);
        let case = id_of(Kind::Case, self.case_id)?;
        let profession: Option<Profession> = parse.optional("profession", self.profession);
        if profession.is_none() && !parse.has_wrong("profession") {
            parse.wrong("profession", format!("must be given ({})", Profession::ARTICLE));
        }
        let text = parse.take("text", Text::new(self.text));
        let record = kind.zip(profession).map(|(kind, profession)| NewRecord {
            kind,
            profession,
            aspects: EnumSet::empty(),
            bases: EnumSet::empty(),
            forms: EnumSet::empty(),
            funding: None,
            duration: None,
            indicators: vec![],
        });
        let ((request_id, mut record), text) = parse.finish(request_id.zip(record).zip(text))?;
        particular(&mut record);
        let version = self.version;
        Ok((
            request_id,
            Recording {
                case,
                version,
                record,
                text,
            },
        ))
    }
}

pub(super) fn record_assessment(
    request: &v1::RecordAssessmentRequest,
) -> Result<(Uuid, RecordAssessment), HubError> {
    let mut parse = Parse::default();
    let kind = assessment_kind(&mut parse, request.kind);
    let aspects = parse.set("aspects", &request.aspects);
    let is_comprehensive = kind == Some(RecordKind::ComprehensiveAssessment);
    if is_comprehensive && request.aspects.is_empty() {
        parse.wrong("aspects", "must name at least one (P16 Ps.21)");
    } else if !is_comprehensive && !request.aspects.is_empty() {
        parse.wrong("aspects", "belong to a comprehensive assessment");
    }
    let duration = duration(&mut parse, kind, request.duration_days);
    let (request_id, recording) = written!(request).read(parse, kind, |record| {
        record.aspects = aspects;
        record.duration = duration;
    })?;
    Ok((request_id, RecordAssessment(recording)))
}

pub(super) fn record_plan(request: &v1::RecordPlanRequest) -> Result<(Uuid, RecordPlan), HubError> {
    let mut parse = Parse::default();
    let kind = plan_part(&mut parse, request.part);
    let bases = parse.set("bases", &request.bases);
    let forms = parse.set("forms", &request.forms);
    let funding: Option<FundingSource> = parse.optional("funding", request.funding);
    if kind == Some(RecordKind::ServicePlan) {
        if request.bases.is_empty() {
            parse.wrong("bases", "must name at least one (P16 Ps.23)");
        }
        if request.funding == 0 {
            parse.wrong("funding", format!("must be given ({})", FundingSource::ARTICLE));
        }
    } else if !(request.bases.is_empty() && request.forms.is_empty() && request.funding == 0) {
        parse.wrong("part", "bases, forms and funding belong to a service plan");
    }
    let (request_id, recording) = written!(request).read(parse, kind, |record| {
        (record.bases, record.forms, record.funding) = (bases, forms, funding);
    })?;
    Ok((request_id, RecordPlan(recording)))
}

pub(super) fn record_conference(
    request: &v1::RecordConferenceRequest,
) -> Result<(Uuid, RecordConference), HubError> {
    let mut parse = Parse::default();
    let kind = match v1::ConferenceKind::try_from(request.kind) {
        Ok(v1::ConferenceKind::Case) => Some(RecordKind::CaseConference),
        Ok(v1::ConferenceKind::Family) => Some(RecordKind::FamilyConference),
        Ok(v1::ConferenceKind::Unspecified) | Err(_) => None,
    };
    let kind = parse.require("kind", kind, "must be CASE or FAMILY (P16 Ps.26(2))");
    let duration = duration(&mut parse, kind, request.duration_days);
    let (request_id, recording) = written!(request).read(parse, kind, |record| record.duration = duration)?;
    Ok((request_id, RecordConference(recording)))
}

pub(super) fn record_service(request: &v1::RecordServiceRequest) -> Result<(Uuid, RecordService), HubError> {
    let mut parse = Parse::default();
    let bases = parse.set("bases", &request.bases);
    if request.bases.is_empty() {
        parse.wrong("bases", "must name at least one (P16 Ps.23)");
    }
    let forms = parse.set("forms", &request.forms);
    let funding = parse.optional("funding", request.funding);
    let (request_id, recording) = written!(request).read(parse, Some(RecordKind::Service), |record| {
        (record.bases, record.forms, record.funding) = (bases, forms, funding);
    })?;
    Ok((request_id, RecordService(recording)))
}

pub(super) fn record_indicators(
    request: &v1::RecordIndicatorsRequest,
) -> Result<(Uuid, RecordIndicators), HubError> {
    let mut parse = Parse::default();
    let measured = indicators(&mut parse, &request.indicators);
    let (request_id, recording) = written!(request).read(parse, Some(RecordKind::Indicators), |record| {
        record.indicators = measured;
    })?;
    Ok((request_id, RecordIndicators(recording)))
}

pub(super) fn list_records(request: &v1::ListRecordsRequest) -> Result<ListRecords, HubError> {
    let mut parse = Parse::default();
    let case = id_of(Kind::Case, &request.case_id)?;
    let kinds = parse.at_most("kinds", RecordKind::ALL.len(), &request.kinds);
    let kinds = parse.list("kinds", kinds);
    let after = PageToken::read(&mut parse, &request.page_token);
    let limit = page_size(&mut parse, request.page_size);
    parse.finish(Some(ListRecords {
        case,
        kinds,
        after,
        limit,
    }))
}

pub(super) fn sign_off_stage(request: &v1::SignOffStageRequest) -> Result<(Uuid, SignOffStage), HubError> {
    let mut parse = Parse::default();
    let request_id = parse.request_id(&request.request_id);
    let stage = parse.required("stage", request.stage);
    let case = id_of(Kind::Case, &request.case_id)?;
    let (request_id, stage) = parse.finish(request_id.zip(stage))?;
    let version = request.version;
    Ok((request_id, SignOffStage { case, version, stage }))
}

pub(super) fn advance_stage(request: &v1::AdvanceStageRequest) -> Result<(Uuid, AdvanceStage), HubError> {
    let mut parse = Parse::default();
    let request_id = parse.request_id(&request.request_id);
    let mutation = AdvanceStage {
        case: id_of(Kind::Case, &request.case_id)?,
        version: request.version,
        respond_first: request.respond_first,
    };
    Ok((parse.finish(request_id)?, mutation))
}

pub(super) fn start_aftercare(
    request: &v1::StartAftercareRequest,
) -> Result<(Uuid, StartAftercare), HubError> {
    let mut parse = Parse::default();
    let request_id = parse.request_id(&request.request_id);
    let destination = parse.optional("destination", request.destination);
    let is_planned = match destination {
        None | Some(DischargeDestination::Family | DischargeDestination::Independent) => true,
        Some(
            DischargeDestination::OtherFacility | DischargeDestination::Death | DischargeDestination::Left,
        ) => false,
    };
    if !is_planned {
        parse.wrong(
            "destination",
            "must be FAMILY or INDEPENDENT; for others use DischargePlacement",
        );
    }
    let mutation = StartAftercare {
        case: id_of(Kind::Case, &request.case_id)?,
        version: request.version,
        destination,
    };
    Ok((parse.finish(request_id)?, mutation))
}

fn assessment_kind(parse: &mut Parse, number: i32) -> Option<RecordKind> {
    let kind = match v1::AssessmentKind::try_from(number) {
        Ok(v1::AssessmentKind::AccessReview) => Some(RecordKind::AccessReview),
        Ok(v1::AssessmentKind::Initial) => Some(RecordKind::InitialAssessment),
        Ok(v1::AssessmentKind::CaseResponse) => Some(RecordKind::CaseResponse),
        Ok(v1::AssessmentKind::Comprehensive) => Some(RecordKind::ComprehensiveAssessment),
        Ok(v1::AssessmentKind::Aftercare) => Some(RecordKind::AftercareAssessment),
        Ok(v1::AssessmentKind::Unspecified) | Err(_) => None,
    };
    parse.require("kind", kind, "must be a kind of assessment")
}

fn plan_part(parse: &mut Parse, number: i32) -> Option<RecordKind> {
    let part = match v1::PlanPart::try_from(number) {
        Ok(v1::PlanPart::InitialAgreement) => Some(RecordKind::InitialAgreement),
        Ok(v1::PlanPart::ResourceMap) => Some(RecordKind::ResourceMap),
        Ok(v1::PlanPart::ServicePlan) => Some(RecordKind::ServicePlan),
        Ok(v1::PlanPart::JointDecision) => Some(RecordKind::JointDecision),
        Ok(v1::PlanPart::Termination) => Some(RecordKind::Termination),
        Ok(v1::PlanPart::Unspecified) | Err(_) => None,
    };
    parse.require("part", part, "must be a part of a plan")
}

/// 0 = not said.
fn duration(parse: &mut Parse, kind: Option<RecordKind>, days: i32) -> Option<DurationDays> {
    if days == 0 {
        return None;
    }
    if kind.is_some_and(|kind| kind.may_set_duration().is_none()) {
        parse.wrong(
            "duration_days",
            "is set by a comprehensive assessment or a conference (P16 Ps.26)",
        );
    }
    parse.take("duration_days", DurationDays::try_from(days))
}
