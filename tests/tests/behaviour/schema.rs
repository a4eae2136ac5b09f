//! What every table must have (guarantees, rules 10-12 and 20), so that a table of a later migration cannot forget it.

use std::collections::BTreeSet;

use serasi_tests::database::TestDatabase;
use sqlx::PgConnection;

/// Tables without row-level security, and why.
const OPEN: &[(&str, &str)] = &[
    ("facilities", "the directory, for everybody with a token"),
    ("capacity_pools", "the directory"),
    ("facility_log", "the directory as it was"),
    ("capacity_log", "the directory as it was"),
    ("answer_records", "how facilities answer; no case is named"),
    ("answer_log", "the same as it was"),
    ("policies", "law as data"),
    ("data_keys", "wrapped by a key that is not in the database"),
    ("index_key_checks", "what the keys make of a fixed text"),
    ("job_leases", "which replica does what"),
    ("event_relays", "which replica carries events, and how far"),
    ("event_horizon", "how far back events are kept"),
    ("_sqlx_migrations", "which migrations were run"),
];

/// Keys that the region does not lead, and why.
const NATIONAL_KEYS: &[(&str, &str)] = &[
    ("source_keys_key", "a sender's key is unique in the whole nation"),
    ("policies_key", "one law for the nation"),
    ("policies_one_active", "one law for the nation"),
    (
        "identity_index_key",
        "sharded by the blind index (guarantees, rule 13)",
    ),
    ("name_index_key", "sharded by the token"),
    ("public_code_index_key", "who asks does not say where the case is"),
    ("index_key_checks_key", "index keys are the nation's"),
    ("_sqlx_migrations_pkey", "not ours"),
];

/// The one sequence: no key holds it. It puts the events of one case into the order in which they were written; a case
/// is on one node, wherever the schema moves.
const POSITIONS: &str = "event_positions";

/// Words that a schema which can be sharded does without.
const BANNED: &[&str] = &[
    "create trigger",
    "create or replace trigger",
    "set_config(",
    "security definer",
    "nextval(",
    "serial",
    "generated always as identity",
    "exclude using",
    "clock_timestamp()",
    "pg_advisory",
];

async fn names(connection: &mut PgConnection, query: &'static str) -> BTreeSet<String> {
    let rows: Vec<(String,)> = sqlx::query_as(query).fetch_all(connection).await.unwrap();
    rows.into_iter().map(|(name,)| name).collect()
}

#[tokio::test]
async fn every_table_has_row_level_security_or_a_reason_why_not() {
    let mut connection = TestDatabase::create().await.connect().await;
    let open = names(
        &mut connection,
        "SELECT relname::text FROM pg_class c
         WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
             AND NOT (relrowsecurity AND relforcerowsecurity AND EXISTS (SELECT 1 FROM pg_policy WHERE polrelid = c.oid))",
    )
    .await;
    let listed: BTreeSet<_> = OPEN.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(
        open, listed,
        "left: tables without forced row-level security or without a policy. A table that says anything about a case or \
         a person needs, in its migration: ALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; and a \
         CREATE POLICY for each context that may use it (as 20261127010001_ask_the_context_less_often.sql has them); \
         else a line in OPEN with its reason"
    );
}

#[tokio::test]
async fn the_region_leads_every_key() {
    let mut connection = TestDatabase::create().await.connect().await;
    let keys = names(
        &mut connection,
        "SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
         WHERE i.indisunique AND c.relnamespace = 'public'::regnamespace AND 'region_code' IS DISTINCT FROM (
             SELECT attname::text FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = i.indkey[0])
         UNION SELECT conname::text FROM pg_constraint k
         WHERE contype = 'f' AND connamespace = 'public'::regnamespace AND 'region_code' IS DISTINCT FROM (
             SELECT attname::text FROM pg_attribute a WHERE a.attrelid = k.conrelid AND a.attnum = k.conkey[1])",
    )
    .await;
    let listed: BTreeSet<_> = NATIONAL_KEYS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(
        keys, listed,
        "left: keys, unique indexes and foreign keys that region_code does not lead. Put it first, or give the reason in \
         NATIONAL_KEYS"
    );
}

#[tokio::test]
async fn there_is_no_trigger_no_function_and_no_sequence_but_one() {
    let mut connection = TestDatabase::create().await.connect().await;
    let found = names(
        &mut connection,
        "SELECT 'trigger ' || tgname FROM pg_trigger WHERE NOT tgisinternal
         UNION ALL SELECT 'function ' || proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
         UNION ALL SELECT 'view ' || viewname FROM pg_views WHERE schemaname = 'public'
         UNION ALL SELECT 'sequence ' || relname FROM pg_class
             WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace
         UNION ALL SELECT 'exclusion ' || conname FROM pg_constraint
             WHERE contype = 'x' AND connamespace = 'public'::regnamespace",
    )
    .await;
    assert_eq!(found, BTreeSet::from([format!("sequence {POSITIONS}")]));
}

#[test]
fn no_migration_uses_what_a_sharded_database_does_not_have() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations");
    let mut read = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "sql") {
            continue;
        }
        read += 1;
        let text = std::fs::read_to_string(&path).unwrap().to_lowercase();
        let code: String = text
            .lines()
            .map(|line| line.split("--").next().unwrap().to_owned() + "\n")
            .collect();
        let code = code.replace(&format!("nextval('{POSITIONS}')"), "");
        for word in BANNED {
            assert!(!code.contains(word), "{}: `{word}`", path.display());
        }
    }
    assert!(read > 10);
}

#[tokio::test]
async fn the_hubs_role_may_add_to_the_record_and_not_change_it() {
    let mut connection = TestDatabase::create().await.connect().await;
    let rights = |right: &'static str| match right {
        "UPDATE" => {
            "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
                 AND NOT has_table_privilege('serasi_app', oid, 'UPDATE')"
        }
        "DELETE" => {
            "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
                 AND has_table_privilege('serasi_app', oid, 'DELETE')"
        }
        _ => {
            "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
                 AND has_table_privilege('serasi_app', oid, 'TRUNCATE, TRIGGER, REFERENCES')"
        }
    };
    let append_only = names(&mut connection, rights("UPDATE")).await;
    let expected = [
        "_sqlx_migrations",
        "answer_log",
        "audit_entries",
        "audit_heads",
        "audit_leaves",
        "audit_nodes",
        "capacity_log",
        "case_indicators",
        // But for its words, which erasure empties.
        "case_records",
        "decisions",
        "events",
        "facility_log",
        "registration_log",
    ];
    assert_eq!(
        append_only,
        expected.map(str::to_owned).into(),
        "tables the hub's role cannot update"
    );
    let deletable = names(&mut connection, rights("DELETE")).await;
    let expected = [
        "audit_unsealed",
        "data_keys",
        // The old ones only, says a policy.
        "events",
        "idempotency_keys",
        "identity_index",
        "index_key_checks",
        "name_index",
        "public_code_index",
        "reconciliation_candidates",
    ];
    assert_eq!(
        deletable,
        expected.map(str::to_owned).into(),
        "tables the hub's role can delete from"
    );
    assert_eq!(names(&mut connection, rights("else")).await, BTreeSet::new());
}

/// Under row-level security an index is only asked by what is known to give nothing away.
#[tokio::test]
async fn who_is_at_home_in_a_region_is_found_by_an_index_with_row_level_security_on() {
    let database = TestDatabase::create().await;
    let mut connection = database.connect().await;
    let hub =
        "BEGIN; SET LOCAL ROLE serasi_app; SET LOCAL serasi.work = 'on'; SET LOCAL enable_seqscan = off";
    sqlx::raw_sql(hub).execute(&mut connection).await.unwrap();
    // The words of `serasi_store::reconciliations`.
    let home = r#"(CASE WHEN domicile_code IS NULL THEN region_code ELSE domicile_code END) COLLATE "C""#;
    let plan = format!(
        "EXPLAIN SELECT region_code, person_id FROM registrations WHERE {home} >= '32.73' AND {home} < '32.73' || '/'"
    );
    let lines: Vec<(String,)> = sqlx::query_as(sqlx::AssertSqlSafe(plan))
        .fetch_all(&mut connection)
        .await
        .unwrap();
    let plan: String = lines.into_iter().map(|(line,)| line + "\n").collect();
    let asked = plan.lines().filter(|line| line.contains("Index Cond"));
    let bounds: usize = asked.map(|line| line.matches("CASE").count()).sum();
    assert!(plan.contains("registrations_by_home") && bounds == 2, "{plan}");
}
