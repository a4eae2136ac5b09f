//! Counts who would leave, before anybody does.

use std::sync::Arc;

use serasi_domain::id::PersonId;
use serasi_domain::registry::{Reconciliation, Registration, Standing};
use serasi_store::{reconciliations, registrations};

use crate::error::HubError;
use crate::reconciliation::Ranked;
use crate::unit_of_work::{Act, Unit};

const PERSONS_AT_ONCE: i64 = 2_000;

/// The next persons of a run.
pub(crate) struct CountLeavers {
    pub(crate) run: Reconciliation,
    pub(crate) ranked: Arc<Ranked>,
    pub(crate) last: Option<PersonId>,
}

pub(crate) struct Leavers {
    /// Stand in an earlier edition.
    pub(crate) matched: u64,
    /// Of these: no row of this one may be them.
    pub(crate) leaving: u64,
    /// Who was looked at last; `None` = nobody was left.
    pub(crate) last: Option<PersonId>,
}

impl Act for CountLeavers {
    const VERB: &'static str = "Reconcile";
    type Output = Leavers;

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Leavers, HubError> {
        let sought = reconciliations::sought(&mut unit.conn, &self.run, self.last, PERSONS_AT_ONCE).await?;
        let persons = registrations::get_many(&mut unit.conn, &sought.persons).await?;
        let matched = persons.iter().filter(|person| self.was_matched(person));
        let mut count = Leavers {
            matched: 0,
            leaving: 0,
            last: sought.last,
        };
        for person in matched {
            count.matched += 1;
            count.leaving += u64::from(!self.ranked.may_be_there(person.person));
        }
        Ok(count)
    }
}

impl CountLeavers {
    fn was_matched(&self, person: &Registration) -> bool {
        match &person.standing {
            Standing::Matched { found, .. } => self.run.edition.is_later_than(found.edition),
            Standing::Unchecked
            | Standing::Ambiguous { .. }
            | Standing::NotFound { .. }
            | Standing::NoIdentity { .. } => false,
        }
    }
}
