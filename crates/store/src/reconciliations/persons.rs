//! Who a reconciliation looks for: everybody at home in its scope who was there when it began.

use serasi_domain::id::PersonId;
use serasi_domain::registry::Reconciliation;
use sqlx::PgConnection;

use crate::StoreError;
use crate::columns::{regency, scope_pattern};

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
             AND ($3::text IS NULL OR (r.region_code, r.person_id) > ($3, $4))
             AND NOT EXISTS (SELECT 1 FROM subject_marks m
                 WHERE m.region_code = r.region_code AND m.person_id = r.person_id AND m.kind = 'frozen'
                     AND m.lifted_at IS NULL)
         ORDER BY r.region_code, r.person_id LIMIT $5",
        scope_pattern(of.scope),
        of.started_at,
        last.map(|person| person.home().to_string()),
        last.map(PersonId::uuid),
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
