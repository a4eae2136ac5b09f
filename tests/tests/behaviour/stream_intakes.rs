//! StreamIntakes: an outreach worker's queue, replayed when the signal is back.

use std::collections::BTreeMap;
use std::time::Duration;

use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_proto::v1::stream_intakes_response::Result as EntryResult;
use serasi_tests::build::{facility, intake, submit};
use serasi_tests::status::{refusal, violated_fields};
use serasi_tests::{Client, TestHub};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status, Streaming};

use crate::scene::hub_with;

const PATIENCE: Duration = Duration::from_secs(20);

type Results = BTreeMap<i64, Result<v1::SubmitIntakeResponse, Status>>;

/// Sends the entries under the numbers 10, 20, ... and half-closes; gives back every result, and how the stream ended.
async fn replay(client: &mut Client, entries: &[v1::SubmitIntakeRequest]) -> (Results, Option<Status>) {
    let numbered: Vec<_> = entries
        .iter()
        .zip((10..).step_by(10))
        .map(|(submission, entry)| v1::StreamIntakesRequest {
            entry,
            submission: Some(submission.clone()),
        })
        .collect();
    let stream = client
        .intake
        .stream_intakes(tokio_stream::iter(numbered))
        .await
        .unwrap();
    collect(stream.into_inner()).await
}

async fn collect(mut stream: Streaming<v1::StreamIntakesResponse>) -> (Results, Option<Status>) {
    let mut results = Results::new();
    loop {
        match tokio::time::timeout(PATIENCE, stream.message()).await.unwrap() {
            Ok(Some(response)) => {
                let result = match response.result.unwrap() {
                    EntryResult::Taken(taken) => Ok(taken),
                    EntryResult::Error(error) => Err(status(&error)),
                };
                assert!(
                    results.insert(response.entry, result).is_none(),
                    "one result per entry"
                );
            }
            Ok(None) => return (results, None),
            Err(status) => return (results, Some(status)),
        }
    }
}

/// As a client puts an entry's error together: the same as SubmitIntake's.
fn status(error: &v1::EntryError) -> Status {
    Status::with_details(
        Code::from(error.code),
        error.message.clone(),
        error.status.clone().into(),
    )
}

fn case_of(result: &Result<v1::SubmitIntakeResponse, Status>) -> String {
    result.as_ref().unwrap().case.as_ref().unwrap().case_id.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_entry_has_its_result_and_a_wrong_one_ends_nothing() {
    let hub = hub_with(vec![facility("A", "32.73.01", 50)]).await;
    let mut worker = hub.client(Role::OutreachWorker, "32.73");
    let mut entries: Vec<_> = (0..30)
        .map(|number| submit(intake(&format!("queue-{number}"))))
        .collect();
    entries[3].intake.as_mut().unwrap().story.clear();
    entries[7].intake = None;
    let (results, end) = replay(&mut worker, &entries).await;
    assert!(end.is_none(), "{end:?}");
    assert_eq!(
        results.keys().copied().collect::<Vec<_>>(),
        (1..=30).map(|n| n * 10).collect::<Vec<_>>()
    );
    let wrong: Vec<_> = results
        .iter()
        .filter(|(_, result)| result.is_err())
        .map(|(entry, _)| *entry)
        .collect();
    assert_eq!(wrong, [40, 80]);
    let status = results[&40].as_ref().unwrap_err();
    assert_eq!(
        refusal(status),
        (Code::InvalidArgument, "REQUEST_INVALID".to_owned())
    );
    assert_eq!(violated_fields(status), ["intake.story"]);
    let alone = worker.intake.submit_intake(entries[3].clone()).await.unwrap_err();
    assert_eq!(
        (alone.message(), alone.details()),
        (status.message(), status.details())
    );

    // The same queue again, mended, under new request ids: the same cases, and the two that were missing.
    entries[3].intake = Some(intake("queue-3"));
    entries[7].intake = Some(intake("queue-7"));
    for entry in &mut entries {
        entry.request_id = serasi_tests::build::request_id();
    }
    let (again, end) = replay(&mut worker, &entries).await;
    assert!(end.is_none(), "{end:?}");
    for (entry, result) in &again {
        let was_known = result.as_ref().unwrap().already_known;
        assert_eq!(was_known, ![40, 80].contains(entry));
        if was_known {
            assert_eq!(case_of(result), case_of(&results[entry]));
        }
    }
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_who_sends_faster_than_it_reads_is_held_back_and_loses_nothing() {
    let hub = hub_with(vec![facility("A", "32.73.01", 500)]).await;
    let mut worker = hub.client(Role::OutreachWorker, "32.73");
    let (sender, entries) = mpsc::channel(1);
    let stream = worker
        .intake
        .stream_intakes(ReceiverStream::new(entries))
        .await
        .unwrap();
    let sending = tokio::spawn(async move {
        for entry in 0..200 {
            let submission = Some(submit(intake(&format!("much-{entry}"))));
            sender
                .send(v1::StreamIntakesRequest { entry, submission })
                .await
                .unwrap();
        }
    });
    let (results, end) = collect(stream.into_inner()).await;
    sending.await.unwrap();
    assert!(end.is_none() && results.len() == 200 && results.values().all(Result::is_ok));
    hub.finish().await;
}

/// Opens a stream, has one entry taken, and gives back the rest of it.
async fn open(
    client: &mut Client,
) -> (
    mpsc::Sender<v1::StreamIntakesRequest>,
    Streaming<v1::StreamIntakesResponse>,
) {
    let (sender, entries) = mpsc::channel(4);
    let mut stream = client
        .intake
        .stream_intakes(ReceiverStream::new(entries))
        .await
        .unwrap()
        .into_inner();
    let submission = Some(submit(intake("first")));
    sender
        .send(v1::StreamIntakesRequest { entry: 1, submission })
        .await
        .unwrap();
    let first = stream.message().await.unwrap().unwrap();
    assert_eq!(first.entry, 1);
    (sender, stream)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_ends_with_its_token_and_with_its_hub() {
    let hub: TestHub = hub_with(vec![facility("A", "32.73.01", 50)]).await;
    let replica = hub.replica().await;
    let brief = hub.token_for(time::Duration::seconds(2), &[Role::OutreachWorker], "32.73", None);
    let (_open, stream) = open(&mut hub.with_token(Some(&brief))).await;
    let (_, ended) = collect(stream).await;
    assert_eq!(
        refusal(&ended.unwrap()),
        (Code::Unauthenticated, "TOKEN_EXPIRED".to_owned())
    );
    let (_open, stream) = open(&mut replica.client(Role::OutreachWorker, "32.73")).await;
    let ((), (_, ended)) = tokio::join!(replica.finish(), collect(stream));
    assert_eq!(
        refusal(&ended.unwrap()),
        (Code::Unavailable, "HUB_STOPPING".to_owned())
    );
    hub.finish().await;
}
