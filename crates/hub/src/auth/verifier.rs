//! Token checks: RFC 9068 access tokens, one algorithm per key, every claim required (RFC 8725; guarantees, rule 21).
//! No database is asked, and no key that a token brings with it is looked at.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jsonwebtoken::Header;
use time::OffsetDateTime;
use tokio::sync::{Mutex, Semaphore};
use tokio::time::Instant;

use super::caller::Caller;
use super::claims::Claims;
use super::crypto;
use super::dev_issuer::DEV_ISSUER;
use super::key_source::KeySource;
use super::keys::{KeySet, TokenDigest};

/// Whom tokens must be for.
pub const AUDIENCE: &str = "serasi";
/// Type of an access token, RFC 9068 section 2.1.
const TOKEN_TYPE: &str = "at+jwt";
/// Clocks of issuer and hub may differ by this much, in seconds.
const LEEWAY_S: u64 = 30;
/// Longest life of a token, from `iat` to `exp`, in seconds; development tokens live longer.
const MAX_LIFE_S: u64 = 600;
const LONGEST_TOKEN: usize = 8 * 1024;
/// Keys that could not be read again for so long are no longer trusted: the issuer may have revoked them since.
const MAX_KEY_AGE: Duration = Duration::from_hours(24);
/// An unknown key id makes the hub ask the issuer at most so often, whoever invents key ids.
const UNKNOWN_KEY_PAUSE: Duration = Duration::from_secs(10);
/// Calls that may wait for such a look at the same time.
const MAX_WAITING: usize = 64;

/// SHA-256 of a client certificate, RFC 8705 section 3.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thumbprint(pub [u8; 32]);

impl Thumbprint {
    /// That of a certificate in DER.
    #[must_use]
    pub fn of(certificate: &[u8]) -> Self {
        Self(sha256(certificate))
    }
}

/// Checks tokens against the keys of one issuer.
pub struct Verifier {
    issuer: String,
    source: Option<KeySource>,
    max_life_s: Option<u64>,
    known: RwLock<Known>,
    /// One look at a time, or an older answer could replace a newer one. When the last look for an unknown key was.
    looking: Mutex<Option<Instant>>,
    waiting: Semaphore,
}

struct Known {
    keys: Arc<KeySet>,
    /// Tells a set that changed from one that was only read again.
    fingerprint: [u8; 32],
    read_at: Instant,
}

/// What a token that was checked says.
#[derive(Clone)]
pub(super) struct Verified {
    pub(super) caller: Arc<Caller>,
    /// Seconds since 1970.
    pub(super) expires: u64,
    /// The certificate it is bound to.
    pub(super) bound_to: Option<Thumbprint>,
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
    #[error("the token is bound to a client certificate, and this connection came without it")]
    OtherCertificate,
    #[error("the issuer's keys could not be read for a day; no token can be checked")]
    StaleKeys,
}

/// Why a set of keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeySetError {
    #[error("the key set cannot be read from {address}: {why}")]
    Address { address: String, why: String },
    #[error("cannot read the key set {origin}: {why}")]
    Unreadable { origin: String, why: String },
    #[error("the key set {origin} is no JSON Web Key Set: {source}")]
    Form {
        origin: String,
        source: serde_json::Error,
    },
    #[error("the key set {0} has no usable ES256 or EdDSA key with a `kid`")]
    Empty(String),
    #[error("the key set or issuer is the development one; production refuses it")]
    Development,
}

impl Verifier {
    /// The keys of a production issuer, read now and again and again. Development keys are refused.
    pub async fn open(issuer: &str, source: KeySource) -> Result<Self, KeySetError> {
        if issuer == DEV_ISSUER {
            return Err(KeySetError::Development);
        }
        let text = source.read().await?;
        let keys = KeySet::parse(&text, issuer, &source.origin(), true)?;
        Ok(Self::new(issuer, (&text, keys), Some(source)))
    }

    /// A set that never changes: the development issuer's own.
    pub(super) fn fixed(issuer: &str, text: &[u8]) -> Result<Self, KeySetError> {
        let keys = KeySet::parse(text, issuer, "of development", false)?;
        Ok(Self::new(issuer, (text, keys), None))
    }

    fn new(issuer: &str, (text, keys): (&[u8], KeySet), source: Option<KeySource>) -> Self {
        crypto::install();
        Self {
            issuer: issuer.to_owned(),
            max_life_s: source.as_ref().map(|_| MAX_LIFE_S),
            source,
            known: RwLock::new(Known {
                keys: Arc::new(keys),
                fingerprint: sha256(text),
                read_at: Instant::now(),
            }),
            looking: Mutex::new(None),
            waiting: Semaphore::new(MAX_WAITING),
        }
    }

    /// The caller behind an `authorization` header, on a connection with this client certificate.
    pub fn verify(
        &self,
        authorization: Option<&str>,
        certificate: Option<Thumbprint>,
        now: OffsetDateTime,
    ) -> Result<Arc<Caller>, TokenError> {
        let token = authorization.and_then(bearer).ok_or(TokenError::Missing)?;
        if token.len() > LONGEST_TOKEN {
            return Err(TokenError::Malformed);
        }
        let keys = self.trusted_keys()?;
        let now = u64::try_from(now.unix_timestamp()).unwrap_or(0);
        let digest: TokenDigest = sha256(token.as_bytes());
        let known = keys
            .verified
            .get(&digest)
            .filter(|known| now <= known.expires.saturating_add(LEEWAY_S));
        let verified = if let Some(verified) = known {
            verified
        } else {
            let verified = self.check(token, &keys, now)?;
            keys.verified.insert(digest, verified.clone());
            verified
        };
        if verified.bound_to.is_some() && verified.bound_to != certificate {
            return Err(TokenError::OtherCertificate);
        }
        Ok(verified.caller)
    }

    fn check(&self, token: &str, keys: &KeySet, now: u64) -> Result<Verified, TokenError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Malformed)?;
        check_header(&header)?;
        let key = header
            .kid
            .as_deref()
            .and_then(|kid| keys.find(kid))
            .ok_or(TokenError::UnknownKey)?;
        let data = jsonwebtoken::decode::<Claims>(token, &key.key, &key.validation);
        let claims = data.map_err(|_| TokenError::Invalid)?.claims;
        let has_expired = now > claims.exp.saturating_add(LEEWAY_S);
        let soonest = now + LEEWAY_S;
        let is_early = claims.iat > soonest || claims.nbf.is_some_and(|nbf| nbf > soonest);
        let life = claims.exp.checked_sub(claims.iat).ok_or(TokenError::Invalid)?;
        let lives_too_long = self.max_life_s.is_some_and(|max| life > max);
        if has_expired || is_early || lives_too_long || claims.sub.is_empty() || claims.iss != self.issuer {
            return Err(TokenError::Invalid);
        }
        Ok(Verified {
            expires: claims.exp,
            bound_to: claims.bound_to()?,
            caller: Arc::new(claims.caller()?),
        })
    }

    fn trusted_keys(&self) -> Result<Arc<KeySet>, TokenError> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if self.source.is_some() && known.read_at.elapsed() > MAX_KEY_AGE {
            return Err(TokenError::StaleKeys);
        }
        Ok(Arc::clone(&known.keys))
    }

    /// How often the keys are to be read again; `None` = they never change.
    pub(crate) fn every(&self) -> Option<Duration> {
        self.source.as_ref().map(KeySource::every)
    }

    /// Reads the keys again. What was known stays if that fails.
    pub(crate) async fn refresh(&self) {
        let _one_at_a_time = self.looking.lock().await;
        self.read_again().await;
    }

    async fn read_again(&self) {
        let Some(source) = &self.source else { return };
        let read = source.read().await.and_then(|text| {
            let fingerprint = sha256(&text);
            let changed = fingerprint != self.known_fingerprint();
            let keys = changed.then(|| KeySet::parse(&text, &self.issuer, &source.origin(), true));
            Ok((fingerprint, keys.transpose()?))
        });
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        match read {
            Ok((fingerprint, keys)) => {
                known.read_at = Instant::now();
                if let Some(keys) = keys {
                    tracing::info!("the issuer's keys have changed; every token is checked anew");
                    known.keys = Arc::new(keys);
                    known.fingerprint = fingerprint;
                }
            }
            Err(error) => tracing::warn!(
                error = %error,
                age_minutes = known.read_at.elapsed().as_secs() / 60,
                "the issuer's keys cannot be read; the last ones count until they are a day old"
            ),
        }
    }

    /// Looks for a key that a token names and nobody knows, unless somebody just did.
    pub(crate) async fn look_for_key(&self) {
        let Ok(_place) = self.waiting.try_acquire() else {
            return;
        };
        let mut last = self.looking.lock().await;
        if self.source.is_some() && last.is_none_or(|last| last.elapsed() >= UNKNOWN_KEY_PAUSE) {
            self.read_again().await;
            *last = Some(Instant::now());
        }
    }

    fn known_fingerprint(&self) -> [u8; 32] {
        self.known
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .fingerprint
    }
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verifier")
            .field("issuer", &self.issuer)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

fn check_header(header: &Header) -> Result<(), TokenError> {
    // RFC 7515 section 4.1.11: what a header calls critical and we do not know, we must refuse. Keys come from the
    // pinned set alone: whoever sends one along, or says where one is, has no business here. Nothing is encrypted or
    // compressed.
    let brings_key =
        header.jku.is_some() || header.jwk.is_some() || header.x5u.is_some() || header.x5c.is_some();
    let is_packed = header.enc.is_some() || header.zip.is_some() || header.cty.is_some();
    if header.crit.is_some() || brings_key || is_packed {
        return Err(TokenError::Malformed);
    }
    let is_access_token = header.typ.as_deref().is_some_and(|typ| {
        let typ = typ.to_ascii_lowercase();
        typ.strip_prefix("application/").unwrap_or(&typ) == TOKEN_TYPE
    });
    if is_access_token {
        Ok(())
    } else {
        Err(TokenError::WrongType)
    }
}

fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token.trim())
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    digest.as_ref().try_into().expect("SHA-256 has 32 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn keys_that_could_not_be_read_for_a_day_are_no_longer_trusted_and_count_again_when_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("jwks.json");
        let keys = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k",
            "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
        std::fs::write(&file, keys).unwrap();
        let source = KeySource::new(file.to_str().unwrap(), Duration::from_mins(5), None).unwrap();
        let verifier = Verifier::open("https://sso.uji.example", source).await.unwrap();
        let verify = || verifier.verify(Some("Bearer x"), None, OffsetDateTime::UNIX_EPOCH);
        assert_eq!(verify().unwrap_err(), TokenError::Malformed);

        std::fs::remove_file(&file).unwrap();
        tokio::time::advance(MAX_KEY_AGE).await;
        verifier.refresh().await;
        assert_eq!(
            verify().unwrap_err(),
            TokenError::Malformed,
            "the last keys still count"
        );
        tokio::time::advance(Duration::from_secs(1)).await;
        verifier.refresh().await;
        assert_eq!(verify().unwrap_err(), TokenError::StaleKeys);

        std::fs::write(&file, keys).unwrap();
        verifier.refresh().await;
        assert_eq!(verify().unwrap_err(), TokenError::Malformed);
    }

    #[test]
    fn the_development_keys_never_change_and_have_no_age() {
        let folder = tempfile::tempdir().unwrap();
        let issuer = crate::auth::DevIssuer::open_or_create(&folder.path().join("key")).unwrap();
        assert_eq!(issuer.verifier().unwrap().every(), None);
    }
}
