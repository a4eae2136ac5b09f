//! What persons ask for about their own data, what is in force about them, and the trail of the processing.

use serasi_domain::id::{CaseId, PersonId};
use serasi_domain::person::Nik;
use sqlx::PgConnection;

use crate::columns::regency;
use crate::{Sealer, StoreError};

mod marks;
mod requests;
mod trail;

pub use marks::{Marks, lift, marks, set, set_frozen, setter};
pub use requests::{RequestFilter, answer, get, insert, list, of_person};
pub use trail::{Step, subjects_of_case, trail};

/// The case of a person.
pub async fn case_of(conn: &mut PgConnection, person: PersonId) -> Result<Option<CaseId>, StoreError> {
    let case = sqlx::query_scalar!(
        "SELECT case_id FROM persons WHERE region_code = $1 AND person_id = $2",
        person.home().to_string(),
        person.uuid()
    )
    .fetch_optional(conn)
    .await?;
    Ok(case.map(|case| CaseId::new(person.home(), case)))
}

/// Every record of the person with this NIK, frozen or not, at most `limit`: what the person may see. Nothing else may
/// look past a freeze.
pub async fn records_of(
    conn: &mut PgConnection,
    sealer: &Sealer,
    nik: &Nik,
    limit: i64,
) -> Result<Vec<(PersonId, CaseId)>, StoreError> {
    let index = sealer.index().nik(nik);
    let values: Vec<Vec<u8>> = index.values.into_iter().map(|(_, value)| value).collect();
    let rows = sqlx::query!(
        "SELECT DISTINCT p.region_code, p.person_id, p.case_id
         FROM identity_index i JOIN persons p USING (region_code, person_id)
         WHERE i.blind_index = ANY ($1) AND i.kind = $2
         ORDER BY p.region_code, p.person_id LIMIT $3",
        &values,
        index.kind,
        limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let home = regency("persons", &row.region_code)?;
            Ok((PersonId::new(home, row.person_id), CaseId::new(home, row.case_id)))
        })
        .collect()
}
