//! What linkage looks for when it wonders who a person is: the sounds of the name with the year of birth, and pairs of
//! sounds for those whose year nobody knows. Never stored as they are: the store makes keyed tokens of them.

use std::ops::RangeInclusive;

use serasi_domain::person::Person;
use serasi_linkage::Name;
use time::OffsetDateTime;

/// Words of a name that are looked at; the rest adds little.
const MAX_WORDS: usize = 4;
/// An age that was guessed may be wrong by so many years; a birth date by fewer.
const GUESSED_YEARS: i32 = 3;
const STATED_YEARS: i32 = 1;

/// Year of birth, and by how much it may be wrong.
struct BirthYear {
    year: i32,
    margin: i32,
}

/// What a person is found by. `day` is that of the report: ages count from it.
#[must_use]
pub fn of(person: &Person, day: OffsetDateTime) -> Vec<String> {
    let sounds = Sounds::of(person);
    let mut terms = vec![];
    if let Some(birth) = birth_year(person, day) {
        sounds.with_years(birth.year..=birth.year, &mut terms);
        sounds.together(true, &mut terms);
    } else {
        sounds.together(false, &mut terms);
    }
    terms
}

/// What to ask for to find a person: the years around the stated one, and those whose year nobody knows. Who asks
/// without a year gets all who share two words of the name.
#[must_use]
pub fn around(person: &Person, day: OffsetDateTime) -> Vec<String> {
    let sounds = Sounds::of(person);
    let mut terms = vec![];
    if let Some(birth) = birth_year(person, day) {
        sounds.with_years(birth.year - birth.margin..=birth.year + birth.margin, &mut terms);
    } else {
        sounds.together(true, &mut terms);
    }
    sounds.together(false, &mut terms);
    terms
}

/// How the words of a name sound, in alphabetical order.
struct Sounds(Vec<String>);

impl Sounds {
    fn of(person: &Person) -> Self {
        let name = person.name.as_ref().and_then(|name| Name::new(name.as_str()));
        let mut sounds: Vec<String> = name.map_or_else(Vec::new, |name| {
            name.sounds().take(MAX_WORDS).map(str::to_owned).collect()
        });
        sounds.sort_unstable();
        sounds.dedup();
        Self(sounds)
    }

    fn with_years(&self, years: RangeInclusive<i32>, terms: &mut Vec<String>) {
        for year in years {
            terms.extend(self.0.iter().map(|sound| format!("{sound}|{year}")));
        }
    }

    /// Every two words; of a single one, that word. Marked by whether a year of birth is known.
    fn together(&self, year_is_known: bool, terms: &mut Vec<String>) {
        let mark = if year_is_known { "*" } else { "?" };
        if let [only] = self.0.as_slice() {
            terms.push(format!("{only}|{mark}"));
        }
        for (position, one) in self.0.iter().enumerate() {
            let others = self.0.iter().skip(position + 1);
            terms.extend(others.map(|other| format!("{one}|{other}|{mark}")));
        }
    }
}

fn birth_year(person: &Person, day: OffsetDateTime) -> Option<BirthYear> {
    if let Some(birth) = person.birth {
        return Some(BirthYear {
            year: i32::from(birth.year()),
            margin: STATED_YEARS,
        });
    }
    let age = person.estimated_age?;
    Some(BirthYear {
        year: day.year() - i32::from(age.0),
        margin: GUESSED_YEARS,
    })
}

#[cfg(test)]
mod tests {
    use serasi_domain::person::AgeYears;
    use serasi_domain::text::Text;
    use time::macros::datetime;

    use super::*;

    fn person(name: &str, birth: Option<&str>, age: Option<u8>) -> Person {
        Person {
            name: Some(Text::new(name).unwrap()),
            birth: birth.map(|birth| birth.parse().unwrap()),
            estimated_age: age.map(AgeYears),
            ..Person::unknown()
        }
    }

    const DAY: OffsetDateTime = datetime!(2026-11-22 00:00 UTC);

    fn shared(stored: &Person, asked: &Person) -> usize {
        let stored = of(stored, DAY);
        let asked = around(asked, DAY);
        stored.iter().filter(|term| asked.contains(term)).count()
    }

    #[test]
    fn spelling_order_and_a_year_more_or_less_do_not_hide_a_person() {
        let stored = person("Moh. Yusuf Hidayat", Some("1990-07-01"), None);
        assert!(shared(&stored, &person("Hidayat Muhammad Jusuf", Some("1991"), None)) >= 3);
        assert!(shared(&stored, &person("Yusup Hidayat", None, Some(38))) >= 1);
        assert_eq!(shared(&stored, &person("Slamet Riyadi", Some("1990"), None)), 0);
    }

    #[test]
    fn who_has_one_name_and_no_age_is_found_too() {
        assert_eq!(
            shared(&person("Suharto", None, None), &person("Soeharto", None, None)),
            1
        );
        assert!(of(&Person::unknown(), DAY).is_empty());
    }

    #[test]
    fn a_long_name_gives_few_terms() {
        let long = person("Raden Mas Bambang Sri Widodo Joko Slamet", Some("1990"), None);
        assert!(of(&long, DAY).len() <= 10, "{}", of(&long, DAY).len());
    }
}
