//! Two birth dates. Day and month get swapped, digits mistyped, and who knows only the year is given its first day.

use crate::Birth;
use crate::birth::DayOfYear;
use crate::level::levels;

levels! {
    /// How far two birth dates agree.
    pub enum BirthLevel {
        Exact = "exact",
        /// Day and month changed places.
        Swapped = "swapped",
        /// Of day, month and year one differs, the year by one digit.
        OnePartDiffers = "one_part_differs",
        /// The same year, and one side has a day that stands for an unknown one: 1 January, 1 July, the first of the month.
        Placeholder = "placeholder",
        /// The same year, and one side knows no more.
        YearOnly = "year_only",
        SameYear = "same_year",
        /// One year apart or two, as guesses are.
        NearYear = "near_year",
        Different = "different",
    }
}

const NEAR_YEARS: u16 = 2;

pub(super) fn compare(left: Birth, right: Birth) -> BirthLevel {
    let years_apart = left.year.abs_diff(right.year);
    let by_year = if years_apart <= NEAR_YEARS {
        BirthLevel::NearYear
    } else {
        BirthLevel::Different
    };
    match (left.day, right.day) {
        (Some(left_day), Some(right_day)) if years_apart == 0 => compare_days(left_day, right_day),
        (Some(left_day), Some(right_day))
            if left_day == right_day && one_digit_differs(left.year, right.year) =>
        {
            BirthLevel::OnePartDiffers
        }
        (None, _) | (_, None) if years_apart == 0 => BirthLevel::YearOnly,
        (Some(_) | None, _) => by_year,
    }
}

fn compare_days(left: DayOfYear, right: DayOfYear) -> BirthLevel {
    if left == right {
        BirthLevel::Exact
    } else if left.day == right.month && left.month == right.day {
        BirthLevel::Swapped
    } else if stands_for_unknown(left, right) || stands_for_unknown(right, left) {
        BirthLevel::Placeholder
    } else if left.day == right.day || left.month == right.month {
        BirthLevel::OnePartDiffers
    } else {
        BirthLevel::SameYear
    }
}

fn stands_for_unknown(day: DayOfYear, other: DayOfYear) -> bool {
    day.day == 1 && (matches!(day.month, 1 | 7) || day.month == other.month)
}

fn one_digit_differs(left: u16, right: u16) -> bool {
    let apart = left.abs_diff(right);
    let same_before = |unit: u16| left / (unit * 10) == right / (unit * 10);
    let same_behind = |unit: u16| left % unit == right % unit;
    [1, 10, 100]
        .into_iter()
        .any(|unit| apart > 0 && same_before(unit) && same_behind(unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_to_err_has_its_level() {
        let cases = [
            ("1965-03-09", "1965-03-09", BirthLevel::Exact),
            ("1965-03-09", "1965-09-03", BirthLevel::Swapped),
            ("1965-03-09", "1965-03-19", BirthLevel::OnePartDiffers),
            ("1965-03-09", "1956-03-09", BirthLevel::Different),
            ("1965-03-09", "1975-03-09", BirthLevel::OnePartDiffers),
            ("1965-03-09", "1965-07-01", BirthLevel::Placeholder),
            ("1965-03-09", "1965-03-01", BirthLevel::Placeholder),
            ("1965-03-09", "1965", BirthLevel::YearOnly),
            ("1965-03-09", "1965-11-20", BirthLevel::SameYear),
            ("1965-03-09", "1966", BirthLevel::NearYear),
            ("1965", "1985-01-01", BirthLevel::Different),
        ];
        for (left, right, level) in cases {
            let (left, right) = (left.parse().unwrap(), right.parse().unwrap());
            assert_eq!(compare(left, right), level);
            assert_eq!(compare(right, left), level);
        }
    }
}
