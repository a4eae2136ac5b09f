//! The population number as it is met in files: sixteen digits, and nothing else is sure.

use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;

use crate::Birth;

pub(crate) const DIGITS: usize = 16;
/// What a woman's day of birth is raised by.
const FEMALE_DAY: u64 = 40;

/// Nomor Induk Kependudukan: 2+2+2 digits region of first issue, DDMMYY (day + 40 for women), 4 digits serial.
///
/// Regions that are gone and impossible dates are taken as they are: typing errors are what linkage is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Nik(NonZeroU64);

/// Why a text is no NIK.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidNik {
    #[error("a NIK has {DIGITS} digits, this has {found} characters")]
    Length { found: usize },
    #[error("a NIK has digits only")]
    NotDigits,
    #[error("a NIK of zeros is nobody's")]
    Zero,
}

impl Nik {
    /// Region of issue and date of birth: the first twelve digits.
    pub(crate) const fn head(self) -> u64 {
        self.0.get() / 10_000
    }

    /// Of first issue: province, regency, district.
    pub(crate) const fn region(self) -> u64 {
        self.0.get() / 10_000_000_000
    }

    /// Date of birth and serial: the last ten digits, which survive a change of the region.
    pub(crate) const fn tail(self) -> u64 {
        self.0.get() % 10_000_000_000
    }

    /// The first eight digits and the last eight.
    pub(crate) const fn halves(self) -> (u64, u64) {
        (self.0.get() / 100_000_000, self.0.get() % 100_000_000)
    }

    /// Day, month and year of birth as six digits, the sex taken out.
    pub(crate) const fn birth_part(self) -> u64 {
        let part = self.head() % 1_000_000;
        let day = part / 10_000;
        if day > FEMALE_DAY {
            part - FEMALE_DAY * 10_000
        } else {
            part
        }
    }

    /// The birth date it was issued for, in the century that brings it nearest to `year`; `None` if the digits are no
    /// date.
    pub(crate) fn birth_near(self, year: u16) -> Option<Birth> {
        let part = self.birth_part();
        let two_digits = u16::try_from(part % 100).ok()?;
        let same_century = year - year % 100 + two_digits;
        let nearest = match i32::from(same_century) - i32::from(year) {
            51.. => same_century - 100,
            ..=-50 => same_century + 100,
            _ => same_century,
        };
        let (day, month) = (part / 10_000, part / 100 % 100);
        Birth::of(nearest, u8::try_from(month).ok()?, u8::try_from(day).ok()?)
    }

    pub(crate) fn digits(self) -> [u8; DIGITS] {
        let mut rest = self.0.get();
        let mut digits = [0; DIGITS];
        for digit in digits.iter_mut().rev() {
            *digit = u8::try_from(rest % 10).expect("a remainder of ten is one digit");
            rest /= 10;
        }
        digits
    }
}

impl FromStr for Nik {
    type Err = InvalidNik;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = text.chars().count();
        if found != DIGITS {
            return Err(InvalidNik::Length { found });
        }
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(InvalidNik::NotDigits);
        }
        text.parse().map(Self).map_err(|_| InvalidNik::Zero)
    }
}

impl fmt::Debug for Nik {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nik(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seventeen_digits_and_letters_are_refused() {
        assert_eq!(
            "32730141079000011".parse::<Nik>(),
            Err(InvalidNik::Length { found: 17 })
        );
        assert_eq!("327301410790000A".parse::<Nik>(), Err(InvalidNik::NotDigits));
        assert_eq!("0000000000000000".parse::<Nik>(), Err(InvalidNik::Zero));
    }

    #[test]
    fn the_birth_part_is_the_same_for_both_sexes() {
        let woman: Nik = "3273014107900001".parse().unwrap();
        let man: Nik = "3273010107900001".parse().unwrap();
        assert_eq!(woman.birth_part(), 10_790);
        assert_eq!(man.birth_part(), 10_790);
        assert_eq!(woman.tail(), 4_107_900_001);
        assert_eq!(man.digits()[..6], [3, 2, 7, 3, 0, 1]);
    }

    #[test]
    fn the_century_is_the_one_that_fits() {
        let born = |nik: &str, near: u16| nik.parse::<Nik>().unwrap().birth_near(near);
        assert_eq!(born("3273014107900001", 1991), "1990-07-01".parse().ok());
        assert_eq!(born("3273010107100001", 2012), "2010-07-01".parse().ok());
        assert_eq!(born("3273010107980001", 2001), "1998-07-01".parse().ok());
        assert_eq!(born("3273010107030001", 1999), "2003-07-01".parse().ok());
        assert_eq!(born("3273013113900001", 1990), None);
    }
}
