//! Which persons have a key or a number: hashes in order, found in a step or two. Whoever finds somebody by chance compares
//! what was hashed later.

use std::hash::{BuildHasher, Hash, RandomState};

/// More buckets would only cost memory.
const MOST_BITS: u32 = 22;

#[derive(Default)]
pub(super) struct Finding {
    hasher: RandomState,
    entries: Vec<(u64, u32)>,
}

pub(super) struct Finder {
    hasher: RandomState,
    entries: Vec<(u64, u32)>,
    /// Where the hashes of each bucket begin; the last is the end.
    starts: Vec<u32>,
    bits: u32,
}

impl Finding {
    pub(super) fn add(&mut self, value: impl Hash, person: u32) {
        self.entries.push((self.hasher.hash_one(value), person));
    }

    pub(super) fn finish(mut self) -> Finder {
        self.entries.sort_unstable();
        self.entries.shrink_to_fit();
        let count = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        let bits = count.max(2).ilog2().min(MOST_BITS);
        let mut starts = vec![0; (1 << bits) + 1];
        let mut entries = self.entries.iter().peekable();
        let mut before = 0;
        for (bucket, start) in (0_u64..).zip(&mut starts) {
            while entries
                .next_if(|(hash, _)| hash >> (u64::BITS - bits) < bucket)
                .is_some()
            {
                before += 1;
            }
            *start = before;
        }
        Finder {
            hasher: self.hasher,
            entries: self.entries,
            starts,
            bits,
        }
    }
}

impl Finder {
    pub(super) fn persons(&self, value: impl Hash) -> impl Iterator<Item = u32> {
        let hash = self.hasher.hash_one(value);
        let bucket = usize::try_from(hash >> (u64::BITS - self.bits)).unwrap_or(usize::MAX);
        let at = |bucket: usize| {
            let start = self.starts.get(bucket).copied().unwrap_or(0);
            usize::try_from(start).unwrap_or(usize::MAX)
        };
        let entries = self.entries.get(at(bucket)..at(bucket.saturating_add(1)));
        let same = entries.unwrap_or_default().iter();
        same.filter(move |(known, _)| *known == hash)
            .map(|(_, person)| *person)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_found_by_what_they_have_and_nobody_else_is() {
        for count in [0_u32, 1, 2, 3, 1_000] {
            let mut finding = Finding::default();
            for person in 0..count {
                finding.add(format!("R-{}", person / 2), person);
            }
            let finder = finding.finish();
            for person in 0..count {
                let found: Vec<u32> = finder.persons(format!("R-{}", person / 2)).collect();
                let all = [person / 2 * 2, person / 2 * 2 + 1];
                let there: Vec<u32> = all.into_iter().filter(|person| *person < count).collect();
                assert_eq!(found, there, "{count}");
            }
            assert_eq!(finder.persons("R-nobody").count(), 0);
        }
    }
}
