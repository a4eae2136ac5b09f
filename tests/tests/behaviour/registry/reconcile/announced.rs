//! Whoever says how many rows come at least spares the hub what is hopeless among so many, and is held to it.

use tonic::Code;

use super::*;

async fn kept(hub: &TestHub) -> i64 {
    let mut connection = hub.database.connect().await;
    let (count,) = sqlx::query_as("SELECT count(*) FROM reconciliation_candidates")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    count
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_hopeless_among_so_many_is_not_kept_and_an_end_of_fewer_rows_is_refused() {
    let (hub, ids) = Box::pin(with_people()).await;
    let mut officer = officer(&hub);
    // By the NIK; and by a name, which few of a million would share, but some of a billion.
    let by_nik = rows_of_people().swap_remove(EXACT);
    let rows = [by_nik, "R-2,,,Bagas Contohkusuma,,,,,".to_owned()];
    let chunk = || vec![chunk(&numbered(&rows))];
    let unsaid = start("2026-Q4");
    // The client goes without an end; all rows are kept that may be somebody among so few.
    answers(&mut officer, messages(&unsaid, chunk(), None))
        .await
        .unwrap_err();
    assert_eq!(kept(&hub).await, 2);
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
    officer.registry.abandon_reconciliation(abandon).await.unwrap();
    crate::scene::eventually(|| kept(&hub), |left| *left == 0).await;

    let said = v1::ReconcileStart {
        rows_at_least: 1_000_000_000_000,
        ..start("2026-Q4")
    };
    let refused = answers(&mut officer, messages(&said, chunk(), Some(rows.len()))).await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert!(refused.message().contains("end.rows"), "{refused:?}");
    let told = String::from_utf8_lossy(refused.details());
    assert!(told.contains(&said.request_id), "{refused:?}");
    assert_eq!(kept(&hub).await, 1, "only whose NIK it is");
    // Who comes again and says nothing does not take it back.
    let unsaid = v1::ReconcileStart {
        rows_at_least: 0,
        ..said
    };
    let refused = answers(&mut officer, messages(&unsaid, chunk(), Some(rows.len()))).await;
    assert!(refused.unwrap_err().message().contains("end.rows"));
    assert_ne!(state(&hub, &ids[EXACT]).await, Matched, "nothing was decided");
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_as_many_as_come_finds_the_same() {
    let (hub, _) = Box::pin(with_people()).await;
    let mut officer = officer(&hub);
    let rows = snapshot();
    let said = v1::ReconcileStart {
        rows_at_least: rows.len() as u64,
        ..start("2026-Q4")
    };
    let (run, results) = reconcile(&mut officer, &said, &rows).await;
    assert_eq!(run.state(), v1::ReconciliationState::Done);
    let (hub_beside, _) = Box::pin(with_people()).await;
    let (unsaid, same) = reconcile(&mut super::officer(&hub_beside), &start("2026-Q4"), &rows).await;
    assert_eq!((run.rows, run.persons), (unsaid.rows, unsaid.persons));
    let told = |results: &[v1::RowResult]| -> Vec<_> {
        results
            .iter()
            .map(|result| (result.row, result.code, result.weight.to_bits()))
            .collect()
    };
    assert_eq!(told(&results), told(&same));
    hub_beside.finish().await;
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_breaks_off_before_all_rows_that_were_announced_ends_as_a_part() {
    let (hub, ids) = Box::pin(with_people()).await;
    let rows = rows_of_people();
    let said = v1::ReconcileStart {
        rows_at_least: 1_000_000,
        ..start("2026-Q4")
    };
    let mut sent = messages(&said, vec![chunk(&numbered(&rows))], None);
    let end = v1::ReconcileEnd {
        rows: rows.len() as u64,
        broke_off: true,
    };
    sent.push(v1::ReconcileRequest {
        message: Some(Message::End(end)),
    });
    let told = answers(&mut officer(&hub), sent).await.unwrap();
    let run = told.last().unwrap().reconciliation.clone().unwrap();
    assert_eq!(run.state(), v1::ReconciliationState::Done);
    assert!(run.concludes_nothing);
    assert_eq!(state(&hub, &ids[EXACT]).await, Matched);
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_rows_than_any_registry_has_are_not_believed() {
    let hub = hub_with(vec![]).await;
    let beyond = v1::ReconcileStart {
        rows_at_least: 1_000_000_000_001,
        ..start("2026-Q4")
    };
    let refused = answers(&mut officer(&hub), messages(&beyond, vec![], Some(0))).await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert!(refused.message().contains("rows_at_least"), "{refused:?}");
    hub.finish().await;
}
