//! Which rows come near which persons while a registry of unknown length streams past, and what is decided when it has
//! ended. The memory is that of the persons that were met; what is kept can be stored and read back, and any order of
//! rows, and any row twice, gives the same.

use std::collections::HashMap;

use crate::compare::Compared;
use crate::link::{Claim, chances_by_row, ranked};
use crate::scale::{Least, Scale};
use crate::{Comparison, Field, Link, NikLevel, Weights};

/// Rows kept for a person; a fifth namesake changes nothing.
const MAX_ROWS_EACH: usize = 4;
/// So far below even odds a pair is hopeless. Odds only fall while rows come.
const HOPELESS_BITS: f64 = -6.0;

/// A row that may be a person.
#[derive(Clone, Copy)]
pub struct Near {
    pub person: u32,
    pub row: u64,
    /// Against strangers, in bits, before it is known how many rows there are: what ranks it.
    pub bits: f32,
    compared: Compared,
}

/// The best rows of each person so far, as far as needed to say which of the next ones matter.
#[derive(Default)]
pub struct Top {
    rows: HashMap<u32, Vec<(f32, u64)>, foldhash::fast::FixedState>,
}

/// What all rows say about everybody.
pub struct Ranking {
    claims: Vec<Claim>,
    by_row: HashMap<u64, f64>,
    scale: Scale,
}

impl Near {
    pub(crate) const fn new(person: u32, row: u64, bits: f32, compared: Compared) -> Self {
        Self {
            person,
            row,
            bits,
            compared,
        }
    }

    /// How far the fields agree, for a store.
    #[must_use]
    pub fn levels(&self) -> [u8; Field::ALL.len()] {
        self.compared.levels.to_bytes()
    }

    /// How surprising the shared words are, in bits: of the name and of the mother's.
    #[must_use]
    pub const fn name_bits(&self) -> (f32, f32) {
        (self.compared.name_bits, self.compared.mother_name_bits)
    }

    /// Reads back what a store kept; `None`: nobody wrote that.
    #[must_use]
    pub fn restored(
        (person, row): (u32, u64),
        bits: f32,
        levels: [u8; Field::ALL.len()],
        (name_bits, mother_name_bits): (f32, f32),
    ) -> Option<Self> {
        let compared = Compared {
            levels: Comparison::from_bytes(levels)?,
            name_bits,
            mother_name_bits,
        };
        Some(Self::new(person, row, bits, compared))
    }

    /// Whether it could still be a link. Whose NIK it is, is always a question.
    pub(crate) fn has_hope(&self, least: Least) -> bool {
        let same_nik = self.compared.levels.nik == Some(NikLevel::Exact);
        same_nik || f64::from(self.bits) >= least.same
    }

    /// What hope begins with in a registry of so many rows or more.
    pub(crate) fn least(rows: u64) -> Least {
        #[expect(clippy::cast_precision_loss, reason = "rows of a registry are far below 2^52")]
        let same = (rows.max(1) as f64).log2() + HOPELESS_BITS;
        Least {
            same,
            // A relative is not who is looked for.
            kin: f64::INFINITY,
        }
    }
}

impl Top {
    /// Whether this row is now among the best of its person. One that is there already is no news.
    pub fn admit(&mut self, near: &Near) -> bool {
        let rows = self.rows.entry(near.person).or_default();
        if rows.iter().any(|(_, row)| *row == near.row) {
            return false;
        }
        rows.push((near.bits, near.row));
        rows.sort_unstable_by(|left, right| right.0.total_cmp(&left.0).then(left.1.cmp(&right.1)));
        rows.truncate(MAX_ROWS_EACH);
        rows.iter().any(|(_, row)| *row == near.row)
    }
}

impl Ranking {
    /// Weighs all that was kept, in any order, among `rows` of the registry.
    #[must_use]
    pub fn of(mut near: Vec<Near>, rows: u64, weights: &Weights) -> Self {
        keep_best(&mut near);
        let scale = Scale::of(weights, rows);
        let claims: Vec<Claim> = near
            .iter()
            .map(|near| Claim {
                person: near.person,
                row: near.row,
                compared: near.compared,
                bits: scale.prior_bits() + scale.weight(&near.compared),
            })
            .collect();
        Self {
            by_row: chances_by_row(&claims),
            claims,
            scale,
        }
    }

    /// The rows that a person may be, the likeliest first, as if those in `without` were not there.
    #[must_use]
    pub fn rows_of(&self, person: u32, without: &[u64]) -> Vec<Link> {
        let from = self.claims.partition_point(|claim| claim.person < person);
        let to = self.claims.partition_point(|claim| claim.person <= person);
        let of_person = self.claims.get(from..to).unwrap_or_default().iter();
        let left: Vec<Claim> = of_person
            .filter(|claim| !without.contains(&claim.row))
            .copied()
            .collect();
        ranked(&left, &self.by_row, &self.scale)
    }
}

/// Only the best rows of each person, by person: no others can change what follows.
pub fn keep_best(near: &mut Vec<Near>) {
    near.sort_unstable_by(|left, right| {
        let by_bits = right.bits.total_cmp(&left.bits);
        left.person
            .cmp(&right.person)
            .then(by_bits)
            .then(left.row.cmp(&right.row))
    });
    near.dedup_by_key(|near| (near.person, near.row));
    let (mut person, mut kept) = (None, 0);
    near.retain(|near| {
        kept = if person == Some(near.person) { kept + 1 } else { 1 };
        person = Some(near.person);
        kept <= MAX_ROWS_EACH
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::population::{Size, invent};
    use crate::{Class, Gather, Identity, Look, Sought};

    fn sought(persons: &[Identity]) -> Sought {
        let mut gather = Gather::default();
        for person in persons {
            gather.add(person);
        }
        gather.finish(&Weights::starting())
    }

    fn classes(near: Vec<Near>, rows: u64) -> Vec<(u32, u64, Class)> {
        let ranking = Ranking::of(near, rows, &Weights::starting());
        let best = (0..1_000).filter_map(|person| {
            let links = ranking.rows_of(person, &[]);
            let link = links.first()?;
            Some((person, link.row, link.class))
        });
        best.collect()
    }

    #[test]
    fn nearly_all_are_found_and_hardly_anybody_else_whatever_the_order_of_the_rows() {
        let population = invent(
            Size {
                rows: 10_000,
                persons: 1_000,
            },
            5,
        );
        let parse = |raw| Identity::parse(&raw).unwrap();
        let persons: Vec<Identity> = population
            .persons
            .iter()
            .map(|person| parse(person.raw()))
            .collect();
        let sought = sought(&persons);
        let rows: Vec<(u64, Identity)> = (0..)
            .zip(population.rows.iter().map(|row| parse(row.raw())))
            .collect();
        let run = |rows: &mut dyn Iterator<Item = &(u64, Identity)>| {
            let (mut top, mut look, mut kept) = (Top::default(), Look::default(), Vec::new());
            let rows: Vec<(u64, &Identity)> = rows.map(|(position, row)| (*position, row)).collect();
            let near = sought.near(&rows, 10_000, &mut look).iter();
            kept.extend(near.filter(|near| top.admit(near)));
            classes(kept, 10_000)
        };
        let found = run(&mut rows.iter());
        assert_eq!(found, run(&mut rows.iter().rev()));
        assert_eq!(
            found,
            run(&mut rows.iter().chain(&rows)),
            "a row twice changes nothing"
        );
        let linked = |(person, row, class): &&(u32, u64, Class)| {
            let truth = population.truth[*person as usize].map(|row| row as u64);
            (class.is_link(), truth == Some(*row)) == (true, true)
        };
        let right = found.iter().filter(linked).count();
        let all = found.iter().filter(|(_, _, class)| class.is_link()).count();
        let registered = population.truth.iter().flatten().count();
        assert!(right * 100 >= registered * 88, "{right} of {registered}");
        assert!(right * 100 >= all * 97, "{right} of {all}");
    }

    #[test]
    fn what_a_store_kept_is_read_back() {
        let population = invent(
            Size {
                rows: 50,
                persons: 20,
            },
            3,
        );
        let parse = |raw| Identity::parse(&raw).unwrap();
        let persons: Vec<Identity> = population
            .persons
            .iter()
            .map(|person| parse(person.raw()))
            .collect();
        let sought = sought(&persons);
        let mut look = Look::default();
        let mut seen = 0;
        for row in &population.rows {
            for near in sought.near(&[(1, &parse(row.raw()))], 1, &mut look) {
                let back = Near::restored(
                    (near.person, near.row),
                    near.bits,
                    near.levels(),
                    near.name_bits(),
                );
                assert!(back.unwrap().compared.levels == near.compared.levels);
                seen += 1;
            }
        }
        assert!(seen > 0);
        assert!(Near::restored((1, 1), 0.0, [200; 6], (0.0, 0.0)).is_none());
    }
}
