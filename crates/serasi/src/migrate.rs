//! `serasi migrate`: brings the schema of a database up to this release.

use clap::Args;
use serasi_store::{Sealer, Store, StoreSettings};

use crate::host::HostError;

/// Which database.
#[derive(Args, Debug)]
pub(crate) struct MigrateArgs {
    /// PostgreSQL 15 or later, as postgres://...; the role must own the schema.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    database_url: String,
}

/// Runs the missing migrations; says how many there were.
pub(crate) async fn migrate(args: &MigrateArgs) -> Result<usize, HostError> {
    run(&args.database_url).await
}

/// The same on the database at `url`.
pub(crate) async fn run(url: &str) -> Result<usize, HostError> {
    let settings = StoreSettings {
        url: url.to_owned(),
        max_connections: 1,
    };
    // Nothing is sealed or opened here.
    let store = Store::connect(&settings, Sealer::none()).await?;
    let pending = store.pending_migrations().await?;
    let result = store.migrate().await;
    store.close().await;
    result?;
    Ok(pending)
}
