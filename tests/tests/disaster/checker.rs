//! What must be true afterwards, and at every look while it lasts, whatever the hub says.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serasi_tests::invariants::{capacity_violations, log_violations, registry_violations};
use sqlx::{Connection, PgConnection};
use tokio::task::JoinHandle;

use crate::crowd::Told;
use crate::site::Site;

/// Pools whose places do not add up to what is held in them, or that are beyond what they have. One statement, so one
/// moment of the database.
const BROKEN_POOLS: &str = "SELECT count(*) FROM capacity_pools p LEFT JOIN (
     SELECT facility_id, base, cluster, sex, sum(places) AS places FROM holds WHERE state = 'held'
     GROUP BY facility_id, base, cluster, sex) h USING (facility_id, base, cluster, sex)
 WHERE p.total <> p.occupied + p.held + p.free OR p.held <> COALESCE(h.places, 0) OR p.free < -(p.overflow + p.shortfall)";

/// What is wrong, in words; empty = nothing.
pub(crate) async fn faults(site: &Site, told: &Told) -> Vec<String> {
    let mut connection = site.connect().await;
    let mut faults = of_reports(&mut connection, told).await;
    faults.extend(of_answers(&mut connection, told).await);
    faults.extend(capacity_violations(&mut connection).await);
    faults.extend(log_violations(&mut connection).await);
    faults.extend(registry_violations(&mut connection).await);
    let idle: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' AND state_change < now() - interval '5 s'",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    if idle > 0 {
        faults.push(format!("{idle} connections are idle in a transaction"));
    }
    let refused = told.failures.read();
    faults.extend(
        refused
            .into_iter()
            .map(|(key, why)| format!("{key} was refused: {why:?}")),
    );
    faults
}

/// Reports that were acknowledged and are not there, are there twice, or were answered in two ways.
async fn of_reports(connection: &mut PgConnection, told: &Told) -> Vec<String> {
    let rows: Vec<(String, String)> =
        sqlx::query_as("SELECT source_ref, replace(region_code, '.', '') || '-' || case_id FROM cases")
            .fetch_all(&mut *connection)
            .await
            .unwrap();
    let mut stored: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (key, case) in rows {
        stored.entry(key).or_default().push(case);
    }
    let mut faults = vec![];
    for (key, answers) in told.reports.read() {
        match stored.get(&key) {
            None => faults.push(format!("report {key} was acknowledged and is lost")),
            Some(cases) if *cases != answers => {
                faults.push(format!(
                    "report {key} was answered {answers:?} and stored as {cases:?}"
                ));
            }
            Some(_) => {}
        }
    }
    let doubled = stored.iter().filter(|(_, cases)| cases.len() > 1);
    faults.extend(doubled.map(|(key, _)| format!("report {key} is stored twice")));
    for table in ["intakes", "persons", "decisions"] {
        let statement = format!(
            "SELECT count(*) FROM cases c WHERE NOT EXISTS (SELECT 1 FROM {table} t WHERE t.case_id = c.case_id)"
        );
        let lacking: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(statement))
            .fetch_one(&mut *connection)
            .await
            .unwrap();
        if lacking > 0 {
            faults.push(format!("{lacking} cases have no row in {table}"));
        }
    }
    let entries: Vec<(String, i64)> = sqlx::query_as(
        "SELECT replace(c.region_code, '.', '') || '-' || c.case_id, count(a.audit_id) FROM cases c
         LEFT JOIN audit_entries a ON a.verb = 'SubmitIntake'
             AND a.subject_id = replace(c.region_code, '.', '') || '-' || c.case_id
         GROUP BY 1 HAVING count(a.audit_id) <> 1",
    )
    .fetch_all(connection)
    .await
    .unwrap();
    let recorded =
        |(case, entries)| format!("case {case} was taken down {entries} times, says the audit log");
    faults.extend(entries.into_iter().map(recorded));
    faults
}

/// Acceptances that were acknowledged and have no placement, and offers that were answered in two ways.
async fn of_answers(connection: &mut PgConnection, told: &Told) -> Vec<String> {
    let offers: Vec<(String, String, Option<String>)> = sqlx::query_as(
        "SELECT replace(o.region_code, '.', '') || '-' || o.offer_id, o.state,
                replace(p.region_code, '.', '') || '-' || p.placement_id
         FROM offers o LEFT JOIN placements p ON p.offer_id = o.offer_id",
    )
    .fetch_all(connection)
    .await
    .unwrap();
    let mut stored: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (offer, state, placement) in offers {
        stored.entry(offer).or_default().push(placement.unwrap_or(state));
    }
    let told = told.answers.read();
    let differing = told
        .into_iter()
        .filter(|(offer, answers)| stored.get(offer) != Some(answers));
    differing
        .map(|(offer, answers)| {
            format!(
                "offer {offer} was answered {answers:?} and is {:?}",
                stored.get(&offer)
            )
        })
        .collect()
}

/// Looks again and again whether the places add up, also while the database is away.
pub(crate) struct Watchman {
    looks: Arc<AtomicU64>,
    broken: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

impl Watchman {
    pub(crate) fn post(site: &Site) -> Self {
        let (looks, broken) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let stop = Arc::new(AtomicBool::new(false));
        let (counts, url, over) = (
            (Arc::clone(&looks), Arc::clone(&broken)),
            site.owner_url(),
            Arc::clone(&stop),
        );
        let task = tokio::spawn(async move {
            let mut connection = None;
            while !over.load(Ordering::Relaxed) {
                tokio::time::sleep(Duration::from_millis(100)).await;
                let Some(open) = &mut connection else {
                    connection = PgConnection::connect(&url).await.ok();
                    continue;
                };
                match sqlx::query_scalar::<_, i64>(BROKEN_POOLS).fetch_one(open).await {
                    Ok(broken) => {
                        counts.0.fetch_add(1, Ordering::Relaxed);
                        counts.1.fetch_add(u64::from(broken > 0), Ordering::Relaxed);
                    }
                    Err(_) => connection = None,
                }
            }
        });
        Self {
            looks,
            broken,
            stop,
            task,
        }
    }

    /// How often the places were looked at, and how often they did not add up.
    pub(crate) async fn relieve(self) -> (u64, u64) {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await.unwrap();
        (
            self.looks.load(Ordering::Relaxed),
            self.broken.load(Ordering::Relaxed),
        )
    }
}
