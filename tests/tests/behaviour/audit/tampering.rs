//! A superuser of the database changes history in every way, and an outsider with the exported heads finds it each time.
//! `SERASI_LONG_TESTS=1` tries a thousand ways instead of two hundred.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serasi_ledger::{Check, Line};
use serasi_tests::TestHub;
use serasi_tests::audit::{check, export};
use serasi_tests::build::facility;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use super::{report_and_look, until_exported};
use crate::scene::hub_with;

const REGIONS: [&str; 3] = ["32.73.01", "31.71.01", "51.71.01"];
const COLUMNS: [&str; 6] = [
    "principal = principal || 'x'",
    "verb = 'ListCases '",
    "subject_id = '3273-01933b5c-7a3e-7c3a-9d55-0242ac120002'",
    "at = at + interval '1 us'",
    "roles = array_append(roles, 'auditor')",
    "request_id = gen_random_uuid()",
];

/// Entries in three trees under several heads each.
async fn with_history() -> TestHub {
    let hub = hub_with(vec![facility("A", "32.73.01", 50), facility("B", "51.71.01", 50)]).await;
    let mut client = hub.coordinator();
    for round in 0..4 {
        for number in 0..12 {
            let region = REGIONS[number % 3];
            report_and_look(&mut client, &format!("{round}-{number}"), region).await;
        }
        until_exported(&hub).await;
    }
    hub
}

/// One way to change history, as SQL statements; `size` = leaves of the tree under its newest head.
fn tampering(random: &mut StdRng, region: &str, size: i64) -> (&'static str, Vec<String>) {
    let index = random.random_range(0..size);
    let other = (index + random.random_range(1..size)) % size;
    let at = |index: i64| {
        format!(
            "(region_code, audit_id) = (SELECT region_code, audit_id FROM audit_leaves
              WHERE region_code = '{region}' AND leaf_index = {index})"
        )
    };
    let column = COLUMNS[random.random_range(0..COLUMNS.len())];
    let shift = |by: i64| {
        // In two steps: indices are unique at every moment.
        vec![
            format!(
                "UPDATE audit_leaves SET leaf_index = -1 - leaf_index WHERE region_code = '{region}' AND leaf_index > {index}"
            ),
            format!(
                "UPDATE audit_leaves SET leaf_index = -1 - leaf_index + {by} WHERE region_code = '{region}' AND leaf_index < 0"
            ),
        ]
    };
    let forged = format!(
        "INSERT INTO audit_entries SELECT region_code, gen_random_uuid(), at - interval '1 hour', principal, roles, verb,
             subject_id, request_id FROM audit_entries WHERE {}",
        at(index)
    );
    match random.random_range(0..10) {
        0 => ("edit", vec![format!("UPDATE audit_entries SET {column} WHERE {}", at(index))]),
        1 => ("delete", vec![format!("DELETE FROM audit_entries WHERE {}", at(index))]),
        2 => ("insert", vec![forged]),
        3 => {
            let mut steps = vec![
                format!("DELETE FROM audit_entries WHERE {}", at(index)),
                format!("DELETE FROM audit_leaves WHERE region_code = '{region}' AND leaf_index = {index}"),
            ];
            steps.extend(shift(-1));
            ("delete with its leaf", steps)
        }
        4 => {
            let mut steps = shift(1);
            steps.push(forged.replace("- interval '1 hour'", "+ interval '1 us'"));
            steps.push(format!(
                "INSERT INTO audit_leaves SELECT region_code, {index} + 1, audit_id, sha256('forged'), now()
                 FROM audit_entries e WHERE region_code = '{region}' AND NOT EXISTS (
                     SELECT 1 FROM audit_leaves l WHERE l.region_code = e.region_code AND l.audit_id = e.audit_id)
                 LIMIT 1"
            ));
            ("insert with a leaf", steps)
        }
        5 => ("reorder", swap(region, index, other)),
        6 => ("reorder contents", vec![format!(
            "UPDATE audit_entries e SET at = o.at, principal = o.principal || '', subject_id = o.subject_id, verb = o.verb
             FROM audit_entries o WHERE e.{} AND o.{}",
            at(index).replace("(region_code, audit_id) =", "audit_id =").replace("SELECT region_code, audit_id", "SELECT audit_id"),
            at(other).replace("(region_code, audit_id) =", "audit_id =").replace("SELECT region_code, audit_id", "SELECT audit_id")
        )]),
        7 => ("truncate", truncate(region, index)),
        8 => ("move to another region", vec![format!(
            "UPDATE audit_entries SET region_code = '11.01' WHERE {}",
            at(index)
        )]),
        _ => ("remove a tree", truncate(region, 0)),
    }
}

fn swap(region: &str, index: i64, other: i64) -> Vec<String> {
    let set = |from: i64, to: i64| {
        format!(
            "UPDATE audit_leaves SET leaf_index = {to} WHERE region_code = '{region}' AND leaf_index = {from}"
        )
    };
    vec![set(index, -1), set(other, index), set(-1, other)]
}

/// Cuts a tree off, as if it had never been longer: entries, leaves and heads.
fn truncate(region: &str, size: i64) -> Vec<String> {
    vec![
        format!(
            "DELETE FROM audit_entries WHERE (region_code, audit_id) IN (
                 SELECT region_code, audit_id FROM audit_leaves WHERE region_code = '{region}' AND leaf_index >= {size})"
        ),
        format!("DELETE FROM audit_leaves WHERE region_code = '{region}' AND leaf_index >= {size}"),
        format!("DELETE FROM audit_heads WHERE region_code = '{region}' AND size > {size}"),
    ]
}

async fn do_all(connection: &mut PgConnection, steps: &[String]) {
    for step in steps {
        connection.execute(AssertSqlSafe(step.clone())).await.unwrap();
    }
}

#[tokio::test]
async fn whatever_a_superuser_does_to_sealed_history_is_found() {
    let hub = with_history().await;
    let count = if std::env::var_os("SERASI_LONG_TESTS").is_some() {
        1_000
    } else {
        200
    };
    let seed = rand::rng().random();
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let mut connection = hub.database.connect().await;
    let trees: Vec<(String, i64)> =
        sqlx::query_as("SELECT region_code, head_size FROM audit_trees WHERE head_size > 8 ORDER BY 1")
            .fetch_all(&mut connection)
            .await
            .unwrap();
    assert_eq!(trees.len(), 3);
    for number in 0..count {
        let (region, size) = &trees[random.random_range(0..trees.len())];
        let (way, steps) = tampering(&mut random, region, *size);
        let mut undone = connection.begin().await.unwrap();
        do_all(&mut undone, &steps).await;
        let report = check(&mut undone, &hub.audit()).await;
        assert!(
            !report.is_clean(),
            "try {number}: {way} in {region} was not found: {steps:#?}"
        );
        undone.rollback().await.unwrap();
    }
    let report = check(&mut connection, &hub.audit()).await;
    assert!(report.is_clean(), "untouched: {:?}", report.findings);
    let outside: u64 = report.trees.values().map(|tree| tree.outside_heads).sum();
    assert!(outside >= 12, "{outside} heads");
    hub.finish().await;
}

#[tokio::test]
async fn a_history_that_was_written_anew_is_found_only_with_heads_from_outside() {
    let hub = with_history().await;
    let mut connection = hub.database.connect().await;
    let mut undone = connection.begin().await.unwrap();
    let head = "SELECT region_code, size FROM audit_heads WHERE region_code = '32.73' ORDER BY size LIMIT 1";
    let (region, size): (String, i64) = sqlx::query_as(head).fetch_one(&mut *undone).await.unwrap();
    do_all(&mut undone, &truncate(&region, size)).await;
    let lines = export(&mut undone).await;
    undone.rollback().await.unwrap();

    let codes = |with_outside: bool| {
        let mut check = Check::new(vec![hub.audit().signer().public()], None);
        if with_outside {
            hub.audit()
                .heads()
                .iter()
                .for_each(|head| check.outside_head(head));
        }
        lines.iter().cloned().for_each(|line| check.line(line));
        let report = check.finish();
        report
            .findings
            .iter()
            .map(|(_, finding)| finding.code())
            .collect::<Vec<_>>()
    };
    assert!(lines.iter().any(|line| matches!(line, Line::Leaf(_))));
    assert_eq!(
        codes(false),
        Vec::<&str>::new(),
        "the control: nothing inside tells"
    );
    assert_eq!(codes(true), ["truncated"]);
    hub.finish().await;
}
