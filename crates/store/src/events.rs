//! The outbox: what happened, written in the transaction in which it happened, and read by those who follow it. No
//! personal data.

use serasi_domain::id::Regency;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;
use crate::columns::column;

mod cursor;
mod entry;
mod horizon;
mod read;
pub mod relay;

pub use cursor::{Cursor, InvalidCursor, Snapshot};
pub use entry::{CaseState, Entry, OfferState, SubjectState, Told, What};
pub use horizon::{Horizon, forget_old, horizon};
pub use read::{Page, Selection, Span, now, page};

/// Something that happened to a case, an offer or a facility.
#[derive(Clone, Debug)]
pub struct Event {
    pub id: Uuid,
    pub home: Regency,
    pub subject_id: String,
    /// Version of the subject after it happened.
    pub subject_version: i64,
    /// E.g. `case.offered`.
    pub kind: &'static str,
    pub payload: serde_json::Value,
}

/// Writes events down in this order, each with its case or offer as it now stands: the row must be written before.
pub async fn append(conn: &mut PgConnection, events: &[Event]) -> Result<(), StoreError> {
    let subject = |event: &Event| event.kind.split_once('.').map(|(subject, _)| subject);
    let subject_uuid = |event: &Event| {
        let (_, uuid) = event.subject_id.split_once('-')?;
        Uuid::try_parse(uuid).ok()
    };
    sqlx::query!(
        "INSERT INTO events (region_code, event_id, subject_id, subject_version, kind, payload, created_at,
             concerns_facility, subject_state)
         SELECT e.region_code, e.event_id, e.subject_id, e.subject_version, e.kind, e.payload, now(),
             COALESCE(o.facility, c.facility), COALESCE(o.state, c.state)
         FROM UNNEST($1::text[], $2::uuid[], $3::text[], $4::bigint[], $5::text[], $6::jsonb[], $7::text[], $8::uuid[])
             WITH ORDINALITY AS e (region_code, event_id, subject_id, subject_version, kind, payload, subject, uuid, place)
         LEFT JOIN LATERAL (
             SELECT replace(facility_region, '.', '') || '-' || facility_id AS facility,
                 jsonb_build_object('subject', 'offer', 'state', state,
                     'case_id', replace(region_code, '.', '') || '-' || case_id,
                     'facility_id', replace(facility_region, '.', '') || '-' || facility_id,
                     'places', places, 'base', base, 'cluster', cluster, 'sex', sex, 'holds_places', holds_places,
                     'attempt', attempt, 'expires_at', expires_at) AS state
             FROM offers WHERE e.subject = 'offer' AND region_code = e.region_code AND offer_id = e.uuid
             OFFSET 0) o ON true
         LEFT JOIN LATERAL (
             SELECT CASE owner_kind WHEN 'facility' THEN owner_reference END AS facility,
                 jsonb_build_object('subject', 'case', 'state', state, 'place', facts ->> 'place', 'urgency', urgency,
                     'cluster', cluster, 'owner_kind', owner_kind, 'owner_reference', owner_reference,
                     'next_deadline', next_deadline) AS state
             FROM cases WHERE e.subject = 'case' AND region_code = e.region_code AND case_id = e.uuid
             OFFSET 0) c ON true
         ORDER BY e.place",
        &column(events, |event| event.home.to_string()),
        &column(events, |event| event.id),
        &column(events, |event| event.subject_id.as_str()) as &[&str],
        &column(events, |event| event.subject_version),
        &column(events, |event| event.kind) as &[&str],
        &column(events, |event| event.payload.clone()),
        &column(events, subject) as &[Option<&str>],
        &column(events, subject_uuid) as &[Option<Uuid>]
    )
    .execute(conn)
    .await?;
    Ok(())
}
