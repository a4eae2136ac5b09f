//! Who a reconciliation looks for: everybody at home in its scope who was there when it began; and about whom of them it
//! says nothing.

use std::collections::HashMap;

use serasi_domain::id::PersonId;
use serasi_domain::registry::Reconciliation;
use sqlx::PgConnection;
use time::Duration;
use uuid::Uuid;

use super::candidates::columns;
use crate::StoreError;
use crate::columns::{regency, scope_pattern};

/// A transaction has ended by then, so what it wrote was seen by whoever reads later.
const SETTLES_IN: Duration = Duration::seconds(15);

/// Why a run may not say of somebody what it would.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsettled {
    /// They came, or changed, just before it began: some rows may have passed before they were known as they are.
    Fresh,
    /// They were released, or who they are was changed, since: rows were compared with somebody else, or nobody.
    Changed,
}

/// In order, after `last`. Who was reported later was not compared with the first rows, so nothing is said about them.
/// Those whose processing is suspended are not looked for (UU 27/2022 Ps.41), nor those who were erased.
pub async fn sought(
    conn: &mut PgConnection,
    of: &Reconciliation,
    last: Option<PersonId>,
    limit: i64,
) -> Result<Vec<PersonId>, StoreError> {
    let rows = sqlx::query!(
        "SELECT r.region_code, r.person_id FROM registrations r JOIN cases c USING (region_code, case_id)
         WHERE coalesce(r.domicile_code, r.region_code) LIKE $1 AND c.created_at <= $2
             AND NOT 'identity' = ANY (c.erased)
             AND (r.region_code, r.person_id) > ($3, $4)
             AND NOT EXISTS (SELECT 1 FROM subject_marks m
                 WHERE m.region_code = r.region_code AND m.person_id = r.person_id AND m.kind = 'frozen'
                     AND m.lifted_at IS NULL)
         ORDER BY r.region_code, r.person_id LIMIT $5",
        scope_pattern(of.scope),
        of.started_at,
        last.map_or_else(String::new, |person| person.home().to_string()),
        last.map_or_else(Uuid::nil, PersonId::uuid),
        limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let home = regency("registrations", &row.region_code)?;
            Ok(PersonId::new(home, row.person_id))
        })
        .collect()
}

/// Who of these persons came or changed when the run had begun, or just before.
pub async fn unsettled(
    conn: &mut PgConnection,
    of: &Reconciliation,
    persons: &[PersonId],
) -> Result<HashMap<PersonId, Unsettled>, StoreError> {
    let (regions, ids) = columns(persons.iter().copied());
    let rows = sqlx::query!(
        r#"SELECT p.region_code AS "region_code!", p.person_id AS "person_id!", max(p.at) AS "at!"
           FROM (SELECT r.region_code, r.person_id, c.created_at AS at
                   FROM registrations r JOIN cases c USING (region_code, case_id)
                   WHERE (r.region_code, r.person_id) IN (SELECT * FROM UNNEST($1::text[], $2::uuid[]))
               UNION ALL SELECT m.region_code, m.person_id, m.lifted_at FROM subject_marks m
                   WHERE (m.region_code, m.person_id) IN (SELECT * FROM UNNEST($1::text[], $2::uuid[]))
                       AND m.kind = 'frozen' AND m.lifted_at IS NOT NULL
               UNION ALL SELECT b.region_code, b.person_id, coalesce(b.unbound_at, b.bound_at)
                   FROM registrations r JOIN identity_bindings b USING (region_code, case_id, person_id)
                   WHERE (r.region_code, r.person_id) IN (SELECT * FROM UNNEST($1::text[], $2::uuid[]))) AS p
           WHERE p.at > $3 GROUP BY p.region_code, p.person_id"#,
        &regions,
        &ids,
        of.started_at - SETTLES_IN
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let person = PersonId::new(regency("registrations", &row.region_code)?, row.person_id);
            let unsettled = if row.at > of.started_at {
                Unsettled::Changed
            } else {
                Unsettled::Fresh
            };
            Ok((person, unsettled))
        })
        .collect()
}
