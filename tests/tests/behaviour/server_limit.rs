//! What `serasi bench --pgbench` runs: scripts that write what one case leaves, made from the live schema.

use serasi_store::limit::{Sampler, Shape};
use serasi_tests::build::{facility, intake, submit};
use sqlx::{AssertSqlSafe, PgConnection};

use crate::scene::hub_with;

/// What pgbench would send for one transaction of its first client.
fn as_sent(script: &str) -> String {
    let statements = script.lines().filter(|line| !line.starts_with("\\set"));
    let number = if script.contains("generate_series") {
        "500000000000"
    } else {
        "100000000000"
    };
    // Casts are no variables.
    let statements: Vec<_> = statements
        .map(|line| {
            line.replace("::", "\u{1}")
                .replace(":n", number)
                .replace(":row", "7")
        })
        .collect();
    statements.join("\n").replace('\u{1}', "::")
}

async fn rows(connection: &mut PgConnection) -> Vec<(String, i64)> {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace
         ORDER BY relname",
    )
    .fetch_all(&mut *connection)
    .await
    .unwrap();
    let mut rows = vec![];
    for table in tables {
        let count = sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {table}")))
            .fetch_one(&mut *connection)
            .await
            .unwrap();
        rows.push((table, count));
    }
    rows
}

/// By how much each table has grown.
fn growth(before: &[(String, i64)], after: &[(String, i64)]) -> Vec<(String, i64)> {
    let both = before.iter().zip(after);
    let grown = both.map(|((table, before), (_, after))| (table.clone(), after - before));
    grown.filter(|(_, more)| *more != 0).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_writes_the_rows_that_a_case_leaves() {
    let hub = hub_with(vec![facility("A", "32.73.02", 200)]).await;
    let mut client = hub.coordinator();
    // Everything that happens once has happened.
    client
        .intake
        .submit_intake(submit(intake("first")))
        .await
        .unwrap();
    let database = hub.database.clone();
    let mut connection = database.connect().await;
    let mut sampler = Sampler::begin(database.owner_url()).await.unwrap();
    let before = rows(&mut connection).await;
    let taken = client
        .intake
        .submit_intake(submit(intake("second")))
        .await
        .unwrap()
        .into_inner();
    let one_case = growth(&before, &rows(&mut connection).await);
    sampler.take(&taken.case.unwrap().case_id).await.unwrap();
    let written = sampler.end().await.unwrap();
    hub.finish().await;

    assert!(one_case.len() > 12, "{one_case:?}");
    for (shape, times) in [(Shape::One, 1), (Shape::Batch(5), 5)] {
        let scripts = written.scripts(shape);
        let before = rows(&mut connection).await;
        sqlx::raw_sql(AssertSqlSafe(as_sent(&scripts[0])))
            .execute(&mut connection)
            .await
            .unwrap();
        let expected: Vec<_> = one_case
            .iter()
            .map(|(table, more)| (table.clone(), more * times))
            .collect();
        assert_eq!(
            growth(&before, &rows(&mut connection).await),
            expected,
            "{shape:?}"
        );
        assert!(scripts[0].contains("UPDATE capacity_pools"));
    }
}
