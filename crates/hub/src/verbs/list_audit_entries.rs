//! ListAuditEntries: who read or changed what. Who looks into the log is in the log.

use serasi_domain::id::{AuditId, CaseId, Regency};
use serasi_geography::atlas;
use serasi_proto::v1;
use serasi_store::Context;
use serasi_store::audit::{self, AuditFilter, tree};
use uuid::Uuid;

use crate::auth::Permit;
use crate::error::HubError;
use crate::policies::national_home;
use crate::unit_of_work::{Act, Unit};
use crate::wire::{PageToken, audit_entry_to_wire, audit_leaf_to_wire};

/// What to list.
#[derive(Clone, Debug)]
pub(crate) enum AuditList {
    Newest {
        subject: Option<String>,
        filter: AuditFilter,
    },
    Tree {
        region: Regency,
        /// Index of the page's first leaf.
        first: u64,
        limit: i64,
    },
    Unsealed {
        region: Regency,
        /// Last entry of the page before.
        after: Option<Uuid>,
        limit: i64,
    },
}

pub(crate) struct ListAuditEntries {
    pub(crate) list: AuditList,
}

impl Act for ListAuditEntries {
    const VERB: &'static str = "ListAuditEntries";
    type Output = v1::ListAuditEntriesResponse;

    fn context(&self, caller: &Permit) -> Context {
        caller.context(None)
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Output, HubError> {
        let (entries, limit) = match &self.list {
            AuditList::Newest { subject, filter } => {
                let found = newest(unit, subject.as_deref(), filter).await?;
                let next = found
                    .last()
                    .map(|last| PageToken::write(&(last.entry.at, last.entry.id)));
                let entries: Vec<_> = found.iter().map(audit_entry_to_wire).collect();
                ((entries, next), filter.limit)
            }
            AuditList::Tree { region, first, limit } => {
                let found = tree::leaves(&mut unit.conn, *region, *first, *limit).await?;
                let next = found.last().map(|last| PageToken::write(&(last.index + 1)));
                let entries = found.iter().map(audit_leaf_to_wire).collect();
                ((entries, next), *limit)
            }
            AuditList::Unsealed { region, after, limit } => {
                let found = tree::unsealed(&mut unit.conn, *region, *after, *limit).await?;
                let next = found.last().map(|last| PageToken::write(&last.entry.id));
                let entries = found.iter().map(audit_entry_to_wire).collect();
                ((entries, next), *limit)
            }
        };
        let (entries, next) = entries;
        let (home, subject) = self.looked_at();
        unit.audit(home, subject).await?;
        let is_full = i64::try_from(entries.len()).is_ok_and(|count| count == limit);
        Ok(v1::ListAuditEntriesResponse {
            entries,
            next_page_token: next.filter(|_| is_full).unwrap_or_default(),
        })
    }
}

impl ListAuditEntries {
    /// Home and subject of this look's own entry.
    fn looked_at(&self) -> (Regency, String) {
        match &self.list {
            AuditList::Newest { subject, filter } => {
                let named = subject
                    .as_deref()
                    .and_then(|subject| subject.parse::<AuditId>().ok());
                // What was typed stands in no log for ever, unless it is an id of a place that is, and is the caller's.
                let named = named.filter(|id| {
                    let home = id.home().code();
                    filter.scope.contains(&home) && atlas().region(home).is_some()
                });
                match named {
                    Some(id) => (id.home(), id.to_string()),
                    None => (
                        Regency::of(filter.scope).unwrap_or_else(national_home),
                        format!("audit:{}", filter.scope),
                    ),
                }
            }
            AuditList::Tree { region, .. } | AuditList::Unsealed { region, .. } => {
                (*region, format!("audit:{region}"))
            }
        }
    }
}

/// An id says where it belongs; everything else is the nation's.
fn home_of(subject: &str) -> Regency {
    subject
        .parse::<AuditId>()
        .map_or_else(|_| national_home(), AuditId::home)
}

async fn newest(
    unit: &mut Unit<'_>,
    subject: Option<&str>,
    filter: &AuditFilter,
) -> Result<Vec<audit::Recorded>, HubError> {
    let Some(subject) = subject else {
        return Ok(audit::list(&mut unit.conn, filter).await?);
    };
    let subjects = match subject.parse::<CaseId>() {
        Ok(id) => audit::related(&mut unit.conn, id).await?,
        Err(_) => vec![subject.to_owned()],
    };
    Ok(audit::about(&mut unit.conn, home_of(subject), &subjects, filter).await?)
}
