//! What a token says, with the type of each claim: a number in quotes is no number (RFC 8725 section 3.10).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serasi_domain::id::FacilityId;
use serasi_geography::{RegionCode, atlas};
use serde::{Deserialize, Deserializer};
use time::OffsetDateTime;

use super::caller::{Caller, Role};
use super::verifier::{Thumbprint, TokenError};

/// Longest `sub`, in bytes: it stands in keys.
const LONGEST_SUBJECT: usize = 255;

#[derive(Deserialize)]
pub(super) struct Claims {
    pub(super) iss: String,
    pub(super) sub: String,
    pub(super) iat: u64,
    pub(super) exp: u64,
    #[serde(default, deserialize_with = "given")]
    pub(super) nbf: Option<u64>,
    #[expect(
        dead_code,
        reason = "required to be there; used when tokens can be revoked one by one"
    )]
    jti: String,
    #[serde(default, deserialize_with = "given")]
    cnf: Option<Confirmation>,
    serasi: SerasiClaim,
}

/// RFC 7800: what the bearer must hold beside the token. A way that is not known here cannot be checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Confirmation {
    #[serde(rename = "x5t#S256")]
    certificate: String,
}

#[derive(Deserialize)]
struct SerasiClaim {
    roles: Vec<String>,
    scope: String,
    facility: Option<String>,
    system: Option<String>,
}

/// A claim that may be left out, but is not null when it is there.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(claim: D) -> Result<Option<T>, D::Error> {
    T::deserialize(claim).map(Some)
}

impl Claims {
    /// The certificate the token is bound to.
    pub(super) fn bound_to(&self) -> Result<Option<Thumbprint>, TokenError> {
        let Some(confirmation) = &self.cnf else {
            return Ok(None);
        };
        let digest = URL_SAFE_NO_PAD.decode(&confirmation.certificate);
        let digest: Option<[u8; 32]> = digest.ok().and_then(|digest| digest.try_into().ok());
        digest
            .map(|digest| Some(Thumbprint(digest)))
            .ok_or(TokenError::Invalid)
    }

    pub(super) fn caller(self) -> Result<Caller, TokenError> {
        let roles: Vec<Role> = self
            .serasi
            .roles
            .iter()
            .map(|role| role.parse())
            .collect::<Result<_, _>>()
            .map_err(|_: String| TokenError::Claims)?;
        let scope: RegionCode = self.serasi.scope.parse().map_err(|_| TokenError::Claims)?;
        let is_region = scope == RegionCode::NATION || atlas().region(scope).is_some();
        let is_plain = self.sub.len() <= LONGEST_SUBJECT && !self.sub.chars().any(char::is_control);
        if !is_region || !is_plain {
            return Err(TokenError::Claims);
        }
        let facility: Option<FacilityId> = match self.serasi.facility.as_deref() {
            None | Some("") => None,
            Some(id) => Some(id.parse().map_err(|_| TokenError::Claims)?),
        };
        let officer_without_facility = roles.contains(&Role::FacilityOfficer) && facility.is_none();
        if roles.is_empty() || officer_without_facility {
            return Err(TokenError::Claims);
        }
        let expires_at = i64::try_from(self.exp).map_err(|_| TokenError::Claims)?;
        let expires_at = OffsetDateTime::from_unix_timestamp(expires_at).map_err(|_| TokenError::Claims)?;
        Ok(Caller {
            principal: format!("{}#{}", self.iss, self.sub),
            roles,
            scope,
            facility,
            system: self.serasi.system.filter(|system| !system.is_empty()),
            expires_at: Some(expires_at),
        })
    }
}
