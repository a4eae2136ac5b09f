//! What a person is found by: blind indexes of NIK and telephone, tokens of the name.

use serasi_domain::id::Regency;
use serasi_domain::person::{Nik, Person};
use uuid::Uuid;

use crate::seal::{BlindIndex, IndexKeys};

/// Tokens of one person; a long name says no more with more.
const MAX_TERMS: usize = 10;

/// One column each, for `UNNEST`.
#[derive(Clone, Debug, Default)]
pub(crate) struct IndexRows {
    pub(crate) values: Vec<Vec<u8>>,
    pub(crate) kinds: Vec<String>,
    pub(crate) value_versions: Vec<i32>,
    pub(crate) value_homes: Vec<String>,
    pub(crate) value_persons: Vec<Uuid>,
    pub(crate) tokens: Vec<i32>,
    pub(crate) token_versions: Vec<i32>,
    pub(crate) token_homes: Vec<String>,
    pub(crate) token_persons: Vec<Uuid>,
}

impl IndexRows {
    /// Under every version of the key: replicas that do not know the newest yet find the person all the same.
    pub(crate) fn add(
        &mut self,
        keys: &IndexKeys,
        home: Regency,
        id: Uuid,
        (person, terms): (&Person, &[String]),
    ) {
        if let Some(nik) = &person.nik {
            self.add_nik(keys, home, id, nik);
        }
        if let Some(phone) = &person.phone {
            self.add_values(home, id, keys.phone(phone));
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
            self.token_homes.push(home.to_string());
            self.token_persons.push(id);
        }
    }

    pub(crate) fn add_nik(&mut self, keys: &IndexKeys, home: Regency, id: Uuid, nik: &Nik) {
        self.add_values(home, id, keys.nik(nik));
    }

    pub(crate) fn append(&mut self, mut other: Self) {
        self.values.append(&mut other.values);
        self.kinds.append(&mut other.kinds);
        self.value_versions.append(&mut other.value_versions);
        self.value_homes.append(&mut other.value_homes);
        self.value_persons.append(&mut other.value_persons);
        self.tokens.append(&mut other.tokens);
        self.token_versions.append(&mut other.token_versions);
        self.token_homes.append(&mut other.token_homes);
        self.token_persons.append(&mut other.token_persons);
    }

    fn add_values(&mut self, home: Regency, id: Uuid, index: BlindIndex) {
        for (version, value) in index.values {
            self.values.push(value);
            self.kinds.push(index.kind.to_owned());
            self.value_versions.push(version);
            self.value_homes.push(home.to_string());
            self.value_persons.push(id);
        }
    }
}
