//! Streams that break, come twice, or are taken over: the end is that of a run that nothing has disturbed.

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Streaming};

use super::*;

/// What is compared: results without ids, and where everybody stands.
async fn outcome(hub: &TestHub, ids: &[String], results: &[v1::RowResult]) -> String {
    let mut told = String::new();
    for result in results {
        let person = ids.iter().position(|id| *id == result.person_id);
        writeln!(
            told,
            "{} {:?} {person:?} {} {}",
            result.row, result.code, result.weight, result.probability
        )
        .unwrap();
    }
    for id in ids {
        let stands = seen(hub, id).await;
        let key = &stands.registry_id;
        writeln!(
            told,
            "{:?} {} {key} {:?}",
            stands.state, stands.edition, stands.r#match
        )
        .unwrap();
    }
    told
}

async fn undisturbed() -> String {
    let (hub, ids) = Box::pin(with_people()).await;
    let (_, results) = reconcile(&mut officer(&hub), &start("2026-Q4"), &snapshot()).await;
    let outcome = outcome(&hub, &ids, &results).await;
    hub.finish().await;
    outcome
}

/// A stream that is still open.
struct Open {
    messages: mpsc::Sender<v1::ReconcileRequest>,
    answers: Streaming<v1::ReconcileResponse>,
}

impl Open {
    async fn begin(client: &mut Client, start: &v1::ReconcileStart) -> (Self, v1::Reconciliation) {
        let (messages, sent) = mpsc::channel(16);
        let open = |message| v1::ReconcileRequest {
            message: Some(message),
        };
        messages.send(open(Message::Start(start.clone()))).await.unwrap();
        let answers = client
            .registry
            .reconcile(ReceiverStream::new(sent))
            .await
            .unwrap();
        let mut open = Self {
            messages,
            answers: answers.into_inner(),
        };
        let run = open
            .answers
            .message()
            .await
            .unwrap()
            .unwrap()
            .reconciliation
            .unwrap();
        (open, run)
    }

    async fn send(&self, rows: v1::ReconcileRows) {
        let message = Some(Message::Rows(rows));
        self.messages
            .send(v1::ReconcileRequest { message })
            .await
            .unwrap();
    }

    /// Waits until the hub has kept a row.
    async fn kept(&mut self, row: u64) {
        while let Some(answer) = self.answers.message().await.unwrap() {
            if answer.reconciliation.unwrap().last_row >= row {
                return;
            }
        }
        panic!("the stream has ended");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_breaks_after_every_chunk_and_repeats_each_ends_the_same() {
    let (hub, ids) = Box::pin(with_people()).await;
    let (start, rows) = (start("2026-Q4"), numbered(&snapshot()));
    let chunks: Vec<_> = rows.chunks(9).map(chunk).collect();
    let other = hub.replica().await;
    let mut clients = [officer(&hub), officer(&other)];
    for at in 0..chunks.len() {
        // Each stream sends all again from the beginning, the next replica, and then the client goes without a word.
        let sent = messages(&start, chunks[..=at].to_vec(), None);
        let broken = answers(&mut clients[at % 2], sent).await.unwrap_err();
        assert_eq!(broken.code(), Code::InvalidArgument, "{broken:?}");
    }
    let end = messages(&start, vec![], Some(rows.len()));
    let done = answers(&mut clients[0], end).await.unwrap();
    let results: Vec<_> = done.into_iter().flat_map(|answer| answer.results).collect();
    assert_eq!(outcome(&hub, &ids, &results).await, undisturbed().await);
    other.finish().await;
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_another_replica_has_taken_over_writes_nothing_any_more() {
    let (hub, ids) = Box::pin(with_people()).await;
    let other = hub.replica().await;
    let (start, rows) = (start("2026-Q4"), numbered(&snapshot()));
    let chunks: Vec<_> = rows.chunks(20).map(chunk).collect();
    let (mut first, _) = Open::begin(&mut officer(&hub), &start).await;
    first.send(chunks[0].clone()).await;
    first.kept(chunks[0].last_row).await;
    let (mut second, run) = Open::begin(&mut officer(&other), &start).await;
    assert_eq!(
        run.last_row, chunks[0].last_row,
        "it goes on where the first one was"
    );
    // The first one does not know, and has a row more.
    first.send(chunks[1].clone()).await;
    let stale = loop {
        match first.answers.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("the stale stream has ended well"),
            Err(status) => break status,
        }
    };
    assert_eq!(stale.code(), Code::Aborted, "{stale:?}");
    for chunk in &chunks[1..] {
        second.send(chunk.clone()).await;
    }
    second.kept(chunks.last().unwrap().last_row).await;
    drop(second);
    let end = messages(&start, vec![], Some(rows.len()));
    let done = answers(&mut officer(&other), end).await.unwrap();
    let results: Vec<_> = done.into_iter().flat_map(|answer| answer.results).collect();
    assert_eq!(outcome(&hub, &ids, &results).await, undisturbed().await);
    other.finish().await;
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_reported_while_it_runs_is_left_for_the_next_run() {
    let (hub, _) = Box::pin(with_people()).await;
    let (start, rows) = (start("2026-Q4"), numbered(&snapshot()));
    let mut officer = officer(&hub);
    let broken = answers(&mut officer, messages(&start, vec![chunk(&rows)], None)).await;
    assert!(broken.is_err());
    let late = placed(&hub, "late", vec![at_home_elsewhere()]).await;
    let done = answers(&mut officer, messages(&start, vec![], Some(rows.len())))
        .await
        .unwrap();
    let run = done.last().unwrap().reconciliation.clone().unwrap();
    assert_eq!(run.persons.unwrap().decided, 4);
    assert_eq!(
        registration(&hub, &late[0]).await.edition,
        "",
        "nobody has looked for them"
    );
    let (next, _) = reconcile(&mut officer, &super::start("2026-Q4"), &snapshot()).await;
    assert_eq!(next.persons.unwrap().decided, 5);
    assert_eq!(state(&hub, &late[0]).await, Matched);
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_found_is_told_when_all_was_decided_before_the_stream_came() {
    let (hub, _) = Box::pin(with_people()).await;
    let (mut officer, start) = (officer(&hub), start("2026-Q4"));
    let (_, results) = reconcile(&mut officer, &start, &snapshot()).await;
    assert_eq!(results.len(), 4);
    // As a hub left it that was killed before its last step.
    let mut connection = hub.database.connect().await;
    let query =
        "UPDATE reconciliations r SET state = 'deciding', ended_at = NULL, decided_region = p.region_code,
             decided_person = p.person_id
         FROM (SELECT region_code, person_id FROM registrations ORDER BY 1 DESC, 2 DESC LIMIT 1) p";
    sqlx::query(query).execute(&mut connection).await.unwrap();
    let resumed = answers(&mut officer, messages(&start, vec![], None))
        .await
        .unwrap();
    // A client takes the first answer that is DONE and has no results for the last.
    let last = resumed.iter().position(|answer| {
        let run = answer.reconciliation.as_ref().unwrap();
        run.state() == v1::ReconciliationState::Done && answer.results.is_empty()
    });
    assert_eq!(last, Some(resumed.len() - 1));
    let told: Vec<_> = resumed.into_iter().flat_map(|answer| answer.results).collect();
    assert_eq!(told, results);
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_run_has_left_behind_goes_although_nobody_comes_for_it() {
    let (hub, _) = Box::pin(with_people()).await;
    reconcile(&mut officer(&hub), &start("2026-Q4"), &snapshot()).await;
    let mut connection = hub.database.connect().await;
    // Not chosen, and not forgotten by who ran it; and kept by a hub of the release before.
    let query =
        "UPDATE reconciliation_candidates SET result = NULL, weight = NULL, probability = NULL, why = NULL,
             run_region = CASE WHEN row_number = 2 THEN '' ELSE run_region END
         WHERE row_number < 40";
    let left = sqlx::query(query).execute(&mut connection).await.unwrap();
    assert_eq!(left.rows_affected(), 3);
    let count = || async {
        let mut connection = hub.database.connect().await;
        let (count,): (i64,) = sqlx::query_as("SELECT count(*) FROM reconciliation_candidates")
            .fetch_one(&mut connection)
            .await
            .unwrap();
        count
    };
    crate::scene::eventually(count, |count| *count == 1).await;
    hub.finish().await;
}
