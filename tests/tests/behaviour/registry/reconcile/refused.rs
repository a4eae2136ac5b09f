//! What is refused: rows one by one, streams as a whole; and what is told of none of them.

use tonic::Code;

use super::*;

/// Every way in which a row can be wrong.
fn bad_rows() -> Vec<(String, &'static str)> {
    let mut bytes = vec![
        ("B-1,33740141079000017,,Budi,,,,,".to_owned(), "nik"),
        ("B-2,,,Budi,1990-02-30,,,,".to_owned(), "tanggal_lahir"),
        (",,,Budi,,,,,".to_owned(), "registry_id"),
        (format!("{},,,Budi,,,,,", "x".repeat(65)), "registry_id"),
        ("B-3,,,Budi,,,,".to_owned(), ""),
        ("B-4,,,Budi,,X,,,".to_owned(), "jenis_kelamin"),
    ];
    bytes.push(("B-5,,,,,,99.99.99,,".to_owned(), ""));
    bytes.pop();
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_rows_are_refused_with_their_number_and_the_others_are_read() {
    let (hub, ids) = Box::pin(with_people()).await;
    let bad = bad_rows();
    let mut rows: Vec<String> = bad.iter().map(|(row, _)| row.clone()).collect();
    rows.extend(rows_of_people());
    let (run, results) = reconcile(&mut officer(&hub), &start("2026-Q4"), &rows).await;
    let refused: Vec<_> = results
        .iter()
        .filter(|result| result.code() == v1::RowCode::Refused)
        .collect();
    let told: Vec<_> = refused
        .iter()
        .map(|result| (result.row, result.column.as_str()))
        .collect();
    let expected: Vec<_> = (2..).zip(bad.iter().map(|(_, column)| *column)).collect();
    assert_eq!(told, expected);
    let counted = run.rows.unwrap();
    assert_eq!((counted.read, counted.refused, counted.exact), (10, 6, 1));
    assert_eq!(
        counted.read,
        counted.refused + counted.exact + counted.probable + counted.ambiguous + counted.not_found
    );
    for result in refused {
        assert!(
            !result.problem.contains("Budi") && !result.problem.contains("3374"),
            "{result:?}"
        );
    }
    assert_eq!(state(&hub, &ids[EXACT]).await, Matched);
    hub.finish().await;
}

async fn refusal(client: &mut Client, sent: Vec<v1::ReconcileRequest>) -> Status {
    answers(client, sent).await.unwrap_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_not_what_it_must_be_is_refused_and_keeps_nothing_of_it() {
    let hub = hub_with(vec![]).await;
    let mut officer = officer(&hub);
    let rows = numbered(&strangers(4));
    let no_start = vec![v1::ReconcileRequest {
        message: Some(Message::Rows(chunk(&rows))),
    }];
    assert_eq!(
        refusal(&mut officer, no_start).await.code(),
        Code::InvalidArgument
    );
    let bad_start = v1::ReconcileStart {
        edition: "2026-13".to_owned(),
        source_digest: vec![1],
        scope_region_code: "32.73.01".to_owned(),
        ..start("")
    };
    let refused = refusal(&mut officer, messages(&bad_start, vec![], None)).await;
    assert_eq!(refused.code(), Code::InvalidArgument);
    let backwards: Vec<_> = rows.iter().cloned().rev().collect();
    let short = v1::ReconcileRows {
        last_row: 2,
        ..chunk(&rows)
    };
    let crowd = v1::ReconcileRows {
        unreadable_rows: 5_000,
        ..chunk(&rows)
    };
    let long = v1::ReconcileRows {
        rows: vec![b'x'; 64 * 1024 + 1],
        ..chunk(&rows)
    };
    for (what, sent, end) in [
        ("numbers that fall", chunk(&backwards), Some(4)),
        ("a row behind the last", short, Some(4)),
        ("more rows than numbers", crowd, Some(4)),
        ("too many bytes", long, Some(4)),
        ("rows that do not add up", chunk(&rows), Some(5)),
    ] {
        let begun = start("2026-Q4");
        let refused = refusal(&mut officer, messages(&begun, vec![sent], end)).await;
        assert_eq!(refused.code(), Code::InvalidArgument, "{what}: {refused:?}");
        let list = v1::ListReconciliationsRequest::default();
        let listed = officer
            .registry
            .list_reconciliations(list)
            .await
            .unwrap()
            .into_inner();
        let run = &listed.reconciliations[0];
        assert_eq!(run.state(), v1::ReconciliationState::Open, "{what}");
        let abandon = v1::AbandonReconciliationRequest {
            request_id: request_id(),
            reconciliation_id: run.reconciliation_id.clone(),
        };
        officer.registry.abandon_reconciliation(abandon).await.unwrap();
    }
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_file_does_not_go_on_where_one_has_stopped_and_two_do_not_run_at_once() {
    let hub = hub_with(vec![]).await;
    let mut officer = officer(&hub);
    let begun = start("2026-Q4");
    let open = answers(&mut officer, messages(&begun, vec![], None)).await;
    // The client has gone without an end.
    assert_eq!(open.unwrap_err().code(), Code::InvalidArgument);
    let other_file = v1::ReconcileStart {
        source_digest: vec![2; 32],
        ..begun.clone()
    };
    let refused = refusal(&mut officer, messages(&other_file, vec![], None)).await;
    assert_eq!(refused.code(), Code::AlreadyExists);
    assert!(refused.message().contains("source_digest"), "{refused:?}");
    let refused = refusal(&mut officer, messages(&start("2026-Q4"), vec![], None)).await;
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert!(refused.message().contains(&begun.request_id), "{refused:?}");
    let somebody = hub.token(&[Role::RegistryOfficer], "ID", None);
    let mut somebody = hub.with_token(Some(&somebody));
    let refused = refusal(&mut somebody, messages(&begun, vec![], None)).await;
    assert!(refused.message().contains("principal"), "{refused:?}");
    let other_registry = v1::ReconcileStart {
        registry: v1::RegistryCode::Dtks as i32,
        ..start("2026-11")
    };
    let rows = strangers(3);
    let (run, _) = reconcile(&mut officer, &other_registry, &rows).await;
    assert_eq!(run.state(), v1::ReconciliationState::Done);
    hub.finish().await;
}
