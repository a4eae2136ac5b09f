//! `serasi audit`: who read or changed what, and the proof that the record is whole.

mod export;
mod key;
mod verify;

use pbjson_types::Timestamp;
use serasi_proto::v1::{AuditEntry, AuditList, ListAuditEntriesRequest};
use time::OffsetDateTime;

use crate::cli::{AuditFilterArgs, AuditListArgs, ClientOptions};
use crate::client::Hub;
use crate::error::CliError;
use crate::exit::Exit;
use crate::local_time::Clock;
use crate::output::Output;
use crate::pages::collect;

pub(crate) use export::export;
pub(crate) use key::key;
pub(crate) use verify::verify;

const HEADER: [&str; 6] = ["time", "by", "roles", "did", "to", "leaf"];

/// Entries, newest first.
pub(crate) async fn list(
    options: &ClientOptions,
    args: &AuditListArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let mut client = Hub::connect(options).await?.audits();
    let entries = collect(args.length, async |page_size, page_token| {
        let request = ListAuditEntriesRequest {
            principal: args.principal.clone(),
            verb: args.verb.clone(),
            page_size,
            page_token,
            ..request(&args.filter)
        };
        let page = client.list_audit_entries(request).await?.into_inner();
        Ok((page.entries, page.next_page_token))
    });
    entries.await?.print(output, &HEADER, row)?;
    Ok(Exit::Done)
}

fn request(filter: &AuditFilterArgs) -> ListAuditEntriesRequest {
    ListAuditEntriesRequest {
        list: AuditList::Newest.into(),
        region_code: filter.region.clone(),
        subject_id: filter.subject.clone(),
        from_time: filter.from.map(timestamp),
        until_time: filter.until.map(timestamp),
        ..ListAuditEntriesRequest::default()
    }
}

pub(crate) fn timestamp(moment: OffsetDateTime) -> Timestamp {
    Timestamp {
        seconds: moment.unix_timestamp(),
        nanos: i32::try_from(moment.nanosecond()).unwrap_or_default(),
    }
}

fn row(entry: &AuditEntry) -> Vec<String> {
    vec![
        Clock::of_id(&entry.audit_id).show(entry.time.as_ref()),
        entry.principal.clone(),
        entry.roles.join(", "),
        entry.verb.clone(),
        entry.subject_id.clone(),
        entry
            .leaf_index
            .map(|index| index.to_string())
            .unwrap_or_default(),
    ]
}
