//! How a command ends, as the shell sees it.

use std::process::ExitCode;

/// The exit codes of every command; `--help` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: everything asked for was done.
    Done,
    /// 1: some rows of a file were refused; a file beside it lists them with reasons.
    SomeRefused,
    /// 2: bad usage, a file that cannot be read, or the hub refused the one request.
    Refused,
    /// 3: no answer from the hub; the same command may be run again, it has one effect.
    Unreachable,
}

impl Exit {
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::SomeRefused => 1,
            Self::Refused => 2,
            Self::Unreachable => 3,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}
