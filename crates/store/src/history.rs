//! The directory through a period: as it was before, and what each later snapshot saw more.
//!
//! Snapshots of one database are nested: a later one sees all that an earlier one saw. So whoever goes through them in
//! their order only ever goes forward.

use std::collections::VecDeque;

use serasi_domain::answers::AnswerRecord;
use serasi_domain::capacity::Pool;
use serasi_domain::directory::Changes;
use serasi_domain::facility::Facility;
use serasi_domain::id::FacilityId;
use serasi_geography::Place;
use sqlx::PgConnection;

use crate::StoreError;
use crate::directory::{self, log};

/// What a snapshot of the database could see, read from its text `xmin:xmax:in,progress`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Horizon {
    /// Everything before had ended.
    first_running: i64,
    /// Nothing from here on had begun.
    end: i64,
    running: Vec<i64>,
}

/// One entry of the change log.
#[derive(Clone, Debug)]
pub(crate) struct Logged {
    pub(crate) xid: i64,
    pub(crate) change: Change,
}

#[derive(Clone, Debug)]
pub(crate) enum Change {
    Facility(Box<(Facility, Place)>),
    Pool(FacilityId, Pool),
    Answers(FacilityId, AnswerRecord),
}

/// Entries of the log that have not been seen yet, in the order of their transactions.
#[derive(Debug)]
pub struct History {
    unseen: VecDeque<Logged>,
}

impl Horizon {
    /// `None` = no snapshot's text.
    #[must_use]
    pub fn parse(snapshot: &str) -> Option<Self> {
        let mut parts = snapshot.split(':');
        let mut number = || parts.next()?.parse().ok();
        let (first_running, end) = (number()?, number()?);
        let running = parts.next()?.split(',').filter(|xid| !xid.is_empty());
        Some(Self {
            first_running,
            end,
            running: running.map(|xid| xid.parse().ok()).collect::<Option<_>>()?,
        })
    }

    fn sees(&self, xid: i64) -> bool {
        xid < self.first_running || xid < self.end && !self.running.contains(&xid)
    }

    /// Orders snapshots of one database by time.
    #[must_use]
    pub fn order(&self) -> (i64, std::cmp::Reverse<usize>) {
        (self.end, std::cmp::Reverse(self.running.len()))
    }
}

impl History {
    /// The directory before all of `horizons`, and what they saw more; `None` = more than `limit` entries.
    pub async fn read(
        conn: &mut PgConnection,
        horizons: &[Horizon],
        limit: usize,
    ) -> Result<Option<(Changes, Self)>, StoreError> {
        let first = horizons
            .iter()
            .map(|horizon| horizon.first_running)
            .min()
            .unwrap_or(1);
        let end = horizons.iter().map(|horizon| horizon.end).max().unwrap_or(first);
        let before = directory::read_at(conn, &format!("{first}:{first}:")).await?;
        let Some(mut unseen) = log::between(conn, first, end, limit).await? else {
            return Ok(None);
        };
        unseen.sort_by_key(|logged| logged.xid);
        let unseen = unseen.into();
        Ok(Some((before, Self { unseen })))
    }

    /// What `horizon` sees that the ones before did not.
    pub fn advance_to(&mut self, horizon: &Horizon) -> Changes {
        let mut changes = Changes::default();
        let mut running = VecDeque::new();
        while let Some(logged) = self.unseen.pop_front_if(|logged| logged.xid < horizon.end) {
            if horizon.sees(logged.xid) {
                logged.change.add_to(&mut changes);
            } else {
                running.push_back(logged);
            }
        }
        while let Some(logged) = running.pop_back() {
            self.unseen.push_front(logged);
        }
        changes
    }
}

impl Change {
    fn add_to(self, changes: &mut Changes) {
        match self {
            Self::Facility(facility) => changes.facilities.push(*facility),
            Self::Pool(facility, pool) => changes.pools.push((facility, pool)),
            Self::Answers(facility, answers) => changes.answers.push((facility, answers)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_horizon_sees_what_had_ended_and_nothing_that_ran() {
        let horizon = Horizon::parse("10:15:10,12").unwrap();
        let seen: Vec<i64> = (8..18).filter(|xid| horizon.sees(*xid)).collect();
        assert_eq!(seen, [8, 9, 11, 13, 14]);
        assert_eq!(
            Horizon::parse("10:10:"),
            Some(Horizon {
                first_running: 10,
                end: 10,
                running: vec![]
            })
        );
        assert_eq!(Horizon::parse("10:x:"), None);
        assert_eq!(Horizon::parse("10"), None);
    }

    #[test]
    fn later_snapshots_come_later_in_order() {
        let mut all: Vec<_> = ["12:20:12,15", "10:20:10,12,15", "10:14:10,12", "20:20:"]
            .map(|text| Horizon::parse(text).unwrap())
            .into();
        all.sort_by_key(Horizon::order);
        let ends: Vec<_> = all
            .iter()
            .map(|horizon| (horizon.end, horizon.running.len()))
            .collect();
        assert_eq!(ends, [(14, 2), (20, 3), (20, 2), (20, 0)]);
    }
}
