//! Keys come and go at the issuer while the hub runs.

use std::time::Duration;

use serasi_hub::WatchLimits;
use serasi_hub::auth::{KeySetError, KeySource, Verifier};
use serasi_proto::v1;
use serasi_tests::issuer::{Answer, ISSUER, KeyServer, SigningKey, claims, key_set};
use serasi_tests::{Setup, TestHub};
use tonic::Code;

use crate::scene::eventually;

async fn hub_asking(server: &KeyServer, every: Duration) -> TestHub {
    let source = KeySource::new(&server.url, every, None).unwrap();
    let verifier = Verifier::open(ISSUER, source).await.unwrap();
    TestHub::set_up(Setup {
        verifier: Some(verifier),
        ..Setup::default()
    })
    .await
}

/// What somebody with this token is told.
async fn told(hub: &TestHub, token: &str) -> Code {
    let mut client = hub.with_token(Some(token));
    let answer = client.reference.list_articles(v1::ListArticlesRequest {}).await;
    answer.err().map_or(Code::Ok, |refused| refused.code())
}

#[tokio::test]
async fn a_new_key_is_fetched_when_its_first_token_comes_and_invented_ones_do_not_become_a_flood() {
    let (old, new) = (SigningKey::new("2026-10"), SigningKey::new("2026-11"));
    let server = KeyServer::start(Answer::Text(key_set([&old]))).await;
    let hub = hub_asking(&server, Duration::from_hours(1)).await;
    assert_eq!(told(&hub, &old.token(&claims())).await, Code::Ok);
    assert_eq!(server.asked(), 1, "once at the start");

    server.answers(Answer::Text(key_set([&old, &new])));
    assert_eq!(told(&hub, &new.token(&claims())).await, Code::Ok);
    assert_eq!(server.asked(), 2, "once for the key");
    for number in 0..50 {
        let invented = SigningKey::new(&format!("invented-{number}"));
        assert_eq!(
            told(&hub, &invented.token(&claims())).await,
            Code::Unauthenticated
        );
    }
    assert_eq!(
        server.asked(),
        2,
        "strangers cannot make the hub ask again and again"
    );
    assert_eq!(told(&hub, &old.token(&claims())).await, Code::Ok);
    hub.finish().await;
}

#[tokio::test]
async fn a_token_of_a_revoked_key_is_refused_after_the_next_look_although_it_was_remembered() {
    let (old, new) = (SigningKey::new("2026-10"), SigningKey::new("2026-11"));
    let server = KeyServer::start(Answer::Text(key_set([&old, &new]))).await;
    let hub = hub_asking(&server, Duration::from_millis(100)).await;
    let token = old.token(&claims());
    for _ in 0..3 {
        assert_eq!(told(&hub, &token).await, Code::Ok);
    }
    server.answers(Answer::Text(key_set([&new])));
    eventually(|| told(&hub, &token), |code| *code == Code::Unauthenticated).await;
    assert_eq!(told(&hub, &new.token(&claims())).await, Code::Ok);
    hub.finish().await;
}

#[tokio::test]
async fn a_watch_ends_soon_after_its_key_is_revoked_although_its_token_is_still_good() {
    let (old, new) = (SigningKey::new("2026-10"), SigningKey::new("2026-11"));
    let server = KeyServer::start(Answer::Text(key_set([&old, &new]))).await;
    let source = KeySource::new(&server.url, Duration::from_millis(100), None).unwrap();
    let hub = TestHub::set_up(Setup {
        verifier: Some(Verifier::open(ISSUER, source).await.unwrap()),
        watches: WatchLimits {
            recheck: Duration::from_millis(100),
            ..WatchLimits::default()
        },
        ..Setup::default()
    })
    .await;
    let watch = async |token: &str| {
        let request = v1::WatchCapacityRequest {
            region_code: "ID".to_owned(),
            ..v1::WatchCapacityRequest::default()
        };
        let mut client = hub.with_token(Some(token));
        let mut watch = client
            .facilities
            .watch_capacity(request)
            .await
            .unwrap()
            .into_inner();
        assert_eq!(
            watch.message().await.unwrap().unwrap().step(),
            v1::WatchStep::Live
        );
        watch
    };
    let (mut ends, mut goes_on) = (
        watch(&old.token(&claims())).await,
        watch(&new.token(&claims())).await,
    );
    server.answers(Answer::Text(key_set([&new])));
    let ended = tokio::time::timeout(Duration::from_secs(20), ends.message()).await;
    assert_eq!(ended.expect("it ends").unwrap_err().code(), Code::Unauthenticated);
    // The other one has been looked at as often, and was let go on until the hub stops.
    let (ended, ()) = tokio::join!(goes_on.message(), hub.finish());
    assert_eq!(ended.unwrap_err().code(), Code::Unavailable);
}

#[tokio::test]
async fn an_issuer_that_is_away_or_talks_nonsense_takes_nobody_out() {
    let key = SigningKey::new("2026-11");
    let server = KeyServer::start(Answer::Text(key_set([&key]))).await;
    let hub = hub_asking(&server, Duration::from_millis(50)).await;
    let development = hub.issuer().key_set();
    let remembered = key.token(&claims());
    assert_eq!(told(&hub, &remembered).await, Code::Ok);
    for outage in [
        Answer::Status(503),
        Answer::Text("{\"keys\":[]}".to_owned()),
        Answer::Text("<html>".to_owned()),
        Answer::Text(serde_json::to_string(&development).unwrap()),
        Answer::Text("A".repeat(300 * 1024)),
        Answer::Redirect("http://127.0.0.1:1/".to_owned()),
    ] {
        server.answers(outage.clone());
        let asked = server.asked();
        // The first may have been on its way before the outage began; the second was not.
        eventually(async || server.asked(), |now| *now >= asked + 2).await;
        assert_eq!(told(&hub, &remembered).await, Code::Ok, "{outage:?}");
        assert_eq!(told(&hub, &key.token(&claims())).await, Code::Ok, "{outage:?}");
    }
    // Back again, with a new key.
    let new = SigningKey::new("2026-12");
    server.answers(Answer::Text(key_set([&new])));
    let token = new.token(&claims());
    eventually(|| told(&hub, &token), |code| *code == Code::Ok).await;
    assert_eq!(told(&hub, &remembered).await, Code::Unauthenticated);
    hub.finish().await;
}

#[tokio::test]
async fn a_key_file_that_is_replaced_counts_without_a_restart() {
    let (old, new) = (SigningKey::new("2026-10"), SigningKey::new("2026-11"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwks.json");
    std::fs::write(&file, key_set([&old])).unwrap();
    let source = KeySource::new(file.to_str().unwrap(), Duration::from_hours(1), None).unwrap();
    let hub = TestHub::set_up(Setup {
        verifier: Some(Verifier::open(ISSUER, source).await.unwrap()),
        ..Setup::default()
    })
    .await;
    let gone = old.token(&claims());
    assert_eq!(told(&hub, &gone).await, Code::Ok);
    std::fs::write(&file, key_set([&new])).unwrap();
    assert_eq!(
        told(&hub, &new.token(&claims())).await,
        Code::Ok,
        "looked up at once"
    );
    assert_eq!(told(&hub, &gone).await, Code::Unauthenticated);
    hub.finish().await;
}

#[tokio::test]
async fn a_hub_does_not_start_without_keys_and_says_why() {
    let every = Duration::from_hours(1);
    for (address, why) in [
        ("http://sso.example.go.id/jwks.json", "this machine only"),
        ("ftp://sso.example.go.id/jwks.json", "https://"),
        ("https://", "no URL"),
    ] {
        let refused = KeySource::new(address, every, None).unwrap_err().to_string();
        assert!(refused.contains(why) && refused.contains(address), "{refused}");
    }
    let ca = KeySource::new(
        "https://sso.example.go.id/jwks.json",
        every,
        Some(b"no certificate"),
    );
    assert!(
        matches!(ca, Err(KeySetError::Address { .. })),
        "an empty list of authorities trusts nobody"
    );

    let server = KeyServer::start(Answer::Status(404)).await;
    for (answer, why) in [
        (Answer::Status(404), "404"),
        (Answer::Redirect(server.url.clone()), "302"),
        (Answer::Text("{}".to_owned()), "no JSON Web Key Set"),
        (Answer::Text("{\"keys\":[]}".to_owned()), "no usable"),
        (Answer::Text("A".repeat(300 * 1024)), "limit"),
    ] {
        server.answers(answer);
        let source = KeySource::new(&server.url, every, None).unwrap();
        let refused = Verifier::open(ISSUER, source).await.unwrap_err().to_string();
        assert!(
            refused.contains(why) && refused.contains(&server.url),
            "{refused}"
        );
    }
}
