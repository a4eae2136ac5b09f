//! Keys of the blind indexes: HMAC-SHA-256 makes of a NIK, a telephone number or the sound of a name a value that only
//! the holder of the key can make again. All versions are written and looked for; the key is never in the database.

use std::fmt;

use ring::hmac;
use serasi_domain::person::{Nik, Phone};
use serasi_domain::public_code::PublicCode;

use super::KeyError;
use super::key_file::KeyFile;

/// Of an HMAC, for what must be exact: no two people share one by chance.
const EXACT_BYTES: usize = 16;
/// Of an HMAC, for a word of a name. So few that each value stands for several names and years: whoever counts tokens
/// in a stolen database learns less of which are frequent. Fewer would make candidates of strangers.
const TOKEN_BITS: u32 = 18;
/// What is made of a fixed text tells whether a key is the one it was.
const CHECK: &str = "check|serasi";

/// The versions of the index key.
pub struct IndexKeys(Vec<(i32, hmac::Key)>);

/// A NIK or telephone number as it is looked up, once for each version of the key.
pub(crate) struct BlindIndex {
    pub(crate) kind: &'static str,
    pub(crate) values: Vec<(i32, Vec<u8>)>,
}

impl From<&KeyFile> for IndexKeys {
    fn from(file: &KeyFile) -> Self {
        let keys = file.versions().map(|(version, key)| {
            let version = i32::try_from(version).unwrap_or(i32::MAX);
            (version, hmac::Key::new(hmac::HMAC_SHA256, key.bytes()))
        });
        Self(keys.collect())
    }
}

impl IndexKeys {
    /// For commands that index nobody.
    pub(super) const fn none() -> Self {
        Self(vec![])
    }

    pub(crate) fn newest(&self) -> i32 {
        self.0.last().map_or(0, |(version, _)| *version)
    }

    pub(crate) fn nik(&self, nik: &Nik) -> BlindIndex {
        self.exact("nik", nik.as_str())
    }

    pub(crate) fn phone(&self, phone: &Phone) -> BlindIndex {
        self.exact("phone", &phone.canonical())
    }

    pub(crate) fn public_code(&self, code: PublicCode) -> BlindIndex {
        self.exact("public_code", &code.canonical())
    }

    fn exact(&self, kind: &'static str, value: &str) -> BlindIndex {
        let text = format!("{kind}|{value}");
        let values = self.0.iter().map(|(version, key)| {
            let tag = hmac::sign(key, text.as_bytes());
            (*version, tag.as_ref().iter().copied().take(EXACT_BYTES).collect())
        });
        BlindIndex {
            kind,
            values: values.collect(),
        }
    }

    /// Tokens of a search term, each with the version of its key.
    pub(crate) fn tokens<'a>(&'a self, term: &'a str) -> impl Iterator<Item = (i32, i32)> + 'a {
        let text = format!("name|{term}");
        self.0.iter().map(move |(version, key)| {
            let tag = hmac::sign(key, text.as_bytes());
            let head = tag.as_ref().iter().take(4);
            let head = head.fold(0_u32, |head, byte| head << 8 | u32::from(*byte));
            let token = i32::try_from(head >> (u32::BITS - TOKEN_BITS)).unwrap_or(0);
            (*version, token)
        })
    }

    pub(super) fn check_values(&self) -> Vec<(i32, Vec<u8>)> {
        self.exact("check", CHECK).values
    }

    /// `kept` are the check values of the database: a key with another one would find nobody.
    pub(super) fn compare(&self, kept: &[(i32, Vec<u8>)]) -> Result<(), KeyError> {
        let own = self.check_values();
        let wrong = kept
            .iter()
            .find(|(version, value)| own.iter().any(|(own, made)| own == version && made != value));
        if let Some((version, _)) = wrong {
            return Err(KeyError::WrongIndexKey(*version));
        }
        let newest = kept.iter().map(|(version, _)| *version).max();
        match newest.filter(|newest| !own.iter().any(|(version, _)| version == newest)) {
            Some(missing) => Err(KeyError::IndexKeyMissing(missing)),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for IndexKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IndexKeys(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(versions: &[(i32, u8)]) -> IndexKeys {
        let key = |byte| hmac::Key::new(hmac::HMAC_SHA256, &[byte; 32]);
        IndexKeys(
            versions
                .iter()
                .map(|(version, byte)| (*version, key(*byte)))
                .collect(),
        )
    }

    #[test]
    fn one_telephone_has_one_index_and_a_nik_of_the_same_digits_another() {
        let keys = keys(&[(1, 7)]);
        let phone = |text: &str| keys.phone(&text.parse().unwrap()).values;
        assert_eq!(phone("081200000001"), phone("+62 812 0000 0001"));
        assert_ne!(phone("081200000001"), phone("081200000002"));
        let digits = "3273014107900001";
        let nik = keys.nik(&digits.parse().unwrap()).values;
        assert_ne!(nik, keys.exact("phone", digits).values);
        assert_eq!(nik[0].1.len(), EXACT_BYTES);
    }

    #[test]
    fn every_version_makes_another_value_and_tokens_are_short() {
        let keys = keys(&[(1, 7), (2, 8)]);
        let values = keys.nik(&"3273014107900001".parse().unwrap()).values;
        assert_ne!(values[0].1, values[1].1);
        let tokens: Vec<_> = keys.tokens("siti|1990").collect();
        assert!(
            tokens
                .iter()
                .all(|(_, token)| (0..1 << TOKEN_BITS).contains(token))
        );
        assert_ne!(tokens[0].1, tokens[1].1);
        assert_eq!(keys.newest(), 2);
    }

    #[test]
    fn a_key_that_is_not_the_one_it_was_is_told() {
        let kept = keys(&[(1, 7), (2, 8)]).check_values();
        assert!(keys(&[(1, 7), (2, 8), (3, 9)]).compare(&kept).is_ok());
        assert!(
            keys(&[(2, 8)]).compare(&kept).is_ok(),
            "version 1 has served its time"
        );
        assert!(matches!(
            keys(&[(1, 7), (2, 1)]).compare(&kept),
            Err(KeyError::WrongIndexKey(2))
        ));
        assert!(matches!(
            keys(&[(1, 7)]).compare(&kept),
            Err(KeyError::IndexKeyMissing(2))
        ));
    }
}
