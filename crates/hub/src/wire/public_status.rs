//! What a reporter may know of a case: how far it is, and nothing else.

use serasi_domain::case::{Case, CaseState};
use serasi_domain::deadline::local_date;
use serasi_geography::{TimeZone, atlas};
use serasi_proto::v1;
use time::OffsetDateTime;

/// As the contract has it.
pub(crate) fn public_status(case: &Case) -> v1::GetPublicStatusResponse {
    let place = atlas().region(case.facts.place);
    let zone = place.map_or(TimeZone::Wib, |region| region.time_zone);
    let day = |moment: OffsetDateTime| local_date(moment, zone).to_string();
    let step = step(&case.state);
    let (message_id, message_en) = in_words(step);
    v1::GetPublicStatusResponse {
        step: step as i32,
        message_id: message_id.to_owned(),
        message_en: message_en.to_owned(),
        report_date: day(case.created_at),
        change_date: day(case.changed_at),
        next_date: case.next_deadline.map(day).unwrap_or_default(),
    }
}

const fn step(state: &CaseState) -> v1::PublicStep {
    match state {
        CaseState::Received => v1::PublicStep::Received,
        CaseState::Triaged | CaseState::Waiting { .. } | CaseState::NoCandidate { .. } => {
            v1::PublicStep::Searching
        }
        CaseState::Offered { .. } => v1::PublicStep::Asked,
        CaseState::Placed { .. } => v1::PublicStep::Accepted,
        CaseState::InService { .. } => v1::PublicStep::InService,
        CaseState::Aftercare { .. } => v1::PublicStep::Aftercare,
        CaseState::Closed { .. } | CaseState::ResolvedDirectly { .. } => v1::PublicStep::Ended,
    }
}

const fn in_words(step: v1::PublicStep) -> (&'static str, &'static str) {
    match step {
        v1::PublicStep::Unspecified | v1::PublicStep::Received => (
            "Laporan Anda sudah dicatat dan sedang ditelaah petugas.",
            "Your report is taken down, and an officer is looking at it.",
        ),
        v1::PublicStep::Searching => (
            "Petugas sedang mencari lembaga yang dapat membantu.",
            "Officers are looking for a facility that can help.",
        ),
        v1::PublicStep::Asked => (
            "Sebuah lembaga sedang dimintai jawaban.",
            "A facility has been asked and will answer.",
        ),
        v1::PublicStep::Accepted => (
            "Sebuah lembaga sudah menerima kasus ini.",
            "A facility has accepted the case.",
        ),
        v1::PublicStep::InService => ("Layanan sedang berjalan.", "The service is under way."),
        v1::PublicStep::Aftercare => (
            "Layanan utama selesai; pembinaan lanjut sedang berjalan.",
            "The main service has ended; after-care is under way.",
        ),
        v1::PublicStep::Ended => ("Kasus ini sudah selesai.", "The case has ended."),
    }
}
