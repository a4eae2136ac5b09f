//! Who comes in the very moment in which a replica leaves: they are served, or nothing of theirs was begun.

use std::time::Duration;

use hyper_util::rt::TokioIo;
use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::status::never_begun;
use serasi_tests::{Client, TestHub};
use sqlx::Executor;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tonic::transport::Endpoint;

/// Longer than the hub waits for the first call of a connection that has made none.
const A_WHILE: Duration = Duration::from_millis(400);

/// A client on a connection that the system has made, and the hub has not let in: the thread is one for both.
fn at_the_door(hub: &TestHub, token: &str) -> Client {
    let socket = std::net::TcpStream::connect(hub.address()).unwrap();
    socket.set_nonblocking(true).unwrap();
    let mut socket = Some(TokioIo::new(TcpStream::from_std(socket).unwrap()));
    let connector = tower::service_fn(move |_| {
        let once = socket
            .take()
            .ok_or_else(|| std::io::Error::other("connects once"));
        std::future::ready(once)
    });
    let channel = Endpoint::from_static("http://hub").connect_with_connector_lazy(connector);
    Client::on(&channel, Some(token))
}

#[tokio::test]
async fn who_is_at_the_door_when_a_replica_leaves_is_let_in_and_answered() {
    let hub = TestHub::start().await;
    let token = hub.token(&[Role::Coordinator], "ID", None);
    let mut owner = hub.database.connect().await;
    owner
        .execute("BEGIN; LOCK TABLE cases IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    let clients: Vec<Client> = (0..12).map(|_| at_the_door(&hub, &token)).collect();
    hub.leave();
    let mut calls = JoinSet::new();
    for mut client in clients {
        calls.spawn(async move { client.cases.list_cases(v1::ListCasesRequest::default()).await });
    }
    tokio::time::sleep(A_WHILE).await;
    owner.execute("ROLLBACK").await.unwrap();
    let mut answered = 0;
    while let Some(call) = calls.join_next().await {
        match call.unwrap() {
            Ok(_) => answered += 1,
            Err(status) => assert!(never_begun(&status), "{status:?}"),
        }
    }
    println!("{answered} answered");
    assert!(answered > 0, "all were turned away");
    hub.finish().await;
}
