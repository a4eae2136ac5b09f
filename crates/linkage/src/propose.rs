//! Whether a report that is just coming in is about somebody, or something, already on record: for a human to decide.
//!
//! Unlike `link`, one asks about few candidates and there is no file to estimate from: the shipped weights are taken, and
//! a name counts as a name of its level, however rare it is.

use serasi_geography::RegionCode;
use time::OffsetDateTime;

use crate::compare::{Compared, PlaceLevel, common_place};
use crate::scale::{Part, Scale};
use crate::terms::Terms;
use crate::{Identity, Weights};

/// The same telephone: among a million few share one, but a family does, so it is no proof. Judgement, in bits.
const SAME_PHONE_BITS: f64 = 17.0;
/// The odds that two reports are about one incident before they are compared. Judgement, in bits.
const INCIDENT_PRIOR_BITS: f64 = -9.0;
/// By how near they are, in bits. Judgement.
const SAME_VILLAGE_BITS: f64 = 8.0;
const SAME_DISTRICT_BITS: f64 = 5.0;
/// By how close they are in time: hours, and bits. Judgement.
const TIMES: [(i64, &str, f64); 4] = [
    (3, "hours", 4.0),
    (24, "day", 3.0),
    (72, "days", 1.0),
    (168, "week", -1.0),
];

/// How likely it is the same, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    pub probability: f64,
    /// What each field adds, in bits; what is missing on a side is left out.
    pub why: Vec<Part>,
}

/// Weighs candidates.
pub struct Proposer {
    scale: Scale,
    terms: Terms,
}

impl Proposer {
    /// `population` is among how many somebody could be.
    #[must_use]
    pub fn new(weights: &Weights, population: u64) -> Self {
        let mut weights = weights.clone();
        for level in &mut weights.levels {
            level.chance_bits = None;
        }
        Self {
            scale: Scale::of(&weights, population),
            terms: Terms::default(),
        }
    }

    /// Whether `known` is who is asked for.
    #[must_use]
    pub fn person(&self, asked: &Identity, known: &Identity, has_same_phone: bool) -> Proposal {
        let compared = Compared::of(asked, known, &self.terms);
        let mut why = self.scale.parts(&compared);
        if has_same_phone {
            why.push(Part {
                what: "phone",
                level: "same",
                bits: SAME_PHONE_BITS,
            });
        }
        Proposal::of(self.scale.prior_bits(), why)
    }
}

impl Proposal {
    /// Whether two reports of somebody unknown are about the same incident. `None` = too far apart.
    #[must_use]
    pub fn incident(
        asked: (RegionCode, OffsetDateTime),
        known: (RegionCode, OffsetDateTime),
    ) -> Option<Self> {
        let (level, bits) = match common_place(asked.0, known.0) {
            PlaceLevel::Village => ("village", SAME_VILLAGE_BITS),
            PlaceLevel::District => ("district", SAME_DISTRICT_BITS),
            PlaceLevel::OtherVillage => ("other_village", SAME_DISTRICT_BITS - 2.0),
            PlaceLevel::Regency
            | PlaceLevel::Province
            | PlaceLevel::OtherDistrict
            | PlaceLevel::OtherRegency
            | PlaceLevel::Elsewhere => return None,
        };
        let apart = (asked.1 - known.1).abs().whole_hours();
        let (_, when, time_bits) = TIMES.into_iter().find(|(hours, _, _)| apart < *hours)?;
        let part = |what, level, bits| Part { what, level, bits };
        Some(Self::of(
            INCIDENT_PRIOR_BITS,
            vec![part("place", level, bits), part("time", when, time_bits)],
        ))
    }

    fn of(prior_bits: f64, why: Vec<Part>) -> Self {
        let bits = prior_bits + why.iter().map(|part| part.bits).sum::<f64>();
        let odds = bits.clamp(-100.0, 100.0).exp2();
        Self {
            probability: odds / (1.0 + odds),
            why,
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::RawIdentity;

    const SITI: RawIdentity<'_> = RawIdentity {
        nik: "3273014107900001",
        name: "Siti Nurhaliza",
        birth: "1990-07-01",
        sex: "P",
        place: "32.73.01",
        mother_name: "",
    };

    fn likely(asked: &RawIdentity<'_>, same_phone: bool) -> f64 {
        let proposer = Proposer::new(&Weights::starting(), 1_000_000);
        let read = |raw| Identity::parse(raw).unwrap();
        proposer
            .person(&read(asked), &read(&SITI), same_phone)
            .probability
    }

    #[test]
    fn a_nik_decides_a_name_and_a_year_make_one_wonder_and_a_stranger_is_none() {
        let nik = RawIdentity {
            nik: SITI.nik,
            ..RawIdentity::default()
        };
        let named = RawIdentity {
            name: "Nurhaliza Siti",
            birth: "1990",
            place: "32.73",
            ..RawIdentity::default()
        };
        let stranger = RawIdentity {
            name: "Slamet Riyadi",
            birth: "1961",
            place: "11.01",
            ..RawIdentity::default()
        };
        assert!(likely(&nik, false) > 0.9, "{}", likely(&nik, false));
        assert!(likely(&named, false) > 0.05, "{}", likely(&named, false));
        assert!(likely(&named, true) > likely(&named, false));
        assert!(likely(&stranger, false) < 1e-6);
        assert!(
            likely(&RawIdentity::default(), false) < 1e-3,
            "who says nothing finds nobody"
        );
    }

    #[test]
    fn reports_of_one_village_within_hours_may_be_one_incident() {
        let at = datetime!(2026-11-22 10:00 UTC);
        let village = "32.73.01.1001".parse().unwrap();
        let near = |place: &str, hours: i64| {
            let known = (place.parse().unwrap(), at - time::Duration::hours(hours));
            Proposal::incident((village, at), known).map(|found| found.probability)
        };
        assert!(near("32.73.01.1001", 1) > near("32.73.01.1001", 30));
        assert!(near("32.73.01.1001", 1) > near("32.73.01", 1));
        assert!(near("32.73.01", 1) > Some(0.1));
        assert_eq!(near("32.73.02", 1), None);
        assert_eq!(near("32.73.01.1001", 200), None);
    }
}
