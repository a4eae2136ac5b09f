//! One event as those who follow see it.

use serasi_domain::capacity::Pool;
use serasi_domain::id::{CaseId, FacilityId, Regency};
use serasi_geography::RegionCode;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::StoreError;
use crate::capacity::PoolRow;
use crate::columns::regency;

/// One event and where it stands in the order.
#[derive(Clone, Debug)]
pub struct Entry {
    pub xid: i64,
    pub position: i64,
    pub at: OffsetDateTime,
    pub what: What,
}

#[derive(Clone, Debug)]
pub enum What {
    /// From the outbox.
    Told(Told),
    /// A pool has changed; its entry in the change log is the event.
    Pool(FacilityId, Pool),
}

/// An event of the outbox.
#[derive(Clone, Debug)]
pub struct Told {
    pub id: Uuid,
    pub home: Regency,
    pub subject_id: String,
    pub subject_version: i64,
    pub kind: String,
    /// As the database has it: few who follow want it, and it is not read for the others.
    pub payload: Box<RawValue>,
    /// The subject as the event left it; `None` for other subjects, and for what an earlier release told.
    pub state: Option<SubjectState>,
}

/// A case or offer as an event left it: what somebody needs to act, and nothing about a person.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "subject", rename_all = "snake_case")]
pub enum SubjectState {
    Case(CaseState),
    Offer(OfferState),
}

/// Codes are as the database has them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CaseState {
    pub state: String,
    pub place: RegionCode,
    pub urgency: String,
    pub cluster: Option<String>,
    pub owner_kind: String,
    pub owner_reference: String,
    #[serde(with = "time::serde::rfc3339::option")]
    pub next_deadline: Option<OffsetDateTime>,
}

/// Codes are as the database has them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OfferState {
    pub state: String,
    pub case_id: CaseId,
    pub facility_id: FacilityId,
    pub places: i32,
    pub base: String,
    pub cluster: String,
    pub sex: String,
    pub holds_places: bool,
    pub attempt: i32,
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
}

#[derive(Debug)]
pub(super) struct EventRow {
    pub(super) xid: i64,
    pub(super) position: i64,
    pub(super) region_code: String,
    pub(super) event_id: Uuid,
    pub(super) subject_id: String,
    pub(super) subject_version: i64,
    pub(super) kind: String,
    pub(super) payload: Json<Box<RawValue>>,
    pub(super) subject_state: Option<Json<Box<RawValue>>>,
    pub(super) created_at: OffsetDateTime,
}

impl EventRow {
    pub(super) fn read(self) -> Result<Entry, StoreError> {
        let state = self
            .subject_state
            .map(|Json(state)| serde_json::from_str(state.get()));
        let state = state.transpose().map_err(|_| StoreError::Impossible {
            table: "events",
            column: "subject_state",
            row: self.event_id.to_string(),
        })?;
        Ok(Entry {
            xid: self.xid,
            position: self.position,
            at: self.created_at,
            what: What::Told(Told {
                id: self.event_id,
                home: regency("events", &self.region_code)?,
                subject_id: self.subject_id,
                subject_version: self.subject_version,
                kind: self.kind,
                payload: self.payload.0,
                state,
            }),
        })
    }
}

#[derive(Debug)]
pub(super) struct CapacityRow {
    pub(super) xid: i64,
    pub(super) position: i64,
    pub(super) changed_at: OffsetDateTime,
    pub(super) region_code: String,
    pub(super) facility_id: Uuid,
    pub(super) base: String,
    pub(super) cluster: String,
    pub(super) sex: String,
    pub(super) version: i64,
    pub(super) total: i32,
    pub(super) occupied: i32,
    pub(super) held: i32,
    pub(super) overflow: i32,
    pub(super) shortfall: i32,
    pub(super) observed_at: OffsetDateTime,
    pub(super) valid_until: OffsetDateTime,
    pub(super) source: String,
}

impl CapacityRow {
    pub(super) fn read(self) -> Result<Entry, StoreError> {
        let (xid, position, at) = (self.xid, self.position, self.changed_at);
        let row = PoolRow {
            region_code: self.region_code,
            facility_id: self.facility_id,
            base: self.base,
            cluster: self.cluster,
            sex: self.sex,
            version: self.version,
            total: self.total,
            occupied: self.occupied,
            held: self.held,
            overflow: self.overflow,
            shortfall: self.shortfall,
            observed_at: self.observed_at,
            valid_until: self.valid_until,
            source: self.source,
        };
        let (facility, pool) = row.read()?;
        Ok(Entry {
            xid,
            position,
            at,
            what: What::Pool(facility, pool),
        })
    }
}
