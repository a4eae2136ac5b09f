//! An issuer of tokens that a hub in production could have: keys of its own, a key set over HTTP, and hands free to
//! sign whatever a test wants.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Response, StatusCode};
use hyper_util::rt::TokioIo;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serasi_hub::clock::Clock;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// `iss` of its tokens.
pub const ISSUER: &str = "https://sso.uji.example";

/// A key that signs tokens.
#[derive(Debug)]
pub struct SigningKey {
    pub id: String,
    pair: EcdsaKeyPair,
}

impl SigningKey {
    /// A new ES256 key.
    pub fn new(id: &str) -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap();
        Self {
            id: id.to_owned(),
            pair,
        }
    }

    /// Its public half as a JSON Web Key.
    pub fn public(&self) -> Value {
        let (x, y) = self.point().get(1..).unwrap().split_at(32);
        let [x, y] = [x, y].map(|half| URL_SAFE_NO_PAD.encode(half));
        json!({ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.id, "x": x, "y": y })
    }

    /// The public point, 65 bytes.
    pub fn point(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    /// A token with an ordinary header and these claims.
    pub fn token(&self, claims: &Value) -> String {
        self.sign(&self.header(), &claims.to_string())
    }

    /// The header of its good tokens.
    pub fn header(&self) -> String {
        json!({ "typ": "at+jwt", "alg": "ES256", "kid": self.id }).to_string()
    }

    /// Signs what it is given, however odd.
    pub fn sign(&self, header: &str, claims: &str) -> String {
        let signed = unsigned(header, claims);
        let signature = self.signature(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    pub fn signature(&self, message: &[u8]) -> Vec<u8> {
        self.pair
            .sign(&SystemRandom::new(), message)
            .unwrap()
            .as_ref()
            .to_vec()
    }
}

/// Header and claims as they are signed.
pub fn unsigned(header: &str, claims: &str) -> String {
    format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(claims)
    )
}

/// The key set with the public halves of `keys`.
pub fn key_set<'k>(keys: impl IntoIterator<Item = &'k SigningKey>) -> String {
    let keys: Vec<Value> = keys.into_iter().map(SigningKey::public).collect();
    json!({ "keys": keys }).to_string()
}

/// Claims of a coordinator of the nation that are good now, for five minutes.
pub fn claims() -> Value {
    let now = now();
    json!({
        "iss": ISSUER, "aud": "serasi", "sub": "petugas-uji", "iat": now, "exp": now + 300,
        "jti": Clock::system().new_id().to_string(),
        "serasi": { "roles": ["coordinator"], "scope": "ID" },
    })
}

/// Seconds since 1970.
pub fn now() -> i64 {
    Clock::system().now().unix_timestamp()
}

/// What the issuer's address answers.
#[derive(Clone, Debug)]
pub enum Answer {
    Text(String),
    Status(u16),
    Redirect(String),
}

/// The issuer's address: HTTP on this machine.
#[derive(Debug)]
pub struct KeyServer {
    pub url: String,
    answer: Arc<Mutex<Answer>>,
    asked: Arc<AtomicUsize>,
}

impl KeyServer {
    pub async fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/jwks.json", listener.local_addr().unwrap());
        let server = Self {
            url,
            answer: Arc::new(Mutex::new(answer)),
            asked: Arc::default(),
        };
        let (answer, asked) = (Arc::clone(&server.answer), Arc::clone(&server.asked));
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (answer, asked) = (Arc::clone(&answer), Arc::clone(&asked));
                let service = service_fn(move |_| {
                    asked.fetch_add(1, Ordering::Relaxed);
                    let answer = answer.lock().unwrap().clone();
                    async move { Ok::<_, Infallible>(response(answer)) }
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        server
    }

    pub fn answers(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }

    /// How often somebody asked.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

fn response(answer: Answer) -> Response<Full<Bytes>> {
    let (status, text) = match answer {
        Answer::Text(text) => (StatusCode::OK, text),
        Answer::Status(status) => (StatusCode::from_u16(status).unwrap(), String::new()),
        Answer::Redirect(to) => {
            let mut response = Response::new(Full::new(Bytes::new()));
            *response.status_mut() = StatusCode::FOUND;
            response.headers_mut().insert("location", to.parse().unwrap());
            return response;
        }
    };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response
}
