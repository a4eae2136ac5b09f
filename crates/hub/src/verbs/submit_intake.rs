//! SubmitIntake: a report becomes a case, durably and once, and somebody is asked in the same transaction.
//!
//! Reports that come in together are taken down together (`together`); one that cannot be, comes here alone.

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
use serasi_store::events::Event;
use serasi_store::intakes::{NewReport, SealedReports};
use serasi_store::persons::NewPerson;
use serasi_store::source_keys::{self, Claim, Subject};
use serasi_store::{Context, PgConnection, StoreError, cases, events, intakes, public_codes, registrations};
use serde_json::json;
use time::OffsetDateTime;

use super::refer::{ends, finish, not_routed, not_routed_without};
use super::search::{Search, search, write_all, write_holds};
use crate::auth::Permit;
use crate::clock::Clock;
use crate::error::HubError;
use crate::hub::Hub;
use crate::search_terms;
use crate::sight::Eyes;
use crate::unit_of_work::{Mutation, Unit};

mod known;
pub(crate) mod together;

#[derive(Debug)]
pub(crate) struct SubmitIntake {
    pub(crate) intake: Intake,
    pub(crate) home: Regency,
    pub(crate) route_later: bool,
}

/// A report that is sealed: what takes time, and may have to wait for a key, is done before a transaction opens.
#[derive(Clone, Debug)]
struct Draft {
    id: CaseId,
    code: PublicCode,
    sealed: SealedReports,
    /// Where its persons stand in the registry: nobody has looked.
    registrations: Vec<Registration>,
}

/// A report that is a case now. Its places are held, or will be before it is committed.
struct Taken {
    case: Case,
    /// `None` = it is not routed now.
    search: Option<Search>,
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
        if let Some((home, id)) =
            source_keys::find(&mut unit.conn, Subject::Case, &self.intake.source).await?
        {
            return self.known_already(unit, CaseId::new(home, id)).await;
        }
        let draft = self.draft(unit.hub, unit.caller)?;
        let policy = unit.hub.policies.active();
        let case = self.new_case(draft.id, &policy, unit.now);
        let taken = if self.is_routed(&case, &policy) {
            let search = search(unit, &case, &[], 0).await?;
            Taken {
                case: search.apply(case, unit.now),
                search: Some(search),
            }
        } else {
            Taken { case, search: None }
        };
        // After the places: while it waits for a house its key is free, and whoever sends it again waits for no key.
        let claim = self.claim(draft.id);
        if source_keys::claim(&mut unit.conn, Subject::Case, &[claim])
            .await?
            .is_empty()
        {
            // Somebody has committed it since the look.
            return Err(HubError::Raced);
        }
        write(&mut unit.conn, &[&taken], &draft.sealed, &draft.registrations).await?;
        if let Some(search) = &taken.search {
            write_holds(&mut unit.conn, &[search]).await?;
        }
        events::append(&mut unit.conn, &taken.events(&unit.hub.clock)).await?;
        unit.audit(self.home, taken.case.id).await?;
        Ok(taken.answer(unit.hub, unit.caller, &policy, draft.code))
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
    const fn claim(&self, id: CaseId) -> Claim<'_> {
        Claim {
            key: &self.intake.source,
            home: self.home,
            id: id.uuid(),
        }
    }

    fn draft(&self, hub: &Hub, caller: &Permit) -> Result<Draft, StoreError> {
        let (home, clock) = (self.home, &hub.clock);
        let id = CaseId::new(home, clock.new_id());
        let code = PublicCode::of_random(rand::random());
        // Only the year of a guessed age is counted from it.
        let day = clock.now();
        let persons = self.intake.persons.iter().map(|person| NewPerson {
            id: PersonId::new(home, clock.new_id()),
            person,
            terms: search_terms::of(person, day),
        });
        let persons: Vec<_> = persons.collect();
        let of_report = |new: &NewPerson<'_>| Registration::of_report(new.id, id, new.person);
        let registrations = persons.iter().map(of_report).collect();
        let documents = self.intake.documents.iter().map(|reference| NewDocument {
            id: DocumentId::new(home, clock.new_id()),
            kind: DocumentKind::of_sender(reference.kind.as_str()),
            reference,
        });
        let report = NewReport {
            case: id,
            id: IntakeId::new(home, clock.new_id()),
            intake: &self.intake,
            persons: &persons,
            documents: &documents.collect::<Vec<_>>(),
            code,
            from: &caller.principal,
        };
        let sealed = SealedReports::of(hub.store.sealer(), &report)?;
        Ok(Draft {
            id,
            code,
            sealed,
            registrations,
        })
    }

    /// Whether somebody is looked for at once.
    fn is_routed(&self, case: &Case, policy: &Policy) -> bool {
        !self.route_later && case.state == CaseState::Triaged && policy.missing(&case.facts).is_none()
    }

    fn new_case(&self, id: CaseId, policy: &Policy, now: OffsetDateTime) -> Case {
        let intake = &self.intake;
        let zone = atlas()
            .region(intake.place)
            .map_or(TimeZone::Wib, |region| region.time_zone);
        let today = local_date(now, zone);
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
        let before = finish(policy, &facts, now);
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
            next_deadline: Some(ends(policy, coordinate, facts.place, now).min(before)),
            facts,
            policy_version: policy.version.clone(),
            refusals: 0,
            escalations: 0,
            is_frozen: false,
            episode: Episode {
                number: 1,
                began_at: now,
            },
            finish: Some(Finish {
                before,
                has_rung: false,
            }),
            created_at: now,
            changed_at: now,
        }
    }
}

impl Taken {
    /// What is told of it, in order.
    fn events(&self, clock: &Clock) -> Vec<Event> {
        let case = &self.case;
        if let Some(search) = &self.search {
            return search.events(case, clock);
        }
        let is_triaged = case.state == CaseState::Triaged;
        vec![Event {
            id: clock.new_id(),
            home: case.id.home(),
            subject_id: case.id.to_string(),
            subject_version: case.version,
            kind: if is_triaged {
                "case.triaged"
            } else {
                "case.received"
            },
            payload: json!({}),
        }]
    }

    fn answer(
        &self,
        hub: &Hub,
        caller: &Permit,
        policy: &Policy,
        code: PublicCode,
    ) -> v1::SubmitIntakeResponse {
        let eyes = Eyes::of_reporter(hub, caller);
        let outcome = match &self.search {
            Some(search) => search.outcome(&self.case, &eyes),
            None => outcome_without_search(policy, &self.case),
        };
        v1::SubmitIntakeResponse {
            case: Some(eyes.case(&self.case)),
            already_known: false,
            outcome: Some(outcome),
            public_code: code.to_string(),
        }
    }
}

/// The case rows, the reports as they were sent with the persons in them, and what the searches found. Whose the places
/// are is written apart.
async fn write(
    conn: &mut PgConnection,
    taken: &[&Taken],
    reports: &SealedReports,
    registrations: &[Registration],
) -> Result<(), HubError> {
    let rows: Vec<_> = taken.iter().map(|taken| &taken.case).collect();
    cases::insert(conn, &rows).await?;
    intakes::insert(conn, reports).await?;
    if !registrations.is_empty() {
        registrations::insert(conn, registrations).await?;
    }
    let searches = taken
        .iter()
        .filter_map(|taken| Some((&taken.case, taken.search.as_ref()?)));
    let searches: Vec<_> = searches.collect();
    if !searches.is_empty() {
        write_all(conn, &searches).await?;
    }
    Ok(())
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
