//! What must hold after every test, whatever it did.

use sqlx::PgConnection;

/// Violations of the capacity invariants, in words; empty = all is well.
pub async fn capacity_violations(connection: &mut PgConnection) -> Vec<String> {
    let rows: Vec<(String, String)> = sqlx::query_as(
        "SELECT p.facility_id::text, format('total=%s occupied=%s held=%s free=%s, holds=%s',
                p.total, p.occupied, p.held, p.free, COALESCE(h.places, 0))
         FROM capacity_pools p LEFT JOIN (
             SELECT facility_id, base, cluster, sex, sum(places) AS places FROM holds WHERE state = 'held'
             GROUP BY facility_id, base, cluster, sex) h USING (facility_id, base, cluster, sex)
         WHERE p.total <> p.occupied + p.held + p.free OR p.held <> COALESCE(h.places, 0)
             OR p.free < -(p.overflow + p.shortfall)",
    )
    .fetch_all(&mut *connection)
    .await
    .unwrap();
    let mut violations: Vec<String> = rows
        .into_iter()
        .map(|(id, what)| format!("pool of {id}: {what}"))
        .collect();

    // Every live offer or open placement with places has its hold, and no hold is left behind.
    let strays: Vec<(String,)> = sqlx::query_as(
        "SELECT h.hold_id::text FROM holds h
         LEFT JOIN offers o ON o.offer_id = h.hold_id
         LEFT JOIN placements p ON p.offer_id = h.hold_id
         WHERE (h.state = 'held') IS DISTINCT FROM
             (o.state IN ('offered', 'seen') OR COALESCE(p.state = 'reserved', false))
            OR (h.state = 'occupied') IS DISTINCT FROM COALESCE(p.state = 'admitted', false)",
    )
    .fetch_all(&mut *connection)
    .await
    .unwrap();
    violations.extend(
        strays
            .into_iter()
            .map(|(id,)| format!("hold {id} does not fit its offer")),
    );

    let lost: Vec<(String,)> = sqlx::query_as(
        "SELECT o.offer_id::text FROM offers o
         WHERE o.state IN ('offered', 'seen') AND o.holds_places
             AND NOT EXISTS (SELECT 1 FROM holds h WHERE h.hold_id = o.offer_id AND h.state = 'held')",
    )
    .fetch_all(&mut *connection)
    .await
    .unwrap();
    violations.extend(
        lost.into_iter()
            .map(|(id,)| format!("live offer {id} holds nothing")),
    );

    let idle: Vec<(String,)> = sqlx::query_as(
        "SELECT case_id::text FROM cases c
         WHERE state = 'offered' AND NOT EXISTS (
             SELECT 1 FROM offers o WHERE o.region_code = c.region_code AND o.offer_id = c.offer_id
                 AND o.state IN ('offered', 'seen'))",
    )
    .fetch_all(connection)
    .await
    .unwrap();
    violations.extend(
        idle.into_iter()
            .map(|(id,)| format!("offered case {id} has no live offer")),
    );
    violations
}

/// Facilities and pools whose newest entry in the change log is not what the table says.
pub async fn log_violations(connection: &mut PgConnection) -> Vec<String> {
    let facilities: Vec<(String,)> = sqlx::query_as(
        "SELECT f.facility_id::text FROM facilities f
         WHERE NOT EXISTS (SELECT 1 FROM facility_log l
             WHERE (l.region_code, l.facility_id, l.version, l.state, l.profile)
                 = (f.region_code, f.facility_id, f.version, f.state, f.profile))",
    )
    .fetch_all(&mut *connection)
    .await
    .unwrap();
    let pools: Vec<(String,)> = sqlx::query_as(
        "SELECT p.facility_id::text FROM capacity_pools p
         WHERE NOT EXISTS (SELECT 1 FROM capacity_log l
             WHERE (l.region_code, l.facility_id, l.base, l.cluster, l.sex, l.version, l.total, l.occupied, l.held,
                     l.overflow, l.shortfall, l.observed_at, l.valid_until, l.source)
                 = (p.region_code, p.facility_id, p.base, p.cluster, p.sex, p.version, p.total, p.occupied, p.held,
                     p.overflow, p.shortfall, p.observed_at, p.valid_until, p.source))
             OR p.version <> (SELECT count(*) FROM capacity_log l
                 WHERE (l.region_code, l.facility_id, l.base, l.cluster, l.sex)
                     = (p.region_code, p.facility_id, p.base, p.cluster, p.sex))",
    )
    .fetch_all(connection)
    .await
    .unwrap();
    let facilities = facilities
        .into_iter()
        .map(|(id,)| format!("facility {id} is not as its log says"));
    let pools = pools
        .into_iter()
        .map(|(id,)| format!("a pool of {id} is not as its log says"));
    facilities.chain(pools).collect()
}

/// People who are served and whom nobody is told to report, and steps that are not in the log.
pub async fn registry_violations(connection: &mut PgConnection) -> Vec<String> {
    let forgotten: Vec<(String,)> = sqlx::query_as(
        "SELECT p.person_id::text FROM cases c JOIN persons p USING (region_code, case_id)
         LEFT JOIN registrations r ON r.region_code = p.region_code AND r.person_id = p.person_id
         WHERE c.state IN ('placed', 'in_service', 'aftercare', 'resolved_directly') AND r.served_at IS NULL
             AND NOT 'identity' = ANY (c.erased)",
    )
    .fetch_all(&mut *connection)
    .await
    .unwrap();
    let untold: Vec<(String,)> = sqlx::query_as(
        "SELECT r.person_id::text FROM registrations r
         WHERE r.version - 1 <> (SELECT count(*) FROM registration_log l
             WHERE l.region_code = r.region_code AND l.person_id = r.person_id)",
    )
    .fetch_all(&mut *connection)
    .await
    .unwrap();
    let astray: Vec<(String,)> = sqlx::query_as(
        "SELECT r.person_id::text FROM registrations r JOIN persons p USING (region_code, person_id)
         WHERE r.case_id <> p.case_id",
    )
    .fetch_all(&mut *connection)
    .await
    .unwrap();
    let nobodys: Vec<(String,)> = sqlx::query_as(
        "SELECT c.person_id::text FROM reconciliation_candidates c
         WHERE NOT EXISTS (SELECT FROM registrations r
             WHERE (r.region_code, r.person_id) = (c.region_code, c.person_id))",
    )
    .fetch_all(connection)
    .await
    .unwrap();
    let nobodys = nobodys
        .into_iter()
        .map(|(id,)| format!("a row may be person {id}, who has no registration"));
    let astray = astray
        .into_iter()
        .map(|(id,)| format!("the registration of person {id} leads to another case"));
    let forgotten = forgotten
        .into_iter()
        .map(|(id,)| format!("person {id} is served and nobody is told"));
    let untold = untold
        .into_iter()
        .map(|(id,)| format!("a step of person {id} is not in the log"));
    forgotten.chain(untold).chain(astray).chain(nobodys).collect()
}
