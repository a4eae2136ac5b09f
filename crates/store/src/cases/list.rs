//! Lists of cases, page by page: by age, or as a queue to be worked on.

use serasi_domain::case::Case;
use serasi_domain::cluster::Cluster;
use serasi_domain::id::{CaseId, FacilityId};
use serasi_domain::need::Urgency;
use serasi_geography::RegionCode;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::CaseRow;
use crate::StoreError;
use crate::columns::scope_pattern;

/// In what order cases are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaseOrder {
    /// The oldest first.
    Created,
    /// The most urgent first, among these the oldest.
    Queue,
}

/// Where a page ended: urgency, creation time and id of its last case.
pub type CasePosition = (Urgency, OffsetDateTime, CaseId);

/// Which cases to list; `None` or empty matches all.
#[derive(Clone, Debug)]
pub struct CaseFilter {
    /// What the caller may see: cases in this region,
    pub scope: Option<RegionCode>,
    /// and those this facility answers for, or whose persons it has or expects,
    pub own_facility: Option<FacilityId>,
    /// and those this principal has reported. Where none of the three is given, nothing.
    pub reported_by: Option<String>,
    /// Open cases that the coordinator of this region answers for.
    pub owner_region: Option<RegionCode>,
    pub overdue_only: bool,
    pub within: Option<RegionCode>,
    pub states: Vec<String>,
    pub cluster: Option<Cluster>,
    pub urgency: Option<Urgency>,
    pub source_system: Option<String>,
    pub source_ref: Option<String>,
    pub order: CaseOrder,
    pub after: Option<CasePosition>,
    pub limit: i64,
}

/// One page, in the order of the filter.
pub async fn list(conn: &mut PgConnection, filter: &CaseFilter) -> Result<Vec<Case>, StoreError> {
    let rows = match filter.order {
        CaseOrder::Created => by_age(conn, filter).await?,
        CaseOrder::Queue => by_urgency(conn, filter).await?,
    };
    rows.into_iter().map(Case::try_from).collect()
}

async fn by_age(conn: &mut PgConnection, filter: &CaseFilter) -> Result<Vec<CaseRow>, StoreError> {
    let (_, after_at, after_region, after_id) = after(filter);
    let rows = sqlx::query_as!(
        CaseRow,
        "SELECT region_code, case_id, version, state, channel, source_system, source_ref, facts, owner_kind,
             owner_reference, next_deadline, policy_version, refusals, escalations, offer_id, placement_id,
             waiting_since, episode, episode_began_at, finish_before, finish_has_rung, facility_reference,
             transfer_waiting_since, transfer_offer_id, transfer_placement_id, transfer_facility_reference,
             close_reason, ended_at, created_at, changed_at
         FROM cases
         WHERE (created_at, region_code, case_id) > ($1, $2, $3) AND facts ->> 'place' LIKE $5
             AND (facts ->> 'place' LIKE $4 OR $11 IN (facility_reference, transfer_facility_reference)
                 OR owner_kind = 'facility' AND owner_reference = $11
                 OR $15::text IS NOT NULL AND EXISTS (
                     SELECT 1 FROM intakes i WHERE i.region_code = cases.region_code AND i.case_id = cases.case_id
                         AND i.received_from = $15))
             AND (cardinality($6::text[]) = 0 OR state = ANY ($6)) AND ($7::text IS NULL OR cluster = $7)
             AND ($8::text IS NULL OR urgency = $8) AND ($9::text IS NULL OR source_system = $9)
             AND ($10::text IS NULL OR source_ref = $10)
             AND ($12::text IS NULL
                 OR owner_kind = 'coordinator' AND owner_reference = $12 AND next_deadline IS NOT NULL)
             AND (NOT $13 OR next_deadline <= now())
         ORDER BY created_at, region_code, case_id LIMIT $14",
        after_at,
        after_region,
        after_id,
        filter.scope.map(scope_pattern),
        scope_pattern(filter.within.unwrap_or(RegionCode::NATION)),
        &filter.states,
        filter.cluster.map(Cluster::code),
        filter.urgency.map(Urgency::code),
        filter.source_system,
        filter.source_ref,
        filter.own_facility.map(|id| id.to_string()),
        filter.owner_region.map(|region| region.to_string()),
        filter.overdue_only,
        filter.limit,
        filter.reported_by
    )
    .fetch_all(conn)
    .await?;
    Ok(rows)
}

async fn by_urgency(conn: &mut PgConnection, filter: &CaseFilter) -> Result<Vec<CaseRow>, StoreError> {
    let (after_rank, after_at, after_region, after_id) = after(filter);
    let rows = sqlx::query_as!(
        CaseRow,
        "SELECT region_code, case_id, version, state, channel, source_system, source_ref, facts, owner_kind,
             owner_reference, next_deadline, policy_version, refusals, escalations, offer_id, placement_id,
             waiting_since, episode, episode_began_at, finish_before, finish_has_rung, facility_reference,
             transfer_waiting_since, transfer_offer_id, transfer_placement_id, transfer_facility_reference,
             close_reason, ended_at, created_at, changed_at
         FROM cases
         WHERE (CASE urgency WHEN 'emergency' THEN 0 WHEN 'urgent' THEN 1 ELSE 2 END, created_at, region_code, case_id)
                 > ($16, $1, $2, $3)
             AND facts ->> 'place' LIKE $5
             AND (facts ->> 'place' LIKE $4 OR $11 IN (facility_reference, transfer_facility_reference)
                 OR owner_kind = 'facility' AND owner_reference = $11
                 OR $15::text IS NOT NULL AND EXISTS (
                     SELECT 1 FROM intakes i WHERE i.region_code = cases.region_code AND i.case_id = cases.case_id
                         AND i.received_from = $15))
             AND (cardinality($6::text[]) = 0 OR state = ANY ($6)) AND ($7::text IS NULL OR cluster = $7)
             AND ($8::text IS NULL OR urgency = $8) AND ($9::text IS NULL OR source_system = $9)
             AND ($10::text IS NULL OR source_ref = $10)
             AND ($12::text IS NULL
                 OR owner_kind = 'coordinator' AND owner_reference = $12 AND next_deadline IS NOT NULL)
             AND (NOT $13 OR next_deadline <= now())
         ORDER BY CASE urgency WHEN 'emergency' THEN 0 WHEN 'urgent' THEN 1 ELSE 2 END, created_at, region_code, case_id
         LIMIT $14",
        after_at,
        after_region,
        after_id,
        filter.scope.map(scope_pattern),
        scope_pattern(filter.within.unwrap_or(RegionCode::NATION)),
        &filter.states,
        filter.cluster.map(Cluster::code),
        filter.urgency.map(Urgency::code),
        filter.source_system,
        filter.source_ref,
        filter.own_facility.map(|id| id.to_string()),
        filter.owner_region.map(|region| region.to_string()),
        filter.overdue_only,
        filter.limit,
        filter.reported_by,
        after_rank
    )
    .fetch_all(conn)
    .await?;
    Ok(rows)
}

/// The position as the columns have it; before everything when there is none.
fn after(filter: &CaseFilter) -> (i32, OffsetDateTime, String, Uuid) {
    filter.after.map_or(
        (-1, OffsetDateTime::UNIX_EPOCH, String::new(), Uuid::nil()),
        |(urgency, at, id)| (rank(urgency), at, id.home().to_string(), id.uuid()),
    )
}

/// The place of an urgency in a queue, as the indexes of the queues have it.
const fn rank(urgency: Urgency) -> i32 {
    match urgency {
        Urgency::Emergency => 0,
        Urgency::Urgent => 1,
        Urgency::Regular => 2,
    }
}
