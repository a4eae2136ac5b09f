//! How facilities report their places and answer. Days are cut in each facility's own time zone.

use std::collections::BTreeSet;

use serasi_domain::id::{FacilityId, Regency};
use serasi_domain::insight::Durations;
use serasi_domain::insight::period::DaySpan;
use serasi_domain::insight::reporting::{ActiveSpell, Reporting};
use serasi_domain::insight::truthfulness::{Answers, Rank};
use serasi_geography::{RegionCode, atlas};
use sqlx::PgConnection;
use time::Date;
use uuid::Uuid;

use crate::StoreError;
use crate::columns::{Row, regency, scope_pattern};

/// Which facilities to look at.
#[derive(Clone, Debug)]
pub struct TruthfulnessFilter {
    pub within: RegionCode,
    pub facility: Option<FacilityId>,
    pub days: DaySpan,
    /// Last of the page before.
    pub after: Option<Rank>,
    pub limit: usize,
}

/// One facility in the period.
#[derive(Clone, Debug)]
pub struct Truthfulness {
    pub facility: FacilityId,
    pub name: String,
    pub place: RegionCode,
    pub reporting: Reporting,
    pub answers: Answers,
}

#[derive(Debug)]
struct FacilityDays {
    region_code: String,
    facility_id: Uuid,
    name: String,
    place_code: String,
    reported: Vec<Date>,
    firsts: Vec<Date>,
    lasts: Vec<Date>,
    asked: i32,
    accepted: i32,
    declined: i32,
    expired: i32,
    false_full: i32,
    median_minutes: Option<i32>,
    p90_minutes: Option<i32>,
}

impl Truthfulness {
    #[must_use]
    pub fn rank(&self) -> Rank {
        Rank::new(&self.answers, &self.reporting, self.facility)
    }
}

impl TryFrom<FacilityDays> for Truthfulness {
    type Error = StoreError;

    fn try_from(row: FacilityDays) -> Result<Self, StoreError> {
        let facility = FacilityId::new(regency("facilities", &row.region_code)?, row.facility_id);
        let context = Row {
            table: "facilities",
            id: &facility,
        };
        let days = row.firsts.into_iter().zip(row.lasts);
        let spells: Vec<ActiveSpell> = days.map(|(first, last)| ActiveSpell { first, last }).collect();
        let reported: BTreeSet<Date> = row.reported.into_iter().collect();
        Ok(Self {
            facility,
            place: context.code("place_code", &row.place_code)?,
            name: row.name,
            reporting: Reporting::count(&spells, &reported),
            answers: Answers {
                asked: row.asked,
                accepted: row.accepted,
                declined: row.declined,
                expired: row.expired,
                false_full: row.false_full,
                minutes: Durations {
                    count: row.accepted + row.declined + row.expired,
                    median_minutes: row.median_minutes,
                    p90_minutes: row.p90_minutes,
                },
            },
        })
    }
}

/// One page, the worst first. Every facility of the filter is counted for it: the order is that of what is counted.
pub async fn worst(
    conn: &mut PgConnection,
    filter: &TruthfulnessFilter,
) -> Result<Vec<Truthfulness>, StoreError> {
    let found = facility_days(conn, filter).await?;
    let found: Result<Vec<_>, _> = found.into_iter().map(Truthfulness::try_from).collect();
    let mut found = found?;
    found.retain(|truth| filter.after.is_none_or(|after| truth.rank() > after));
    found.sort_by_key(Truthfulness::rank);
    found.truncate(filter.limit);
    Ok(found)
}

/// Facilities that were active or asked in the period. A day counts when it is over; what a facility was before the
/// change log begins is not known, and not counted.
async fn facility_days(
    conn: &mut PgConnection,
    filter: &TruthfulnessFilter,
) -> Result<Vec<FacilityDays>, StoreError> {
    let (regions, offsets) = time_zones(filter);
    let rows = sqlx::query_as!(
        FacilityDays,
        r#"WITH wanted AS (
               SELECT f.region_code, f.facility_id, f.name, f.place_code, z.ahead,
                   ($3::date - z.ahead) AT TIME ZONE 'UTC' AS starts, ($4::date - z.ahead) AT TIME ZONE 'UTC' AS ends,
                   (LEAST($4::date, date_trunc('day', now() AT TIME ZONE 'UTC' + z.ahead)) - z.ahead)
                       AT TIME ZONE 'UTC' AS over
               FROM facilities f JOIN (
                   SELECT region_code, make_interval(hours => utc_offset_hours) AS ahead
                   FROM UNNEST($1::text[], $2::int[]) AS zones (region_code, utc_offset_hours)) z USING (region_code)
               WHERE f.place_code LIKE $5 AND ($6::uuid IS NULL OR f.facility_id = $6))
           SELECT w.region_code, w.facility_id, w.name, w.place_code,
               COALESCE(reports.days, '{}') AS "reported!", COALESCE(spells.firsts, '{}') AS "firsts!",
               COALESCE(spells.lasts, '{}') AS "lasts!", answers.asked AS "asked!", answers.accepted AS "accepted!",
               answers.declined AS "declined!", answers.expired AS "expired!", answers.false_full AS "false_full!",
               answers.median_minutes, answers.p90_minutes
           FROM wanted w CROSS JOIN LATERAL (
               SELECT array_agg(DISTINCT (l.observed_at AT TIME ZONE 'UTC' + w.ahead)::date) AS days FROM capacity_log l
               WHERE l.region_code = w.region_code AND l.facility_id = w.facility_id AND l.source = 'facility'
                   AND l.observed_at >= w.starts AND l.observed_at < w.over) reports
           CROSS JOIN LATERAL (
               SELECT array_agg((GREATEST(s.begins, w.starts) AT TIME ZONE 'UTC' + w.ahead)::date ORDER BY s.version)
                       AS firsts,
                   array_agg(((LEAST(s.ends, w.over) - interval '1 microsecond') AT TIME ZONE 'UTC' + w.ahead)::date
                       ORDER BY s.version) AS lasts
               FROM (
                   SELECT version, CASE WHEN state = 'active' THEN changed_at
                           WHEN state = 'suspended' AND state_until IS NOT NULL THEN GREATEST(changed_at, state_until)
                       END AS begins,
                       COALESCE(lead(changed_at) OVER (ORDER BY version), 'infinity') AS ends
                   FROM facility_log l WHERE l.region_code = w.region_code AND l.facility_id = w.facility_id) s
               WHERE GREATEST(s.begins, w.starts) < LEAST(s.ends, w.over) AND s.begins IS NOT NULL) spells
           CROSS JOIN LATERAL (
               SELECT count(*)::int AS asked, (count(*) FILTER (WHERE o.state = 'accepted'))::int AS accepted,
                   (count(*) FILTER (WHERE o.state = 'declined'))::int AS declined,
                   (count(*) FILTER (WHERE o.state = 'expired'))::int AS expired,
                   (count(*) FILTER (WHERE o.decline_reason = 'full' AND o.holds_places))::int AS false_full,
                   (percentile_disc(0.5) WITHIN GROUP (ORDER BY EXTRACT(epoch FROM o.answered_at - o.offered_at))
                       FILTER (WHERE o.state IN ('accepted', 'declined', 'expired')) / 60)::int AS median_minutes,
                   (percentile_disc(0.9) WITHIN GROUP (ORDER BY EXTRACT(epoch FROM o.answered_at - o.offered_at))
                       FILTER (WHERE o.state IN ('accepted', 'declined', 'expired')) / 60)::int AS p90_minutes
               FROM offers o WHERE o.facility_region = w.region_code AND o.facility_id = w.facility_id
                   AND o.offered_at >= w.starts AND o.offered_at < w.ends) answers
           WHERE spells.firsts IS NOT NULL OR answers.asked > 0 OR $6 IS NOT NULL"#,
        &regions,
        &offsets,
        filter.days.first(),
        filter.days.after(),
        scope_pattern(filter.within),
        filter.facility.map(FacilityId::uuid)
    )
    .fetch_all(conn)
    .await?;
    Ok(rows)
}

/// Regencies whose facilities are looked at, and their hours ahead of UTC.
fn time_zones(filter: &TruthfulnessFilter) -> (Vec<String>, Vec<i32>) {
    let home = filter
        .facility
        .map(FacilityId::home)
        .or_else(|| Regency::of(filter.within));
    let is_wanted = |code: RegionCode| match home {
        Some(home) => home.code() == code,
        None => filter.within.contains(&code),
    };
    atlas()
        .regencies()
        .filter(|region| is_wanted(region.code))
        .map(|region| {
            (
                region.code.to_string(),
                i32::from(region.time_zone.utc_offset_hours()),
            )
        })
        .unzip()
}
