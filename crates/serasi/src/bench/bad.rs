//! Calls that a hub must refuse, or answer a second time: what comes in besides good reports.

use rand::Rng;
use rand::seq::IndexedRandom;
use serasi_proto::v1::{SubmitIntakeRequest, SubmitIntakeResponse};
use tonic::{Code, Response, Status};

use crate::request_id;

/// Longer than any message the hub takes.
const TOO_LONG: usize = 1 << 20;

/// What is wrong with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bad {
    Malformed,
    Oversized,
    /// Without a valid token.
    Unauthorized,
    /// The call before, again.
    Duplicate,
    /// The key of the report before, with other content.
    Conflicting,
}

const ALL: [Bad; 5] = [
    Bad::Malformed,
    Bad::Oversized,
    Bad::Unauthorized,
    Bad::Duplicate,
    Bad::Conflicting,
];

impl Bad {
    pub(super) fn any(rng: &mut impl Rng) -> Self {
        ALL.choose(rng).copied().unwrap_or(Self::Malformed)
    }

    /// `good` made bad; `last` is a report that was taken down.
    pub(super) fn of(self, mut good: SubmitIntakeRequest, last: &SubmitIntakeRequest) -> SubmitIntakeRequest {
        match self {
            Self::Duplicate => last.clone(),
            Self::Conflicting => {
                let mut other = last.clone();
                other.request_id = request_id::fresh().to_string();
                if let Some(intake) = &mut other.intake {
                    intake.story.push_str(" Keterangan lain.");
                }
                other
            }
            Self::Malformed => {
                if let Some(intake) = &mut good.intake {
                    "99.99".clone_into(&mut intake.region_code);
                }
                good
            }
            Self::Oversized => {
                if let Some(intake) = &mut good.intake {
                    intake.story = "x".repeat(TOO_LONG);
                }
                good
            }
            Self::Unauthorized => good,
        }
    }

    /// Whether it was answered as it must be.
    /// `last_case` = the one that was made of the report before.
    pub(super) fn is_answered(
        self,
        answer: &Result<Response<SubmitIntakeResponse>, Status>,
        last_case: &str,
    ) -> bool {
        let code = answer.as_ref().err().map(Status::code);
        match self {
            Self::Malformed => code == Some(Code::InvalidArgument),
            Self::Oversized => matches!(code, Some(Code::OutOfRange | Code::ResourceExhausted)),
            Self::Unauthorized => code == Some(Code::Unauthenticated),
            Self::Duplicate => answer.as_ref().is_ok_and(|answer| case_id(answer) == last_case),
            Self::Conflicting => code == Some(Code::AlreadyExists),
        }
    }
}

/// The case that a report has become.
pub(super) fn case_id(answer: &Response<SubmitIntakeResponse>) -> &str {
    let case = answer.get_ref().case.as_ref();
    case.map_or("", |case| &case.case_id)
}
