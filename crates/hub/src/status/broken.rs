//! A rule that said no, in words: stable reason, message in Indonesian, article.

use serasi_domain::break_glass::IllegalBreakGlass;
use serasi_domain::case::CaseVerb;
use serasi_domain::case::course::StageRefusal;
use serasi_domain::case::ending::EndingRefusal;
use serasi_domain::placement::IllegalPlacementVerb;
use serasi_domain::regulation::Article;
use serasi_domain::subject::IllegalSubjectVerb;
use tonic::{Code, Status};
use tonic_types::ErrorDetails;

use super::Shown;
use crate::error::RuleBroken;

pub(super) fn broken(rule: &RuleBroken) -> Status {
    let (reason, message_id, article) = rule_in_words(rule);
    let mut details = ErrorDetails::new();
    details.add_precondition_failure_violation(reason, article, rule.to_string());
    let mut shown =
        Shown::new(Code::FailedPrecondition, reason, rule.to_string(), message_id).with("article", article);
    if let RuleBroken::Case(error) | RuleBroken::Ending(EndingRefusal::Verb(error)) = rule {
        shown = shown
            .with("state", error.state)
            .with("allowed", in_words(&error.allowed, ","));
    }
    if let RuleBroken::Registry(error) = rule {
        let allowed: Vec<_> = error.allowed.iter().map(|verb| verb.code()).collect();
        shown = shown
            .with("state", error.state)
            .with("allowed", allowed.join(","));
    }
    if let RuleBroken::Reconciliation(error) = rule {
        let allowed: Vec<_> = error.allowed.iter().map(|verb| verb.code()).collect();
        shown = shown
            .with("state", error.state)
            .with("allowed", allowed.join(","));
    }
    if let RuleBroken::ReconciliationRuns(id) = rule {
        shown = shown.with("reconciliation_id", id);
    }
    if let RuleBroken::Stage(refusal) = rule {
        shown = of_stage(shown, refusal);
    }
    if let RuleBroken::MissingFields(missing) = rule {
        let fields: Vec<_> = missing.fields.iter().map(|field| field.code()).collect();
        shown = shown
            .with("cluster", missing.cluster)
            .with("fields", fields.join(","));
    }
    shown.into_status(details)
}

/// What is known of the stage: which, which verbs are allowed, what is missing.
fn of_stage(shown: Shown, refusal: &StageRefusal) -> Shown {
    match refusal {
        StageRefusal::Illegal {
            stage,
            is_signed,
            allowed,
            ..
        } => shown
            .with("stage", stage)
            .with("signed", is_signed)
            .with("allowed", in_words(allowed, ",")),
        StageRefusal::TooEarly { stage, .. }
        | StageRefusal::Sealed { stage, .. }
        | StageRefusal::SignedAlready { stage }
        | StageRefusal::OwnWork { stage }
        | StageRefusal::OwnSignature { stage }
        | StageRefusal::NotAdmitted { stage } => shown.with("stage", stage),
        StageRefusal::OutOfOrder { stage, earlier } => shown.with("stage", stage).with("earlier", earlier),
        StageRefusal::Incomplete { stage, lacks } => {
            let lacks: Vec<_> = lacks.iter().map(ToString::to_string).collect();
            shown.with("stage", stage).with("missing", lacks.join("; "))
        }
        StageRefusal::NoEmergency | StageRefusal::AftercareNotAssessed => shown,
    }
}

fn in_words(verbs: &[CaseVerb], between: &str) -> String {
    let verbs: Vec<_> = verbs.iter().map(|verb| verb.code()).collect();
    verbs.join(between)
}

/// Stable reason, message in Indonesian, article.
#[expect(
    clippy::too_many_lines,
    reason = "a catalogue: one entry a rule, nothing to follow"
)]
fn rule_in_words(rule: &RuleBroken) -> (&'static str, String, &'static str) {
    match rule {
        RuleBroken::Case(error) | RuleBroken::Ending(EndingRefusal::Verb(error)) => (
            "CASE_STATE",
            format!(
                "Kasus berstatus {}; tindakan yang boleh: {}.",
                error.state,
                in_words(&error.allowed, ", ")
            ),
            error.article.code(),
        ),
        RuleBroken::Stage(refusal) => stage_in_words(refusal),
        RuleBroken::Ending(refusal) => ending_in_words(refusal),
        RuleBroken::TooLong(error) => (
            "DURATION_TOO_LONG",
            format!(
                "Klaster {} mengizinkan paling lama {} hari.",
                error.cluster, error.longest_days
            ),
            error.article.code(),
        ),
        RuleBroken::TooManyRecords => (
            "TOO_MANY_RECORDS",
            "Berkas kasus ini sudah penuh; tutup kasus dan buat laporan baru untuk kelanjutannya.".to_owned(),
            "P16 Ps.18",
        ),
        RuleBroken::DestinationNeeded => (
            "DESTINATION_NEEDED",
            "Orangnya masih dilayani: sebutkan ke mana ia kembali, FAMILY atau INDEPENDENT.".to_owned(),
            "P16 Ps.25",
        ),
        RuleBroken::Facility(error) => (
            "FACILITY_STATE",
            format!("Lembaga berstatus {}.", error.state),
            "P16 Ps.31",
        ),
        RuleBroken::Offer(_) => (
            "OFFER_STATE",
            "Penawaran ini tidak lagi menunggu jawaban.".to_owned(),
            "P16 Ps.31",
        ),
        RuleBroken::Placement(IllegalPlacementVerb::State { state, .. }) => (
            "PLACEMENT_STATE",
            format!("Penempatan berstatus {state}."),
            "P16 Ps.18",
        ),
        RuleBroken::Placement(IllegalPlacementVerb::NotYetDue { .. }) => (
            "ADMISSION_NOT_DUE",
            "Batas waktu penerimaan belum lewat; sebelum itu hanya lembaga yang boleh menyatakannya."
                .to_owned(),
            "P16 Ps.18",
        ),
        RuleBroken::Registry(error) => (
            "REGISTRATION_STATE",
            format!("Pendataan berstatus {}.", error.state),
            error.article.code(),
        ),
        RuleBroken::Reconciliation(error) => (
            "RECONCILIATION_STATE",
            format!("Pemadanan berstatus {}.", error.state),
            error.article.code(),
        ),
        RuleBroken::ReconciliationRuns(id) => (
            "RECONCILIATION_RUNS",
            format!("Pemadanan {id} untuk data dan wilayah yang sama belum selesai."),
            "P16 Ps.35",
        ),
        RuleBroken::NoCandidate => (
            "NO_CANDIDATE_ROW",
            "Tidak ada baris calon yang cocok untuk orang ini; lihat GetRegistration.".to_owned(),
            "P16 Ps.35",
        ),
        RuleBroken::Frozen => (
            "SUSPENDED",
            "Pemrosesan data orang ini sedang ditunda; cabut penundaan itu dahulu.".to_owned(),
            "UU 27/2022 Ps.41",
        ),
        RuleBroken::TooManyLeave { leaving, matched } => (
            "TOO_MANY_LEAVE",
            format!("{leaving} dari {matched} orang yang sudah padan tidak ada di berkas ini; periksa berkasnya."),
            "P16 Ps.35",
        ),
        RuleBroken::BreakGlass(error) => break_glass_in_words(*error),
        RuleBroken::Subject(error) => subject_in_words(*error),
        RuleBroken::NotRoutable(_) => (
            "NOT_ROUTABLE",
            "Kluster atau tempat kasus belum diketahui; lakukan triase dahulu.".to_owned(),
            "P16 Ps.3",
        ),
        RuleBroken::MissingFields(missing) => (
            "FIELDS_MISSING",
            format!(
                "Klaster {} mensyaratkan: {}. Lengkapi melalui triase sebelum kasus dirujuk.",
                missing.cluster,
                missing.list()
            ),
            missing.article.code(),
        ),
        RuleBroken::PolicyUnknown(version) => (
            "POLICY_UNKNOWN",
            format!("Kebijakan {version} tidak dikenal; administrator perlu membuatnya kembali."),
            "P16 Ps.33",
        ),
        RuleBroken::HeldAlready => (
            "LEGAL_HOLD_SET",
            "Kasus ini sudah ditahan dari penghapusan; cabut penahanan itu dahulu.".to_owned(),
            "UU 27/2022 Ps.43",
        ),
        RuleBroken::BoundAlready => (
            "NIK_BOUND",
            "Orang ini sudah memiliki NIK; lepaskan dahulu dengan alasannya.".to_owned(),
            "P16 Ps.35",
        ),
        RuleBroken::NotBound => (
            "NIK_NOT_BOUND",
            "Orang ini belum memiliki NIK.".to_owned(),
            "P16 Ps.35",
        ),
        RuleBroken::Erased => (
            "ERASED",
            "Data kasus ini sudah dihapus karena masa simpannya habis; tidak ada yang ditambahkan."
                .to_owned(),
            "UU 27/2022 Ps.43",
        ),
        RuleBroken::NotHeld => (
            "LEGAL_HOLD_NOT_SET",
            "Kasus ini tidak sedang ditahan dari penghapusan.".to_owned(),
            "UU 27/2022 Ps.43",
        ),
        RuleBroken::ErasedInPart => (
            "DATA_ERASED",
            "Data pribadi kasus ini sudah dihapus karena masa simpannya habis; kasus tetap tertaut. Buat laporan baru."
                .to_owned(),
            "UU 27/2022 Ps.43",
        ),
        RuleBroken::FacilityInUse => (
            "FACILITY_IN_USE",
            "Lembaga masih memegang tempat atau orang dari hub; selesaikan atau pindahkan dahulu.".to_owned(),
            "P16 Ps.31",
        ),
        RuleBroken::StaleReport => (
            "STALE_REPORT",
            "Hub sudah memiliki laporan kapasitas yang lebih baru.".to_owned(),
            "P16 Ps.29c",
        ),
        RuleBroken::NoRoomStated => (
            "NO_ROOM",
            "Kapasitas yang dinyatakan tidak cukup untuk kasus ini; tolak dengan alasan FULL.".to_owned(),
            "P16 Ps.29c",
        ),
        RuleBroken::CapacityRequired => (
            "CAPACITY_REQUIRED",
            "Penawaran ini belum menahan tempat: nyatakan kapasitas untuk menerimanya.".to_owned(),
            "P16 Ps.29c",
        ),
        RuleBroken::NotSealedYet => (
            "NOT_SEALED_YET",
            "Catatan ini belum disegel; ulangi dalam satu menit.".to_owned(),
            "UU 27/2022 Ps.31",
        ),
    }
}

fn stage_in_words(refusal: &StageRefusal) -> (&'static str, String, &'static str) {
    let (reason, message_id) = match refusal {
        StageRefusal::Illegal { stage, allowed, .. } => (
            "STAGE_STATE",
            format!(
                "Tahapan {stage}; tindakan yang boleh: {}.",
                in_words(allowed, ", ")
            ),
        ),
        StageRefusal::TooEarly { from, stage, .. } => (
            "STAGE_STATE",
            format!("Tahapan {from} belum dimulai; kasus masih pada tahapan {stage}."),
        ),
        StageRefusal::Sealed { stage, .. } => (
            "STAGE_STATE",
            format!("Tahapan {stage} sudah disahkan; hanya asesmen yang masih dapat ditambah."),
        ),
        StageRefusal::SignedAlready { stage } => ("STAGE_STATE", format!("Tahapan {stage} sudah disahkan.")),
        StageRefusal::OutOfOrder { stage, earlier } => (
            "STAGE_STATE",
            format!("Tahapan {earlier} harus disahkan sebelum {stage}."),
        ),
        StageRefusal::OwnWork { stage } => (
            "OWN_WORK",
            format!("Tahapan {stage} harus disahkan Pekerja Sosial lain yang berkompetensi supervisi."),
        ),
        StageRefusal::OwnSignature { stage } => (
            "OWN_SIGNATURE",
            format!("Tahapan {stage} Anda sahkan sendiri; catatan ini harus ditulis Pekerja Sosial lain."),
        ),
        StageRefusal::Incomplete { stage, .. } => (
            "STAGE_INCOMPLETE",
            format!("Tahapan {stage} belum lengkap; lihat rincian yang masih kurang."),
        ),
        StageRefusal::NoEmergency => (
            "NO_EMERGENCY",
            "Hanya situasi darurat yang dilayani lebih dahulu daripada berkasnya.".to_owned(),
        ),
        StageRefusal::NotAdmitted { stage } => (
            "NOT_ADMITTED",
            format!("Tahapan {stage} dimulai setelah orangnya diterima di lembaga."),
        ),
        StageRefusal::AftercareNotAssessed => (
            "STAGE_INCOMPLETE",
            "Pascalayanan diberikan berdasarkan asesmen: catat aftercare_assessment dahulu.".to_owned(),
        ),
    };
    (reason, message_id, refusal.article().code())
}

fn ending_in_words(refusal: &EndingRefusal) -> (&'static str, String, &'static str) {
    let (reason, message_id) = match refusal {
        EndingRefusal::Verb(_) => ("CASE_STATE", "Status kasus tidak mengizinkannya.".to_owned()),
        EndingRefusal::Reason { state, .. } => (
            "CLOSE_REASON",
            format!("Alasan ini tidak berlaku untuk kasus berstatus {state}."),
        ),
        EndingRefusal::NotTerminated { .. } => (
            "NOT_TERMINATED",
            "Tahapan terakhir belum disahkan; gunakan alasan lain bila layanan terputus.".to_owned(),
        ),
        EndingRefusal::TooLate { days } => (
            "REOPEN_TOO_LATE",
            format!("Kasus berakhir lebih dari {days} hari yang lalu; buat laporan baru."),
        ),
        EndingRefusal::Itself => (
            "LINK_REFUSED",
            "Kasus tidak dapat mengikuti dirinya sendiri.".to_owned(),
        ),
        EndingRefusal::MainIsClosed(_) => (
            "LINK_REFUSED",
            "Kasus utama sudah berakhir atau mengikuti kasus lain.".to_owned(),
        ),
        EndingRefusal::IsFollowed(_) => (
            "LINK_REFUSED",
            "Kasus ini diikuti kasus lain; lepaskan dahulu atau tautkan sebaliknya.".to_owned(),
        ),
    };
    (reason, message_id, refusal.article().code())
}

fn break_glass_in_words(error: IllegalBreakGlass) -> (&'static str, String, &'static str) {
    let (reason, message) = match error {
        IllegalBreakGlass::NotMasked => (
            "BREAK_GLASS_NOT_NEEDED",
            "Anda sudah melihat kasus ini seutuhnya.",
        ),
        IllegalBreakGlass::AwaitsReview => (
            "BREAK_GLASS_AWAITS_REVIEW",
            "Pembukaan Anda atas kasus ini belum ditinjau; mintalah peninjauan dahulu.",
        ),
        IllegalBreakGlass::TooMany => (
            "BREAK_GLASS_TOO_MANY",
            "Terlalu banyak pembukaan kasus Anda yang belum ditinjau; mintalah peninjauan dahulu.",
        ),
        IllegalBreakGlass::OwnReview => (
            "BREAK_GLASS_OWN_REVIEW",
            "Pembukaan kasus ditinjau oleh orang kedua, bukan oleh yang membukanya.",
        ),
        IllegalBreakGlass::AlreadyReviewed => ("BREAK_GLASS_REVIEWED", "Pembukaan kasus ini sudah ditinjau."),
    };
    (reason, message.to_owned(), Article::Uu27Ps16.code())
}

fn subject_in_words(error: IllegalSubjectVerb) -> (&'static str, String, &'static str) {
    let (reason, message, article) = match error {
        IllegalSubjectVerb::Answered => (
            "SUBJECT_REQUEST_ANSWERED",
            "Permintaan ini sudah dijawab.",
            Article::Uu27Ps32,
        ),
        IllegalSubjectVerb::OpenAlready => (
            "SUBJECT_REQUEST_OPEN",
            "Permintaan yang sama masih terbuka; batas waktunya tetap berjalan.",
            Article::Uu27Ps32,
        ),
        IllegalSubjectVerb::Endangered => (
            "SUBJECT_ENDANGERED",
            "Akses wajib ditolak karena membahayakan keselamatan subjek data atau orang lain.",
            Article::Uu27Ps33,
        ),
        IllegalSubjectVerb::NoOpenRequest => (
            "SUBJECT_NO_OPEN_REQUEST",
            "Belum ada permintaan akses yang terbuka dari subjek data ini; catat dahulu.",
            Article::Uu27Ps32,
        ),
        IllegalSubjectVerb::OwnRequest => (
            "SUBJECT_OWN_REQUEST",
            "Data diserahkan oleh orang kedua, bukan oleh yang mencatat permintaannya.",
            Article::Uu27Ps32,
        ),
        IllegalSubjectVerb::OwnDanger => (
            "SUBJECT_OWN_DANGER",
            "Tanda bahaya dicabut oleh orang kedua, bukan oleh yang memasangnya.",
            Article::Uu27Ps33,
        ),
    };
    (reason, message.to_owned(), article.code())
}
