//! `serasi` from acceptance to the end of a case, as those who serve somebody type it.

use std::io::Write;
use std::process::{Command, Stdio};

use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::build::{facility, intake};
use serasi_tests::{TestHub, binary};

use crate::care::{Care, TEXT};
use crate::scene::hub_with;

/// Runs a command with `TEXT` as its input; gives what it printed.
fn serasi(hub: &TestHub, token: &str, line: &str) -> String {
    let mut child = Command::new(binary())
        .args(line.split(' '))
        .args(["--hub", &format!("http://{}", hub.address()), "--token", token])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that reads nothing may have ended.
    let _ = child.stdin.take().unwrap().write_all(TEXT.as_bytes());
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "{line}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_is_served_to_its_end_from_a_terminal() {
    let hub = hub_with(vec![facility("A", "32.73.01", 1), facility("B", "32.04.05", 1)]).await;
    let mut care = Care::placed(&hub, intake("1")).await;
    let (id, placement) = (care.case_id.clone(), care.placement.placement_id.clone());
    let house = hub.token(
        &[Role::FacilityOfficer],
        "32.73",
        Some(&care.placement.facility_id),
    );
    let worker = hub.token(&[Role::SocialWorker], "32.73", None);
    let supervisor = hub.token(&[Role::Supervisor], "32.73", None);

    let told = serasi(&hub, &house, &format!("placement admit {placement}"));
    assert_eq!(told.trim_end(), format!("admitted: placement {placement}"));
    let again = serasi(&hub, &house, &format!("placement admit {placement}"));
    assert_eq!(again, told, "a command that is run again has one effect");
    let asked = serasi(
        &hub,
        &house,
        &format!("case transfer {id} --reason nearer-to-family"),
    );
    assert!(asked.contains("LKSA B"), "{asked}");
    serasi(&hub, &worker, &format!("case stay {id}"));

    for (stage, records) in [
        ("access", &["access-review"][..]),
        ("initial-approach", &["initial-assessment", "initial-agreement"]),
        ("assessment", &["comprehensive-assessment --aspect medical,legal"]),
        (
            "planning",
            &[
                "resource-map",
                "service-plan --base residential --form therapy --funding apbd",
                "joint-decision",
                "family-conference --days 60",
            ],
        ),
        ("implementation", &["service --base residential --form therapy"]),
        (
            "monitoring",
            &["indicators --indicator input=90,process=80,output=70,benefit=60,impact=50"],
        ),
    ] {
        for record in records {
            serasi(
                &hub,
                &worker,
                &format!("stage record {id} --text - --kind {record}"),
            );
        }
        let signed = serasi(&hub, &supervisor, &format!("stage sign {id} --stage {stage}"));
        assert!(signed.starts_with("signed: case"), "{signed}");
        if stage != "monitoring" {
            serasi(&hub, &worker, &format!("stage advance {id}"));
        }
    }
    serasi(
        &hub,
        &worker,
        &format!("stage record {id} --text - --kind aftercare-assessment"),
    );
    serasi(&hub, &worker, &format!("stage aftercare {id} --to family"));
    serasi(
        &hub,
        &worker,
        &format!("stage record {id} --text - --kind termination"),
    );
    serasi(&hub, &supervisor, &format!("stage sign {id} --stage aftercare"));
    serasi(&hub, &worker, &format!("case close {id} --reason completed"));
    assert_eq!(care.case().await.close_reason(), v1::CloseReason::Completed);
    let read = serasi(&hub, &worker, &format!("case records {id} --kind service-plan"));
    assert!(read.contains(TEXT), "{read}");
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_nobody_takes_is_given_back_from_a_terminal() {
    let hub = hub_with(vec![facility("A", "32.73.01", 2)]).await;
    for (reference, command) in [
        ("1", "placement no-show PLACEMENT --reason did-not-arrive"),
        ("2", "placement cancel PLACEMENT --reason wrong-facts"),
    ] {
        let mut care = Care::placed(&hub, intake(reference)).await;
        let house = hub.token(
            &[Role::FacilityOfficer],
            "32.73",
            Some(&care.placement.facility_id),
        );
        let command = command.replace("PLACEMENT", &care.placement.placement_id);
        let told = serasi(&hub, &house, &command);
        assert!(told.contains("the case: not-routed"), "{told}");
        assert_eq!(care.case().await.state(), v1::CaseState::Triaged);
    }
    hub.finish().await;
}
