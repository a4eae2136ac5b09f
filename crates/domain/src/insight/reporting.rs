//! How regularly a facility says how many places it has: the part of the truthfulness report that counts days.

use std::collections::BTreeSet;

use time::{Date, Month};

/// Days in a row on which a facility was active.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActiveSpell {
    pub first: Date,
    pub last: Date,
}

/// A period of a facility, in days of its time zone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reporting {
    pub active_days: i32,
    /// Active days without a report of its own.
    pub silent_days: i32,
    /// The longest run of active days without a report.
    pub longest_silence_days: i32,
    /// By Colorado's measure: see [`Reporting::SILENT_RUN_DAYS`].
    pub is_consistently_silent: bool,
}

impl Reporting {
    /// Colorado defines "consistent noncompliance" of a facility with its bed registry as no daily update on 2 or more
    /// days running, or on 5 or more days in a month. We measure by that because no Indonesian rule has a number.
    pub const SILENT_RUN_DAYS: i32 = 2;
    /// The other half of that definition.
    pub const SILENT_DAYS_IN_A_MONTH: i32 = 5;

    /// Counts the days of `spells` and which of them `reported` leaves out. Spells may meet on a day: it counts once.
    #[must_use]
    pub fn count(spells: &[ActiveSpell], reported: &BTreeSet<Date>) -> Self {
        let mut counted = Self::default();
        let mut run = Run::default();
        let mut in_month = SilentMonth::default();
        for day in active_days(spells) {
            counted.active_days += 1;
            if reported.contains(&day) {
                continue;
            }
            counted.silent_days += 1;
            counted.longest_silence_days = counted.longest_silence_days.max(run.with(day));
            counted.is_consistently_silent |= in_month.with(day) >= Self::SILENT_DAYS_IN_A_MONTH;
        }
        counted.is_consistently_silent |= counted.longest_silence_days >= Self::SILENT_RUN_DAYS;
        counted
    }
}

fn active_days(spells: &[ActiveSpell]) -> BTreeSet<Date> {
    let days_of = |spell: &ActiveSpell| {
        let last = spell.last;
        std::iter::successors(Some(spell.first), |day| day.next_day()).take_while(move |day| *day <= last)
    };
    spells.iter().flat_map(days_of).collect()
}

/// The run of silent days that ends with the last one told.
#[derive(Default)]
struct Run {
    last: Option<Date>,
    days: i32,
}

impl Run {
    fn with(&mut self, day: Date) -> i32 {
        let goes_on = self.last.is_some() && self.last == day.previous_day();
        self.days = if goes_on { self.days + 1 } else { 1 };
        self.last = Some(day);
        self.days
    }
}

/// Silent days in the month of the last one told.
#[derive(Default)]
struct SilentMonth {
    month: Option<(i32, Month)>,
    days: i32,
}

impl SilentMonth {
    fn with(&mut self, day: Date) -> i32 {
        let month = Some((day.year(), day.month()));
        self.days = if self.month == month { self.days + 1 } else { 1 };
        self.month = month;
        self.days
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;
    use time::macros::date;

    use super::*;

    const FIRST: Date = date!(2026 - 10 - 01);

    fn day(number: i64) -> Date {
        FIRST + Duration::days(number - 1)
    }

    fn spell(first: i64, last: i64) -> ActiveSpell {
        ActiveSpell {
            first: day(first),
            last: day(last),
        }
    }

    fn count(spells: &[ActiveSpell], reported: impl IntoIterator<Item = i64>) -> Reporting {
        Reporting::count(spells, &reported.into_iter().map(day).collect())
    }

    #[test]
    fn a_facility_that_reports_every_day_is_never_silent() {
        let all = count(&[spell(1, 31)], 1..=31);
        let wanted = Reporting {
            active_days: 31,
            ..Reporting::default()
        };
        assert_eq!(all, wanted);
    }

    #[test]
    fn one_silent_day_is_forgiven_and_two_running_are_not() {
        let single = count(&[spell(1, 10)], [1, 2, 3, 4, 6, 7, 8, 9, 10]);
        assert_eq!((single.silent_days, single.longest_silence_days), (1, 1));
        assert!(!single.is_consistently_silent);
        let double = count(&[spell(1, 10)], [1, 2, 3, 4, 7, 8, 9, 10]);
        assert_eq!((double.silent_days, double.longest_silence_days), (2, 2));
        assert!(double.is_consistently_silent);
    }

    #[test]
    fn five_single_days_count_in_one_month_and_not_across_two() {
        let in_one = count(
            &[spell(1, 31)],
            (1..=31).filter(|day| ![2, 4, 6, 8, 10].contains(day)),
        );
        assert_eq!((in_one.silent_days, in_one.longest_silence_days), (5, 1));
        assert!(in_one.is_consistently_silent);
        let across = count(
            &[spell(20, 50)],
            (20..=50).filter(|day| ![25, 27, 29, 33, 35].contains(day)),
        );
        assert_eq!((across.silent_days, across.longest_silence_days), (5, 1));
        assert!(!across.is_consistently_silent);
    }

    #[test]
    fn days_on_which_it_was_not_active_count_nowhere_and_end_a_silence() {
        let paused = count(&[spell(1, 1), spell(3, 3), spell(3, 4)], [4, 9]);
        let wanted = Reporting {
            active_days: 3,
            silent_days: 2,
            longest_silence_days: 1,
            is_consistently_silent: false,
        };
        assert_eq!(paused, wanted);
        assert_eq!(count(&[], [1]), Reporting::default());
    }
}
