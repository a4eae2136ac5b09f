//! How common the words of names are: agreeing on a rare one says more.
//!
//! Counted on the registry, which is the nation; a word it does not have is taken as met once.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use serasi_geography::RegionCode;

use crate::compare::{NameAgreement, TokenShare};
use crate::{Identity, Name};

/// An initial agrees by chance about once in so many bits.
const INITIAL_BITS: f64 = 3.0;
/// A token with a slip could also be another token that looks like it.
const CLOSE_SHARE: f64 = 0.7;
/// A short form fits several names.
const SHORT_SHARE: f64 = 0.5;

/// What is known of a regency before its first name is counted: so many names as the nation has them.
const NATIONAL_NAMES: f64 = 200.0;

/// Counts of name tokens by the key of their sound, in the nation and in each regency: Sitorus is rare in the one and
/// common in some of the other.
#[derive(Clone, Default)]
pub(crate) struct Terms {
    /// `None`: the nation.
    counts: HashMap<(u64, Option<RegionCode>), u64, FixedState>,
    names: HashMap<Option<RegionCode>, u64, FixedState>,
}

impl Terms {
    /// A row that stands for `rows` like it.
    pub(crate) fn add(&mut self, row: &Identity, rows: u64) {
        let regency = row.place.and_then(RegionCode::regency);
        let names: [Option<&Name>; 2] = [row.name.as_ref(), row.mother_name.as_ref()];
        for name in names.into_iter().flatten() {
            for place in [None, regency]
                .into_iter()
                .take(1 + usize::from(regency.is_some()))
            {
                *self.names.entry(place).or_default() += rows;
                for token in name.tokens() {
                    *self.counts.entry((token.key, place)).or_default() += rows;
                }
            }
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (place, names) in &other.names {
            *self.names.entry(*place).or_default() += names;
        }
        for (key, count) in &other.counts {
            *self.counts.entry(*key).or_default() += count;
        }
    }

    /// How surprising it is, in bits, that two names share these tokens; `regency` is where both are known to live.
    pub(crate) fn bits(&self, agreement: &NameAgreement, regency: Option<RegionCode>) -> f64 {
        let bits_of = |(key, share): (u64, TokenShare)| match share {
            TokenShare::Sound => self.bits_of_token(key, regency),
            TokenShare::Close => CLOSE_SHARE * self.bits_of_token(key, regency),
            TokenShare::Short => SHORT_SHARE * self.bits_of_token(key, regency),
            TokenShare::Initial => INITIAL_BITS,
        };
        agreement.shared.iter().map(bits_of).sum()
    }

    fn bits_of_token(&self, key: u64, regency: Option<RegionCode>) -> f64 {
        let in_nation = self.met(key, None).max(1.0) / self.all(None).max(1.0);
        let share = if regency.is_some() {
            let met = self.met(key, regency) + NATIONAL_NAMES * in_nation;
            met / (self.all(regency) + NATIONAL_NAMES)
        } else {
            in_nation
        };
        -share.log2()
    }

    fn met(&self, key: u64, place: Option<RegionCode>) -> f64 {
        as_share(self.counts.get(&(key, place)))
    }

    fn all(&self, place: Option<RegionCode>) -> f64 {
        as_share(self.names.get(&place))
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of people are far below 2^52")]
fn as_share(count: Option<&u64>) -> f64 {
    count.map_or(0.0, |count| *count as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::Compared;
    use crate::scale::Scale;
    use crate::{RawIdentity, Weights};

    #[test]
    fn agreeing_on_a_rare_name_weighs_more_than_on_a_common_one() {
        let named = |name: &str| {
            let raw = RawIdentity {
                name,
                ..RawIdentity::default()
            };
            Identity::parse(&raw).unwrap()
        };
        let mut terms = Terms::default();
        terms.add(&named("Siti"), 999);
        terms.add(&named("Ketut"), 1);
        let weights = Weights::starting();
        let scale = Scale::of(&weights, 1_000);
        let weight =
            |left: &str, right: &str| scale.weight(&Compared::of(&named(left), &named(right), &terms));
        assert!(weight("Ketut", "Ketut") > weight("Siti", "Siti") + 5.0);
        // Another spelling of the common name is no rarer than the name.
        assert!(weight("Sitti", "Sity") < weight("Ketut", "Ketut"));
        // A word the registry has not is as rare as can be, and no error.
        assert!(weight("Wayan", "Wayan") >= weight("Ketut", "Ketut"));
    }
}
