//! Offers as they are made and answered.

use serasi_domain::offer::{DeclineReason, Offer, OfferState, WithdrawReason};
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::OfferView;
use crate::StoreError;
use crate::columns::{column, pool_columns};

/// The columns that belong to an offer's end.
#[derive(Default)]
struct EndColumns {
    answered_at: Option<OffsetDateTime>,
    decline_reason: Option<DeclineReason>,
    withdraw_reason: Option<WithdrawReason>,
}

impl EndColumns {
    fn of(state: &OfferState) -> Self {
        match *state {
            OfferState::Offered | OfferState::Seen { .. } => Self::default(),
            OfferState::Accepted { at } | OfferState::Expired { at } => Self {
                answered_at: Some(at),
                ..Self::default()
            },
            OfferState::Declined { at, reason } => Self {
                answered_at: Some(at),
                decline_reason: Some(reason),
                ..Self::default()
            },
            OfferState::Withdrawn { at, reason } => Self {
                answered_at: Some(at),
                withdraw_reason: Some(reason),
                ..Self::default()
            },
        }
    }
}

/// Adds new offers.
pub async fn insert(conn: &mut PgConnection, views: &[&OfferView]) -> Result<(), StoreError> {
    let party = |view: &&OfferView| serde_json::to_value(&view.offer.party).expect("a party is plain data");
    let travel = |view: &&OfferView| i32::try_from(view.offer.travel_minutes).unwrap_or(i32::MAX);
    let pools: Vec<_> = views.iter().map(|view| pool_columns(view.offer.pool)).collect();
    sqlx::query!(
        "INSERT INTO offers (region_code, offer_id, version, state, case_id, facility_region, facility_id,
             facility_name, attempt, places, base, cluster, sex, holds_places, tier, travel_minutes, decision_id, party,
             documents, offered_at, expires_at)
         SELECT region_code, offer_id, version, state, case_id, facility_region, facility_id,
             facility_name, attempt, places, base, cluster, sex, holds_places, tier, travel_minutes, decision_id, party,
             ARRAY (SELECT jsonb_array_elements_text(documents)), offered_at, expires_at
         FROM UNNEST($1::text[], $2::uuid[], $3::bigint[], $4::text[], $5::uuid[], $6::text[], $7::uuid[], $8::text[],
             $9::int[], $10::int[], $11::text[], $12::text[], $13::text[], $14::bool[], $15::text[], $16::int[],
             $17::uuid[], $18::jsonb[], $19::jsonb[], $20::timestamptz[], $21::timestamptz[])
             AS o (region_code, offer_id, version, state, case_id, facility_region, facility_id, facility_name,
                 attempt, places, base, cluster, sex, holds_places, tier, travel_minutes, decision_id, party, documents,
                 offered_at, expires_at)",
        &column(views, |view| view.offer.id.home().to_string()),
        &column(views, |view| view.offer.id.uuid()),
        &column(views, |view| view.offer.version),
        &column(views, |view| view.offer.state.code()) as &[&str],
        &column(views, |view| view.offer.case.uuid()),
        &column(views, |view| view.offer.facility.home().to_string()),
        &column(views, |view| view.offer.facility.uuid()),
        &column(views, |view| view.facility_name.as_str()) as &[&str],
        &column(views, |view| view.offer.attempt),
        &column(views, |view| view.offer.places.as_i32()),
        &column(&pools, |(base, _, _)| *base) as &[&str],
        &column(&pools, |(_, cluster, _)| *cluster) as &[&str],
        &column(&pools, |(_, _, sex)| *sex) as &[&str],
        &column(views, |view| view.offer.holds_places),
        &column(views, |view| view.offer.tier.code()) as &[&str],
        &column(views, travel),
        &column(views, |view| view.offer.decision.uuid()),
        &column(views, party),
        // Arrays of arrays must all be of one length; documents of offers are not.
        &column(views, |view| serde_json::Value::from(view.documents.clone())),
        &column(views, |view| view.offer.offered_at),
        &column(views, |view| view.offer.expires_at)
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes the next versions of offers that are still live. `false` = one of them was answered or expired meanwhile:
/// nothing of it may be committed.
pub async fn update_live(conn: &mut PgConnection, offers: &[&Offer]) -> Result<bool, StoreError> {
    let ends: Vec<_> = offers.iter().map(|offer| EndColumns::of(&offer.state)).collect();
    let done = sqlx::query!(
        "UPDATE offers o SET version = n.version + 1, state = n.state, seen_at = n.seen_at,
             answered_at = n.answered_at, decline_reason = n.decline_reason, withdraw_reason = n.withdraw_reason
         FROM UNNEST($1::text[], $2::uuid[], $3::bigint[], $4::text[], $5::timestamptz[], $6::timestamptz[],
             $7::text[], $8::text[])
             AS n (region_code, offer_id, version, state, seen_at, answered_at, decline_reason, withdraw_reason)
         WHERE o.region_code = n.region_code AND o.offer_id = n.offer_id AND o.version = n.version
             AND o.state IN ('offered', 'seen')
             AND CASE n.state WHEN 'expired' THEN o.expires_at <= now() WHEN 'withdrawn' THEN true
                 ELSE o.expires_at > now() END",
        &column(offers, |offer| offer.id.home().to_string()),
        &column(offers, |offer| offer.id.uuid()),
        &column(offers, |offer| offer.version),
        &column(offers, |offer| offer.state.code()) as &[&str],
        &column(offers, |offer| offer.seen_at) as &[Option<OffsetDateTime>],
        &column(&ends, |end| end.answered_at) as &[Option<OffsetDateTime>],
        &column(&ends, |end| end.decline_reason.map(DeclineReason::code)) as &[Option<&str>],
        &column(&ends, |end| end.withdraw_reason.map(WithdrawReason::code)) as &[Option<&str>]
    )
    .execute(conn)
    .await?;
    Ok(usize::try_from(done.rows_affected()).is_ok_and(|written| written == offers.len()))
}
