//! Requests of persons, and whom a breach affects.

use serasi_domain::subject::{Answer, RequestState, SpecificClass, SubjectRequest};
use serasi_proto::v1;
use serasi_store::audit::affected::Affected;
use serasi_store::subjects::Step;
use time::OffsetDateTime;

use super::codes::{FromWire, numbers, optional};
use super::parse::Parse;
use super::time::to_timestamp;

/// Reads an answer; the reason goes with REFUSED, and only with it.
pub(crate) fn answer(parse: &mut Parse, request: &v1::AnswerSubjectRequestRequest) -> Option<Answer> {
    let refusal = parse.optional("refusal", request.refusal);
    match v1::SubjectRequestState::try_from(request.answer) {
        Ok(v1::SubjectRequestState::Fulfilled) => {
            if refusal.is_some() {
                parse.wrong("refusal", "goes with the answer REFUSED only");
            }
            Some(Answer::Fulfilled)
        }
        Ok(v1::SubjectRequestState::Refused) => parse
            .require(
                "refusal",
                refusal,
                "must be given: the letters of UU 27/2022 Ps.33",
            )
            .map(Answer::Refused),
        Ok(v1::SubjectRequestState::Unspecified | v1::SubjectRequestState::Open) | Err(_) => {
            parse.wrong("answer", "must be FULFILLED or REFUSED");
            None
        }
    }
}

/// As the contract has it at `now`.
pub(crate) fn subject_request_to_wire(request: &SubjectRequest, now: OffsetDateTime) -> v1::SubjectRequest {
    let right = || request.kind.article().to_string();
    let (state, answered, refusal, article) = match &request.state {
        RequestState::Open => (v1::SubjectRequestState::Open, None, None, right()),
        RequestState::Fulfilled { at, by } => (
            v1::SubjectRequestState::Fulfilled,
            Some((*at, by.clone())),
            None,
            right(),
        ),
        RequestState::Refused { at, by, reason } => (
            v1::SubjectRequestState::Refused,
            Some((*at, by.clone())),
            Some(*reason),
            reason.citation(),
        ),
    };
    v1::SubjectRequest {
        subject_request_id: request.id.to_string(),
        version: request.version,
        person_id: request.person.to_string(),
        case_id: request.case.to_string(),
        kind: request.kind.to_wire(),
        requester: request.requester.to_wire(),
        state: state as i32,
        receive_time: Some(to_timestamp(request.received_at)),
        due_time: Some(to_timestamp(request.due_at)),
        overdue: request.is_overdue(now),
        article,
        recorder: request.recorded_by.clone(),
        answer_time: answered.as_ref().map(|(at, _)| to_timestamp(*at)),
        answerer: answered.map(|(_, by)| by).unwrap_or_default(),
        refusal: optional(refusal),
    }
}

/// As the contract has it.
pub(crate) fn step_to_wire(step: &Step) -> v1::ProcessingEntry {
    v1::ProcessingEntry {
        time: Some(to_timestamp(step.at)),
        principal: step.principal.clone(),
        verb: step.verb.clone(),
        subject_id: step.subject.clone(),
    }
}

/// As the contract has it.
pub(crate) fn affected_to_wire(affected: &Affected) -> v1::AffectedSubject {
    v1::AffectedSubject {
        case_id: affected.case.to_string(),
        person_ids: affected.persons.iter().map(ToString::to_string).collect(),
        region_code: affected.case.home().to_string(),
        first_time: Some(to_timestamp(affected.first_at)),
        last_time: Some(to_timestamp(affected.last_at)),
        acts: affected.acts,
        verbs: affected.verbs.clone(),
        specific_classes: numbers(SpecificClass::of(&affected.facts)),
    }
}
