//! Looking for a person by a number or a name, without either standing in the database.

use serasi_domain::id::{CaseId, PersonId};
use serasi_domain::person::{Nik, Phone};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::columns::regency;
use crate::seal::BlindIndex;
use crate::{Sealer, StoreError};

/// Somebody whose name may be the one that is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub id: PersonId,
    /// Tokens in common: the more, the likelier. Tokens are short, so that strangers may share one.
    pub matches: i64,
}

/// Persons that were reported with this NIK, wherever, at most `limit`. The hub's edge limits how often anybody may ask.
pub async fn by_nik(
    conn: &mut PgConnection,
    sealer: &Sealer,
    nik: &Nik,
    limit: i64,
) -> Result<Vec<PersonId>, StoreError> {
    exact(conn, sealer.index().nik(nik), limit).await
}

/// Persons that were reported with this telephone number, however it was written.
pub async fn by_phone(
    conn: &mut PgConnection,
    sealer: &Sealer,
    phone: &Phone,
    limit: i64,
) -> Result<Vec<PersonId>, StoreError> {
    exact(conn, sealer.index().phone(phone), limit).await
}

async fn exact(conn: &mut PgConnection, index: BlindIndex, limit: i64) -> Result<Vec<PersonId>, StoreError> {
    let values: Vec<Vec<u8>> = index.values.into_iter().map(|(_, value)| value).collect();
    let rows = sqlx::query!(
        "SELECT DISTINCT region_code, person_id FROM identity_index WHERE blind_index = ANY ($1) AND kind = $2
         ORDER BY region_code, person_id LIMIT $3",
        &values,
        index.kind,
        limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(PersonId::new(
                regency("identity_index", &row.region_code)?,
                row.person_id,
            ))
        })
        .collect()
}

/// The cases of persons.
pub async fn cases_of(
    conn: &mut PgConnection,
    ids: &[PersonId],
) -> Result<Vec<(PersonId, CaseId)>, StoreError> {
    let (regions, uuids): (Vec<String>, Vec<Uuid>) =
        ids.iter().map(|id| (id.home().to_string(), id.uuid())).unzip();
    let rows = sqlx::query!(
        "SELECT region_code, person_id, case_id
         FROM persons JOIN UNNEST($1::text[], $2::uuid[]) AS wanted (region_code, person_id)
             USING (region_code, person_id)",
        &regions,
        &uuids
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

/// Persons who share most of the `terms` of a name, at most `limit`, the likeliest first.
pub async fn candidates(
    conn: &mut PgConnection,
    sealer: &Sealer,
    terms: &[String],
    limit: i64,
) -> Result<Vec<Candidate>, StoreError> {
    let mut tokens: Vec<(i32, i32)> = terms
        .iter()
        .flat_map(|term| sealer.index().tokens(term))
        .collect();
    tokens.sort_unstable();
    tokens.dedup();
    let (versions, tokens): (Vec<i32>, Vec<i32>) = tokens.into_iter().unzip();
    // Who is indexed under two versions of the key is counted once.
    let rows = sqlx::query!(
        r#"SELECT region_code, person_id, max(matches) AS "matches!" FROM (
               SELECT n.region_code, n.person_id, n.key_version, count(*) AS matches
               FROM UNNEST($1::int[], $2::int[]) AS t (token, key_version)
               JOIN name_index n USING (token, key_version)
               GROUP BY n.region_code, n.person_id, n.key_version) AS found
           GROUP BY region_code, person_id ORDER BY 3 DESC, 1, 2 LIMIT $3"#,
        &tokens,
        &versions,
        limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Candidate {
                id: PersonId::new(regency("name_index", &row.region_code)?, row.person_id),
                matches: row.matches,
            })
        })
        .collect()
}
