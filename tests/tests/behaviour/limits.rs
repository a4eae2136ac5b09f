//! No caller takes the hub from the others, and a full hub says so at once.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serasi_hub::auth::Role;
use serasi_hub::server::{Limits, ServerSettings};
use serasi_proto::v1;
use serasi_tests::build::{intake, submit};
use serasi_tests::status::refusal;
use serasi_tests::{Client, Setup, TestHub};
use sqlx::Executor;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

use crate::scene::eventually;

async fn articles(client: &mut Client) -> Result<(), Status> {
    let asked = client.reference.list_articles(v1::ListArticlesRequest {}).await;
    asked.map(drop)
}

fn retry_delay(status: &Status) -> Duration {
    let details = status.get_error_details();
    details
        .retry_info()
        .and_then(|info| info.retry_delay)
        .expect("it says when to come back")
}

async fn hub_with_limits(limits: Limits) -> TestHub {
    let server = ServerSettings {
        limits,
        ..ServerSettings::default()
    };
    TestHub::set_up(Setup {
        server,
        ..Setup::default()
    })
    .await
}

#[tokio::test]
async fn a_caller_that_runs_wild_is_slowed_down_with_all_its_tokens_and_others_are_not() {
    let hub = TestHub::set_up(Setup {
        calls_per_second: NonZeroU32::new(2).unwrap(),
        ..Setup::default()
    })
    .await;
    let mut wild = hub.client(Role::Coordinator, "ID");
    let mut refused = None;
    for _ in 0..1_000 {
        if let Err(status) = articles(&mut wild).await {
            refused = Some(status);
            break;
        }
    }
    let refused = refused.expect("a thousand calls in a row are too many");
    assert_eq!(
        refusal(&refused),
        (Code::ResourceExhausted, "RATE_LIMITED".to_owned())
    );
    assert!(retry_delay(&refused) <= Duration::from_millis(500), "{refused:?}");
    articles(&mut hub.client(Role::Coordinator, "ID")).await.unwrap();
    hub.finish().await;
}

/// A call that waits for who has locked the cases.
async fn hang(mut client: Client) -> Result<(), Status> {
    loop {
        let answer = client.cases.list_cases(v1::ListCasesRequest::default()).await;
        // The place may be taken by another call of the test: then once more.
        if !answer
            .as_ref()
            .is_err_and(|refused| refused.code() == Code::ResourceExhausted)
        {
            return answer.map(drop);
        }
    }
}

#[tokio::test]
async fn a_full_hub_sheds_at_once_answers_probes_and_recovers() {
    let hub = hub_with_limits(Limits {
        calls_in_flight: 1,
        ..Limits::default()
    })
    .await;
    let mut locker = hub.database.connect().await;
    locker
        .execute("BEGIN; LOCK TABLE cases IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    let hanging = tokio::spawn(hang(hub.coordinator()));

    let coordinator = hub.coordinator();
    let shed = eventually(
        || {
            let mut client = coordinator.clone();
            async move {
                let begun = Instant::now();
                (articles(&mut client).await, begun.elapsed())
            }
        },
        |(answer, _)| answer.is_err(),
    );
    let (answer, took) = shed.await;
    let refused = answer.unwrap_err();
    assert_eq!(
        refusal(&refused),
        (Code::ResourceExhausted, "OVERLOADED".to_owned())
    );
    assert!(retry_delay(&refused) > Duration::ZERO);
    assert!(took < Duration::from_millis(100), "shed after {took:?}");
    probe(&hub).await;

    locker.execute("ROLLBACK").await.unwrap();
    hanging.await.unwrap().unwrap();
    articles(&mut coordinator.clone()).await.unwrap();
    hub.finish().await;
}

#[tokio::test]
async fn a_command_that_goes_on_after_its_deadline_keeps_its_place_until_it_has_ended() {
    let hub = hub_with_limits(Limits {
        calls_in_flight: 1,
        ..Limits::default()
    })
    .await;
    let mut locker = hub.database.connect().await;
    locker
        .execute("BEGIN; LOCK TABLE cases IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    let mut hasty = Request::new(submit(intake("1")));
    hasty.set_timeout(Duration::from_millis(200));
    hub.coordinator().intake.submit_intake(hasty).await.unwrap_err();
    let mut client = hub.coordinator();
    for _ in 0..20 {
        let refused = articles(&mut client).await.unwrap_err();
        assert_eq!(
            refusal(&refused),
            (Code::ResourceExhausted, "OVERLOADED".to_owned())
        );
    }
    locker.execute("ROLLBACK").await.unwrap();
    let look = || {
        let mut client = client.clone();
        async move { articles(&mut client).await }
    };
    eventually(look, Result::is_ok).await.unwrap();
    hub.finish().await;
}

#[tokio::test]
async fn one_caller_has_its_places_in_flight_and_leaves_the_others_to_the_rest() {
    let hub = hub_with_limits(Limits {
        calls_in_flight_per_caller: 1,
        ..Limits::default()
    })
    .await;
    let greedy = hub.coordinator();
    // A watch lasts, and takes no place.
    let watch = v1::WatchCasesRequest::default();
    let watching = greedy.clone().cases.watch_cases(watch).await.unwrap();
    articles(&mut greedy.clone()).await.unwrap();

    let mut locker = hub.database.connect().await;
    locker
        .execute("BEGIN; LOCK TABLE cases IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    let hanging = tokio::spawn(hang(greedy.clone()));
    let look = || {
        let mut client = greedy.clone();
        async move { articles(&mut client).await }
    };
    let refused = eventually(look, Result::is_err).await.unwrap_err();
    assert_eq!(
        refusal(&refused),
        (Code::ResourceExhausted, "TOO_MANY_IN_FLIGHT".to_owned())
    );
    assert!(retry_delay(&refused) > Duration::ZERO);
    articles(&mut hub.coordinator()).await.unwrap();

    locker.execute("ROLLBACK").await.unwrap();
    hanging.await.unwrap().unwrap();
    eventually(look, Result::is_ok).await.unwrap();
    drop(watching);
    hub.finish().await;
}

#[tokio::test]
async fn strangers_share_the_places_of_one_caller_and_leave_the_others_to_the_rest() {
    let hub = hub_with_limits(Limits {
        calls_in_flight_per_caller: 1,
        ..Limits::default()
    })
    .await;
    let ask = || {
        let mut stranger = hub.with_token(None);
        let code = "0000-0000-0000-0000".to_owned();
        async move {
            let request = v1::GetPublicStatusRequest { code };
            stranger.cases.get_public_status(request).await.map(drop)
        }
    };
    let waits = |asking| async { tokio::time::timeout(Duration::from_secs(1), asking).await.ok() };
    let mut locker = hub.database.connect().await;
    locker
        .execute("BEGIN; LOCK TABLE public_codes, public_code_index IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    // Whichever comes first waits for the table, and the other is told that the place is taken.
    let (first, second) = tokio::join!(waits(ask()), waits(ask()));
    let refused = first.or(second).expect("one of them is answered").unwrap_err();
    assert_eq!(
        refusal(&refused),
        (Code::ResourceExhausted, "TOO_MANY_IN_FLIGHT".to_owned())
    );
    articles(&mut hub.coordinator()).await.unwrap();

    locker.execute("ROLLBACK").await.unwrap();
    assert_eq!(ask().await.unwrap_err().code(), Code::NotFound);
    hub.finish().await;
}

/// The health service answers whoever asks.
async fn probe(hub: &TestHub) {
    let channel = tonic::transport::Endpoint::from_shared(format!("http://{}", hub.address()))
        .unwrap()
        .connect_lazy();
    let mut grpc = tonic::client::Grpc::new(channel);
    grpc.ready().await.unwrap();
    let path = "/grpc.health.v1.Health/Check".parse().unwrap();
    // An empty message is a valid question: how is the whole server?
    let codec = tonic_prost::ProstCodec::<(), ()>::default();
    grpc.unary(Request::new(()), path, codec).await.unwrap();
}

#[tokio::test]
async fn one_address_gets_its_share_of_connections_and_a_seat_that_is_left_is_given_again() {
    let hub = hub_with_limits(Limits {
        connections_per_address: 3,
        ..Limits::default()
    })
    .await;
    let mut seated = vec![];
    for _ in 0..3 {
        seated.push(TcpStream::connect(hub.address()).await.unwrap());
    }
    let mut turned_away = TcpStream::connect(hub.address()).await.unwrap();
    let mut byte = [0];
    let read = tokio::time::timeout(Duration::from_secs(5), turned_away.read(&mut byte)).await;
    // Closed or reset, at once; those who have a seat are greeted with SETTINGS.
    assert!(matches!(read.unwrap(), Ok(0) | Err(_)));
    seated.clear();
    let coordinator = hub.coordinator();
    let _again = eventually(
        || {
            let mut client = coordinator.clone();
            async move { articles(&mut client).await }
        },
        Result::is_ok,
    )
    .await;
    hub.finish().await;
}

/// One call by HTTP/2 alone: a gRPC client's own timer would hide the server's. The status it ends with.
async fn call_without_timer(hub: &TestHub, path: &str, timeout: &str) -> Status {
    let stream = TokioIo::new(TcpStream::connect(hub.address()).await.unwrap());
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    tokio::spawn(connection);
    let request = hyper::Request::post(format!("http://{}{path}", hub.address()))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header("grpc-timeout", timeout)
        .header(
            "authorization",
            format!("Bearer {}", hub.token(&[Role::Coordinator], "ID", None)),
        )
        .body(Full::new(Bytes::from_static(&[0; 5])))
        .unwrap();
    let response = sender.send_request(request).await.unwrap();
    Status::from_header_map(response.headers()).expect("it ended without an answer")
}

#[tokio::test]
async fn a_client_that_states_a_short_deadline_gets_it() {
    let hub = TestHub::start().await;
    let mut locker = hub.database.connect().await;
    locker
        .execute("BEGIN; LOCK TABLE cases IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    let begun = Instant::now();
    let refused = call_without_timer(&hub, "/serasi.v1.CaseService/ListCases", "300m").await;
    assert_eq!(
        refusal(&refused),
        (Code::DeadlineExceeded, "DEADLINE_EXCEEDED".to_owned())
    );
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    locker.execute("ROLLBACK").await.unwrap();
    hub.finish().await;
}
