//! The time of a class of personal data is over: the keys of its subjects are destroyed (UU 27/2022 Ps. 42-44).

use serasi_domain::id::CaseId;
use serasi_domain::privacy::DataClass;
use serasi_store::{Context, cases, erasure};
use serde_json::json;

use crate::auth::Permit;
use crate::error::HubError;
use crate::unit_of_work::{Act, Unit};

/// Erases the class if the case has ended, is due under the active policy and is not held; `false` = it is not so, or
/// somebody was faster.
pub(crate) struct EraseDue {
    pub(crate) case: CaseId,
    pub(crate) class: DataClass,
}

impl Act for EraseDue {
    const VERB: &'static str = "EraseDue";
    type Output = bool;

    fn context(&self, _caller: &Permit) -> Context {
        Context::WorkOnPersons
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<bool, HubError> {
        let Some(case) = cases::get_for_change(&mut unit.conn, self.case).await? else {
            return Ok(false);
        };
        let retention = unit.hub.policies.active().retention;
        let is_due =
            retention.is_some_and(|retention| case.changed_at < retention.cutoff(self.class, unit.now));
        // The lock on the case makes a hold that is being set take turns with this.
        let privacy = erasure::of_case(&mut unit.conn, self.case).await?;
        if case.state.is_open() || !is_due || privacy.hold.is_some() {
            return Ok(false);
        }
        let sealer = unit.hub.store.sealer();
        if !erasure::erase(&mut unit.conn, sealer, self.case, case.version, self.class).await? {
            return Ok(false);
        }
        let home = self.case.home();
        let payload = json!({ "class": self.class });
        unit.tell(home, self.case, case.version + 1, "case.erased", payload)
            .await?;
        unit.audit(home, self.case).await?;
        Ok(true)
    }
}
