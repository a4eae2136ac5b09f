//! Gathers what comes in while others are under way, so that many share one transaction. Who comes alone goes at once.
//!
//! It decides who goes together and when; what is done with a group, it does not know.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

/// Entries of one group.
pub(crate) const MAX_ENTRIES: usize = 128;
/// Bytes of one group's requests.
const MAX_BYTES: usize = 4 << 20;
/// Groups under way at the same time; each has a connection to the database. With one, the database waits while the hub
/// searches; with three, groups are small and stand in each other's way.
const MAX_GROUPS: usize = 2;
/// How long an entry waits for company while another group is under way and one more may be.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_millis(2);

/// Entries that wait, and how many groups are under way.
#[derive(Debug)]
pub(crate) struct Gathering<T>(Mutex<State<T>>);

#[derive(Debug)]
struct State<T> {
    /// With the size of each request in bytes.
    waiting: VecDeque<(T, usize)>,
    bytes: usize,
    under_way: usize,
}

/// What an entry that has joined is to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Joined<T> {
    /// It goes now, with these.
    Goes(Vec<T>),
    /// It is the first to wait: after `LONGEST_WAIT` it is `overdue`.
    Waits,
    /// Somebody else sees to it.
    IsSeenTo,
}

impl<T> Default for Gathering<T> {
    fn default() -> Self {
        Self(Mutex::new(State {
            waiting: VecDeque::new(),
            bytes: 0,
            under_way: 0,
        }))
    }
}

impl<T> Gathering<T> {
    /// Adds an entry whose request has so many bytes.
    pub(crate) fn join(&self, entry: T, bytes: usize) -> Joined<T> {
        let mut state = self.lock();
        state.waiting.push_back((entry, bytes));
        state.bytes += bytes;
        let is_full = state.waiting.len() >= MAX_ENTRIES || state.bytes >= MAX_BYTES;
        if state.under_way == 0 || is_full {
            return match state.start() {
                Some(group) => Joined::Goes(group),
                None => Joined::IsSeenTo,
            };
        }
        if state.waiting.len() == 1 {
            Joined::Waits
        } else {
            Joined::IsSeenTo
        }
    }

    /// Who has waited long enough, if another group may start.
    pub(crate) fn overdue(&self) -> Option<Vec<T>> {
        self.lock().start()
    }

    /// A group has ended; gives the next.
    pub(crate) fn ended(&self) -> Option<Vec<T>> {
        let mut state = self.lock();
        state.under_way = state.under_way.saturating_sub(1);
        state.start()
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.0.lock().expect("nobody panics while holding this lock")
    }
}

impl<T> State<T> {
    fn start(&mut self) -> Option<Vec<T>> {
        if self.waiting.is_empty() || self.under_way >= MAX_GROUPS {
            return None;
        }
        self.under_way += 1;
        let (mut group, mut taken) = (vec![], 0);
        while group.len() < MAX_ENTRIES
            && let Some((entry, bytes)) = self
                .waiting
                .pop_front_if(|(_, bytes)| taken == 0 || taken + *bytes <= MAX_BYTES)
        {
            taken += bytes;
            self.bytes -= bytes;
            group.push(entry);
        }
        Some(group)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_alone_goes_at_once_and_who_comes_meanwhile_goes_together() {
        let gathering = Gathering::default();
        assert_eq!(gathering.join(1, 10), Joined::Goes(vec![1]));
        assert_eq!(gathering.join(2, 10), Joined::Waits);
        assert_eq!(gathering.join(3, 10), Joined::IsSeenTo);
        assert_eq!(gathering.ended(), Some(vec![2, 3]));
        assert_eq!(gathering.ended(), None);
        assert_eq!(gathering.join(4, 10), Joined::Goes(vec![4]));
    }

    #[test]
    fn who_has_waited_long_enough_goes_beside_the_others_but_not_beside_too_many() {
        let gathering = Gathering::default();
        for number in 0..MAX_GROUPS {
            gathering.join(number, 10);
            let goes = if number == 0 { None } else { Some(vec![number]) };
            assert_eq!(gathering.overdue(), goes);
        }
        assert_eq!(gathering.join(9, 10), Joined::Waits);
        assert_eq!(gathering.overdue(), None);
        assert_eq!(gathering.ended(), Some(vec![9]));
    }

    #[test]
    fn a_group_is_bounded_in_entries_and_in_bytes() {
        let gathering = Gathering::default();
        gathering.join(0, 10);
        for number in 1..MAX_ENTRIES {
            assert!(!matches!(gathering.join(number, 10), Joined::Goes(_)));
        }
        let Joined::Goes(full) = gathering.join(MAX_ENTRIES, 10) else {
            panic!("a full group does not wait");
        };
        assert_eq!(full.len(), MAX_ENTRIES);
        assert_eq!(gathering.ended(), None);
        assert_eq!(gathering.join(1, MAX_BYTES - 1), Joined::Waits);
        let Joined::Goes(large) = gathering.join(2, 10) else {
            panic!("a large group does not wait");
        };
        assert_eq!(large, [1]);
        assert_eq!(gathering.ended(), Some(vec![2]), "what did not fit goes next");
    }
}
