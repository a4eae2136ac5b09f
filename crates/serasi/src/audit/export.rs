//! `serasi audit export`: whole trees with their heads, or the entries about one subject with a proof for each.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serasi_domain::id::{AuditId, Regency};
use serasi_ledger::{Entry, Head, Inclusion, Leaf, Line, SignedHead};
use serasi_proto::v1::{
    AuditEntry, AuditHead, AuditList, GetAuditProofRequest, GetAuditProofResponse, ListAuditEntriesRequest,
    ListAuditHeadsRequest,
};
use time::{Duration, OffsetDateTime};
use tonic::Code;

use super::request;
use crate::cli::{AuditExportArgs, ClientOptions};
use crate::client::{Authorized, Hub};
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::progress::progress;
use crate::rejects::STDIN;

type Client = serasi_proto::v1::audit_service_client::AuditServiceClient<Authorized>;

const PAGE: i32 = 200;

/// The file, and how much went into it.
struct Lines {
    target: Box<dyn Write>,
    path: String,
    heads: u64,
    entries: u64,
}

/// Writes what the caller may see.
pub(crate) async fn export(
    options: &ClientOptions,
    args: &AuditExportArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let mut client = Hub::connect(options).await?.audits();
    let mut lines = Lines::create(&args.out)?;
    if args.filter.subject.is_empty() {
        if args.filter.from.is_some() || args.filter.until.is_some() {
            let what = "a tree is exported whole: --from and --until go with --subject";
            return Err(CliError::Usage(what.to_owned()));
        }
        trees(&mut client, &args.filter.region, &mut lines, output).await?;
    } else {
        entries(&mut client, args, &mut lines).await?;
    }
    lines.target.flush().map_err(|source| lines.failed(source))?;
    let told = format!(
        "{} entries and {} signed heads written",
        lines.entries, lines.heads
    );
    // With `-` the lines themselves are the result.
    output.note(told)?;
    Ok(Exit::Done)
}

/// Every tree up to its newest head, and what is in no tree.
async fn trees(
    client: &mut Client,
    region_code: &str,
    lines: &mut Lines,
    output: &Output<'_>,
) -> Result<(), CliError> {
    let mut newest: BTreeMap<Regency, u64> = BTreeMap::new();
    let mut page_token = String::new();
    loop {
        let request = ListAuditHeadsRequest {
            region_code: region_code.to_owned(),
            page_size: PAGE,
            page_token,
        };
        let page = client.list_audit_heads(request).await?.into_inner();
        for head in &page.heads {
            let signed = read_head(head)?;
            newest.insert(signed.head.region, signed.head.size);
            lines.write(&Line::Head(signed))?;
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    let bar = progress(output, Some(newest.values().sum()));
    for (region, size) in newest {
        list(client, AuditList::Tree, region, async |entry| {
            let leaf = read_leaf(entry)?;
            // What came after the head cannot be proven yet: this export's own entries, among others.
            if leaf.index >= size {
                return Ok(false);
            }
            bar.inc(1);
            lines.write(&Line::Leaf(leaf))?;
            Ok(true)
        })
        .await?;
        list(client, AuditList::Unsealed, region, async |entry| {
            lines.write(&Line::Unsealed(read_entry(entry)?))?;
            Ok(true)
        })
        .await?;
    }
    bar.finish_and_clear();
    Ok(())
}

/// Goes through a list of one regency, page by page, until `take` has enough.
async fn list(
    client: &mut Client,
    list: AuditList,
    region: Regency,
    mut take: impl AsyncFnMut(&AuditEntry) -> Result<bool, CliError>,
) -> Result<(), CliError> {
    let mut page_token = String::new();
    loop {
        let request = ListAuditEntriesRequest {
            list: list.into(),
            region_code: region.to_string(),
            page_size: PAGE,
            page_token,
            ..ListAuditEntriesRequest::default()
        };
        let page = client.list_audit_entries(request).await?.into_inner();
        for entry in &page.entries {
            if !take(entry).await? {
                return Ok(());
            }
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(());
        }
    }
}

/// The entries about a subject, each with its proof.
async fn entries(client: &mut Client, args: &AuditExportArgs, lines: &mut Lines) -> Result<(), CliError> {
    let mut told = BTreeSet::new();
    let mut page_token = String::new();
    loop {
        let request = ListAuditEntriesRequest {
            page_size: PAGE,
            page_token,
            ..request(&args.filter)
        };
        let page = client.list_audit_entries(request).await?.into_inner();
        for entry in &page.entries {
            let request = GetAuditProofRequest {
                audit_id: entry.audit_id.clone(),
                ..GetAuditProofRequest::default()
            };
            match client.get_audit_proof(request).await {
                Ok(proof) => {
                    let (signed, leaf) = read_proof(proof.get_ref())?;
                    if told.insert((signed.head.region, signed.head.size)) {
                        lines.write(&Line::Head(signed))?;
                    }
                    lines.write(&Line::Leaf(leaf))?;
                }
                // Too new: it is told without a proof.
                Err(status) if status.code() == Code::FailedPrecondition => {
                    lines.write(&Line::Unsealed(read_entry(entry)?))?;
                }
                Err(status) => return Err(status.into()),
            }
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(());
        }
    }
}

impl Lines {
    fn create(path: &Path) -> Result<Self, CliError> {
        let target: Box<dyn Write> = if path == Path::new(STDIN) {
            Box::new(io::stdout().lock())
        } else {
            Box::new(File::create(path).map_err(|source| CliError::Unwritable {
                path: path.to_owned(),
                source,
            })?)
        };
        Ok(Self {
            target: Box::new(BufWriter::new(target)),
            path: path.display().to_string(),
            heads: 0,
            entries: 0,
        })
    }

    fn write(&mut self, line: &Line) -> Result<(), CliError> {
        match line {
            Line::Head(_) => self.heads += 1,
            Line::Leaf(_) | Line::Unsealed(_) => self.entries += 1,
        }
        let text = serde_json::to_string(line).map_err(|error| self.failed(error.into()))?;
        writeln!(self.target, "{text}").map_err(|source| self.failed(source))
    }

    fn failed(&self, source: io::Error) -> CliError {
        CliError::Unwritable {
            path: self.path.clone().into(),
            source,
        }
    }
}

fn read_proof(proof: &GetAuditProofResponse) -> Result<(SignedHead, Leaf), CliError> {
    let signed = read_head(proof.head.as_ref().ok_or_else(nonsense)?)?;
    let mut leaf = read_leaf(proof.entry.as_ref().ok_or_else(nonsense)?)?;
    let path = proof.inclusion_path.iter().map(|hash| hash.parse());
    leaf.inclusion = Some(Inclusion {
        size: signed.head.size,
        path: path.collect::<Result<_, _>>().map_err(|_| nonsense())?,
    });
    Ok((signed, leaf))
}

fn read_head(head: &AuditHead) -> Result<SignedHead, CliError> {
    let region = head.region_code.parse().ok().and_then(Regency::of);
    Ok(SignedHead {
        head: Head {
            region: region.ok_or_else(nonsense)?,
            size: u64::try_from(head.tree_size).map_err(|_| nonsense())?,
            root: head.root_hash.parse().map_err(|_| nonsense())?,
            at: moment(head.time.as_ref())?,
            key: head.key_id.clone(),
        },
        signature: head.signature.clone(),
    })
}

fn read_leaf(entry: &AuditEntry) -> Result<Leaf, CliError> {
    let id: AuditId = entry.audit_id.parse().map_err(|_| nonsense())?;
    let index = entry.leaf_index.and_then(|index| u64::try_from(index).ok());
    Ok(Leaf {
        region: id.home(),
        index: index.ok_or_else(nonsense)?,
        id: id.uuid(),
        hash: entry.leaf_hash.parse().map_err(|_| nonsense())?,
        entry: entry.time.is_some().then(|| read_entry(entry)).transpose()?,
        inclusion: None,
    })
}

fn read_entry(entry: &AuditEntry) -> Result<Entry, CliError> {
    let id: AuditId = entry.audit_id.parse().map_err(|_| nonsense())?;
    let request = Some(entry.request_id.as_str()).filter(|id| !id.is_empty());
    Ok(Entry {
        region: id.home(),
        id: id.uuid(),
        at: moment(entry.time.as_ref())?,
        principal: entry.principal.clone(),
        roles: entry.roles.clone(),
        verb: entry.verb.clone(),
        subject: entry.subject_id.clone(),
        request: request.map(str::parse).transpose().map_err(|_| nonsense())?,
    })
}

fn moment(time: Option<&pbjson_types::Timestamp>) -> Result<OffsetDateTime, CliError> {
    let time = time.ok_or_else(nonsense)?;
    let seconds = OffsetDateTime::from_unix_timestamp(time.seconds).map_err(|_| nonsense())?;
    Ok(seconds + Duration::nanoseconds(time.nanos.into()))
}

/// What the hub said cannot be written down: a newer contract, or a broken hub.
fn nonsense() -> CliError {
    CliError::Usage("the hub gave an audit record that this release cannot read".to_owned())
}
