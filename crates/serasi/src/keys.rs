//! `serasi keys`: the keys that seal personal data, and which of them a hub uses.

use std::path::{Path, PathBuf};

use clap::Args;
use serasi_hub::search_terms;
use serasi_store::rotation::{self, Status};
use serasi_store::{
    IndexKeys, Kek, KeyError, KeyFile, Sealer, Store, StoreError, StoreSettings, Transit, TransitSettings,
};
use serde_json::json;

use crate::cli::{DatabaseArgs, Keys, RotateArgs, Rotation};
use crate::error::CliError;
use crate::exit::Exit;
use crate::host::HostError;
use crate::output::Output;
use crate::progress::progress;
use crate::table::{facts, records};

/// Which keys to use.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Keys of personal data")]
pub(crate) struct KeyArgs {
    /// File of key-encryption keys, a version a line; `serasi keys generate` makes one. With --transit it only opens what
    /// it has wrapped before.
    #[arg(long, env = "SERASI_KEY_FILE", value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// File of the keys that NIK, telephone numbers and names are indexed with.
    #[arg(long, env = "SERASI_INDEX_KEY_FILE", value_name = "FILE")]
    index_key_file: Option<PathBuf>,
    /// Address of a HashiCorp Vault or OpenBao whose Transit engine wraps the data keys.
    #[arg(
        long,
        env = "SERASI_TRANSIT",
        value_name = "URL",
        requires = "transit_token_file"
    )]
    transit: Option<String>,
    /// Path of the Transit engine [default: transit].
    #[arg(long, env = "SERASI_TRANSIT_MOUNT", value_name = "PATH", requires = "transit")]
    transit_mount: Option<String>,
    /// Name of the key there [default: serasi].
    #[arg(long, env = "SERASI_TRANSIT_KEY", value_name = "NAME", requires = "transit")]
    transit_key: Option<String>,
    /// File with the vault's token; read for every call, so that an agent may renew it.
    #[arg(
        long,
        env = "SERASI_TRANSIT_TOKEN_FILE",
        value_name = "FILE",
        requires = "transit"
    )]
    transit_token_file: Option<PathBuf>,
    /// Namespace of the vault.
    #[arg(
        long,
        env = "SERASI_TRANSIT_NAMESPACE",
        value_name = "NAME",
        requires = "transit"
    )]
    transit_namespace: Option<String>,
    /// Certificates to trust for the vault, PEM [default: the public ones].
    #[arg(long, env = "SERASI_TRANSIT_CA", value_name = "FILE", requires = "transit")]
    transit_ca: Option<PathBuf>,
}

impl KeyArgs {
    /// Keys that nobody named are made in the data directory.
    pub(crate) fn for_development(&self, data_dir: &Path) -> Result<Sealer, HostError> {
        let file = |named: &Option<PathBuf>, name: &str| match named {
            Some(path) => KeyFile::read(path),
            None => KeyFile::read_or_create(&data_dir.join(name)),
        };
        let key_file = file(&self.key_file, "seal.key")?;
        let index = file(&self.index_key_file, "index.key")?;
        Ok(self.sealer(Some(key_file), &index)?)
    }

    /// Everything is named, and nothing was made for development.
    pub(crate) fn for_production(&self) -> Result<Sealer, HostError> {
        let (key_file, index) = self.named()?;
        let key_file = key_file.map(KeyFile::not_for_development).transpose()?;
        Ok(self.sealer(key_file, &index.not_for_development()?)?)
    }

    /// For a command on a database of either kind.
    fn for_command(&self) -> Result<Sealer, HostError> {
        let (key_file, index) = self.named()?;
        Ok(self.sealer(key_file, &index)?)
    }

    fn named(&self) -> Result<(Option<KeyFile>, KeyFile), HostError> {
        let index = self.index_key_file.as_ref().ok_or(HostError::KeysRequired)?;
        if self.key_file.is_none() && self.transit.is_none() {
            return Err(HostError::KeysRequired);
        }
        let key_file = self.key_file.as_deref().map(KeyFile::read).transpose()?;
        Ok((key_file, KeyFile::read(index)?))
    }

    fn sealer(&self, key_file: Option<KeyFile>, index: &KeyFile) -> Result<Sealer, KeyError> {
        let index = IndexKeys::from(index);
        let transit = self.transit()?.map(Kek::from);
        let old_layout = key_file.clone();
        let keks = transit.into_iter().chain(key_file.map(Kek::from)).collect();
        Ok(Sealer::new(keks, index, old_layout.as_ref()))
    }

    fn transit(&self) -> Result<Option<Transit>, KeyError> {
        let (Some(address), Some(token_file)) = (&self.transit, &self.transit_token_file) else {
            return Ok(None);
        };
        let named = |name: &Option<String>, usual: &str| name.clone().unwrap_or_else(|| usual.to_owned());
        let settings = TransitSettings {
            address: address.clone(),
            mount: named(&self.transit_mount, "transit"),
            key: named(&self.transit_key, "serasi"),
            token_file: token_file.clone(),
            namespace: self.transit_namespace.clone(),
            ca_file: self.transit_ca.clone(),
        };
        Transit::new(settings).map(Some)
    }
}

/// Runs a command on keys.
pub(crate) async fn run(command: &Keys, output: &mut Output<'_>) -> Result<Exit, CliError> {
    match command {
        Keys::Generate(args) => generate(&args.file, output),
        Keys::List(args) => list(args, output).await,
        Keys::Status(args) => show_status(args, output).await,
        Keys::Rotate(args) => rotate(args, output).await,
    }
}

fn generate(file: &Path, output: &mut Output<'_>) -> Result<Exit, CliError> {
    let version = KeyFile::add_version(file).map_err(HostError::from)?;
    if output.is_json() {
        output.json_line(&json!({ "file": file, "version": version }))?;
    } else {
        output.line(format!("{} has a new version {version}", file.display()))?;
    }
    Ok(Exit::Done)
}

async fn open(args: &DatabaseArgs) -> Result<Store, HostError> {
    let settings = StoreSettings {
        url: args.database.required()?,
        max_connections: 2,
    };
    let store = Store::connect(&settings, args.keys.for_command()?).await?;
    let pending = store.pending_migrations().await?;
    if pending > 0 {
        return Err(HostError::NotMigrated(pending));
    }
    store.check_keys().await?;
    Ok(store)
}

async fn list(args: &DatabaseArgs, output: &mut Output<'_>) -> Result<Exit, CliError> {
    let store = open(args).await?;
    let keys = store.data_keys(None).await.map_err(HostError::from)?;
    store.close().await;
    let mut rows = vec![];
    for key in keys {
        let state = if key.retired_at.is_some() {
            "retired"
        } else {
            "active"
        };
        if output.is_json() {
            output.json_line(&json!({
                "region_code": key.home.to_string(), "class": key.class, "version": key.version, "state": state,
                "kek": key.kek_id, "kek_version": key.kek_version, "create_time": key.created_at.to_string(),
            }))?;
        } else {
            rows.push([
                key.home.to_string(),
                key.class.to_string(),
                key.version.to_string(),
                state.to_owned(),
                format!("{} version {}", key.kek_id, key.kek_version),
                key.created_at.date().to_string(),
            ]);
        }
    }
    if !output.is_json() {
        let header = ["region", "class", "version", "state", "wrapped by", "made"];
        output.line(records(&header, rows))?;
    }
    Ok(Exit::Done)
}

async fn show_status(args: &DatabaseArgs, output: &mut Output<'_>) -> Result<Exit, CliError> {
    let store = open(args).await?;
    let status = rotation::status(&store).await.map_err(HostError::from)?;
    store.close().await;
    if output.is_json() {
        output.json_line(&status_json(&status))?;
    } else {
        output.line(status_text(&status))?;
    }
    Ok(Exit::Done)
}

fn status_json(status: &Status) -> serde_json::Value {
    let keks = status.keks.iter();
    let keks = keks.map(|(kek, version, keys)| json!({ "kek": kek, "version": version, "data_keys": keys }));
    let index = status.index_versions.iter();
    let index = index.map(|(version, rows)| json!({ "version": version, "rows": rows }));
    json!({
        "data_keys": status.data_keys,
        "retired_data_keys": status.retired_data_keys,
        "keks": keks.collect::<Vec<_>>(),
        "subject_keys": status.subject_keys,
        "erased_subject_keys": status.erased_subject_keys,
        "old_layout_cases": status.old_layout_cases,
        "persons": status.persons,
        "persons_behind": status.persons_behind,
        "index_versions": index.collect::<Vec<_>>(),
    })
}

fn status_text(status: &Status) -> String {
    let keks = status.keks.iter();
    let keks = keks.map(|(kek, version, keys)| format!("{kek} version {version}: {keys} data keys"));
    let index = status.index_versions.iter();
    let index = index.map(|(version, rows)| format!("version {version}: {rows} rows"));
    facts([
        (
            "data keys",
            format!(
                "{}, {} of them retired",
                status.data_keys, status.retired_data_keys
            ),
        ),
        (
            "wrapped by",
            format!(
                "{}\nother versions are not needed by this database",
                keks.collect::<Vec<_>>().join("\n")
            ),
        ),
        (
            "subjects' keys",
            format!(
                "{}; {} destroyed",
                status.subject_keys, status.erased_subject_keys
            ),
        ),
        (
            "first release",
            format!("{} cases still sealed by its one key", status.old_layout_cases),
        ),
        (
            "index",
            format!(
                "{}\n{} of {} persons not under the newest",
                index.collect::<Vec<_>>().join("\n"),
                status.persons_behind,
                status.persons
            ),
        ),
    ])
}

async fn rotate(args: &RotateArgs, output: &mut Output<'_>) -> Result<Exit, CliError> {
    let store = open(&args.database).await?;
    let mut steps = args.what.clone();
    if steps.is_empty() {
        steps = vec![Rotation::Data, Rotation::Kek, Rotation::Index];
    }
    // The order counts: see the module on rotation in the store.
    steps.sort_unstable();
    steps.dedup();
    for step in steps {
        let done = rotate_one(&store, step, output).await.map_err(HostError::from)?;
        if output.is_json() {
            output.json_line(&done)?;
        } else {
            output.line(told(&done))?;
        }
    }
    store.close().await;
    Ok(Exit::Done)
}

async fn rotate_one(
    store: &Store,
    step: Rotation,
    output: &Output<'_>,
) -> Result<serde_json::Value, StoreError> {
    let status = rotation::status(store).await?;
    let total = match step {
        Rotation::Data => status.old_layout_cases + status.subject_keys,
        Rotation::Kek => status.data_keys,
        Rotation::Index => status.persons_behind,
    };
    let bar = progress(output, u64::try_from(total).ok());
    let mut advance = |rows| bar.inc(rows);
    let done = match step {
        Rotation::Data => {
            let resealed = rotation::reseal_old_layout(store, &mut advance).await?;
            let renewed = rotation::renew_data_keys(store, &mut advance).await?;
            json!({ "rotated": "data", "data_keys": renewed, "old_layout_cases": resealed })
        }
        Rotation::Kek => {
            let rewrapped = rotation::rewrap_data_keys(store, &mut advance).await?;
            json!({ "rotated": "kek", "data_keys": rewrapped })
        }
        Rotation::Index => {
            let done = rotation::reindex(store, search_terms::of, &mut advance).await?;
            json!({ "rotated": "index", "persons": done.persons, "rows_deleted": done.deleted })
        }
    };
    bar.finish_and_clear();
    Ok(done)
}

/// The same counts as one line.
fn told(done: &serde_json::Value) -> String {
    let counts = done.as_object().into_iter().flatten();
    let counts: Vec<_> = counts
        .filter(|(name, _)| *name != "rotated")
        .map(|(name, count)| format!("{} {count}", name.replace('_', " ")))
        .collect();
    let what = done.get("rotated").and_then(serde_json::Value::as_str);
    format!("rotated {}: {}", what.unwrap_or_default(), counts.join(", "))
}
