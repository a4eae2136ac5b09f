//! Many persons, ready to have the rows of a registry of any length stream past: compact enough for a million of them
//! in memory, and quick about a row that is nobody's.

use std::collections::HashMap;
use std::num::NonZeroU8;

use serasi_geography::RegionCode;

use crate::block::{Blocks, Demand, Search, keys_of};
use crate::compare::{Compared, Side};
use crate::name::{Token, Words};
use crate::ranking::Near;
use crate::scale::Scale;
use crate::terms::Terms;
use crate::{Birth, Identity, Name, Nik, Sex, Weights};

/// Among more persons one key in common is chance, unless it is a part of a NIK.
const MANY_PERSONS: u32 = 50_000;
/// Rows that are looked for together: their reads wait for memory together, and what is read stays at hand.
const ROWS_AT_ONCE: usize = 32;

/// Takes persons in, one by one.
#[derive(Default)]
pub struct Gather {
    people: People,
    terms: Terms,
}

/// Persons by all that they may be found by.
pub struct Sought {
    people: People,
    blocks: Blocks,
    terms: Terms,
    scale: Scale,
    demand: Demand,
}

/// Buffers of one thread.
#[derive(Default)]
pub struct Look {
    search: Search,
    known: Vec<Known>,
    near: Vec<Near>,
}

/// The same as identities, without a word twice.
#[derive(Default)]
struct People {
    known: Vec<Known>,
    /// Words of all names, one after the other.
    words: Vec<u32>,
    tokens: Vec<Token>,
    by_written: HashMap<Box<str>, u32, foldhash::fast::FixedState>,
}

/// In one piece of what memory brings at once.
#[derive(Clone, Copy, Default)]
#[repr(align(64))]
struct Known {
    nik: Option<Nik>,
    birth: Option<Birth>,
    sex: Option<Sex>,
    place: Option<RegionCode>,
    name: Option<KnownName>,
    mother_name: Option<KnownName>,
}

/// The words of one name, where they stand.
#[derive(Clone, Copy)]
struct WordsOf<'a> {
    name: KnownName,
    of: &'a People,
}

impl Words for WordsOf<'_> {
    fn count(&self) -> usize {
        usize::from(self.name.words.get())
    }

    fn token(&self, position: usize) -> Option<&Token> {
        let start = usize::try_from(self.name.start).ok()?;
        let word = self.of.words.get(start + position)?;
        self.of.tokens.get(usize::try_from(*word).ok()?)
    }

    fn joined_key(&self) -> u64 {
        self.name.joined_key
    }

    fn given_position(&self) -> usize {
        usize::from(self.name.given)
    }
}

/// Where the words of a name stand.
#[derive(Clone, Copy)]
struct KnownName {
    joined_key: u64,
    start: u32,
    words: NonZeroU8,
    given: u8,
}

impl Gather {
    /// Takes the next one in; they are numbered from 0.
    pub fn add(&mut self, person: &Identity) {
        self.terms.add(person, 1);
        let known = Known {
            nik: person.nik,
            birth: person.birth,
            sex: person.sex,
            place: person.place,
            name: person.name.as_ref().and_then(|name| self.people.keep(name)),
            mother_name: person
                .mother_name
                .as_ref()
                .and_then(|name| self.people.keep(name)),
        };
        self.people.known.push(known);
    }

    /// Whoever was taken in, ready to be looked for. How common a name is, is counted on them.
    #[must_use]
    pub fn finish(mut self, weights: &Weights) -> Sought {
        self.people.by_written = HashMap::default();
        self.people.known.shrink_to_fit();
        self.people.words.shrink_to_fit();
        let count = u32::try_from(self.people.known.len()).unwrap_or(u32::MAX);
        let blocks = Blocks::of_each(count, |person, keys| {
            keys_of(&self.people.side(&self.people.known(person)), keys);
        });
        Sought {
            people: self.people,
            blocks,
            terms: self.terms,
            scale: Scale::of(weights, 1),
            demand: if count > MANY_PERSONS {
                Demand::Quick
            } else {
                Demand::Thorough
            },
        }
    }
}

impl Sought {
    /// Whom these rows may be, by row in their order. Each comes with its number; `among` is how many there are, or more.
    pub fn near<'a>(&self, rows: &[(u64, &Identity)], among: u64, look: &'a mut Look) -> &'a [Near] {
        look.near.clear();
        for rows in rows.chunks(ROWS_AT_ONCE) {
            self.look(rows, among, look);
        }
        &look.near
    }

    fn look(&self, rows: &[(u64, &Identity)], among: u64, look: &mut Look) {
        let Look { search, known, near } = look;
        let identities = rows.iter().map(|(_, row)| *row);
        let candidates = self.blocks.candidates(identities, search, self.demand);
        known.clear();
        known.extend(
            candidates
                .iter()
                .map(|candidate| self.people.known(candidate.person)),
        );
        let mut known = known.iter();
        for candidates in candidates.chunk_by(|left, right| left.row == right.row) {
            let row = candidates
                .first()
                .and_then(|first| usize::try_from(first.row).ok());
            let Some((number, row)) = row.and_then(|at| rows.get(at)).copied() else {
                break;
            };
            let (side, rows) = (Side::of(row), among.max(number));
            let least = Near::least(rows);
            for (candidate, known) in candidates.iter().zip(&mut known) {
                let sides = (&self.people.side(known), &side);
                let compared = self.scale.compare(sides, &self.terms, least);
                let found = compared.map(|compared| self.near_of(candidate.person, number, compared));
                near.extend(found.filter(|near| near.has_hope(least)));
            }
        }
    }

    /// How one row and one person compare, whatever else speaks for looking.
    #[must_use]
    pub fn pair(&self, person: u32, row: &Identity, position: u64) -> Option<Near> {
        let known = self.people.known.get(usize::try_from(person).ok()?)?;
        let compared = Compared::of_sides(&self.people.side(known), &Side::of(row), &self.terms);
        Some(self.near_of(person, position, compared))
    }

    fn near_of(&self, person: u32, position: u64, compared: Compared) -> Near {
        #[expect(clippy::cast_possible_truncation, reason = "it only ranks")]
        let bits = self.scale.evidence(&compared).same as f32;
        Near::new(person, position, bits, compared)
    }
}

impl People {
    fn keep(&mut self, name: &Name) -> Option<KnownName> {
        let start = u32::try_from(self.words.len()).ok()?;
        for token in name.tokens() {
            let known = self.by_written.get(&token.written).copied();
            let word = known.unwrap_or_else(|| {
                let next = u32::try_from(self.tokens.len()).unwrap_or(u32::MAX);
                self.tokens.push(Token::clone(token));
                self.by_written.insert(token.written.clone(), next);
                next
            });
            self.words.push(word);
        }
        Some(KnownName {
            joined_key: name.joined_key(),
            start,
            words: u8::try_from(name.tokens().len()).ok()?.try_into().ok()?,
            given: u8::try_from(name.given_position()).ok()?,
        })
    }

    fn known(&self, person: u32) -> Known {
        let known = usize::try_from(person).ok().and_then(|at| self.known.get(at));
        known.copied().unwrap_or_default()
    }

    fn side(&self, known: &Known) -> Side<WordsOf<'_>> {
        let words = |name: KnownName| WordsOf { name, of: self };
        Side {
            nik: known.nik,
            birth: known.birth,
            sex: known.sex,
            place: known.place,
            name: known.name.map(words),
            mother_name: known.mother_name.map(words),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::population::{Size, invent};

    #[test]
    fn people_come_out_as_they_went_in() {
        let population = invent(
            Size {
                rows: 300,
                persons: 200,
            },
            9,
        );
        let mut people = Gather::default();
        let persons: Vec<Identity> = population
            .persons
            .iter()
            .map(|person| Identity::parse(&person.raw()).unwrap())
            .collect();
        for person in &persons {
            people.add(person);
        }
        for (at, person) in (0..).zip(&persons) {
            let known = people.people.known(at);
            let (kept, given) = (people.people.side(&known), Side::of(person));
            assert!(
                (kept.nik, kept.birth, kept.sex, kept.place)
                    == (given.nik, given.birth, given.sex, given.place)
            );
            for (kept, given) in [(kept.name, given.name), (kept.mother_name, given.mother_name)] {
                assert!(kept.map(|name| name.joined_key()) == given.map(Name::joined_key));
                assert!(kept.map(|name| name.given_position()) == given.map(Name::given_position));
                let words = |name: &WordsOf<'_>| name.iter().cloned().collect::<Vec<Token>>();
                let given = given.map(|name| Words::iter(&name).cloned().collect());
                assert!(kept.as_ref().map(words) == given);
            }
        }
        assert!(people.people.known.len() == persons.len());
    }
}
