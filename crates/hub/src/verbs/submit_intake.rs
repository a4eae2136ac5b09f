//! SubmitIntake: a report becomes a case, durably and once, and somebody is asked in the same transaction.

use prost::Message;
use serasi_domain::case::{Case, CaseFacts, CaseState, Episode, Finish, Owner};
use serasi_domain::cluster::derive_cluster;
use serasi_domain::deadline::local_date;
use serasi_domain::document::DocumentKind;
use serasi_domain::id::{CaseId, DocumentId, IntakeId, PersonId, Regency};
use serasi_domain::intake::Intake;
use serasi_domain::person::PartyMember;
use serasi_domain::policy::Policy;
use serasi_domain::public_code::PublicCode;
use serasi_domain::registry::Registration;
use serasi_geography::{TimeZone, atlas};
use serasi_proto::v1;
use serasi_store::documents::NewDocument;
use serasi_store::persons::NewPerson;
use serasi_store::source_keys::{self, Subject};
use serasi_store::{
    Context, Kept, PgConnection, cases, decisions, documents, intakes, links, offers, persons, public_codes,
    registrations,
};
use serde_json::json;

use super::refer::{deadline, finish, not_routed, not_routed_without};
use super::search::search;
use crate::auth::Field;
use crate::error::{HubError, Kind};
use crate::hub::Hub;
use crate::search_terms;
use crate::sight::Eyes;
use crate::unit_of_work::{Mutation, Unit};
use crate::wire::outcome_to_wire;

pub(crate) struct SubmitIntake {
    pub(crate) intake: Intake,
    pub(crate) home: Regency,
    pub(crate) route_later: bool,
}

impl Mutation for SubmitIntake {
    const VERB: &'static str = "SubmitIntake";
    type Response = v1::SubmitIntakeResponse;

    fn home(&self) -> Regency {
        self.home
    }

    /// The same key again is compared with the report that came first.
    fn context(&self) -> Context {
        Context::WorkOnPersons
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let id = CaseId::new(self.home, unit.new_id());
        let key = &self.intake.source;
        if !source_keys::claim(&mut unit.conn, Subject::Case, key, self.home, id.uuid()).await? {
            return self.known_already(unit).await;
        }
        let policy = unit.hub.policies.active();
        let case = self.new_case(unit, id, &policy);
        let may_route = case.state == CaseState::Triaged && policy.missing(&case.facts).is_none();
        let eyes = Eyes::of_reporter(unit.hub, unit.caller);
        let (case, outcome) = if may_route && !self.route_later {
            let search = search(unit, &case, &[], 0).await?;
            let case = search.apply(unit, case);
            self.write(unit, &case).await?;
            let referral = search.write(unit, case).await?;
            let outcome = referral.outcome(&eyes);
            (referral.case, outcome)
        } else {
            self.write(unit, &case).await?;
            let kind = if case.state == CaseState::Triaged {
                "case.triaged"
            } else {
                "case.received"
            };
            unit.tell(self.home, case.id, case.version, kind, json!({}))
                .await?;
            let outcome = outcome_without_search(&policy, &case);
            (case, outcome)
        };
        unit.audit(self.home, case.id).await?;
        let code = PublicCode::of_random(rand::random());
        public_codes::insert(&mut unit.conn, unit.hub.store.sealer(), case.id, code).await?;
        Ok(v1::SubmitIntakeResponse {
            case: Some(eyes.case(&case)),
            already_known: false,
            outcome: Some(outcome),
            public_code: code.to_string(),
        })
    }

    fn kept(response: &Self::Response) -> Vec<u8> {
        let kept = v1::SubmitIntakeResponse {
            public_code: String::new(),
            ..response.clone()
        };
        kept.encode_to_vec()
    }

    async fn restored(
        &self,
        hub: &Hub,
        conn: &mut PgConnection,
        kept: Self::Response,
    ) -> Result<Self::Response, HubError> {
        let case = kept.case.as_ref().and_then(|case| case.case_id.parse().ok());
        let case = case.ok_or(HubError::Bug("a remembered response names no case"))?;
        let code = public_codes::of_case(conn, hub.store.sealer(), case).await?;
        Ok(v1::SubmitIntakeResponse {
            public_code: code.map(|code| code.to_string()).unwrap_or_default(),
            ..kept
        })
    }
}

impl SubmitIntake {
    fn new_case(&self, unit: &Unit<'_>, id: CaseId, policy: &Policy) -> Case {
        let intake = &self.intake;
        let zone = atlas()
            .region(intake.place)
            .map_or(TimeZone::Wib, |region| region.time_zone);
        let today = local_date(unit.now, zone);
        let party: Vec<PartyMember> = intake
            .persons
            .iter()
            .map(|person| person.as_party_member(today))
            .collect();
        let cluster = intake.cluster.or_else(|| {
            intake
                .ppks_category
                .and_then(|code| derive_cluster(code.category(), &party))
        });
        let facts = CaseFacts {
            cluster,
            ppks_category: intake.ppks_category,
            urgency: intake.urgency,
            target: intake.target,
            criteria: intake.criteria.clone(),
            need: intake.need.clone(),
            place: intake.place,
            party,
            kept_masked: None,
        };
        let coordinate = policy.of(intake.urgency).coordinate;
        let before = finish(policy, &facts, unit.now);
        Case {
            id,
            version: 1,
            state: if facts.cluster.is_some() {
                CaseState::Triaged
            } else {
                CaseState::Received
            },
            channel: intake.channel,
            source: intake.source.clone(),
            owner: Owner::Coordinator(self.home.code()),
            next_deadline: Some(deadline(unit, policy, coordinate, facts.place).min(before)),
            facts,
            policy_version: policy.version.clone(),
            refusals: 0,
            escalations: 0,
            is_frozen: false,
            episode: Episode {
                number: 1,
                began_at: unit.now,
            },
            finish: Some(Finish {
                before,
                has_rung: false,
            }),
            created_at: unit.now,
            changed_at: unit.now,
        }
    }

    /// The case row, the report as it was sent, the persons in it.
    async fn write(&self, unit: &mut Unit<'_>, case: &Case) -> Result<(), HubError> {
        cases::insert(&mut unit.conn, case).await?;
        let intake_id = IntakeId::new(self.home, unit.new_id());
        let sealer = unit.hub.store.sealer();
        let received = (&self.intake, unit.now, unit.caller.principal.as_str());
        intakes::insert(&mut unit.conn, sealer, intake_id, case.id, received).await?;
        if !self.intake.persons.is_empty() {
            let persons: Vec<_> = self
                .intake
                .persons
                .iter()
                .map(|person| NewPerson {
                    id: PersonId::new(self.home, unit.new_id()),
                    person,
                    terms: search_terms::of(person, unit.now),
                })
                .collect();
            persons::insert(&mut unit.conn, sealer, case.id, &persons).await?;
            let of_report = |new: &NewPerson<'_>| Registration::of_report(new.id, case.id, new.person);
            let registrations: Vec<_> = persons.iter().map(of_report).collect();
            registrations::insert(&mut unit.conn, case.id, &registrations).await?;
        }
        let documents: Vec<_> = self
            .intake
            .documents
            .iter()
            .map(|reference| NewDocument {
                id: DocumentId::new(self.home, unit.new_id()),
                kind: DocumentKind::of_sender(reference.kind.as_str()),
                reference,
            })
            .collect();
        let by = &unit.caller.principal;
        documents::add(&mut unit.conn, sealer, case.id, &documents, by).await?;
        Ok(())
    }

    /// The source key has a case: the same report gives that case as it stands now, another one is a conflict.
    async fn known_already(&self, unit: &mut Unit<'_>) -> Result<v1::SubmitIntakeResponse, HubError> {
        let gone = || HubError::Bug("a claimed source key leads nowhere");
        let key = &self.intake.source;
        let (home, uuid) = source_keys::find(&mut unit.conn, Subject::Case, key)
            .await?
            .ok_or_else(gone)?;
        let id = CaseId::new(home, uuid);
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

/// What to tell a caller about a case for which nobody is being asked by this call.
fn outcome_without_search(policy: &Policy, case: &Case) -> v1::RouteOutcome {
    let missing = policy
        .missing(&case.facts)
        .filter(|_| case.state == CaseState::Triaged);
    if let Some(missing) = missing {
        return not_routed_without(&missing);
    }
    let mut outcome = match case.state {
        CaseState::Received => not_routed(
            "Laporan tercatat. Kluster belum diketahui; koordinator akan melakukan triase.",
            "The report is taken down. The cluster is not known yet; the coordinator will triage it.",
        ),
        CaseState::Triaged => not_routed(
            "Laporan tercatat. Belum ada lembaga yang dimintai jawaban.",
            "The report is taken down. Nobody has been asked yet.",
        ),
        CaseState::Offered { .. } => not_routed(
            "Kasus ini sudah tercatat dan menunggu jawaban lembaga.",
            "This case is known and waits for the answer of a facility.",
        ),
        CaseState::Waiting { .. } => not_routed(
            "Kasus ini sudah tercatat dan menunggu tempat kosong.",
            "This case is known and waits for a free place.",
        ),
        CaseState::NoCandidate { .. } => not_routed(
            "Kasus ini sudah tercatat dan ditangani koordinator.",
            "This case is known and the coordinator is working on it.",
        ),
        CaseState::Placed { .. } | CaseState::InService { .. } | CaseState::Aftercare { .. } => not_routed(
            "Kasus ini sudah diterima oleh lembaga.",
            "This case has been accepted by a facility.",
        ),
        CaseState::Closed { .. } | CaseState::ResolvedDirectly { .. } => {
            not_routed("Kasus ini sudah selesai.", "This case has ended.")
        }
    };
    let result = match case.state {
        CaseState::Waiting { .. } => v1::RouteResult::Waiting,
        CaseState::NoCandidate { .. } => v1::RouteResult::NoCandidate,
        CaseState::Offered { .. } => v1::RouteResult::Offered,
        CaseState::Received
        | CaseState::Triaged
        | CaseState::Placed { .. }
        | CaseState::InService { .. }
        | CaseState::Aftercare { .. }
        | CaseState::Closed { .. }
        | CaseState::ResolvedDirectly { .. } => v1::RouteResult::NotRouted,
    };
    outcome.result = result as i32;
    outcome
}
