//! A copy of the database from before an erasure: what it takes to close it.

use std::path::Path;

use serasi_domain::id::CaseId;
use serasi_store::Context;
use serasi_store::{IndexKeys, Kek, KeyFile, PgConnection, Sealer, Store, erasure, persons, rotation};
use serasi_tests::TestHub;
use serasi_tests::database::TestDatabase;
use sqlx::Executor;

use crate::people::{add_versions, canary, report};
use crate::scene::hub_with;

const KEPT: [&str; 3] = ["data_keys", "subject_keys", "persons"];

/// Puts back what somebody kept of the database, over what is there now.
async fn restore(connection: &mut PgConnection) {
    for table in KEPT {
        let statement = format!(
            "ALTER TABLE {table} DISABLE TRIGGER ALL; DELETE FROM {table}; INSERT INTO {table} SELECT * FROM {table}_copy"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
            .execute(&mut *connection)
            .await
            .unwrap();
    }
}

async fn store_with(database: &TestDatabase, keys: &Path) -> Store {
    let file = KeyFile::read(keys).unwrap();
    let index = KeyFile::read(&database.index_key_file()).unwrap();
    let sealer = Sealer::new(
        vec![Kek::from(file.clone())],
        IndexKeys::from(&index),
        Some(&file),
    );
    database.store_with(sealer).await
}

/// The name of the one person, as whoever has these keys reads it.
async fn read(database: &TestDatabase, keys: &Path, case: CaseId) -> Option<String> {
    let store = store_with(database, keys).await;
    let read = async {
        store.load_keys(case.home()).await.ok()?;
        let mut connection = store.begin(Context::WorkOnPersons).await.unwrap();
        let kept = persons::of_case(&mut connection, store.sealer(), case)
            .await
            .ok()?;
        Some(kept[0].person.name.as_ref()?.as_str().to_owned())
    };
    let name = read.await;
    store.close().await;
    name
}

async fn erased_case(hub: &TestHub) -> CaseId {
    let id = report(&mut hub.coordinator(), "1", vec![canary(1)]).await;
    let mut connection = hub.database.connect().await;
    for table in KEPT {
        let statement = format!("CREATE TABLE {table}_copy AS TABLE {table}");
        connection.execute(sqlx::AssertSqlSafe(statement)).await.unwrap();
    }
    connection
        .execute("UPDATE cases SET state = 'resolved_directly', next_deadline = NULL")
        .await
        .unwrap();
    let case: CaseId = id.parse().unwrap();
    let store = hub.database.store().await;
    store.load_keys(case.home()).await.unwrap();
    let mut transaction = store.begin(Context::WorkOnPersons).await.unwrap();
    let class = serasi_domain::privacy::DataClass::Identity;
    assert!(
        erasure::erase(&mut transaction, store.sealer(), case, 1, class)
            .await
            .unwrap()
    );
    transaction.commit().await.unwrap();
    store.close().await;
    case
}

#[tokio::test]
async fn an_old_copy_opens_until_the_data_keys_are_renewed_and_the_older_kek_is_destroyed() {
    let hub = hub_with(vec![]).await;
    let case = erased_case(&hub).await;
    let database = hub.database.clone();
    let keys = database.key_file();
    assert_eq!(read(&database, &keys, case).await, None, "erased is erased");

    // The control: with the key-encryption key of its time a copy is readable, which is what backups are for.
    let mut connection = database.connect().await;
    let now = ["data_keys", "subject_keys", "persons"]
        .map(|table| format!("CREATE TABLE {table}_now AS TABLE {table}"));
    for statement in now {
        connection.execute(sqlx::AssertSqlSafe(statement)).await.unwrap();
    }
    restore(&mut connection).await;
    assert_eq!(read(&database, &keys, case).await, Some(canary(1).name));

    // Back to the present: new data keys under a new version, then the older version is destroyed.
    for table in KEPT {
        let statement = format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM {table}_now");
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
            .execute(&mut connection)
            .await
            .unwrap();
    }
    add_versions(&database);
    let store = store_with(&database, &keys).await;
    rotation::renew_data_keys(&store, &mut |_| ()).await.unwrap();
    store.close().await;
    let text = std::fs::read_to_string(&keys).unwrap();
    let newest: String = text.lines().filter(|line| line.starts_with("2 ")).collect();
    std::fs::write(&keys, newest).unwrap();
    restore(&mut connection).await;
    assert_eq!(
        read(&database, &keys, case).await,
        None,
        "nobody can open the copy any more"
    );
    // The copies are not the hub's: the checks at the end look at its own tables.
    hub.finish().await;
}
