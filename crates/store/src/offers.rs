//! Offers: the row becomes the state enum here and nowhere else.

use serasi_domain::id::{CaseId, DecisionId, FacilityId, OfferId};
use serasi_domain::offer::{Offer, OfferState};
use serasi_geography::RegionCode;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::columns::{Row, column, regency, scope_pattern};
use crate::subject_keys::{seal, story_cell};
use crate::{Sealer, StoreError};

mod write;

pub use write::{insert, update_live};

/// An offer with what a reader wants to see beside it.
#[derive(Clone, Debug)]
pub struct OfferView {
    pub offer: Offer,
    pub facility_name: String,
    pub documents: Vec<String>,
    pub answered_at: Option<OffsetDateTime>,
}

/// Which offers to list; `None` or empty matches all.
#[derive(Clone, Debug)]
pub struct OfferFilter {
    /// What the caller may see: offers for cases in this region,
    pub case_scope: Option<RegionCode>,
    /// and to facilities in this one,
    pub facility_scope: Option<RegionCode>,
    /// and to this facility. Where none of the three is given, nothing.
    pub own_facility: Option<FacilityId>,
    pub facility: Option<FacilityId>,
    pub case: Option<CaseId>,
    pub states: Vec<String>,
    /// Offer time and id of the last offer of the page before.
    pub before: Option<(OffsetDateTime, OfferId)>,
    pub limit: i64,
}

#[derive(Debug)]
struct OfferRow {
    region_code: String,
    offer_id: Uuid,
    version: i64,
    state: String,
    case_id: Uuid,
    facility_region: String,
    facility_id: Uuid,
    facility_name: String,
    attempt: i32,
    places: i32,
    base: String,
    cluster: String,
    sex: String,
    holds_places: bool,
    tier: String,
    travel_minutes: i32,
    decision_id: Uuid,
    party: serde_json::Value,
    documents: Vec<String>,
    offered_at: OffsetDateTime,
    expires_at: OffsetDateTime,
    seen_at: Option<OffsetDateTime>,
    answered_at: Option<OffsetDateTime>,
    decline_reason: Option<String>,
    withdraw_reason: Option<String>,
}

impl TryFrom<OfferRow> for OfferView {
    type Error = StoreError;

    fn try_from(row: OfferRow) -> Result<Self, Self::Error> {
        let home = regency("offers", &row.region_code)?;
        let id = OfferId::new(home, row.offer_id);
        let context = Row {
            table: "offers",
            id: &id,
        };
        let offer = Offer {
            id,
            version: row.version,
            state: read_state(&row, &context)?,
            case: CaseId::new(home, row.case_id),
            facility: FacilityId::new(regency("offers", &row.facility_region)?, row.facility_id),
            places: context
                .number::<u16>("places", row.places)?
                .try_into()
                .map_err(|_| context.impossible("places"))?,
            pool: context.pool(&row.base, &row.cluster, &row.sex)?,
            holds_places: row.holds_places,
            tier: context.code("tier", &row.tier)?,
            travel_minutes: context.number("travel_minutes", row.travel_minutes)?,
            decision: DecisionId::new(home, row.decision_id),
            attempt: row.attempt,
            party: serde_json::from_value(row.party).map_err(|_| context.impossible("party"))?,
            offered_at: row.offered_at,
            expires_at: row.expires_at,
            seen_at: row.seen_at,
        };
        Ok(Self {
            offer,
            facility_name: row.facility_name,
            documents: row.documents,
            answered_at: row.answered_at,
        })
    }
}

fn read_state(row: &OfferRow, context: &Row<'_, OfferId>) -> Result<OfferState, StoreError> {
    let at = || context.present("answered_at", row.answered_at);
    Ok(match row.state.as_str() {
        "offered" => OfferState::Offered,
        "seen" => OfferState::Seen {
            at: context.present("seen_at", row.seen_at)?,
        },
        "accepted" => OfferState::Accepted { at: at()? },
        "declined" => OfferState::Declined {
            at: at()?,
            reason: context.code(
                "decline_reason",
                &context.present("decline_reason", row.decline_reason.clone())?,
            )?,
        },
        "expired" => OfferState::Expired { at: at()? },
        "withdrawn" => OfferState::Withdrawn {
            at: at()?,
            reason: context.code(
                "withdraw_reason",
                &context.present("withdraw_reason", row.withdraw_reason.clone())?,
            )?,
        },
        _ => return Err(context.impossible("state")),
    })
}

/// Keeps the words of a decline, sealed.
pub async fn set_decline_note(
    conn: &mut PgConnection,
    sealer: &Sealer,
    offer: &Offer,
    note: &str,
) -> Result<(), StoreError> {
    let cell = story_cell("offers", "decline_note", offer.id.uuid(), offer.case);
    let content = seal(conn, sealer, offer.case, cell, &note).await?;
    sqlx::query!(
        "UPDATE offers SET decline_note = $3 WHERE region_code = $1 AND offer_id = $2",
        offer.id.home().to_string(),
        offer.id.uuid(),
        content
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Keeps the words of a withdrawal, sealed.
pub async fn set_withdraw_note(
    conn: &mut PgConnection,
    sealer: &Sealer,
    offer: &Offer,
    note: &str,
) -> Result<(), StoreError> {
    let cell = story_cell("offers", "withdraw_note", offer.id.uuid(), offer.case);
    let content = seal(conn, sealer, offer.case, cell, &note).await?;
    sqlx::query!(
        "UPDATE offers SET withdraw_note = $3 WHERE region_code = $1 AND offer_id = $2",
        offer.id.home().to_string(),
        offer.id.uuid(),
        content
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn get(conn: &mut PgConnection, id: OfferId) -> Result<Option<OfferView>, StoreError> {
    let row = sqlx::query_as!(
        OfferRow,
        "SELECT region_code, offer_id, version, state, case_id, facility_region, facility_id, facility_name, attempt,
             places, base, cluster, sex, holds_places, tier, travel_minutes, decision_id, party, documents, offered_at,
             expires_at, seen_at, answered_at, decline_reason, withdraw_reason
         FROM offers WHERE region_code = $1 AND offer_id = $2",
        id.home().to_string(),
        id.uuid()
    )
    .fetch_optional(conn)
    .await?;
    row.map(OfferView::try_from).transpose()
}

/// Many offers, in no order.
pub async fn get_many(conn: &mut PgConnection, ids: &[OfferId]) -> Result<Vec<OfferView>, StoreError> {
    let rows = sqlx::query_as!(
        OfferRow,
        "SELECT region_code, offer_id, version, state, case_id, facility_region, facility_id, facility_name, attempt,
             places, base, cluster, sex, holds_places, tier, travel_minutes, decision_id, party, documents, offered_at,
             expires_at, seen_at, answered_at, decline_reason, withdraw_reason
         FROM offers JOIN UNNEST($1::text[], $2::uuid[]) AS wanted (region_code, offer_id)
             USING (region_code, offer_id)",
        &column(ids, |id| id.home().to_string()),
        &column(ids, |id| id.uuid())
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(OfferView::try_from).collect()
}

/// Offers, newest first.
pub async fn list(conn: &mut PgConnection, filter: &OfferFilter) -> Result<Vec<OfferView>, StoreError> {
    let rows = sqlx::query_as!(
        OfferRow,
        "SELECT region_code, offer_id, version, state, case_id, facility_region, facility_id, facility_name, attempt,
             places, base, cluster, sex, holds_places, tier, travel_minutes, decision_id, party, documents, offered_at,
             expires_at, seen_at, answered_at, decline_reason, withdraw_reason
         FROM offers
         WHERE ($1::text IS NULL OR facility_region = $1 AND facility_id = $2)
             AND ($3::text IS NULL OR region_code = $3 AND case_id = $4)
             AND (region_code LIKE $5 OR facility_region LIKE $11 OR facility_region = $12 AND facility_id = $13)
             AND (cardinality($6::text[]) = 0 OR state = ANY ($6))
             AND ($7::timestamptz IS NULL OR (offered_at, region_code, offer_id) < ($7, $8, $9))
         ORDER BY offered_at DESC, region_code DESC, offer_id DESC LIMIT $10",
        filter.facility.map(|id| id.home().to_string()),
        filter.facility.map(FacilityId::uuid),
        filter.case.map(|id| id.home().to_string()),
        filter.case.map(CaseId::uuid),
        filter.case_scope.map(scope_pattern),
        &filter.states,
        filter.before.map(|(at, _)| at),
        filter.before.map(|(_, id)| id.home().to_string()),
        filter.before.map(|(_, id)| id.uuid()),
        filter.limit,
        filter.facility_scope.map(scope_pattern),
        filter.own_facility.map(|id| id.home().to_string()),
        filter.own_facility.map(FacilityId::uuid)
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(OfferView::try_from).collect()
}

/// Offers whose deadline has passed by the database's clock, the longest overdue first, after `last`.
pub async fn due(
    conn: &mut PgConnection,
    last: Option<(OffsetDateTime, OfferId)>,
    limit: i64,
) -> Result<Vec<(OffsetDateTime, OfferId)>, StoreError> {
    let rows = sqlx::query!(
        "SELECT region_code, offer_id, expires_at FROM offers WHERE state IN ('offered', 'seen') AND expires_at <= now()
             AND ($1::timestamptz IS NULL OR (expires_at, region_code, offer_id) > ($1, $2, $3))
         ORDER BY expires_at, region_code, offer_id LIMIT $4",
        last.map(|(expires_at, _)| expires_at),
        last.map(|(_, id)| id.home().to_string()),
        last.map(|(_, id)| id.uuid()),
        limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok((
                row.expires_at,
                OfferId::new(regency("offers", &row.region_code)?, row.offer_id),
            ))
        })
        .collect()
}

/// How many facilities have been asked for each of these cases so far, in their order.
pub async fn counts(conn: &mut PgConnection, cases: &[CaseId]) -> Result<Vec<i32>, StoreError> {
    let counts = sqlx::query_scalar!(
        r#"SELECT (SELECT count(*)::int FROM offers o WHERE o.region_code = c.region_code AND o.case_id = c.case_id)
               AS "count!"
           FROM UNNEST($1::text[], $2::uuid[]) WITH ORDINALITY AS c (region_code, case_id, place) ORDER BY c.place"#,
        &column(cases, |case| case.home().to_string()),
        &column(cases, |case| case.uuid())
    )
    .fetch_all(conn)
    .await?;
    Ok(counts)
}
