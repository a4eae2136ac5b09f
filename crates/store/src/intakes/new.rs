//! Reports of new cases, sealed and written with everything that comes with them: the keys, the persons, the documents,
//! the reporter's code.

use serasi_domain::id::{CaseId, IntakeId};
use serasi_domain::intake::Intake;
use serasi_domain::public_code::PublicCode;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::documents::{self, NewDocument, SealedDocuments};
use crate::persons::{self, KeyRows, NewPerson, SealedPersons};
use crate::public_codes::code_cell;
use crate::subject_keys::{stale, story_cell};
use crate::{Sealer, StoreError};

/// The first report of a case.
#[derive(Debug)]
pub struct NewReport<'a> {
    pub case: CaseId,
    pub id: IntakeId,
    pub intake: &'a Intake,
    pub persons: &'a [NewPerson<'a>],
    pub documents: &'a [NewDocument<'a>],
    /// What the reporter asks with.
    pub code: PublicCode,
    /// The principal that sent it.
    pub from: &'a str,
}

/// Reports as they are kept: one column each. The cases' keys come into being with them.
#[derive(Clone, Debug, Default)]
pub struct SealedReports {
    keys: KeyRows,
    persons: SealedPersons,
    documents: SealedDocuments,
    homes: Vec<String>,
    cases: Vec<Uuid>,
    ids: Vec<Uuid>,
    contents: Vec<Vec<u8>>,
    from: Vec<String>,
    codes: Vec<Vec<u8>>,
    code_values: Vec<Vec<u8>>,
    code_versions: Vec<i32>,
    code_homes: Vec<String>,
    code_cases: Vec<Uuid>,
    /// The first one's; whose data key was destroyed meanwhile, a statement for many does not tell.
    case: Option<CaseId>,
}

impl SealedReports {
    /// One report.
    pub fn of(sealer: &Sealer, new: &NewReport<'_>) -> Result<Self, StoreError> {
        let case = new.case;
        let (home, uuid) = (case.home().to_string(), case.uuid());
        let mut columns = Self {
            persons: SealedPersons::of(sealer, case, new.persons)?,
            case: Some(case),
            ..Self::default()
        };
        let cell = story_cell("intakes", "content", new.id.uuid(), case);
        let story = sealer.new_key(cell.home, cell.subject, cell.class)?;
        columns.keys.add(case, cell, &story);
        // The persons are kept apart.
        let report = Intake {
            persons: vec![],
            ..new.intake.clone()
        };
        columns.contents.push(sealer.seal(cell, &story.key, &report));
        columns
            .codes
            .push(sealer.seal(code_cell(case), &story.key, &new.code));
        for document in new.documents {
            columns
                .documents
                .add(sealer, &story.key, (case, document, new.from));
        }
        for (version, value) in sealer.index().public_code(new.code).values {
            columns.code_values.push(value);
            columns.code_versions.push(version);
            columns.code_homes.push(home.clone());
            columns.code_cases.push(uuid);
        }
        columns.homes.push(home);
        columns.cases.push(uuid);
        columns.ids.push(new.id.uuid());
        columns.from.push(new.from.to_owned());
        Ok(columns)
    }

    /// Puts `other` behind what is here.
    pub fn append(&mut self, mut other: Self) {
        self.keys.append(other.keys);
        self.persons.append(other.persons);
        self.documents.append(other.documents);
        self.homes.append(&mut other.homes);
        self.cases.append(&mut other.cases);
        self.ids.append(&mut other.ids);
        self.contents.append(&mut other.contents);
        self.from.append(&mut other.from);
        self.codes.append(&mut other.codes);
        self.code_values.append(&mut other.code_values);
        self.code_versions.append(&mut other.code_versions);
        self.code_homes.append(&mut other.code_homes);
        self.code_cases.append(&mut other.code_cases);
        self.case = self.case.or(other.case);
    }
}

/// Keeps reports whose cases are written.
pub async fn insert(conn: &mut PgConnection, reports: &SealedReports) -> Result<(), StoreError> {
    let stale = |error| match reports.case {
        Some(case) => stale(case.home(), error),
        None => error,
    };
    insert_reports(conn, reports).await.map_err(stale)?;
    persons::insert(conn, &reports.persons).await.map_err(stale)?;
    documents::insert(conn, &reports.documents).await
}

async fn insert_reports(conn: &mut PgConnection, reports: &SealedReports) -> Result<(), StoreError> {
    let keys = &reports.keys;
    sqlx::query!(
        "WITH made AS (
             INSERT INTO subject_keys (region_code, subject_id, class, case_id, key_id, data_key_id, wrapped, created_at)
             SELECT region_code, subject_id, class, case_id, key_id, data_key_id, wrapped, now()
             FROM UNNEST($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::uuid[], $6::uuid[], $7::bytea[])
                 AS k (region_code, case_id, subject_id, class, key_id, data_key_id, wrapped)),
         coded AS (
             INSERT INTO public_codes (region_code, case_id, code)
             SELECT * FROM UNNEST($8::text[], $9::uuid[], $10::bytea[])),
         found_by AS (
             INSERT INTO public_code_index (blind_index, key_version, region_code, case_id)
             SELECT * FROM UNNEST($11::bytea[], $12::int[], $13::text[], $14::uuid[])
             ON CONFLICT ON CONSTRAINT public_code_index_key DO NOTHING)
         INSERT INTO intakes (region_code, intake_id, case_id, content, received_at, received_from)
         SELECT region_code, intake_id, case_id, content, now(), received_from
         FROM UNNEST($8, $15::uuid[], $9, $16::bytea[], $17::text[])
             AS i (region_code, intake_id, case_id, content, received_from)",
        &keys.homes,
        &keys.cases,
        &keys.subjects,
        &keys.classes,
        &keys.ids,
        &keys.data_keys,
        &keys.wrapped,
        &reports.homes,
        &reports.cases,
        &reports.codes,
        &reports.code_values,
        &reports.code_versions,
        &reports.code_homes,
        &reports.code_cases,
        &reports.ids,
        &reports.contents,
        &reports.from
    )
    .execute(conn)
    .await?;
    Ok(())
}
