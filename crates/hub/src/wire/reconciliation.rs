//! Reconciliations, their rows, and the rows that may be a person.

use serasi_domain::id::{ReconciliationId, Regency};
use serasi_domain::registry::{
    Edition, PersonCounts, Progress, Reconciliation, RegistryCode, RowCounts, SourceDigest, SourceKind,
};
use serasi_domain::text::Text;
use serasi_geography::{RegionCode, RegionLevel};
use serasi_linkage::Weights;
use serasi_proto::v1;
use serasi_store::reconciliations::{Decided, RowResult};
use time::OffsetDateTime;

use super::codes::FromWire;
use super::parse::Parse;
use super::time::to_timestamp;
use crate::auth::Permit;
use crate::error::HubError;
use crate::reconciliation::Refused;

/// More than a hundred for each human being.
const MOST_ROWS: u64 = 1_000_000_000_000;

pub(crate) fn reconciliation_to_wire(run: &Reconciliation) -> v1::Reconciliation {
    let state = match run.progress {
        Progress::Open { .. } => v1::ReconciliationState::Open,
        Progress::Deciding { .. } => v1::ReconciliationState::Deciding,
        Progress::Done { .. } => v1::ReconciliationState::Done,
        Progress::Abandoned { .. } => v1::ReconciliationState::Abandoned,
    };
    let is_done = matches!(run.progress, Progress::Done { .. });
    v1::Reconciliation {
        reconciliation_id: run.id.to_string(),
        version: run.version,
        state: state as i32,
        registry: run.edition.registry().to_wire(),
        edition: run.edition.period(),
        kind: run.kind.to_wire(),
        scope_region_code: run.scope.to_string(),
        source_digest: run.source.0.to_vec(),
        principal: run.principal.clone(),
        weights_version: run.weights_version.as_str().to_owned(),
        last_row: run.progress.last_row(),
        rows: Some(v1::RowTotals {
            read: run.rows.read,
            refused: run.rows.refused,
            exact: run.rows.exact,
            probable: run.rows.probable,
            ambiguous: run.rows.ambiguous,
            not_found: if is_done { run.rows.not_found() } else { 0 },
        }),
        persons: Some(v1::PersonTotals {
            decided: run.persons.decided,
            matched: run.persons.matched,
            ambiguous: run.persons.ambiguous,
            not_found: run.persons.not_found,
            left: run.persons.left,
            held: run.persons.held,
        }),
        start_time: Some(to_timestamp(run.started_at)),
        end_time: run.progress.ended_at().map(to_timestamp),
        concludes_nothing: run.says() == SourceKind::Delta,
    }
}

/// The run as it would begin at `now` for a caller of `home`.
pub(crate) fn read_start(
    start: &v1::ReconcileStart,
    (caller, home): (&Permit, Regency),
    now: OffsetDateTime,
) -> Result<Reconciliation, HubError> {
    let within = known_region(caller.stated()?);
    let mut parse = Parse::default();
    let read = parse.nested("start", |parse| {
        let request_id = parse.request_id(&start.request_id);
        let registry: Option<RegistryCode> = parse.required("registry", start.registry);
        let edition = registry.map(|registry| Edition::new(registry, start.edition.trim()));
        let edition = edition.and_then(|edition| parse.take("edition", edition));
        let kind: Option<SourceKind> = parse.required("kind", start.kind);
        let scope = parse.region("scope_region_code", &start.scope_region_code);
        let scope = scope.unwrap_or(within);
        if scope.level() > RegionLevel::Regency {
            parse.wrong("scope_region_code", "must be a regency, a province or ID");
        } else if !within.contains(&scope) {
            let what = format!("must lie within {within}, the scope of your token");
            parse.wrong("scope_region_code", what);
        }
        let digest = <[u8; 32]>::try_from(start.source_digest.as_slice());
        let digest = parse.take("source_digest", digest.map_err(|_| "must be a SHA-256: 32 bytes"));
        if start.rows_at_least > MOST_ROWS {
            parse.wrong("rows_at_least", "no registry has more than 10^12 rows");
        }
        let version = Text::new(&Weights::starting().version);
        let version = parse.take("weights", version);
        Some(Reconciliation {
            id: ReconciliationId::new(home, request_id?),
            version: 1,
            edition: edition?,
            kind: kind?,
            scope,
            source: SourceDigest(digest?),
            is_whole: true,
            broke_off: false,
            rows_at_least: start.rows_at_least,
            principal: caller.principal.clone(),
            weights_version: version?,
            started_at: now,
            progress: Progress::Open { last_row: 0 },
            rows: RowCounts::default(),
            persons: PersonCounts::default(),
        })
    });
    parse.finish(read)
}

/// A token of a district or village is one of its regency here: people are at home in regencies.
fn known_region(scope: RegionCode) -> RegionCode {
    scope.regency().unwrap_or(scope)
}

pub(crate) fn refused_to_wire(refused: &Refused) -> v1::RowResult {
    v1::RowResult {
        row: refused.row,
        code: v1::RowCode::Refused as i32,
        column: refused.column.to_owned(),
        problem: refused.problem.clone(),
        ..v1::RowResult::default()
    }
}

pub(crate) fn decided_to_wire(decided: &Decided) -> v1::RowResult {
    v1::RowResult {
        row: decided.row,
        code: code(&decided.result) as i32,
        person_id: decided.person.to_string(),
        weight: decided.weight,
        probability: decided.probability,
        ..v1::RowResult::default()
    }
}

/// With the key of the row.
pub(crate) fn candidate_to_wire(row: &RowResult) -> v1::MatchCandidate {
    let key = row.registry_id.as_ref();
    let parts = row.decided.why.as_array().map_or(&[][..], Vec::as_slice);
    let text = |part: &serde_json::Value, field: &str| {
        part.get(field)
            .and_then(serde_json::Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    v1::MatchCandidate {
        reconciliation_id: row.reconciliation.to_string(),
        row: row.decided.row,
        code: code(&row.decided.result) as i32,
        weight: row.decided.weight,
        probability: row.decided.probability,
        why: parts
            .iter()
            .map(|part| v1::MatchPart {
                what: text(part, "what"),
                level: text(part, "level"),
                bits: part
                    .get("bits")
                    .and_then(serde_json::Value::as_f64)
                    .unwrap_or(0.0),
            })
            .collect(),
        registry_id: key.map(|key| key.as_str().to_owned()).unwrap_or_default(),
    }
}

fn code(result: &str) -> v1::RowCode {
    let name = format!("ROW_CODE_{}", result.to_ascii_uppercase());
    v1::RowCode::from_str_name(&name).unwrap_or_default()
}
