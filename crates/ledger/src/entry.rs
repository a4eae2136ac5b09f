//! One act on record, and the bytes of it that are hashed. Ids and verbs only: no name, NIK, address or story is ever
//! in here, so that nothing has to be taken out of the log when a person's data are erased.

use serasi_domain::id::Regency;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::hash::Hash;
use crate::moment;

/// Who did or looked at what, and when. The order of the fields is the order of the bytes; it never changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Home of the subject, and whose tree holds the entry.
    pub region: Regency,
    pub id: Uuid,
    /// Time of the database when the act's transaction began.
    #[serde(with = "moment")]
    pub at: OffsetDateTime,
    /// Issuer and subject of the caller's token, or the name of a job.
    pub principal: String,
    pub roles: Vec<String>,
    pub verb: String,
    /// Id of what was read or changed.
    pub subject: String,
    pub request: Option<Uuid>,
}

impl Entry {
    /// The leaf: JSON without spaces, fields in the order above, times in UTC with six decimals.
    #[must_use]
    pub fn to_leaf(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("an entry is plain data")
    }

    /// SHA-256 of a zero byte and the leaf.
    #[must_use]
    pub fn hash(&self) -> Hash {
        Hash::of_leaf(&self.to_leaf())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use time::macros::datetime;

    use super::*;

    pub(crate) fn entry(number: u64) -> Entry {
        Entry {
            region: "32.73".parse().ok().and_then(Regency::of).unwrap(),
            id: Uuid::from_u128(u128::from(number)),
            at: datetime!(2026-11-22 03:00:00.000_001 UTC) + time::Duration::seconds(number.cast_signed()),
            principal: "https://issuer.invalid|worker".to_owned(),
            roles: vec!["social_worker".to_owned()],
            verb: "GetCase".to_owned(),
            subject: "3273-01933b5c-7a3e-7c3a-9d55-0242ac120002".to_owned(),
            request: None,
        }
    }

    #[test]
    fn the_bytes_of_a_leaf_are_these_for_ever() {
        let leaf = r#"{"region":"32.73","id":"00000000-0000-0000-0000-000000000007","at":"2026-11-22T03:00:07.000001Z","principal":"https://issuer.invalid|worker","roles":["social_worker"],"verb":"GetCase","subject":"3273-01933b5c-7a3e-7c3a-9d55-0242ac120002","request":null}"#;
        assert_eq!(String::from_utf8(entry(7).to_leaf()).unwrap(), leaf);
        assert_eq!(serde_json::from_str::<Entry>(leaf).unwrap(), entry(7));
    }
}
