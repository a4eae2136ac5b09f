//! A report that comes in: complaint, outreach or referral (P16 Ps.19), and when two reports are the same.

use serasi_geography::{Coordinates, RegionCode};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::cluster::{Cluster, PpksCode};
use crate::code::coded;
use crate::need::{Criterion, Need, Target, Urgency};
use crate::person::{Person, PersonName, Phone};
use crate::text::Text;

coded! {
    /// How a case comes in (fasilitasi akses), P16 Ps.19.
    pub enum Channel {
        /// Laporan pengaduan.
        Complaint = "complaint",
        /// Penjangkauan kasus.
        Outreach = "outreach",
        /// Rujukan.
        Referral = "referral",
    }
}

coded! {
    /// Ground on which personal data are processed, UU 27/2022 Ps. 20, 25, 26.
    pub enum LegalBasis {
        Consent = "consent",
        GuardianConsent = "guardian_consent",
        PublicTask = "public_task",
        VitalInterest = "vital_interest",
    }
}

/// The sender's own key for a report: the same pair is the same case, for ever.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SourceKey {
    system: String,
    reference: String,
}

/// Why a text cannot be part of a source key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {max} visible characters without spaces: letters, digits or one of . _ : / @ # -", max = SourceKey::MAX_LEN)]
pub struct InvalidSourceKey;

/// Who reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reporter {
    /// `None` = anonymous.
    pub name: Option<PersonName>,
    pub phone: Option<Phone>,
    pub organisation: Option<Text<200>>,
    pub relation: Option<Text<200>>,
}

/// A document elsewhere; the hub stores no files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentReference {
    /// What the sender calls it.
    pub kind: Text<200>,
    pub url: Text<1000>,
    /// SHA-256 of the file, 64 lower-case hex digits.
    pub sha256: Text<64>,
}

/// One report, as it was sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Intake {
    pub source: SourceKey,
    pub channel: Channel,
    pub reporter: Reporter,
    pub legal_basis: LegalBasis,
    #[serde(with = "time::serde::timestamp::microseconds")]
    pub reported_at: OffsetDateTime,
    /// Regency, district or village.
    pub place: RegionCode,
    pub coordinates: Option<Coordinates>,
    pub location_note: Option<Text<500>>,
    pub story: Text<8000>,
    pub target: Target,
    pub criteria: Vec<Criterion>,
    pub cluster: Option<Cluster>,
    pub ppks_category: Option<PpksCode>,
    pub urgency: Urgency,
    pub need: Need,
    pub persons: Vec<Person>,
    pub documents: Vec<DocumentReference>,
}

impl SourceKey {
    /// Longest system name or reference, in characters.
    pub const MAX_LEN: usize = 100;

    pub fn new(system: &str, reference: &str) -> Result<Self, InvalidSourceKey> {
        Ok(Self {
            system: Self::part(system)?,
            reference: Self::part(reference)?,
        })
    }

    /// One part of a key, trimmed.
    pub fn part(text: &str) -> Result<String, InvalidSourceKey> {
        let text = text.trim();
        let allowed = |c: char| c.is_ascii_alphanumeric() || "._:/@#-".contains(c);
        let valid = !text.is_empty() && text.len() <= Self::MAX_LEN && text.chars().all(allowed);
        valid.then(|| text.to_owned()).ok_or(InvalidSourceKey)
    }

    #[must_use]
    pub fn system_name(&self) -> &str {
        &self.system
    }

    #[must_use]
    pub fn reference(&self) -> &str {
        &self.reference
    }
}

impl Intake {
    /// Names of the fields in which two reports differ, in the order of the message; empty = the same report.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        let checks: [(&'static str, bool); 16] = [
            ("channel", self.channel == other.channel),
            ("reporter", self.reporter == other.reporter),
            ("legal_basis", self.legal_basis == other.legal_basis),
            ("report_time", self.reported_at == other.reported_at),
            ("region_code", self.place == other.place),
            ("coordinates", self.coordinates == other.coordinates),
            ("location_note", self.location_note == other.location_note),
            ("story", self.story == other.story),
            ("target", self.target == other.target),
            ("criteria", self.criteria == other.criteria),
            ("cluster", self.cluster == other.cluster),
            ("ppks_category", self.ppks_category == other.ppks_category),
            ("urgency", self.urgency == other.urgency),
            ("need", self.need == other.need),
            ("persons", self.persons == other.persons),
            ("documents", self.documents == other.documents),
        ];
        checks
            .into_iter()
            .filter(|(_, same)| !same)
            .map(|(field, _)| field)
            .collect()
    }
}
