//! The Transit engine of HashiCorp Vault or OpenBao over HTTP: it wraps and unwraps data keys and keeps its own key.
//! The token is read from its file for every call, so that an agent can renew it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::{Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::KeyError;
use super::kek::Wrapped;
use super::secret::Secret;

/// One call; nothing waits for the vault longer than this.
const TIMEOUT: Duration = Duration::from_secs(5);
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// Where the vault is, and which key to use.
#[derive(Clone, Debug)]
pub struct TransitSettings {
    /// `https://vault.example:8200`; plain http only to this machine, where an agent listens.
    pub address: String,
    /// Path the engine is mounted at, usually `transit`.
    pub mount: String,
    pub key: String,
    pub token_file: PathBuf,
    pub namespace: Option<String>,
    /// Certificates to trust instead of the public ones.
    pub ca_file: Option<PathBuf>,
}

/// A key of a vault.
#[derive(Debug)]
pub struct Transit {
    id: String,
    settings: TransitSettings,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

#[derive(Serialize)]
struct EncryptRequest<'a> {
    plaintext: &'a str,
    associated_data: String,
}

#[derive(Deserialize)]
struct Ciphertext {
    ciphertext: String,
}

#[derive(Serialize)]
struct DecryptRequest<'a> {
    ciphertext: &'a str,
    associated_data: String,
}

#[derive(Deserialize)]
struct Plaintext {
    plaintext: Zeroizing<String>,
}

#[derive(Deserialize)]
struct KeyFacts {
    latest_version: i32,
}

#[derive(Deserialize)]
struct Answer<T> {
    data: T,
}

impl Transit {
    pub fn new(settings: TransitSettings) -> Result<Self, KeyError> {
        check_address(&settings.address)?;
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls(settings.ca_file.as_deref())?)
            .https_or_http()
            .enable_http1()
            .build();
        Ok(Self {
            id: format!("transit:{}/{}", settings.mount, settings.key),
            client: Client::builder(TokioExecutor::new()).build(connector),
            settings,
        })
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) async fn newest(&self) -> Result<i32, KeyError> {
        let facts: KeyFacts = self.call(Method::GET, "keys", Bytes::new()).await?;
        Ok(facts.latest_version)
    }

    pub(super) async fn wrap(&self, context: &str, key: &Secret) -> Result<(i32, Vec<u8>), KeyError> {
        let request = EncryptRequest {
            plaintext: &Zeroizing::new(BASE64_STANDARD.encode(key.bytes())),
            associated_data: BASE64_STANDARD.encode(context),
        };
        let answer: Ciphertext = self.call(Method::POST, "encrypt", json(&request)).await?;
        let version = version_of(&answer.ciphertext).ok_or_else(|| self.unreadable())?;
        Ok((version, answer.ciphertext.into_bytes()))
    }

    pub(super) async fn unwrap(&self, context: &str, wrapped: &Wrapped) -> Result<Secret, KeyError> {
        let wrong = || KeyError::WrongKek {
            kek: self.id.clone(),
            version: wrapped.kek_version,
        };
        let request = DecryptRequest {
            ciphertext: std::str::from_utf8(&wrapped.bytes).map_err(|_| wrong())?,
            associated_data: BASE64_STANDARD.encode(context),
        };
        let answer: Plaintext = match self.call(Method::POST, "decrypt", json(&request)).await {
            // That is how the engine says that a ciphertext is not its own, or of a version it no longer opens.
            Err(KeyError::VaultRefused { status: 400, .. }) => return Err(wrong()),
            answer => answer?,
        };
        let bytes = BASE64_STANDARD.decode(answer.plaintext.as_bytes()).ok();
        bytes
            .map(Zeroizing::new)
            .and_then(|bytes| Secret::from_slice(&bytes))
            .ok_or_else(|| self.unreadable())
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        operation: &str,
        body: Bytes,
    ) -> Result<T, KeyError> {
        tokio::time::timeout(TIMEOUT, self.send(method, operation, body))
            .await
            .map_err(|_| self.away("no answer in time"))?
    }

    async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        operation: &str,
        body: Bytes,
    ) -> Result<T, KeyError> {
        let TransitSettings {
            address, mount, key, ..
        } = &self.settings;
        let address = address.trim_end_matches('/');
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{address}/v1/{mount}/{operation}/{key}"))
            .header("x-vault-token", self.token()?.trim())
            .header("x-vault-request", "true")
            .header(http::header::CONTENT_TYPE, "application/json");
        if let Some(namespace) = &self.settings.namespace {
            request = request.header("x-vault-namespace", namespace);
        }
        let request = request
            .body(Full::new(body))
            .map_err(|_| self.away("address, mount, key or token cannot be sent"))?;
        let response = self
            .client
            .request(request)
            .await
            .map_err(|_| self.away("no connection"))?;
        let status = response.status();
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            return Err(self.away("sealed, on standby or overloaded"));
        }
        if !status.is_success() {
            return Err(KeyError::VaultRefused {
                kek: self.id.clone(),
                status: status.as_u16(),
            });
        }
        let body = Limited::new(response.into_body(), MAX_ANSWER_BYTES).collect();
        let body = Zeroizing::new(
            body.await
                .map_err(|_| self.away("a broken answer"))?
                .to_bytes()
                .to_vec(),
        );
        let answer: Answer<T> = serde_json::from_slice(&body).map_err(|_| self.unreadable())?;
        Ok(answer.data)
    }

    fn token(&self) -> Result<Zeroizing<String>, KeyError> {
        let path = &self.settings.token_file;
        let token = std::fs::read_to_string(path).map_err(|source| KeyError::File {
            path: path.display().to_string(),
            source,
        })?;
        Ok(Zeroizing::new(token))
    }

    fn away(&self, why: &'static str) -> KeyError {
        KeyError::VaultAway {
            kek: self.id.clone(),
            why,
        }
    }

    fn unreadable(&self) -> KeyError {
        self.away("an answer that is not Transit's")
    }
}

/// `vault:v3:...` is of version 3.
fn version_of(ciphertext: &str) -> Option<i32> {
    ciphertext.split(':').nth(1)?.strip_prefix('v')?.parse().ok()
}

fn json(request: &impl Serialize) -> Bytes {
    Bytes::from(serde_json::to_vec(request).expect("strings are plain data"))
}

/// The token travels with every call: without TLS only to this machine.
fn check_address(address: &str) -> Result<(), KeyError> {
    let wrong = |what| KeyError::VaultAddress {
        address: address.to_owned(),
        what,
    };
    let uri: Uri = address
        .parse()
        .map_err(|_| wrong("is no URL; an example: https://vault.example:8200"))?;
    let host = uri.host().unwrap_or_default();
    let is_here = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    match uri.scheme_str() {
        Some("https") => Ok(()),
        Some("http") if is_here => Ok(()),
        Some("http") => Err(wrong("must be https://, or http:// to an agent on this machine")),
        Some(_) | None => Err(wrong("must begin with https://")),
    }
}

fn tls(ca_file: Option<&Path>) -> Result<ClientConfig, KeyError> {
    let mut roots = RootCertStore::empty();
    match ca_file {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(path) => {
            let unusable = || KeyError::Certificates(path.display().to_string());
            let certificates = CertificateDer::pem_file_iter(path).map_err(|_| unusable())?;
            for certificate in certificates {
                let certificate = certificate.map_err(|_| unusable())?;
                roots.add(certificate).map_err(|_| unusable())?;
            }
            if roots.is_empty() {
                return Err(unusable());
            }
        }
    }
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring knows the versions of TLS")
        .with_root_certificates(roots)
        .with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_sent_by_tls_or_stays_on_this_machine() {
        for good in [
            "https://vault.example:8200",
            "http://127.0.0.1:8100",
            "http://localhost:8100/",
        ] {
            assert!(check_address(good).is_ok(), "{good}");
        }
        for wrong in ["http://vault.example:8200", "vault.example", "ftp://x", ""] {
            assert!(check_address(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_ciphertext_says_its_version() {
        assert_eq!(version_of("vault:v12:AbC="), Some(12));
        assert_eq!(version_of("vault:12"), None);
    }
}
