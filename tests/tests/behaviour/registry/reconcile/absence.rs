//! Who is not among the rows has left, unless they may be among what could not be read, or very many would leave at once.

use serasi_tests::status::refusal;
use tonic::Code;

use super::*;

/// How far rows are believed here.
async fn believe(hub: &TestHub, version: &str, reconcile: v1::ReconcilePolicy) {
    let time = |seconds| {
        Some(v1::Allowance {
            seconds,
            clock: v1::AllowanceClock::Wall as i32,
        })
    };
    let mut admin = hub.coordinator();
    crate::policy::switch_to(&mut admin, version, |policy| {
        policy.registry = Some(v1::RegistryPolicy {
            code: v1::RegistryCode::Dtsen as i32,
            report: time(86_400),
            acknowledge: time(86_400),
            propose: None,
            reconcile: Some(reconcile),
        });
    })
    .await;
}

const LENIENT: v1::ReconcilePolicy = v1::ReconcilePolicy {
    least_rows: 1_000,
    refused_per_million: 500_000,
    leavers_percent: 100,
    leavers_at_least: 50,
};

/// The same rows; those of the two who are found have a wrong date.
fn with_wrong_dates() -> Vec<String> {
    let wrong = |row: String| {
        row.replace("2014-07-01", "2014-02-30")
            .replace("1961-03-09", "1961-13-09")
    };
    snapshot().into_iter().map(wrong).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn where_many_rows_are_refused_nobody_is_missing() {
    let (hub, ids) = Box::pin(with_people()).await;
    let mut officer = officer(&hub);
    reconcile(&mut officer, &start("2026-Q3"), &snapshot()).await;
    let mut rows = strangers(30);
    rows.push("B-1,,,Budi,1990-02-30,,,,".to_owned());
    let (run, _) = reconcile(&mut officer, &start("2026-Q4"), &rows).await;
    assert!(run.concludes_nothing);
    assert_eq!(run.persons.unwrap().left, 0);
    assert_eq!(state(&hub, &ids[EXACT]).await, Matched);
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_own_row_is_refused_is_held_by_its_nik_or_its_key() {
    let (hub, ids) = Box::pin(with_people()).await;
    believe(&hub, "lenient", LENIENT).await;
    let mut officer = officer(&hub);
    reconcile(&mut officer, &start("2026-Q3"), &snapshot()).await;
    let (run, _) = reconcile(&mut officer, &start("2026-Q4"), &with_wrong_dates()).await;
    assert!(!run.concludes_nothing);
    let persons = run.persons.unwrap();
    assert_eq!((persons.held, persons.left), (2, 0));
    for person in [EXACT, PROBABLE] {
        assert_eq!(seen(&hub, &ids[person]).await.edition, "2026-Q3");
    }
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn very_many_leave_only_when_somebody_says_so_and_whoever_may_can_say_it() {
    let (hub, ids) = Box::pin(with_people()).await;
    let strict = v1::ReconcilePolicy {
        leavers_percent: 50,
        leavers_at_least: 1,
        ..LENIENT
    };
    believe(&hub, "strict", strict).await;
    let mut first = officer(&hub);
    reconcile(&mut first, &start("2026-Q3"), &snapshot()).await;
    let begun = start("2026-Q4");
    let rows = numbered(&strangers(30));
    let sent = messages(&begun, vec![chunk(&rows)], Some(rows.len()));
    let refused = answers(&mut first, sent).await.unwrap_err();
    assert_eq!(
        refusal(&refused),
        (Code::FailedPrecondition, "TOO_MANY_LEAVE".to_owned())
    );
    assert_eq!(state(&hub, &ids[EXACT]).await, Matched);
    // Its officer is on leave, and the file is gone.
    let token = hub.token(&[Role::RegistryOfficer], "ID", None);
    let mut somebody = hub.with_token(Some(&token));
    let meant = v1::ReconcileStart {
        allow_leavers: true,
        source_digest: vec![9; 32],
        ..begun
    };
    let done = answers(&mut somebody, messages(&meant, vec![], None))
        .await
        .unwrap();
    let run = done.last().unwrap().reconciliation.clone().unwrap();
    assert_eq!(run.persons.unwrap().left, 2);
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_in_which_too_many_would_leave_can_be_abandoned() {
    let (hub, ids) = Box::pin(with_people()).await;
    let strict = v1::ReconcilePolicy {
        leavers_percent: 0,
        leavers_at_least: 0,
        ..LENIENT
    };
    believe(&hub, "strict", strict).await;
    let mut officer = officer(&hub);
    reconcile(&mut officer, &start("2026-Q3"), &snapshot()).await;
    let rows = numbered(&strangers(30));
    let sent = messages(&start("2026-Q4"), vec![chunk(&rows)], Some(rows.len()));
    assert!(answers(&mut officer, sent).await.is_err());
    let list = v1::ListReconciliationsRequest::default();
    let listed = officer
        .registry
        .list_reconciliations(list)
        .await
        .unwrap()
        .into_inner();
    let abandon = v1::AbandonReconciliationRequest {
        request_id: request_id(),
        reconciliation_id: listed.reconciliations[0].reconciliation_id.clone(),
    };
    let gone = officer
        .registry
        .abandon_reconciliation(abandon)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        gone.reconciliation.unwrap().state(),
        v1::ReconciliationState::Abandoned
    );
    let (next, _) = reconcile(&mut officer, &start("2026-Q4"), &snapshot()).await;
    assert_eq!(next.persons.unwrap().matched, 2);
    assert_eq!(state(&hub, &ids[EXACT]).await, Matched);
    hub.finish().await;
}
