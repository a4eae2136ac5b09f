//! The stored "why": bounded, without personal data, the same bytes for the same inputs.

use serasi_geography::REFERENCE_VERSION;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use super::rules::{EXCLUSIONS, REQUIREMENTS, Sentence};
use super::{Choice, PreferenceName, Request, ScopeTier};
use crate::code::coded;
use crate::directory::Directory;
use crate::id::FacilityId;
use crate::need_to_know::travel_to_hidden;
use crate::regulation::Article;
use crate::text::Text;

coded! {
    /// What a search found.
    pub enum Outcome {
        /// A facility with free places is asked; they are held.
        Offered = "offered",
        /// A facility of unknown capacity is asked; nothing is held.
        Asked = "asked",
        /// Facilities exist, none has a free place now.
        Waiting = "waiting",
        /// No facility may take the case.
        NoCandidate = "no_candidate",
    }
}

/// Why a facility was passed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    pub rule: String,
    pub article: Article,
    pub temporary: bool,
    /// The value the rule looked at.
    pub saw: String,
}

/// How a facility did under one preference; lower is better.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Score {
    pub preference: PreferenceName,
    pub cost: i64,
}

/// One facility in a decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Considered {
    pub facility: FacilityId,
    pub name: Text<200>,
    pub tier: ScopeTier,
    pub travel_minutes: u32,
    /// `None` = unknown, or no pool for such a party.
    pub free_places: Option<i32>,
    /// Since the newest report; `None` = never reported.
    pub capacity_age_minutes: Option<i64>,
    pub scores: Vec<Score>,
    pub rejection: Option<Rejection>,
}

/// How many facilities fell to one rule first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleCount {
    pub rule: String,
    pub article: Article,
    pub facilities: u32,
}

/// The record of a search.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    #[serde(with = "time::serde::timestamp::microseconds")]
    pub decided_at: OffsetDateTime,
    pub outcome: Outcome,
    pub chosen: Option<FacilityId>,
    /// The tier in which somebody was found.
    pub tier: Option<ScopeTier>,
    /// Nobody farther away was looked at, for enough were found nearer; `None` = no limit.
    #[serde(default)]
    pub within_minutes: Option<u32>,
    /// When a waiting case is searched for farther away; `None` = everywhere was searched.
    #[serde(default, with = "time::serde::timestamp::microseconds::option")]
    pub widens_at: Option<OffsetDateTime>,
    /// The rules of this hub when it decided.
    #[serde(default)]
    pub rules_version: u16,
    pub policy_version: String,
    /// How far the change log of the directory had been read.
    pub board_version: i64,
    /// SHA-256 over what the decision depends on, hex.
    pub inputs_digest: String,
    pub facilities_considered: u32,
    pub ranked: Vec<Considered>,
    pub near_misses: Vec<Considered>,
    pub excluded: Vec<RuleCount>,
    /// Chosen first, but their places were gone when the hub tried to hold them.
    pub taken_meanwhile: Vec<FacilityId>,
}

/// A sentence of our making, in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    pub id: String,
    pub en: String,
}

impl Decision {
    /// Ranked facilities kept in the record; the one that is asked on top, should it come after them.
    pub const MAX_RANKED: usize = 10;
    /// Near misses kept in the record.
    pub const MAX_NEAR_MISSES: usize = 10;

    /// Fills in the digest: everything the decision depends on. The policy's version stands for its content.
    pub(super) fn sealed_with(mut self, request: &Request<'_>, directory: &Directory) -> Self {
        let inputs = (
            request.facts,
            request.reported_at.unix_timestamp_nanos(),
            request.exclusions,
            directory.digest(),
            &self.policy_version,
            self.rules_version,
            REFERENCE_VERSION,
            self.decided_at.unix_timestamp_nanos(),
        );
        let bytes = serde_json::to_vec(&inputs).expect("facts are plain data");
        self.inputs_digest = Sha256::digest(bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        self
    }

    /// The bytes that are stored, and compared when the decision is replayed.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a decision is plain data")
    }

    /// Makes sure that whoever is asked is in the record: after many lost places it may be one behind those kept.
    pub(super) fn rank(&mut self, choice: &Choice, name: &Text<200>) {
        if self
            .ranked
            .iter()
            .any(|considered| considered.facility == choice.facility)
        {
            return;
        }
        self.ranked.push(Considered {
            facility: choice.facility,
            name: name.clone(),
            tier: choice.tier,
            travel_minutes: choice.travel_minutes,
            free_places: None,
            capacity_age_minutes: None,
            scores: vec![],
            rejection: None,
        });
    }

    /// After trying to hold places: `lost` facilities had none left; `chosen` is who was asked in the end.
    #[must_use]
    pub fn after_reservation(mut self, lost: Vec<FacilityId>, chosen: Option<FacilityId>) -> Self {
        if chosen.is_none() && !lost.is_empty() {
            self.outcome = Outcome::Waiting;
        }
        self.taken_meanwhile = lost;
        self.chosen = chosen;
        self
    }

    /// The record as it is shown to people: how far it is to a house whose place is a secret stands in whole hours.
    #[must_use]
    pub fn without_travel_to(mut self, hides_location: impl Fn(FacilityId) -> bool) -> Self {
        for considered in self.ranked.iter_mut().chain(&mut self.near_misses) {
            if hides_location(considered.facility) {
                considered.travel_minutes = travel_to_hidden(considered.travel_minutes);
                considered
                    .scores
                    .retain(|score| score.preference != PreferenceName::TravelMinutes);
            }
        }
        self
    }

    /// The record as it is shown where nobody may learn who or where the danger is.
    #[must_use]
    pub fn without_exclusions(mut self) -> Self {
        self.near_misses.retain(|considered| {
            let rejection = considered.rejection.as_ref();
            rejection.is_none_or(|rejection| rejection.rule != EXCLUSIONS)
        });
        // Nor by what is left when those of the other rules are taken from all.
        for count in self.excluded.extract_if(.., |count| count.rule == EXCLUSIONS) {
            self.facilities_considered = self.facilities_considered.saturating_sub(count.facilities);
        }
        self
    }

    /// One sentence for the person at the telephone.
    #[must_use]
    pub fn explain(&self) -> Explanation {
        let chosen = self
            .ranked
            .iter()
            .find(|considered| Some(considered.facility) == self.chosen);
        match (self.outcome, chosen) {
            (Outcome::Offered, Some(chosen)) => Explanation {
                id: format!(
                    "{} dimintai jawaban; tempat sudah ditahan. Waktu tempuh sekitar {}.",
                    chosen.name.as_str(),
                    duration_id(chosen.travel_minutes)
                ),
                en: format!(
                    "{} has been asked; the place is held. Travel takes about {}.",
                    chosen.name.as_str(),
                    duration_en(chosen.travel_minutes)
                ),
            },
            (Outcome::Asked, Some(chosen)) => Explanation {
                id: format!(
                    "{} ditanya apakah ada tempat (kapasitasnya belum diketahui). Waktu tempuh sekitar {}.",
                    chosen.name.as_str(),
                    duration_id(chosen.travel_minutes)
                ),
                en: format!(
                    "{} is asked whether it has room (its capacity is not known). Travel takes about {}.",
                    chosen.name.as_str(),
                    duration_en(chosen.travel_minutes)
                ),
            },
            (Outcome::Offered | Outcome::Asked, None) => Explanation {
                id: "Lembaga yang sesuai sudah dimintai jawaban.".to_owned(),
                en: "A suitable facility has been asked.".to_owned(),
            },
            (Outcome::Waiting, _) => self.explain_waiting(),
            (Outcome::NoCandidate, _) => Explanation {
                id: "Belum ada lembaga yang dapat menerima kasus ini. Koordinator mengambil alih.".to_owned(),
                en: "No facility may take this case. The coordinator takes over.".to_owned(),
            },
        }
    }
}

impl Decision {
    fn explain_waiting(&self) -> Explanation {
        let mut explanation = Explanation {
            id: "Ada lembaga yang sesuai, tetapi saat ini tidak ada tempat kosong. Kasus masuk daftar tunggu dan \
                 dipegang koordinator."
                .to_owned(),
            en: "Suitable facilities exist but none has a free place now. The case waits and the coordinator \
                 answers for it."
                .to_owned(),
        };
        let minutes = self.widens_at.map(|at| (at - self.decided_at).whole_minutes());
        if let Some(minutes) = minutes.and_then(|minutes| u32::try_from(minutes).ok()) {
            let id = format!(
                " Bila tetap penuh, pencarian diperluas dalam {}.",
                duration_id(minutes)
            );
            let en = format!(
                " If they stay full, the search widens in {}.",
                duration_en(minutes)
            );
            explanation.id.push_str(&id);
            explanation.en.push_str(&en);
        }
        explanation
    }
}

impl Rejection {
    /// What it means to fail the rule.
    #[must_use]
    pub fn sentence(&self) -> Sentence {
        REQUIREMENTS.iter().find(|rule| rule.name == self.rule).map_or(
            Sentence {
                id: "aturan versi lama",
                en: "a rule of an earlier version",
            },
            |rule| rule.failing,
        )
    }
}

fn duration_id(minutes: u32) -> String {
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} menit"),
        (hours, 0) => format!("{hours} jam"),
        (hours, minutes) => format!("{hours} jam {minutes} menit"),
    }
}

fn duration_en(minutes: u32) -> String {
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}
