//! UndoMatch: the row was not this person. What was owed goes on, and the history stays.

use serasi_domain::id::{PersonId, Regency};
use serasi_domain::registry::UndoReason;
use serasi_proto::v1;
use serasi_store::Context;

use super::owe::{owed_now, write_step};
use super::review_match::{person_for_change, reject_grounds};
use crate::error::HubError;
use crate::unit_of_work::{Mutation, Unit};
use crate::wire::registration_to_wire;

pub(crate) struct UndoMatch {
    pub(crate) person: PersonId,
    pub(crate) reason: UndoReason,
}

impl Mutation for UndoMatch {
    const VERB: &'static str = "UndoMatch";
    type Response = v1::UndoMatchResponse;

    fn home(&self) -> Regency {
        self.person.home()
    }

    fn context(&self) -> Context {
        Context::WorkOnPersons
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let before = person_for_change(unit, self.person).await?;
        let next = before.clone().undo(owed_now(unit, &before))?;
        reject_grounds(unit, &before).await?;
        let next = write_step(unit, next, &before, ("registration.undone", Some(self.reason))).await?;
        unit.audit(self.person.home(), self.person).await?;
        Ok(v1::UndoMatchResponse {
            registration: Some(registration_to_wire(&next, unit.now)),
        })
    }
}
