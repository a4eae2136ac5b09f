//! RecordOutcome: what the dinas says has become of reports (P16 Ps.36).

use serasi_domain::deadline::local_date;
use serasi_domain::id::Regency;
use serasi_domain::registry::{ObligationState, Outcome, Registration, RegistryId};
use serasi_geography::TimeZone;
use serasi_proto::v1;
use serasi_store::registrations::{self, KeyKind};
use serasi_store::{Context, StoreError};
use time::Date;

use super::owe::write_registration;
use super::report_entries::{Ended, Entry, lock, take, told};
use crate::error::HubError;
use crate::unit_of_work::{Mutation, Unit};

/// What one entry says.
pub(crate) struct Said {
    pub(crate) outcome: Outcome,
    pub(crate) on: Date,
    /// With REGISTERED.
    pub(crate) key: Option<RegistryId>,
}

pub(crate) struct RecordOutcome {
    /// The caller's: the persons are anywhere.
    pub(crate) home: Regency,
    pub(crate) entries: Vec<Entry<Said>>,
}

impl Mutation for RecordOutcome {
    const VERB: &'static str = "RecordOutcome";
    type Response = v1::RecordOutcomeResponse;

    fn home(&self) -> Regency {
        self.home
    }

    fn context(&self) -> Context {
        // The key of a row is sealed with the key of the person.
        Context::WorkOnPersons
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        // Entries draw on many regencies: their keys are fetched before the work, not in the middle of it.
        for entry in &self.entries {
            if let Ok((person, Said { key: Some(_), .. })) = &entry.asked
                && !unit.hub.store.sealer().has_keys_of(person.home())
            {
                return Err(StoreError::KeyNeeded(person.home()).into());
            }
        }
        let mut locked = lock(unit, &self.entries).await?;
        let mut results = Vec::with_capacity(self.entries.len());
        for entry in &self.entries {
            results.push(match take(unit, &mut locked, entry).await? {
                Ok((before, said)) => {
                    let ended = record(unit, &before, said).await?;
                    told(entry, &before, ended)
                }
                Err(refused) => refused,
            });
        }
        Ok(v1::RecordOutcomeResponse { results })
    }
}

async fn record(unit: &mut Unit<'_>, before: &Registration, said: &Said) -> Result<Ended, HubError> {
    if is_recorded(unit, before, said).await? {
        return Ok(Ended::AlreadyDone);
    }
    // Today is where the day begins first.
    if said.on > local_date(unit.now, TimeZone::Wit) {
        return Ok(Ended::Invalid("outcome_date: must not be after today"));
    }
    let registry = before.standing.obligation().map(|owed| owed.registry);
    if registry.is_some_and(|registry| said.on < registry.began_on()) {
        return Ok(Ended::Invalid(
            "outcome_date: must not be before the registry began",
        ));
    }
    let person = match before.clone().outcome(said.outcome, said.on) {
        Ok(person) => person,
        Err(illegal) => return Ok(Ended::Illegal(illegal)),
    };
    if let Some(key) = &said.key {
        let sealer = unit.hub.store.sealer();
        let whose = (person.person, person.case);
        if !registrations::set_key(&mut unit.conn, sealer, whose, KeyKind::Registered, key).await? {
            return Ok(Ended::Erased);
        }
    }
    let person = write_registration(unit, person, before, "registration.outcome").await?;
    Ok(Ended::Done(person))
}

/// Whether this is what stands there: a file that is sent again is no error. Another key of the row is a correction.
async fn is_recorded(unit: &mut Unit<'_>, before: &Registration, said: &Said) -> Result<bool, StoreError> {
    let Some(owed) = before.standing.obligation() else {
        return Ok(false);
    };
    let outcome = match &owed.state {
        ObligationState::Due { .. } | ObligationState::Reported { .. } => None,
        ObligationState::Proposed { .. } => Some(Outcome::Proposed),
        ObligationState::Deliberated { .. } => Some(Outcome::Deliberated),
        ObligationState::Verified { .. } => Some(Outcome::Verified),
        ObligationState::Registered { .. } => Some(Outcome::Registered),
        ObligationState::Refused { reason, .. } => Some(Outcome::Refused(*reason)),
    };
    if outcome != Some(said.outcome) || owed.state.on() != Some(said.on) {
        return Ok(false);
    }
    let Some(key) = &said.key else { return Ok(true) };
    let known = registrations::key(&mut unit.conn, unit.hub.store.sealer(), before).await?;
    Ok(known.as_ref() == Some(key))
}
