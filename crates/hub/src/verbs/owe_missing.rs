//! Somebody is served and nobody was told to report them: a hub of the release before placed or helped them. They are owed
//! it from now on (P16 Ps.35(2)).

use serasi_domain::id::CaseId;
use serasi_domain::privacy::DataClass;
use serasi_domain::registry::Registration;
use serasi_store::{Context, cases, erasure, persons, registrations};

use super::owe::{owe_reports, with_followers};
use crate::auth::Permit;
use crate::error::HubError;
use crate::unit_of_work::{Act, Unit};

/// Owes what is missing; `false` = nothing is any more.
pub(crate) struct OweMissing {
    pub(crate) case: CaseId,
}

impl Act for OweMissing {
    const VERB: &'static str = "OweMissing";
    type Output = bool;

    fn context(&self, _caller: &Permit) -> Context {
        // Where somebody is at home, and whether they can be looked for, is sealed with their report.
        Context::WorkOnPersons
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<bool, HubError> {
        let found = cases::get_for_change(&mut unit.conn, self.case).await?;
        let Some(case) = found.filter(|case| case.state.is_served()) else {
            return Ok(false);
        };
        for id in with_followers(unit, case.id).await? {
            take_down(unit, id).await?;
        }
        let is_new = owe_reports(unit, &case).await?;
        if is_new {
            unit.audit(self.case.home(), self.case).await?;
        }
        Ok(is_new)
    }
}

/// Gives the people of a case the rows that its report did not bring.
async fn take_down(unit: &mut Unit<'_>, case: CaseId) -> Result<(), HubError> {
    let privacy = erasure::of_case(&mut unit.conn, case).await?;
    if privacy.erased.contains(&DataClass::Identity) {
        return Ok(());
    }
    let kept = persons::of_case(&mut unit.conn, unit.hub.store.sealer(), case).await?;
    let people: Vec<_> = kept
        .iter()
        .map(|kept| Registration::of_report(kept.id, case, &kept.known()))
        .collect();
    Ok(registrations::insert(&mut unit.conn, &people).await?)
}
