//! Things that look like a token, and what is around it.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use serasi_tests::issuer::{SigningKey, claims};

use super::Case;

/// Things that look like a token.
pub(super) fn odd(key: &SigningKey) -> Vec<(&'static str, String)> {
    let good = key.token(&claims());
    let text = claims().to_string();
    let parts: Vec<&str> = good.split('.').collect();
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let last = signature.chars().last().unwrap();
    let neighbour = char::from(u8::try_from(last).unwrap() + 1);
    vec![
        ("two parts", signed.to_owned()),
        ("four parts", format!("{good}.AAAA")),
        ("five parts", format!("{good}.AAAA.AAAA")),
        ("only dots", "..".to_owned()),
        ("words", "let me in".to_owned()),
        (
            "signature padded",
            format!("{signed}.{}", URL_SAFE.encode(&bytes)),
        ),
        ("signature with bits that say nothing", {
            format!("{signed}.{}{neighbour}", &signature[..signature.len() - 1])
        }),
        ("claims in the other base64", {
            // A tilde and a question mark make + and / there.
            let header = URL_SAFE_NO_PAD.encode(key.header());
            let claims = STANDARD.encode(text.replace("petugas-uji", "~~~???"));
            let signed = format!("{header}.{}", claims.trim_end_matches('='));
            format!(
                "{signed}.{}",
                URL_SAFE_NO_PAD.encode(key.signature(signed.as_bytes()))
            )
        }),
        (
            "a space within",
            format!("{} .{}.{}", parts[0], parts[1], parts[2]),
        ),
        ("claims are no JSON", key.sign(&key.header(), "exp=9999999999")),
        ("claims are a list", key.sign(&key.header(), "[]")),
        ("claims are nothing", key.sign(&key.header(), "")),
        (
            "claims are cut off",
            key.sign(&key.header(), &text[..text.len() - 1]),
        ),
        (
            "something after the claims",
            key.sign(&key.header(), &format!("{text}{{}}")),
        ),
        (
            "exp twice",
            key.sign(&key.header(), &text.replacen('{', r#"{"exp":1,"#, 1)),
        ),
        (
            "sub twice",
            key.sign(&key.header(), &text.replacen('{', r#"{"sub":"a","#, 1)),
        ),
        (
            "claims as deep as a well",
            key.sign(&key.header(), &"[".repeat(3_000)),
        ),
        ("longer than any token", format!("{good}{}", "A".repeat(9_000))),
    ]
}

/// The header around it.
pub(super) fn envelopes(key: &SigningKey) -> Vec<Case> {
    let good = key.token(&claims());
    vec![
        ("no header", vec![]),
        ("an empty header", vec![String::new()]),
        ("the scheme alone", vec!["Bearer".to_owned()]),
        ("the scheme and a space", vec!["Bearer ".to_owned()]),
        ("no scheme", vec![good.clone()]),
        ("another scheme", vec![format!("Basic {good}")]),
        ("the scheme of DPoP", vec![format!("DPoP {good}")]),
        ("a list of two", vec![format!("Bearer {good}, Bearer {good}")]),
        (
            "two headers",
            vec![format!("Bearer {good}"), format!("Bearer {good}")],
        ),
    ]
}
