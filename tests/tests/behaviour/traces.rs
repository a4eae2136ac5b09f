//! Traces of a hub at an OpenTelemetry collector, which is one of their own protocol in this process.

use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::Status as Outcome;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use serasi_proto::v1;
use serasi_tests::build::{child, intake, request_id, submit};
use serasi_tests::{Client, HubProcess, binary, development_token, free_port};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;
use tonic::{Request, Response, Status};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";
const NAME: &str = "Kenari Tersembunyi";

/// Everything that it was sent.
#[derive(Clone, Debug, Default)]
struct Collector(Arc<Mutex<Vec<ExportTraceServiceRequest>>>);

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.0.lock().unwrap().push(request.into_inner());
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

impl Collector {
    async fn start() -> (Self, String) {
        let collector = Self::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let service = TraceServiceServer::new(collector.clone());
        let server = Server::builder().add_service(service);
        tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
        (collector, address)
    }

    fn spans(&self) -> Vec<Span> {
        let sent = self.0.lock().unwrap();
        let resources = sent.iter().flat_map(|request| &request.resource_spans);
        let scopes = resources.flat_map(|resource| &resource.scope_spans);
        scopes.flat_map(|scope| &scope.spans).cloned().collect()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn attribute(span: &Span, key: &str) -> String {
    let found = span.attributes.iter().find(|attribute| attribute.key == key);
    format!("{:?}", found.and_then(|attribute| attribute.value.clone()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_a_part_of_its_callers_trace_and_names_nobody() {
    let (collector, address) = Collector::start().await;
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["--otlp", &address];
    let hub = HubProcess::start_with(None, folder.path(), free_port(), &arguments).await;
    let token = development_token(folder.path(), &["coordinator"], "ID");
    let mut client = Client::new(hub.url(), Some(&token));
    let mut report = intake("traces-1");
    let mut person = child();
    NAME.clone_into(&mut person.name);
    report.persons = vec![person];
    let report = client.intake.submit_intake(submit(report)).await.unwrap();
    let route = v1::RouteCaseRequest {
        request_id: request_id(),
        case_id: report.into_inner().case.unwrap().case_id,
        ..v1::RouteCaseRequest::default()
    };
    let mut request = Request::new(route);
    let context = format!("00-{TRACE}-{CALLER}-01").parse().unwrap();
    request.metadata_mut().insert("traceparent", context);
    let answer = client.referral.route_case(request).await.unwrap();
    let number = answer.metadata().get("x-request-id").unwrap().to_str().unwrap();
    let unknown = client.cases.get_case(v1::GetCaseRequest::default()).await;
    unknown.unwrap_err();
    // What has not been sent is sent at the end.
    assert_eq!(hub.terminate(), Some(0));

    let spans = collector.spans();
    let call = spans.iter().find(|span| span.name == "RouteCase").unwrap();
    assert_eq!(hex(&call.trace_id), TRACE);
    assert_eq!(hex(&call.parent_span_id), CALLER);
    assert!(attribute(call, "request.id").contains(number), "{call:?}");
    assert!(attribute(call, "rpc.response.status_code").contains("\"OK\""));
    let parts: Vec<_> = spans
        .iter()
        .filter(|span| span.parent_span_id == call.span_id)
        .collect();
    assert!(parts.iter().any(|span| span.name == "transaction"), "{spans:?}");
    let refused = spans.iter().find(|span| span.name == "GetCase").unwrap();
    assert!(attribute(refused, "rpc.response.status_code").contains("\"NOT_FOUND\""));
    assert!(spans.iter().any(|span| span.name == "SubmitIntake"));
    assert_ne!(
        refused.status.as_ref().map(Outcome::code),
        Some(StatusCode::Error),
        "nobody's fault at the hub"
    );
    assert!(!format!("{:?}", collector.0).contains("Kenari"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_away_holds_up_neither_calls_nor_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let away = format!("http://127.0.0.1:{}", free_port());
    let arguments = ["--otlp", &away];
    let hub = HubProcess::start_with(None, folder.path(), free_port(), &arguments).await;
    let token = development_token(folder.path(), &["coordinator"], "ID");
    let mut client = Client::new(hub.url(), Some(&token));
    let report = submit(intake("traces-2"));
    client.intake.submit_intake(report).await.unwrap();
    let told = Instant::now();
    assert_eq!(hub.terminate(), Some(0));
    assert!(told.elapsed() < Duration::from_secs(20), "{:?}", told.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_share_of_none_sends_nothing() {
    let (collector, address) = Collector::start().await;
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["--otlp", &address, "--otlp-share", "0"];
    let hub = HubProcess::start_with(None, folder.path(), free_port(), &arguments).await;
    let token = development_token(folder.path(), &["coordinator"], "ID");
    let mut client = Client::new(hub.url(), Some(&token));
    let report = submit(intake("traces-3"));
    client.intake.submit_intake(report).await.unwrap();
    assert_eq!(hub.terminate(), Some(0));
    assert_eq!(collector.spans(), []);
}

#[test]
fn an_address_that_is_none_and_a_share_that_is_none_are_told_before_anything_starts() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, part) in [
        (
            ["--otlp", "no address", "--otlp-share", "1"],
            "cannot send traces to no address",
        ),
        (
            ["--otlp", "http://127.0.0.1:4317", "--otlp-share", "2"],
            "must be a number from 0 to 1",
        ),
    ] {
        let mut serve = Command::new(binary());
        serve
            .args(["serve", "--development", "--data-dir"])
            .arg(folder.path());
        let output = serve.args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(part), "{said}");
        assert!(!folder.path().join("postgres").exists());
    }
}
