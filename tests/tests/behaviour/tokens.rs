//! Only a token that is right in every part opens a door, and none of the others costs a look into the database.

#[path = "tokens/bad.rs"]
mod bad;

use std::collections::BTreeSet;
use std::time::Duration;

use serasi_hub::auth::{DEV_ISSUER, KeySetError, KeySource, Verifier};
use serasi_proto::v1;
use serasi_proto::v1::case_service_client::CaseServiceClient;
use serasi_tests::issuer::{ISSUER, SigningKey, claims, key_set, now};
use serasi_tests::status::refusal;
use serasi_tests::{Setup, TestHub};
use serde_json::{Value, json};
use tonic::transport::Endpoint;
use tonic::{Code, Request, Status};

use crate::scene::hub_with;

/// A hub that takes the tokens signed with `key`, read from a file.
async fn hub_of(key: &SigningKey) -> TestHub {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwks.json");
    std::fs::write(&file, key_set([key])).unwrap();
    let source = KeySource::new(file.to_str().unwrap(), Duration::from_mins(5), None).unwrap();
    let verifier = Verifier::open(ISSUER, source).await.unwrap();
    TestHub::set_up(Setup {
        verifier: Some(verifier),
        ..Setup::default()
    })
    .await
}

/// What the hub answers to a question that needs the database, asked with these `authorization` headers.
async fn ask(hub: &TestHub, authorization: &[String]) -> Result<(), Status> {
    let channel = Endpoint::from_shared(format!("http://{}", hub.address()))
        .unwrap()
        .connect_lazy();
    let mut request = Request::new(v1::GetCaseRequest {
        case_id: "32.73-01a20134-12a5-7c9b-9f84-648348859e8b".replace('.', ""),
    });
    for value in authorization {
        request
            .metadata_mut()
            .append("authorization", value.parse().unwrap());
    }
    CaseServiceClient::new(channel).get_case(request).await.map(drop)
}

#[tokio::test]
async fn every_bad_token_is_refused_without_a_look_into_the_database() {
    let key = SigningKey::new("uji-1");
    let hub = hub_of(&key).await;
    hub.database.shut().await;

    let bad = bad::tokens(&key);
    let names: BTreeSet<_> = bad.iter().map(|(name, _)| *name).collect();
    assert_eq!(names.len(), bad.len(), "every case has a name of its own");
    assert!(bad.len() >= 100, "{} bad tokens", bad.len());
    let mut let_in = vec![];
    for (name, authorization) in bad {
        let refused = ask(&hub, &authorization).await.unwrap_err();
        if refused.code() != Code::Unauthenticated {
            let_in.push((name, refused.code()));
            continue;
        }
        assert_eq!(refusal(&refused).1, "TOKEN_INVALID", "{name}");
        let token = authorization
            .first()
            .and_then(|value| value.split_once(' '))
            .map(|(_, token)| token);
        let leaks = token.is_some_and(|token| token.len() > 20 && format!("{refused:?}").contains(token));
        assert!(!leaks, "{name}: the answer repeats the token");
    }
    assert!(let_in.is_empty(), "not refused for the token: {let_in:?}");

    // The control: with a good token the same question fails at the database, so none of the others got that far.
    for (name, authorization) in good_tokens(&key) {
        let code = ask(&hub, &[authorization]).await.unwrap_err().code();
        assert!(
            matches!(code, Code::Unavailable | Code::Internal),
            "{name} should have reached the database, which is away: {code:?}"
        );
    }
    hub.database.open().await;
    hub.finish().await;
}

fn good_tokens(key: &SigningKey) -> Vec<(&'static str, String)> {
    let with = |change: &dyn Fn(&mut Value)| {
        let mut claims = claims();
        change(&mut claims);
        key.token(&claims)
    };
    let full_type = json!({ "typ": "application/at+jwt", "alg": "ES256", "kid": key.id }).to_string();
    vec![
        ("plain", format!("Bearer {}", with(&|_| {}))),
        ("scheme in small letters", format!("bearer {}", with(&|_| {}))),
        (
            "media type in full",
            format!("Bearer {}", key.sign(&full_type, &claims().to_string())),
        ),
        (
            "one audience of two",
            format!("Bearer {}", with(&|c| c["aud"] = json!(["x", "serasi"]))),
        ),
        (
            "expired within the leeway",
            format!(
                "Bearer {}",
                with(&|c| (c["iat"], c["exp"]) = (json!(now() - 60), json!(now() - 5)))
            ),
        ),
        (
            "valid within the leeway",
            format!("Bearer {}", with(&|c| c["nbf"] = json!(now() + 10))),
        ),
        (
            "ten minutes long",
            format!(
                "Bearer {}",
                with(&|c| c["exp"] = json!(c["iat"].as_i64().unwrap() + 600))
            ),
        ),
    ]
}

#[tokio::test]
async fn production_refuses_the_development_key_and_issuer() {
    let hub = hub_with(vec![]).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwks.json");
    std::fs::write(&file, serde_json::to_string(&hub.issuer().key_set()).unwrap()).unwrap();
    for issuer in [ISSUER, DEV_ISSUER] {
        let source = KeySource::new(file.to_str().unwrap(), Duration::from_mins(5), None).unwrap();
        let refused = Verifier::open(issuer, source).await.unwrap_err();
        assert!(matches!(refused, KeySetError::Development), "{refused}");
    }
    hub.finish().await;
}

#[tokio::test]
async fn keys_of_other_kinds_and_for_other_uses_are_left_out_and_do_not_hide_the_good_one() {
    let (good, encryption, other) = (
        SigningKey::new("good"),
        SigningKey::new("enc"),
        SigningKey::new("x"),
    );
    let mut for_encryption = encryption.public();
    for_encryption["use"] = json!("enc");
    let mut of_other_algorithm = other.public();
    of_other_algorithm["alg"] = json!("ES384");
    let keys = json!({ "keys": [
        { "kty": "AKP", "kid": "ml-dsa", "alg": "ML-DSA-65", "pub": "AAAA" },
        { "kty": "RSA", "kid": "rsa", "n": "AQAB", "e": "AQAB" },
        { "kty": "oct", "kid": "oct", "k": "c2VjcmV0" },
        for_encryption, of_other_algorithm, 7, good.public(),
    ]});
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwks.json");
    std::fs::write(&file, keys.to_string()).unwrap();
    let source = KeySource::new(file.to_str().unwrap(), Duration::from_mins(5), None).unwrap();
    let verifier = Verifier::open(ISSUER, source).await.unwrap();
    let verify = |key: &SigningKey| {
        let authorization = format!("Bearer {}", key.token(&claims()));
        let now = serasi_hub::clock::Clock::system().now();
        verifier.verify(Some(&authorization), None, now)
    };
    assert_eq!(verify(&good).unwrap().principal, format!("{ISSUER}#petugas-uji"));
    assert!(verify(&encryption).is_err());
    assert!(verify(&other).is_err());
}

#[tokio::test]
async fn a_token_that_was_good_is_refused_when_its_time_is_over() {
    let key = SigningKey::new("uji-1");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwks.json");
    std::fs::write(&file, key_set([&key])).unwrap();
    let source = KeySource::new(file.to_str().unwrap(), Duration::from_mins(5), None).unwrap();
    let verifier = Verifier::open(ISSUER, source).await.unwrap();
    let authorization = format!("Bearer {}", key.token(&claims()));
    let now = serasi_hub::clock::Clock::system().now();
    // The second time it is remembered; the third time it is remembered and over.
    for (later_s, is_good) in [(0, true), (1, true), (329, true), (332, false), (100_000, false)] {
        let answer = verifier.verify(Some(&authorization), None, now + time::Duration::seconds(later_s));
        assert_eq!(answer.is_ok(), is_good, "after {later_s} s");
    }
}
