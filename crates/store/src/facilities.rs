//! Facilities: one row each, the description as a whole.

use std::collections::HashSet;

use serasi_domain::capacity::PoolKey;
use serasi_domain::cluster::Cluster;
use serasi_domain::facility::{Facility, FacilityKind, FacilityProfile, FacilityState};
use serasi_domain::id::FacilityId;
use serasi_domain::intake::SourceKey;
use serasi_domain::text::Text;
use serasi_geography::RegionCode;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::StoreError;
use crate::columns::{Row, column, pool_columns, regency, scope_pattern};

/// Which facilities to list; `None` matches all.
#[derive(Clone, Debug)]
pub struct FacilityFilter {
    pub within: Option<RegionCode>,
    pub kind: Option<FacilityKind>,
    pub cluster: Option<Cluster>,
    pub state: Option<String>,
    pub source_system: Option<String>,
    pub source_ref: Option<String>,
    /// Last id of the page before.
    pub after: Option<FacilityId>,
    pub limit: i64,
}

/// A facility as it stands in the table.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct FacilityRow {
    pub(crate) region_code: String,
    pub(crate) facility_id: Uuid,
    pub(crate) version: i64,
    pub(crate) state: String,
    pub(crate) profile: serde_json::Value,
    pub(crate) state_reason: Option<String>,
    pub(crate) state_until: Option<OffsetDateTime>,
    pub(crate) created_at: OffsetDateTime,
    pub(crate) changed_at: OffsetDateTime,
}

impl TryFrom<FacilityRow> for Facility {
    type Error = StoreError;

    fn try_from(row: FacilityRow) -> Result<Self, Self::Error> {
        let id = FacilityId::new(regency("facilities", &row.region_code)?, row.facility_id);
        let context = Row {
            table: "facilities",
            id: &id,
        };
        let reason = row.state_reason.as_deref().map(Text::new).transpose();
        let reason = reason.map_err(|_| context.impossible("state_reason"))?;
        let state = match row.state.as_str() {
            "active" => FacilityState::Active,
            "suspended" => FacilityState::Suspended {
                reason: context.present("state_reason", reason)?,
                until: row.state_until,
            },
            "closed" => FacilityState::Closed {
                reason: context.present("state_reason", reason)?,
            },
            _ => return Err(context.impossible("state")),
        };
        Ok(Self {
            id,
            version: row.version,
            state,
            profile: serde_json::from_value(row.profile).map_err(|_| context.impossible("profile"))?,
            created_at: row.created_at,
            changed_at: row.changed_at,
        })
    }
}

fn profile_json(profile: &FacilityProfile) -> serde_json::Value {
    serde_json::to_value(profile).expect("a profile is plain data")
}

fn cluster_codes(profile: &FacilityProfile) -> Vec<String> {
    profile
        .clusters
        .iter()
        .map(|cluster| cluster.code().to_owned())
        .collect()
}

fn state_columns(state: &FacilityState) -> (&'static str, Option<&str>, Option<OffsetDateTime>) {
    match state {
        FacilityState::Active => ("active", None, None),
        FacilityState::Suspended { reason, until } => ("suspended", Some(reason.as_str()), *until),
        FacilityState::Closed { reason } => ("closed", Some(reason.as_str()), None),
    }
}

/// Adds an active facility. The source key must have been claimed before.
pub async fn insert(conn: &mut PgConnection, facility: &Facility) -> Result<(), StoreError> {
    let profile = &facility.profile;
    let (state, reason, until) = state_columns(&facility.state);
    sqlx::query!(
        "WITH changed AS (
             INSERT INTO facilities (region_code, facility_id, version, state, kind, name, place_code, source_system,
                 source_ref, clusters, profile, state_reason, state_until, created_at, changed_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)
             RETURNING *)
         INSERT INTO facility_log (region_code, facility_id, version, state, profile, state_reason, state_until,
             created_at, changed_at)
         SELECT region_code, facility_id, version, state, profile, state_reason, state_until, created_at, changed_at
         FROM changed",
        facility.id.home().to_string(),
        facility.id.uuid(),
        facility.version,
        state,
        profile.kind.code(),
        profile.name.as_str(),
        profile.place.to_string(),
        profile.source.system_name(),
        profile.source.reference(),
        &cluster_codes(profile),
        profile_json(profile),
        reason,
        until,
        facility.created_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes the next version over `facility.version`. `false` = the version moved meanwhile.
pub async fn update(
    conn: &mut PgConnection,
    facility: &Facility,
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let profile = &facility.profile;
    let (state, reason, until) = state_columns(&facility.state);
    let done = sqlx::query!(
        "WITH changed AS (
             UPDATE facilities SET version = version + 1, state = $4, kind = $5, name = $6, place_code = $7,
                 clusters = $8, profile = $9, state_reason = $10, state_until = $11, changed_at = $12
             WHERE region_code = $1 AND facility_id = $2 AND version = $3
             RETURNING *)
         INSERT INTO facility_log (region_code, facility_id, version, state, profile, state_reason, state_until,
             created_at, changed_at)
         SELECT region_code, facility_id, version, state, profile, state_reason, state_until, created_at, changed_at
         FROM changed",
        facility.id.home().to_string(),
        facility.id.uuid(),
        facility.version,
        state,
        profile.kind.code(),
        profile.name.as_str(),
        profile.place.to_string(),
        &cluster_codes(profile),
        profile_json(profile),
        reason,
        until,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn get(conn: &mut PgConnection, id: FacilityId) -> Result<Option<Facility>, StoreError> {
    let row = sqlx::query_as!(
        FacilityRow,
        "SELECT region_code, facility_id, version, state, profile, state_reason, state_until, created_at, changed_at
         FROM facilities WHERE region_code = $1 AND facility_id = $2",
        id.home().to_string(),
        id.uuid()
    )
    .fetch_optional(conn)
    .await?;
    row.map(Facility::try_from).transpose()
}

/// The facility, its row locked until the transaction ends.
pub async fn get_for_change(conn: &mut PgConnection, id: FacilityId) -> Result<Option<Facility>, StoreError> {
    let row = sqlx::query_as!(
        FacilityRow,
        "SELECT region_code, facility_id, version, state, profile, state_reason, state_until, created_at, changed_at
         FROM facilities WHERE region_code = $1 AND facility_id = $2 FOR UPDATE",
        id.home().to_string(),
        id.uuid()
    )
    .fetch_optional(conn)
    .await?;
    row.map(Facility::try_from).transpose()
}

/// Which of these facilities take referrals now and have not stated the places of the pool: they can be asked for them.
/// Locked, so that they cannot close between this look and the commit.
pub async fn may_be_asked(
    conn: &mut PgConnection,
    asked: &[(FacilityId, PoolKey)],
) -> Result<HashSet<(FacilityId, PoolKey)>, StoreError> {
    if asked.is_empty() {
        return Ok(HashSet::new());
    }
    let pools: Vec<_> = asked.iter().map(|(_, pool)| pool_columns(*pool)).collect();
    let places = sqlx::query_scalar!(
        r#"SELECT a.place AS "place!"
           FROM UNNEST($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[]) WITH ORDINALITY
               AS a (region_code, facility_id, base, cluster, sex, place)
           JOIN facilities f USING (region_code, facility_id)
           CROSS JOIN LATERAL (
               SELECT COALESCE(bool_or(is_it), false) AS has_it, COALESCE(bool_or(is_known), false) AS knows_any,
                   COALESCE(bool_or(is_it AND is_known), false) AS knows_it
               FROM (SELECT (p.cluster, p.sex) = (a.cluster, a.sex) AS is_it, p.valid_until > now() AS is_known
                     FROM capacity_pools p WHERE p.region_code = a.region_code AND p.facility_id = a.facility_id
                         AND p.base = a.base) AS pools) AS stated
           WHERE (f.state = 'active' OR f.state = 'suspended' AND f.state_until <= now()) AND NOT knows_it
               -- A house that had no pool when it was chosen, and has one now.
               AND (has_it OR NOT knows_any)
           ORDER BY f.region_code, f.facility_id FOR SHARE OF f"#,
        &column(asked, |(id, _)| id.home().to_string()),
        &column(asked, |(id, _)| id.uuid()),
        &column(&pools, |(base, _, _)| *base) as &[&str],
        &column(&pools, |(_, cluster, _)| *cluster) as &[&str],
        &column(&pools, |(_, _, sex)| *sex) as &[&str]
    )
    .fetch_all(conn)
    .await?;
    let places = places
        .into_iter()
        .filter_map(|place| usize::try_from(place - 1).ok());
    Ok(places.filter_map(|place| asked.get(place).copied()).collect())
}

/// Facilities in id order.
pub async fn list(conn: &mut PgConnection, filter: &FacilityFilter) -> Result<Vec<Facility>, StoreError> {
    let (after_region, after_id) = filter.after.map_or((String::new(), Uuid::nil()), |id| {
        (id.home().to_string(), id.uuid())
    });
    let rows = sqlx::query_as!(
        FacilityRow,
        "SELECT region_code, facility_id, version, state, profile, state_reason, state_until, created_at, changed_at
         FROM facilities
         WHERE (region_code, facility_id) > ($1, $2) AND place_code LIKE $3
             AND ($4::text IS NULL OR kind = $4) AND ($5::text IS NULL OR $5 = ANY (clusters))
             AND ($6::text IS NULL OR state = $6) AND ($7::text IS NULL OR source_system = $7)
             AND ($8::text IS NULL OR source_ref = $8)
         ORDER BY region_code, facility_id LIMIT $9",
        after_region,
        after_id,
        scope_pattern(filter.within.unwrap_or(RegionCode::NATION)),
        filter.kind.map(FacilityKind::code),
        filter.cluster.map(Cluster::code),
        filter.state,
        filter.source_system,
        filter.source_ref,
        filter.limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Facility::try_from).collect()
}

/// All facilities of these source keys, by key, locked in the order of their ids: two imports take turns.
pub async fn by_sources(
    conn: &mut PgConnection,
    keys: &[SourceKey],
) -> Result<Vec<(SourceKey, Facility)>, StoreError> {
    let systems: Vec<String> = keys.iter().map(|key| key.system_name().to_owned()).collect();
    let references: Vec<String> = keys.iter().map(|key| key.reference().to_owned()).collect();
    let rows = sqlx::query_as!(
        FacilityRow,
        "SELECT f.region_code, f.facility_id, f.version, f.state, f.profile, f.state_reason, f.state_until,
             f.created_at, f.changed_at
         FROM UNNEST($1::text[], $2::text[]) AS wanted (source_system, source_ref)
         JOIN source_keys k USING (source_system, source_ref)
         JOIN facilities f ON f.region_code = k.region_code AND f.facility_id = k.subject_id
         WHERE k.subject = 'facility'
         ORDER BY f.region_code, f.facility_id FOR UPDATE OF f",
        &systems,
        &references
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| Facility::try_from(row).map(|facility| (facility.profile.source.clone(), facility)))
        .collect()
}

/// Adds many facilities and claims their keys, in two statements. The keys must be new.
pub async fn insert_many(conn: &mut PgConnection, facilities: &[Facility]) -> Result<(), StoreError> {
    let column = |value: fn(&Facility) -> String| facilities.iter().map(value).collect::<Vec<String>>();
    let regions = column(|facility| facility.id.home().to_string());
    let ids: Vec<Uuid> = facilities.iter().map(|facility| facility.id.uuid()).collect();
    let systems = column(|facility| facility.profile.source.system_name().to_owned());
    let references = column(|facility| facility.profile.source.reference().to_owned());
    let profiles: Vec<_> = facilities
        .iter()
        .map(|facility| profile_json(&facility.profile))
        .collect();
    // Arrays of arrays must be rectangular: the cluster lists travel as text.
    let clusters = column(|facility| cluster_codes(&facility.profile).join(","));
    let created: Vec<_> = facilities.iter().map(|facility| facility.created_at).collect();
    sqlx::query!(
        "INSERT INTO source_keys (subject, source_system, source_ref, region_code, subject_id)
         SELECT 'facility', * FROM UNNEST($1::text[], $2::text[], $3::text[], $4::uuid[])",
        &systems,
        &references,
        &regions,
        &ids
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "WITH changed AS (
             INSERT INTO facilities (region_code, facility_id, version, state, kind, name, place_code, source_system,
                 source_ref, clusters, profile, created_at, changed_at)
             SELECT region_code, facility_id, 1, 'active', kind, name, place_code, source_system, source_ref,
                 string_to_array(clusters, ','), profile, created_at, created_at
             FROM UNNEST($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                 $8::text[], $9::jsonb[], $10::timestamptz[])
                 AS f (region_code, facility_id, kind, name, place_code, source_system, source_ref, clusters, profile,
                     created_at)
             RETURNING *)
         INSERT INTO facility_log (region_code, facility_id, version, state, profile, state_reason, state_until,
             created_at, changed_at)
         SELECT region_code, facility_id, version, state, profile, state_reason, state_until, created_at, changed_at
         FROM changed",
        &regions,
        &ids,
        &column(|facility| facility.profile.kind.code().to_owned()),
        &column(|facility| facility.profile.name.as_str().to_owned()),
        &column(|facility| facility.profile.place.to_string()),
        &systems,
        &references,
        &clusters,
        &profiles,
        &created
    )
    .execute(conn)
    .await?;
    Ok(())
}
