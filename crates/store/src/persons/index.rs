//! What a person is found by: blind indexes of NIK and telephone, tokens of the name.

use serasi_domain::person::{Nik, Person};
use uuid::Uuid;

use crate::seal::{BlindIndex, IndexKeys};

/// Tokens of one person; a long name says no more with more.
const MAX_TERMS: usize = 10;

/// One column each, for `UNNEST`.
#[derive(Default)]
pub(crate) struct IndexRows {
    pub(crate) values: Vec<Vec<u8>>,
    pub(crate) kinds: Vec<String>,
    pub(crate) value_versions: Vec<i32>,
    pub(crate) value_persons: Vec<Uuid>,
    pub(crate) tokens: Vec<i32>,
    pub(crate) token_versions: Vec<i32>,
    pub(crate) token_persons: Vec<Uuid>,
}

impl IndexRows {
    /// Under every version of the key: replicas that do not know the newest yet find the person all the same.
    pub(crate) fn add(&mut self, keys: &IndexKeys, id: Uuid, person: &Person, terms: &[String]) {
        if let Some(nik) = &person.nik {
            self.add_nik(keys, id, nik);
        }
        if let Some(phone) = &person.phone {
            self.add_values(id, keys.phone(phone));
        }
        let mut tokens: Vec<(i32, i32)> = terms
            .iter()
            .take(MAX_TERMS)
            .flat_map(|term| keys.tokens(term))
            .collect();
        // Two terms may have one token.
        tokens.sort_unstable();
        tokens.dedup();
        for (version, token) in tokens {
            self.tokens.push(token);
            self.token_versions.push(version);
            self.token_persons.push(id);
        }
    }

    pub(crate) fn add_nik(&mut self, keys: &IndexKeys, id: Uuid, nik: &Nik) {
        self.add_values(id, keys.nik(nik));
    }

    fn add_values(&mut self, id: Uuid, index: BlindIndex) {
        for (version, value) in index.values {
            self.values.push(value);
            self.kinds.push(index.kind.to_owned());
            self.value_versions.push(version);
            self.value_persons.push(id);
        }
    }
}
