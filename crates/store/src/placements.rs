//! Placements: the row becomes the state enum here and nowhere else.

use serasi_domain::id::{CaseId, FacilityId, OfferId, PlacementId};
use serasi_domain::placement::{DischargeDestination, Placement, PlacementState};
use serasi_geography::RegionCode;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::columns::{Row, column, pool_columns, regency, scope_pattern};
use crate::subject_keys::{seal, story_cell};
use crate::{Sealer, StoreError};

#[derive(Debug)]
struct PlacementRow {
    region_code: String,
    placement_id: Uuid,
    version: i64,
    state: String,
    case_id: Uuid,
    offer_id: Uuid,
    facility_region: String,
    facility_id: Uuid,
    places: i32,
    base: String,
    cluster: String,
    sex: String,
    reserved_at: OffsetDateTime,
    admit_before: OffsetDateTime,
    admitted_at: Option<OffsetDateTime>,
    discharged_at: Option<OffsetDateTime>,
    destination: Option<String>,
    ended_at: Option<OffsetDateTime>,
    end_reason: Option<String>,
}

impl TryFrom<PlacementRow> for Placement {
    type Error = StoreError;

    fn try_from(row: PlacementRow) -> Result<Self, Self::Error> {
        let home = regency("placements", &row.region_code)?;
        let id = PlacementId::new(home, row.placement_id);
        let context = Row {
            table: "placements",
            id: &id,
        };
        let admitted_at = || context.present("admitted_at", row.admitted_at);
        let state = match row.state.as_str() {
            "reserved" => PlacementState::Reserved,
            "admitted" => PlacementState::Admitted { at: admitted_at()? },
            "discharged" => PlacementState::Discharged {
                admitted_at: admitted_at()?,
                at: context.present("discharged_at", row.discharged_at)?,
                to: context.code(
                    "destination",
                    &context.present("destination", row.destination.clone())?,
                )?,
            },
            "no_show" => PlacementState::NoShow {
                at: context.present("ended_at", row.ended_at)?,
                reason: context.code(
                    "end_reason",
                    &context.present("end_reason", row.end_reason.clone())?,
                )?,
            },
            "cancelled" => PlacementState::Cancelled {
                at: context.present("ended_at", row.ended_at)?,
                reason: context.code(
                    "end_reason",
                    &context.present("end_reason", row.end_reason.clone())?,
                )?,
            },
            _ => return Err(context.impossible("state")),
        };
        Ok(Self {
            id,
            version: row.version,
            state,
            case: CaseId::new(home, row.case_id),
            offer: OfferId::new(home, row.offer_id),
            facility: FacilityId::new(regency("placements", &row.facility_region)?, row.facility_id),
            places: context
                .number::<u16>("places", row.places)?
                .try_into()
                .map_err(|_| context.impossible("places"))?,
            pool: context.pool(&row.base, &row.cluster, &row.sex)?,
            reserved_at: row.reserved_at,
            admit_before: row.admit_before,
        })
    }
}

/// Adds RESERVED placements.
pub async fn insert(conn: &mut PgConnection, placements: &[&Placement]) -> Result<(), StoreError> {
    let pools: Vec<_> = placements
        .iter()
        .map(|placement| pool_columns(placement.pool))
        .collect();
    sqlx::query!(
        "INSERT INTO placements (region_code, placement_id, version, state, case_id, offer_id, facility_region,
             facility_id, places, base, cluster, sex, reserved_at, admit_before)
         SELECT region_code, placement_id, version, 'reserved', case_id, offer_id, facility_region, facility_id, places,
             base, cluster, sex, reserved_at, admit_before
         FROM UNNEST($1::text[], $2::uuid[], $3::bigint[], $4::uuid[], $5::uuid[], $6::text[], $7::uuid[], $8::int[],
             $9::text[], $10::text[], $11::text[], $12::timestamptz[], $13::timestamptz[])
             AS p (region_code, placement_id, version, case_id, offer_id, facility_region, facility_id, places, base,
                 cluster, sex, reserved_at, admit_before)",
        &column(placements, |placement| placement.id.home().to_string()),
        &column(placements, |placement| placement.id.uuid()),
        &column(placements, |placement| placement.version),
        &column(placements, |placement| placement.case.uuid()),
        &column(placements, |placement| placement.offer.uuid()),
        &column(placements, |placement| placement.facility.home().to_string()),
        &column(placements, |placement| placement.facility.uuid()),
        &column(placements, |placement| placement.places.as_i32()),
        &column(&pools, |(base, _, _)| *base) as &[&str],
        &column(&pools, |(_, cluster, _)| *cluster) as &[&str],
        &column(&pools, |(_, _, sex)| *sex) as &[&str],
        &column(placements, |placement| placement.reserved_at),
        &column(placements, |placement| placement.admit_before)
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes the next version over `old_state`. `false` = the version or state moved meanwhile.
pub async fn update(
    conn: &mut PgConnection,
    placement: &Placement,
    old_state: &PlacementState,
) -> Result<bool, StoreError> {
    let (mut admitted_at, mut discharged_at, mut destination) = (None, None, None);
    let (mut ended_at, mut end_reason) = (None, None);
    match placement.state {
        PlacementState::Reserved => {}
        PlacementState::Admitted { at } => admitted_at = Some(at),
        PlacementState::Discharged {
            admitted_at: came_at,
            at,
            to,
        } => {
            (admitted_at, discharged_at, destination) = (Some(came_at), Some(at), Some(to));
        }
        PlacementState::NoShow { at, reason } => (ended_at, end_reason) = (Some(at), Some(reason.code())),
        PlacementState::Cancelled { at, reason } => (ended_at, end_reason) = (Some(at), Some(reason.code())),
    }
    let done = sqlx::query!(
        "UPDATE placements SET version = version + 1, state = $5, admitted_at = $6, discharged_at = $7,
             destination = $8, ended_at = $9, end_reason = $10
         WHERE region_code = $1 AND placement_id = $2 AND version = $3 AND state = $4",
        placement.id.home().to_string(),
        placement.id.uuid(),
        placement.version,
        old_state.code(),
        placement.state.code(),
        admitted_at,
        discharged_at,
        destination.map(DischargeDestination::code),
        ended_at,
        end_reason
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Keeps the words about an end, sealed.
pub async fn set_end_note(
    conn: &mut PgConnection,
    sealer: &Sealer,
    placement: &Placement,
    note: &str,
) -> Result<(), StoreError> {
    let id = placement.id;
    let cell = story_cell("placements", "end_note", id.uuid(), placement.case);
    let content = seal(conn, sealer, placement.case, cell, &note).await?;
    sqlx::query!(
        "UPDATE placements SET end_note = $3 WHERE region_code = $1 AND placement_id = $2",
        id.home().to_string(),
        id.uuid(),
        content
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn get(conn: &mut PgConnection, id: PlacementId) -> Result<Option<Placement>, StoreError> {
    let row = sqlx::query_as!(
        PlacementRow,
        "SELECT region_code, placement_id, version, state, case_id, offer_id, facility_region, facility_id, places,
             base, cluster, sex, reserved_at, admit_before, admitted_at, discharged_at, destination, ended_at,
             end_reason
         FROM placements WHERE region_code = $1 AND placement_id = $2",
        id.home().to_string(),
        id.uuid()
    )
    .fetch_optional(conn)
    .await?;
    row.map(Placement::try_from).transpose()
}

/// The placements of a case, the oldest first.
pub async fn of_case(conn: &mut PgConnection, case: CaseId) -> Result<Vec<Placement>, StoreError> {
    let rows = sqlx::query_as!(
        PlacementRow,
        "SELECT region_code, placement_id, version, state, case_id, offer_id, facility_region, facility_id, places,
             base, cluster, sex, reserved_at, admit_before, admitted_at, discharged_at, destination, ended_at,
             end_reason
         FROM placements WHERE region_code = $1 AND case_id = $2
         ORDER BY reserved_at, placement_id",
        case.home().to_string(),
        case.uuid()
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Placement::try_from).collect()
}

/// Whether somebody from `scope` lives in the facility, or is about to.
pub async fn houses_people_from(
    conn: &mut PgConnection,
    facility: FacilityId,
    scope: RegionCode,
) -> Result<bool, StoreError> {
    let houses = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM placements p JOIN cases c USING (region_code, case_id)
               WHERE p.facility_region = $1 AND p.facility_id = $2 AND p.state IN ('reserved', 'admitted')
                   AND c.facts ->> 'place' LIKE $3) AS "houses!""#,
        facility.home().to_string(),
        facility.uuid(),
        scope_pattern(scope)
    )
    .fetch_one(conn)
    .await?;
    Ok(houses)
}
