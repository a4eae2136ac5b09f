//! What is known of somebody says whether a registry can be searched for them.

use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::build::{child, facility, request_id};

use super::{NIK, placed, registration};
use crate::scene::hub_with;

#[tokio::test]
async fn a_nik_that_is_bound_and_unbound_again_leaves_a_child_without_papers() {
    let hub = hub_with(vec![facility("A", "32.73.01", 5)]).await;
    let id = placed(&hub, "1", vec![child()]).await.remove(0);
    let case_id = registration(&hub, &id).await.case_id;
    let mut worker = hub.client(Role::SocialWorker, "32.73");
    let bind = v1::BindIdentityRequest {
        request_id: request_id(),
        case_id: case_id.clone(),
        person_id: id.clone(),
        nik: NIK.to_owned(),
        evidence: v1::IdentityEvidence::Kk as i32,
    };
    worker.cases.bind_identity(bind).await.unwrap();
    assert_eq!(
        registration(&hub, &id).await.state(),
        v1::RegistrationState::NotFound
    );
    let unbind = v1::UnbindIdentityRequest {
        request_id: request_id(),
        case_id,
        person_id: id.clone(),
        reason: v1::UnbindReason::OtherPerson as i32,
    };
    worker.cases.unbind_identity(unbind).await.unwrap();
    let known = registration(&hub, &id).await;
    assert_eq!(known.state(), v1::RegistrationState::NoIdentity);
    assert_eq!(known.obligation.unwrap().state(), v1::ObligationState::Due);
    let states: Vec<_> = known.steps.iter().map(v1::RegistrationStep::state).collect();
    let no_identity = v1::RegistrationState::NoIdentity;
    assert_eq!(
        states,
        [no_identity, v1::RegistrationState::NotFound, no_identity]
    );
    hub.finish().await;
}
