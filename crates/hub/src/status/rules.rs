//! Broken rules in words: a stable reason, a message in Indonesian, the article.

use serasi_domain::break_glass::IllegalBreakGlass;
use serasi_domain::regulation::Article;

use super::allowed_verbs;
use crate::error::RuleBroken;

/// Stable reason, message in Indonesian, article.
#[expect(
    clippy::too_many_lines,
    reason = "a catalogue: one entry a rule, nothing to follow"
)]
pub(super) fn in_words(rule: &RuleBroken) -> (&'static str, String, &'static str) {
    match rule {
        RuleBroken::Case(error) => (
            "CASE_STATE",
            format!(
                "Kasus berstatus {}; tindakan yang boleh: {}.",
                error.state,
                allowed_verbs(error).join(", ")
            ),
            error.article.code(),
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
        RuleBroken::Placement(error) => (
            "PLACEMENT_STATE",
            format!("Penempatan berstatus {}.", error.state),
            "P16 Ps.18",
        ),
        RuleBroken::Registry(error) => (
            "REGISTRATION_STATE",
            format!("Pendataan berstatus {}.", error.state),
            error.article.code(),
        ),
        RuleBroken::BreakGlass(error) => break_glass_in_words(*error),
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
        RuleBroken::NotHeld => (
            "LEGAL_HOLD_NOT_SET",
            "Kasus ini tidak sedang ditahan dari penghapusan.".to_owned(),
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

fn break_glass_in_words(error: IllegalBreakGlass) -> (&'static str, String, &'static str) {
    let (reason, message) = match error {
        IllegalBreakGlass::NotMasked => (
            "BREAK_GLASS_NOT_NEEDED",
            "Anda sudah melihat kasus ini seutuhnya.",
        ),
        IllegalBreakGlass::OwnReview => (
            "BREAK_GLASS_OWN_REVIEW",
            "Pembukaan kasus ditinjau oleh orang kedua, bukan oleh yang membukanya.",
        ),
        IllegalBreakGlass::AlreadyReviewed => ("BREAK_GLASS_REVIEWED", "Pembukaan kasus ini sudah ditinjau."),
    };
    (reason, message.to_owned(), Article::Uu27Ps16.code())
}
