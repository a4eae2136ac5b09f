//! `serasi watch`: what happens, line by line, for as long as the reader wants. It goes on by itself after every break, where
//! the last line was; with a cursor file, so does the next run.

mod cursor_file;
mod kinds;

use std::time::Duration;

use rand::Rng;
use serasi_proto::v1::WatchStep;
use serde::Serialize;
use tokio::sync::watch;
use tonic::{Code, Request, Status, Streaming};

use crate::cli::{ClientOptions, CursorArg, Watch};
use crate::client::Hub;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::refusal::{Refusal, is_unanswered};
use crate::serve::until_told;
use cursor_file::CursorFile;
use kinds::{Capacity, Cases, Offers};

/// First pause after a break; it doubles with every one that brings nothing new.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// A call lasts this long at most; then the next one goes on.
const LONGEST_CALL: Duration = Duration::from_hours(24);
/// Reason of a stream that is cut off because its token has ended; a token file may hold a new one.
const TOKEN_EXPIRED: &str = "TOKEN_EXPIRED";
const SLOW_CONSUMER: &str = "SLOW_CONSUMER";

/// Something that can be watched.
trait Watched {
    type Message: Serialize;

    async fn open(&self, hub: &Hub, cursor: String) -> Result<Streaming<Self::Message>, Status>;
    fn step(message: &Self::Message) -> WatchStep;
    fn cursor(message: &Self::Message) -> &str;
    /// For a person.
    fn line(message: &Self::Message) -> String;
}

/// Follows what was asked for until it is told to stop, or the reader leaves.
pub(crate) async fn watch(
    options: &ClientOptions,
    what: &Watch,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    match what {
        Watch::Offers(args) => follow(options, Offers::of(args), &args.cursor, output).await,
        Watch::Cases(args) => follow(options, Cases::of(args), &args.cursor, output).await,
        Watch::Capacity(args) => follow(options, Capacity::of(args), &args.cursor, output).await,
    }
}

async fn follow<W: Watched>(
    options: &ClientOptions,
    what: W,
    cursor: &CursorArg,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let mut stop: watch::Receiver<bool> = until_told()?;
    let mut cursor = CursorFile::open(cursor.cursor_file.as_deref())?;
    let mut hub = Hub::connect(options).await?;
    let mut pause = FIRST_PAUSE;
    loop {
        let before = cursor.text().to_owned();
        let told = tokio::select! {
            told = tell(&hub, &what, &mut cursor, output) => told,
            _ = stop.wait_for(|stopping| *stopping) => return Ok(Exit::Done),
        };
        let Some(broken) = told? else {
            return Ok(Exit::Done);
        };
        if !goes_on(&broken) {
            return Err(broken.into());
        }
        if cursor.text() != before {
            pause = FIRST_PAUSE;
        }
        output.note(format!("{}; going on", Refusal::from(&broken)))?;
        hub = tokio::select! {
            hub = connect_again(options, &mut pause) => hub?,
            _ = stop.wait_for(|stopping| *stopping) => return Ok(Exit::Done),
        };
    }
}

/// Tells what one call brings; gives back why it broke, or nothing when the reader has left.
async fn tell<W: Watched>(
    hub: &Hub,
    what: &W,
    cursor: &mut CursorFile,
    output: &mut Output<'_>,
) -> Result<Option<Status>, CliError> {
    let mut stream = match what.open(hub, cursor.text().to_owned()).await {
        Ok(stream) => stream,
        Err(status) => return Ok(Some(status)),
    };
    loop {
        let message = match stream.message().await {
            Ok(Some(message)) => message,
            Ok(None) => return Ok(Some(Status::unavailable("the hub ended the stream"))),
            Err(status) => return Ok(Some(status)),
        };
        let is_told = matches!(W::step(&message), WatchStep::Snapshot | WatchStep::Change);
        if is_told && output.is_json() {
            output.json_line(&message)?;
        } else if is_told {
            output.line(W::line(&message))?;
        }
        // A line that nobody has read must come again.
        if output.is_closed() {
            return Ok(None);
        }
        if !W::cursor(&message).is_empty() {
            cursor.move_to(W::cursor(&message))?;
        }
    }
}

/// Whether a new call can do better than this one.
fn goes_on(broken: &Status) -> bool {
    let reason = Refusal::from(broken).reason;
    let is_cut_off = broken.code() == Code::ResourceExhausted && reason == SLOW_CONSUMER;
    is_cut_off || is_unanswered(broken) || reason == TOKEN_EXPIRED
}

/// Waits and connects, again and again, with the token as it then is.
async fn connect_again(options: &ClientOptions, pause: &mut Duration) -> Result<Hub, CliError> {
    loop {
        // Not all clients of a hub that has restarted come in the same moment.
        let jitter = rand::rng().random_range(0.5..1.0);
        tokio::time::sleep(pause.mul_f64(jitter)).await;
        *pause = (*pause * 2).min(LONGEST_PAUSE);
        match Hub::connect(options).await {
            Err(CliError::Unreachable { .. }) => {}
            connected => return connected,
        }
    }
}

/// A request for a call that lasts.
fn lasting<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(LONGEST_CALL);
    request
}

#[cfg(test)]
mod tests {
    use tonic_types::{ErrorDetails, StatusExt};

    use super::*;

    fn ended(code: Code, reason: &str) -> Status {
        let mut details = ErrorDetails::new();
        details.set_error_info(reason, "serasi.kemensos.go.id", []);
        Status::with_error_details(code, "why", details)
    }

    #[test]
    fn a_watch_goes_on_after_what_passes_and_ends_with_what_does_not() {
        for passes in [
            ended(Code::Unavailable, "HUB_STOPPING"),
            ended(Code::ResourceExhausted, SLOW_CONSUMER),
            ended(Code::Unauthenticated, TOKEN_EXPIRED),
            Status::unavailable("connection reset"),
        ] {
            assert!(goes_on(&passes), "{passes:?}");
        }
        for stays in [
            ended(Code::OutOfRange, "CURSOR_UNKNOWN"),
            ended(Code::Unauthenticated, "TOKEN_INVALID"),
            ended(Code::PermissionDenied, "PERMISSION_DENIED"),
            ended(Code::ResourceExhausted, "LIMIT_EXCEEDED"),
        ] {
            assert!(!goes_on(&stays), "{stays:?}");
        }
    }
}
