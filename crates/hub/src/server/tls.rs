//! TLS 1.3 of the hub. Certificates are read again when their files change; connections that stand are not touched.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

/// The files are looked at again at most so often, when somebody connects.
const LOOK_PAUSE: Duration = Duration::from_secs(1);
/// HTTP/2 alone is spoken.
const PROTOCOL: &[u8] = b"h2";

/// Where certificates are, all PEM.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The hub's certificate and those between it and its authority.
    pub certificate: PathBuf,
    pub key: PathBuf,
    /// The authorities of client certificates. With it a client may show one, and a wrong one is refused; without it
    /// nobody is asked.
    pub client_ca: Option<PathBuf>,
}

impl TlsFiles {
    /// Whether they can be served with.
    pub fn check(self) -> Result<(), TlsError> {
        Tls::load(self).map(drop)
    }
}

/// Why certificates cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("cannot read {path}: {source}")]
    File { path: String, source: std::io::Error },
    #[error("{path} is not what it should be: {why}")]
    Content { path: String, why: String },
}

/// The present configuration.
#[derive(Debug)]
pub(super) struct Tls {
    files: TlsFiles,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    config: Arc<ServerConfig>,
    /// What the files held at the last look, usable or not.
    seen: Contents,
    looked: Instant,
}

#[derive(Debug, PartialEq, Eq)]
struct Contents {
    certificate: Vec<u8>,
    key: Vec<u8>,
    client_ca: Option<Vec<u8>>,
}

impl Tls {
    pub(super) fn load(files: TlsFiles) -> Result<Self, TlsError> {
        let seen = Contents::read(&files)?;
        let config = Arc::new(seen.config(&files)?);
        let state = Mutex::new(State {
            config,
            seen,
            looked: Instant::now(),
        });
        Ok(Self { files, state })
    }

    /// The configuration for a connection that begins now. Three small files are read here, at most once a second.
    pub(super) fn config(&self) -> Arc<ServerConfig> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.looked.elapsed() >= LOOK_PAUSE {
            state.looked = Instant::now();
            if let Err(error) = state.look(&self.files) {
                tracing::error!(error = %error, "the new certificates cannot be used; the last ones are");
            }
        }
        Arc::clone(&state.config)
    }
}

impl State {
    fn look(&mut self, files: &TlsFiles) -> Result<(), TlsError> {
        let found = Contents::read(files)?;
        if found == self.seen {
            return Ok(());
        }
        let config = found.config(files);
        self.seen = found;
        self.config = Arc::new(config?);
        tracing::info!("certificates have changed; new connections get the new ones");
        Ok(())
    }
}

impl Contents {
    fn read(files: &TlsFiles) -> Result<Self, TlsError> {
        let read = |path: &Path| {
            std::fs::read(path).map_err(|source| TlsError::File {
                path: path.display().to_string(),
                source,
            })
        };
        Ok(Self {
            certificate: read(&files.certificate)?,
            key: read(&files.key)?,
            client_ca: files.client_ca.as_deref().map(read).transpose()?,
        })
    }

    fn config(&self, files: &TlsFiles) -> Result<ServerConfig, TlsError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(wrong(&files.certificate))?;
        let builder = match (&self.client_ca, &files.client_ca) {
            (Some(pem), Some(path)) => {
                let mut roots = RootCertStore::empty();
                for certificate in certificates(pem, path)? {
                    roots.add(certificate).map_err(wrong(path))?;
                }
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                    .allow_unauthenticated()
                    .build()
                    .map_err(wrong(path))?;
                builder.with_client_cert_verifier(verifier)
            }
            (_, _) => builder.with_no_client_auth(),
        };
        let chain = certificates(&self.certificate, &files.certificate)?;
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(wrong(&files.key))?;
        let mut config = builder
            .with_single_cert(chain, key)
            .map_err(wrong(&files.certificate))?;
        config.alpn_protocols = vec![PROTOCOL.to_vec()];
        Ok(config)
    }
}

fn certificates(pem: &[u8], path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let read = read.map_err(wrong(path))?;
    if read.is_empty() {
        return Err(wrong(path)("no certificate is in it"));
    }
    Ok(read)
}

/// What was wrong with the file; never what is in it.
fn wrong<E: ToString>(path: &Path) -> impl Fn(E) -> TlsError {
    move |why| TlsError::Content {
        path: path.display().to_string(),
        why: why.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use rcgen::CertifiedKey;

    use super::*;

    fn pair() -> (String, String) {
        let CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        (cert.pem(), signing_key.serialize_pem())
    }

    fn files(folder: &Path) -> TlsFiles {
        TlsFiles {
            certificate: folder.join("hub.pem"),
            key: folder.join("hub.key"),
            client_ca: None,
        }
    }

    #[test]
    fn a_pair_that_does_not_fit_leaves_the_last_one_and_a_whole_one_replaces_it() {
        let folder = tempfile::tempdir().unwrap();
        let files = files(folder.path());
        let (first, second) = (pair(), pair());
        let write = |certificate: &str, key: &str| {
            std::fs::write(&files.certificate, certificate).unwrap();
            std::fs::write(&files.key, key).unwrap();
        };
        write(&first.0, &first.1);
        let tls = Tls::load(files.clone()).unwrap();
        let mut state = tls.state.into_inner().unwrap();
        let served = Arc::clone(&state.config);
        state.look(&files).unwrap();
        assert!(Arc::ptr_eq(&state.config, &served), "nothing has changed");

        write(&second.0, &first.1);
        let error = state.look(&files).unwrap_err().to_string();
        assert!(error.contains("hub.pem"), "{error}");
        assert!(Arc::ptr_eq(&state.config, &served));
        state.look(&files).unwrap();
        assert!(
            Arc::ptr_eq(&state.config, &served),
            "told once, and still the last one"
        );

        write(&second.0, &second.1);
        state.look(&files).unwrap();
        assert!(!Arc::ptr_eq(&state.config, &served));
    }

    #[test]
    fn a_hub_does_not_start_with_files_that_are_not_what_they_should_be_and_never_shows_a_key() {
        let folder = tempfile::tempdir().unwrap();
        let files = files(folder.path());
        let (certificate, key) = pair();
        for (in_certificate, in_key, blamed) in [
            ("", key.as_str(), "hub.pem"),
            (key.as_str(), key.as_str(), "hub.pem"),
            (certificate.as_str(), "", "hub.key"),
            (certificate.as_str(), certificate.as_str(), "hub.key"),
        ] {
            std::fs::write(&files.certificate, in_certificate).unwrap();
            std::fs::write(&files.key, in_key).unwrap();
            let error = Tls::load(files.clone()).unwrap_err().to_string();
            assert!(error.contains(blamed) && !error.contains("BEGIN"), "{error}");
        }
        std::fs::remove_file(&files.key).unwrap();
        assert!(matches!(Tls::load(files), Err(TlsError::File { .. })));
    }
}
