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

/// Counts of name tokens by the key of their sound.
#[derive(Clone, Default)]
pub(crate) struct Terms {
    counts: HashMap<u64, u32, foldhash::fast::FixedState>,
    names: u32,
}

impl Terms {
    pub(crate) fn count(rows: &[Identity]) -> Self {
        let mut terms = Self::default();
        let names = |row| -> [Option<&Name>; 2] {
            let row: &Identity = row;
            [row.name.as_ref(), row.mother_name.as_ref()]
        };
        for name in rows.iter().flat_map(names).flatten() {
            terms.names += 1;
            for token in name.tokens() {
                *terms.counts.entry(token.key).or_default() += 1;
            }
        }
        terms
    }

    /// How surprising it is that two names share these tokens, in bits.
    pub(crate) fn bits(&self, agreement: &NameAgreement) -> f64 {
        let bits_of = |(key, share): &(u64, TokenShare)| match share {
            TokenShare::Sound => self.bits_of_token(*key),
            TokenShare::Close => CLOSE_SHARE * self.bits_of_token(*key),
            TokenShare::Initial => INITIAL_BITS,
        };
        agreement.shared.iter().map(bits_of).sum()
    }

    fn bits_of_token(&self, key: u64) -> f64 {
        let met = self.counts.get(&key).copied().unwrap_or(1);
        (f64::from(self.names.max(1)) / f64::from(met)).log2()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::Compared;
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
        let mut rows = vec![named("Siti"); 999];
        rows.push(named("Ketut"));
        let terms = Terms::count(&rows);
        let weight = |left: &str, right: &str| {
            Weights::starting().total(&Compared::of(&named(left), &named(right), &terms))
        };
        assert!(weight("Ketut", "Ketut") > weight("Siti", "Siti") + 5.0);
        // Another spelling of the common name is no rarer than the name.
        assert!(weight("Sitti", "Sity") < weight("Ketut", "Ketut"));
        // A word the registry has not is as rare as can be, and no error.
        assert!(weight("Wayan", "Wayan") >= weight("Ketut", "Ketut"));
    }
}
