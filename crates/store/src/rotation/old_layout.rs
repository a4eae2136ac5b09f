//! What the first release sealed with one key for all gets keys of its own: a case at a time, locked, so that verbs on
//! it take turns with this.

use serasi_domain::id::CaseId;
use serasi_domain::intake::Intake;
use serasi_domain::person::Person;
use sqlx::PgConnection;
use tokio::time::Instant;
use uuid::Uuid;

use super::{BATCH, Progress, rest};
use crate::columns::regency;
use crate::persons::{SealedCells, identity_cell};
use crate::seal::Cell;
use crate::subject_keys::{seal, stale, story_cell};
use crate::{Context, Kept, KeyError, Sealer, Store, StoreError};

/// Seals anew what is left of the old layout. Says how many cases had some.
pub async fn reseal_old_layout(store: &Store, progress: &mut Progress<'_>) -> Result<u64, StoreError> {
    let mut done = 0;
    let mut last = None;
    loop {
        let began = Instant::now();
        let cases = cases_of_old_layout(store, last).await?;
        let Some(final_case) = cases.last() else {
            return Ok(done);
        };
        last = Some(*final_case);
        for case in &cases {
            reseal_one(store, *case).await?;
            done += 1;
            progress(1);
        }
        rest(began).await;
    }
}

async fn reseal_one(store: &Store, case: CaseId) -> Result<(), StoreError> {
    loop {
        let mut transaction = store.begin(Context::WorkOnPersons).await?;
        sqlx::query!(
            "SELECT case_id FROM cases WHERE region_code = $1 AND case_id = $2 FOR UPDATE",
            case.home().to_string(),
            case.uuid()
        )
        .fetch_optional(&mut *transaction)
        .await?;
        match reseal_case(&mut transaction, store.sealer(), case).await {
            Ok(()) => return Ok(transaction.commit().await?),
            Err(StoreError::KeyNeeded(home)) => {
                transaction.rollback().await?;
                store.load_keys(home).await?;
            }
            Err(error) => return Err(error),
        }
    }
}

async fn cases_of_old_layout(store: &Store, last: Option<CaseId>) -> Result<Vec<CaseId>, StoreError> {
    let mut connection = store.begin(Context::WorkOnPersons).await?;
    let rows = sqlx::query!(
        "SELECT region_code, case_id FROM cases c
         WHERE ($1::text IS NULL OR (region_code, case_id) > ($1, $2))
             AND (substring(resolution FOR 1) = '\\x01'::bytea
                 OR EXISTS (SELECT 1 FROM intakes i WHERE i.region_code = c.region_code AND i.case_id = c.case_id
                     AND substring(i.content FOR 1) = '\\x01'::bytea)
                 OR EXISTS (SELECT 1 FROM persons p WHERE p.region_code = c.region_code AND p.case_id = c.case_id
                     AND substring(p.content FOR 1) = '\\x01'::bytea)
                 OR EXISTS (SELECT 1 FROM offers o WHERE o.region_code = c.region_code AND o.case_id = c.case_id
                     AND (substring(o.decline_note FOR 1) = '\\x01'::bytea
                         OR substring(o.withdraw_note FOR 1) = '\\x01'::bytea)))
         ORDER BY region_code, case_id LIMIT $3",
        last.map(|id| id.home().to_string()),
        last.map(CaseId::uuid),
        BATCH
    )
    .fetch_all(&mut *connection)
    .await?;
    rows.into_iter()
        .map(|row| Ok(CaseId::new(regency("cases", &row.region_code)?, row.case_id)))
        .collect()
}

/// Tells at start that the key file is not the one of the first release.
pub(crate) async fn check_old_key(conn: &mut PgConnection, sealer: &Sealer) -> Result<(), StoreError> {
    let row = sqlx::query!(
        "SELECT region_code, intake_id, case_id, content FROM intakes
         WHERE substring(content FOR 1) = '\\x01'::bytea LIMIT 1"
    )
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(()) };
    let case = CaseId::new(regency("intakes", &row.region_code)?, row.case_id);
    let cell = story_cell("intakes", "content", row.intake_id, case);
    match sealer.open::<Intake>(cell, None, &row.content) {
        Err(StoreError::Unsealable { .. }) => Err(KeyError::WrongOldKey.into()),
        opened => opened.map(|_| ()),
    }
}

/// Seals anew what a locked case has of the old layout.
pub(crate) async fn reseal_case(
    conn: &mut PgConnection,
    sealer: &Sealer,
    case: CaseId,
) -> Result<(), StoreError> {
    reseal_intakes(conn, sealer, case).await?;
    reseal_persons(conn, sealer, case).await?;
    reseal_notes(conn, sealer, case).await
}

async fn reseal_intakes(conn: &mut PgConnection, sealer: &Sealer, case: CaseId) -> Result<(), StoreError> {
    let home = case.home().to_string();
    let rows = sqlx::query!(
        "SELECT intake_id, content FROM intakes
         WHERE region_code = $1 AND case_id = $2 AND substring(content FOR 1) = '\\x01'::bytea",
        home,
        case.uuid()
    )
    .fetch_all(&mut *conn)
    .await?;
    for row in rows {
        let cell = story_cell("intakes", "content", row.intake_id, case);
        let Kept::There(mut report) = sealer.open::<Intake>(cell, None, &row.content)? else {
            continue;
        };
        // They stand in rows of their own.
        report.persons.clear();
        let content = seal(conn, sealer, case, cell, &report).await?;
        sqlx::query!(
            "UPDATE intakes SET content = $4 WHERE region_code = $1 AND intake_id = $2 AND content = $3",
            home,
            row.intake_id,
            row.content,
            content
        )
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

async fn reseal_persons(conn: &mut PgConnection, sealer: &Sealer, case: CaseId) -> Result<(), StoreError> {
    let home = case.home();
    let rows = sqlx::query!(
        "SELECT person_id, content FROM persons
         WHERE region_code = $1 AND case_id = $2 AND substring(content FOR 1) = '\\x01'::bytea",
        home.to_string(),
        case.uuid()
    )
    .fetch_all(&mut *conn)
    .await?;
    let (mut ids, mut before) = (vec![], vec![]);
    let mut columns = SealedCells::default();
    for row in rows {
        let cell = identity_cell(home, row.person_id);
        if let Kept::There(person) = sealer.open::<Person>(cell, None, &row.content)? {
            columns.add(sealer, case, row.person_id, &person)?;
            ids.push(row.person_id);
            before.push(row.content);
        }
    }
    let SealedCells {
        keys,
        contents,
        contacts,
    } = columns;
    sqlx::query!(
        "WITH made AS (
             INSERT INTO subject_keys (region_code, subject_id, class, case_id, key_id, data_key_id, wrapped, created_at)
             SELECT $1, subject_id, class, $2, key_id, data_key_id, wrapped, now()
             FROM UNNEST($3::uuid[], $4::text[], $5::uuid[], $6::uuid[], $7::bytea[])
                 AS k (subject_id, class, key_id, data_key_id, wrapped))
         UPDATE persons p SET content = n.content, contact = n.contact
         FROM UNNEST($8::uuid[], $9::bytea[], $10::bytea[], $11::bytea[]) AS n (person_id, before, content, contact)
         WHERE p.region_code = $1 AND p.person_id = n.person_id AND p.content = n.before",
        home.to_string(),
        case.uuid(),
        &keys.subjects,
        &keys.classes,
        &keys.ids,
        &keys.data_keys,
        &keys.wrapped,
        &ids,
        &before,
        &contents,
        &contacts as &[Option<Vec<u8>>]
    )
    .execute(conn)
    .await
    .map_err(|error| stale(home, error))?;
    Ok(())
}

async fn reseal_notes(conn: &mut PgConnection, sealer: &Sealer, case: CaseId) -> Result<(), StoreError> {
    let (home, uuid) = (case.home().to_string(), case.uuid());
    let kept = sqlx::query_scalar!(
        "SELECT resolution FROM cases WHERE region_code = $1 AND case_id = $2",
        home,
        uuid
    )
    .fetch_optional(&mut *conn)
    .await?;
    let cell = |table, column, row| story_cell(table, column, row, case);
    if let Some(sealed) = note(
        conn,
        sealer,
        case,
        cell("cases", "resolution", uuid),
        kept.flatten(),
    )
    .await?
    {
        sqlx::query!(
            "UPDATE cases SET resolution = $3 WHERE region_code = $1 AND case_id = $2",
            home,
            uuid,
            sealed
        )
        .execute(&mut *conn)
        .await?;
    }
    let offers = sqlx::query!(
        "SELECT offer_id, decline_note, withdraw_note FROM offers WHERE region_code = $1 AND case_id = $2
             AND (decline_note IS NOT NULL OR withdraw_note IS NOT NULL)",
        home,
        uuid
    )
    .fetch_all(&mut *conn)
    .await?;
    for row in offers {
        let id: Uuid = row.offer_id;
        let declined = cell("offers", "decline_note", id);
        let declined = note(conn, sealer, case, declined, row.decline_note).await?;
        let withdrawn = cell("offers", "withdraw_note", id);
        let withdrawn = note(conn, sealer, case, withdrawn, row.withdraw_note).await?;
        sqlx::query!(
            "UPDATE offers SET decline_note = COALESCE($3, decline_note), withdraw_note = COALESCE($4, withdraw_note)
             WHERE region_code = $1 AND offer_id = $2",
            home,
            id,
            declined,
            withdrawn
        )
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// A note of the old layout, sealed anew; `None` = it is none.
async fn note(
    conn: &mut PgConnection,
    sealer: &Sealer,
    case: CaseId,
    cell: Cell,
    content: Option<Vec<u8>>,
) -> Result<Option<Vec<u8>>, StoreError> {
    let old = content.filter(|content| content.first() == Some(&crate::seal::OLD_LAYOUT));
    let Some(old) = old else { return Ok(None) };
    let Kept::There(text) = sealer.open::<String>(cell, None, &old)? else {
        return Ok(None);
    };
    Ok(Some(seal(conn, sealer, case, cell, &text).await?))
}
