//! A reporter's code tells how far a case is, and nothing about anybody.

use prost::Message;
use serasi_proto::v1;
use serasi_tests::build::{facility, intake, request_id, submit};
use serasi_tests::status::{refusal, violated_fields};
use serasi_tests::{Client, TestHub};
use tonic::Code;

use crate::scene::hub_with;

async fn status(hub: &TestHub, code: &str) -> Result<v1::GetPublicStatusResponse, tonic::Status> {
    let mut stranger = hub.with_token(None);
    let request = v1::GetPublicStatusRequest {
        code: code.to_owned(),
    };
    let answer = stranger.cases.get_public_status(request).await;
    answer.map(tonic::Response::into_inner)
}

async fn report(client: &mut Client, reference: &str) -> v1::SubmitIntakeResponse {
    client
        .intake
        .submit_intake(submit(intake(reference)))
        .await
        .unwrap()
        .into_inner()
}

#[tokio::test]
async fn a_code_tells_a_stranger_how_far_the_case_is_and_nothing_else() {
    let hub = hub_with(vec![facility("A", "32.73.01", 5)]).await;
    let mut client = hub.coordinator();
    let made = report(&mut client, "1").await;
    let code = made.public_code.clone();
    assert_eq!(code.len(), 19, "{code}");
    let asked = status(&hub, &code).await.unwrap();
    assert_eq!(asked.step(), v1::PublicStep::Asked);
    assert!(asked.message_id.contains("lembaga") && asked.message_en.contains("facility"));
    assert!(!asked.next_date.is_empty());
    let offer = made.outcome.unwrap().offer.unwrap();
    let bytes = String::from_utf8_lossy(&asked.encode_to_vec()).into_owned();
    for secret in [&offer.facility_name, &offer.facility_id, &offer.case_id] {
        assert!(!bytes.contains(secret.as_str()), "{secret}");
    }
    assert!(!bytes.contains("32.73") && !bytes.contains("Melati"));
    let accept = v1::AcceptOfferRequest {
        request_id: request_id(),
        offer_id: offer.offer_id,
        capacity: None,
    };
    hub.officer(&offer.facility_id)
        .referral
        .accept_offer(accept)
        .await
        .unwrap();
    let spoken = code.replace('-', " ").to_lowercase();
    assert_eq!(
        status(&hub, &spoken).await.unwrap().step(),
        v1::PublicStep::Accepted
    );
    hub.finish().await;
}

#[tokio::test]
async fn the_code_comes_with_the_answer_its_retries_and_nobody_elses() {
    let hub = hub_with(vec![]).await;
    let mut client = hub.coordinator();
    let request = submit(intake("1"));
    let first = client
        .intake
        .submit_intake(request.clone())
        .await
        .unwrap()
        .into_inner();
    let retried = client
        .intake
        .submit_intake(request.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(first, retried);
    let sent_again = report(&mut client, "1").await;
    assert!(sent_again.already_known);
    assert_eq!(sent_again.public_code, first.public_code);
    let role = serasi_hub::auth::Role::HotlineOperator;
    let token = hub.token_of("orang-lain", &[role], "32.73", None);
    let other = report(&mut hub.with_token(Some(&token)), "1").await;
    assert!(other.already_known);
    assert_eq!(other.public_code, "");
    let case = crate::scene::case(&mut client, &first.case.unwrap().case_id).await;
    assert!(!String::from_utf8_lossy(&case.encode_to_vec()).contains(&first.public_code));
    hub.finish().await;
}

#[tokio::test]
async fn who_reads_the_database_learns_no_code() {
    let hub = hub_with(vec![]).await;
    let mut client = hub.coordinator();
    let code = report(&mut client, "1").await.public_code;
    let bare = code.replace('-', "");
    let mut connection = hub.database.connect().await;
    let tables: Vec<(String,)> = sqlx::query_as(
        "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let hex = |text: &str| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut rows = 0;
    for (table,) in tables {
        let all = sqlx::AssertSqlSafe(format!("SELECT t::text FROM {table} t"));
        let found: Vec<(String,)> = sqlx::query_as(all).fetch_all(&mut connection).await.unwrap();
        rows += found.len();
        for form in [code.clone(), bare.clone(), hex(&code), hex(&bare)] {
            assert!(found.iter().all(|(row,)| !row.contains(&form)), "{table}");
        }
    }
    assert!(rows > 5);
    hub.finish().await;
}

#[tokio::test]
async fn codes_cannot_be_tried_and_a_refusal_says_the_same_about_every_code() {
    let hub = hub_with(vec![]).await;
    let code = report(&mut hub.coordinator(), "1").await.public_code;
    let unknown = "0000-0000-0000-0000";
    let refused = status(&hub, unknown).await.unwrap_err();
    assert_eq!(refusal(&refused), (Code::NotFound, "NOT_FOUND".to_owned()));
    let slip = if code.starts_with('0') { "1" } else { "0" };
    let refused = status(&hub, &format!("{slip}{}", &code[1..])).await.unwrap_err();
    assert_eq!(violated_fields(&refused), ["code"]);
    let mut asked = 0;
    let refused = loop {
        match status(&hub, unknown).await.unwrap_err() {
            not_found if not_found.code() == Code::NotFound => asked += 1,
            refused => break refused,
        }
        assert!(asked < 60, "there is no end to it");
    };
    let of_a_known_one = status(&hub, &code).await.unwrap_err();
    for refused in [&refused, &of_a_known_one] {
        assert_eq!(
            refusal(refused),
            (Code::ResourceExhausted, "RATE_LIMITED".to_owned())
        );
    }
    assert_eq!(refused.message(), of_a_known_one.message());
    hub.finish().await;
}
