//! What all rows of a run say together: read back from where they were kept, a page at a time, and no more of them held
//! than can matter.

use std::collections::{HashMap, HashSet};

use serasi_domain::id::PersonId;
use serasi_linkage::{Class, Link, Near, Ranking, Weights, keep_best};
use serasi_store::reconciliations::CandidateRow;

use crate::error::HubError;

/// Rows that are held before the first are let go.
const FIRST_HELD: usize = 200_000;

/// What was kept of a run, as far as it is read.
pub(crate) struct Kept {
    /// By what number the rows call them.
    met: HashMap<PersonId, u32>,
    near: Vec<Near>,
    /// Whose own row was refused.
    hidden: HashSet<PersonId>,
    most: usize,
}

/// How surprising it is that a row fits.
#[derive(Clone, Copy)]
pub(crate) struct Measure {
    /// Among how many rows it was found.
    pub(crate) rows: u64,
    /// False = that is a guess: only the same NIK makes a link.
    pub(crate) is_known: bool,
}

/// What all rows say about everybody they came near.
pub(crate) struct Ranked {
    met: Vec<PersonId>,
    ranking: Ranking,
    hidden: HashSet<PersonId>,
    measure: Measure,
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            met: HashMap::new(),
            near: Vec::new(),
            hidden: HashSet::new(),
            most: FIRST_HELD,
        }
    }
}

impl Kept {
    pub(crate) fn add(&mut self, page: &[CandidateRow]) {
        for row in page {
            if row.is_refused {
                self.hidden.insert(row.person);
                continue;
            }
            let next = u32::try_from(self.met.len()).unwrap_or(u32::MAX);
            let person = *self.met.entry(row.person).or_insert(next);
            let of = &row.agreement;
            let near = Near::restored((person, row.row), of.bits, of.levels, of.name_bits);
            self.near.extend(near);
        }
        if self.near.len() > self.most {
            keep_best(&mut self.near);
            self.most = FIRST_HELD.max(self.near.len() * 2);
        }
    }

    /// Weighs them.
    pub(crate) async fn weigh(self, measure: Measure) -> Result<Ranked, HubError> {
        let ranked = tokio::task::spawn_blocking(move || self.ranked(measure)).await;
        ranked.map_err(|_| HubError::Bug("the rows could not be weighed"))
    }

    fn ranked(self, measure: Measure) -> Ranked {
        let mut met: Vec<(PersonId, u32)> = self.met.into_iter().collect();
        met.sort_unstable();
        // In the order of their ids, whatever came first: sums come out the same to the last bit.
        let mut order = vec![0; met.len()];
        for (position, (_, number)) in (0_u32..).zip(&met) {
            if let Some(place) = usize::try_from(*number).ok().and_then(|at| order.get_mut(at)) {
                *place = position;
            }
        }
        let mut near = self.near;
        for near in &mut near {
            let number = usize::try_from(near.person).unwrap_or(usize::MAX);
            near.person = order.get(number).copied().unwrap_or(near.person);
        }
        Ranked {
            ranking: Ranking::of(near, measure.rows, &Weights::starting()),
            met: met.into_iter().map(|(person, _)| person).collect(),
            hidden: self.hidden,
            measure,
        }
    }
}

impl Ranked {
    /// Whether any row came near this person.
    pub(crate) fn has_met(&self, person: PersonId) -> bool {
        self.met.binary_search(&person).is_ok()
    }

    /// Whether a row was refused that has their key or NIK.
    pub(crate) fn is_hidden(&self, person: PersonId) -> bool {
        self.hidden.contains(&person)
    }

    /// Whether some row may be them.
    pub(crate) fn may_be_there(&self, person: PersonId) -> bool {
        let best = self.rows_of(person, &[]).into_iter().next();
        self.is_hidden(person) || best.is_some_and(|best| best.class != Class::None)
    }

    /// The rows that a person may be, the likeliest first, as if those in `without` were not there.
    pub(crate) fn rows_of(&self, person: PersonId, without: &[u64]) -> Vec<Link> {
        let position = self.met.binary_search(&person).ok();
        let position = position.and_then(|at| u32::try_from(at).ok());
        let mut links = position.map_or_else(Vec::new, |at| self.ranking.rows_of(at, without));
        for link in &mut links {
            if link.class == Class::Probable && !self.measure.is_known {
                link.class = Class::Ambiguous;
            }
        }
        links
    }
}
