//! Who is served and stands in no registry is owed a report, and somebody answers for it until it is met (P16 Ps.35-36).

#[path = "registry/command.rs"]
mod command;
#[path = "registry/follow_up.rs"]
mod follow_up;
#[path = "registry/missing.rs"]
mod missing;
#[path = "registry/outcomes.rs"]
mod outcomes;
#[path = "registry/papers.rs"]
mod papers;
#[path = "registry/reconcile.rs"]
mod reconcile;
#[path = "registry/reports.rs"]
mod reports;

use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::build::{intake, request_id, submit};
use serasi_tests::{Client, TestHub};

use crate::scene::case;

const NIK: &str = "3374014107900001";
const NAME: &str = "Cempaka Contohwati";

/// Somebody whose papers are known, at home in Semarang.
fn at_home_elsewhere() -> v1::Person {
    v1::Person {
        nik: NIK.to_owned(),
        name: NAME.to_owned(),
        birth_date: "2014-07-01".to_owned(),
        sex: v1::Sex::Female as i32,
        domicile_region_code: "33.74.01.1001".to_owned(),
        address: "Jl. Contoh 7".to_owned(),
        mother_name: "Dahlia Contohwati".to_owned(),
        ..v1::Person::default()
    }
}

/// Reports a case in Kota Bandung with these people, and has the facility take it. Gives the ids of the people.
async fn placed(hub: &TestHub, reference: &str, persons: Vec<v1::Person>) -> Vec<String> {
    let mut client = hub.coordinator();
    let report = v1::Intake {
        persons,
        ..intake(reference)
    };
    let answer = client.intake.submit_intake(submit(report)).await.unwrap();
    let offer = answer.into_inner().outcome.unwrap().offer.unwrap();
    accept(hub, &offer).await;
    people(&mut client, &offer.case_id).await
}

async fn accept(hub: &TestHub, offer: &v1::Offer) {
    let request = v1::AcceptOfferRequest {
        request_id: request_id(),
        offer_id: offer.offer_id.clone(),
        capacity: None,
    };
    let mut officer = hub.officer(&offer.facility_id);
    officer.referral.accept_offer(request).await.unwrap();
}

async fn people(client: &mut Client, case_id: &str) -> Vec<String> {
    let persons = case(client, case_id).await.persons;
    persons.into_iter().map(|person| person.person_id).collect()
}

/// Where somebody stands, as their coordinator sees it.
async fn registration(hub: &TestHub, person_id: &str) -> v1::Registration {
    let request = v1::GetRegistrationRequest {
        person_id: person_id.to_owned(),
    };
    let mut client = hub.coordinator();
    let answer = client.registry.get_registration(request).await.unwrap();
    answer.into_inner().registration.unwrap()
}

async fn obligation(hub: &TestHub, person_id: &str) -> v1::Obligation {
    registration(hub, person_id).await.obligation.unwrap()
}

fn dinas(hub: &TestHub, scope: &str) -> Client {
    hub.client(Role::DinasOfficer, scope)
}

async fn listed(client: &mut Client) -> Vec<v1::OwedRegistration> {
    found(client, v1::ListObligationsRequest::default()).await
}

async fn found(client: &mut Client, request: v1::ListObligationsRequest) -> Vec<v1::OwedRegistration> {
    let answer = client.registry.list_obligations(request).await.unwrap();
    answer.into_inner().owed
}

fn outcome(person_id: &str, state: v1::ObligationState) -> v1::OutcomeEntry {
    v1::OutcomeEntry {
        person_id: person_id.to_owned(),
        state: state as i32,
        outcome_date: "2026-11-01".to_owned(),
        ..v1::OutcomeEntry::default()
    }
}

async fn record(client: &mut Client, entries: Vec<v1::OutcomeEntry>) -> Vec<v1::EntryResult> {
    let request = v1::RecordOutcomeRequest {
        request_id: request_id(),
        entries,
    };
    client
        .registry
        .record_outcome(request)
        .await
        .unwrap()
        .into_inner()
        .results
}

async fn acknowledge(client: &mut Client, person_ids: &[&str]) -> Vec<v1::EntryResult> {
    let request = v1::AcknowledgeReportRequest {
        request_id: request_id(),
        person_ids: person_ids.iter().map(|id| (*id).to_owned()).collect(),
    };
    client
        .registry
        .acknowledge_report(request)
        .await
        .unwrap()
        .into_inner()
        .results
}
