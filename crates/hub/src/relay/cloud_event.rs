//! An event as CloudEvents 1.0 has it (structured JSON). `docs/events.md` describes it for those who read it.

use serasi_domain::capacity::Pool;
use serasi_domain::id::FacilityId;
use serasi_store::events::{Entry, SubjectState, Told, What};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::wire::{CAPACITY_CHANGED, pool_event_id};

const SOURCE: &str = "https://serasi.kemensos.go.id/regions/";
const TYPE: &str = "id.go.kemensos.serasi.";
/// Of `data`; a change that breaks readers gets another number.
const SCHEMA: &str = "https://serasi.kemensos.go.id/schemas/events/v1";

pub(super) struct CloudEvent {
    /// The same whenever the event is sent.
    pub(super) id: String,
    /// Events with the same key are in order: the case, or the facility.
    pub(super) partition_key: String,
    kind: String,
    /// Code of the home regency.
    region: String,
    subject: String,
    version: i64,
    at: OffsetDateTime,
    data: Value,
}

impl CloudEvent {
    pub(super) fn of(entry: &Entry) -> Self {
        match &entry.what {
            What::Told(told) => Self::of_told(told, entry.at),
            What::Pool(facility, pool) => Self::of_pool(*facility, pool, entry.at),
        }
    }

    fn of_told(told: &Told, at: OffsetDateTime) -> Self {
        let partition_key = match &told.state {
            Some(SubjectState::Offer(offer)) => offer.case_id.to_string(),
            Some(SubjectState::Case(_)) | None => told.subject_id.clone(),
        };
        Self {
            id: told.id.to_string(),
            partition_key,
            kind: told.kind.clone(),
            region: told.home.to_string(),
            subject: told.subject_id.clone(),
            version: told.subject_version,
            at,
            data: json!({ "state": state(told), "details": told.payload }),
        }
    }

    fn of_pool(facility: FacilityId, pool: &Pool, at: OffsetDateTime) -> Self {
        let state = json!({
            "base": pool.key.base, "cluster": pool.key.cluster, "sex": pool.key.sex,
            "total": pool.total, "occupied": pool.occupied, "held": pool.held, "free": pool.free(),
            "overflow": pool.overflow, "shortfall": pool.shortfall,
            "observed_at": moment(pool.observed_at), "valid_until": moment(pool.valid_until),
            "source": pool.source.code(),
        });
        Self {
            id: pool_event_id(facility, pool),
            partition_key: facility.to_string(),
            kind: CAPACITY_CHANGED.to_owned(),
            region: facility.home().to_string(),
            subject: facility.to_string(),
            version: pool.version,
            at,
            data: json!({ "state": state, "details": {} }),
        }
    }

    /// The broker's subject without its prefix: province, regency, subject and what happened.
    pub(super) fn subject_tokens(&self) -> String {
        format!("{}.{}", self.region, self.kind)
    }

    pub(super) fn to_json(&self) -> String {
        json!({
            "specversion": "1.0",
            "id": self.id,
            "source": format!("{SOURCE}{}", self.region),
            "type": format!("{TYPE}{}", self.kind),
            "subject": self.subject,
            "time": moment(self.at),
            "datacontenttype": "application/json",
            "dataschema": SCHEMA,
            "partitionkey": self.partition_key,
            "subjectversion": self.version,
            "data": self.data,
        })
        .to_string()
    }
}

/// The subject as the event left it. Of the place no more than the regency: outside nobody asks who may know the village.
fn state(told: &Told) -> Value {
    let mut state = json!(told.state);
    if let Some(place) = state.get_mut("place") {
        *place = json!(told.home);
    }
    state
}

fn moment(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}
