//! Thirty-two secret bytes, wiped when they are no longer needed, and AES-256-GCM with them. (What ring expands them to
//! for the moment of a call is ring's, and is not wiped.)

use std::fmt;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use super::KeyError;

pub(super) const SECRET_LEN: usize = 32;

#[derive(Clone)]
pub(super) struct Secret(Zeroizing<[u8; SECRET_LEN]>);

impl Secret {
    pub(super) fn random(random: &SystemRandom) -> Result<Self, KeyError> {
        let mut bytes = Zeroizing::new([0; SECRET_LEN]);
        random
            .fill(bytes.as_mut_slice())
            .map_err(|_| KeyError::NoRandomness)?;
        Ok(Self(bytes))
    }

    pub(super) fn from_slice(bytes: &[u8]) -> Option<Self> {
        Some(Self(Zeroizing::new(bytes.try_into().ok()?)))
    }

    /// Reads 64 hex digits.
    pub(super) fn from_hex(hex: &str) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; SECRET_LEN]);
        if hex.len() != 2 * SECRET_LEN || !hex.is_ascii() {
            return None;
        }
        for (position, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(hex.get(2 * position..2 * position + 2)?, 16).ok()?;
        }
        Some(Self(bytes))
    }

    pub(super) fn to_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(self.0.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// Nonce, then ciphertext with tag. `context` must be the same to open.
    pub(super) fn seal(&self, random: &SystemRandom, context: &str, mut plain: Vec<u8>) -> Vec<u8> {
        let mut nonce = [0; NONCE_LEN];
        random
            .fill(&mut nonce)
            .expect("a running system gives randomness");
        self.cipher()
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(context),
                &mut plain,
            )
            .expect("contents are far below the limit of the algorithm");
        let mut sealed = Vec::with_capacity(NONCE_LEN + plain.len());
        sealed.extend_from_slice(&nonce);
        sealed.append(&mut plain);
        sealed
    }

    /// `None` = another key, another context, or altered bytes.
    pub(super) fn open(&self, context: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, ciphertext) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut plain = Zeroizing::new(ciphertext.to_vec());
        let length = self
            .cipher()
            .open_in_place(nonce, Aad::from(context), &mut plain)
            .ok()?
            .len();
        plain.truncate(length);
        Some(plain)
    }

    fn cipher(&self) -> LessSafeKey {
        let key = UnboundKey::new(&AES_256_GCM, self.bytes());
        LessSafeKey::new(key.expect("the key has the length of the algorithm"))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}
