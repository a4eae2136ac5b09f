//! What leaves an entry, and what is in one.

use std::collections::BTreeSet;

use prost::Message;
use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::build::facility;
use serasi_tests::status::{refusal, violated_fields};
use tonic::Code;

use super::scenario::everything_once;
use super::{entries_about, report_and_look, until_exported};
use crate::scene::hub_with;

/// Methods that change nothing and show nobody, and why a look at them is not recorded by their name.
const NOT_RECORDED: &[(&str, &str)] = &[
    ("FacilityService/GetFacility", "the directory is about houses"),
    ("FacilityService/ListFacilities", "the directory is about houses"),
    ("FacilityService/GetCapacity", "counts of places"),
    ("FacilityService/WatchCapacity", "counts of places"),
    (
        "IntakeService/StreamIntakes",
        "each entry is recorded as SubmitIntake",
    ),
    ("PolicyService/GetPolicy", "law as data"),
    ("PolicyService/ListPolicies", "law as data"),
    (
        "PolicyService/DryRunPolicy",
        "counts, and ids of cases that GetCase would show",
    ),
    ("InsightService/GetUnmetNeed", "counts; small ones are hidden"),
    ("InsightService/GetTruthfulness", "figures of facilities"),
    ("InsightService/GetTimeliness", "counts and medians"),
    ("InsightService/GetIndicators", "averages; small ones are hidden"),
    (
        "InsightService/GetObligationAges",
        "counts; small ones are hidden",
    ),
    ("InsightService/GetTieredReport", "counts; small ones are hidden"),
    (
        "CaseService/GetPublicStatus",
        "shows no person, place or facility, and nobody is logged in",
    ),
    (
        "RegistryService/GetReconciliation",
        "counts of rows and persons; no one is named",
    ),
    (
        "RegistryService/ListReconciliations",
        "counts of rows and persons; no one is named",
    ),
    ("ReferenceService/ListRegions", "public"),
    ("ReferenceService/GetTravel", "public"),
    ("ReferenceService/ListPpksCategories", "public"),
    ("ReferenceService/ListArticles", "public"),
];

/// Every method of the contract as `Service/Method`.
fn methods() -> BTreeSet<String> {
    let set = prost_types::FileDescriptorSet::decode(serasi_proto::DESCRIPTOR_SET).unwrap();
    let files = set.file.iter().filter(|file| file.package() == "serasi.v1");
    let services = files.flat_map(|file| &file.service);
    services
        .flat_map(|service| {
            let methods = service.method.iter();
            methods.map(|method| format!("{}/{}", service.name(), method.name()))
        })
        .collect()
}

#[tokio::test]
async fn every_method_that_changes_something_or_shows_a_case_leaves_an_entry() {
    let hub = hub_with(vec![facility("A", "32.73.01", 5), facility("B", "32.04.05", 5)]).await;
    Box::pin(everything_once(&hub)).await;
    let mut connection = hub.database.connect().await;
    let verbs: Vec<(String,)> =
        sqlx::query_as("SELECT DISTINCT verb FROM audit_entries WHERE principal NOT LIKE 'job:%'")
            .fetch_all(&mut connection)
            .await
            .unwrap();
    let verbs: BTreeSet<String> = verbs.into_iter().map(|(verb,)| verb).collect();
    let is_recorded = |method: &str| {
        method
            .split('/')
            .next_back()
            .is_some_and(|verb| verbs.contains(verb))
    };
    let exempt = |method: &str| NOT_RECORDED.iter().any(|(name, _)| *name == method);
    let methods = methods();
    let silent: Vec<_> = methods
        .iter()
        .filter(|method| is_recorded(method) == exempt(method))
        .collect();
    assert!(
        silent.is_empty(),
        "these must leave an audit entry (call `unit.audit`, and call the method in `scenario.rs`), or stand in \
         NOT_RECORDED with a reason, and not both: {silent:?}"
    );
    let gone: Vec<_> = NOT_RECORDED
        .iter()
        .filter(|(name, _)| !methods.contains(*name))
        .collect();
    assert!(gone.is_empty(), "no such methods: {gone:?}");
    hub.finish().await;
}

#[tokio::test]
async fn a_look_at_a_case_can_be_found_by_the_case_and_by_its_person() {
    let hub = hub_with(vec![facility("A", "32.73.01", 5)]).await;
    let mut client = hub.coordinator();
    let id = report_and_look(&mut client, "1", "32.73.01").await;
    let seen = crate::scene::case(&mut client, &id).await;
    let offer = seen.live_offer.unwrap().offer_id;
    let request = v1::GetOfferRequest {
        offer_id: offer.clone(),
    };
    client.referral.get_offer(request).await.unwrap();

    let verbs =
        |entries: Vec<v1::AuditEntry>| entries.into_iter().map(|entry| entry.verb).collect::<Vec<_>>();
    let expected = ["GetOffer", "GetCase", "GetCase", "SubmitIntake"];
    let about_case = entries_about(&hub, &id).await;
    assert_eq!(about_case[0].subject_id, offer);
    assert!(
        about_case
            .iter()
            .all(|entry| entry.roles == ["coordinator", "administrator", "hotline_operator"])
    );
    assert!(!about_case[3].request_id.is_empty() && about_case[0].request_id.is_empty());
    assert_eq!(verbs(about_case), expected);
    // The look into the log is in the log.
    let about_person = entries_about(&hub, &seen.persons[0].person_id).await;
    assert_eq!(
        verbs(about_person),
        [&["ListAuditEntries"], &expected[..]].concat()
    );

    // Between two moments.
    let mut auditor = hub.client(Role::Auditor, "32.73");
    let request = v1::ListAuditEntriesRequest {
        subject_id: id.clone(),
        until_time: entries_about(&hub, &id).await.last().unwrap().time,
        ..v1::ListAuditEntriesRequest::default()
    };
    let before = auditor
        .audit
        .list_audit_entries(request)
        .await
        .unwrap()
        .into_inner();
    assert!(before.entries.is_empty());
    hub.finish().await;
}

#[tokio::test]
async fn pages_of_a_time_and_a_verb_hold_each_entry_once() {
    let hub = hub_with(vec![facility("A", "32.73.01", 5)]).await;
    let mut client = hub.coordinator();
    for number in 0..5 {
        report_and_look(&mut client, &number.to_string(), "32.73.01").await;
    }
    let mut auditor = hub.client(Role::Supervisor, "32");
    let mut request = v1::ListAuditEntriesRequest {
        verb: "GetCase".to_owned(),
        from_time: Some(serasi_tests::build::report_time()),
        page_size: 2,
        ..v1::ListAuditEntriesRequest::default()
    };
    let mut found = vec![];
    loop {
        let page = auditor
            .audit
            .list_audit_entries(request.clone())
            .await
            .unwrap()
            .into_inner();
        found.extend(page.entries.into_iter().map(|entry| entry.audit_id));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), 5);
    assert_eq!(found.len(), 5);
    hub.finish().await;
}

#[tokio::test]
async fn an_auditor_sees_the_own_scope_only() {
    let hub = hub_with(vec![facility("A", "32.73.01", 5)]).await;
    let id = report_and_look(&mut hub.coordinator(), "1", "32.73.01").await;
    until_exported(&hub).await;
    let entry = entries_about(&hub, &id).await[0].audit_id.clone();
    let mut stranger = hub.client(Role::Auditor, "33");
    let about = v1::ListAuditEntriesRequest {
        subject_id: id.clone(),
        ..v1::ListAuditEntriesRequest::default()
    };
    let found = stranger
        .audit
        .list_audit_entries(about)
        .await
        .unwrap()
        .into_inner();
    assert!(found.entries.is_empty());
    let proof = v1::GetAuditProofRequest {
        audit_id: entry,
        ..v1::GetAuditProofRequest::default()
    };
    let refused = stranger.audit.get_audit_proof(proof).await.unwrap_err();
    assert_eq!(refusal(&refused), (Code::NotFound, "NOT_FOUND".to_owned()));
    let heads = v1::ListAuditHeadsRequest::default();
    let heads = stranger
        .audit
        .list_audit_heads(heads)
        .await
        .unwrap()
        .into_inner()
        .heads;
    assert!(heads.iter().all(|head| head.region_code.starts_with("33")));
    for (list, region, fields) in [
        (v1::AuditList::Tree, "32.73", vec!["region_code"]),
        (v1::AuditList::Tree, "33", vec!["region_code"]),
        (v1::AuditList::Unsealed, "", vec!["region_code"]),
        (v1::AuditList::Newest, "", vec!["from_time"]),
    ] {
        let request = v1::ListAuditEntriesRequest {
            list: list.into(),
            region_code: region.to_owned(),
            ..v1::ListAuditEntriesRequest::default()
        };
        let refused = stranger.audit.list_audit_entries(request).await.unwrap_err();
        assert_eq!(violated_fields(&refused), fields, "{region}");
    }
    hub.finish().await;
}

#[tokio::test]
async fn nothing_of_a_person_is_in_the_log_or_in_the_heads() {
    let hub = hub_with(vec![facility("A", "32.73.01", 5)]).await;
    let mut client = hub.coordinator();
    let id = report_and_look(&mut client, "1", "32.73.01").await;
    let person = crate::scene::case(&mut client, &id).await.persons[0].clone();
    assert!(!person.name.is_empty());
    until_exported(&hub).await;
    let mut connection = hub.database.connect().await;
    let rows: Vec<(String,)> = sqlx::query_as("SELECT e::text FROM audit_entries e")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    let heads = serde_json::to_string(&hub.audit().heads()).unwrap();
    let text = rows.into_iter().map(|(row,)| row).collect::<String>() + &heads;
    for personal in person.name.split(' ').chain(["emperan", "malam"]) {
        assert!(!text.contains(personal), "{personal}");
    }
    hub.finish().await;
}

#[tokio::test]
async fn a_page_of_a_tree_that_no_database_can_count_is_refused() {
    let hub = hub_with(vec![]).await;
    let request = v1::ListAuditEntriesRequest {
        list: v1::AuditList::Tree.into(),
        region_code: "32.73".to_owned(),
        page_token: "9223372036854775808"
            .bytes()
            .map(|byte| format!("{byte:02x}"))
            .collect(),
        ..v1::ListAuditEntriesRequest::default()
    };
    let mut auditor = hub.client(Role::Auditor, "ID");
    let refused = auditor.audit.list_audit_entries(request).await.unwrap_err();
    assert_eq!(violated_fields(&refused), ["page_token"]);
    hub.finish().await;
}
