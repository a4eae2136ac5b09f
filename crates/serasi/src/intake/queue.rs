//! Reports in one stream, each with its own result. A stream that breaks gives every report without a result back to its
//! sender, and the next report opens another one.

use std::collections::HashMap;
use std::time::Duration;

use serasi_proto::v1::stream_intakes_response::Result as EntryResult;
use serasi_proto::v1::{
    EntryError, StreamIntakesRequest, StreamIntakesResponse, SubmitIntakeRequest, SubmitIntakeResponse,
};
use tokio::sync::{mpsc, oneshot};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request, Status};

use crate::client::Hub;

/// More reports than a run has on the way at once (`--parallel`): sending one never waits for another's result.
const ROOM: usize = 512;
/// A stream lasts this long at most.
const LONGEST_STREAM: Duration = Duration::from_hours(1);

/// The end to put reports in.
#[derive(Clone)]
pub(super) struct Queue(mpsc::Sender<Waiting>);

struct Waiting {
    request: SubmitIntakeRequest,
    answer: Answer,
}

type Answer = oneshot::Sender<Result<SubmitIntakeResponse, Status>>;

impl Queue {
    /// A queue to the hub; it ends with its last sender.
    pub(super) fn start(hub: Hub) -> Self {
        let (sender, reports) = mpsc::channel(ROOM);
        tokio::spawn(run(hub, reports));
        Self(sender)
    }

    /// The hub's result for this report.
    pub(super) async fn send(&self, request: SubmitIntakeRequest) -> Result<SubmitIntakeResponse, Status> {
        let (answer, answered) = oneshot::channel();
        // Both fail only when the queue has panicked.
        drop(self.0.send(Waiting { request, answer }).await);
        let lost = |_| Err(Status::cancelled("the queue ended early"));
        answered.await.unwrap_or_else(lost)
    }
}

async fn run(hub: Hub, mut reports: mpsc::Receiver<Waiting>) {
    let mut number = 0;
    while let Some(first) = reports.recv().await {
        let mut waiting = HashMap::new();
        let broken = stream(&hub, &mut reports, first, (&mut waiting, &mut number)).await;
        for answer in waiting.into_values() {
            // A sender that has gone needs no answer.
            drop(answer.send(Err(broken.clone())));
        }
    }
}

/// One stream from its first report to its end; what is left in `waiting` has no result.
async fn stream(
    hub: &Hub,
    reports: &mut mpsc::Receiver<Waiting>,
    first: Waiting,
    (waiting, number): (&mut HashMap<i64, Answer>, &mut i64),
) -> Status {
    let (entries, sent) = mpsc::channel(ROOM);
    let mut entries = Some(entries);
    let mut put = async |entries: &Option<mpsc::Sender<_>>, report: Waiting, waiting: &mut HashMap<_, _>| {
        *number += 1;
        waiting.insert(*number, report.answer);
        let entry = StreamIntakesRequest {
            entry: *number,
            submission: Some(report.request),
        };
        if let Some(entries) = entries {
            // A stream that has ended says why by itself.
            drop(entries.send(entry).await);
        }
    };
    put(&entries, first, waiting).await;
    let mut request = Request::new(ReceiverStream::new(sent));
    request.set_timeout(LONGEST_STREAM);
    let mut results = match hub.intakes().stream_intakes(request).await {
        Ok(results) => results.into_inner(),
        Err(status) => return status,
    };
    loop {
        tokio::select! {
            report = reports.recv(), if entries.is_some() => match report {
                Some(report) => put(&entries, report, waiting).await,
                // Half-close: the hub answers the rest.
                None => entries = None,
            },
            result = results.message() => match result {
                Ok(Some(result)) => settle(waiting, result),
                Ok(None) => return Status::unavailable("the hub ended the stream"),
                Err(status) => return status,
            },
        }
    }
}

fn settle(waiting: &mut HashMap<i64, Answer>, result: StreamIntakesResponse) {
    let Some(answer) = waiting.remove(&result.entry) else {
        return;
    };
    let told = match result.result {
        Some(EntryResult::Taken(taken)) => Ok(taken),
        Some(EntryResult::Error(error)) => Err(status(error)),
        None => Err(Status::cancelled("the hub gave no result")),
    };
    drop(answer.send(told));
}

fn status(error: EntryError) -> Status {
    Status::with_details(Code::from(error.code), error.message, error.status.into())
}
