//! One worker's part of the country: a province that nobody else uses, three facilities, and the calls that are made.

use std::time::Duration;

use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::build::facility;
use serasi_tests::status::refusal;
use serasi_tests::{Client, TestHub};
use sqlx::{Connection, PgConnection};
use tonic::Status;
use uuid::Uuid;

use crate::model::{Facility, Model, Verdict};
use crate::operation::{CaseOperation, Operation, Start};
use crate::seen::{Id, Seen};

/// What is about cases, in an order in which it can be deleted.
const TABLES: [&str; 20] = [
    "registration_log",
    "registrations",
    "case_indicators",
    "case_records",
    "case_stages",
    "case_links",
    "holds",
    "placements",
    "offers",
    "decisions",
    "case_exclusions",
    "documents",
    "public_code_index",
    "public_codes",
    "intakes",
    "persons",
    "identity_index",
    "name_index",
    "subject_keys",
    "cases",
];

/// One worker each. A report excludes all the others, and 20 regions are the most it may.
pub(crate) const PROVINCES: [&str; 16] = [
    "11", "12", "13", "14", "15", "16", "17", "18", "32", "33", "34", "35", "36", "51", "61", "71",
];
const _: () = assert!(PROVINCES.len() <= 21, "20 others can be excluded");

/// How often it is looked again for what the hub does by itself: for 20 s at most.
pub(crate) const LOOKS: u32 = 4_000;
pub(crate) const BETWEEN_LOOKS: Duration = Duration::from_millis(5);

/// What has been done so far: done, refused as predicted, nothing to do it to.
pub(crate) type Tally = [u64; 3];

pub(crate) struct World {
    pub(crate) province: &'static str,
    /// `32.01`.
    pub(crate) regency: String,
    pub(crate) facilities: [String; 3],
    pub(crate) client: Client,
    /// Signs what the other one has written.
    pub(crate) supervisor: Client,
    /// The case that another one is to follow.
    pub(crate) main: Option<Id>,
    /// One of each facility.
    pub(crate) officers: [Client; 3],
    pub(crate) connection: PgConnection,
    pub(crate) reports: u64,
    pub(crate) tally: Tally,
}

impl World {
    /// One for each worker.
    pub(crate) async fn all(hub: &TestHub) -> Vec<Self> {
        let rows = PROVINCES.iter().flat_map(|province| {
            ["A", "B", "C"].map(|name| facility(&format!("{province}-{name}"), &format!("{province}.01"), 1))
        });
        let rows: Vec<_> = rows.collect();
        let mut client = hub.coordinator();
        let rows = tokio_stream::iter(rows);
        client.facilities.import_facilities(rows).await.unwrap();
        let mut worlds = vec![];
        for province in PROVINCES {
            worlds.push(Box::pin(Self::of(hub, province)).await);
        }
        worlds
    }

    async fn of(hub: &TestHub, province: &'static str) -> Self {
        let regency = format!("{province}.01");
        let list = v1::ListFacilitiesRequest {
            region_code: regency.clone(),
            ..v1::ListFacilitiesRequest::default()
        };
        let found = hub.coordinator().facilities.list_facilities(list).await.unwrap();
        let ids: Vec<_> = found
            .into_inner()
            .facilities
            .into_iter()
            .map(|found| found.facility_id)
            .collect();
        let facilities: [String; 3] = ids.try_into().unwrap();
        // Somebody who may do everything that is done here.
        let roles = [
            Role::Coordinator,
            Role::HotlineOperator,
            Role::FacilityOfficer,
            Role::SocialWorker,
        ];
        let officer = |facility: &String| hub.with_token(Some(&hub.token(&roles, "ID", Some(facility))));
        let officers = facilities.each_ref().map(officer);
        Self {
            province,
            regency,
            facilities,
            client: officers[0].clone(),
            officers,
            supervisor: hub.client(Role::Supervisor, "ID"),
            main: None,
            connection: hub.database.connect().await,
            reports: 0,
            tally: Tally::default(),
        }
    }

    /// A clean slate: the facilities with these places, and no case.
    pub(crate) async fn start(&mut self, start: &Start) -> Model {
        let mut transaction = self.connection.begin().await.unwrap();
        // First the cases, as every verb does: who is at work on one ends it.
        let clear = TABLES.map(|table| format!("DELETE FROM {table} WHERE region_code = '{}'", self.regency));
        let script = format!(
            "SELECT 1 FROM cases WHERE region_code = '{0}' FOR UPDATE; {1};
             WITH changed AS (
                 UPDATE facilities SET state = 'active', state_reason = NULL, state_until = NULL, changed_at = now(),
                     version = version + 1
                 WHERE region_code = '{0}' RETURNING *)
             INSERT INTO facility_log (region_code, facility_id, version, state, profile, state_reason, state_until,
                 created_at, changed_at)
             SELECT region_code, facility_id, version, state, profile, state_reason, state_until, created_at, changed_at
             FROM changed",
            self.regency,
            clear.join(";")
        );
        let script = sqlx::AssertSqlSafe(script);
        sqlx::raw_sql(script).execute(&mut *transaction).await.unwrap();
        let mut facilities = vec![];
        for (id, (total, overflow)) in self.facilities.iter().zip(start) {
            let id = id_of(id);
            let state =
                "WITH changed AS (
                     UPDATE capacity_pools SET total = $2, free = $2, occupied = 0, held = 0, overflow = $3,
                         shortfall = 0, source = 'facility', observed_at = now() - interval '1 minute',
                         valid_until = now() + interval '1 day', changed_at = now(), version = version + 1
                     WHERE facility_id = $1 RETURNING *)
                 INSERT INTO capacity_log (region_code, facility_id, base, cluster, sex, version, total, occupied, held,
                     overflow, shortfall, observed_at, valid_until, source, changed_at)
                 SELECT region_code, facility_id, base, cluster, sex, version, total, occupied, held, overflow,
                     shortfall, observed_at, valid_until, source, changed_at FROM changed";
            let query = sqlx::query(state).bind(id.0).bind(total).bind(overflow);
            query.execute(&mut *transaction).await.unwrap();
            facilities.push(Facility {
                id,
                total: *total,
                occupied: 0,
                overflow: *overflow,
                shortfall: 0,
                is_active: true,
            });
        }
        transaction.commit().await.unwrap();
        Model {
            coordinators: [self.regency.clone(), self.province.to_owned(), "ID".to_owned()],
            facilities: facilities.try_into().unwrap(),
            cases: vec![],
        }
    }

    /// Does it to the hub and to the model, lets the hub do what follows by itself, and compares.
    pub(crate) async fn step(&mut self, model: &mut Model, operation: &Operation) {
        let (verdict, answer) = match operation {
            Operation::Submit {
                urgency,
                places,
                submission,
            } => {
                let case = self.submit(*urgency, *places, *submission).await;
                model.cases.push(case);
                (Verdict::Done, Ok(()))
            }
            Operation::OnCase(operation, pick) => match model.pick(*operation, *pick) {
                None => (Verdict::Idle, Ok(())),
                Some(index) => self.on_case(model, index, *operation).await,
            },
            Operation::Report {
                facility,
                total,
                occupied,
                overflow,
            } => {
                let answer = self.report(*facility, *total, *occupied, *overflow).await;
                if *occupied > *total + *overflow {
                    (Verdict::Refused("REQUEST_INVALID"), answer)
                } else {
                    model.report(*facility, *total, *occupied, *overflow);
                    (Verdict::Done, answer)
                }
            }
            Operation::Suspend { facility } => {
                let is_active = &mut model.facilities[*facility].is_active;
                (switch(is_active, false), self.suspend(*facility).await)
            }
            Operation::Resume { facility } => {
                let is_active = &mut model.facilities[*facility].is_active;
                (switch(is_active, true), self.resume(*facility).await)
            }
        };
        let answered = answer.map_err(|status| refusal(&status).1);
        match verdict {
            Verdict::Done => {
                assert_eq!(answered, Ok(()), "{operation:?}");
                self.tally[0] += 1;
            }
            Verdict::Refused(reason) => {
                assert_eq!(answered, Err(reason.to_owned()), "{operation:?}");
                self.tally[1] += 1;
            }
            Verdict::Idle => {
                self.tally[2] += 1;
                return;
            }
        }
        self.settle(model).await;
    }

    async fn on_case(
        &mut self,
        model: &mut Model,
        index: usize,
        operation: CaseOperation,
    ) -> (Verdict, Result<(), Status>) {
        let case = &model.cases[index];
        let verdict = model.verdict(index, operation);
        self.main = model.main_for(index).map(|main| main.id);
        if verdict == Verdict::Idle {
            return (verdict, Ok(()));
        }
        let answer = self.call(case, operation).await;
        if verdict == Verdict::Done && answer.is_ok() {
            model.act(index, operation);
        }
        (verdict, answer)
    }

    /// Waits until the hub has served everybody whom it can serve; then everything is as the model says.
    async fn settle(&mut self, model: &mut Model) {
        for _ in 0..LOOKS {
            let seen = Seen::look(&mut self.connection, &self.regency).await;
            model.follow(&seen);
            if model.is_settled() {
                model.must_equal(&seen);
                return;
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
        panic!("somebody waits whom a facility could take: {model:#?}");
    }
}

fn switch(is_active: &mut bool, to: bool) -> Verdict {
    if *is_active == to {
        return Verdict::Refused("FACILITY_STATE");
    }
    *is_active = to;
    Verdict::Done
}

pub(crate) fn id_of(id: &str) -> Id {
    let (_, uuid) = id.split_once('-').unwrap();
    Id(Uuid::parse_str(uuid).unwrap())
}
