//! Lists of what is owed: for those who must act, and for the job that tells the next one up.

use serasi_domain::id::PersonId;
use serasi_domain::registry::Registration;
use serasi_geography::RegionCode;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::RegistrationRow;
use crate::StoreError;
use crate::columns::{regency, scope_pattern};

/// Where a page ended: when it was raised, and for whom.
pub type ObligationPosition = (OffsetDateTime, PersonId);

/// Which obligations. One of the first two must reach it, and everything else given must hold.
#[derive(Clone, Debug)]
pub struct ObligationFilter {
    /// Of cases in this region.
    pub scope: Option<RegionCode>,
    /// The dinas of this region has been told.
    pub addressed: Option<RegionCode>,
    /// First addressed to a dinas in this region.
    pub addressee_within: Option<RegionCode>,
    /// Of cases in this region.
    pub within: Option<RegionCode>,
    /// Codes; empty = all that is not registered.
    pub states: Vec<String>,
    /// DUE, and it was due by now.
    pub overdue_only: bool,
    pub raised_before: Option<OffsetDateTime>,
    pub after: Option<ObligationPosition>,
    pub limit: i64,
}

/// What is owed, the oldest first.
pub async fn list(
    conn: &mut PgConnection,
    filter: &ObligationFilter,
) -> Result<Vec<Registration>, StoreError> {
    let rows = sqlx::query_as!(
        RegistrationRow,
        "SELECT region_code, person_id, case_id, version, state, is_identifiable, domicile_code, served_at, edition,
             match_class, match_weight, weights_version, obligation_state, registry, first_addressee, addressee,
             raised_at, due_at, answer_before, follow_ups, round, delivered_at, delivered_by, outcome_on, refusal
         FROM registrations
         WHERE obligation_state IS NOT NULL AND state <> 'matched' AND erased_at IS NULL
             AND (region_code LIKE $1
                 OR (first_addressee LIKE $2 AND (addressee IN ('ID', $3) OR starts_with($3, addressee || '.'))))
             AND ($4::text IS NULL OR first_addressee LIKE $4)
             AND ($5::text IS NULL OR region_code LIKE $5)
             AND CASE WHEN cardinality($6::text[]) = 0 THEN obligation_state <> 'registered'
                 ELSE obligation_state = ANY ($6) END
             AND (NOT $7 OR obligation_state = 'due' AND due_at <= now())
             AND ($8::timestamptz IS NULL OR raised_at <= $8)
             AND ($9::timestamptz IS NULL OR (raised_at, region_code, person_id) > ($9, $10, $11))
         ORDER BY raised_at, region_code, person_id LIMIT $12",
        filter.scope.map(scope_pattern),
        filter.addressed.map(scope_pattern),
        filter.addressed.map(|region| region.to_string()),
        filter.addressee_within.map(scope_pattern),
        filter.within.map(scope_pattern),
        &filter.states,
        filter.overdue_only,
        filter.raised_before,
        filter.after.map(|(raised_at, _)| raised_at),
        filter.after.map(|(_, person)| person.home().to_string()),
        filter.after.map(|(_, person)| person.uuid()),
        filter.limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Registration::try_from).collect()
}

/// Persons whose report nobody took, or acted on, in time, by the database's clock, the longest overdue first, after `last`. Nobody can
/// take that of somebody whose data may not be processed for now.
pub async fn unanswered(
    conn: &mut PgConnection,
    last: Option<ObligationPosition>,
    limit: i64,
) -> Result<Vec<ObligationPosition>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT region_code, person_id, answer_before AS "answer_before!" FROM registrations r
           WHERE answer_before <= now() AND state <> 'matched'
               AND NOT EXISTS (SELECT 1 FROM cases c
                   WHERE c.region_code = r.region_code AND c.case_id = r.case_id AND c.frozen)
               AND ($1::timestamptz IS NULL OR (answer_before, region_code, person_id) > ($1, $2, $3))
           ORDER BY answer_before, region_code, person_id LIMIT $4"#,
        last.map(|(at, _)| at),
        last.map(|(_, person)| person.home().to_string()),
        last.map(|(_, person)| person.uuid()),
        limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let home = regency("registrations", &row.region_code)?;
            Ok((row.answer_before, PersonId::new(home, row.person_id)))
        })
        .collect()
}
