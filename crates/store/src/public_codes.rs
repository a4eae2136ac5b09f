//! The reporters' codes: sealed with the words of the case, and found by a keyed index.

use serasi_domain::id::CaseId;
use serasi_domain::public_code::PublicCode;
use sqlx::PgConnection;

use crate::columns::regency;
use crate::seal::Cell;
use crate::subject_keys::{open, story_cell};
use crate::{Sealer, StoreError};

pub(crate) const fn code_cell(case: CaseId) -> Cell {
    story_cell("public_codes", "code", case.uuid(), case)
}

/// Under every version of the key that is not there yet.
pub(crate) async fn add_to_index(
    conn: &mut PgConnection,
    sealer: &Sealer,
    case: CaseId,
    code: PublicCode,
) -> Result<(), StoreError> {
    let index = sealer.index().public_code(code);
    let (versions, values): (Vec<i32>, Vec<Vec<u8>>) = index.values.into_iter().unzip();
    sqlx::query!(
        "INSERT INTO public_code_index (blind_index, key_version, region_code, case_id)
         SELECT blind_index, key_version, $1, $2 FROM UNNEST($3::bytea[], $4::int[]) AS x (blind_index, key_version)
         ON CONFLICT ON CONSTRAINT public_code_index_key DO NOTHING",
        case.home().to_string(),
        case.uuid(),
        &values,
        &versions
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The case of a code. The hub's edge limits how often anybody may ask.
pub async fn find(
    conn: &mut PgConnection,
    sealer: &Sealer,
    code: PublicCode,
) -> Result<Option<CaseId>, StoreError> {
    let index = sealer.index().public_code(code);
    let values: Vec<Vec<u8>> = index.values.into_iter().map(|(_, value)| value).collect();
    let row = sqlx::query!(
        "SELECT region_code, case_id FROM public_code_index WHERE blind_index = ANY ($1) LIMIT 1",
        &values
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        let home = regency("public_code_index", &row.region_code)?;
        Ok(CaseId::new(home, row.case_id))
    })
    .transpose()
}

/// The code of a case; `None` = it was taken down before there were codes, or its words are erased.
pub async fn of_case(
    conn: &mut PgConnection,
    sealer: &Sealer,
    case: CaseId,
) -> Result<Option<PublicCode>, StoreError> {
    let content = sqlx::query_scalar!(
        "SELECT code FROM public_codes WHERE region_code = $1 AND case_id = $2",
        case.home().to_string(),
        case.uuid()
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(content) = content else {
        return Ok(None);
    };
    let code = open(conn, sealer, code_cell(case), &content).await?;
    Ok(code.there())
}
