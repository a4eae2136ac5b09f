//! The database refuses what the code has forgotten to refuse: rows of others are not there, however transactions of
//! different callers share connections. `SERASI_LONG_TESTS=1` runs ten thousand transactions instead of a thousand.

use std::collections::{BTreeMap, BTreeSet};

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serasi_proto::v1;
use serasi_store::{Context, Store};
use serasi_tests::TestHub;
use serasi_tests::build::{facility, intake, request_id, submit};
use serasi_tests::database::TestDatabase;
use serasi_tests::pooler::{self, Pooler};
use sqlx::{AssertSqlSafe, Executor, PgConnection};
use tokio::task::JoinSet;

use crate::scene::hub_with;

/// Tables of which a caller sees a part, and the column that names a row.
const TABLES: [(&str, &str); 7] = [
    ("cases", "case_id"),
    ("persons", "person_id"),
    ("intakes", "intake_id"),
    ("offers", "offer_id"),
    ("decisions", "decision_id"),
    ("placements", "placement_id"),
    ("audit_entries", "audit_id"),
];
const REGIONS: [&str; 4] = ["32.73.01", "32.04.05", "31.71.01", "51.71.01"];
/// Calls at the same time, over two connections.
const PARTIES: usize = 16;

type Rows = BTreeMap<&'static str, BTreeSet<String>>;

/// Who looks, and what is theirs.
#[derive(Clone, Debug)]
struct Tenant {
    context: Context,
    rows: Rows,
}

/// Cases in four regencies of three provinces, some of them placed in a facility of another one.
async fn with_cases() -> (TestHub, Vec<String>) {
    let hub = hub_with(vec![
        facility("BANDUNG", "32.73.01", 60),
        facility("DENPASAR", "51.71.01", 60),
    ])
    .await;
    let mut client = hub.coordinator();
    let mut facilities = vec![];
    for number in 0..24 {
        let mut intake = intake(&number.to_string());
        REGIONS[number % REGIONS.len()].clone_into(&mut intake.region_code);
        intake.urgency = v1::Urgency::Emergency as i32;
        let answer = client
            .intake
            .submit_intake(submit(intake))
            .await
            .unwrap()
            .into_inner();
        let offer = answer.outcome.unwrap().offer.unwrap();
        facilities.push(offer.facility_id.clone());
        if number % 3 == 0 {
            let request = v1::AcceptOfferRequest {
                request_id: request_id(),
                offer_id: offer.offer_id,
                capacity: None,
            };
            let mut officer = hub.officer(&offer.facility_id);
            officer.referral.accept_offer(request).await.unwrap();
        }
    }
    facilities.sort();
    facilities.dedup();
    assert_eq!(facilities.len(), 2);
    (hub, facilities)
}

async fn ids(connection: &mut PgConnection, table: &str, column: &str, condition: &str) -> BTreeSet<String> {
    let statement = format!("SELECT {column}::text FROM {table} t WHERE {condition}");
    let rows: Vec<(String,)> = sqlx::query_as(AssertSqlSafe(statement))
        // PgBouncer before 1.21 carries no named statement from one server connection to another.
        .persistent(false)
        .fetch_all(connection)
        .await
        .unwrap();
    rows.into_iter().map(|(id,)| id).collect()
}

/// What a caller may see, said in another way than the policies say it.
async fn tenant(connection: &mut PgConnection, scope: Option<&str>, facility: Option<&str>) -> Tenant {
    let scoped = match scope {
        Some("ID") => "true".to_owned(),
        Some(scope) => format!("region_code ~ '^{}(\\.|$)'", scope.replace('.', "\\.")),
        None => "false".to_owned(),
    };
    let uuid = facility.map_or("00000000-0000-0000-0000-000000000000", |id| &id[5..]);
    let owned = format!(
        "(region_code, case_id) IN (SELECT region_code, case_id FROM cases WHERE owner_reference LIKE '%-{uuid}')"
    );
    let mut rows = Rows::new();
    for (table, column) in TABLES {
        let condition = match table {
            "offers" => format!(
                "{scoped} OR {} OR facility_id = '{uuid}'",
                scoped.replace("region_code", "facility_region")
            ),
            "placements" => format!("{scoped} OR facility_id = '{uuid}'"),
            "audit_entries" => scoped.clone(),
            // Whoever may see an offer may see what case it is for.
            "cases" => format!(
                "{scoped} OR {owned} OR (region_code, case_id) IN (SELECT region_code, case_id FROM offers
                    WHERE facility_id = '{uuid}' OR {})",
                scoped.replace("region_code", "facility_region")
            ),
            _ => format!("{scoped} OR {owned}"),
        };
        rows.insert(table, ids(connection, table, column, &condition).await);
    }
    let context = Context::Caller {
        scope: scope.map(|scope| scope.parse().unwrap()),
        facility: facility.map(|id| id.parse().unwrap()),
        case: None,
    };
    Tenant { context, rows }
}

async fn tenants(database: &TestDatabase, facilities: &[String]) -> Vec<Tenant> {
    let mut connection = database.connect().await;
    let mut tenants = vec![];
    for scope in ["ID", "32", "32.73", "32.04", "31.71", "51", "33"] {
        tenants.push(tenant(&mut connection, Some(scope), None).await);
    }
    for facility in facilities {
        tenants.push(tenant(&mut connection, None, Some(facility)).await);
        tenants.push(tenant(&mut connection, Some("31"), Some(facility)).await);
    }
    let work = Tenant {
        context: Context::Work,
        rows: tenants[0]
            .rows
            .iter()
            .map(|(table, ids)| match *table {
                "persons" | "intakes" => (*table, BTreeSet::new()),
                _ => (*table, ids.clone()),
            })
            .collect(),
    };
    tenants.push(Tenant {
        context: Context::WorkOnPersons,
        rows: tenants[0].rows.clone(),
    });
    tenants.push(work);
    tenants.push(Tenant {
        context: Context::Directory,
        rows: TABLES
            .into_iter()
            .map(|(table, _)| (table, BTreeSet::new()))
            .collect(),
    });
    tenants
}

/// One transaction of a tenant, over one table; it ends in one of several ways. Gives what was wrong.
async fn look(store: &Store, tenant: &Tenant, random: &mut StdRng) -> Option<String> {
    let (table, column) = *TABLES.choose(random).unwrap();
    let mut transaction = store.begin(tenant.context).await.unwrap();
    let seen = ids(&mut transaction, table, column, "true").await;
    match random.random_range(0..4) {
        0 => transaction.commit().await.unwrap(),
        1 => transaction.rollback().await.unwrap(),
        2 => drop(transaction),
        _ => {
            // Aborted by an error, and left to its fate.
            transaction.execute("SELECT 1 / 0").await.unwrap_err();
            drop(transaction);
        }
    }
    let expected = &tenant.rows[table];
    (seen != *expected).then(|| {
        let (foreign, missing) = (
            seen.difference(expected).count(),
            expected.difference(&seen).count(),
        );
        format!(
            "{:?} in {table}: {foreign} foreign rows, {missing} missing",
            tenant.context
        )
    })
}

/// Rows that can be seen without saying for whom.
async fn without_context(store: &Store) -> usize {
    let mut transaction = store.begin(Context::Directory).await.unwrap();
    let mut seen = 0;
    for (table, column) in TABLES {
        seen += ids(&mut transaction, table, column, "true").await.len();
    }
    seen
}

/// Many transactions of everybody at once; gives what was wrong.
#[expect(clippy::print_stdout, reason = "the seed of a run that fails")]
async fn mixed(store: &Store, tenants: &[Tenant]) -> Vec<String> {
    let count = if std::env::var_os("SERASI_LONG_TESTS").is_some() {
        10_000
    } else {
        1_000
    };
    let seed: u64 = rand::rng().random();
    println!("seed {seed}");
    let mut parties = JoinSet::new();
    for party in 0..PARTIES {
        let (store, tenants) = (store.clone(), tenants.to_vec());
        let mut random = StdRng::seed_from_u64(seed.wrapping_add(party as u64));
        parties.spawn(async move {
            let mut wrong = vec![];
            for number in 0..count / PARTIES {
                let tenant = tenants.choose(&mut random).unwrap();
                wrong.extend(look(&store, tenant, &mut random).await);
                if number % 16 == 0 && without_context(&store).await > 0 {
                    wrong.push("rows without a context".to_owned());
                }
            }
            wrong
        });
    }
    let mut wrong = vec![];
    while let Some(found) = parties.join_next().await {
        wrong.extend(found.unwrap());
    }
    wrong
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_that_share_connections_see_their_own_rows_and_all_of_them() {
    let (hub, facilities) = with_cases().await;
    let database = hub.database.clone();
    hub.finish().await;
    let tenants = tenants(&database, &facilities).await;
    let sizes: BTreeSet<_> = tenants.iter().map(|tenant| tenant.rows["cases"].len()).collect();
    assert!(sizes.len() >= 5, "the tenants are to differ: {sizes:?}");
    let store = database.store_through(database.url(), 2).await;
    let wrong = mixed(&store, &tenants).await;
    assert!(wrong.is_empty(), "{wrong:#?}");

    // The control: a setting that outlives its transaction is seen as a leak.
    let store = database.store_through(&database.direct_url().await, 1).await;
    let mut connection = store.read().await.unwrap();
    assert_eq!(ids(&mut connection, "cases", "case_id", "true").await.len(), 0);
    connection.execute("SET serasi.scope = 'ID'").await.unwrap();
    drop(connection);
    assert_ne!(without_context(&store).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_holds_behind_a_transaction_pooler() {
    let Some(binary) = pooler::find() else {
        println!("pgbouncer is not on this machine: nothing was tried");
        return;
    };
    let (hub, facilities) = with_cases().await;
    let database = hub.database.clone();
    hub.finish().await;
    let (server, name) = database.location().await;
    let pooler = Pooler::start(&binary, &server, 2).await;
    let store = database.store_through(&pooler.url(&name), 16).await;
    let wrong = mixed(&store, &tenants(&database, &facilities).await).await;
    assert!(wrong.is_empty(), "{wrong:#?}");
    store.close().await;
}

#[tokio::test]
async fn the_hubs_role_cannot_change_what_is_append_only_nor_look_at_persons_while_it_works() {
    let (hub, _) = with_cases().await;
    let database = hub.database.clone();
    hub.finish().await;
    let store = database.store().await;
    assert!(store.excess_rights().await.unwrap().is_empty());
    for statement in [
        "UPDATE audit_entries SET verb = 'x'",
        "DELETE FROM audit_entries",
        "TRUNCATE audit_entries",
        "DELETE FROM audit_leaves",
        "UPDATE audit_heads SET size = 0",
        "UPDATE events SET kind = 'x'",
        "UPDATE decisions SET outcome = 'waiting'",
        "DELETE FROM cases",
        "DROP TABLE cases",
        "ALTER TABLE cases DISABLE ROW LEVEL SECURITY",
        "CREATE TABLE mine (id int)",
        "SET ROLE serasi",
    ] {
        let mut transaction = store.begin(Context::WorkOnPersons).await.unwrap();
        let refused = transaction.execute(statement).await.unwrap_err();
        let code = refused.as_database_error().unwrap().code().unwrap().into_owned();
        assert_eq!(code, "42501", "{statement}");
    }
    // A look changes nothing, whatever it tries.
    let nation = Context::Caller {
        scope: Some("ID".parse().unwrap()),
        facility: None,
        case: None,
    };
    for (context, statement, rows) in [
        (nation, "UPDATE cases SET refusals = 99", 0),
        (Context::Work, "UPDATE persons SET provisional = true", 0),
        (Context::Work, "UPDATE cases SET refusals = refusals", 24),
        (Context::Directory, "UPDATE cases SET refusals = 99", 0),
    ] {
        let mut transaction = store.begin(context).await.unwrap();
        let done = transaction.execute(statement).await.unwrap();
        assert_eq!(done.rows_affected(), rows, "{context:?} {statement}");
    }
    let mut transaction = store.begin(nation).await.unwrap();
    let insert = "INSERT INTO events VALUES ('32.73', gen_random_uuid(), 'x', 1, 'x', '{}', now())";
    transaction.execute(insert).await.unwrap_err();
}

#[tokio::test]
async fn a_superuser_or_owner_is_more_than_the_hub_should_be() {
    let hub = TestHub::start().await;
    let store = hub.database.store_through(hub.database.owner_url(), 2).await;
    let excess = store.excess_rights().await.unwrap();
    assert_eq!(
        excess,
        ["it is a superuser", "it has BYPASSRLS", "it owns tables"]
    );
    hub.finish().await;
}
