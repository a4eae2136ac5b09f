//! Searches of several cases in one transaction: each sees the places that those before it are about to take.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use serasi_domain::capacity::PoolKey;
use serasi_domain::case::Case;
use serasi_domain::directory::Directory;
use serasi_domain::id::{DecisionId, FacilityId, OfferId};
use serasi_domain::need::Places;
use serasi_domain::policy::Policy;
use serasi_domain::routing::replay::DecisionInputs;
use serasi_domain::routing::{Choice, Exclusion, NotRoutable, route};
use serasi_store::capacity::{Purpose, Wanted, lock_at_hand, reserve_together};
use serasi_store::facilities::may_be_asked;
use serasi_store::offers::OfferView;
use serasi_store::{PgConnection, StoreError};
use time::OffsetDateTime;

use super::{Found, Search, seeker};
use crate::board::Snapshot;
use crate::clock::Clock;

/// What the cases of one transaction want.
pub(in crate::verbs) struct Neighbours<'a> {
    board: Snapshot,
    clock: &'a Clock,
    wanted: BTreeMap<(FacilityId, PoolKey), Wanted>,
    asked: Vec<(FacilityId, PoolKey)>,
}

/// Whether houses that somebody else has locked are waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::verbs) enum Patience {
    /// As long as the transaction waits for locks.
    Waits,
    PassesBy,
}

/// What they got.
pub(in crate::verbs) struct Held {
    taken: HashSet<(FacilityId, PoolKey)>,
    asked: HashSet<(FacilityId, PoolKey)>,
    /// Locked by somebody else.
    locked: BTreeSet<FacilityId>,
}

/// What one search got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::verbs) enum Got {
    It,
    /// Somebody else had locked the house.
    LockedOut,
    Nothing,
}

impl<'a> Neighbours<'a> {
    pub(in crate::verbs) const fn new(board: Snapshot, clock: &'a Clock) -> Self {
        Self {
            board,
            clock,
            wanted: BTreeMap::new(),
            asked: vec![],
        }
    }

    /// Decides who is asked for a case, which follows `policy`. `None` = the board proposes nobody who has room left: the
    /// case must be searched for alone, by what the database has. `asked_before` = facilities asked for the case so far.
    pub(in crate::verbs) fn search(
        &mut self,
        case: &Case,
        (policy, exclusions, asked_before): (&Arc<Policy>, &[Exclusion], i32),
        now: OffsetDateTime,
    ) -> Result<Option<Search>, NotRoutable> {
        let seeker = seeker(case, exclusions);
        let directory = Arc::clone(&self.board.directory);
        let routing = route(seeker, &directory, policy, now)?;
        let mut inputs = DecisionInputs::new(seeker, &directory);
        let with_overflow = policy.of(case.facts.urgency).uses_overflow;
        let wanted = (case.facts.need.places, with_overflow);
        inputs.passed_over = self.pass_over(wanted, &directory, &routing.choices);
        if inputs.passed_over == routing.choices.len() && !routing.choices.is_empty() {
            return Ok(None);
        }
        let lost = routing.choices.iter().take(inputs.passed_over);
        inputs.lost.extend(lost.map(|choice| choice.facility));
        let home = case.id.home();
        let found = Found {
            policy: Arc::clone(policy),
            routing,
            inputs,
            offer_id: OfferId::new(home, self.clock.new_id()),
            decision_id: DecisionId::new(home, self.clock.new_id()),
            attempt: asked_before + 1,
        };
        let position = Arc::clone(&self.board.position);
        Ok(Some(found.settle(case, now, (&directory, position))))
    }

    /// Wants the places of the first choice that has them beside what the others want; gives how many have not.
    fn pass_over(
        &mut self,
        (places, with_overflow): (Places, bool),
        directory: &Directory,
        choices: &[Choice],
    ) -> usize {
        for (position, choice) in choices.iter().enumerate() {
            let key = (choice.facility, choice.pool);
            if !choice.holds_places {
                self.asked.push(key);
                return position;
            }
            let entry = directory.entry(choice.facility);
            let pool = entry.and_then(|entry| entry.pools.iter().find(|pool| pool.key == choice.pool));
            let mut wanted = self.wanted.get(&key).copied().unwrap_or_default();
            wanted.add(places, with_overflow);
            if pool.is_some_and(|pool| wanted.fits(pool)) {
                self.wanted.insert(key, wanted);
                return position;
            }
        }
        choices.len()
    }

    /// Of whom something is wanted.
    pub(in crate::verbs) fn houses(&self) -> BTreeSet<FacilityId> {
        let asked = self.asked.iter().map(|(house, _)| *house);
        self.wanted.keys().map(|(house, _)| *house).chain(asked).collect()
    }

    /// Takes what is wanted. A pool that has not all of it is left as it is.
    pub(in crate::verbs) async fn hold(
        mut self,
        conn: &mut PgConnection,
        patience: Patience,
    ) -> Result<Held, StoreError> {
        let locked = match patience {
            Patience::Waits => BTreeSet::new(),
            Patience::PassesBy => self.pass_by_locked(conn).await?,
        };
        let wanted = self.wanted.into_iter();
        let wanted: Vec<_> = wanted
            .map(|((facility, pool), wanted)| (facility, pool, wanted))
            .collect();
        Ok(Held {
            taken: reserve_together(conn, &wanted, Purpose::Offer).await?,
            asked: may_be_asked(conn, &self.asked).await?,
            locked,
        })
    }

    /// Locks every house that nobody else has locked; wants nothing of the others, and gives them.
    async fn pass_by_locked(&mut self, conn: &mut PgConnection) -> Result<BTreeSet<FacilityId>, StoreError> {
        let mut houses = self.houses();
        for at_hand in lock_at_hand(conn, &houses.iter().copied().collect::<Vec<_>>()).await? {
            houses.remove(&at_hand);
        }
        self.wanted.retain(|(house, _), _| !houses.contains(house));
        self.asked.retain(|(house, _)| !houses.contains(house));
        Ok(houses)
    }
}

impl Held {
    pub(in crate::verbs) fn of(&self, search: &Search) -> Got {
        let Some(OfferView { offer, .. }) = &search.offer else {
            return Got::It;
        };
        let got = if offer.holds_places {
            &self.taken
        } else {
            &self.asked
        };
        if self.locked.contains(&offer.facility) {
            Got::LockedOut
        } else if got.contains(&(offer.facility, offer.pool)) {
            Got::It
        } else {
            Got::Nothing
        }
    }
}
