//! AcknowledgeReport: the dinas has the reports, by whatever way they came (P16 Ps.35(2)).

use serasi_domain::id::Regency;
use serasi_domain::registry::{Delivery, Registration};
use serasi_proto::v1;

use super::owe::write_registration;
use super::refer::deadline;
use super::report_entries::{Ended, Entry, lock, take, told};
use crate::error::HubError;
use crate::unit_of_work::{Mutation, Unit};

pub(crate) struct AcknowledgeReport {
    /// The caller's: the persons are anywhere.
    pub(crate) home: Regency,
    pub(crate) entries: Vec<Entry<()>>,
}

impl Mutation for AcknowledgeReport {
    const VERB: &'static str = "AcknowledgeReport";
    type Response = v1::AcknowledgeReportResponse;

    fn home(&self) -> Regency {
        self.home
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let mut locked = lock(unit, &self.entries).await?;
        let mut results = Vec::with_capacity(self.entries.len());
        for entry in &self.entries {
            results.push(match take(unit, &mut locked, entry).await? {
                Ok((before, ())) => {
                    let ended = acknowledge(unit, &before).await?;
                    told(entry, &before, ended)
                }
                Err(refused) => refused,
            });
        }
        Ok(v1::AcknowledgeReportResponse { results })
    }
}

async fn acknowledge(unit: &mut Unit<'_>, before: &Registration) -> Result<Ended, HubError> {
    let owed = before.standing.obligation();
    if owed.is_some_and(|owed| owed.state.delivery().is_some()) {
        return Ok(Ended::AlreadyDone);
    }
    let policy = unit.hub.policies.active();
    let place = owed.map_or(before.case.home().code(), |owed| owed.addressee.region());
    let answer_before = deadline(unit, &policy, policy.registry().propose, place);
    let delivery = Delivery {
        at: unit.now,
        by: unit.caller.principal.clone(),
    };
    match before.clone().acknowledge(delivery, answer_before) {
        Ok(person) => {
            let person = write_registration(unit, person, before, "registration.reported").await?;
            Ok(Ended::Done(person))
        }
        Err(illegal) => Ok(Ended::Illegal(illegal)),
    }
}
