//! Who a reconciliation looks for: everybody at home in its scope who was there when it began; and about whom of them it
//! says nothing.

use std::collections::HashMap;

use serasi_domain::id::PersonId;
use serasi_domain::registry::Reconciliation;
use serasi_geography::{RegionCode, RegionLevel};
use sqlx::{Executor, PgConnection};
use time::Duration;
use uuid::Uuid;

use super::candidates::columns;
use crate::StoreError;
use crate::columns::regency;

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

/// Some of those who are looked for.
#[derive(Clone, Debug)]
pub struct Sought {
    pub persons: Vec<PersonId>,
    /// Where the next ones begin; `None` = these were the last.
    pub last: Option<PersonId>,
}

/// In order, after `last`. Who was reported later was not compared with the first rows, so nothing is said about them.
/// Those whose processing is suspended are not looked for (UU 27/2022 Ps.41), nor those who were erased. Looks at `limit`
/// registrations: there may be fewer who are sought, and nobody, long before the end.
pub async fn sought(
    conn: &mut PgConnection,
    of: &Reconciliation,
    last: Option<PersonId>,
    limit: i64,
) -> Result<Sought, StoreError> {
    // A plan for any page is one for a tenth of all persons: it sorts them, every time. Planned for this one, it is a walk
    // along the index.
    conn.execute("SET LOCAL plan_cache_mode = force_custom_plan")
        .await?;
    let looked_at = match of.scope.level() {
        RegionLevel::Nation => all(conn, last, limit).await?,
        RegionLevel::Province | RegionLevel::Regency | RegionLevel::District | RegionLevel::Village => {
            at_home(conn, of.scope, last, limit).await?
        }
    };
    let last = looked_at.last().copied();
    let (regions, ids) = columns(looked_at.iter().copied());
    let rows = sqlx::query!(
        r#"SELECT wanted.region_code AS "region_code!", wanted.person_id AS "person_id!"
           FROM UNNEST($1::text[], $2::uuid[]) WITH ORDINALITY AS wanted (region_code, person_id, place)
           CROSS JOIN LATERAL (
               SELECT case_id FROM registrations k
               WHERE k.region_code = wanted.region_code AND k.person_id = wanted.person_id
               OFFSET 0) r
           CROSS JOIN LATERAL (
               SELECT created_at, erased FROM cases k
               WHERE k.region_code = wanted.region_code AND k.case_id = r.case_id
               OFFSET 0) c
           WHERE c.created_at <= $3 AND NOT 'identity' = ANY (c.erased)
               AND NOT EXISTS (SELECT 1 FROM subject_marks m
                   WHERE m.region_code = wanted.region_code AND m.person_id = wanted.person_id AND m.kind = 'frozen'
                       AND m.lifted_at IS NULL)
           ORDER BY wanted.place"#,
        &regions,
        &ids,
        of.started_at
    )
    .fetch_all(conn)
    .await?;
    let persons = rows
        .into_iter()
        .map(|row| person(&row.region_code, row.person_id));
    Ok(Sought {
        persons: persons.collect::<Result<_, _>>()?,
        last,
    })
}

/// Everybody, in order. Asked for apart: a pattern that everything fits is one that nearly nothing fits to a planner, who
/// then reads and sorts all for every page.
async fn all(
    conn: &mut PgConnection,
    last: Option<PersonId>,
    limit: i64,
) -> Result<Vec<PersonId>, StoreError> {
    let (region, id) = after(last);
    let rows = sqlx::query!(
        "SELECT region_code, person_id FROM registrations WHERE (region_code, person_id) > ($1, $2)
         ORDER BY region_code, person_id LIMIT $3",
        region,
        id,
        limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| person(&row.region_code, row.person_id))
        .collect()
}

/// Those at home in `scope`, in order.
async fn at_home(
    conn: &mut PgConnection,
    scope: RegionCode,
    last: Option<PersonId>,
    limit: i64,
) -> Result<Vec<PersonId>, StoreError> {
    let (region, id) = after(last);
    let rows = sqlx::query!(
        // The words of the index. A code of the scope goes on with a dot, if it does: '/' comes after it.
        r#"SELECT region_code, person_id FROM registrations
           WHERE (CASE WHEN domicile_code IS NULL THEN region_code ELSE domicile_code END) COLLATE "C" >= $1
               AND (CASE WHEN domicile_code IS NULL THEN region_code ELSE domicile_code END) COLLATE "C" < $1 || '/'
               AND (region_code, person_id) > ($2, $3)
           ORDER BY region_code, person_id LIMIT $4"#,
        scope.to_string(),
        region,
        id,
        limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| person(&row.region_code, row.person_id))
        .collect()
}

fn after(last: Option<PersonId>) -> (String, Uuid) {
    last.map_or_else(Default::default, |person| {
        (person.home().to_string(), person.uuid())
    })
}

fn person(region: &str, id: Uuid) -> Result<PersonId, StoreError> {
    Ok(PersonId::new(regency("registrations", region)?, id))
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
           FROM UNNEST($1::text[], $2::uuid[]) AS wanted (region_code, person_id)
           CROSS JOIN LATERAL (
               SELECT * FROM registrations
               WHERE region_code = wanted.region_code AND person_id = wanted.person_id
               OFFSET 0) r
           CROSS JOIN LATERAL (
               SELECT r.region_code, r.person_id, c.created_at AS at
                   FROM cases c WHERE c.region_code = r.region_code AND c.case_id = r.case_id
               UNION ALL SELECT r.region_code, r.person_id, m.lifted_at FROM subject_marks m
                   WHERE m.region_code = r.region_code AND m.person_id = r.person_id
                       AND m.kind = 'frozen' AND m.lifted_at IS NOT NULL
               UNION ALL SELECT r.region_code, r.person_id, coalesce(b.unbound_at, b.bound_at) FROM identity_bindings b
                   WHERE b.region_code = r.region_code AND b.case_id = r.case_id AND b.person_id = r.person_id
               OFFSET 0) AS p
           WHERE p.at > $3 GROUP BY p.region_code, p.person_id"#,
        &regions,
        &ids,
        of.started_at - SETTLES_IN
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let person = person(&row.region_code, row.person_id)?;
            let unsettled = if row.at > of.started_at {
                Unsettled::Changed
            } else {
                Unsettled::Fresh
            };
            Ok((person, unsettled))
        })
        .collect()
}
