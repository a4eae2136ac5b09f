//! Two NIK. A person has one for life, but old KTP numbers stay in use, and sixteen digits are easily mistyped.

use crate::Nik;
use crate::level::levels;

levels! {
    /// How far two NIK agree.
    pub enum NikLevel {
        Exact = "exact",
        /// Two digits side by side are swapped.
        Transposed = "transposed",
        /// One digit differs.
        OneEdit = "one_edit",
        /// The same date of birth in another number: issued elsewhere, or again, or somebody born on that day.
        BirthPartAgrees = "birth_part_agrees",
        Different = "different",
    }
}

pub(super) fn compare(left: Nik, right: Nik) -> NikLevel {
    if left == right {
        return NikLevel::Exact;
    }
    // The serial is there to tell apart who shares the rest: another serial is another person, not a slip.
    if left.head() == right.head() {
        return NikLevel::BirthPartAgrees;
    }
    let (left_digits, right_digits) = (left.digits(), right.digits());
    let pairs = || left_digits.iter().zip(&right_digits);
    let mut differing = pairs().enumerate().filter(|(_, (left, right))| left != right);
    match (differing.next(), differing.next(), differing.next()) {
        (Some(_), None, None) => NikLevel::OneEdit,
        (Some((first, (a, b))), Some((second, (c, d))), None) if second == first + 1 && a == d && b == c => {
            NikLevel::Transposed
        }
        _ if left.birth_part() == right.birth_part() => NikLevel::BirthPartAgrees,
        _ => NikLevel::Different,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(left: &str, right: &str) -> NikLevel {
        compare(left.parse().unwrap(), right.parse().unwrap())
    }

    #[test]
    fn typing_errors_are_told_from_other_numbers() {
        let nik = "3273014107900001";
        assert_eq!(level(nik, nik), NikLevel::Exact);
        assert_eq!(level(nik, "3273014107980001"), NikLevel::OneEdit);
        assert_eq!(level(nik, "3273014107900007"), NikLevel::BirthPartAgrees);
        assert_eq!(level(nik, "3273014170900001"), NikLevel::Transposed);
        assert_eq!(level(nik, "3271024107900003"), NikLevel::BirthPartAgrees);
        assert_eq!(level(nik, "3273014107910203"), NikLevel::Different);
    }
}
