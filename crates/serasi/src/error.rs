//! What ends a command early, in words for the person at the terminal, and the exit code of each.

use std::io;
use std::path::PathBuf;

use serasi_directory::ImportFileError;
use serasi_domain::policy::InvalidPolicy;
use serasi_registry_file::FileError;
use tonic::Status;

use crate::exit::Exit;
use crate::host::HostError;
use crate::output::Output;
use crate::refusal::{Refusal, is_unanswered};

#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    #[error("{0}")]
    Usage(String),
    #[error("cannot read {}: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("cannot write {}: {source}", path.display())]
    Unwritable { path: PathBuf, source: io::Error },
    #[error("{} is not a directory file: {source}", path.display())]
    NotADirectory { path: PathBuf, source: ImportFileError },
    #[error("{} is not a policy: {source}", path.display())]
    NotAPolicy { path: PathBuf, source: InvalidPolicy },
    #[error("{} cannot be used: {source}", path.display())]
    NotARegistryFile { path: PathBuf, source: FileError },
    #[error(transparent)]
    Host(#[from] HostError),
    #[error(
        "no hub answers at {url} ({reason}).\nStart one with `serasi demo` or `serasi serve`, or name another \
         with --hub URL or SERASI_HUB."
    )]
    Unreachable { url: String, reason: String },
    #[error("the hub did not do it: {0}")]
    Call(#[from] Status),
    #[error("cannot write the results: {0}")]
    Output(#[from] io::Error),
}

impl CliError {
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Unreachable { .. } => Exit::Unreachable,
            Self::Call(status) if is_unanswered(status) => Exit::Unreachable,
            Self::Usage(_)
            | Self::Unreadable { .. }
            | Self::Unwritable { .. }
            | Self::NotADirectory { .. }
            | Self::NotAPolicy { .. }
            | Self::NotARegistryFile { .. }
            | Self::Host(_)
            | Self::Call(_)
            | Self::Output(_) => Exit::Refused,
        }
    }

    /// Tells the person; what cannot be told, because the terminal is gone, is left to the exit code.
    pub(crate) fn show(&self, output: &mut Output<'_>) {
        let told = match self {
            Self::Call(status) => output.note(Refusal::from(status)),
            Self::Usage(_)
            | Self::Unreadable { .. }
            | Self::Unwritable { .. }
            | Self::NotADirectory { .. }
            | Self::NotAPolicy { .. }
            | Self::NotARegistryFile { .. }
            | Self::Host(_)
            | Self::Unreachable { .. }
            | Self::Output(_) => output.note(self),
        };
        drop(told);
    }
}

#[cfg(test)]
mod tests {
    use tonic::Code;

    use super::*;

    fn exit_of(code: Code) -> u8 {
        CliError::from(Status::new(code, "why")).exit().code()
    }

    #[test]
    fn a_refused_request_ends_with_two_and_no_answer_with_three() {
        for code in [
            Code::InvalidArgument,
            Code::NotFound,
            Code::AlreadyExists,
            Code::PermissionDenied,
            Code::Unauthenticated,
            Code::FailedPrecondition,
            Code::Aborted,
            Code::ResourceExhausted,
            Code::Unimplemented,
            Code::Internal,
        ] {
            assert_eq!(exit_of(code), 2, "{code:?}");
        }
        for code in [Code::Unavailable, Code::DeadlineExceeded, Code::Cancelled] {
            assert_eq!(exit_of(code), 3, "{code:?}");
        }
    }

    #[test]
    fn bad_usage_ends_with_two_and_a_silent_address_with_three() {
        let unreadable = CliError::Unreadable {
            path: "cases.jsonl".into(),
            source: io::ErrorKind::NotFound.into(),
        };
        assert_eq!(unreadable.exit().code(), 2);
        assert_eq!(CliError::Usage("no".into()).exit().code(), 2);
        assert_eq!(CliError::from(HostError::NoHome).exit().code(), 2);
        let full = CliError::Output(io::ErrorKind::StorageFull.into());
        assert_eq!(full.exit().code(), 2);
        let silent = CliError::Unreachable {
            url: "http://[::1]:1".into(),
            reason: "refused".into(),
        };
        assert_eq!(silent.exit().code(), 3);
        assert_eq!((Exit::Done.code(), Exit::SomeRefused.code()), (0, 1));
    }

    #[test]
    fn an_unreachable_hub_says_what_to_do() {
        let (mut results, mut notes) = (Vec::new(), Vec::new());
        let error = CliError::Unreachable {
            url: "http://127.0.0.1:50051".into(),
            reason: "Connection refused".into(),
        };
        error.show(&mut Output::new(&mut results, &mut notes, false));
        let notes = String::from_utf8(notes).unwrap();
        assert!(
            notes.contains("http://127.0.0.1:50051") && notes.contains("serasi demo"),
            "{notes}"
        );
        assert!(results.is_empty());
    }
}
