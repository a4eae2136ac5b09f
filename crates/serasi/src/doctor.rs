//! `serasi doctor`: what `serasi serve` with the same options would find, and what to do about it. Looks at everything,
//! whatever it finds first, and changes nothing.

mod database;
mod files;

use serde::Serialize;
use serde_json::json;

use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::serve::ServeArgs;
use crate::table::records;

/// One thing that was looked at.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    check: &'static str,
    verdict: Verdict,
    found: String,
    /// Empty = nothing.
    to_do: String,
}

/// In the order of how much they matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Good,
    /// Not looked at, for something else must be mended first, or there is nothing to look at.
    Skipped,
    /// The hub serves, but somebody should look.
    Warning,
    /// The hub would not serve, or not as it must.
    Wrong,
}

impl Finding {
    pub(super) fn good(check: &'static str, found: impl Into<String>) -> Self {
        Self::new(check, Verdict::Good, found, "")
    }

    pub(super) fn skipped(check: &'static str, found: impl Into<String>) -> Self {
        Self::new(check, Verdict::Skipped, found, "")
    }

    pub(super) fn warning(check: &'static str, found: impl Into<String>, to_do: impl Into<String>) -> Self {
        Self::new(check, Verdict::Warning, found, to_do)
    }

    pub(super) fn wrong(check: &'static str, found: impl Into<String>, to_do: impl Into<String>) -> Self {
        Self::new(check, Verdict::Wrong, found, to_do)
    }

    fn new(
        check: &'static str,
        verdict: Verdict,
        found: impl Into<String>,
        to_do: impl Into<String>,
    ) -> Self {
        Self {
            check,
            verdict,
            found: found.into(),
            to_do: to_do.into(),
        }
    }
}

impl Verdict {
    const fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Skipped => "skipped",
            Self::Warning => "warning",
            Self::Wrong => "WRONG",
        }
    }
}

/// Looks, and says what it found; `SomeRefused` = something is wrong.
pub(crate) async fn doctor(args: &ServeArgs, output: &mut Output<'_>) -> Result<Exit, CliError> {
    let mut findings = files::look(args).await;
    findings.extend(database::look(args).await);
    let wrong = findings
        .iter()
        .filter(|finding| finding.verdict == Verdict::Wrong)
        .count();
    if output.is_json() {
        for finding in &findings {
            output.json_line(&json!(finding))?;
        }
    } else {
        let rows = findings.iter().map(|finding| {
            let words = [&finding.found, &finding.to_do].map(String::as_str);
            let said = words
                .into_iter()
                .filter(|text| !text.is_empty())
                .collect::<Vec<_>>();
            [
                finding.check.to_owned(),
                finding.verdict.word().to_owned(),
                said.join("\n→ "),
            ]
        });
        output.line(records(&["check", "verdict", "found"], rows))?;
    }
    if wrong > 0 {
        output.note(format!(
            "{wrong} of {} checks found something wrong",
            findings.len()
        ))?;
        return Ok(Exit::SomeRefused);
    }
    Ok(Exit::Done)
}
