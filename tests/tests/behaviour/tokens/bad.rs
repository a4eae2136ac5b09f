//! The bad tokens: what RFC 8725 warns of, what was once a hole in some library, and what is merely odd.

#[path = "content.rs"]
mod content;
#[path = "form.rs"]
mod form;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use serasi_tests::issuer::{SigningKey, claims, key_set, unsigned};
use serde_json::{Value, json};

type Case = (&'static str, Vec<String>);

/// Every case and the `authorization` headers it is sent with.
pub(crate) fn tokens(key: &SigningKey) -> Vec<Case> {
    let mut cases = unsigned_or_confused(key);
    cases.extend(wrong_signatures(key));
    cases.extend(bearer(types_and_key_ids(key)));
    cases.extend(bearer(brought_keys(key)));
    cases.extend(bearer(content::times(key)));
    cases.extend(bearer(content::parties(key)));
    cases.extend(bearer(content::roles_and_scope(key)));
    cases.extend(bearer(content::bindings(key)));
    cases.extend(bearer(form::odd(key)));
    cases.extend(form::envelopes(key));
    cases
}

fn bearer(cases: Vec<(&'static str, String)>) -> Vec<Case> {
    cases
        .into_iter()
        .map(|(name, token)| (name, vec![format!("Bearer {token}")]))
        .collect()
}

fn header_with(key: &SigningKey, change: impl Fn(&mut Value)) -> String {
    let mut header: Value = serde_json::from_str(&key.header()).unwrap();
    change(&mut header);
    header.to_string()
}

/// Not signed, signed by others, or signed in another way than the key is for.
fn unsigned_or_confused(key: &SigningKey) -> Vec<Case> {
    let text = claims().to_string();
    let none = |name: &str| {
        format!(
            "{}.",
            unsigned(&header_with(key, |h| h["alg"] = json!(name)), &text)
        )
    };
    let mac = |algorithm: hmac::Algorithm, name: &str, secret: &[u8]| {
        let signed = unsigned(&header_with(key, |h| h["alg"] = json!(name)), &text);
        let tag = hmac::sign(&hmac::Key::new(algorithm, secret), signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
    };
    let as_if = |name: &str| key.sign(&header_with(key, |h| h["alg"] = json!(name)), &text);
    let public_key_set = key_set([key]);
    bearer(vec![
        ("alg none", none("none")),
        ("alg None", none("None")),
        ("alg NONE", none("NONE")),
        ("alg nOnE", none("nOnE")),
        ("alg none with a signature", as_if("none")),
        (
            "HS256 with the public point",
            mac(hmac::HMAC_SHA256, "HS256", key.point()),
        ),
        (
            "HS256 with the key set",
            mac(hmac::HMAC_SHA256, "HS256", public_key_set.as_bytes()),
        ),
        ("HS256 with an empty secret", mac(hmac::HMAC_SHA256, "HS256", b"")),
        (
            "HS384 with the public point",
            mac(hmac::HMAC_SHA384, "HS384", key.point()),
        ),
        (
            "HS512 with the public point",
            mac(hmac::HMAC_SHA512, "HS512", key.point()),
        ),
        ("alg RS256", as_if("RS256")),
        ("alg PS256", as_if("PS256")),
        ("alg ES384", as_if("ES384")),
        ("alg ES256K", as_if("ES256K")),
        ("alg EdDSA for a key of ES256", as_if("EdDSA")),
        (
            "alg missing",
            key.sign(&json!({ "typ": "at+jwt", "kid": key.id }).to_string(), &text),
        ),
        ("alg empty", as_if("")),
        (
            "alg null",
            key.sign(&header_with(key, |h| h["alg"] = Value::Null), &text),
        ),
        (
            "alg as a list",
            key.sign(&header_with(key, |h| h["alg"] = json!(["ES256"])), &text),
        ),
    ])
}

/// Signed by a stranger, or not what was signed.
fn wrong_signatures(key: &SigningKey) -> Vec<Case> {
    let text = claims().to_string();
    let good = key.token(&claims());
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let with = |bytes: &[u8]| format!("{signed}.{}", URL_SAFE_NO_PAD.encode(bytes));
    let bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let mut flipped = bytes.clone();
    flipped[40] ^= 1;
    let stranger = SigningKey::new(&key.id);
    bearer(vec![
        ("signed by a stranger under our key id", stranger.token(&claims())),
        ("signature in DER", der_signature(key, &text)),
        ("signature of zeros", with(&[0; 64])),
        ("signature of one zero byte", with(&[0])),
        ("signature missing", format!("{signed}.")),
        ("signature cut short", with(&bytes[..63])),
        ("signature with a byte more", with(&[&bytes[..], &[0]].concat())),
        ("signature with a bit flipped", with(&flipped)),
        (
            "signature of another token",
            with(&key.signature(b"something else")),
        ),
        ("claims changed after signing", tampered(&good, 1)),
        ("header changed after signing", tampered(&good, 0)),
    ])
}

/// ECDSA as X.509 has it, not as JWS has it.
fn der_signature(key: &SigningKey, text: &str) -> String {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random).unwrap();
    let signed = unsigned(&key.header(), text);
    let signature = pair.sign(&random, signed.as_bytes()).unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn tampered(token: &str, part: usize) -> String {
    let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(&parts[part]).unwrap()).unwrap();
    // Another space says the same, and is not what was signed.
    parts[part] = URL_SAFE_NO_PAD.encode(text.replacen(':', ": ", 1));
    parts.join(".")
}

/// Type and key id.
fn types_and_key_ids(key: &SigningKey) -> Vec<(&'static str, String)> {
    let text = claims().to_string();
    let sign = |change: &dyn Fn(&mut Value)| key.sign(&header_with(key, change), &text);
    let raw = |header: &str| key.sign(&header.replace("KID", &key.id), &text);
    vec![
        ("typ JWT", sign(&|h| h["typ"] = json!("JWT"))),
        ("typ missing", raw(r#"{"alg":"ES256","kid":"KID"}"#)),
        ("typ of an identity token", sign(&|h| h["typ"] = json!("id+jwt"))),
        ("typ of a logout token", sign(&|h| h["typ"] = json!("logout+jwt"))),
        ("typ with a space", sign(&|h| h["typ"] = json!("at+jwt "))),
        (
            "typ of another media type",
            sign(&|h| h["typ"] = json!("text/at+jwt")),
        ),
        ("typ as a number", sign(&|h| h["typ"] = json!(1))),
        ("kid missing", raw(r#"{"alg":"ES256","typ":"at+jwt"}"#)),
        ("kid unknown", sign(&|h| h["kid"] = json!("uji-2"))),
        ("kid empty", sign(&|h| h["kid"] = json!(""))),
        ("kid null", sign(&|h| h["kid"] = Value::Null)),
        ("kid as a number", sign(&|h| h["kid"] = json!(1))),
        (
            "kid as a path",
            sign(&|h| h["kid"] = json!("../../../../dev/null")),
        ),
        (
            "kid as SQL",
            sign(&|h| h["kid"] = json!("x' UNION SELECT 'AAAA' --")),
        ),
        ("kid as a command", sign(&|h| h["kid"] = json!("/etc/passwd|id"))),
        ("kid with a zero byte", sign(&|h| h["kid"] = json!("uji-1\u{0}"))),
        ("kid in capitals", sign(&|h| h["kid"] = json!("UJI-1"))),
    ]
}

/// Keys that the sender brings along, and other things a header may say.
fn brought_keys(key: &SigningKey) -> Vec<(&'static str, String)> {
    let text = claims().to_string();
    let sign = |change: &dyn Fn(&mut Value)| key.sign(&header_with(key, change), &text);
    let stranger = SigningKey::new("stranger");
    let brings_own = header_with(&stranger, |h| h["jwk"] = stranger.public());
    let raw = |header: &str| key.sign(&header.replace("KID", &key.id), &text);
    vec![
        (
            "jku",
            sign(&|h| h["jku"] = json!("https://attacker.example/jwks.json")),
        ),
        (
            "jku of the issuer itself",
            sign(&|h| h["jku"] = json!("https://sso.uji.example/jwks.json")),
        ),
        (
            "x5u",
            sign(&|h| h["x5u"] = json!("https://attacker.example/cert.pem")),
        ),
        ("x5c", sign(&|h| h["x5c"] = json!(["MIIB"]))),
        ("jwk of the signer", sign(&|h| h["jwk"] = key.public())),
        ("jwk of a stranger who signed", stranger.sign(&brings_own, &text)),
        ("jwk of a stranger under our key id", {
            let header = header_with(key, |h| h["jwk"] = stranger.public());
            stranger.sign(&header, &text)
        }),
        ("crit", sign(&|h| h["crit"] = json!(["exp"]))),
        ("crit empty", sign(&|h| h["crit"] = json!([]))),
        (
            "b64 false",
            sign(&|h| {
                h["b64"] = json!(false);
                h["crit"] = json!(["b64"]);
            }),
        ),
        ("zip", sign(&|h| h["zip"] = json!("DEF"))),
        ("enc", sign(&|h| h["enc"] = json!("A128GCM"))),
        ("a token within a token", sign(&|h| h["cty"] = json!("JWT"))),
        (
            "alg twice",
            raw(r#"{"alg":"none","alg":"ES256","typ":"at+jwt","kid":"KID"}"#),
        ),
        (
            "kid twice",
            raw(r#"{"alg":"ES256","typ":"at+jwt","kid":"KID","kid":"KID"}"#),
        ),
        ("header is a list", raw(r#"["ES256"]"#)),
        ("header is empty", raw("")),
    ]
}
