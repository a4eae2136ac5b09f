//! The questions of the law on a long audit log (guarantees, S8). The long form is `SERASI_AUDIT_ROWS=10000000`.

use std::time::{Duration, Instant};

use serasi_domain::id::{CaseId, PersonId, Regency};
use serasi_geography::RegionCode;
use serasi_store::audit::affected::{self, Breach};
use serasi_store::audit::{self, AuditFilter};
use serasi_store::{Context, Store, subjects};
use serasi_tests::database::TestDatabase;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

const ROWS: i64 = 20_000;
/// Entries of one case.
const EACH: i64 = 20;

/// `rows` entries about cases with a person each, in twenty regencies; one principal in a hundred is the thief.
async fn fill(connection: &mut PgConnection, rows: i64) {
    let facts = serde_json::json!({
        "cluster": "anak", "ppks_category": null, "urgency": "regular", "target": "individual", "criteria": [],
        "need": {"base": "residensial", "forms": [], "places": 1, "excluded_facilities": [], "excluded_regions": []},
        "place": "32.73", "party": [],
    });
    let cases = "INSERT INTO cases (region_code, case_id, version, state, channel, urgency, cluster, source_system,
             source_ref, facts, owner_kind, owner_reference, next_deadline, policy_version, refusals, escalations,
             created_at, changed_at)
         SELECT '32.' || lpad((1 + n % 20)::text, 2, '0'), gen_random_uuid(), 1, 'triaged', 'complaint', 'regular',
             'anak', 'isi', n::text, $2, 'coordinator', '32', now(), 'P', 0, 0, now(), now()
         FROM generate_series(1, $1) AS n";
    sqlx::query(cases)
        .bind(rows / EACH)
        .bind(&facts)
        .execute(&mut *connection)
        .await
        .unwrap();
    let persons = "INSERT INTO persons (region_code, person_id, case_id, position, provisional, content)
         SELECT region_code, gen_random_uuid(), case_id, 1, true, '' FROM cases";
    sqlx::query(persons).execute(&mut *connection).await.unwrap();
    let entries = "INSERT INTO audit_entries (region_code, audit_id, at, principal, roles, verb, subject_id)
         SELECT region_code, gen_random_uuid(), now() - random() * interval '365 days',
             'issuer#' || (random() * 99)::int, '{social_worker}', CASE n % 2 WHEN 0 THEN 'GetCase' ELSE 'ListOffers' END,
             replace(region_code, '.', '') || '-' || case_id
         FROM cases, generate_series(1, $1) AS n";
    sqlx::query(entries)
        .bind(EACH)
        .execute(&mut *connection)
        .await
        .unwrap();
    sqlx::query("VACUUM ANALYZE audit_entries, cases, persons")
        .execute(connection)
        .await
        .unwrap();
}

/// Everybody whom `breach` touched, page by page as the hub asks.
async fn whom(store: &Store, breach: &Breach, page: i64) -> usize {
    let mut found = 0;
    for number in 1..=20 {
        let code: RegionCode = format!("32.{number:02}").parse().unwrap();
        let region = Regency::try_from(code).unwrap();
        let mut after: Option<Uuid> = None;
        loop {
            let nation = Context::Caller {
                scope: Some(RegionCode::NATION),
                facility: None,
                case: None,
            };
            let mut connection = store.begin(nation).await.unwrap();
            affected::list_looks(&mut connection, breach, region)
                .await
                .unwrap();
            let cases = affected::of_region(&mut connection, breach, region, after, page)
                .await
                .unwrap();
            found += cases.len();
            after = cases.last().map(|last| last.case.uuid());
            if i64::try_from(cases.len()).unwrap() < page {
                break;
            }
        }
    }
    found
}

#[tokio::test]
async fn a_long_log_answers_the_questions_of_the_law_in_good_time() {
    let rows = std::env::var("SERASI_AUDIT_ROWS").map_or(ROWS, |rows| rows.parse().unwrap());
    let database = TestDatabase::create().await;
    let mut owner = database.connect().await;
    fill(&mut owner, rows).await;
    let store = database.store().await;

    let breach = Breach {
        principal: Some("issuer#7".to_owned()),
        verb: None,
        from: OffsetDateTime::UNIX_EPOCH,
        until: None,
    };
    let began = Instant::now();
    let of_thief = whom(&store, &breach, 5_000).await;
    let thief = began.elapsed();
    let anybody = Breach {
        principal: None,
        verb: Some("GetCase".to_owned()),
        ..breach
    };
    let began = Instant::now();
    let of_verb = whom(&store, &anybody, 5_000).await;
    let verb = began.elapsed();
    assert_eq!(i64::try_from(of_verb).unwrap(), rows / EACH);
    assert!(of_thief > 0 && of_thief < of_verb);

    let (region, case, person): (String, Uuid, Uuid) =
        sqlx::query_as("SELECT region_code, case_id, person_id FROM persons LIMIT 1")
            .fetch_one(&mut owner)
            .await
            .unwrap();
    let home = Regency::try_from(region.parse::<RegionCode>().unwrap()).unwrap();
    let (case, person) = (CaseId::new(home, case), PersonId::new(home, person));
    let mut connection = store.begin(Context::WorkOnPersons).await.unwrap();
    let began = Instant::now();
    let related = audit::related(&mut connection, CaseId::new(home, person.uuid()))
        .await
        .unwrap();
    let filter = AuditFilter {
        scope: RegionCode::NATION,
        principal: None,
        verb: None,
        from: Some(OffsetDateTime::UNIX_EPOCH),
        until: None,
        before: None,
        limit: 200,
    };
    let seen = audit::about(&mut connection, home, &related, &filter)
        .await
        .unwrap();
    let who = began.elapsed();
    let began = Instant::now();
    let about = subjects::subjects_of_case(&mut connection, case, person)
        .await
        .unwrap();
    let about: Vec<_> = about
        .into_iter()
        .map(|subject| (region.clone(), subject))
        .collect();
    let trail = subjects::trail(&mut connection, &about, None, 200).await.unwrap();
    let export = began.elapsed();
    assert_eq!((seen.len(), trail.len()), (20, 20));
    drop(connection);
    println!(
        "{rows} audit rows: {of_thief} cases of one principal in {thief:?}, {of_verb} cases of one verb in {verb:?}, \
         who saw a person in {who:?}, the trail of an export in {export:?}"
    );
    assert!(thief + verb < Duration::from_mins(15) && export < Duration::from_mins(1));
    store.close().await;
}
