//! Audit entries, heads and what a list of entries goes through.

use serasi_domain::id::{AuditId, Regency};
use serasi_geography::RegionCode;
use serasi_ledger::{Entry, Leaf, SignedHead};
use serasi_proto::v1;
use serasi_store::audit::{AuditFilter, Recorded};

use super::parse::{PageToken, Parse, page_size};
use super::time::to_timestamp;
use crate::verbs::list_audit_entries::AuditList;

const MAX_TEXT: usize = 256;

/// Reads what to list; `scope` is the caller's.
pub(crate) fn audit_list(
    parse: &mut Parse,
    scope: RegionCode,
    request: &v1::ListAuditEntriesRequest,
) -> Option<AuditList> {
    let within = parse.region("region_code", &request.region_code).unwrap_or(scope);
    if !scope.contains(&within) {
        parse.wrong("region_code", "must lie in your own scope");
    }
    let limit = page_size(parse, request.page_size);
    match v1::AuditList::try_from(request.list) {
        Ok(v1::AuditList::Unspecified | v1::AuditList::Newest) => Some(newest(parse, within, limit, request)),
        Ok(v1::AuditList::Tree) => {
            let region = one_tree(parse, within, request);
            let first = PageToken::read(parse, &request.page_token).unwrap_or(0);
            must_be_countable(parse, first);
            Some(AuditList::Tree {
                region: region?,
                first,
                limit,
            })
        }
        Ok(v1::AuditList::Unsealed) => {
            let region = one_tree(parse, within, request);
            let after = PageToken::read(parse, &request.page_token);
            Some(AuditList::Unsealed {
                region: region?,
                after,
                limit,
            })
        }
        Err(_) => {
            parse.wrong("list", "is not a list of audit entries");
            None
        }
    }
}

fn newest(
    parse: &mut Parse,
    scope: RegionCode,
    limit: i64,
    request: &v1::ListAuditEntriesRequest,
) -> AuditList {
    let filter = AuditFilter {
        scope,
        principal: exact(parse, "principal", &request.principal),
        verb: exact(parse, "verb", &request.verb),
        from: parse.time("from_time", request.from_time.as_ref()),
        until: parse.time("until_time", request.until_time.as_ref()),
        before: PageToken::read(parse, &request.page_token),
        limit,
    };
    let subject = exact(parse, "subject_id", &request.subject_id);
    if subject.is_none() && request.from_time.is_none() {
        parse.wrong("from_time", "must be given when no subject_id is");
    }
    if filter
        .from
        .zip(filter.until)
        .is_some_and(|(from, until)| from >= until)
    {
        parse.wrong("until_time", "must be after from_time");
    }
    AuditList::Newest { subject, filter }
}

/// No tree has more leaves than the database can count; a token that says so would start the list again.
pub(crate) fn must_be_countable(parse: &mut Parse, position: u64) {
    if i64::try_from(position).is_err() {
        parse.wrong(
            "page_token",
            "is not a token of this list; start again without one",
        );
    }
}

fn one_tree(parse: &mut Parse, within: RegionCode, request: &v1::ListAuditEntriesRequest) -> Option<Regency> {
    let filters = [
        ("subject_id", request.subject_id.is_empty()),
        ("principal", request.principal.is_empty()),
        ("verb", request.verb.is_empty()),
        ("from_time", request.from_time.is_none()),
        ("until_time", request.until_time.is_none()),
    ];
    for (field, is_empty) in filters {
        if !is_empty {
            parse.wrong(field, "is for the list NEWEST; a tree is listed as a whole");
        }
    }
    let regency = Regency::try_from(within).ok();
    parse.require(
        "region_code",
        regency,
        "must be one regency: each has a tree of its own",
    )
}

/// A text to look for as it is; may be empty.
pub(crate) fn exact(parse: &mut Parse, field: &str, text: &str) -> Option<String> {
    if text.len() > MAX_TEXT {
        parse.wrong(field, format!("at most {MAX_TEXT} bytes"));
    }
    (!text.is_empty()).then(|| text.to_owned())
}

/// As the contract has it.
pub(crate) fn audit_entry_to_wire(recorded: &Recorded) -> v1::AuditEntry {
    v1::AuditEntry {
        leaf_index: recorded.leaf_index,
        ..entry(&recorded.entry)
    }
}

/// A leaf, with what the table says about it.
pub(crate) fn audit_leaf_to_wire(leaf: &Leaf) -> v1::AuditEntry {
    v1::AuditEntry {
        audit_id: AuditId::new(leaf.region, leaf.id).to_string(),
        leaf_index: Some(leaf.index.cast_signed()),
        leaf_hash: leaf.hash.to_string(),
        ..leaf.entry.as_ref().map(entry).unwrap_or_default()
    }
}

fn entry(entry: &Entry) -> v1::AuditEntry {
    v1::AuditEntry {
        audit_id: AuditId::new(entry.region, entry.id).to_string(),
        time: Some(to_timestamp(entry.at)),
        principal: entry.principal.clone(),
        roles: entry.roles.clone(),
        verb: entry.verb.clone(),
        subject_id: entry.subject.clone(),
        request_id: entry.request.map(|id| id.to_string()).unwrap_or_default(),
        leaf_index: None,
        leaf_hash: String::new(),
    }
}

/// As the contract has it.
pub(crate) fn audit_head_to_wire(signed: &SignedHead) -> v1::AuditHead {
    let head = &signed.head;
    v1::AuditHead {
        region_code: head.region.to_string(),
        tree_size: head.size.cast_signed(),
        root_hash: head.root.to_string(),
        time: Some(to_timestamp(head.at)),
        key_id: head.key.clone(),
        signature: signed.signature.clone(),
    }
}
