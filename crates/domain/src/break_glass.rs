//! Breaking the glass: somebody who sees a case masked opens it because they must, says why, and answers for it to a
//! second person (guarantees, S6). It opens one case to one person for a few hours; never a list, never an export.

use time::{Duration, OffsetDateTime};

use crate::code::coded;
use crate::id::{BreakGlassId, CaseId};
use crate::text::Text;

/// Longest time a case stays open.
pub const LONGEST: Duration = Duration::hours(4);
/// Somebody else must have looked at it by then.
pub const REVIEW_WITHIN: Duration = Duration::hours(24);
/// Openings of one person that may wait for a review at a time, of those within the time for it: more is no emergency but
/// a harvest.
pub const MOST_UNREVIEWED: usize = 5;
/// A few words say nothing.
const SHORTEST_TEXT: usize = 10;

coded! {
    /// Why the glass is broken.
    pub enum BreakGlassReason {
        /// A life or health is in danger now.
        Danger = "danger",
        /// Nobody who is assigned can be reached, and something must be done.
        NobodyReachable = "nobody_reachable",
        /// The family or a guardian must be found.
        FamilyTracing = "family_tracing",
        /// A court or the police ask by law.
        LegalOrder = "legal_order",
        Other = "other",
    }
}

coded! {
    /// What the second person says.
    pub enum Verdict {
        Justified = "justified",
        NotJustified = "not_justified",
    }
}

/// Where the review stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Review {
    Due {
        before: OffsetDateTime,
    },
    Done {
        at: OffsetDateTime,
        by: String,
        verdict: Verdict,
    },
}

/// One case opened by one person. What they wrote is kept apart, sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BreakGlass {
    pub id: BreakGlassId,
    pub version: i64,
    pub case: CaseId,
    /// Who opened it, and for whom alone it is open.
    pub principal: String,
    pub reason: BreakGlassReason,
    pub opened_at: OffsetDateTime,
    pub expires_at: OffsetDateTime,
    pub review: Review,
}

/// The words of whoever opens or reviews.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Justification(Text<500>);

/// Why words do not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must say why in {SHORTEST_TEXT}-500 characters")]
pub struct NoJustification;

/// An opening or a review that is not allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IllegalBreakGlass {
    #[error("you see this case whole already: there is no glass to break")]
    NotMasked,
    #[error("you have opened this case before, and nobody has reviewed that yet: have it reviewed first")]
    AwaitsReview,
    #[error(
        "{MOST_UNREVIEWED} of your openings of the last {} hours wait for a review: have one reviewed first",
        REVIEW_WITHIN.whole_hours()
    )]
    TooMany,
    #[error("who opened a case never reviews it; a second person does")]
    OwnReview,
    #[error("this has been reviewed already")]
    AlreadyReviewed,
}

impl Justification {
    pub fn new(text: &str) -> Result<Self, NoJustification> {
        let text = Text::new(text).map_err(|_| NoJustification)?;
        if text.as_str().chars().count() < SHORTEST_TEXT {
            return Err(NoJustification);
        }
        Ok(Self(text))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// Whether somebody may open `case` whose openings of these cases wait for a review since `REVIEW_WITHIN`; of the same
/// case, since whenever.
pub fn may_open(case: CaseId, unreviewed: &[CaseId]) -> Result<(), IllegalBreakGlass> {
    if unreviewed.contains(&case) {
        return Err(IllegalBreakGlass::AwaitsReview);
    }
    if unreviewed.len() >= MOST_UNREVIEWED {
        return Err(IllegalBreakGlass::TooMany);
    }
    Ok(())
}

impl BreakGlass {
    /// Whether nobody has looked at it in time.
    #[must_use]
    pub fn is_overdue(&self, now: OffsetDateTime) -> bool {
        match self.review {
            Review::Due { before } => before <= now,
            Review::Done { .. } => false,
        }
    }

    /// A second person says whether it had to be. A case that is open stays so until it expires.
    pub fn review(
        mut self,
        by: &str,
        verdict: Verdict,
        now: OffsetDateTime,
    ) -> Result<Self, IllegalBreakGlass> {
        match self.review {
            Review::Done { .. } => return Err(IllegalBreakGlass::AlreadyReviewed),
            Review::Due { .. } if self.principal == by => return Err(IllegalBreakGlass::OwnReview),
            Review::Due { .. } => {}
        }
        self.review = Review::Done {
            at: now,
            by: by.to_owned(),
            verdict,
        };
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPENED: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn glass() -> BreakGlass {
        BreakGlass {
            id: "3273-01933b5c-7a3e-7c3a-9d55-0242ac120002".parse().unwrap(),
            version: 1,
            case: "3273-01933b5c-7a3e-7c3a-9d55-0242ac120003".parse().unwrap(),
            principal: "issuer#rina".to_owned(),
            reason: BreakGlassReason::Danger,
            opened_at: OPENED,
            expires_at: OPENED + LONGEST,
            review: Review::Due {
                before: OPENED + REVIEW_WITHIN,
            },
        }
    }

    #[test]
    fn a_second_person_reviews_it_once_and_silence_is_overdue() {
        let due = OPENED + REVIEW_WITHIN;
        assert!(!glass().is_overdue(due - Duration::NANOSECOND) && glass().is_overdue(due));
        let own = glass().review("issuer#rina", Verdict::Justified, OPENED);
        assert_eq!(own, Err(IllegalBreakGlass::OwnReview));
        let done = glass()
            .review("issuer#budi", Verdict::NotJustified, OPENED)
            .unwrap();
        assert!(!done.is_overdue(due));
        let again = done.review("issuer#citra", Verdict::Justified, OPENED);
        assert_eq!(again, Err(IllegalBreakGlass::AlreadyReviewed));
    }

    #[test]
    fn a_few_words_are_no_justification() {
        for text in ["", "          ", "darurat", &"a".repeat(501)] {
            assert_eq!(Justification::new(text), Err(NoJustification), "{text}");
        }
        assert!(Justification::new("Anak hilang").is_ok());
    }
}
