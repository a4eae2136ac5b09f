//! Words that are handed to one person, without what identifies the others they speak of. What the hub does not know of
//! the others stays: somebody reads the words before they leave.

use crate::person::{Person, Phone};
use crate::text::Text;

/// In place of what was taken out.
const MASK: &str = "***";
/// Shorter words of a name are words of the language.
const SHORTEST: usize = 3;

/// What is taken out, in small letters.
#[derive(Default)]
pub struct Redaction {
    hidden: Vec<String>,
    /// What is the reader's own.
    kept: Vec<String>,
}

impl Redaction {
    /// For words that `person` is to read.
    #[must_use]
    pub fn for_person(person: &Person) -> Self {
        let names = [&person.name, &person.mother_name].into_iter().flatten();
        let mut own = Self::default();
        own.hide_numbers(person);
        Self {
            hidden: vec![],
            kept: own.hidden.into_iter().chain(names.flat_map(words_of)).collect(),
        }
    }

    /// Takes out what identifies somebody else.
    pub fn hide_person(&mut self, other: &Person) {
        let names = [&other.name, &other.mother_name].into_iter().flatten();
        for name in names {
            self.hide_name(name);
        }
        self.hide_numbers(other);
    }

    fn hide_numbers(&mut self, of: &Person) {
        if let Some(nik) = &of.nik {
            self.hide(nik.as_str());
        }
        if let Some(phone) = &of.phone {
            self.hide_phone(phone);
        }
        if let Some(address) = &of.address {
            self.hide(address.as_str());
        }
    }

    /// Every word of a name but those that are the reader's, too: a family has one.
    pub fn hide_name<const MAX: usize>(&mut self, name: &Text<MAX>) {
        for word in words_of(name) {
            self.hide(&word);
        }
    }

    /// A number in each of its forms.
    pub fn hide_phone(&mut self, phone: &Phone) {
        let canonical = phone.canonical();
        if let Some(national) = canonical.strip_prefix("62") {
            self.hide(&format!("0{national}"));
        }
        self.hide(&canonical);
        self.hide(phone.as_str());
    }

    fn hide(&mut self, text: &str) {
        let text = text.to_lowercase();
        if !self.kept.contains(&text) {
            self.hidden.push(text);
        }
    }

    /// The text without them.
    #[must_use]
    pub fn apply(&self, text: &str) -> String {
        let mut hidden: Vec<&String> = self.hidden.iter().collect();
        // The longest first: an address may hold a name.
        hidden.sort_by_key(|word| std::cmp::Reverse(word.len()));
        let mut left = text.to_owned();
        for word in hidden {
            left = without(&left, word);
        }
        left
    }
}

/// Whether two names may be one person's: they share a word, or one of them is not known.
#[must_use]
pub fn may_be_same(one: &Person, other: &Person) -> bool {
    let (Some(one), Some(other)) = (&one.name, &other.name) else {
        return true;
    };
    words_of(one).any(|word| words_of(other).any(|theirs| theirs == word))
}

fn words_of<const MAX: usize>(name: &Text<MAX>) -> impl Iterator<Item = String> {
    let words = name.as_str().split(|c: char| !c.is_alphanumeric());
    words
        .filter(|word| word.chars().count() >= SHORTEST)
        .map(str::to_lowercase)
}

/// `text` with `word`, in whatever letters, masked where it does not go on.
fn without(text: &str, word: &str) -> String {
    let mut left = String::with_capacity(text.len());
    let mut rest = text;
    let mut before = None;
    while let Some(next) = rest.chars().next() {
        let end = matched(rest, word).filter(|_| !before.is_some_and(char::is_alphanumeric));
        let (shown, step) = match end {
            Some(end) => (MASK, end),
            None => (rest.get(..next.len_utf8()).unwrap_or_default(), next.len_utf8()),
        };
        left.push_str(shown);
        before = rest.get(..step).and_then(|part| part.chars().next_back());
        rest = rest.get(step..).unwrap_or_default();
    }
    left
}

/// Where `word` ends, if `text` begins with it as a whole word.
fn matched(text: &str, word: &str) -> Option<usize> {
    let mut wanted = word.chars().peekable();
    let mut end = 0;
    for c in text.chars() {
        if wanted.peek().is_none() {
            return (!c.is_alphanumeric()).then_some(end);
        }
        for small in c.to_lowercase() {
            if wanted.next() != Some(small) {
                return None;
            }
        }
        end += c.len_utf8();
    }
    (wanted.peek().is_none() && end > 0).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Person {
        Person {
            name: Some(Text::new(name).unwrap()),
            ..Person::unknown()
        }
    }

    #[test]
    fn what_identifies_others_is_taken_out_and_what_is_the_readers_stays() {
        let mut redaction = Redaction::for_person(&named("Melati Contoh"));
        redaction.hide_person(&Person {
            nik: Some("3273014107160001".parse().unwrap()),
            address: Some(Text::new("Gang Budi 7").unwrap()),
            phone: Some("+62 812 0000 0001".parse().unwrap()),
            ..named("Budi Contoh")
        });
        let told = "Melati Contoh dipukul BUDI Contoh (3273014107160001, 081200000001) di gang budi 7. Budiman melihat, Budi.";
        assert_eq!(
            redaction.apply(told),
            "Melati Contoh dipukul *** Contoh (***, ***) di ***. Budiman melihat, ***."
        );
    }

    #[test]
    fn one_nik_and_two_names_without_a_common_word_are_two_people() {
        assert!(may_be_same(&named("Melati Contoh"), &named("contoh, MELATI")));
        assert!(may_be_same(&named("Melati"), &Person::unknown()));
        assert!(!may_be_same(&named("Melati Contoh"), &named("Budi Santoso")));
    }

    #[test]
    fn letters_of_any_length_do_not_break_it() {
        let mut redaction = Redaction::default();
        redaction.hide_name::<200>(&Text::new("Émilie").unwrap());
        assert_eq!(redaction.apply("İ émilie ß Émilie"), "İ *** ß ***");
        assert_eq!(redaction.apply(""), "");
        assert_eq!(Redaction::default().apply("apa adanya"), "apa adanya");
    }
}
