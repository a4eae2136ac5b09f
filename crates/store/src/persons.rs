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

/// Subjects' keys to be kept: one column each.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeyRows {
    pub(crate) homes: Vec<String>,
    pub(crate) cases: Vec<Uuid>,
    pub(crate) subjects: Vec<Uuid>,
    pub(crate) classes: Vec<String>,
    pub(crate) ids: Vec<Uuid>,
    pub(crate) data_keys: Vec<Uuid>,
    pub(crate) wrapped: Vec<Vec<u8>>,
}

impl KeyRows {
    pub(crate) fn add(&mut self, case: CaseId, cell: Cell, new: &NewKey) {
        self.homes.push(cell.home.to_string());
        self.cases.push(case.uuid());
        self.subjects.push(cell.subject);
        self.classes.push(cell.class.code().to_owned());
        self.ids.push(new.key.id());
        self.data_keys.push(new.data_key_id);
        self.wrapped.push(new.wrapped.clone());
    }

    pub(crate) fn append(&mut self, mut other: Self) {
        self.homes.append(&mut other.homes);
        self.cases.append(&mut other.cases);
        self.subjects.append(&mut other.subjects);
        self.classes.append(&mut other.classes);
        self.ids.append(&mut other.ids);
        self.data_keys.append(&mut other.data_keys);
        self.wrapped.append(&mut other.wrapped);
    }
}

/// The sealed columns of persons, and the keys they were sealed with.
#[derive(Clone, Debug, Default)]
pub(crate) struct SealedCells {
    pub(crate) keys: KeyRows,
    pub(crate) contents: Vec<Vec<u8>>,
    pub(crate) contacts: Vec<Option<Vec<u8>>>,
}

impl SealedCells {
    pub(crate) fn add(
        &mut self,
        sealer: &Sealer,
        case: CaseId,
        id: Uuid,
        person: &Person,
    ) -> Result<(), StoreError> {
        let identity = Person {
            address: None,
            phone: None,
            ..person.clone()
        };
        let content = self.seal(sealer, case, identity_cell(case.home(), id), &identity)?;
        self.contents.push(content);
        let contact = Contact::of(person)
            .map(|contact| self.seal(sealer, case, contact_cell(case.home(), id), &contact))
            .transpose()?;
        self.contacts.push(contact);
        Ok(())
    }

    fn seal(
        &mut self,
        sealer: &Sealer,
        case: CaseId,
        cell: Cell,
        value: &impl Serialize,
    ) -> Result<Vec<u8>, StoreError> {
        let new = sealer.new_key(cell.home, cell.subject, cell.class)?;
        self.keys.add(case, cell, &new);
        Ok(sealer.seal(cell, &new.key, value))
    }
}

/// Persons of cases, sealed, with their keys and what they are found by: one column each.
#[derive(Clone, Debug, Default)]
pub struct SealedPersons {
    cells: SealedCells,
    found_by: IndexRows,
    homes: Vec<String>,
    cases: Vec<Uuid>,
    ids: Vec<Uuid>,
    positions: Vec<i32>,
    provisional: Vec<bool>,
    index_versions: Vec<i32>,
}

impl SealedPersons {
    /// The persons of a case, in order.
    pub fn of(sealer: &Sealer, case: CaseId, persons: &[NewPerson<'_>]) -> Result<Self, StoreError> {
        let mut columns = Self::default();
        for (new, position) in persons.iter().zip(1..) {
            let id = new.id.uuid();
            columns.cells.add(sealer, case, id, new.person)?;
            columns
                .found_by
                .add(sealer.index(), case.home(), id, (new.person, &new.terms));
            columns.homes.push(case.home().to_string());
            columns.cases.push(case.uuid());
            columns.ids.push(id);
            columns.positions.push(position);
            columns.provisional.push(new.person.nik.is_none());
            columns.index_versions.push(sealer.index().newest());
        }
        Ok(columns)
    }

    pub(crate) fn append(&mut self, mut other: Self) {
        self.cells.keys.append(other.cells.keys);
        self.cells.contents.append(&mut other.cells.contents);
        self.cells.contacts.append(&mut other.cells.contacts);
        self.found_by.append(other.found_by);
        self.homes.append(&mut other.homes);
        self.cases.append(&mut other.cases);
        self.ids.append(&mut other.ids);
        self.positions.append(&mut other.positions);
        self.provisional.append(&mut other.provisional);
        self.index_versions.append(&mut other.index_versions);
    }
}

/// Keeps persons with their keys and what they are found by: one statement.
pub async fn insert(conn: &mut PgConnection, persons: &SealedPersons) -> Result<(), StoreError> {
    let (cells, found_by) = (&persons.cells, &persons.found_by);
    sqlx::query!(
        "WITH made AS (
             INSERT INTO subject_keys (region_code, subject_id, class, case_id, key_id, data_key_id, wrapped, created_at)
             SELECT region_code, subject_id, class, case_id, key_id, data_key_id, wrapped, now()
             FROM UNNEST($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::uuid[], $6::uuid[], $7::bytea[])
                 AS k (region_code, case_id, subject_id, class, key_id, data_key_id, wrapped)),
         named AS (
             INSERT INTO name_index (token, key_version, region_code, person_id)
             SELECT * FROM UNNEST($8::int[], $9::int[], $10::text[], $11::uuid[])),
         identified AS (
             INSERT INTO identity_index (blind_index, kind, key_version, region_code, person_id)
             SELECT * FROM UNNEST($12::bytea[], $13::text[], $14::int[], $15::text[], $16::uuid[]))
         INSERT INTO persons (region_code, person_id, case_id, position, provisional, content, contact, index_version)
         SELECT * FROM UNNEST($17::text[], $18::uuid[], $19::uuid[], $20::int[], $21::bool[], $22::bytea[], $23::bytea[],
             $24::int[])",
        &cells.keys.homes,
        &cells.keys.cases,
        &cells.keys.subjects,
        &cells.keys.classes,
        &cells.keys.ids,
        &cells.keys.data_keys,
        &cells.keys.wrapped,
        &found_by.tokens,
        &found_by.token_versions,
        &found_by.token_homes,
        &found_by.token_persons,
        &found_by.values,
        &found_by.kinds,
        &found_by.value_versions,
        &found_by.value_homes,
        &found_by.value_persons,
        &persons.homes,
        &persons.ids,
        &persons.cases,
        &persons.positions,
        &persons.provisional,
        &cells.contents,
        &cells.contacts as &[Option<Vec<u8>>],
        &persons.index_versions
    )
    .execute(conn)
    .await?;
    Ok(())
}
