//! What an operator sees of a hub: numbers of calls, metrics, probes.

use std::io::{Read, Write};
use std::net::TcpStream;

use serasi_proto::v1;
use serasi_tests::build::{child, intake, submit};
use serasi_tests::{Client, HubProcess, development_token, free_port};
use tonic::Request;

use crate::scene::{eventually, hub_with};

#[tokio::test]
async fn every_answer_has_a_number_and_so_has_every_refusal() {
    let hub = hub_with(vec![]).await;
    let mut client = hub.coordinator();
    let mut numbers = vec![];
    for _ in 0..2 {
        let answer = client
            .reference
            .list_articles(v1::ListArticlesRequest {})
            .await
            .unwrap();
        numbers.push(
            answer
                .metadata()
                .get("x-request-id")
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned(),
        );
    }
    let refused = client
        .cases
        .get_case(v1::GetCaseRequest::default())
        .await
        .unwrap_err();
    numbers.push(
        refused
            .metadata()
            .get("x-request-id")
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned(),
    );
    let mut stranger = hub.with_token(None);
    let refused = stranger
        .cases
        .list_cases(v1::ListCasesRequest::default())
        .await
        .unwrap_err();
    numbers.push(
        refused
            .metadata()
            .get("x-request-id")
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned(),
    );
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 4, "{numbers:?}");
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_count_calls_and_what_waits_and_name_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let (port, metrics, health) = (free_port(), free_port(), free_port());
    let (metrics_at, health_at) = (format!("127.0.0.1:{metrics}"), format!("127.0.0.1:{health}"));
    let arguments = ["--metrics", &metrics_at, "--health", &health_at];
    let hub = HubProcess::start_with(None, folder.path(), port, &arguments).await;
    let token = development_token(folder.path(), &["coordinator"], "ID");
    let mut client = Client::new(hub.url(), Some(&token));
    let mut report = intake("metrics-1");
    let mut person = child();
    "Kenari Tersembunyi".clone_into(&mut person.name);
    report.persons = vec![person];
    client.intake.submit_intake(submit(report)).await.unwrap();
    client
        .cases
        .get_case(v1::GetCaseRequest::default())
        .await
        .unwrap_err();

    let read = || async { scrape(metrics) };
    let seen = eventually(read, |seen| seen.contains("serasi_clocks_overdue")).await;
    for part in [
        "serasi_rpc_duration_seconds_count{method=\"SubmitIntake\",code=\"OK\"} 1",
        "serasi_rpc_duration_seconds_count{method=\"GetCase\",code=\"NOT_FOUND\"} 1",
        "serasi_rpc_duration_seconds_bucket{method=\"SubmitIntake\",code=\"OK\",le=\"0.25\"}",
        "serasi_calls_in_flight 0",
        "serasi_clocks_overdue{clock=\"case\"} 0",
        "serasi_clocks_overdue{clock=\"offer\"} 0",
        "serasi_clocks_overdue{clock=\"subject_request\"} 0",
        "serasi_registry_obligations{age=\"over_90_days\"} 0",
        "serasi_audit_unsealed_age_seconds ",
        "serasi_outbox_age_seconds 0",
        "serasi_db_connections_in_use ",
        "serasi_db_connections_max 24",
        "serasi_board_facilities",
    ] {
        assert!(seen.contains(part), "{part} is not in\n{seen}");
    }
    assert!(!seen.contains("Kenari"));
    for service in ["", "liveness"] {
        assert_eq!(probe(health, service).await, Some(1), "{service:?}");
    }
    assert_eq!(probe(health, "serasi.v1.CaseService").await, None);
    assert_eq!(hub.terminate(), Some(0));
}

fn scrape(port: u16) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream
        .write_all(b"GET /metrics HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

/// `ServingStatus` of a service; `None` = there is none of this name.
async fn probe(port: u16, service: &str) -> Option<i32> {
    let endpoint = tonic::transport::Endpoint::from_shared(format!("http://127.0.0.1:{port}")).unwrap();
    let mut grpc = tonic::client::Grpc::new(endpoint.connect().await.unwrap());
    grpc.ready().await.unwrap();
    let path = "/grpc.health.v1.Health/Check".parse().unwrap();
    let codec = tonic_prost::ProstCodec::<String, i32>::default();
    let answer = grpc.unary(Request::new(service.to_owned()), path, codec).await;
    answer.ok().map(tonic::Response::into_inner)
}
