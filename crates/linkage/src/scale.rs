//! What a comparison weighs: against strangers field by field, and against somebody of the same household.
//!
//! Sisters share mother, place and family name, so these fields must not count one by one when the question is which
//! of the sisters it is. A pair is the same person, two of one household, neighbours whose names are alike as names of
//! a place are, or strangers; the weight is the first against the three others together.

use crate::compare::{Compared, Side};
use crate::name::Words;
use crate::terms::Terms;
use crate::weights::{LEVELS, slot};
use crate::{Comparison, Field, NameLevel, NikLevel, Weights};

/// A rare or common name may move a level's weight by at most so many bits, either way.
const MAX_RARITY_BITS: f64 = 8.0;
/// Words of a name do not come independently, so their surprise counts for less than its sum.
const RARITY_SHARE: f64 = 0.6;
/// Sums in another order differ by less.
const SLACK_BITS: f64 = 0.01;

/// A part of the weight of a pair, in bits.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Part {
    /// A field, or `household`, `prior`, `rivals`.
    pub what: &'static str,
    /// How far the field agrees.
    pub level: &'static str,
    pub bits: f64,
}

/// Weights as bits, ready for millions of pairs.
pub(crate) struct Scale {
    /// By slot: the same person against strangers, one household against strangers, usual surprise of the words.
    levels: [Bits; LEVELS],
    /// More than this no name and no mother's name can add.
    most_of_name: Evidence,
    most_of_mother_name: Evidence,
    /// The odds that a row is of a person's household, or of such a neighbour, rather than a stranger's.
    kin_odds: f64,
    near_odds: f64,
    prior_bits: f64,
}

#[derive(Clone, Copy, Default)]
struct Bits {
    same: f64,
    kin: f64,
    near: f64,
    chance: Option<f64>,
}

/// What a pair must come to, one or the other, in bits beside strangers.
#[derive(Clone, Copy)]
pub(crate) struct Least {
    pub(crate) same: f64,
    pub(crate) kin: f64,
}

/// How one comparison looks beside strangers, in bits.
#[derive(Clone, Copy, Default)]
pub(crate) struct Evidence {
    pub(crate) same: f64,
    pub(crate) kin: f64,
    pub(crate) near: f64,
}

impl Evidence {
    /// Whether it is enough to look at a pair.
    fn reaches(self, least: Least) -> bool {
        self.same + SLACK_BITS >= least.same || self.kin + SLACK_BITS >= least.kin
    }

    fn and(self, more: Self) -> Self {
        Self {
            same: self.same + more.same,
            kin: self.kin + more.kin,
            near: self.near + more.near,
        }
    }
}

impl Scale {
    pub(crate) fn of(weights: &Weights, rows: u64) -> Self {
        let mut levels = [Bits::default(); LEVELS];
        for (bits, level) in levels.iter_mut().zip(&weights.levels) {
            *bits = Bits {
                same: (level.m / level.u).log2(),
                kin: (level.kin / level.u).log2(),
                near: (level.near / level.u).log2(),
                chance: level.chance_bits,
            };
        }
        #[expect(clippy::cast_precision_loss, reason = "rows of a registry are far below 2^52")]
        let rows = rows.max(1) as f64;
        let share = weights.registered_share;
        Self {
            most_of_name: most_of(Field::Name, &levels),
            most_of_mother_name: most_of(Field::MotherName, &levels),
            levels,
            kin_odds: weights.kin_each / rows,
            near_odds: weights.near_each / rows,
            prior_bits: (share / (1.0 - share) / rows).log2(),
        }
    }

    /// The comparison of two, unless they cannot come to `least`: most are strangers by their dates and places, whatever
    /// their names say, and names take the longest. Whose NIK it is, is always a question.
    pub(crate) fn compare<L: Words, R: Words>(
        &self,
        (left, right): (&Side<L>, &Side<R>),
        terms: &Terms,
        least: Least,
    ) -> Option<Compared> {
        let mut compared = Compared::but_names(left, right);
        let same_nik = compared.levels.nik == Some(NikLevel::Exact);
        let of_mother = if left.mother_name.is_some() && right.mother_name.is_some() {
            self.most_of_mother_name
        } else {
            Evidence::default()
        };
        let of_name = if left.name.is_some() && right.name.is_some() {
            self.most_of_name
        } else {
            Evidence::default()
        };
        let so_far = self.evidence(&compared);
        if !same_nik && !so_far.and(of_name).and(of_mother).reaches(least) {
            return None;
        }
        compared.names(left, right, terms);
        let of_name = self.field(Field::Name, &compared).unwrap_or_default();
        if !same_nik && !so_far.and(of_name).and(of_mother).reaches(least) {
            return None;
        }
        compared.mother_names(left, right, terms);
        Some(compared)
    }

    /// The odds, in bits, that a person is a given row rather than none, before the two are compared.
    pub(crate) const fn prior_bits(&self) -> f64 {
        self.prior_bits
    }

    /// In bits: above 0 speaks for the same person.
    pub(crate) fn weight(&self, compared: &Compared) -> f64 {
        let evidence = self.evidence(compared);
        evidence.same - self.household(evidence)
    }

    pub(crate) fn evidence(&self, compared: &Compared) -> Evidence {
        let mut evidence = Evidence::default();
        for field in Field::ALL {
            if let Some(of_field) = self.field(field, compared) {
                evidence.same += of_field.same;
                evidence.kin += of_field.kin;
                evidence.near += of_field.near;
            }
        }
        evidence
    }

    /// How likely two who are not the same person are of one household, and neighbours.
    pub(crate) fn other_shares(&self, evidence: Evidence) -> (f64, f64) {
        let (kin, near) = self.other_odds(evidence);
        (kin / (1.0 + kin + near), near / (1.0 + kin + near))
    }

    /// What is taken off because somebody of the same household, or a neighbour, would agree as much.
    fn household(&self, evidence: Evidence) -> f64 {
        let (kin, near) = self.other_odds(evidence);
        (kin + near).ln_1p() / std::f64::consts::LN_2
    }

    fn other_odds(&self, evidence: Evidence) -> (f64, f64) {
        (
            self.kin_odds * evidence.kin.exp2(),
            self.near_odds * evidence.near.exp2(),
        )
    }

    fn field(&self, field: Field, compared: &Compared) -> Option<Evidence> {
        let position = compared.levels.position(field)?;
        let bits = self.levels.get(slot(field, position))?;
        let shared_bits = match field {
            Field::Name => compared.name_bits,
            Field::MotherName => compared.mother_name_bits,
            Field::Nik | Field::Birth | Field::Sex | Field::Place => 0.0,
        };
        let rarity = bits.chance.map_or(0.0, |chance| {
            (RARITY_SHARE * (f64::from(shared_bits) - chance)).clamp(-MAX_RARITY_BITS, MAX_RARITY_BITS)
        });
        let kin_rarity = if is_shared_by_kin(field, compared.levels) {
            rarity
        } else {
            0.0
        };
        Some(Evidence {
            same: bits.same + rarity,
            kin: bits.kin + kin_rarity,
            near: bits.near,
        })
    }

    /// Field by field, missing ones left out; the parts add up to the weight.
    pub(crate) fn parts(&self, compared: &Compared) -> Vec<Part> {
        let fields = Field::ALL.into_iter().filter_map(|field| {
            Some(Part {
                what: field.code(),
                level: compared.levels.code(field)?,
                bits: self.field(field, compared)?.same,
            })
        });
        let household = Part {
            what: "household",
            level: "",
            bits: -self.household(self.evidence(compared)),
        };
        fields.chain([household]).collect()
    }
}

/// The most that names can say for anything, the rarest words among them.
fn most_of(field: Field, levels: &[Bits; LEVELS]) -> Evidence {
    let of_field = (0..NameLevel::CODES.len()).filter_map(|position| levels.get(slot(field, position)));
    let nothing = Evidence {
        same: f64::NEG_INFINITY,
        kin: f64::NEG_INFINITY,
        near: f64::NEG_INFINITY,
    };
    of_field.fold(nothing, |most, bits| {
        let rarity = bits.chance.map_or(0.0, |_| MAX_RARITY_BITS);
        Evidence {
            same: most.same.max(bits.same + rarity),
            kin: most.kin.max(bits.kin + rarity),
            near: most.near.max(bits.near),
        }
    })
}

/// A rare word that a family shares is no surprise within it; a rare given name is.
fn is_shared_by_kin(field: Field, levels: Comparison) -> bool {
    match field {
        Field::Name => matches!(
            levels.name,
            Some(NameLevel::RestContained | NameLevel::RestAgrees)
        ),
        Field::MotherName => true,
        Field::Nik | Field::Birth | Field::Sex | Field::Place => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::population::{Size, invent};
    use crate::{Identity, RawIdentity};

    #[test]
    fn nobody_is_passed_over_who_comes_to_enough() {
        let size = Size {
            rows: 400,
            persons: 120,
        };
        let population = invent(size, 17);
        let parse = |raw: RawIdentity<'_>| Identity::parse(&raw).unwrap();
        let sparse = |raw: RawIdentity<'_>, at: usize| {
            parse(RawIdentity {
                name: if at.is_multiple_of(5) { "" } else { raw.name },
                mother_name: if at.is_multiple_of(3) { "" } else { raw.mother_name },
                ..raw
            })
        };
        let all = population.persons.iter().enumerate();
        let persons: Vec<Identity> = all.map(|(at, person)| sparse(person.raw(), at)).collect();
        let rows: Vec<Identity> = population.rows.iter().map(|row| parse(row.raw())).collect();
        let mut terms = Terms::default();
        for row in &rows {
            terms.add(row, 1);
        }
        let scale = Scale::of(&Weights::starting(), 1);
        let (mut kept, mut passed_over) = (0, 0);
        for least in [
            (-3.0, 2.0),
            (6.0, 12.0),
            (6.0, f64::INFINITY),
            (18.0, f64::INFINITY),
        ] {
            let least = Least {
                same: least.0,
                kin: least.1,
            };
            for (person, row) in persons
                .iter()
                .flat_map(|person| rows.iter().map(move |row| (person, row)))
            {
                let sides = (&Side::of(person), &Side::of(row));
                let whole = Compared::of(person, row, &terms);
                let evidence = scale.evidence(&whole);
                let is_enough = evidence.same >= least.same || evidence.kin >= least.kin;
                if let Some(compared) = scale.compare(sides, &terms, least) {
                    assert!(compared.levels == whole.levels);
                    kept += usize::from(is_enough);
                } else {
                    assert!(!is_enough, "{} {}", evidence.same, evidence.kin);
                    passed_over += 1;
                }
            }
        }
        assert!(kept > 200 && passed_over > 50_000, "{kept} {passed_over}");
    }
}
