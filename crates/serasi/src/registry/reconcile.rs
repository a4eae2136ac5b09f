//! `serasi registry reconcile`: sends the rows of a file, and goes on after every break, of the hub or of itself, where the
//! hub says that it is. The run's id is made from the file, what is asked and who asks, so that the same command is
//! the same run.

mod duplicates;
mod finish;
mod lists;
mod rows;
mod sorted;

pub(super) use finish::finish;

use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::ProgressBar;
use rand::Rng;
use serasi_proto::v1::{
    ReconcileRequest, ReconcileResponse, ReconcileStart, Reconciliation, ReconciliationState, SourceKind,
    reconcile_request::Message,
};
use serasi_registry_file::{RegistryFile, SNAPSHOT};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request, Status, Streaming};

use self::duplicates::{Found, SecondRows};
use self::lists::{Lists, Summary};
use self::rows::{Read, Reader, Source};
use super::read::{mapping, open};
use crate::cli::{ClientOptions, DuplicateRows, ReconcileArgs};
use crate::client::Hub;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::progress::progress;
use crate::refusal::{Refusal, is_unanswered};
use crate::request_id;

/// First pause after a break; it doubles with every one that brings nothing new.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// Breaks in a row that bring nothing new, after which nobody is there: about five minutes.
const MOST_BREAKS: u32 = 36;
/// The hub ends a stream earlier.
const LONGEST_CALL: Duration = Duration::from_hours(24);
/// Messages that are ready to be sent.
const READY: usize = 8;
const TOKEN_EXPIRED: &str = "TOKEN_EXPIRED";

pub(crate) async fn reconcile(
    options: &ClientOptions,
    args: &ReconcileArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    // The header is looked at before the first write.
    let mapping = mapping(args.mapping.as_deref())?;
    let file = open(&args.file, SNAPSHOT, &mapping)?;
    let twins = beside(&args.file);
    let by_default = if args.delta {
        DuplicateRows::Ignore
    } else {
        DuplicateRows::Find
    };
    let found = match args.duplicates.unwrap_or(by_default) {
        DuplicateRows::Find => Some(duplicates::find(&file, &args.file, &twins, output)?),
        DuplicateRows::Ignore => None,
    };
    let duplicates = found.as_ref().map(|found| found.counts);
    let source = Source::read(&args.file, output)?;
    let rows = found.as_ref().map_or(0, |found| found.rows);
    let start = start(args, (&source, rows), &Hub::holder(options)?);
    let mut hub = Hub::connect(options).await?;
    let mut lists = Lists::start(args)?;
    let bar = progress(output, source.lines);
    let (mut pause, mut breaks, mut known) = (FIRST_PAUSE, 0, 0);
    let done = loop {
        let run = Run {
            file: &file,
            path: &args.file,
            bar: &bar,
            found: found.as_ref(),
        };
        let broken = match run.once(&hub, &start, &mut lists).await? {
            Ok(done) => break done,
            Err(broken) => broken,
        };
        let is_news = lists.version > known;
        known = lists.version;
        (breaks, pause) = if is_news {
            (0, FIRST_PAUSE)
        } else {
            (breaks + 1, pause)
        };
        if !goes_on(&broken, lists.has_begun) || breaks > MOST_BREAKS {
            lists.finish()?;
            bar.finish_and_clear();
            return Err(broken.into());
        }
        output.note(format!("{}; going on", Refusal::from(&broken)))?;
        hub = connect_again(options, &mut pause).await?;
    };
    bar.finish_and_clear();
    let rejects = lists.finish()?;
    let summary = Summary::of(&done, rejects, duplicates);
    summary.show(output)?;
    if done.state() == ReconciliationState::Abandoned {
        return Ok(Exit::Refused);
    }
    let has_twins = duplicates.is_some_and(|found| !found.is_none());
    if has_twins {
        output.note(format!(
            "rows with the same key or NIK are listed in {}",
            twins.display()
        ))?;
    }
    let is_clean = summary.rows_refused == 0 && !has_twins;
    Ok(if is_clean { Exit::Done } else { Exit::SomeRefused })
}

/// Where duplicates are listed.
fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".duplicates.csv");
    PathBuf::from(name)
}

/// Another officer's run, or one for another scope, is another run.
/// `rows` = as many as are known to come.
fn start(args: &ReconcileArgs, (source, rows): (&Source, u64), holder: &str) -> ReconcileStart {
    let kind = if args.delta {
        SourceKind::Delta
    } else {
        SourceKind::Snapshot
    };
    let start = ReconcileStart {
        request_id: if args.again == 0 {
            String::new()
        } else {
            args.again.to_string()
        },
        registry: args.registry.into(),
        edition: args.edition.clone(),
        kind: kind.into(),
        scope_region_code: args.region.clone().unwrap_or_default(),
        source_digest: source.digest.to_vec(),
        allow_leavers: false,
        rows_at_least: 0,
    };
    ReconcileStart {
        request_id: request_id::of_content(&format!("Reconcile\0{holder}"), &start).to_string(),
        // Said or not, it is the same run.
        allow_leavers: args.allow_leavers,
        rows_at_least: rows,
        ..start
    }
}

/// What every stream of one run needs.
struct Run<'a> {
    file: &'a RegistryFile,
    path: &'a Path,
    bar: &'a ProgressBar,
    /// Where it was looked through for duplicates.
    found: Option<&'a Found>,
}

impl Run<'_> {
    /// One stream: the end of the run, or how it broke.
    async fn once(
        &self,
        hub: &Hub,
        start: &ReconcileStart,
        lists: &mut Lists,
    ) -> Result<Result<Reconciliation, Status>, CliError> {
        let (requests, sent) = mpsc::channel(READY);
        let first = ReconcileRequest {
            message: Some(Message::Start(start.clone())),
        };
        // There is room for it.
        let _ = requests.try_send(first);
        let mut request = Request::new(ReceiverStream::new(sent));
        request.set_timeout(LONGEST_CALL);
        let mut answers = match hub.registry().reconcile(request).await {
            Ok(answers) => answers.into_inner(),
            Err(status) => return Ok(Err(status)),
        };
        let begun = match next(&mut answers).await {
            Ok(answer) => answer.reconciliation.unwrap_or_default(),
            Err(status) => return Ok(Err(status)),
        };
        lists.begin(begun.last_row);
        self.bar.set_position(begun.last_row);
        if begun.state() == ReconciliationState::Abandoned {
            return Ok(Ok(begun));
        }
        let (local, refused) = mpsc::unbounded_channel();
        let (ready, taken) = mpsc::channel(READY);
        let reader = Reader {
            kept: begun.last_row,
            listed: lists.listed,
            requests: ready,
            local,
            sends: begun.state() == ReconciliationState::Open,
            second_rows: match self.found.map(Found::second_rows) {
                Some(rows) => rows.map_err(|source| CliError::Unwritable {
                    path: std::env::temp_dir(),
                    source,
                })?,
                None => SecondRows::unknown(),
            },
        };
        std::thread::scope(|threads| {
            let reading = threads.spawn(|| reader.read(self.file, self.path));
            let handle = tokio::runtime::Handle::current();
            // What is still to be sent is dropped with the stream, and the reader stops.
            let told = tokio::task::block_in_place(|| {
                handle.block_on(async {
                    tokio::select! {
                        told = self.listen(&mut answers, refused, lists) => told,
                        () = forward(taken, requests) => Ok(Err(Status::internal("rows ended twice"))),
                    }
                })
            });
            let read = reading.join().unwrap_or(Ok(Read::Stopped));
            told.and_then(|told| read.map(|_| told))
        })
    }

    /// Takes answers until the run has ended, or the stream breaks.
    async fn listen(
        &self,
        answers: &mut Streaming<ReconcileResponse>,
        mut refused: mpsc::UnboundedReceiver<crate::rejects::Refusal>,
        lists: &mut Lists,
    ) -> Result<Result<Reconciliation, Status>, CliError> {
        let mut is_reading = true;
        loop {
            tokio::select! {
                refusal = refused.recv(), if is_reading => match refusal {
                    Some(refusal) => lists.refused_here(refusal)?,
                    None => is_reading = false,
                },
                answer = next(answers) => {
                    let answer = match answer {
                        Ok(answer) => answer,
                        Err(status) => return Ok(Err(status)),
                    };
                    let run = lists.take(answer)?;
                    self.bar.set_position(run.last_row);
                    if run.state() == ReconciliationState::Deciding {
                        let decided = run.persons.unwrap_or_default().decided;
                        self.bar.set_message(format!("{decided} persons decided on"));
                    }
                    if lists.is_done && !is_reading {
                        return Ok(Ok(run));
                    }
                    if lists.is_done {
                        while let Some(refusal) = refused.recv().await {
                            lists.refused_here(refusal)?;
                        }
                        return Ok(Ok(run));
                    }
                }
            }
        }
    }
}

/// Hands messages on; never ends by itself.
async fn forward(mut taken: mpsc::Receiver<ReconcileRequest>, requests: mpsc::Sender<ReconcileRequest>) {
    while let Some(request) = taken.recv().await {
        if requests.send(request).await.is_err() {
            break;
        }
    }
    // The hub sees that no more come.
    drop(requests);
    std::future::pending::<()>().await;
}

async fn next(answers: &mut Streaming<ReconcileResponse>) -> Result<ReconcileResponse, Status> {
    let answer = answers.message().await?;
    answer.ok_or_else(|| Status::unavailable("the hub ended the stream"))
}

/// Whether a new stream can do better than this one.
fn goes_on(broken: &Status, has_begun: bool) -> bool {
    let reason = Refusal::from(broken).reason;
    let is_busy = broken.code() == Code::ResourceExhausted && has_begun;
    is_unanswered(broken) || reason == TOKEN_EXPIRED || is_busy
}

/// Waits and connects, again and again, with the token as it then is.
async fn connect_again(options: &ClientOptions, pause: &mut Duration) -> Result<Hub, CliError> {
    for _ in 0..MOST_BREAKS {
        let jitter = rand::rng().random_range(0.5..1.0);
        tokio::time::sleep(pause.mul_f64(jitter)).await;
        *pause = (*pause * 2).min(LONGEST_PAUSE);
        match Hub::connect(options).await {
            Err(CliError::Unreachable { .. }) => {}
            connected => return connected,
        }
    }
    Hub::connect(options).await
}
