//! Where the issuer's keys are read: a file, or a URL pinned by the operator. No token has a say in it.

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use super::verifier::KeySetError;

/// The issuer answers within this time, or it is as if it were away.
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);
/// A key set is some kilobytes.
const MAX_KEY_SET_BYTES: usize = 256 * 1024;
/// A file is looked at again so often; it is on this machine.
const FILE_EVERY: Duration = Duration::from_secs(5);

/// A place where a JSON Web Key Set is.
#[derive(Debug)]
pub enum KeySource {
    File(PathBuf),
    Url(Box<KeyUrl>),
}

/// An address of the issuer, and how to get there.
pub struct KeyUrl {
    uri: Uri,
    every: Duration,
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
}

impl KeySource {
    /// A file or an `https://` address, as the operator wrote it. Addresses are asked again after `every`; `ca` is a PEM
    /// file with the authorities to trust instead of the public ones.
    pub fn new(place: &str, every: Duration, ca: Option<&[u8]>) -> Result<Self, KeySetError> {
        if !place.contains("://") {
            return Ok(Self::File(PathBuf::from(place)));
        }
        let address = |why: &str| KeySetError::Address {
            address: place.to_owned(),
            why: why.to_owned(),
        };
        let uri: Uri = place.parse().map_err(|_| address("it is no URL"))?;
        let host = uri.host().unwrap_or_default();
        match uri.scheme_str() {
            Some("https") => {}
            // Who can change the answer on its way makes tokens: in the clear only within this machine.
            Some("http") if matches!(host, "localhost" | "127.0.0.1" | "[::1]") => {}
            Some("http") => return Err(address("http:// is for this machine only; use https://")),
            Some(_) | None => return Err(address("it must start with https://")),
        }
        let tls = tls(ca).map_err(|why| address(&why))?;
        let connector = hyper_rustls::HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .build();
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self::Url(Box::new(KeyUrl { uri, every, client })))
    }

    /// How often it is read again.
    pub(super) const fn every(&self) -> Duration {
        match self {
            Self::File(_) => FILE_EVERY,
            Self::Url(url) => url.every,
        }
    }

    /// Its name in errors and logs.
    pub(super) fn origin(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Url(url) => url.uri.to_string(),
        }
    }

    pub(super) async fn read(&self) -> Result<Vec<u8>, KeySetError> {
        let unreadable = |why: String| KeySetError::Unreadable {
            origin: self.origin(),
            why,
        };
        match self {
            Self::File(path) => std::fs::read(path).map_err(|error| unreadable(error.to_string())),
            Self::Url(url) => match tokio::time::timeout(FETCH_TIMEOUT, url.fetch()).await {
                Ok(fetched) => fetched.map_err(unreadable),
                Err(_) => Err(unreadable(format!(
                    "no answer within {} s",
                    FETCH_TIMEOUT.as_secs()
                ))),
            },
        }
    }
}

impl KeyUrl {
    /// One GET. A redirect is an error: the address is pinned.
    async fn fetch(&self) -> Result<Vec<u8>, String> {
        let request = Request::get(self.uri.clone())
            .header(header::ACCEPT, "application/jwk-set+json, application/json")
            .body(Empty::new())
            .map_err(|error| error.to_string())?;
        let response = self
            .client
            .request(request)
            .await
            .map_err(|error| innermost(&error))?;
        if response.status() != StatusCode::OK {
            return Err(format!("the answer is {}", response.status()));
        }
        let body = Limited::new(response.into_body(), MAX_KEY_SET_BYTES)
            .collect()
            .await;
        Ok(body.map_err(|error| error.to_string())?.to_bytes().to_vec())
    }
}

impl std::fmt::Debug for KeyUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyUrl")
            .field("uri", &self.uri)
            .finish_non_exhaustive()
    }
}

fn tls(ca: Option<&[u8]>) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    if let Some(pem) = ca {
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|_| "the file of its authority is not PEM".to_owned())?;
            roots.add(certificate).map_err(|error| error.to_string())?;
        }
        if roots.is_empty() {
            return Err("the file of its authority holds no certificate".to_owned());
        }
    } else {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// The outer errors only say that there was an inner one.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
