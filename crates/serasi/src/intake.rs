//! `serasi intake submit`: reports from a file or a pipe, each delivered once in effect, several at a time, told in
//! the order of the file. A wrong line is listed and the rest goes on; a hub that is away ends the run.

mod delivery;
mod lines;
mod queue;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use indicatif::ProgressBar;
use serasi_proto::v1::{Intake, SubmitIntakeResponse};
use tokio::task::JoinHandle;
use tonic::{Code, Status};

use crate::cli::{ClientOptions, SubmitArgs};
use crate::client::Hub;
use crate::error::CliError;
use crate::exit::Exit;
use crate::local_time::Clock;
use crate::outcome::outcome_brief;
use crate::output::Output;
use crate::progress::progress;
use crate::refusal::{Refusal, is_unanswered};
use crate::rejects::{RefusedLine, Rejects};
use crate::request_id;
use delivery::{Retry, Way, deliver};
use lines::{Line, Lines};
use queue::Queue;

/// Code of a line that was not sent.
const MALFORMED: &str = "MALFORMED";

/// Submits the reports of a file.
pub(crate) async fn submit(
    options: &ClientOptions,
    args: &SubmitArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let lines = lines::open(&args.file)?;
    let rejects = Rejects::start(&args.file)?;
    let hub = Hub::connect(options).await?;
    let way = if args.stream {
        Way::Stream(Queue::start(hub))
    } else {
        Way::Calls(hub.intakes())
    };
    let sender = Sender {
        way,
        retry: Retry::USUAL,
        route_later: args.route_later,
    };
    submit_lines(lines, sender, args.parallel, Report::new(rejects, output)).await
}

/// The lines go out as the window has room and are reported from its front, so the order stays.
async fn submit_lines(
    mut lines: Lines,
    mut sender: Sender,
    parallel: u16,
    mut report: Report<'_, '_>,
) -> Result<Exit, CliError> {
    report.bar = progress(report.output, lines.total);
    let mut window = VecDeque::new();
    let mut at_end = false;
    loop {
        let may_read = !at_end && report.stopped.is_none() && window.len() < usize::from(parallel);
        tokio::select! {
            line = lines.next.recv(), if may_read => match line {
                Some(line) => window.push_back(sender.send(line?)),
                None => at_end = true,
            },
            Some(answer) = front_answer(&mut window) => {
                if let Some(entry) = window.pop_front() {
                    report.settle(&entry, answer)?;
                }
            }
            else => break,
        }
    }
    report.finish()
}

/// The answer to the first report of the window; `None` = the window is empty.
async fn front_answer(window: &mut VecDeque<Entry>) -> Option<Answer> {
    let delivery = &mut window.front_mut()?.delivery;
    // A delivery that ends without an answer has panicked; like a lost answer, it may be sent again.
    let lost = |_| Err(Failure::Status(Status::cancelled("the delivery ended early")));
    Some(delivery.await.unwrap_or_else(lost))
}

type Answer = Result<SubmitIntakeResponse, Failure>;

/// Why a line has no case.
enum Failure {
    /// It is no intake and was not sent.
    Malformed(String),
    Status(Status),
}

/// A line on its way.
struct Entry {
    line: u64,
    source_system: String,
    source_ref: String,
    delivery: JoinHandle<Answer>,
}

/// Makes requests of lines and puts them on their way.
struct Sender {
    way: Way,
    retry: Retry,
    route_later: bool,
}

impl Sender {
    fn send(&mut self, line: Line) -> Entry {
        let intake = line.text.and_then(|text| {
            serde_json::from_str::<Intake>(&text).map_err(|error| lines::why_no_intake(&error))
        });
        match intake {
            Ok(intake) => self.send_intake(line.number, intake),
            Err(reason) => Entry {
                line: line.number,
                source_system: String::new(),
                source_ref: String::new(),
                delivery: tokio::spawn(std::future::ready(Err(Failure::Malformed(reason)))),
            },
        }
    }

    fn send_intake(&mut self, line: u64, intake: Intake) -> Entry {
        let (source_system, source_ref) = (intake.source_system.clone(), intake.source_ref.clone());
        let request = request_id::submission(intake, self.route_later);
        let (way, retry) = (self.way.clone(), self.retry);
        let delivery = async move { deliver(way, request, retry).await.map_err(Failure::Status) };
        Entry {
            line,
            source_system,
            source_ref,
            delivery: tokio::spawn(delivery),
        }
    }
}

/// What is told of a run: every line as it is settled, and the sum at the end.
struct Report<'r, 'o> {
    output: &'r mut Output<'o>,
    bar: ProgressBar,
    rejects: Rejects,
    new: u64,
    known: u64,
    refused: u64,
    undelivered: u64,
    /// Set when it makes no sense to send more.
    stopped: Option<Exit>,
}

impl<'r, 'o> Report<'r, 'o> {
    fn new(rejects: Rejects, output: &'r mut Output<'o>) -> Self {
        Self {
            output,
            bar: ProgressBar::hidden(),
            rejects,
            new: 0,
            known: 0,
            refused: 0,
            undelivered: 0,
            stopped: None,
        }
    }

    fn settle(&mut self, entry: &Entry, answer: Answer) -> Result<(), CliError> {
        self.bar.inc(1);
        match answer {
            Ok(response) => self.accepted(entry, &response),
            Err(Failure::Malformed(reason)) => self.malformed(entry, reason),
            Err(Failure::Status(status)) if is_unanswered(&status) => {
                self.stop(Exit::Unreachable, entry, &status)
            }
            // The token is the same for every line.
            Err(Failure::Status(status)) if status.code() == Code::Unauthenticated => {
                self.stop(Exit::Refused, entry, &status)
            }
            Err(Failure::Status(status)) => self.refused(entry, &status),
        }
    }

    fn accepted(&mut self, entry: &Entry, response: &SubmitIntakeResponse) -> Result<(), CliError> {
        let is_known = response.already_known;
        *(if is_known { &mut self.known } else { &mut self.new }) += 1;
        if self.output.is_json() {
            return Ok(self.output.json_line(response)?);
        }
        let case = response.case.as_ref().map_or("", |case| case.case_id.as_str());
        let outcome = response.outcome.as_ref();
        let outcome = outcome.map_or_else(String::new, |outcome| outcome_brief(outcome, Clock::of_id(case)));
        let known = if is_known { "known already: " } else { "" };
        // Told once: no other call shows it again.
        let code = match response.public_code.as_str() {
            "" => String::new(),
            code => format!("\n  for the reporter: {code} (serasi status)"),
        };
        let text = format!("{}  {known}case {case}  {outcome}{code}", entry.name());
        Ok(self.bar.suspend(|| self.output.line(text))?)
    }

    fn malformed(&mut self, entry: &Entry, reason: String) -> Result<(), CliError> {
        self.refused += 1;
        let text = format!("{}  refused ({MALFORMED}): {reason}", entry.name());
        self.bar.suspend(|| self.output.note(text))?;
        self.rejects.add(&RefusedLine {
            line: entry.line,
            source_system: String::new(),
            source_ref: String::new(),
            code: MALFORMED,
            reason: String::new(),
            message_id: String::new(),
            message_en: reason,
            violations: Vec::new(),
        })
    }

    fn refused(&mut self, entry: &Entry, status: &Status) -> Result<(), CliError> {
        self.refused += 1;
        let refusal = Refusal::from(status);
        let text = format!("{}  {refusal}", entry.name());
        self.bar.suspend(|| self.output.note(text))?;
        self.rejects.add(&RefusedLine {
            line: entry.line,
            source_system: entry.source_system.clone(),
            source_ref: entry.source_ref.clone(),
            code: refusal.code,
            reason: refusal.reason,
            message_id: refusal.message_id,
            message_en: refusal.message_en,
            violations: refusal.violations,
        })
    }

    fn stop(&mut self, exit: Exit, entry: &Entry, status: &Status) -> Result<(), CliError> {
        self.undelivered += 1;
        if self.stopped.is_none() {
            self.stopped = Some(exit);
            let text = format!("{}  {}", entry.name(), Refusal::from(status));
            self.bar.suspend(|| self.output.note(text))?;
        }
        Ok(())
    }

    fn finish(self) -> Result<Exit, CliError> {
        self.bar.finish_and_clear();
        let mut sum = format!(
            "{} new, {} known already, {} refused",
            self.new, self.known, self.refused
        );
        if let Some(list) = self.rejects.finish()? {
            sum = format!("{sum} (listed in {})", list.display());
        }
        if self.stopped.is_some() {
            sum = format!(
                "{sum}; stopped: {} got no answer and the lines after them were not sent. Run the same command \
                 again: what the hub has is recognised.",
                self.undelivered
            );
        }
        if self.output.is_json() {
            self.output.note(sum)?;
        } else {
            self.output.line(sum)?;
        }
        let exit = if self.refused > 0 {
            Exit::SomeRefused
        } else {
            Exit::Done
        };
        Ok(self.stopped.unwrap_or(exit))
    }
}

impl Entry {
    fn name(&self) -> String {
        if self.source_ref.is_empty() {
            return format!("line {}", self.line);
        }
        format!("line {}  {}/{}", self.line, self.source_system, self.source_ref)
    }
}
