//! ResolveDirectly: helped without a referral (P16 Ps.1 no.8).

use serasi_domain::id::{CaseId, Regency};
use serasi_domain::text::Text;
use serasi_proto::v1;
use serasi_store::cases;
use serde_json::json;

use super::open::case_for_change;
use super::owe::owe_reports;
use super::refer::write_case;
use crate::error::HubError;
use crate::sight::Eyes;
use crate::unit_of_work::{Mutation, Unit};

pub(crate) struct ResolveDirectly {
    pub(crate) case: CaseId,
    pub(crate) version: i64,
    pub(crate) resolution: Text<2000>,
}

impl Mutation for ResolveDirectly {
    const VERB: &'static str = "ResolveDirectly";
    type Response = v1::ResolveDirectlyResponse;

    fn home(&self) -> Regency {
        self.case.home()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let case = case_for_change(unit, self.case, self.version).await?;
        let old_state = case.state.clone();
        let case = write_case(unit, case.resolve_directly(unit.now)?, &old_state).await?;
        let sealer = unit.hub.store.sealer();
        cases::set_resolution(&mut unit.conn, sealer, case.id, self.resolution.as_str()).await?;
        unit.tell(
            case.id.home(),
            case.id,
            case.version,
            "case.resolved_directly",
            json!({}),
        )
        .await?;
        owe_reports(unit, &case).await?;
        unit.audit(self.case.home(), self.case).await?;
        Ok(v1::ResolveDirectlyResponse {
            case: Some(Eyes::new(unit.hub, unit.caller).case(&case)),
        })
    }
}
