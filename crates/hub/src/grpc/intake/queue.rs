//! StreamIntakes: an outreach worker's queue, entry by entry. As with a watch, nothing runs ahead of the client: while it
//! does not read results, no more entries are taken.

use std::sync::Arc;

use prost::Message;
use serasi_proto::v1;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tonic::codegen::BoxStream;
use tonic::{Request, Status, Streaming};
use tonic_types::pb;

use super::submit;
use crate::auth::Session;
use crate::error::{HubError, StreamEnd};
use crate::hub::Hub;
use crate::jobs::stopped;

const METHOD: &str = "serasi.v1.IntakeService/StreamIntakes";
/// Entries worked on at the same time.
const IN_FLIGHT: usize = 8;

struct Replay {
    hub: Arc<Hub>,
    session: Session,
    entries: Streaming<v1::StreamIntakesRequest>,
    /// An entry in work is not given up with the stream: its command is a task of its own.
    running: JoinSet<v1::StreamIntakesResponse>,
    /// Set when no more entries are taken: how the stream ends when the rest is answered.
    end: Option<Result<(), HubError>>,
    stopping: watch::Receiver<bool>,
    next_check: Instant,
}

/// One result for each entry of the request's stream.
pub(super) fn replay(
    hub: &Arc<Hub>,
    request: Request<Streaming<v1::StreamIntakesRequest>>,
) -> Result<BoxStream<v1::StreamIntakesResponse>, HubError> {
    let session = Session::of(hub, &request, METHOD)?;
    let replay = Replay {
        hub: Arc::clone(hub),
        session,
        entries: request.into_inner(),
        running: JoinSet::new(),
        end: None,
        stopping: hub.stopping.subscribe(),
        next_check: Instant::now() + hub.limits.recheck,
    };
    let steps = futures_util::stream::unfold(Some(replay), |replay| async {
        let mut replay: Replay = replay?;
        match replay.next().await {
            Ok(Some(result)) => Some((Ok(result), Some(replay))),
            Ok(None) => None,
            Err(error) => Some((Err(Status::from(error)), None)),
        }
    });
    Ok(Box::pin(steps))
}

impl Replay {
    /// The next result; `None` = the client has ended and everything is answered.
    async fn next(&mut self) -> Result<Option<v1::StreamIntakesResponse>, HubError> {
        loop {
            if self.running.is_empty()
                && let Some(end) = self.end.take()
            {
                return end.map(|()| None);
            }
            let takes_more = self.end.is_none() && self.running.len() < IN_FLIGHT;
            let left = self.session.remains();
            let wake = left.map_or(self.next_check, |left| self.next_check.min(Instant::now() + left));
            tokio::select! {
                Some(done) = self.running.join_next() => {
                    return done.map(Some).map_err(|_| HubError::Bug("an entry of a queue panicked"));
                }
                () = stopped(&mut self.stopping), if self.end.is_none() => self.end_with(StreamEnd::Stopping),
                () = tokio::time::sleep_until(wake), if self.end.is_none() => self.look_at_token(),
                entry = self.entries.message(), if takes_more => self.take(entry),
            }
        }
    }

    fn take(&mut self, entry: Result<Option<v1::StreamIntakesRequest>, Status>) {
        match entry {
            Ok(Some(entry)) => {
                let (hub, caller) = (Arc::clone(&self.hub), self.session.permit.clone());
                self.running.spawn(async move {
                    let submission = entry.submission.unwrap_or_default();
                    let result = match submit(&hub, caller, &submission).await {
                        Ok(taken) => v1::stream_intakes_response::Result::Taken(taken),
                        Err(error) => v1::stream_intakes_response::Result::Error(told(&error.into())),
                    };
                    v1::StreamIntakesResponse {
                        entry: entry.entry,
                        result: Some(result),
                    }
                });
            }
            Ok(None) => self.end = Some(Ok(())),
            // The client went away, or sent what is no entry, or one that is too long.
            Err(_) => {
                let what = "an entry could not be read; it has at most 256 KiB";
                self.end = Some(Err(HubError::TooMuch(what)));
            }
        }
    }

    fn look_at_token(&mut self) {
        self.next_check = Instant::now() + self.hub.limits.recheck;
        if self.session.has_ended() {
            self.end_with(StreamEnd::TokenExpired);
        } else if let Err(error) = self.session.check() {
            self.end = Some(Err(error));
        }
    }

    fn end_with(&mut self, why: StreamEnd) {
        let cursor = String::new();
        self.end = Some(Err(HubError::StreamEnded { why, cursor }));
    }
}

/// An error as part of an answer, with all that a call of its own would have had.
fn told(status: &Status) -> v1::EntryError {
    let details = if status.details().is_empty() {
        let plain = pb::Status {
            code: status.code().into(),
            message: status.message().to_owned(),
            details: vec![],
        };
        plain.encode_to_vec()
    } else {
        status.details().to_vec()
    };
    v1::EntryError {
        code: status.code().into(),
        message: status.message().to_owned(),
        status: details,
    }
}
