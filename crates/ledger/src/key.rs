//! Keys that sign the heads: Ed25519. A key file is one line: `ed25519 HEX` or, for a key that production refuses,
//! `ed25519-development HEX`; the hex of a private key is its PKCS#8 form, that of a public key its 32 bytes.

use std::fmt;
use std::str::FromStr;

use ring::rand::SystemRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use sha2::{Digest, Sha256};

use crate::hash::{bytes_of, hex_of};

const PRODUCTION: &str = "ed25519";
/// What the line of a development key begins with.
pub const DEVELOPMENT: &str = "ed25519-development";
const PUBLIC_LEN: usize = 32;
/// Bytes of the public key's digest that name it.
const ID_LEN: usize = 8;

/// Signs heads.
pub struct Signer {
    pair: Ed25519KeyPair,
    is_development: bool,
}

/// Checks heads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    bytes: Vec<u8>,
    is_development: bool,
}

/// Why a text is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be one line, `ed25519` and the key in hexadecimal digits, as `serasi audit key` writes it")]
pub struct InvalidKey;

impl Signer {
    /// A new private key, as the line of its file. `None` = the system gives no randomness.
    #[must_use]
    pub fn generate(is_development: bool) -> Option<String> {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).ok()?;
        Some(format!("{} {}\n", kind(is_development), hex_of(pkcs8.as_ref())))
    }

    #[must_use]
    pub const fn is_development(&self) -> bool {
        self.is_development
    }

    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey {
            bytes: self.pair.public_key().as_ref().to_vec(),
            is_development: self.is_development,
        }
    }

    pub(crate) fn sign(&self, content: &[u8]) -> Vec<u8> {
        self.pair.sign(content).as_ref().to_vec()
    }
}

impl FromStr for Signer {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (is_development, bytes) = read(text)?;
        let pair = Ed25519KeyPair::from_pkcs8(&bytes).map_err(|_| InvalidKey)?;
        Ok(Self { pair, is_development })
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.public().id())
    }
}

impl PublicKey {
    /// Names the key in heads.
    #[must_use]
    pub fn id(&self) -> String {
        let digest = Sha256::digest(&self.bytes);
        let short = hex_of(digest.get(..ID_LEN).unwrap_or_default());
        if self.is_development {
            format!("dev-{short}")
        } else {
            short
        }
    }

    pub(crate) fn verifies(&self, content: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.bytes)
            .verify(content, signature)
            .is_ok()
    }
}

impl FromStr for PublicKey {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (is_development, bytes) = read(text)?;
        if bytes.len() != PUBLIC_LEN {
            return Err(InvalidKey);
        }
        Ok(Self {
            bytes,
            is_development,
        })
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", kind(self.is_development), hex_of(&self.bytes))
    }
}

const fn kind(is_development: bool) -> &'static str {
    if is_development { DEVELOPMENT } else { PRODUCTION }
}

fn read(text: &str) -> Result<(bool, Vec<u8>), InvalidKey> {
    let (kind, hex) = text.trim().split_once(' ').ok_or(InvalidKey)?;
    let is_development = match kind {
        PRODUCTION => false,
        DEVELOPMENT => true,
        _ => return Err(InvalidKey),
    };
    let bytes = bytes_of(hex.trim()).ok_or(InvalidKey)?;
    Ok((is_development, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_read_back_what_they_write_and_say_what_they_are_for() {
        for is_development in [true, false] {
            let signer: Signer = Signer::generate(is_development).unwrap().parse().unwrap();
            assert_eq!(signer.is_development(), is_development);
            let public = signer.public();
            assert_eq!(public.to_string().parse::<PublicKey>(), Ok(public.clone()));
            assert_eq!(public.id().starts_with("dev-"), is_development);
            assert!(public.verifies(b"head", &signer.sign(b"head")));
            assert!(!public.verifies(b"heat", &signer.sign(b"head")));
            assert!(!format!("{signer:?}").contains(&hex_of(signer.pair.public_key().as_ref())));
        }
    }

    #[test]
    fn a_text_that_is_no_key_is_refused() {
        for text in ["", "ed25519", "ed25519 zz", "ed25519 00", "rsa 00", "ed25519 é"] {
            assert!(text.parse::<PublicKey>().is_err(), "{text}");
            assert!(text.parse::<Signer>().is_err(), "{text}");
        }
    }
}
