//! A token issuer for development and the demo. Its key and issuer name say what they are, and production refuses both.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serasi_geography::RegionCode;
use serasi_store::private_file;
use serde_json::json;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::verifier::{AUDIENCE, KeySetError};
use super::{Role, Verifier, crypto};

/// `iss` of development tokens.
pub const DEV_ISSUER: &str = "https://development.serasi.invalid";
/// Every development key id starts like this.
pub(super) const DEV_KEY_PREFIX: &str = "dev-";

/// Mints tokens with a key kept in the data directory.
pub struct DevIssuer {
    pkcs8: Vec<u8>,
    key_id: String,
    public: Vec<u8>,
}

/// What a token shall say.
#[derive(Clone, Debug)]
pub struct TokenRequest {
    pub subject: String,
    pub roles: Vec<Role>,
    pub scope: RegionCode,
    pub facility: Option<String>,
    pub system: Option<String>,
    pub lives: Duration,
}

/// Why the development key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DevIssuerError {
    #[error("cannot read or write the development key {path}: {source}")]
    File { path: String, source: std::io::Error },
    #[error("{0} holds no development key; remove it to have a new one made")]
    Form(String),
    #[error("the token could not be signed")]
    Signing,
}

impl DevIssuer {
    /// The issuer whose key is at `path`; made there, readable by its owner only, if there is none.
    pub fn open_or_create(path: &Path) -> Result<Self, DevIssuerError> {
        let file = |source| DevIssuerError::File {
            path: path.display().to_string(),
            source,
        };
        if !path.exists() {
            let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
                .map_err(|_| DevIssuerError::Signing)?;
            private_file::create(path, pkcs8.as_ref()).map_err(file)?;
        }
        let pkcs8 = std::fs::read(path).map_err(file)?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8, &SystemRandom::new())
            .map_err(|_| DevIssuerError::Form(path.display().to_string()))?;
        let public = pair.public_key().as_ref().to_vec();
        let digest = ring::digest::digest(&ring::digest::SHA256, &public);
        let short: String = digest
            .as_ref()
            .iter()
            .take(6)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Ok(Self {
            pkcs8,
            key_id: format!("{DEV_KEY_PREFIX}{short}"),
            public,
        })
    }

    /// A verifier for this issuer's tokens.
    pub fn verifier(&self) -> Result<Verifier, KeySetError> {
        let keys = serde_json::to_vec(&self.key_set()).expect("the set is well formed");
        Verifier::fixed(DEV_ISSUER, &keys)
    }

    /// The public key as a JSON Web Key Set.
    #[must_use]
    pub fn key_set(&self) -> JwkSet {
        // An uncompressed point: one byte 4, then x and y of 32 bytes.
        let coordinate =
            |from: usize| URL_SAFE_NO_PAD.encode(self.public.get(from..from + 32).unwrap_or_default());
        serde_json::from_value(json!({ "keys": [{
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.key_id,
            "x": coordinate(1), "y": coordinate(33),
        }]}))
        .expect("the set is well formed")
    }

    /// Signs a token; `id` becomes its `jti`.
    pub fn mint(
        &self,
        request: &TokenRequest,
        now: OffsetDateTime,
        id: Uuid,
    ) -> Result<String, DevIssuerError> {
        crypto::install();
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some("at+jwt".to_owned());
        header.kid = Some(self.key_id.clone());
        let claims = json!({
            "iss": DEV_ISSUER,
            "aud": AUDIENCE,
            "sub": request.subject,
            "iat": now.unix_timestamp(),
            "exp": (now + request.lives).unix_timestamp(),
            "jti": id.to_string(),
            "serasi": {
                "roles": request.roles.iter().map(|role| role.code()).collect::<Vec<_>>(),
                "scope": request.scope.to_string(),
                "facility": request.facility,
                "system": request.system,
            },
        });
        jsonwebtoken::encode(&header, &claims, &EncodingKey::from_ec_der(&self.pkcs8))
            .map_err(|_| DevIssuerError::Signing)
    }
}

impl std::fmt::Debug for DevIssuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DevIssuer")
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}
