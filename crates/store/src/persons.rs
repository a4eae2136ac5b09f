//! Persons as they were reported: identity and contact sealed under keys of their own, found by blind indexes. What was
//! reported never changes; a NIK that is bound later is another record.

use serasi_domain::id::{CaseId, PersonId, Regency};
use serasi_domain::person::{Person, Phone};
use serasi_domain::privacy::DataClass;
use serasi_domain::text::Text;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::seal::{Cell, NewKey};
use crate::subject_keys::stale;
use crate::{Sealer, StoreError};

mod find;
pub(crate) mod index;
mod kept;

pub use find::{Candidate, by_nik, by_phone, candidates, cases_of};
pub use kept::{KeptPerson, get_many, of_case};

use index::IndexRows;

/// A person to be kept.
#[derive(Debug)]
pub struct NewPerson<'a> {
    pub id: PersonId,
    pub person: &'a Person,
    /// How the words of the name sound, with the year of birth: what linkage looks for.
    pub terms: Vec<String>,
}

/// How to reach somebody.
#[derive(Serialize, Deserialize)]
pub(crate) struct Contact {
    pub(crate) address: Option<Text<500>>,
    pub(crate) phone: Option<Phone>,
}

impl Contact {
    /// `None` = neither is known.
    pub(crate) fn of(person: &Person) -> Option<Self> {
        let contact = Self {
            address: person.address.clone(),
            phone: person.phone.clone(),
        };
        (contact.address.is_some() || contact.phone.is_some()).then_some(contact)
    }
}

/// Where the identity of a person is kept.
pub(crate) const fn identity_cell(home: Regency, person: Uuid) -> Cell {
    Cell {
        table: "persons",
        column: "content",
        row: person,
        home,
        subject: person,
        class: DataClass::Identity,
    }
}

/// Where their telephone and address are.
pub(crate) const fn contact_cell(home: Regency, person: Uuid) -> Cell {
    Cell {
        column: "contact",
        class: DataClass::Contact,
        ..identity_cell(home, person)
    }
}

/// One column each, for `UNNEST`.
#[derive(Default)]
pub(crate) struct KeyRows {
    pub(crate) subjects: Vec<Uuid>,
    pub(crate) classes: Vec<String>,
    pub(crate) ids: Vec<Uuid>,
    pub(crate) data_keys: Vec<Uuid>,
    pub(crate) wrapped: Vec<Vec<u8>>,
}

impl KeyRows {
    fn add(&mut self, cell: Cell, new: &NewKey) {
        self.subjects.push(cell.subject);
        self.classes.push(cell.class.code().to_owned());
        self.ids.push(new.key.id());
        self.data_keys.push(new.data_key_id);
        self.wrapped.push(new.wrapped.clone());
    }
}

/// The sealed columns of persons, and the keys they were sealed with.
#[derive(Default)]
pub(crate) struct SealedPersons {
    pub(crate) keys: KeyRows,
    pub(crate) contents: Vec<Vec<u8>>,
    pub(crate) contacts: Vec<Option<Vec<u8>>>,
}

impl SealedPersons {
    pub(crate) fn add(
        &mut self,
        sealer: &Sealer,
        home: Regency,
        id: Uuid,
        person: &Person,
    ) -> Result<(), StoreError> {
        let identity = Person {
            address: None,
            phone: None,
            ..person.clone()
        };
        let content = self.seal(sealer, identity_cell(home, id), &identity)?;
        self.contents.push(content);
        let contact = Contact::of(person)
            .map(|contact| self.seal(sealer, contact_cell(home, id), &contact))
            .transpose()?;
        self.contacts.push(contact);
        Ok(())
    }

    fn seal(&mut self, sealer: &Sealer, cell: Cell, value: &impl Serialize) -> Result<Vec<u8>, StoreError> {
        let new = sealer.new_key(cell.home, cell.subject, cell.class)?;
        self.keys.add(cell, &new);
        Ok(sealer.seal(cell, &new.key, value))
    }
}

/// Keeps the persons of a case, in order, with their keys and what they are found by: one statement.
pub async fn insert(
    conn: &mut PgConnection,
    sealer: &Sealer,
    case: CaseId,
    persons: &[NewPerson<'_>],
) -> Result<(), StoreError> {
    let home = case.home();
    let mut columns = SealedPersons::default();
    let mut rows = IndexRows::default();
    for new in persons {
        columns.add(sealer, home, new.id.uuid(), new.person)?;
        rows.add(sealer.index(), new.id.uuid(), new.person, &new.terms);
    }
    let SealedPersons {
        keys,
        contents,
        contacts,
    } = columns;
    let positions: Vec<i32> = (1..).take(persons.len()).collect();
    let ids: Vec<Uuid> = persons.iter().map(|new| new.id.uuid()).collect();
    let provisional: Vec<bool> = persons.iter().map(|new| new.person.nik.is_none()).collect();
    sqlx::query!(
        "WITH made AS (
             INSERT INTO subject_keys (region_code, subject_id, class, case_id, key_id, data_key_id, wrapped, created_at)
             SELECT $1, subject_id, class, $2, key_id, data_key_id, wrapped, now()
             FROM UNNEST($3::uuid[], $4::text[], $5::uuid[], $6::uuid[], $7::bytea[])
                 AS k (subject_id, class, key_id, data_key_id, wrapped)),
         named AS (
             INSERT INTO name_index (token, key_version, region_code, person_id)
             SELECT token, key_version, $1, person_id
             FROM UNNEST($8::int[], $9::int[], $10::uuid[]) AS n (token, key_version, person_id)),
         identified AS (
             INSERT INTO identity_index (blind_index, kind, key_version, region_code, person_id)
             SELECT blind_index, kind, key_version, $1, person_id
             FROM UNNEST($11::bytea[], $12::text[], $13::int[], $14::uuid[])
                 AS x (blind_index, kind, key_version, person_id))
         INSERT INTO persons (region_code, person_id, case_id, position, provisional, content, contact, index_version)
         SELECT $1, person_id, $2, position, provisional, content, contact, $20
         FROM UNNEST($15::uuid[], $16::int[], $17::bool[], $18::bytea[], $19::bytea[])
             AS p (person_id, position, provisional, content, contact)",
        home.to_string(),
        case.uuid(),
        &keys.subjects,
        &keys.classes,
        &keys.ids,
        &keys.data_keys,
        &keys.wrapped,
        &rows.tokens,
        &rows.token_versions,
        &rows.token_persons,
        &rows.values,
        &rows.kinds,
        &rows.value_versions,
        &rows.value_persons,
        &ids,
        &positions,
        &provisional,
        &contents,
        &contacts as &[Option<Vec<u8>>],
        sealer.index().newest()
    )
    .execute(conn)
    .await
    .map_err(|error| stale(home, error))?;
    Ok(())
}
