//! What the dinas says has become of reports: in bulk, each entry by itself.

use serasi_proto::v1;
use serasi_tests::build::{child, facility, request_id};
use tonic::Code;

use super::{
    NAME, NIK, acknowledge, at_home_elsewhere, dinas, listed, outcome, placed, record, registration,
};
use crate::scene::hub_with;

const REGISTRY_ID: &str = "IDDTSEN-7700112233";

fn registered(person_id: &str) -> v1::OutcomeEntry {
    v1::OutcomeEntry {
        registry_id: REGISTRY_ID.to_owned(),
        ..outcome(person_id, v1::ObligationState::Registered)
    }
}

fn refused(person_id: &str) -> v1::OutcomeEntry {
    v1::OutcomeEntry {
        refusal_reason: v1::RefusalReason::Correction as i32,
        ..outcome(person_id, v1::ObligationState::Refused)
    }
}

#[tokio::test]
async fn a_report_goes_its_way_into_the_registry_and_every_step_is_kept() {
    let hub = hub_with(vec![facility("A", "32.73.01", 5)]).await;
    let id = placed(&hub, "1", vec![at_home_elsewhere()]).await.remove(0);
    let mut officer = dinas(&hub, "33.74");
    acknowledge(&mut officer, &[&id]).await;
    for entry in [
        outcome(&id, v1::ObligationState::Proposed),
        refused(&id),
        outcome(&id, v1::ObligationState::Proposed),
        outcome(&id, v1::ObligationState::Deliberated),
        outcome(&id, v1::ObligationState::Verified),
        registered(&id),
    ] {
        let result = record(&mut officer, vec![entry.clone()]).await.remove(0);
        assert_eq!(
            (result.code(), result.state),
            (v1::EntryCode::Done, entry.state),
            "{result:?}"
        );
    }
    let known = registration(&hub, &id).await;
    assert_eq!(known.obligation.as_ref().unwrap().outcome_date, "2026-11-01");
    assert_eq!(known.registry_id, "", "masked for who does not work on the case");
    let states: Vec<_> = known
        .steps
        .iter()
        .map(v1::RegistrationStep::obligation_state)
        .collect();
    let way = [
        v1::ObligationState::Due,
        v1::ObligationState::Reported,
        v1::ObligationState::Proposed,
        v1::ObligationState::Refused,
        v1::ObligationState::Proposed,
        v1::ObligationState::Deliberated,
        v1::ObligationState::Verified,
        v1::ObligationState::Registered,
    ];
    assert_eq!(states, way);
    let request = v1::GetRegistrationRequest { person_id: id };
    let seen = officer
        .registry
        .get_registration(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(seen.registration.unwrap().registry_id, REGISTRY_ID);
    assert!(
        listed(&mut officer).await.is_empty(),
        "who is registered is owed no more"
    );
    hub.finish().await;
}

#[tokio::test]
async fn one_bad_entry_does_not_keep_its_neighbours_from_being_recorded() {
    let hub = hub_with(vec![facility("A", "32.73.01", 9)]).await;
    let mut ids = vec![];
    for number in 0..5 {
        ids.extend(placed(&hub, &number.to_string(), vec![child()]).await);
    }
    let not_ours = placed(&hub, "elsewhere", vec![at_home_elsewhere()])
        .await
        .remove(0);
    let mut officer = dinas(&hub, "32.73");
    acknowledge(&mut officer, &[&ids[0], &ids[1], &ids[2], &ids[4]]).await;
    let tomorrow = v1::OutcomeEntry {
        outcome_date: "2999-01-01".to_owned(),
        ..outcome(&ids[2], v1::ObligationState::Proposed)
    };
    let long_ago = v1::OutcomeEntry {
        outcome_date: "2006-11-20".to_owned(),
        ..outcome(&ids[4], v1::ObligationState::Proposed)
    };
    let entries = vec![
        long_ago,
        outcome(&ids[0], v1::ObligationState::Proposed),
        outcome(&ids[0], v1::ObligationState::Proposed),
        outcome(NAME, v1::ObligationState::Proposed),
        outcome(&not_ours, v1::ObligationState::Proposed),
        outcome(&ids[3], v1::ObligationState::Proposed),
        tomorrow,
        v1::OutcomeEntry {
            registry_id: REGISTRY_ID.to_owned(),
            refusal_reason: v1::RefusalReason::Moved as i32,
            outcome_date: "1.11.2026".to_owned(),
            ..outcome(
                "3273-01933b5c-7a3e-7c3a-9d55-0242ac120002",
                v1::ObligationState::Proposed,
            )
        },
        outcome(&ids[1], v1::ObligationState::Proposed),
    ];
    let results = record(&mut officer, entries).await;
    let codes: Vec<_> = results.iter().map(v1::EntryResult::code).collect();
    assert_eq!(
        codes,
        [
            v1::EntryCode::Invalid,
            v1::EntryCode::Done,
            v1::EntryCode::Invalid,
            v1::EntryCode::Invalid,
            v1::EntryCode::NotFound,
            v1::EntryCode::IllegalState,
            v1::EntryCode::Invalid,
            v1::EntryCode::Invalid,
            v1::EntryCode::Done
        ],
        "{results:?}"
    );
    let told: Vec<_> = results.iter().map(|result| result.description.as_str()).collect();
    assert!(
        told[5].contains("state due")
            && told[5].contains("P16 Ps.36")
            && told[5].contains("AcknowledgeReport")
    );
    assert!(
        !told.concat().contains(NAME),
        "what was in a wrong field is not given back"
    );
    for field in ["registry_id", "refusal_reason", "outcome_date"] {
        assert!(told[7].contains(field), "{}", told[7]);
    }
    hub.finish().await;
}

#[tokio::test]
async fn a_retry_has_one_effect_and_the_same_file_again_changes_nothing() {
    let hub = hub_with(vec![facility("A", "32.73.01", 5)]).await;
    let id = placed(&hub, "1", vec![child()]).await.remove(0);
    let mut officer = dinas(&hub, "32.73");
    let token = hub.token_of(
        "bu-dinas",
        &[serasi_hub::auth::Role::RegistryOfficer],
        "32.73",
        None,
    );
    let mut same = hub.with_token(Some(&token));
    acknowledge(&mut officer, &[&id]).await;
    let again = acknowledge(&mut officer, &[&id]).await;
    assert_eq!(again[0].code(), v1::EntryCode::AlreadyDone);
    let request = v1::RecordOutcomeRequest {
        request_id: request_id(),
        entries: vec![registered(&id)],
    };
    let first = same
        .registry
        .record_outcome(request.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(first.results[0].code(), v1::EntryCode::Done);
    let replayed = same
        .registry
        .record_outcome(request.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(replayed, first);
    let version = registration(&hub, &id).await.version;
    let new_request = v1::RecordOutcomeRequest {
        request_id: request_id(),
        ..request.clone()
    };
    let sent_again = same
        .registry
        .record_outcome(new_request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(sent_again.results[0].code(), v1::EntryCode::AlreadyDone);
    assert_eq!(registration(&hub, &id).await.version, version);
    let other = v1::RecordOutcomeRequest {
        entries: vec![refused(&id)],
        ..request
    };
    let reused = same.registry.record_outcome(other).await.unwrap_err();
    assert_eq!(reused.code(), Code::AlreadyExists);
    let empty = v1::RecordOutcomeRequest {
        request_id: request_id(),
        entries: vec![],
    };
    assert_eq!(
        same.registry.record_outcome(empty).await.unwrap_err().code(),
        Code::InvalidArgument
    );
    hub.finish().await;
}

#[tokio::test]
async fn a_key_that_was_mistyped_is_put_right_and_one_of_a_round_before_is_not_shown() {
    let hub = hub_with(vec![facility("A", "32.73.01", 5)]).await;
    let id = placed(&hub, "1", vec![child()]).await.remove(0);
    let mut officer = dinas(&hub, "32.73");
    acknowledge(&mut officer, &[&id]).await;
    let mistyped = v1::OutcomeEntry {
        registry_id: "IDDTSEN-7700112323".to_owned(),
        ..registered(&id)
    };
    record(&mut officer, vec![mistyped]).await;
    for code in [v1::EntryCode::Done, v1::EntryCode::AlreadyDone] {
        assert_eq!(record(&mut officer, vec![registered(&id)]).await[0].code(), code);
    }
    let other_day = v1::OutcomeEntry {
        outcome_date: "2026-11-02".to_owned(),
        ..registered(&id)
    };
    assert_eq!(
        record(&mut officer, vec![other_day]).await[0].code(),
        v1::EntryCode::Done
    );
    let request = v1::GetRegistrationRequest {
        person_id: id.clone(),
    };
    let seen = officer.registry.get_registration(request.clone()).await.unwrap();
    let seen = seen.into_inner().registration.unwrap();
    assert_eq!(seen.registry_id, REGISTRY_ID);
    assert_eq!(seen.steps.len(), 5, "each correction is a step");

    // As a reconciliation leaves them whom a later edition no longer has.
    let again = "UPDATE registrations SET obligation_state = 'due', round = 2, delivered_at = NULL, delivered_by = NULL,
         outcome_on = NULL";
    let mut connection = hub.database.connect().await;
    sqlx::query(again).execute(&mut connection).await.unwrap();
    let seen = officer.registry.get_registration(request).await.unwrap();
    assert_eq!(seen.into_inner().registration.unwrap().registry_id, "");
    hub.finish().await;
}

#[tokio::test]
async fn nothing_that_identifies_stands_in_the_open_and_what_is_erased_is_not_written_again() {
    let hub = hub_with(vec![facility("A", "32.73.01", 5)]).await;
    let id = placed(&hub, "1", vec![at_home_elsewhere()]).await.remove(0);
    let mut officer = dinas(&hub, "33.74");
    acknowledge(&mut officer, &[&id]).await;
    record(&mut officer, vec![registered(&id)]).await;
    let mut connection = hub.database.connect().await;
    for table in [
        "events",
        "registrations",
        "registration_log",
        "idempotency_keys",
        "audit_entries",
    ] {
        let query = sqlx::AssertSqlSafe(format!("SELECT string_agg(t::text, '') FROM {table} t"));
        let rows: String = sqlx::query_scalar(query)
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert!(
            rows.contains(&id[5..]) || table == "idempotency_keys",
            "{table} is looked at"
        );
        for canary in [NIK, NAME, REGISTRY_ID] {
            let hex: String = canary.bytes().map(|byte| format!("{byte:02x}")).collect();
            assert!(
                !rows.contains(canary) && !rows.contains(&hex),
                "{canary} in {table}"
            );
        }
    }
    // As erasure leaves it.
    sqlx::query("UPDATE subject_keys SET wrapped = NULL, data_key_id = NULL, erased_at = now() WHERE class = 'identity'")
        .execute(&mut connection)
        .await
        .unwrap();
    let request = v1::GetRegistrationRequest {
        person_id: id.clone(),
    };
    let seen = officer
        .registry
        .get_registration(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(seen.registration.unwrap().registry_id, "");
    let reported = "UPDATE registrations SET obligation_state = 'reported', outcome_on = NULL";
    sqlx::query(reported).execute(&mut connection).await.unwrap();
    let result = record(&mut officer, vec![registered(&id)]).await.remove(0);
    assert_eq!(
        (result.code(), result.state()),
        (v1::EntryCode::Erased, v1::ObligationState::Reported)
    );
    hub.finish().await;
}
