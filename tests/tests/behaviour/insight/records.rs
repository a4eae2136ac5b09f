//! Records of months that are over, written past the hub: copies of one case that nobody has been asked for, with the
//! decisions, offers and reports a test wants.

use serasi_proto::v1;
use serasi_tests::TestHub;
use serasi_tests::build::{intake, submit};
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{PgConnection, Postgres};
use uuid::Uuid;

/// Writes records into the database of a hub.
pub(super) struct Records {
    connection: PgConnection,
}

/// A case to write.
#[derive(Clone, Copy)]
pub(super) struct Reported<'a> {
    region: &'a str,
    /// `None` = not known yet.
    cluster: Option<&'a str>,
    urgency: &'a str,
    /// As PostgreSQL reads it.
    at: &'a str,
}

/// An offer of a case; it was answered, or ran out, after so many minutes.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    facility: &'a str,
    state: &'a str,
    /// As PostgreSQL reads it.
    at: &'a str,
    answered_after_minutes: i32,
    /// Some reason = declined as full, with or without places held.
    full: Option<Held>,
}

/// Whether the hub held the places.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    Yes,
    No,
}

/// A child of Kota Bandung.
pub(super) const CHILD: Reported<'static> = Reported {
    region: "32.73",
    cluster: Some("anak"),
    urgency: "regular",
    at: "2025-08-10 12:00+07",
};

/// An offer that was accepted, in the period of most tests.
pub(super) const ACCEPTED: Asked<'static> = Asked {
    facility: NOBODY,
    state: "accepted",
    at: "2025-09-02 09:00+07",
    answered_after_minutes: 10,
    full: None,
};

/// A facility that is in no directory.
pub(super) const NOBODY: &str = "3273-00000000-0000-7000-8000-000000000000";

impl<'a> Reported<'a> {
    pub(super) const fn region(self, region: &'a str) -> Self {
        Self { region, ..self }
    }

    pub(super) const fn cluster(self, cluster: Option<&'a str>) -> Self {
        Self { cluster, ..self }
    }

    pub(super) const fn urgency(self, urgency: &'a str) -> Self {
        Self { urgency, ..self }
    }

    pub(super) const fn at(self, at: &'a str) -> Self {
        Self { at, ..self }
    }
}

impl<'a> Asked<'a> {
    pub(super) const fn facility(self, facility: &'a str) -> Self {
        Self { facility, ..self }
    }

    pub(super) const fn at(self, at: &'a str) -> Self {
        Self { at, ..self }
    }

    /// What became of it, after how many minutes.
    pub(super) const fn ended(self, state: &'a str, minutes: i32) -> Self {
        Self {
            state,
            answered_after_minutes: minutes,
            ..self
        }
    }

    /// Declined as full.
    pub(super) const fn full(self, held: Held, minutes: i32) -> Self {
        Self {
            full: Some(held),
            ..self.ended("declined", minutes)
        }
    }
}

impl Records {
    /// Takes down the case that is copied; it is of today and in no period of these tests.
    pub(super) async fn of(hub: &TestHub) -> Self {
        let prototype = v1::SubmitIntakeRequest {
            route_later: true,
            ..submit(intake("prototype"))
        };
        hub.coordinator().intake.submit_intake(prototype).await.unwrap();
        let connection = hub.database.connect().await;
        Self { connection }
    }

    pub(super) async fn case(&mut self, case: Reported<'_>) -> Uuid {
        sqlx::query_scalar(
            "INSERT INTO cases (region_code, case_id, version, state, channel, urgency, cluster, source_system, source_ref,
                 facts, owner_kind, owner_reference, next_deadline, policy_version, refusals, created_at, changed_at)
             SELECT $1, gen_random_uuid(), 1, CASE WHEN $2::text IS NULL THEN 'received' ELSE 'triaged' END, channel, $3,
                 $2, source_system, gen_random_uuid()::text, facts, owner_kind, owner_reference,
                 now() + interval '1 year', policy_version, 0, $4::text::timestamptz, $4::text::timestamptz
             FROM cases WHERE source_ref = 'prototype' RETURNING case_id",
        )
        .bind(case.region)
        .bind(case.cluster)
        .bind(case.urgency)
        .bind(case.at)
        .fetch_one(&mut self.connection)
        .await
        .unwrap()
    }

    /// So many of the same.
    pub(super) async fn cases(&mut self, count: usize, case: Reported<'_>) -> Vec<Uuid> {
        let mut written = vec![];
        for _ in 0..count {
            written.push(self.case(case).await);
        }
        written
    }

    /// A search that ended in `outcome`.
    pub(super) async fn searched(&mut self, case: Uuid, outcome: &str, nearest_miss: Option<&str>) {
        self.write(
            sqlx::query(
                "INSERT INTO decisions (region_code, decision_id, case_id, decided_at, outcome, policy_version, record,
                     cluster, nearest_miss_rule)
                 SELECT region_code, gen_random_uuid(), case_id, created_at, $2, policy_version, '', cluster, $3
                 FROM cases WHERE case_id = $1",
            )
            .bind(case)
            .bind(outcome)
            .bind(nearest_miss),
        )
        .await;
    }

    pub(super) async fn offer(&mut self, case: Uuid, offer: Asked<'_>) {
        let (digits, facility) = offer.facility.split_once('-').unwrap();
        let reason = match offer.state {
            "declined" => Some(if offer.full.is_some() {
                "full"
            } else {
                "not_eligible"
            }),
            _ => None,
        };
        self.write(
            sqlx::query(
                "INSERT INTO offers (region_code, offer_id, version, state, case_id, facility_region, facility_id,
                     facility_name, attempt, places, base, cluster, sex, holds_places, tier, travel_minutes, decision_id,
                     party, documents, offered_at, expires_at, answered_at, decline_reason, withdraw_reason)
                 SELECT region_code, gen_random_uuid(), 1, $2, case_id, $3, $4::text::uuid, 'LKSA', 1, 1, 'residensial',
                     'any', 'any', $5, 'regency', 0, gen_random_uuid(), '[]', '{}', $6::text::timestamptz,
                     $6::text::timestamptz + interval '1 day',
                     $6::text::timestamptz + make_interval(mins => $7), $8,
                     CASE $2 WHEN 'withdrawn' THEN 'other' END
                 FROM cases WHERE case_id = $1",
            )
            .bind(case)
            .bind(offer.state)
            .bind(format!("{}.{}", &digits[..2], &digits[2..]))
            .bind(facility)
            .bind(offer.full == Some(Held::Yes))
            .bind(offer.at)
            .bind(offer.answered_after_minutes)
            .bind(reason),
        )
        .await;
    }

    /// The facility became active then and not when it was imported.
    pub(super) async fn active_since(&mut self, facility: &str, at: &str) {
        self.write(
            sqlx::query("UPDATE facility_log SET changed_at = $2::text::timestamptz WHERE facility_id = $1::text::uuid")
                .bind(uuid_of(facility))
                .bind(at),
        )
        .await;
    }

    /// It was suspended `from` one moment until another, and said so beforehand.
    pub(super) async fn suspended(&mut self, facility: &str, from: &str, until: &str) {
        self.write(
            sqlx::query(
                "INSERT INTO facility_log (region_code, facility_id, version, state, profile, state_reason, state_until,
                     created_at, changed_at)
                 SELECT region_code, facility_id, version + 1, 'suspended', profile, 'renovasi',
                     $3::text::timestamptz, created_at, $2::text::timestamptz
                 FROM facility_log WHERE facility_id = $1::text::uuid ORDER BY version DESC LIMIT 1",
            )
            .bind(uuid_of(facility))
            .bind(from)
            .bind(until),
        )
        .await;
    }

    /// What a pool was said to have, by whom, at each of these moments. The pool is in the log only.
    pub(super) async fn stated(&mut self, facility: &str, source: &str, moments: &[&str]) {
        for at in moments {
            self.write(
                sqlx::query(
                    "INSERT INTO capacity_log (region_code, facility_id, base, cluster, sex, version, total, occupied, held,
                         overflow, shortfall, observed_at, valid_until, source, changed_at)
                     SELECT region_code, facility_id, 'komunitas', 'any', 'any',
                         (SELECT count(*) FROM capacity_log), 9, 0, 0, 0, 0, $3::text::timestamptz,
                         $3::text::timestamptz + interval '1 day', $2, $3::text::timestamptz
                     FROM facilities WHERE facility_id = $1::text::uuid",
                )
                .bind(uuid_of(facility))
                .bind(source)
                .bind(*at),
            )
            .await;
        }
    }

    async fn write(&mut self, query: Query<'_, Postgres, PgArguments>) {
        query.execute(&mut self.connection).await.unwrap();
    }
}

fn uuid_of(id: &str) -> &str {
    id.split_once('-').unwrap().1
}
