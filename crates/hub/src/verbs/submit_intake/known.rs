//! A report whose source key has a case: sent again, or another one under the same key.

use serasi_domain::case::CaseState;
use serasi_domain::id::CaseId;
use serasi_domain::intake::Intake;
use serasi_proto::v1;
use serasi_store::{Kept, cases, decisions, intakes, links, offers, persons};

use super::{SubmitIntake, outcome_without_search};
use crate::auth::Field;
use crate::error::{HubError, Kind};
use crate::sight::Eyes;
use crate::unit_of_work::{Mutation, Unit};
use crate::wire::outcome_to_wire;

impl SubmitIntake {
    /// The source key has the case `id`: the same report gives that case as it stands now, another one is a conflict.
    pub(super) async fn known_already(
        &self,
        unit: &mut Unit<'_>,
        id: CaseId,
    ) -> Result<v1::SubmitIntakeResponse, HubError> {
        let gone = || HubError::Bug("a claimed source key leads nowhere");
        let differences = self.differences(unit, id).await?.ok_or_else(gone)?;
        if !differences.is_empty() {
            // Told to anybody else they would find out, guess by guess, what a masked case says.
            let differences = self.is_from_first_sender(unit, id).await?.then_some(differences);
            return Err(HubError::Exists {
                kind: Kind::Case,
                id: id.to_string(),
                differences,
            });
        }
        let case = cases::get(&mut unit.conn, id).await?.ok_or_else(gone)?;
        let eyes = Eyes::of_reporter(unit.hub, unit.caller);
        let main = links::main_of(&mut unit.conn, id).await?;
        // A report that was linked is told how the case goes that it follows.
        let told = match main {
            None => case.clone(),
            Some(main) => cases::get(&mut unit.conn, main).await?.ok_or_else(gone)?,
        };
        // Where that one is offered, and who is asked, is for those who see it.
        let may_look = main.is_none() || unit.caller.may_use(Field::MainCase, &told);
        let outcome = if let (CaseState::Offered { offer }, true) = (&told.state, may_look) {
            let offer = *offer;
            let view = offers::get(&mut unit.conn, offer).await?.ok_or_else(gone)?;
            let decision = decisions::get(&mut unit.conn, view.offer.decision).await?;
            let decision = decision.ok_or_else(gone)?.decision;
            let result = outcome_to_wire(decision.outcome) as i32;
            // Where the other report comes from is not for this one's reporter.
            let eyes = if main.is_some() {
                &Eyes::new(unit.hub, unit.caller)
            } else {
                &eyes
            };
            let explanation = eyes.seen(&told, decision).explain();
            v1::RouteOutcome {
                result,
                offer: Some(eyes.offer(&told, &view)),
                decision_id: view.offer.decision.to_string(),
                message_id: explanation.id,
                message_en: explanation.en,
            }
        } else {
            outcome_without_search(&unit.hub.policies.active(), &told)
        };
        unit.audit(id.home(), id).await?;
        if let Some(main) = main {
            unit.audit(main.home(), main).await?;
        }
        // Who has sent it may have lost the first answer; who only knows what was sent learns nothing new.
        let is_sender = intakes::is_reported_by(&mut unit.conn, id, &unit.caller.principal).await?;
        let answer = v1::SubmitIntakeResponse {
            case: Some(v1::Case {
                linked_to_case_id: main.map(|main| main.to_string()).unwrap_or_default(),
                ..eyes.case(&case)
            }),
            already_known: true,
            outcome: Some(outcome),
            public_code: String::new(),
        };
        if !is_sender {
            return Ok(answer);
        }
        self.restored(unit.hub, &mut unit.conn, answer).await
    }

    /// Whether it comes from whoever sent the report that made `case`, or from the same system.
    async fn is_from_first_sender(&self, unit: &mut Unit<'_>, case: CaseId) -> Result<bool, HubError> {
        if unit.caller.system.as_deref() == Some(self.intake.source.system_name()) {
            return Ok(true);
        }
        Ok(intakes::is_reported_by(&mut unit.conn, case, &unit.caller.principal).await?)
    }

    /// In which fields the report that made the case differs from this one. `None` = there is none.
    async fn differences(
        &self,
        unit: &mut Unit<'_>,
        case: CaseId,
    ) -> Result<Option<Vec<&'static str>>, HubError> {
        let sealer = unit.hub.store.sealer();
        let first = match intakes::first_of_case(&mut unit.conn, sealer, case).await? {
            None => return Ok(None),
            // Nobody knows any more what it said: the key alone tells that it is the same.
            Some(Kept::Erased) => return Ok(Some(vec![])),
            Some(Kept::There(first)) => first,
        };
        let kept = persons::of_case(&mut unit.conn, sealer, case).await?;
        if kept.iter().any(|kept| !kept.is_whole) {
            let sent = Intake {
                persons: first.persons.clone(),
                ..self.intake.clone()
            };
            return Ok(Some(first.differences(&sent)));
        }
        let first = Intake {
            persons: kept.into_iter().map(|kept| kept.person).collect(),
            ..first
        };
        Ok(Some(first.differences(&self.intake)))
    }
}
