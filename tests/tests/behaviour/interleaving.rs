//! A storm: 64 parties on two replicas do everything there is to do to three small facilities, in an order that only
//! chance knows. Places add up and cases are whole at every look, not only at the end. The control run, in which some
//! take places without the guard, must be seen to overbook.

use std::collections::BTreeMap;
use std::sync::Arc;

use rand::SeedableRng;
use rand::rngs::StdRng;
use serasi_tests::build::{facility, request_id};
use serasi_tests::invariants::capacity_violations;
use serasi_tests::{Client, TestHub};
use sqlx::PgConnection;
use sqlx::postgres::PgPoolOptions;
use tokio::sync::{Barrier, watch};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::scene::{facility_id, hub_with};

#[path = "interleaving/party.rs"]
mod party;

use party::Party;

const PARTIES: u64 = 64;
const DEEDS_EACH: u32 = 12;
/// Who takes places without the guard, in the control.
const UNGUARDED: usize = 16;
/// Somebody else was faster, or may not: anything else is a defect.
const FAIR_REFUSALS: [&str; 9] = [
    "ADMISSION_NOT_DUE",
    "CASE_STATE",
    "FACILITY_STATE",
    "LINK_REFUSED",
    "OFFER_STATE",
    "PLACEMENT_STATE",
    "STALE_REPORT",
    "TOO_MUCH_AT_ONCE",
    "VERSION_MOVED",
];

/// What must have been done at least once, so that the test has seen it.
const DEEDS: [&str; 10] = [
    "submit",
    "accept",
    "decline",
    "withdraw",
    "admit",
    "discharge",
    "miss",
    "transfer",
    "report",
    "expire",
];
const MOST_STORMS: usize = 4;

/// How often what was answered.
type Answers = BTreeMap<String, u32>;

#[tokio::test(flavor = "multi_thread")]
async fn whatever_sixty_four_parties_do_at_once_places_add_up_and_cases_are_whole() {
    let (hub, facilities) = three_small_facilities().await;
    let replica = hub.replica().await;
    let mut undone = DEEDS.to_vec();
    // Who comes first is chance: on a busy machine somebody may not have come to decline in the first storm.
    for _ in 0..MOST_STORMS {
        let (answers, violations) = storm(&hub, &replica, &facilities).await;
        assert!(violations.is_empty(), "{violations:#?}");
        let unfair: Vec<_> = answers.keys().filter(|answer| !is_fair(answer)).collect();
        assert!(unfair.is_empty(), "{answers:#?}");
        undone.retain(|deed| !answers.contains_key(&format!("done {deed}")));
        if undone.is_empty() {
            break;
        }
    }
    assert!(undone.is_empty(), "nobody came to do these: {undone:?}");
    replica.finish().await;
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn places_taken_without_the_guard_in_the_same_storm_are_seen_to_be_overbooked() {
    let (hub, facilities) = three_small_facilities().await;
    let replica = hub.replica().await;
    let mut connection = hub.database.connect().await;
    let unguard = "ALTER TABLE capacity_pools DROP CONSTRAINT capacity_pools_not_overbooked";
    sqlx::query(unguard).execute(&mut connection).await.unwrap();
    take_without_the_guard(&hub, &facilities[0]).await;
    let (_, violations) = storm(&hub, &replica, &facilities).await;
    let overbooked = violations
        .iter()
        .filter(|violation| violation.starts_with("pool of"));
    assert_ne!(
        overbooked.count(),
        0,
        "the control was not seen to overbook: {violations:#?}"
    );
    repair(&mut connection).await;
    replica.finish().await;
    hub.finish().await;
}

async fn three_small_facilities() -> (TestHub, Vec<String>) {
    let rows = [("A", 6), ("B", 5), ("C", 8)];
    let rows = rows.map(|(name, free)| facility(name, "32.73.01", free));
    let hub = hub_with(rows.to_vec()).await;
    let mut facilities = vec![];
    for name in ["A", "B", "C"] {
        facilities.push(facility_id(&mut hub.coordinator(), name).await);
    }
    (hub, facilities)
}

/// Lets everybody loose and looks on; gives back what was answered and what was seen to be wrong.
#[expect(clippy::print_stdout, reason = "the seed of a storm that fails")]
async fn storm(hub: &TestHub, replica: &TestHub, facilities: &[String]) -> (Answers, Vec<String>) {
    let (_, seed) = Uuid::parse_str(&request_id()).unwrap().as_u64_pair();
    let seed = std::env::var("SERASI_STORM_SEED").map_or(seed, |seed| seed.parse().unwrap());
    println!("SERASI_STORM_SEED={seed}");
    let database = PgPoolOptions::new()
        .max_connections(8)
        .connect(hub.database.owner_url())
        .await
        .unwrap();
    let clients = [hub, replica].map(|hub| everybody(hub, &facilities[0]));
    let mut connection = hub.database.connect().await;
    let mut violations = look(&mut connection).await;
    let (end, ended) = watch::channel(false);
    let onlooker = tokio::spawn(look_on(connection, ended));
    let mut parties = JoinSet::new();
    for name in 0..PARTIES {
        let mut party = Party {
            client: clients[usize::from(name % 2 == 0)].clone(),
            database: database.clone(),
            chance: StdRng::seed_from_u64(seed.wrapping_add(name)),
            facilities: facilities.to_vec(),
            name,
        };
        parties.spawn(async move {
            let mut answers = Answers::new();
            for deed in 0..DEEDS_EACH {
                let answer = party.act(deed).await;
                *answers.entry(answer).or_default() += 1;
            }
            answers
        });
    }
    let mut answers = Answers::new();
    for (answer, times) in parties.join_all().await.into_iter().flatten() {
        *answers.entry(answer).or_default() += times;
    }
    end.send_replace(true);
    violations.extend(onlooker.await.unwrap());
    (answers, violations)
}

/// A client that may do all of it.
fn everybody(hub: &TestHub, facility: &str) -> Client {
    use serasi_hub::auth::Role::{Coordinator, FacilityOfficer, HotlineOperator};
    let roles = [Coordinator, FacilityOfficer, HotlineOperator];
    hub.with_token(Some(&hub.token(&roles, "ID", Some(facility))))
}

/// Looks again and again until told that it is over, and then once more.
async fn look_on(mut connection: PgConnection, mut ended: watch::Receiver<bool>) -> Vec<String> {
    let mut seen = vec![];
    loop {
        let is_last = *ended.borrow_and_update();
        seen.extend(look(&mut connection).await);
        if is_last {
            seen.sort();
            seen.dedup();
            return seen;
        }
        tokio::task::yield_now().await;
    }
}

/// What is wrong now.
async fn look(connection: &mut PgConnection) -> Vec<String> {
    let mut seen = capacity_violations(connection).await;
    seen.extend(broken_cases(connection).await);
    seen
}

/// Cases whose state, offer, placement, owner and deadline do not agree, at one instant.
async fn broken_cases(connection: &mut PgConnection) -> Vec<String> {
    let query = "SELECT format('case %s is %s', c.case_id, c.state) FROM cases c
        LEFT JOIN placements p ON p.region_code = c.region_code AND p.placement_id = c.placement_id
        LEFT JOIN placements t ON t.region_code = c.region_code AND t.placement_id = c.transfer_placement_id
        WHERE (SELECT count(*) FROM offers o WHERE o.region_code = c.region_code AND o.case_id = c.case_id
                AND o.state IN ('offered', 'seen')) <> num_nonnulls(c.offer_id, c.transfer_offer_id)
            OR (SELECT count(*) FROM placements q WHERE q.region_code = c.region_code AND q.case_id = c.case_id
                AND q.state IN ('reserved', 'admitted'))
                <> (CASE WHEN c.state IN ('placed', 'in_service') THEN 1 ELSE 0 END)
                    + num_nonnulls(c.transfer_placement_id)
            OR t.state <> 'reserved'
            OR p.state IS DISTINCT FROM (CASE c.state WHEN 'placed' THEN 'reserved' WHEN 'in_service' THEN 'admitted'
                WHEN 'aftercare' THEN 'discharged' END)
            OR (c.owner_kind = 'facility') <> (p.placement_id IS NOT NULL)
            OR (c.next_deadline IS NULL) <> (c.state IN ('closed', 'resolved_directly'))";
    sqlx::query_scalar(query).fetch_all(connection).await.unwrap()
}

fn is_fair(answer: &str) -> bool {
    let (what, _) = answer.split_once(' ').unwrap();
    what == "done" || what == "nothing" || FAIR_REFUSALS.contains(&what)
}

/// As if the guard were out: everybody looks first, and then takes what was there when they looked.
async fn take_without_the_guard(hub: &TestHub, facility: &str) {
    let all_have_looked = Arc::new(Barrier::new(UNGUARDED));
    let (_, id) = facility.split_once('-').unwrap();
    let facility = Uuid::parse_str(id).unwrap();
    let mut takers = JoinSet::new();
    for _ in 0..UNGUARDED {
        let mut connection = hub.database.connect().await;
        let all_have_looked = Arc::clone(&all_have_looked);
        takers.spawn(async move {
            let free: i32 = sqlx::query_scalar("SELECT free FROM capacity_pools WHERE facility_id = $1")
                .bind(facility)
                .fetch_one(&mut connection)
                .await
                .unwrap();
            all_have_looked.wait().await;
            if free >= 1 {
                // With its hold, so that nothing is wrong but that there are too many.
                let take = "WITH taken AS (
                        UPDATE capacity_pools SET held = held + 1, free = free - 1 WHERE facility_id = $1 RETURNING *)
                    INSERT INTO holds (region_code, hold_id, facility_id, base, cluster, sex, case_region, case_id, places,
                        state, held_at, changed_at)
                    SELECT region_code, gen_random_uuid(), facility_id, base, cluster, sex, region_code,
                        gen_random_uuid(), 1, 'held', now(), now() FROM taken";
                sqlx::query(take).bind(facility).execute(&mut connection).await.unwrap();
            }
        });
    }
    takers.join_all().await;
}

/// Gives back what was taken without the guard.
async fn repair(connection: &mut PgConnection) {
    // The hubs are still at work: nobody takes or gives back a place in between.
    let recount = "BEGIN; LOCK TABLE holds, capacity_pools IN EXCLUSIVE MODE;
        DELETE FROM holds WHERE hold_id NOT IN (SELECT offer_id FROM offers);
        UPDATE capacity_pools p SET held = c.held, free = p.total - p.occupied - c.held,
            shortfall = GREATEST(0, p.occupied + c.held - p.total - p.overflow), version = p.version + 1
        FROM (SELECT f.facility_id, COALESCE(sum(h.places), 0)::int AS held
            FROM facilities f LEFT JOIN holds h ON h.facility_id = f.facility_id AND h.state = 'held'
            GROUP BY f.facility_id) c
        WHERE c.facility_id = p.facility_id;
        INSERT INTO capacity_log (region_code, facility_id, base, cluster, sex, version, total, occupied, held, overflow,
            shortfall, observed_at, valid_until, source, changed_at)
        SELECT region_code, facility_id, base, cluster, sex, version, total, occupied, held, overflow, shortfall,
            observed_at, valid_until, source, changed_at FROM capacity_pools; COMMIT";
    // A call may hold one of the tables and want the other: the database then ends one of the two.
    while let Err(error) = sqlx::raw_sql(recount).execute(&mut *connection).await {
        assert_eq!(
            error
                .as_database_error()
                .and_then(|error| error.code())
                .as_deref(),
            Some("40P01"),
            "{error}"
        );
        sqlx::raw_sql("ROLLBACK").execute(&mut *connection).await.unwrap();
    }
}
