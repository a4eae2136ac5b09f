//! The keys of one issuer: which of a JSON Web Key Set can be used, and the tokens already verified with them.

use std::collections::HashMap;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use quick_cache::sync::Cache;
use serde::Deserialize;

use super::dev_issuer::DEV_KEY_PREFIX;
use super::verifier::{AUDIENCE, KeySetError, Verified};

/// Verified tokens that are remembered; the least used give way.
const REMEMBERED_TOKENS: usize = 10_000;
/// Keys of one issuer: the present one, the next one, and some room.
const MAX_KEYS: usize = 64;

/// SHA-256 of a token.
pub(super) type TokenDigest = [u8; 32];

/// The usable keys of one JSON Web Key Set. It carries the tokens verified with them, so that a key that is gone takes
/// its tokens with it.
pub(super) struct KeySet {
    keys: HashMap<String, VerifyingKey>,
    pub(super) verified: Cache<TokenDigest, Verified>,
}

/// A key and all that a token signed with it must say.
pub(super) struct VerifyingKey {
    pub(super) key: DecodingKey,
    pub(super) validation: Validation,
}

/// Each key is read by itself: one of a kind that we do not know must not hide the others (RFC 7517 section 5).
#[derive(Deserialize)]
struct Document {
    keys: Vec<serde_json::Value>,
}

impl KeySet {
    /// Reads a set as the issuer publishes it. `origin` is for the error; in production, development keys are refused.
    pub(super) fn parse(
        text: &[u8],
        issuer: &str,
        origin: &str,
        is_production: bool,
    ) -> Result<Self, KeySetError> {
        let document: Document = serde_json::from_slice(text).map_err(|source| KeySetError::Form {
            origin: origin.to_owned(),
            source,
        })?;
        let keys: Vec<Jwk> = document
            .keys
            .into_iter()
            .take(MAX_KEYS)
            .filter_map(|key| serde_json::from_value(key).ok())
            .collect();
        if is_production && keys.iter().any(is_development) {
            return Err(KeySetError::Development);
        }
        let keys: HashMap<_, _> = keys.iter().filter_map(|key| usable(key, issuer)).collect();
        if keys.is_empty() {
            return Err(KeySetError::Empty(origin.to_owned()));
        }
        Ok(Self {
            keys,
            verified: Cache::new(REMEMBERED_TOKENS),
        })
    }

    pub(super) fn find(&self, key_id: &str) -> Option<&VerifyingKey> {
        self.keys.get(key_id)
    }
}

fn is_development(key: &Jwk) -> bool {
    let id = key.common.key_id.as_deref();
    id.is_some_and(|id| id.starts_with(DEV_KEY_PREFIX))
}

/// Key id and key; `None` for keys of other kinds or for other uses. Each key has one algorithm, whatever a token says.
fn usable(key: &Jwk, issuer: &str) -> Option<(String, VerifyingKey)> {
    let (named, algorithm) = match &key.algorithm {
        AlgorithmParameters::EllipticCurve(ec) if ec.curve == EllipticCurve::P256 => {
            (KeyAlgorithm::ES256, Algorithm::ES256)
        }
        AlgorithmParameters::OctetKeyPair(okp) if okp.curve == EllipticCurve::Ed25519 => {
            (KeyAlgorithm::EdDSA, Algorithm::EdDSA)
        }
        // RSA and symmetric keys, other curves, and whatever else comes up: not ours.
        _ => return None,
    };
    let common = &key.common;
    let is_for_signatures = matches!(common.public_key_use, None | Some(PublicKeyUse::Signature));
    if common.key_algorithm.is_some_and(|own| own != named) || !is_for_signatures {
        return None;
    }
    let mut validation = Validation::new(algorithm);
    validation.set_audience(&[AUDIENCE]);
    validation.set_issuer(&[issuer]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    // The verifier compares the times itself, with the clock of the hub and not the machine's.
    validation.validate_exp = false;
    let key = VerifyingKey {
        key: DecodingKey::from_jwk(key).ok()?,
        validation,
    };
    Some((common.key_id.clone()?, key))
}
