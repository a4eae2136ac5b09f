//! Proofs, checked by an implementation of RFC 6962 that is not ours.

use ct_merkle::{ConsistencyProof, InclusionProof, RootHash};
use serasi_hub::auth::Role;
use serasi_ledger::{Hash, SignedHead};
use serasi_proto::v1;
use serasi_tests::TestHub;
use serasi_tests::build::facility;
use serasi_tests::status::refusal;
use sha2::Sha256;
use sqlx::Executor;
use tonic::Code;

use super::{entries_about, report_and_look, until_exported};
use crate::scene::hub_with;

fn bytes(path: &[String]) -> Vec<u8> {
    let hashes = path.iter().map(|hash| hash.parse::<Hash>().unwrap());
    hashes.flat_map(|hash| hash.0).collect()
}

fn root(signed: &SignedHead) -> RootHash<Sha256> {
    RootHash::new(signed.head.root.0.into(), signed.head.size)
}

/// The leaf as the contract describes it, written by hand.
fn leaf(region: &str, entry: &v1::AuditEntry) -> String {
    let time = entry.time.unwrap();
    let at = time::OffsetDateTime::from_unix_timestamp(time.seconds).unwrap();
    let (date, hour, minute, second) = (at.date(), at.hour(), at.minute(), at.second());
    let micros = time.nanos / 1000;
    let roles: Vec<_> = entry.roles.iter().map(|role| format!("\"{role}\"")).collect();
    let request = if entry.request_id.is_empty() {
        "null".to_owned()
    } else {
        format!("\"{}\"", entry.request_id)
    };
    let (_, uuid) = entry.audit_id.split_once('-').unwrap();
    format!(
        "{{\"region\":\"{region}\",\"id\":\"{uuid}\",\"at\":\"{date}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z\",\
         \"principal\":\"{}\",\"roles\":[{}],\"verb\":\"{}\",\"subject\":\"{}\",\"request\":{request}}}",
        entry.principal,
        roles.join(","),
        entry.verb,
        entry.subject_id
    )
}

async fn prove(hub: &TestHub, entry: &str, earlier: u64) -> v1::GetAuditProofResponse {
    let request = v1::GetAuditProofRequest {
        audit_id: entry.to_owned(),
        tree_size: 0,
        earlier_tree_size: earlier.cast_signed(),
    };
    let mut auditor = hub.client(Role::Auditor, "ID");
    auditor.audit.get_audit_proof(request).await.unwrap().into_inner()
}

#[tokio::test]
async fn an_entry_is_proven_under_a_head_that_continues_the_earlier_ones() {
    let hub = hub_with(vec![facility("A", "32.73.01", 40)]).await;
    let mut client = hub.coordinator();
    let first = report_and_look(&mut client, "first", "32.73.01").await;
    until_exported(&hub).await;
    for number in 0..20 {
        report_and_look(&mut client, &number.to_string(), "32.73.01").await;
    }
    until_exported(&hub).await;
    let mut heads = hub.audit().heads();
    heads.retain(|signed| signed.head.region.to_string() == "32.73");
    assert!(heads.len() >= 2);
    let earlier = &heads[0];
    for about in entries_about(&hub, &first)
        .await
        .iter()
        .filter(|entry| entry.leaf_index.is_some())
    {
        let proof = prove(&hub, &about.audit_id, earlier.head.size).await;
        let (entry, newest) = (proof.entry.unwrap(), proof.head.unwrap());
        let newest = RootHash::<Sha256>::new(
            newest.root_hash.parse::<Hash>().unwrap().0.into(),
            newest.tree_size.cast_unsigned(),
        );
        let inclusion = InclusionProof::try_from_bytes(bytes(&proof.inclusion_path)).unwrap();
        let index = entry.leaf_index.unwrap().cast_unsigned();
        let leaf = leaf("32.73", &entry);
        newest.verify_inclusion(&leaf, index, &inclusion).unwrap();
        assert!(
            newest
                .verify_inclusion(&leaf.replace("GetCase", "ListCases"), index, &inclusion)
                .is_err()
                || entry.verb != "GetCase"
        );
        let consistency = ConsistencyProof::try_from_bytes(bytes(&proof.consistency_path)).unwrap();
        newest.verify_consistency(&root(earlier), &consistency).unwrap();
        assert!(earlier.is_signed_by(&[hub.audit().signer().public()]));
    }
    hub.finish().await;
}

#[tokio::test]
async fn what_is_unknown_or_too_new_has_no_proof_yet() {
    let hub = hub_with(vec![facility("A", "32.73.01", 40)]).await;
    let id = report_and_look(&mut hub.coordinator(), "1", "32.73.01").await;
    until_exported(&hub).await;
    let mut auditor = hub.client(Role::Auditor, "ID");
    let entries = entries_about(&hub, &id).await;
    let oldest = entries.last().unwrap();
    let mut ask = async |audit_id: &str, tree_size, earlier_tree_size| {
        let request = v1::GetAuditProofRequest {
            audit_id: audit_id.to_owned(),
            tree_size,
            earlier_tree_size,
        };
        let refused = auditor.audit.get_audit_proof(request).await.unwrap_err();
        refusal(&refused)
    };
    let unknown = "3273-01933b5c-7a3e-7c3a-9d55-0242ac120002";
    let not_found = (Code::NotFound, "NOT_FOUND".to_owned());
    assert_eq!(ask(unknown, 0, 0).await, not_found);
    assert_eq!(ask("3273", 0, 0).await, not_found);
    assert_eq!(ask(&oldest.audit_id, 1_000_000, 0).await, not_found);
    assert_eq!(ask(&oldest.audit_id, 0, 1_000_000).await, not_found);
    let invalid = (Code::InvalidArgument, "REQUEST_INVALID".to_owned());
    assert_eq!(ask(&oldest.audit_id, -1, 0).await, invalid);
    assert_eq!(ask(&oldest.audit_id, 2, 3).await, invalid);
    // One that nobody has queued: it stands in the log, and in no tree.
    let mut connection = hub.database.connect().await;
    let unqueued = "INSERT INTO audit_entries (region_code, audit_id, at, principal, roles, verb, subject_id)
         VALUES ('32.73', '01933b5c-7a3e-7c3a-9d55-0242ac120002', now(), 'nobody', '{}', 'GetCase', 'x')";
    connection.execute(unqueued).await.unwrap();
    let not_yet = (Code::FailedPrecondition, "NOT_SEALED_YET".to_owned());
    assert_eq!(ask(unknown, 0, 0).await, not_yet);
    let undo = "DELETE FROM audit_entries WHERE principal = 'nobody'";
    connection.execute(undo).await.unwrap();
    hub.finish().await;
}
