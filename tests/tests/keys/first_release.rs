//! What the first release sealed with one key for all stays readable, and gets keys of its own.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use serasi_domain::id::{CaseId, PersonId};
use serasi_proto::v1;
use serasi_store::Context;
use serasi_store::{Kept, intakes, persons};
use serasi_tests::TestHub;
use serasi_tests::build::{facility, intake, request_id, submit};

use crate::people::{canary, count, keys_lines, status, worker};
use crate::scene::{case, hub_with};

/// As the first release sealed: layout, nonce, ciphertext; bound to table, column and row.
fn seal_as_before(
    key: &[u8],
    table: &str,
    column: &str,
    row: uuid::Uuid,
    json: &serde_json::Value,
) -> Vec<u8> {
    let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).unwrap());
    let context = format!("{table}|{column}|{row}");
    let mut bytes = serde_json::to_vec(json).unwrap();
    let nonce = [7; 12];
    cipher
        .seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(context.as_bytes()),
            &mut bytes,
        )
        .unwrap();
    [&[1], nonce.as_slice(), &bytes].concat()
}

fn old_key(hub: &TestHub) -> Vec<u8> {
    let text = std::fs::read_to_string(hub.database.key_file()).unwrap();
    let hex = text.lines().find_map(|line| line.strip_prefix("1 ")).unwrap();
    (0..32)
        .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
        .collect()
}

/// Makes of a case what the first release would have left.
async fn as_before(hub: &TestHub, id: &str) {
    let case: CaseId = id.parse().unwrap();
    let store = hub.database.store().await;
    store.load_keys(case.home()).await.unwrap();
    let mut connection = store.begin(Context::WorkOnPersons).await.unwrap();
    let kept = persons::of_case(&mut connection, store.sealer(), case)
        .await
        .unwrap();
    let report = intakes::first_of_case(&mut connection, store.sealer(), case)
        .await
        .unwrap();
    let Some(Kept::There(mut report)) = report else {
        panic!()
    };
    report.persons = kept.iter().map(|kept| kept.person.clone()).collect();

    let key = old_key(hub);
    let mut raw = hub.database.connect().await;
    let intake: uuid::Uuid = sqlx::query_scalar("SELECT intake_id FROM intakes WHERE case_id = $1")
        .bind(case.uuid())
        .fetch_one(&mut raw)
        .await
        .unwrap();
    let sealed = |table, column, row, json| seal_as_before(&key, table, column, row, &json);
    sqlx::query("UPDATE intakes SET content = $2 WHERE intake_id = $1")
        .bind(intake)
        .bind(sealed(
            "intakes",
            "content",
            intake,
            serde_json::to_value(&report).unwrap(),
        ))
        .execute(&mut raw)
        .await
        .unwrap();
    for kept in kept {
        let row = PersonId::uuid(kept.id);
        let content = sealed(
            "persons",
            "content",
            row,
            serde_json::to_value(&kept.person).unwrap(),
        );
        sqlx::query(
            "UPDATE persons SET content = $2, contact = NULL, index_version = 0 WHERE person_id = $1",
        )
        .bind(row)
        .bind(content)
        .execute(&mut raw)
        .await
        .unwrap();
    }
    let words = |text: &str| serde_json::Value::String(text.to_owned());
    sqlx::query("UPDATE cases SET resolution = $2 WHERE case_id = $1 AND resolution IS NOT NULL")
        .bind(case.uuid())
        .bind(sealed("cases", "resolution", case.uuid(), words("Selesai.")))
        .execute(&mut raw)
        .await
        .unwrap();
    forget_keys(&mut raw, case).await;
    drop(connection);
    store.close().await;
}

/// The first release had neither keys of cases nor indexes nor codes for reporters.
async fn forget_keys(raw: &mut sqlx::PgConnection, case: CaseId) {
    for statement in [
        "DELETE FROM subject_keys WHERE case_id = $1",
        "DELETE FROM public_code_index WHERE case_id = $1",
        "DELETE FROM public_codes WHERE case_id = $1",
        "DELETE FROM identity_index WHERE person_id IN (SELECT person_id FROM persons WHERE case_id = $1)",
        "DELETE FROM name_index WHERE person_id IN (SELECT person_id FROM persons WHERE case_id = $1)",
    ] {
        sqlx::query(statement)
            .bind(case.uuid())
            .execute(&mut *raw)
            .await
            .unwrap();
    }
}

fn with_canary() -> v1::Intake {
    v1::Intake {
        persons: vec![canary(1), canary(2)],
        ..intake("1")
    }
}

#[tokio::test]
async fn a_case_of_the_first_release_is_read_resealed_and_found() {
    let hub = hub_with(vec![facility("A", "32.73.02", 4)]).await;
    let mut client = hub.coordinator();
    let first = v1::SubmitIntakeRequest {
        route_later: true,
        ..submit(with_canary())
    };
    let answer = client.intake.submit_intake(first).await.unwrap().into_inner();
    let id = answer.case.unwrap().case_id;
    let resolve = v1::ResolveDirectlyRequest {
        request_id: request_id(),
        case_id: id.clone(),
        version: 0,
        resolution: "Selesai.".to_owned(),
    };
    client.cases.resolve_directly(resolve).await.unwrap();
    let before = case(&mut worker(&hub), &id).await;

    as_before(&hub, &id).await;
    assert_eq!(case(&mut worker(&hub), &id).await, before);
    assert_eq!(status(&hub.database).await["old_layout_cases"], 1);
    // The same report is still the same, and another one a conflict.
    let again = client.intake.submit_intake(submit(with_canary())).await.unwrap();
    assert!(again.into_inner().already_known);

    keys_lines(&hub.database, &["rotate"]).await;
    assert_eq!(case(&mut worker(&hub), &id).await, before);
    let after = status(&hub.database).await;
    assert_eq!(
        (&after["old_layout_cases"], &after["persons_behind"]),
        (&0.into(), &0.into())
    );
    assert_eq!(count(&hub, "SELECT count(*) FROM subject_keys").await, 5);
    let store = hub.database.store().await;
    let mut connection = store.begin(Context::WorkOnPersons).await.unwrap();
    let nik = canary(2).nik.parse().unwrap();
    let found = persons::by_nik(&mut connection, store.sealer(), &nik, 10)
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
    let again = client.intake.submit_intake(submit(with_canary())).await.unwrap();
    assert!(again.into_inner().already_known);
    let other = v1::Intake {
        persons: vec![canary(1), canary(3)],
        ..with_canary()
    };
    let refused = client.intake.submit_intake(submit(other)).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::AlreadyExists);
    hub.finish().await;
}
