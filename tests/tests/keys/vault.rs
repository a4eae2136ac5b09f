//! Data keys wrapped by the Transit engine of a vault, over HTTP.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use serasi_domain::id::CaseId;
use serasi_store::{
    IndexKeys, Kek, KeyError, KeyFile, Sealer, StoreError, Transit, TransitSettings, rotation,
};
use serasi_tests::TestHub;
use serasi_tests::audit::AuditFolder;
use serasi_tests::database::TestDatabase;
use serasi_tests::status::refusal;
use serde_json::{Value, json};
use tonic::Code;

use crate::people::{canary, report, worker};
use crate::scene::case;

/// What a vault keeps: of every ciphertext the plaintext and the context, both as they were sent.
#[derive(Default)]
struct Vault {
    token: Mutex<String>,
    is_sealed: AtomicBool,
    version: AtomicI32,
    known: Mutex<HashMap<String, (Value, Value)>>,
    calls: AtomicI32,
}

type Answer = Result<Json<Value>, StatusCode>;

impl Vault {
    fn admit(&self, headers: &HeaderMap) -> Result<(), StatusCode> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        if self.is_sealed.load(Ordering::Relaxed) {
            return Err(StatusCode::SERVICE_UNAVAILABLE);
        }
        let token = headers.get("x-vault-token").and_then(|token| token.to_str().ok());
        if token != Some(self.token.lock().unwrap().as_str()) {
            return Err(StatusCode::FORBIDDEN);
        }
        Ok(())
    }
}

async fn encrypt(
    State(vault): State<Arc<Vault>>,
    Path(key): Path<String>,
    headers: HeaderMap,
    Json(request): Json<Value>,
) -> Answer {
    vault.admit(&headers)?;
    assert_eq!(key, "serasi");
    let version = vault.version.load(Ordering::Relaxed);
    let mut known = vault.known.lock().unwrap();
    let ciphertext = format!("vault:v{version}:{}", known.len());
    let kept = (request["plaintext"].clone(), request["associated_data"].clone());
    known.insert(ciphertext.clone(), kept);
    Ok(Json(json!({ "data": { "ciphertext": ciphertext } })))
}

async fn decrypt(State(vault): State<Arc<Vault>>, headers: HeaderMap, Json(request): Json<Value>) -> Answer {
    vault.admit(&headers)?;
    let known = vault.known.lock().unwrap();
    let kept = known.get(request["ciphertext"].as_str().unwrap());
    let (plaintext, context) = kept.ok_or(StatusCode::BAD_REQUEST)?;
    if request["associated_data"] != *context {
        return Err(StatusCode::BAD_REQUEST);
    }
    Ok(Json(json!({ "data": { "plaintext": plaintext } })))
}

async fn facts(State(vault): State<Arc<Vault>>, headers: HeaderMap) -> Answer {
    vault.admit(&headers)?;
    let version = vault.version.load(Ordering::Relaxed);
    Ok(Json(json!({ "data": { "latest_version": version } })))
}

/// A vault on a port of its own, its address, and the file with the token it takes.
async fn start() -> (Arc<Vault>, String, PathBuf, tempfile::TempDir) {
    let vault = Arc::new(Vault::default());
    "first".clone_into(&mut vault.token.lock().unwrap());
    vault.version.store(1, Ordering::Relaxed);
    let router = Router::new()
        .route("/v1/transit/encrypt/{key}", post(encrypt))
        .route("/v1/transit/decrypt/{key}", post(decrypt))
        .route("/v1/transit/keys/{key}", get(facts))
        .with_state(Arc::clone(&vault));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "first\n").unwrap();
    (vault, address, token, folder)
}

fn transit(address: &str, token: &std::path::Path) -> Transit {
    Transit::new(TransitSettings {
        address: address.to_owned(),
        mount: "transit".to_owned(),
        key: "serasi".to_owned(),
        token_file: token.to_owned(),
        namespace: None,
        ca_file: None,
    })
    .unwrap()
}

/// A sealer under the vault, with the files of the test beside it where `with_file`.
fn sealer(database: &TestDatabase, transit: Transit, with_file: bool) -> Sealer {
    let file = KeyFile::read_or_create(&database.key_file()).unwrap();
    let index = KeyFile::read_or_create(&database.index_key_file()).unwrap();
    let mut keks = vec![Kek::from(transit)];
    keks.extend(with_file.then(|| Kek::from(file)));
    Sealer::new(keks, IndexKeys::from(&index), None)
}

#[tokio::test]
async fn a_hub_under_a_vault_calls_it_once_per_key_and_works_on_while_the_vault_is_sealed() {
    let (vault, address, token, _folder) = start().await;
    let database = TestDatabase::create().await;
    let audit = Arc::new(AuditFolder::new());
    let open = || async {
        let store = sealer(&database, transit(&address, &token), false);
        let store = database.store_with(store).await;
        TestHub::on_store(&database, store, Arc::clone(&audit)).await
    };
    let hub = open().await;
    let mut client = worker(&hub);
    let id = report(&mut client, "1", vec![canary(1)]).await;
    assert_eq!(case(&mut client, &id).await.persons[0].name, canary(1).name);
    let calls = vault.calls.load(Ordering::Relaxed);
    vault.is_sealed.store(true, Ordering::Relaxed);
    report(&mut client, "2", vec![canary(2)]).await;
    assert_eq!(case(&mut client, &id).await.persons[0].name, canary(1).name);
    assert_eq!(
        vault.calls.load(Ordering::Relaxed),
        calls,
        "keys in memory need no call"
    );
    hub.finish().await;

    // One that starts now can open nothing, says so, and goes on when the vault is back, with the agent's new token.
    let hub = open().await;
    let mut client = worker(&hub);
    let get = || serasi_proto::v1::GetCaseRequest { case_id: id.clone() };
    let refused = client.cases.get_case(get()).await.unwrap_err();
    assert_eq!(
        refusal(&refused),
        (Code::Unavailable, "KEY_SERVICE_UNAVAILABLE".to_owned())
    );
    vault.is_sealed.store(false, Ordering::Relaxed);
    "second".clone_into(&mut vault.token.lock().unwrap());
    let refused = client.cases.get_case(get()).await.unwrap_err();
    assert_eq!(refused.code(), Code::Internal);
    std::fs::write(&token, "second").unwrap();
    assert_eq!(case(&mut client, &id).await.persons[0].name, canary(1).name);
    hub.finish().await;
}

#[tokio::test]
async fn a_database_moves_from_a_key_file_to_a_vault_and_to_its_next_version() {
    let (vault, address, token, _folder) = start().await;
    let hub = TestHub::start().await;
    let (database, audit) = (hub.database.clone(), hub.audit());
    let mut client = worker(&hub);
    let id = report(&mut client, "1", vec![canary(1)]).await;
    hub.finish().await;

    let store = database
        .store_with(sealer(&database, transit(&address, &token), false))
        .await;
    let alone = store.check_keys().await.unwrap_err();
    assert!(
        matches!(alone, StoreError::Keys(KeyError::UnknownKek(_))),
        "{alone}"
    );
    store.close().await;
    let store = database
        .store_with(sealer(&database, transit(&address, &token), true))
        .await;
    store.check_keys().await.unwrap();
    assert_eq!(rotation::rewrap_data_keys(&store, &mut |_| ()).await.unwrap(), 4);
    vault.version.store(2, Ordering::Relaxed);
    assert_eq!(rotation::rewrap_data_keys(&store, &mut |_| ()).await.unwrap(), 4);
    assert_eq!(rotation::rewrap_data_keys(&store, &mut |_| ()).await.unwrap(), 0);
    let status = rotation::status(&store).await.unwrap();
    assert_eq!(status.keks, [("transit:transit/serasi".to_owned(), 2, 4)]);
    store.close().await;

    let store = database
        .store_with(sealer(&database, transit(&address, &token), false))
        .await;
    store.check_keys().await.unwrap();
    let hub = TestHub::on_store(&database, store, audit).await;
    let mut client = worker(&hub);
    assert_eq!(case(&mut client, &id).await.persons[0].name, canary(1).name);
    hub.finish().await;
}

#[tokio::test]
async fn a_wrapped_key_that_was_moved_to_another_row_does_not_open() {
    let (_vault, address, token, _folder) = start().await;
    let database = TestDatabase::create().await;
    let store = database
        .store_with(sealer(&database, transit(&address, &token), false))
        .await;
    let case: CaseId = "3273-01933b5c-7a3e-7c3a-9d55-0242ac120002".parse().unwrap();
    store.load_keys(case.home()).await.unwrap();
    store.close().await;
    let mut connection = database.connect().await;
    sqlx::query(
        "UPDATE data_keys SET wrapped = (SELECT wrapped FROM data_keys WHERE class = 'story') WHERE class = 'identity'",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    let store = database
        .store_with(sealer(&database, transit(&address, &token), false))
        .await;
    let refused = store.load_keys(case.home()).await.unwrap_err();
    assert!(
        matches!(refused, StoreError::Keys(KeyError::WrongKek { .. })),
        "{refused}"
    );
    store.close().await;
}
