//! The head of a tree: how many leaves, and the hash over all of them. Signed, it pins every entry before it.

use serasi_domain::id::Regency;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::hash::{Hash, bytes_of, hex_of};
use crate::key::{PublicKey, Signer};
use crate::moment;

/// A tree as it was at one moment. The order of the fields is the order of the signed bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    pub region: Regency,
    /// Number of leaves.
    pub size: u64,
    pub root: Hash,
    /// Time of the database when it was signed.
    #[serde(with = "moment")]
    pub at: OffsetDateTime,
    /// Name of the key.
    pub key: String,
}

/// A head and its Ed25519 signature over the head's JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedHead {
    #[serde(flatten)]
    pub head: Head,
    /// Hexadecimal digits.
    pub signature: String,
}

impl SignedHead {
    /// Signs; `key` of the head becomes the signer's.
    #[must_use]
    pub fn sign(mut head: Head, signer: &Signer) -> Self {
        head.key = signer.public().id();
        let signature = hex_of(&signer.sign(&head.to_signed_bytes()));
        Self { head, signature }
    }

    /// Whether one of the keys signed it.
    #[must_use]
    pub fn is_signed_by(&self, keys: &[PublicKey]) -> bool {
        let Some(signature) = bytes_of(&self.signature) else {
            return false;
        };
        let content = self.head.to_signed_bytes();
        keys.iter()
            .filter(|key| key.id() == self.head.key)
            .any(|key| key.verifies(&content, &signature))
    }
}

impl Head {
    fn to_signed_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a head is plain data")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::tests::entry;

    #[test]
    fn a_signature_holds_for_these_bytes_and_this_key_only() {
        let signer: Signer = Signer::generate(true).unwrap().parse().unwrap();
        let other: Signer = Signer::generate(true).unwrap().parse().unwrap();
        let head = Head {
            region: entry(0).region,
            size: 7,
            root: entry(0).hash(),
            at: entry(0).at,
            key: String::new(),
        };
        let sealed = SignedHead::sign(head, &signer);
        let line = serde_json::to_string(&sealed).unwrap();
        assert_eq!(serde_json::from_str::<SignedHead>(&line).unwrap(), sealed);
        assert!(sealed.is_signed_by(&[other.public(), signer.public()]));
        assert!(!sealed.is_signed_by(&[other.public()]));
        let mut altered = sealed.clone();
        altered.head.size = 8;
        assert!(!altered.is_signed_by(&[signer.public()]));
        let mut altered = sealed;
        altered.signature.push('0');
        assert!(!altered.is_signed_by(&[signer.public()]));
    }
}
