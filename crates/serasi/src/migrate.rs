//! `serasi migrate`: brings the schema of a database up to this release.

use clap::Args;
use serasi_store::{Sealer, Store, StoreSettings};

use crate::database_url::DatabaseUrl;
use crate::host::HostError;

/// Which database; its role must own the schema.
#[derive(Args, Debug)]
pub(crate) struct MigrateArgs {
    #[command(flatten)]
    database: DatabaseUrl,
}

/// Runs the missing migrations; says how many there were.
pub(crate) async fn migrate(args: &MigrateArgs) -> Result<usize, HostError> {
    run(&args.database.required()?).await
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
