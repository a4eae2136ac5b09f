//! Two NIK. A person has one for life, but old KTP numbers stay in use, and sixteen digits are easily mistyped.

use crate::Nik;
use crate::compare::BirthLevel;
use crate::level::levels;

levels! {
    /// How far two NIK agree.
    pub enum NikLevel {
        Exact = "exact",
        /// Two digits side by side are swapped.
        Transposed = "transposed",
        /// One digit differs.
        OneEdit = "one_edit",
        /// A slip beside the same birth date: of the pen, or a neighbour born on that day.
        SlipBesideBirth = "slip_beside_birth",
        /// A slip beside the same year of birth.
        SlipBesideYear = "slip_beside_year",
        /// Issued in the same district.
        RegionAgrees = "region_agrees",
        Different = "different",
    }
}

/// `birth` is compared by itself, and the NIK must not say it a second time.
pub(super) fn compare(left: Nik, right: Nik, birth: Option<BirthLevel>) -> NikLevel {
    if left == right {
        return NikLevel::Exact;
    }
    if let Some(slip) = slip(left, right) {
        return match birth {
            Some(BirthLevel::Exact) => NikLevel::SlipBesideBirth,
            Some(
                BirthLevel::Swapped
                | BirthLevel::OnePartDiffers
                | BirthLevel::Placeholder
                | BirthLevel::YearOnly
                | BirthLevel::SameYear,
            ) => NikLevel::SlipBesideYear,
            Some(BirthLevel::NearYear | BirthLevel::Different) | None => slip,
        };
    }
    if left.region() == right.region() {
        NikLevel::RegionAgrees
    } else {
        NikLevel::Different
    }
}

/// Whether the numbers are so near that they say nothing of their own on the birth date.
pub(super) fn are_near(left: Nik, right: Nik) -> bool {
    left == right || slip(left, right).is_some()
}

/// One digit that differs, or two that changed places.
fn slip(left: Nik, right: Nik) -> Option<NikLevel> {
    if may_be_slip(left, right) {
        slip_by_digits(left, right)
    } else {
        None
    }
}

/// Says no to nearly all strangers without taking their numbers apart: a slip leaves one half of the number as it is, or
/// swaps the last digit of the first half with the first of the second.
fn may_be_slip(left: Nik, right: Nik) -> bool {
    let ((left_first, left_last), (right_first, right_last)) = (left.halves(), right.halves());
    left_first == right_first || left_last == right_last || left_first.abs_diff(right_first) < 10
}

fn slip_by_digits(left: Nik, right: Nik) -> Option<NikLevel> {
    let (left_digits, right_digits) = (left.digits(), right.digits());
    let pairs = left_digits.iter().zip(&right_digits);
    let mut differing = pairs.enumerate().filter(|(_, (left, right))| left != right);
    match (differing.next(), differing.next(), differing.next()) {
        (Some(_), None, None) => Some(NikLevel::OneEdit),
        (Some((first, (a, b))), Some((second, (c, d))), None) if second == first + 1 && a == d && b == c => {
            Some(NikLevel::Transposed)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(left: &str, right: &str) -> NikLevel {
        compare(left.parse().unwrap(), right.parse().unwrap(), None)
    }

    #[test]
    fn typing_errors_are_told_from_other_numbers() {
        let nik = "3273014107900001";
        assert_eq!(level(nik, nik), NikLevel::Exact);
        assert_eq!(level(nik, "3273014107980001"), NikLevel::OneEdit);
        assert_eq!(level(nik, "3273014170900001"), NikLevel::Transposed);
        assert_eq!(level(nik, "3273014107900027"), NikLevel::RegionAgrees);
        assert_eq!(level(nik, "3271024107900003"), NikLevel::Different);
    }

    #[test]
    fn no_slip_is_passed_over_that_the_digits_show() {
        let nik: Nik = "3273014107900001".parse().unwrap();
        let digits = nik.digits();
        let number = |digits: [u8; 16]| -> Option<Nik> {
            let text: String = digits.iter().map(|digit| char::from(b'0' + digit)).collect();
            text.parse().ok()
        };
        let mut slips = 0;
        for (first, second) in (0..16).flat_map(|first| (0..16).map(move |second| (first, second))) {
            let mut swapped = digits;
            swapped.swap(first, second);
            let put = (0..10).map(|digit| {
                let mut put = swapped;
                put[second] = digit;
                put
            });
            for other in put.chain([swapped]).filter_map(number) {
                let by_digits = slip_by_digits(nik, other);
                assert_eq!(slip(nik, other), by_digits);
                slips += usize::from(by_digits.is_some());
            }
        }
        assert!(slips > 200, "{slips}");
    }

    #[test]
    fn beside_a_birth_date_the_number_does_not_say_it_again() {
        let level = |other: &str, birth| {
            compare(
                "3273014107900001".parse().unwrap(),
                other.parse().unwrap(),
                Some(birth),
            )
        };
        assert_eq!(
            level("3273014107900071", BirthLevel::Exact),
            NikLevel::SlipBesideBirth
        );
        assert_eq!(
            level("3271014107900001", BirthLevel::Exact),
            NikLevel::SlipBesideBirth
        );
        assert_eq!(
            level("3273014207900001", BirthLevel::OnePartDiffers),
            NikLevel::SlipBesideYear
        );
        assert_eq!(
            level("3273014107980001", BirthLevel::Different),
            NikLevel::OneEdit
        );
    }
}
