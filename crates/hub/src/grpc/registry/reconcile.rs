//! Reconcile: rows in, how far it is out. What is heavy is done on threads of its own, which give way to all others; a
//! chunk is taken only when one of them is free, so that memory is bounded whatever the client sends.

mod count;
mod deciding;
mod rows;

use std::sync::Arc;

use serasi_domain::registry::{Progress, Reconciliation};
use serasi_proto::v1;
use tokio::sync::{mpsc, watch};
use tokio::time::{Duration, Instant, timeout};
use tokio_stream::wrappers::ReceiverStream;
use tonic::codegen::BoxStream;
use tonic::{Request, Status, Streaming};

use crate::auth::Session;
use crate::error::{HubError, StreamEnd, Violation};
use crate::hub::Hub;
use crate::policies::national_home;
use crate::unit_of_work::run_for;
use crate::verbs::reconcile::{AdoptRows, EndRows, ForgetRows, Open, ReadResults};
use crate::wire::{decided_to_wire, read_start, reconciliation_to_wire};
use serasi_domain::id::{ReconciliationId, Regency};

const METHOD: &str = "serasi.v1.RegistryService/Reconcile";
/// Answers that wait to be read.
const ANSWERS: usize = 4;
/// Whoever comes beside another one waits so long for it to end.
const TURN: Duration = Duration::from_secs(5);
/// An answer that nobody reads for so long ends the stream.
const UNREAD: Duration = Duration::from_mins(1);

/// One stream.
struct Stream {
    hub: Arc<Hub>,
    session: Session,
    messages: Streaming<v1::ReconcileRequest>,
    answers: mpsc::Sender<Result<v1::ReconcileResponse, Status>>,
    /// As it was last written.
    run: Reconciliation,
    stopping: watch::Receiver<bool>,
    begun: watch::Receiver<Option<(ReconciliationId, i64)>>,
    next_check: Instant,
    /// Somebody has said that many are meant to leave.
    allows_leavers: bool,
}

pub(super) fn reconcile(
    hub: &Arc<Hub>,
    request: Request<Streaming<v1::ReconcileRequest>>,
) -> Result<BoxStream<v1::ReconcileResponse>, HubError> {
    let session = Session::of(hub, &request, METHOD)?;
    session.permit.stated()?;
    let (answers, told) = mpsc::channel(ANSWERS);
    let (hub, messages) = (Arc::clone(hub), request.into_inner());
    // The task ends with the client: it looks at every step whether somebody is still there.
    tokio::spawn(async move {
        let failed = answers.clone();
        if let Err(error) = Box::pin(serve(hub, session, messages, answers)).await {
            // Nobody may be there to be told.
            let _ = timeout(UNREAD, failed.send(Err(Status::from(error)))).await;
        }
    });
    Ok(Box::pin(ReceiverStream::new(told)))
}

async fn serve(
    hub: Arc<Hub>,
    session: Session,
    mut messages: Streaming<v1::ReconcileRequest>,
    answers: mpsc::Sender<Result<v1::ReconcileResponse, Status>>,
) -> Result<(), HubError> {
    let first = messages.message().await.map_err(|_| unreadable())?;
    let Some(v1::reconcile_request::Message::Start(start)) = first.and_then(|first| first.message) else {
        return Err(wrong(
            "start",
            "must be the first message of the stream, and only the first",
        ));
    };
    let home = Regency::of(session.permit.scope).unwrap_or_else(national_home);
    let asked = read_start(&start, (&session.permit, home), hub.clock.now())?;
    let run = run_for(&hub, session.permit.clone(), Open { asked }).await?;
    hub.reconciling.begun.send_replace(Some((run.id, run.version)));
    let mut stream = Stream {
        stopping: hub.stopping.subscribe(),
        begun: hub.reconciling.begun.subscribe(),
        next_check: Instant::now() + hub.limits.recheck,
        allows_leavers: start.allow_leavers,
        hub,
        session,
        messages,
        answers,
        run,
    };
    stream.begun.mark_unchanged();
    stream.tell(vec![]).await?;
    let turn = Arc::clone(&stream.hub.reconciling.turn);
    let turn = timeout(TURN, turn.acquire_owned()).await;
    let Ok(Ok(_turn)) = turn else {
        return Err(HubError::TooMuch(
            "another reconciliation is going on at this replica",
        ));
    };
    stream.go_on().await
}

impl Stream {
    /// From wherever the run stands to its end.
    async fn go_on(&mut self) -> Result<(), HubError> {
        let run = self.run.id;
        while run_for(&self.hub, self.session.permit.clone(), AdoptRows { run }).await? {
            self.must_go_on()?;
        }
        if let Progress::Open { .. } = self.run.progress {
            let broke_off = self.read_rows().await?;
            let before = self.run.clone();
            self.run = run_for(
                &self.hub,
                self.session.permit.clone(),
                EndRows { before, broke_off },
            )
            .await?;
            self.tell(vec![]).await?;
        }
        self.hub.reconciling.forget().await;
        if let Progress::Deciding { .. } = self.run.progress {
            self.decide().await?;
        }
        if let Progress::Abandoned { .. } = self.run.progress {
            // The client sees it in the answer.
            return Ok(());
        }
        self.tell_results().await
    }

    /// Every row that is or may be somebody, in order; then an answer without.
    async fn tell_results(&mut self) -> Result<(), HubError> {
        let run = self.run.id;
        let permit = self.session.permit.clone();
        while run_for(&self.hub, permit.clone(), ForgetRows { run }).await? {
            self.must_go_on()?;
        }
        let mut last = None;
        loop {
            self.must_go_on()?;
            let page = run_for(&self.hub, permit.clone(), ReadResults { run, last }).await?;
            let Some(end) = page.last() else { break };
            last = Some((end.row, end.person));
            self.tell(page.iter().map(decided_to_wire).collect()).await?;
        }
        self.tell(vec![]).await
    }

    /// How far it is.
    async fn tell(&self, results: Vec<v1::RowResult>) -> Result<(), HubError> {
        let answer = v1::ReconcileResponse {
            reconciliation: Some(reconciliation_to_wire(&self.run)),
            results,
        };
        let sent = timeout(UNREAD, self.answers.send(Ok(answer))).await;
        match sent {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(gone()),
            Err(_) => Err(ended(StreamEnd::TooSlow)),
        }
    }

    /// Whether there is still somebody to work for, and leave to.
    fn must_go_on(&mut self) -> Result<(), HubError> {
        if self.answers.is_closed() {
            return Err(gone());
        }
        if *self.stopping.borrow() {
            return Err(ended(StreamEnd::Stopping));
        }
        let begun = *self.begun.borrow_and_update();
        if begun.is_some_and(|(id, version)| id == self.run.id && version > self.run.version) {
            return Err(HubError::Moved);
        }
        if self.session.has_ended() {
            return Err(ended(StreamEnd::TokenExpired));
        }
        if Instant::now() >= self.next_check {
            self.next_check = Instant::now() + self.hub.limits.recheck;
            self.session.check()?;
        }
        Ok(())
    }
}

fn unreadable() -> HubError {
    HubError::TooMuch("a message could not be read; it has at most 256 KiB")
}

fn wrong(field: &str, description: &str) -> HubError {
    HubError::Invalid(vec![Violation {
        field: field.to_owned(),
        description: description.to_owned(),
    }])
}

/// Nobody hears it.
const fn gone() -> HubError {
    ended(StreamEnd::Stopping)
}

const fn ended(why: StreamEnd) -> HubError {
    HubError::StreamEnded {
        why,
        cursor: String::new(),
    }
}
