//! What a hub reads before it has a database: policy, edge, issuer, keys, heads of the audit.

use std::path::Path;

use serasi_hub::server::{ServeError, TlsFiles};

use super::Finding;
use crate::host::{HostError, audit_heads_of, audit_key_of, file_error};
use crate::serve::ServeArgs;

/// Looks at each.
pub(super) async fn look(args: &ServeArgs) -> Vec<Finding> {
    let mut findings = vec![of(
        "policy",
        args.first_policy()
            .map(|policy| format!("{} for a database that has none", policy.version)),
        "name a policy file that `serasi policy create` takes, or none",
    )];
    findings.push(of(
        "edge",
        args.edge_settings().and_then(|settings| {
            let tls = settings
                .tls
                .map(TlsFiles::check)
                .transpose()
                .map_err(ServeError::from)?;
            Ok(match tls {
                Some(()) => "TLS 1.3; certificate and key fit".to_owned(),
                None => "no TLS here: a proxy in front must do it".to_owned(),
            })
        }),
        "see `serasi serve --help`, \"TLS and limits\"",
    ));
    findings.push(match args.issuer_verifier().await {
        Ok(Some(_)) => Finding::good("tokens", "the issuer's key set is there and can be used"),
        Ok(None) => Finding::warning(
            "tokens",
            "the development issuer: whoever reads its key may do everything",
            "in production name --issuer and --jwks",
        ),
        Err(error) => Finding::wrong(
            "tokens",
            error.to_string(),
            "check --issuer, --jwks and --jwks-ca",
        ),
    });
    findings.extend(keys(args));
    findings
}

fn keys(args: &ServeArgs) -> Vec<Finding> {
    let host = args.host();
    if args.is_development() {
        let what = "made in the data directory, for development";
        return vec![Finding::skipped("keys", what), Finding::skipped("audit", what)];
    }
    let sealing = of(
        "keys",
        host.keys
            .for_production()
            .map(|_| "the key files can be used".to_owned()),
        "`serasi keys generate FILE` makes one; only the hub's user may read it",
    );
    let signing = audit_key_of(host).map(|_| "the audit key can be used".to_owned());
    let signing = of("audit key", signing, "`serasi audit key FILE` makes one");
    let heads = audit_heads_of(host).and_then(|folder| {
        is_writable(folder)?;
        Ok(format!("{} can be written", folder.display()))
    });
    let heads = of(
        "audit heads",
        heads,
        "name with --audit-heads a folder that the hub can write and the database's administrator cannot",
    );
    vec![sealing, signing, heads]
}

fn is_writable(folder: &Path) -> Result<(), HostError> {
    tempfile::tempfile_in(folder)
        .map(drop)
        .map_err(file_error("cannot write into", folder))
}

fn of(check: &'static str, looked: Result<String, HostError>, to_do: &str) -> Finding {
    match looked {
        Ok(found) => Finding::good(check, found),
        Err(error) => Finding::wrong(check, error.to_string(), to_do),
    }
}
