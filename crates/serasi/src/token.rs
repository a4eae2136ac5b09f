//! `serasi token`: mints a development token.

use std::path::PathBuf;

use clap::Args;
use serasi_geography::RegionCode;
use serasi_hub::auth::{Role, TokenRequest};
use serasi_hub::clock::Clock;
use time::Duration;

use crate::host::{HostError, data_path, dev_issuer};

/// What the token shall say.
#[derive(Args, Debug)]
pub(crate) struct TokenArgs {
    /// Role; may be given more than once: hotline_operator, outreach_worker, referrer, facility_officer, social_worker,
    /// supervisor, coordinator, registry_officer, dinas_officer, auditor, administrator.
    #[arg(long = "role", required = true, value_name = "ROLE")]
    roles: Vec<Role>,
    /// Region whose records may be seen: ID (nation), 32, 32.73 ...
    #[arg(long, default_value = "ID", value_name = "REGION")]
    scope: RegionCode,
    /// Facility a facility_officer works for.
    #[arg(long, required_if_eq("roles", "facility_officer"), value_name = "ID")]
    facility: Option<String>,
    /// System the token is given to; its reports carry that source_system.
    #[arg(long, value_name = "NAME")]
    system: Option<String>,
    /// Name of the holder.
    #[arg(long, default_value = "developer", value_name = "NAME")]
    subject: String,
    /// Hours the token is valid.
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u16).range(1..=168))]
    hours: u16,
    /// Data directory of the hub that shall take it [default: as for serve].
    #[arg(long, env = "SERASI_DATA_DIR", value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

/// The token, for `authorization: Bearer`.
pub(crate) fn token(args: &TokenArgs) -> Result<String, HostError> {
    let clock = Clock::system();
    let issuer = dev_issuer(&data_path(args.data_dir.as_deref(), None)?)?;
    let request = TokenRequest {
        subject: args.subject.clone(),
        roles: args.roles.clone(),
        scope: args.scope,
        facility: args.facility.clone(),
        system: args.system.clone(),
        lives: Duration::hours(i64::from(args.hours)),
    };
    Ok(issuer.mint(&request, clock.now(), clock.new_id())?)
}
