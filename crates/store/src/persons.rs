//! Persons as they were reported: identity and contact sealed under keys of their own, found by blind indexes. What was
//! reported never changes; a NIK that is bound later is another record.

use serasi_domain::id::{CaseId, PersonId, Regency};
use serasi_domain::person::{Person, Phone};
use serasi_domain::privacy::DataClass;
use serasi_domain::text::Text;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::seal::{Cell, KeptKey, NewKey};
use crate::subject_keys::stale;
use crate::{Kept, Sealer, StoreError};

mod find;
pub(crate) mod index;

pub use find::{Candidate, by_nik, by_phone, candidates};

use index::IndexRows;

/// A person to be kept.
#[derive(Debug)]
pub struct NewPerson<'a> {
    pub id: PersonId,
    pub person: &'a Person,
    /// How the words of the name sound, with the year of birth: what linkage looks for.
    pub terms: Vec<String>,
}

/// A person as far as anything is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptPerson {
    pub id: PersonId,
    /// What was erased is `None` here.
    pub person: Person,
    pub is_whole: bool,
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

/// The persons of a case, in the order of the report.
pub async fn of_case(
    conn: &mut PgConnection,
    sealer: &Sealer,
    case: CaseId,
) -> Result<Vec<KeptPerson>, StoreError> {
    let home = case.home();
    let rows = sqlx::query!(
        r#"SELECT p.person_id, p.content, p.contact,
               i.key_id AS "identity_id?", i.data_key_id AS "identity_data_key?", i.wrapped AS "identity_key?",
               c.key_id AS "contact_id?", c.data_key_id AS "contact_data_key?", c.wrapped AS "contact_key?"
           FROM persons p
           LEFT JOIN subject_keys i
             ON i.region_code = p.region_code AND i.subject_id = p.person_id AND i.class = 'identity'
           LEFT JOIN subject_keys c
             ON c.region_code = p.region_code AND c.subject_id = p.person_id AND c.class = 'contact'
           WHERE p.region_code = $1 AND p.case_id = $2 ORDER BY p.position"#,
        home.to_string(),
        case.uuid()
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let identity_key = KeptKey::of_row(row.identity_id, row.identity_data_key, row.identity_key);
            let contact_key = KeptKey::of_row(row.contact_id, row.contact_data_key, row.contact_key);
            let identity = identity_cell(home, row.person_id);
            let identity: Kept<Person> = sealer.open(identity, identity_key.as_ref(), &row.content)?;
            let contact = contact_cell(home, row.person_id);
            let contact: Option<Kept<Contact>> = row
                .contact
                .map(|sealed| sealer.open(contact, contact_key.as_ref(), &sealed))
                .transpose()?;
            Ok(joined(PersonId::new(home, row.person_id), identity, contact))
        })
        .collect()
}

fn joined(id: PersonId, identity: Kept<Person>, contact: Option<Kept<Contact>>) -> KeptPerson {
    let mut kept = KeptPerson {
        id,
        person: Person::unknown(),
        is_whole: true,
    };
    match identity {
        Kept::There(person) => kept.person = person,
        Kept::Erased => kept.is_whole = false,
    }
    match contact {
        Some(Kept::There(Contact { address, phone })) => {
            kept.person.address = address;
            kept.person.phone = phone;
        }
        Some(Kept::Erased) => kept.is_whole = false,
        // Nothing is known, or it stands with the identity, as the first release wrote it.
        None => {}
    }
    kept
}
