//! DTKS beside DTSEN for the same people: what one says is never undone, rejected or spoilt by way of the other.

use tonic::Code;

use super::review::{review, undo};
use super::*;

fn dtks(edition: &str) -> v1::ReconcileStart {
    v1::ReconcileStart {
        registry: v1::RegistryCode::Dtks as i32,
        ..start(edition)
    }
}

/// Rows under other keys, as the other registry has them.
fn in_dtks(rows: &[String]) -> Vec<String> {
    rows.iter().map(|row| format!("D{row}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_undone_by_its_own_key_whatever_ran_since() {
    let (hub, ids) = Box::pin(with_people()).await;
    let mut officer = officer(&hub);
    reconcile(&mut officer, &start("2026-Q3"), &snapshot()).await;
    reconcile(&mut officer, &dtks("2026-11"), &in_dtks(&snapshot())).await;
    let person = &ids[EXACT];
    let confirmed = review(&mut officer, person, v1::ReviewDecision::Confirm, 0)
        .await
        .unwrap();
    assert_eq!(confirmed.registry(), v1::RegistryCode::Dtsen);
    assert_eq!(seen(&hub, person).await.registry_id, "R-1", "not the key in DTKS");
    undo(&mut officer, person).await.unwrap();
    reconcile(&mut officer, &start("2026-Q4"), &snapshot()).await;
    assert_eq!(state(&hub, person).await, NotFound);
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_was_rejected_in_one_registry_is_a_key_like_any_other_in_the_next() {
    let (hub, ids) = Box::pin(with_people()).await;
    let mut officer = officer(&hub);
    // Nobody is owed a place in DTKS, and nobody is matched there; but it leaves rows that look like somebody.
    let mut connection = hub.database.connect().await;
    reconcile(&mut officer, &dtks("2026-11"), &snapshot()).await;
    let rejected = sqlx::query("UPDATE reconciliation_candidates SET result = 'rejected'")
        .execute(&mut connection)
        .await
        .unwrap();
    assert!(rejected.rows_affected() > 0);
    reconcile(&mut officer, &start("2026-Q4"), &snapshot()).await;
    assert_eq!(state(&hub, &ids[EXACT]).await, Matched);
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_doubt_in_dtks_leaves_what_is_owed_in_dtsen() {
    let (hub, ids) = Box::pin(with_people()).await;
    let mut officer = officer(&hub);
    let (run, _) = reconcile(&mut officer, &dtks("2026-11"), &snapshot()).await;
    assert_eq!(run.persons.unwrap().ambiguous, 0);
    assert_eq!(state(&hub, &ids[DOUBTFUL]).await, NotFound);
    let refused = review(&mut officer, &ids[DOUBTFUL], v1::ReviewDecision::Confirm, 32).await;
    assert_eq!(refused.unwrap_err().code(), Code::FailedPrecondition);
    let (run, _) = reconcile(&mut officer, &start("2026-Q4"), &snapshot()).await;
    assert_eq!(run.persons.unwrap().ambiguous, 1);
    hub.finish().await;
}
