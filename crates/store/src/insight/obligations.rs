//! What is owed to people who are served and stand in no registry, counted by regency, how far it has come, and age.

use serasi_domain::insight::obligations::{OwedAge, OwedState, OwedTally};
use sqlx::PgConnection;

use crate::StoreError;
use crate::columns::{Row, regency};

/// Counts of the whole nation, whatever is asked for: which of them are hidden depends on all.
pub async fn tallies(conn: &mut PgConnection) -> Result<Vec<OwedTally>, StoreError> {
    let bounds: Vec<i32> = OwedAge::ALL.iter().map(|age| age.from_days()).collect();
    let rows = sqlx::query!(
        r#"SELECT first_addressee AS "first_addressee!", obligation_state AS "obligation_state!",
               width_bucket((EXTRACT(epoch FROM now() - raised_at) / 86400)::float8, $1::int[]::float8[]) AS "age!",
               count(*)::int AS "persons!"
           FROM registrations
           WHERE obligation_state IS NOT NULL AND obligation_state <> 'registered' AND state <> 'matched'
               AND erased_at IS NULL
           GROUP BY 1, 2, 3"#,
        &bounds
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let regency = regency("registrations", &row.first_addressee)?;
            let context = Row {
                table: "registrations",
                id: &row.first_addressee,
            };
            let state: OwedState = context.code("obligation_state", &row.obligation_state)?;
            // The first bucket begins with nothing; a moment ahead of the clock is as good as now.
            let age = usize::try_from(row.age.max(1) - 1)
                .ok()
                .and_then(|at| OwedAge::ALL.get(at));
            let age = context.present("raised_at", age.copied())?;
            Ok(OwedTally {
                cell: (state, age),
                regency,
                persons: row.persons,
            })
        })
        .collect()
}
