//! Classes of personal data, how long each is kept after a case has ended, and what forbids to erase it (UU 27/2022
//! Ps. 42-44).

use serde::{Deserialize, Serialize};
use time::{Date, Month, OffsetDateTime};

use crate::code::coded;

coded! {
    /// A class of personal data: each has keys of its own, and its own time after which it is erased.
    pub enum DataClass {
        /// NIK, names, birth date.
        Identity = "identity",
        /// Telephone numbers and addresses.
        Contact = "contact",
        /// What was reported and noted in words.
        Story = "story",
        /// What the social workers found out.
        Assessment = "assessment",
    }
}

coded! {
    /// Why a case must be kept although its time is over.
    pub enum HoldReason {
        /// A court or the prosecution ordered it.
        CourtOrder = "court_order",
        /// The police or the ministry look into it.
        Investigation = "investigation",
        /// An inspection or audit asks for it.
        Audit = "audit",
        /// The person, or their guardian, disputes what was done.
        Dispute = "dispute",
    }
}

/// Years for which each class is kept after a case has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    pub identity_years: u32,
    pub contact_years: u32,
    pub story_years: u32,
    pub assessment_years: u32,
}

impl Retention {
    #[must_use]
    pub const fn years(&self, class: DataClass) -> u32 {
        match class {
            DataClass::Identity => self.identity_years,
            DataClass::Contact => self.contact_years,
            DataClass::Story => self.story_years,
            DataClass::Assessment => self.assessment_years,
        }
    }

    /// What is left of cases that ended before this moment is erased.
    #[must_use]
    pub fn cutoff(&self, class: DataClass, now: OffsetDateTime) -> OffsetDateTime {
        let years = i32::try_from(self.years(class)).unwrap_or(i32::MAX);
        now.replace_date(years_before(now.date(), years))
    }
}

/// The same day so many years ago; the 29th of February becomes the 28th, so that nothing is erased a day early.
fn years_before(day: Date, years: i32) -> Date {
    let year = day.year().saturating_sub(years);
    Date::from_calendar_date(year, day.month(), day.day())
        .or_else(|_| Date::from_calendar_date(year, Month::February, 28))
        .unwrap_or(Date::MIN)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn each_class_has_its_own_cutoff_and_a_leap_day_has_one_too() {
        let retention = Retention {
            identity_years: 10,
            contact_years: 1,
            story_years: 4,
            assessment_years: 5,
        };
        let now = datetime!(2028-02-29 10:00 UTC);
        let cutoffs = DataClass::ALL.iter().map(|class| retention.cutoff(*class, now));
        assert_eq!(
            cutoffs.collect::<Vec<_>>(),
            [
                datetime!(2018-02-28 10:00 UTC),
                datetime!(2027-02-28 10:00 UTC),
                datetime!(2024-02-29 10:00 UTC),
                datetime!(2023-02-28 10:00 UTC),
            ]
        );
    }
}
