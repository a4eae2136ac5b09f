//! What a person is shown of themselves: the whole of their own data, and nothing that identifies anybody else.

use serasi_domain::need_to_know::Sight;
use serasi_domain::person::Person;
use serasi_domain::redaction::Redaction;
use serasi_proto::v1;
use serasi_store::offers::OfferFilter;
use serasi_store::{
    Kept, StoreError, cases, documents, erasure, identities, intakes, offers, placements, records,
    registrations, subjects,
};

use super::Eyes;
use crate::unit_of_work::Unit;
use crate::verbs::export_subject::{MAX_REQUESTS, Record};
use crate::verbs::get_registration::with_everything;
use crate::wire::{
    binding_to_wire, case_to_wire, document_to_wire, numbers, optional, person_to_wire, placement_to_wire,
    record_to_wire, reference_to_wire, subject_request_to_wire, timestamp,
};

/// Offers of one case that are shown, the newest.
const MAX_OFFERS: i64 = 200;
/// Records of one case that are shown.
const MAX_RECORDS: i64 = 500;

/// One case, as its `subject` may read it.
pub(crate) async fn show_record(
    unit: &mut Unit<'_>,
    record: &Record,
) -> Result<v1::SubjectRecord, StoreError> {
    let case = &record.case;
    let sealer = unit.hub.store.sealer();
    let subject = record.subject.known();
    let mut redaction = Redaction::for_person(&subject);
    for other in &record.others {
        redaction.hide_person(&other.known());
    }
    let report = intakes::first_of_case(&mut unit.conn, sealer, case.id).await?;
    let report = report.and_then(Kept::there);
    if let Some(report) = &report {
        redaction.hide_person(&Person {
            name: report.reporter.name.clone(),
            phone: report.reporter.phone.clone(),
            ..Person::unknown()
        });
    }
    let resolution = match cases::close_note(&mut unit.conn, sealer, case.id).await? {
        Some(note) => Some(note),
        None => cases::resolution(&mut unit.conn, sealer, case.id).await?,
    };
    let resolution = resolution.and_then(Kept::there).unwrap_or_default();
    let page = (None, MAX_RECORDS);
    let written = records::list(&mut unit.conn, sealer, case.id, &[], page).await?;
    let written = written.into_iter().map(|(record, words)| {
        let words = words.there().unwrap_or_default();
        record_to_wire(&(record, redaction.apply(&words)))
    });
    let bindings = identities::history(&mut unit.conn, sealer, record.subject.id).await?;
    let privacy = erasure::of_case(&mut unit.conn, case.id).await?;
    let marks = subjects::marks(&mut unit.conn, record.subject.id).await?;
    let requests = subjects::of_person(&mut unit.conn, record.subject.id, MAX_REQUESTS).await?;
    let placements = placements::of_case(&mut unit.conn, case.id).await?;
    let mut shown = v1::SubjectRecord {
        person: Some(person_to_wire(record.subject.id, &subject, Sight::Whole)),
        other_persons: i32::try_from(record.others.len()).unwrap_or(i32::MAX),
        case: Some(facts(record)),
        resolution: redaction.apply(&resolution),
        case_records: written.collect(),
        case_documents: papers_of(unit, record, &redaction).await?,
        identity_bindings: bindings
            .iter()
            .map(|binding| binding_to_wire(binding, Sight::Whole))
            .collect(),
        offers: offers_of(unit, record).await?,
        placements: placements.iter().map(placement_to_wire).collect(),
        registration: registration_of(unit, record).await?,
        frozen: marks.is_frozen,
        legal_hold: optional(privacy.hold),
        erased_classes: numbers(privacy.erased),
        requests: requests
            .iter()
            .map(|request| subject_request_to_wire(request, unit.now))
            .collect(),
        ..v1::SubjectRecord::default()
    };
    if let Some(report) = report {
        shown.story = redaction.apply(report.story.as_str());
        let note = report.location_note.as_ref();
        shown.location_note = note
            .map(|note| redaction.apply(note.as_str()))
            .unwrap_or_default();
        shown.report_time = Some(timestamp(report.reported_at));
        shown.legal_basis = optional(Some(report.legal_basis));
        let sent = report.documents.iter().map(reference_to_wire);
        shown.documents = sent.map(|reference| readable(reference, &redaction)).collect();
    }
    Ok(shown)
}

async fn registration_of(
    unit: &mut Unit<'_>,
    record: &Record,
) -> Result<Option<v1::Registration>, StoreError> {
    let standing = registrations::get(&mut unit.conn, record.subject.id).await?;
    match standing {
        Some(standing) => Ok(Some(with_everything(unit, &standing).await?)),
        None => Ok(None),
    }
}

async fn papers_of(
    unit: &mut Unit<'_>,
    record: &Record,
    redaction: &Redaction,
) -> Result<Vec<v1::Document>, StoreError> {
    let papers = documents::of_case(&mut unit.conn, unit.hub.store.sealer(), record.case.id).await?;
    let shown = papers.iter().map(|paper| {
        let shown = document_to_wire(paper, Sight::Whole);
        v1::Document {
            reference: shown.reference.map(|reference| readable(reference, redaction)),
            ..shown
        }
    });
    Ok(shown.collect())
}

/// A name may stand in the title or the name of a file.
fn readable(reference: v1::DocumentReference, redaction: &Redaction) -> v1::DocumentReference {
    v1::DocumentReference {
        kind: redaction.apply(&reference.kind),
        url: redaction.apply(&reference.url),
        ..reference
    }
}

/// The case without what keeps the person safe, and without the key by which the reporter's system knows it.
fn facts(record: &Record) -> v1::Case {
    let mut case = case_to_wire(&record.case, Sight::Whole);
    if let Some(need) = &mut case.need {
        need.excluded_facility_ids.clear();
        need.excluded_region_codes.clear();
    }
    case.source_system.clear();
    case.source_ref.clear();
    case
}

async fn offers_of(unit: &mut Unit<'_>, record: &Record) -> Result<Vec<v1::Offer>, StoreError> {
    let case = &record.case;
    let filter = OfferFilter {
        case_scope: Some(case.id.home().code()),
        facility_scope: None,
        own_facility: None,
        facility: None,
        case: Some(case.id),
        states: vec![],
        before: None,
        limit: MAX_OFFERS,
    };
    let found = offers::list(&mut unit.conn, &filter).await?;
    let eyes = Eyes::new(unit.hub, unit.caller);
    let shown = found.iter().rev().map(|view| {
        let mut offer = eyes.offer_as(Sight::Whole, case, view);
        // Of everybody in the case.
        offer.party.clear();
        // That a facility was left for safety says where the danger is.
        offer.withdraw_reason = 0;
        offer.decline_reason = 0;
        offer
    });
    Ok(shown.collect())
}
