//! Where the caller's token comes from: the command line first, then the environment. It is never shown.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tonic::metadata::{Ascii, MetadataValue};

use crate::cli::ClientOptions;
use crate::error::CliError;

const TOKEN: &str = "SERASI_TOKEN";
const TOKEN_FILE: &str = "SERASI_TOKEN_FILE";

/// A signed token, as the issuer gave it.
#[derive(Clone)]
pub(crate) struct Token(String);

impl Token {
    /// The header that carries it, marked so that no log shows it.
    pub(super) fn authorization(&self) -> Result<MetadataValue<Ascii>, CliError> {
        let token = self.0.trim();
        let value = format!("Bearer {token}").parse().ok();
        let value: Option<MetadataValue<Ascii>> = value.filter(|_| !token.is_empty());
        let mut value = value.ok_or_else(|| {
            CliError::Usage("the token is empty or holds a character that no token has".to_owned())
        })?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl Token {
    /// Whose it is and how far it reaches, as it says itself: enough to tell the work of two people apart, and no proof.
    pub(crate) fn holder(&self) -> String {
        let payload = self.0.trim().split('.').nth(1).unwrap_or_default();
        let payload = URL_SAFE_NO_PAD.decode(payload).unwrap_or_default();
        let claims: serde_json::Value = serde_json::from_slice(&payload).unwrap_or_default();
        let text = |pointer| {
            claims
                .pointer(pointer)
                .and_then(serde_json::Value::as_str)
                .unwrap_or_default()
        };
        format!("{}\0{}", text("/sub"), text("/serasi/scope"))
    }
}

impl From<String> for Token {
    fn from(token: String) -> Self {
        Self(token)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(redacted)")
    }
}

/// The token of this call. `variable` looks into the environment.
pub(super) fn find(
    options: &ClientOptions,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Token, CliError> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    if let Some(token) = &options.token {
        return Ok(token.clone());
    }
    if let Some(path) = &options.token_file {
        return read(path);
    }
    if let Some(token) = set(TOKEN) {
        return Ok(token.into());
    }
    if let Some(path) = set(TOKEN_FILE) {
        return read(&PathBuf::from(path));
    }
    Err(CliError::Usage(format!(
        "no token: the hub must know who asks.\nGive --token-file FILE or set {TOKEN_FILE}; --token and {TOKEN} \
         work too. In development and in the demo `serasi token` makes one, see `serasi token --help`; \
         elsewhere your administrator gives you one."
    )))
}

fn read(path: &Path) -> Result<Token, CliError> {
    let token = fs::read_to_string(path).map_err(|source| CliError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    Ok(token.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(token: Option<&str>, token_file: Option<PathBuf>) -> ClientOptions {
        ClientOptions {
            token: token.map(|token| token.to_owned().into()),
            token_file,
            ..ClientOptions::default()
        }
    }

    fn environment(name: &str) -> Option<String> {
        (name == TOKEN).then(|| "from-environment".to_owned())
    }

    #[test]
    fn the_command_line_is_asked_before_the_environment() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("petugas.token");
        fs::write(&path, "from-file\n").unwrap();
        let found = |token, path| find(&options(token, path), environment).unwrap();
        assert_eq!(found(Some("from-flag"), Some(path.clone())).0, "from-flag");
        let from_file = found(None, Some(path));
        assert_eq!(from_file.authorization().unwrap(), "Bearer from-file");
        assert_eq!(found(None, None).0, "from-environment");
    }

    #[test]
    fn without_a_token_the_error_says_how_to_get_one() {
        let error = find(&options(None, None), |_| None).unwrap_err().to_string();
        assert!(
            error.contains("serasi token") && error.contains(TOKEN_FILE),
            "{error}"
        );
        let absent = find(&options(None, Some("/nonexistent/token".into())), environment);
        assert!(matches!(absent, Err(CliError::Unreadable { .. })));
    }

    #[test]
    fn a_token_is_not_shown_and_not_sent_when_it_is_none() {
        let token = Token::from("secret".to_owned());
        assert!(!format!("{token:?}").contains("secret"));
        for wrong in ["", " \n", "two\nlines", "\u{7f}"] {
            assert!(
                Token::from(wrong.to_owned()).authorization().is_err(),
                "{wrong:?}"
            );
        }
    }
}
