//! Claims that are wrong: times, parties, roles, bindings.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serasi_tests::issuer::{SigningKey, claims, now};
use serde_json::{Value, json};

fn with(key: &SigningKey, claim: &str, value: Value) -> String {
    let mut claims = claims();
    claims[claim] = value;
    key.token(&claims)
}

fn without(key: &SigningKey, claim: &str) -> String {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(claim);
    key.token(&claims)
}

/// From when until when.
pub(super) fn times(key: &SigningKey) -> Vec<(&'static str, String)> {
    let with = |claim: &str, value: Value| with(key, claim, value);
    let without = |claim: &str| without(key, claim);
    let now = now();
    let lasting = |from: i64, until: i64| {
        let mut claims = claims();
        claims["iat"] = json!(from);
        claims["exp"] = json!(until);
        key.token(&claims)
    };
    vec![
        ("exp missing", without("exp")),
        ("exp as text", with("exp", json!((now + 300).to_string()))),
        ("exp null", with("exp", Value::Null)),
        ("exp negative", with("exp", json!(-1))),
        (
            "exp with a fraction",
            with("exp", json!(f64::from(i32::MAX) + 0.5)),
        ),
        ("exp as a list", with("exp", json!([now + 300]))),
        ("exp true", with("exp", json!(true))),
        ("exp beyond all time", with("exp", json!(u64::MAX))),
        ("exp beyond 64 bits", with("exp", json!(1e300))),
        ("exp zero", with("exp", json!(0))),
        ("expired beyond the leeway", lasting(now - 100, now - 40)),
        ("expired long ago", lasting(now - 100_000, now - 99_700)),
        ("lives for eleven minutes", lasting(now, now + 660)),
        ("lives for a year", lasting(now, now + 31_536_000)),
        ("ends before it begins", lasting(now + 20, now + 10)),
        ("iat missing", without("iat")),
        ("iat as text", with("iat", json!(now.to_string()))),
        ("issued in the future", lasting(now + 100, now + 200)),
        ("not valid yet", with("nbf", json!(now + 60))),
        ("nbf as text", with("nbf", json!((now - 60).to_string()))),
        ("nbf null", with("nbf", Value::Null)),
        ("nbf beyond all time", with("nbf", json!(u64::MAX))),
    ]
}

/// By whom and for whom.
pub(super) fn parties(key: &SigningKey) -> Vec<(&'static str, String)> {
    let with = |claim: &str, value: Value| with(key, claim, value);
    let without = |claim: &str| without(key, claim);
    vec![
        ("iss missing", without("iss")),
        (
            "iss of another",
            with("iss", json!("https://sso.attacker.example")),
        ),
        (
            "iss with a slash more",
            with("iss", json!("https://sso.uji.example/")),
        ),
        ("iss as a list", with("iss", json!(["https://sso.uji.example"]))),
        (
            "iss of development",
            with("iss", json!(serasi_hub::auth::DEV_ISSUER)),
        ),
        ("aud missing", without("aud")),
        ("aud of another", with("aud", json!("simpeksos"))),
        ("aud of many others", with("aud", json!(["simpeksos", "serasi2"]))),
        ("aud empty", with("aud", json!([]))),
        ("aud in capitals", with("aud", json!("SERASI"))),
        ("aud as a number", with("aud", json!(1))),
        ("sub missing", without("sub")),
        ("sub empty", with("sub", json!(""))),
        ("sub as a number", with("sub", json!(7))),
        ("sub with a line break", with("sub", json!("a\nb"))),
        ("sub too long", with("sub", json!("a".repeat(256)))),
        ("jti missing", without("jti")),
        ("jti as a number", with("jti", json!(1))),
    ]
}

/// What the hub itself wants to know.
pub(super) fn roles_and_scope(key: &SigningKey) -> Vec<(&'static str, String)> {
    let own = |value: Value| with(key, "serasi", value);
    vec![
        ("no claims of the hub", own(Value::Null)),
        ("roles missing", own(json!({ "scope": "ID" }))),
        ("no role", own(json!({ "roles": [], "scope": "ID" }))),
        (
            "an unknown role",
            own(json!({ "roles": ["king"], "scope": "ID" })),
        ),
        (
            "an unknown role beside a known one",
            own(json!({ "roles": ["coordinator", "king"], "scope": "ID" })),
        ),
        (
            "a role in capitals",
            own(json!({ "roles": ["COORDINATOR"], "scope": "ID" })),
        ),
        (
            "roles as text",
            own(json!({ "roles": "coordinator", "scope": "ID" })),
        ),
        ("scope missing", own(json!({ "roles": ["coordinator"] }))),
        (
            "scope empty",
            own(json!({ "roles": ["coordinator"], "scope": "" })),
        ),
        (
            "scope that is no region",
            own(json!({ "roles": ["coordinator"], "scope": "99" })),
        ),
        (
            "scope with a wildcard",
            own(json!({ "roles": ["coordinator"], "scope": "%" })),
        ),
        (
            "an officer of no facility",
            own(json!({ "roles": ["facility_officer"], "scope": "ID" })),
        ),
        (
            "a facility that is no id",
            own(json!({
                "roles": ["facility_officer"], "scope": "ID", "facility": "3273-x",
            })),
        ),
    ]
}

/// What the token is bound to.
pub(super) fn bindings(key: &SigningKey) -> Vec<(&'static str, String)> {
    let bound = |value: Value| with(key, "cnf", value);
    let digest = URL_SAFE_NO_PAD.encode([7; 32]);
    vec![
        (
            "bound to a certificate on a connection without",
            bound(json!({ "x5t#S256": digest })),
        ),
        (
            "bound to half a digest",
            bound(json!({ "x5t#S256": &digest[..20] })),
        ),
        (
            "bound to a digest that is no base64",
            bound(json!({ "x5t#S256": "?" })),
        ),
        ("bound to a key in another way", bound(json!({ "jkt": digest }))),
        (
            "bound in two ways",
            bound(json!({ "x5t#S256": digest, "jkt": digest })),
        ),
        ("bound to nothing", bound(json!({}))),
        ("bound to null", bound(Value::Null)),
        ("bound to text", bound(json!(digest))),
    ]
}
