//! Persons as far as anything is left of them, with the NIK that holds.

use serasi_domain::id::{CaseId, PersonId};
use serasi_domain::person::{Nik, Person};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Contact, contact_cell, identity_cell};
use crate::columns::regency;
use crate::seal::KeptKey;
use crate::{Kept, Sealer, StoreError, identities};

/// A person as far as anything is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptPerson {
    pub id: PersonId,
    /// As reported; what was erased is `None` here.
    pub person: Person,
    /// The NIK that holds: bound, or reported and not unbound.
    pub nik: Option<Nik>,
    pub is_whole: bool,
}

impl KeptPerson {
    /// The person with the NIK that holds.
    #[must_use]
    pub fn known(&self) -> Person {
        Person {
            nik: self.nik.clone(),
            ..self.person.clone()
        }
    }
}

#[derive(Debug)]
struct PersonRow {
    region_code: String,
    person_id: Uuid,
    case_id: Uuid,
    provisional: bool,
    content: Vec<u8>,
    contact: Option<Vec<u8>>,
    binding_id: Option<Uuid>,
    nik: Option<Vec<u8>>,
    identity_id: Option<Uuid>,
    identity_data_key: Option<Uuid>,
    identity_key: Option<Vec<u8>>,
    contact_id: Option<Uuid>,
    contact_data_key: Option<Uuid>,
    contact_key: Option<Vec<u8>>,
}

impl PersonRow {
    fn open(self, sealer: &Sealer) -> Result<(CaseId, KeptPerson), StoreError> {
        let home = regency("persons", &self.region_code)?;
        let identity_key = KeptKey::of_row(self.identity_id, self.identity_data_key, self.identity_key);
        let contact_key = KeptKey::of_row(self.contact_id, self.contact_data_key, self.contact_key);
        let identity = identity_cell(home, self.person_id);
        let identity: Kept<Person> = sealer.open(identity, identity_key.as_ref(), &self.content)?;
        let bound = self.binding_id.zip(self.nik).map(|(binding, sealed)| {
            let cell = identities::nik_cell(home, self.person_id, binding);
            sealer.open(cell, identity_key.as_ref(), &sealed)
        });
        let bound: Option<Kept<Nik>> = bound.transpose()?;
        let contact = contact_cell(home, self.person_id);
        let contact: Option<Kept<Contact>> = self
            .contact
            .map(|sealed| sealer.open(contact, contact_key.as_ref(), &sealed))
            .transpose()?;
        let mut kept = joined(PersonId::new(home, self.person_id), identity, contact);
        kept.nik = match bound {
            Some(bound) => bound.there(),
            None => kept.person.nik.clone().filter(|_| !self.provisional),
        };
        Ok((CaseId::new(home, self.case_id), kept))
    }
}

/// The persons of a case, in the order of the report.
pub async fn of_case(
    conn: &mut PgConnection,
    sealer: &Sealer,
    case: CaseId,
) -> Result<Vec<KeptPerson>, StoreError> {
    let rows = sqlx::query_as!(
        PersonRow,
        r#"SELECT p.region_code, p.person_id, p.case_id, p.provisional, p.content, p.contact,
               b.binding_id AS "binding_id?", b.nik AS "nik?",
               i.key_id AS "identity_id?", i.data_key_id AS "identity_data_key?", i.wrapped AS "identity_key?",
               c.key_id AS "contact_id?", c.data_key_id AS "contact_data_key?", c.wrapped AS "contact_key?"
           FROM persons p
           LEFT JOIN subject_keys i
             ON i.region_code = p.region_code AND i.subject_id = p.person_id AND i.class = 'identity'
           LEFT JOIN subject_keys c
             ON c.region_code = p.region_code AND c.subject_id = p.person_id AND c.class = 'contact'
           LEFT JOIN identity_bindings b
             ON b.region_code = p.region_code AND b.person_id = p.person_id AND b.unbound_at IS NULL
           WHERE p.region_code = $1 AND p.case_id = $2 ORDER BY p.position"#,
        case.home().to_string(),
        case.uuid()
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(|row| Ok(row.open(sealer)?.1)).collect()
}

/// Many persons, in no order, each with their case.
pub async fn get_many(
    conn: &mut PgConnection,
    sealer: &Sealer,
    ids: &[PersonId],
) -> Result<Vec<(CaseId, KeptPerson)>, StoreError> {
    let (regions, uuids): (Vec<String>, Vec<Uuid>) =
        ids.iter().map(|id| (id.home().to_string(), id.uuid())).unzip();
    let rows = sqlx::query_as!(
        PersonRow,
        r#"SELECT p.region_code, p.person_id, p.case_id, p.provisional, p.content, p.contact,
               b.binding_id AS "binding_id?", b.nik AS "nik?",
               i.key_id AS "identity_id?", i.data_key_id AS "identity_data_key?", i.wrapped AS "identity_key?",
               c.key_id AS "contact_id?", c.data_key_id AS "contact_data_key?", c.wrapped AS "contact_key?"
           FROM UNNEST($1::text[], $2::uuid[]) AS wanted (region_code, person_id)
           CROSS JOIN LATERAL (
               SELECT * FROM persons k WHERE k.region_code = wanted.region_code AND k.person_id = wanted.person_id
               OFFSET 0) p
           LEFT JOIN LATERAL (
               SELECT * FROM subject_keys k
               WHERE k.region_code = p.region_code AND k.subject_id = p.person_id AND k.class = 'identity'
               OFFSET 0) i ON true
           LEFT JOIN LATERAL (
               SELECT * FROM subject_keys k
               WHERE k.region_code = p.region_code AND k.subject_id = p.person_id AND k.class = 'contact'
               OFFSET 0) c ON true
           LEFT JOIN LATERAL (
               SELECT * FROM identity_bindings k
               WHERE k.region_code = p.region_code AND k.person_id = p.person_id AND k.unbound_at IS NULL
               OFFSET 0) b ON true"#,
        &regions,
        &uuids
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(|row| row.open(sealer)).collect()
}

fn joined(id: PersonId, identity: Kept<Person>, contact: Option<Kept<Contact>>) -> KeptPerson {
    let mut kept = KeptPerson {
        id,
        person: Person::unknown(),
        nik: None,
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
