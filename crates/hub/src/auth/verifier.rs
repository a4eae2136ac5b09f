//! Token checks: RFC 9068 access tokens, one algorithm per key, every claim required (RFC 8725; guarantees, rule 21).

use std::collections::HashMap;
use std::path::Path;

use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, JwkSet, KeyAlgorithm};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serasi_domain::id::FacilityId;
use serasi_geography::{RegionCode, atlas};
use serde::Deserialize;
use time::OffsetDateTime;

use super::caller::{Caller, Role};
use super::crypto;
use super::dev_issuer::{DEV_ISSUER, DEV_KEY_PREFIX};

/// Whom tokens must be for.
pub const AUDIENCE: &str = "serasi";
/// Type of an access token, RFC 9068 section 2.1.
const TOKEN_TYPE: &str = "at+jwt";
/// Clocks of issuer and hub may differ by this much, in seconds.
const LEEWAY_S: u64 = 30;
/// Longest life of a token, from `iat` to `exp`, in seconds; development tokens live longer.
const MAX_LIFE_S: u64 = 600;
const LONGEST_TOKEN: usize = 8 * 1024;
/// Longest `sub`, in bytes: it stands in keys.
const LONGEST_SUBJECT: usize = 255;

/// Checks tokens against the keys of one issuer.
#[derive(Clone)]
pub struct Verifier {
    issuer: String,
    keys: HashMap<String, (Algorithm, DecodingKey)>,
    max_life_s: Option<u64>,
}

/// Why a token is refused. The text never holds the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("no token: send `authorization: Bearer <token>`")]
    Missing,
    #[error("the token is malformed")]
    Malformed,
    #[error("the token is not an access token (typ must be at+jwt)")]
    WrongType,
    #[error("the token is signed with a key the hub does not know")]
    UnknownKey,
    #[error("the token's signature or claims are not valid, or it has expired")]
    Invalid,
    #[error("the token's claims are not usable: sub, roles, scope, and for a facility officer the facility")]
    Claims,
}

/// Why a set of keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeySetError {
    #[error("cannot read the key set {path}: {source}")]
    File { path: String, source: std::io::Error },
    #[error("the key set {path} is no JSON Web Key Set: {source}")]
    Form { path: String, source: serde_json::Error },
    #[error("the key set has no usable ES256 or EdDSA key with a `kid`")]
    Empty,
    #[error("the key set or issuer is the development one; production refuses it")]
    Development,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    iat: u64,
    exp: u64,
    #[expect(
        dead_code,
        reason = "required to be there; used when tokens can be revoked one by one"
    )]
    jti: String,
    serasi: SerasiClaim,
}

#[derive(Deserialize)]
struct SerasiClaim {
    roles: Vec<String>,
    scope: String,
    facility: Option<String>,
    system: Option<String>,
}

impl Verifier {
    /// The keys of a production issuer, from a file with its JWKS. Development keys are refused.
    pub fn from_file(issuer: &str, path: &Path) -> Result<Self, KeySetError> {
        let shown = || path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|source| KeySetError::File {
            path: shown(),
            source,
        })?;
        let keys: JwkSet = serde_json::from_str(&text).map_err(|source| KeySetError::Form {
            path: shown(),
            source,
        })?;
        let is_dev_key = |key: &Jwk| {
            key.common
                .key_id
                .as_deref()
                .is_some_and(|id| id.starts_with(DEV_KEY_PREFIX))
        };
        if issuer == DEV_ISSUER || keys.keys.iter().any(is_dev_key) {
            return Err(KeySetError::Development);
        }
        Self::new(issuer, &keys, Some(MAX_LIFE_S))
    }

    pub(super) fn new(issuer: &str, keys: &JwkSet, max_life_s: Option<u64>) -> Result<Self, KeySetError> {
        crypto::install();
        let keys: HashMap<_, _> = keys.keys.iter().filter_map(usable_key).collect();
        if keys.is_empty() {
            return Err(KeySetError::Empty);
        }
        Ok(Self {
            issuer: issuer.to_owned(),
            keys,
            max_life_s,
        })
    }

    /// The caller behind an `authorization` header.
    pub fn verify(&self, authorization: Option<&str>) -> Result<Caller, TokenError> {
        let token = authorization.and_then(bearer).ok_or(TokenError::Missing)?;
        if token.len() > LONGEST_TOKEN {
            return Err(TokenError::Malformed);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Malformed)?;
        let is_access_token = header.typ.as_deref().is_some_and(|typ| {
            let typ = typ.to_ascii_lowercase();
            typ == TOKEN_TYPE || typ.strip_prefix("application/") == Some(TOKEN_TYPE)
        });
        // RFC 7515 section 4.1.11: what a header calls critical and we do not know, we must refuse.
        if header.crit.is_some() {
            return Err(TokenError::Malformed);
        }
        if !is_access_token {
            return Err(TokenError::WrongType);
        }
        // Keys come from the pinned set alone: whatever jku, x5u or jwk a header brings is never looked at.
        let (algorithm, key) = header
            .kid
            .as_deref()
            .and_then(|kid| self.keys.get(kid))
            .ok_or(TokenError::UnknownKey)?;
        let data = jsonwebtoken::decode::<Claims>(token, key, &self.validation(*algorithm));
        let claims = data.map_err(|_| TokenError::Invalid)?.claims;
        let issued_later = claims.iat > jsonwebtoken::get_current_timestamp() + LEEWAY_S;
        let lives_too_long = self
            .max_life_s
            .is_some_and(|max| claims.exp.saturating_sub(claims.iat) > max);
        if issued_later || lives_too_long || claims.sub.is_empty() || claims.iss != self.issuer {
            return Err(TokenError::Invalid);
        }
        caller(claims)
    }

    fn validation(&self, algorithm: Algorithm) -> Validation {
        let mut validation = Validation::new(algorithm);
        validation.set_audience(&[AUDIENCE]);
        validation.set_issuer(&[&self.issuer]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.validate_nbf = true;
        validation.leeway = LEEWAY_S;
        validation
    }
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verifier")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

/// Key id, its one algorithm, and the key; `None` for keys of other kinds.
fn usable_key(key: &Jwk) -> Option<(String, (Algorithm, DecodingKey))> {
    let algorithm = match &key.algorithm {
        AlgorithmParameters::EllipticCurve(_) => (KeyAlgorithm::ES256, Algorithm::ES256),
        AlgorithmParameters::OctetKeyPair(_) => (KeyAlgorithm::EdDSA, Algorithm::EdDSA),
        // RSA and symmetric keys, and whatever else comes up: not ours.
        _ => return None,
    };
    if key.common.key_algorithm.is_some_and(|named| named != algorithm.0) {
        return None;
    }
    let decoding = DecodingKey::from_jwk(key).ok()?;
    Some((key.common.key_id.clone()?, (algorithm.1, decoding)))
}

fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token.trim())
}

fn caller(claims: Claims) -> Result<Caller, TokenError> {
    let roles: Vec<Role> = claims
        .serasi
        .roles
        .iter()
        .map(|role| role.parse())
        .collect::<Result<_, _>>()
        .map_err(|_: String| TokenError::Claims)?;
    let scope: RegionCode = claims.serasi.scope.parse().map_err(|_| TokenError::Claims)?;
    let is_region = scope == RegionCode::NATION || atlas().region(scope).is_some();
    let is_plain = claims.sub.len() <= LONGEST_SUBJECT && !claims.sub.chars().any(char::is_control);
    if !is_region || !is_plain {
        return Err(TokenError::Claims);
    }
    let facility: Option<FacilityId> = match claims.serasi.facility.as_deref() {
        None | Some("") => None,
        Some(id) => Some(id.parse().map_err(|_| TokenError::Claims)?),
    };
    let officer_without_facility = roles.contains(&Role::FacilityOfficer) && facility.is_none();
    if roles.is_empty() || officer_without_facility {
        return Err(TokenError::Claims);
    }
    let expires_at = i64::try_from(claims.exp).ok();
    let expires_at = expires_at.and_then(|end| OffsetDateTime::from_unix_timestamp(end).ok());
    Ok(Caller {
        principal: format!("{}#{}", claims.iss, claims.sub),
        roles,
        scope,
        facility,
        system: claims.serasi.system.filter(|system| !system.is_empty()),
        // A moment outside the calendar is not a token to take.
        expires_at: Some(expires_at.ok_or(TokenError::Claims)?),
    })
}
