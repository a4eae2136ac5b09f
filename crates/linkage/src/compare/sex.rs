//! Two statements of sex. Agreement says little, disagreement much.

use crate::Sex;
use crate::level::levels;

levels! {
    /// Whether the sex is the same.
    pub enum SexLevel {
        Same = "same",
        Different = "different",
    }
}

pub(super) fn compare(left: Sex, right: Sex) -> SexLevel {
    if left == right {
        SexLevel::Same
    } else {
        SexLevel::Different
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_sex_is_told_from_the_other() {
        assert_eq!(compare(Sex::Female, Sex::Female), SexLevel::Same);
        assert_eq!(compare(Sex::Male, Sex::Female), SexLevel::Different);
    }
}
