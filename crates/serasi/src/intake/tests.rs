//! What a run does, against a hub that answers as it is told.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serasi_proto::v1::intake_service_server::{IntakeService, IntakeServiceServer};
use serasi_proto::v1::{
    Case, ProposeLinksRequest, ProposeLinksResponse, RouteOutcome, RouteResult, StreamIntakesRequest,
    StreamIntakesResponse, SubmitIntakeRequest,
};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;
use tonic::{Request, Response};
use tonic_types::{ErrorDetails, StatusExt};

use super::*;

const CASES: &str = include_str!("../../demo/cases.jsonl");
/// More field violations than fit into the trailers that a client takes by default.
const MANY_VIOLATIONS: usize = 200;

/// Answers by the word in `story`: `refused`, `flaky`, `away`, `token`, `held`; everything else gets a case.
#[derive(Default)]
struct FakeHub {
    requests: Mutex<Vec<SubmitIntakeRequest>>,
    second_came: Notify,
}

#[tonic::async_trait]
impl IntakeService for FakeHub {
    type StreamIntakesStream = tonic::codegen::BoxStream<StreamIntakesResponse>;

    async fn stream_intakes(
        &self,
        _: Request<tonic::Streaming<StreamIntakesRequest>>,
    ) -> Result<Response<Self::StreamIntakesStream>, Status> {
        Err(Status::unavailable("tests/ has a real hub for this"))
    }

    async fn submit_intake(
        &self,
        request: Request<SubmitIntakeRequest>,
    ) -> Result<Response<SubmitIntakeResponse>, Status> {
        assert_eq!(request.metadata().get("authorization").unwrap(), "Bearer abc");
        let request = request.into_inner();
        let intake = request.intake.clone().unwrap();
        let (tries, known) = {
            let mut requests = self.requests.lock().unwrap();
            let known = requests.iter().any(|other| other.intake == request.intake);
            requests.push(request.clone());
            let tries = requests
                .iter()
                .filter(|other| other.request_id == request.request_id)
                .count();
            (tries, known)
        };
        match intake.story.as_str() {
            "refused" => return Err(refusal()),
            "flaky" if tries <= 3 => return Err(Status::unavailable("restarting")),
            "away" => return Err(Status::deadline_exceeded("slow")),
            "token" => return Err(Status::unauthenticated("expired")),
            "held" => self.second_came.notified().await,
            "second" => self.second_came.notify_one(),
            _ => {}
        }
        Ok(Response::new(SubmitIntakeResponse {
            case: Some(Case {
                case_id: format!("3273-{}", intake.source_ref),
                source_ref: intake.source_ref,
                ..Case::default()
            }),
            already_known: known || intake.story == "known",
            outcome: Some(RouteOutcome {
                result: RouteResult::Waiting.into(),
                message_id: "Kasus masuk daftar tunggu.".into(),
                ..RouteOutcome::default()
            }),
            public_code: "ZA9Z-GN8J-QG6G-63Q1".into(),
        }))
    }

    async fn propose_links(
        &self,
        _: Request<ProposeLinksRequest>,
    ) -> Result<Response<ProposeLinksResponse>, Status> {
        Err(Status::permission_denied("only reports are sent here"))
    }
}

fn refusal() -> Status {
    let mut details = ErrorDetails::new();
    for number in 0..MANY_VIOLATIONS {
        let field = format!("intake.persons[{number}].nik");
        details.add_bad_request_violation(field, "has 15 digits; a NIK has 16, see the identity card");
    }
    details.set_localized_message("id-ID", "Isian perlu diperbaiki.");
    Status::with_error_details(Code::InvalidArgument, "fields must be corrected", details)
}

/// A finished run.
struct Ran {
    exit: Exit,
    results: String,
    notes: String,
    requests: Vec<SubmitIntakeRequest>,
    rejects: PathBuf,
    _folder: TempDir,
}

impl Ran {
    fn rejects(&self) -> Vec<serde_json::Value> {
        let text = fs::read_to_string(&self.rejects).unwrap_or_default();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

async fn start(hub: Arc<FakeHub>) -> ClientOptions {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = IntakeServiceServer::from_arc(hub);
    let server = Server::builder().add_service(service);
    tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
    ClientOptions {
        hub: format!("http://{address}"),
        token: Some("abc".to_owned().into()),
        ..ClientOptions::default()
    }
}

async fn run(text: &str, json: bool) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cases.jsonl");
    fs::write(&file, text).unwrap();
    let fake = Arc::new(FakeHub::default());
    let options = start(Arc::clone(&fake)).await;
    let (mut results, mut notes) = (Vec::new(), Vec::new());
    let mut output = Output::new(&mut results, &mut notes, json);
    let sender = Sender {
        way: Way::Calls(Hub::connect(&options).await.unwrap().intakes()),
        retry: Retry {
            times: 5,
            first_pause: Duration::from_micros(1),
        },
        route_later: false,
    };
    let report = Report::new(Rejects::start(&file).unwrap(), &mut output);
    let exit = submit_lines(lines::open(&file).unwrap(), sender, 4, report)
        .await
        .unwrap();
    let requests = fake.requests.lock().unwrap().clone();
    Ran {
        exit,
        results: String::from_utf8(results).unwrap(),
        notes: String::from_utf8(notes).unwrap(),
        requests,
        rejects: folder.path().join("cases.jsonl.rejects.jsonl"),
        _folder: folder,
    }
}

/// A file with one report per story; its keys are the positions.
fn file_of(stories: &[&str]) -> String {
    let line = |(number, story): (usize, &&str)| {
        format!("{{\"source_system\":\"uji\",\"source_ref\":\"{number}\",\"story\":\"{story}\"}}\n")
    };
    stories.iter().enumerate().map(line).collect()
}

#[tokio::test]
async fn the_code_for_the_reporter_is_told() {
    let ran = run(&file_of(&["first"]), false).await;
    let told = "\n  for the reporter: ZA9Z-GN8J-QG6G-63Q1 (serasi status)\n";
    assert!(ran.results.contains(told), "{}", ran.results);
}

#[tokio::test]
async fn answers_are_told_in_the_order_of_the_file() {
    // The first report is answered only after the second has come in.
    let ran = run(&file_of(&["held", "second", "third"]), true).await;
    assert_eq!(ran.exit, Exit::Done);
    let told: Vec<SubmitIntakeResponse> = ran
        .results
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let refs = told.into_iter().map(|response| response.case.unwrap().source_ref);
    assert_eq!(refs.collect::<Vec<_>>(), ["0", "1", "2"]);
    assert!(ran.results.contains(r#""source_ref":"0""#), "{}", ran.results);
    assert_eq!(ran.notes, "3 new, 0 known already, 0 refused\n");
}

#[tokio::test]
async fn a_hub_that_is_away_for_a_moment_is_asked_again_with_the_same_id() {
    let ran = run(&file_of(&["flaky"]), false).await;
    assert_eq!(ran.exit, Exit::Done);
    assert_eq!(ran.requests.len(), 4);
    assert!(
        ran.requests
            .iter()
            .all(|request| request.request_id == ran.requests[0].request_id)
    );
}

#[tokio::test]
async fn a_hub_that_stays_away_ends_the_run_after_five_more_tries() {
    let stories: Vec<_> = std::iter::once("good")
        .chain(std::iter::repeat_n("away", 50))
        .collect();
    let ran = run(&file_of(&stories), false).await;
    assert_eq!(ran.exit, Exit::Unreachable);
    let mut tries: BTreeMap<_, usize> = BTreeMap::new();
    for request in &ran.requests {
        *tries.entry(&request.request_id).or_default() += 1;
    }
    assert!(tries.values().all(|&tries| tries <= 6), "{tries:?}");
    assert!(tries.len() < 20, "most lines were not sent: {}", tries.len());
    assert!(
        ran.results.contains("1 new, 0 known already, 0 refused; stopped"),
        "{}",
        ran.results
    );
    assert_eq!(ran.notes.matches("DEADLINE_EXCEEDED").count(), 1);
}

#[tokio::test]
async fn a_wrong_token_ends_the_run_and_is_no_fault_of_the_rows() {
    let ran = run(&file_of(&["token"; 50]), false).await;
    assert_eq!(ran.exit, Exit::Refused);
    assert!(ran.requests.len() < 20, "{}", ran.requests.len());
    assert!(ran.rejects().is_empty());
}

#[tokio::test]
async fn refused_and_malformed_lines_are_listed_and_the_rest_goes_on() {
    let text = format!(
        "{}not json\n\n{{\"storey\":1}}\n",
        file_of(&["good", "refused", "known"])
    );
    let ran = run(&text, false).await;
    assert_eq!(ran.exit, Exit::SomeRefused);
    let sum = "1 new, 1 known already, 3 refused (listed in ";
    assert!(
        ran.results.lines().last().unwrap().starts_with(sum),
        "{}",
        ran.results
    );
    assert!(
        ran.results.contains("Kasus masuk daftar tunggu."),
        "{}",
        ran.results
    );

    let rejects = ran.rejects();
    let lines: Vec<_> = rejects.iter().map(|row| row["line"].as_u64().unwrap()).collect();
    assert_eq!(lines, [2, 4, 6]);
    assert_eq!(rejects[0]["code"], "INVALID_ARGUMENT");
    assert_eq!(rejects[0]["source_ref"], "1");
    assert_eq!(
        rejects[0]["violations"].as_array().unwrap().len(),
        MANY_VIOLATIONS
    );
    assert_eq!(rejects[1]["code"], MALFORMED);
    assert!(rejects[2]["message_en"].as_str().unwrap().contains("storey"));
    assert_eq!(ran.notes.matches("a NIK has 16").count(), MANY_VIOLATIONS);
}

#[tokio::test]
async fn a_line_that_stands_twice_is_new_once() {
    let twice = file_of(&["good"]).repeat(2);
    let ran = run(&twice, false).await;
    assert!(
        ran.results.contains("1 new, 1 known already, 0 refused"),
        "{}",
        ran.results
    );
    assert_ne!(ran.requests[0].request_id, ran.requests[1].request_id);
}

#[tokio::test]
async fn the_cases_of_the_demo_are_delivered_as_they_are() {
    let ran = run(CASES, false).await;
    assert_eq!(ran.exit, Exit::Done);
    assert_eq!(ran.requests.len(), 40);
    assert!(
        ran.results.contains("39 new, 1 known already, 0 refused"),
        "{}",
        ran.results
    );
}
