//! How common the words of names are: agreeing on a rare one says more.
//!
//! Counted on the registry, which is the nation; a word it does not have is taken as met once.

use std::collections::HashMap;

use crate::compare::{NameAgreement, TokenShare};
use crate::{Identity, Name};

/// An initial agrees by chance about once in so many bits.
const INITIAL_BITS: f64 = 3.0;
/// A token with a slip could also be another token that looks like it.
const CLOSE_SHARE: f64 = 0.7;
/// A short form fits several names.
const SHORT_SHARE: f64 = 0.5;

/// Counts of name tokens by the key of their sound.
#[derive(Clone, Default)]
pub(crate) struct Terms {
    counts: HashMap<u64, u64, foldhash::fast::FixedState>,
    names: u64,
}

impl Terms {
    /// A row that stands for `rows` like it.
    pub(crate) fn add(&mut self, row: &Identity, rows: u64) {
        let names: [Option<&Name>; 2] = [row.name.as_ref(), row.mother_name.as_ref()];
        for name in names.into_iter().flatten() {
            self.names += rows;
            for token in name.tokens() {
                *self.counts.entry(token.key).or_default() += rows;
            }
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.names += other.names;
        for (key, count) in &other.counts {
            *self.counts.entry(*key).or_default() += count;
        }
    }

    /// How surprising it is that two names share these tokens, in bits.
    pub(crate) fn bits(&self, agreement: &NameAgreement) -> f64 {
        let bits_of = |(key, share): &(u64, TokenShare)| match share {
            TokenShare::Sound => self.bits_of_token(*key),
            TokenShare::Close => CLOSE_SHARE * self.bits_of_token(*key),
            TokenShare::Short => SHORT_SHARE * self.bits_of_token(*key),
            TokenShare::Initial => INITIAL_BITS,
        };
        agreement.shared.iter().map(bits_of).sum()
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of people are far below 2^52")]
    fn bits_of_token(&self, key: u64) -> f64 {
        let met = self.counts.get(&key).copied().unwrap_or(1);
        (self.names.max(1) as f64 / met as f64).log2()
    }
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
