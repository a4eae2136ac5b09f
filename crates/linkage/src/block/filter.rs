//! A bit for each key that somebody has: so small that it answers sooner than the index, which has most keys of most rows
//! not.

/// So many bits a person: each has a score of keys, and few of the others must be taken for one.
const BITS_OF_PERSON: u64 = 128;

/// Which keys may be somebody's. Those that it denies are nobody's.
pub(super) struct Filter {
    /// A power of two of them.
    words: Vec<u64>,
}

impl Filter {
    pub(super) fn for_persons(count: u32) -> Self {
        let bits = BITS_OF_PERSON * u64::from(count.max(1)).next_power_of_two();
        let words = usize::try_from(bits / u64::from(u64::BITS)).unwrap_or(usize::MAX);
        Self {
            words: vec![0; words],
        }
    }

    pub(super) fn add(&mut self, hash: u64) {
        let word = self.word_of(hash);
        if let Some(word) = self.words.get_mut(word) {
            *word |= bit_of(hash);
        }
    }

    pub(super) fn may_have(&self, hash: u64) -> bool {
        let word = self.words.get(self.word_of(hash)).copied();
        word.unwrap_or_default() & bit_of(hash) != 0
    }

    /// Only the last bits of a hash are used, which the index knows of its keys.
    fn word_of(&self, hash: u64) -> usize {
        usize::try_from(hash / u64::from(u64::BITS)).unwrap_or(usize::MAX)
            & self.words.len().saturating_sub(1)
    }
}

const fn bit_of(hash: u64) -> u64 {
    1 << (hash % u64::BITS as u64)
}
