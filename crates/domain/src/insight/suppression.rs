//! Which numbers of people are too small to be told, and which others would give them away.
//!
//! A report shows the numbers of regencies, provinces and the nation, and readers can add and subtract: one number
//! left out of a sum is no secret. What is hidden therefore depends on the numbers of the whole nation alone, never on
//! who asks and for which region: two reports side by side tell no more than one.

use std::collections::{BTreeMap, BTreeSet};

use serasi_geography::RegionCode;

use crate::id::Regency;

/// The smallest number of cases that is told. Below five, people who know the place can tell who is meant, and
/// children, victims and drug users are confidential by law; five is what statistics offices commonly ask for.
pub const SMALLEST_TOLD: i32 = 5;

/// A number of cases in a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaseCount {
    Told(i32),
    /// At least one.
    Suppressed,
}

/// One number - one cluster, month and question - for every region where it is not nought.
#[derive(Clone, Debug)]
pub struct ProtectedCounts {
    counts: BTreeMap<RegionCode, i32>,
    /// The regions with a number directly inside another; regencies have none.
    inside: BTreeMap<RegionCode, Vec<RegionCode>>,
    hidden: BTreeSet<RegionCode>,
}

impl ProtectedCounts {
    /// Adds regencies up to provinces and the nation, and hides what must be hidden.
    ///
    /// Nobody can compute what is hidden: every sum that is told has no or at least two hidden parts, and these have
    /// some play, that is, they are not all exactly 1; of a hidden sum at least one part is hidden.
    #[must_use]
    pub fn new(by_regency: impl IntoIterator<Item = (Regency, i32)>) -> Self {
        Self::hiding(by_regency, |_, count| count < SMALLEST_TOLD)
    }

    /// The same, where something else than being small hides the number of a region.
    #[must_use]
    pub fn hiding(
        by_regency: impl IntoIterator<Item = (Regency, i32)>,
        is_hidden: impl Fn(RegionCode, i32) -> bool,
    ) -> Self {
        let mut counts = BTreeMap::new();
        for (regency, count) in by_regency.into_iter().filter(|(_, count)| *count > 0) {
            let regions = std::iter::successors(Some(regency.code()), |code| code.parent());
            regions.for_each(|region| *counts.entry(region).or_default() += count);
        }
        let mut inside = BTreeMap::<_, Vec<_>>::new();
        for region in counts.keys() {
            inside.entry(region.parent()).or_default().push(*region);
        }
        let inside = inside
            .into_iter()
            .filter_map(|(region, parts)| Some((region?, parts)))
            .collect();
        let hidden = counts
            .iter()
            .filter(|(region, count)| is_hidden(**region, **count));
        let hidden = hidden.map(|(region, _)| *region).collect();
        let mut protected = Self {
            counts,
            inside,
            hidden,
        };
        protected.hide_what_gives_away();
        protected
    }

    /// What is told of a region.
    #[must_use]
    pub fn of(&self, region: RegionCode) -> CaseCount {
        if self.hidden.contains(&region) {
            CaseCount::Suppressed
        } else {
            CaseCount::Told(self.count(region))
        }
    }

    /// Whether something of the cases of a region may be told beside their number, such as a mean: only where the number is
    /// told, and those of its parts that are hidden are together no small number either.
    #[must_use]
    pub fn tells_more_of(&self, region: RegionCode) -> bool {
        let parts = self.inside.get(&region).into_iter().flatten();
        let hidden = parts.filter(|part| self.hidden.contains(part));
        let hidden: i32 = hidden.map(|part| self.count(*part)).sum();
        !self.hidden.contains(&region) && (hidden == 0 || hidden >= SMALLEST_TOLD)
    }

    /// Regions where the number is not nought, in the order of their codes.
    pub fn regions(&self) -> impl Iterator<Item = RegionCode> + use<'_> {
        self.counts.keys().copied()
    }

    fn hide_what_gives_away(&mut self) {
        // The last is looked at first: provinces before the nation, so that it hides no more than it must.
        let mut unchecked: Vec<RegionCode> = self.inside.keys().copied().collect();
        while let Some(sum) = unchecked.pop() {
            if let Some(region) = self.to_hide_in(sum) {
                self.hidden.insert(region);
                unchecked.extend(region.parent());
                unchecked.push(region);
            }
        }
    }

    /// The next number to hide so that nothing can be computed from this sum: the smallest of its parts, or the sum
    /// itself when they are all hidden and each is exactly 1.
    fn to_hide_in(&self, sum: RegionCode) -> Option<RegionCode> {
        let parts = self.inside.get(&sum)?;
        let (hidden, told): (Vec<RegionCode>, Vec<RegionCode>) =
            parts.iter().partition(|part| self.hidden.contains(part));
        let is_safe = if self.hidden.contains(&sum) {
            !hidden.is_empty()
        } else {
            hidden.is_empty() || hidden.len() > 1 && self.play(&hidden) > 0
        };
        if is_safe {
            return None;
        }
        let smallest = told.into_iter().min_by_key(|part| (self.count(*part), *part));
        Some(smallest.unwrap_or(sum))
    }

    /// By how much hidden parts exceed what a reader knows: that none is nought.
    fn play(&self, hidden: &[RegionCode]) -> i32 {
        let play_of = |region: &RegionCode| match self.inside.get(region) {
            None => self.count(*region) - 1,
            Some(parts) => {
                let hidden = parts.iter().filter(|part| self.hidden.contains(part));
                self.play(&hidden.copied().collect::<Vec<_>>())
            }
        };
        hidden.iter().map(play_of).sum()
    }

    fn count(&self, region: RegionCode) -> i32 {
        self.counts.get(&region).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests;
