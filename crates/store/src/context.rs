//! Whose rows a transaction may see: the row-level security of the schema asks for it, and a transaction without a
//! context sees no row about a case.
//!
//! This guards against our own mistakes - a forgotten condition, a second way in, a pooled connection with somebody
//! else's scope left on it - not against somebody who speaks SQL as the hub's role: they could name any context.

use serasi_domain::id::{CaseId, FacilityId};
use serasi_geography::RegionCode;
use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

/// What a transaction is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// The directory, policies and leases; nothing about a case.
    Directory,
    /// A look of a caller: cases of the scope and of the own facility, with persons and reports. Changes nothing but the
    /// audit log.
    Caller {
        /// As far as the regency: rows know no smaller region.
        scope: Option<RegionCode>,
        facility: Option<FacilityId>,
        /// One case wherever it is, for who may see it by what they did, such as to report it.
        case: Option<CaseId>,
    },
    /// Commands, jobs and counts, which by their nature cross regions: cases, offers and places of any, but of persons
    /// and reports only what is new.
    Work,
    /// The same with persons and reports of any region.
    WorkOnPersons,
}

impl Context {
    /// The statements that begin such a transaction, sent together: no round trip more than a plain one.
    pub(crate) fn begin(&self) -> SqlStr {
        match self {
            Self::Directory => "BEGIN".into_sql_str(),
            Self::Work => "BEGIN; SET LOCAL serasi.work = 'on'".into_sql_str(),
            Self::WorkOnPersons => {
                "BEGIN; SET LOCAL serasi.work = 'on'; SET LOCAL serasi.persons = 'on'".into_sql_str()
            }
            Self::Caller {
                scope,
                facility,
                case,
            } => {
                let scope = scope.map(|scope| scope.regency().unwrap_or(scope).to_string());
                let facility = facility.map(|facility| facility.to_string());
                let case = case.map(|case| case.uuid().to_string());
                // Region codes and ids consist of digits, letters, dots and hyphens: nothing that could end the text.
                AssertSqlSafe(format!(
                    "BEGIN; SET LOCAL serasi.scope = '{}'; SET LOCAL serasi.facility = '{}'; SET LOCAL serasi.case_id = '{}'",
                    scope.unwrap_or_default(),
                    facility.unwrap_or_default(),
                    case.unwrap_or_default()
                ))
                .into_sql_str()
            }
        }
    }

    /// The same for a transaction in which every statement sees the same moment and nothing is written.
    pub(crate) fn begin_snapshot(&self) -> SqlStr {
        let begin = self.begin();
        let settings = begin.as_str().strip_prefix("BEGIN").unwrap_or_default();
        AssertSqlSafe(format!(
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY{settings}"
        ))
        .into_sql_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_is_set_in_the_statement_that_begins_and_for_this_transaction_only() {
        let facility: FacilityId = "3273-01933b5c-7a3e-7c3a-9d55-0242ac120002".parse().unwrap();
        let caller = Context::Caller {
            scope: Some("32.73.01".parse().unwrap()),
            facility: Some(facility),
            case: None,
        };
        assert_eq!(
            caller.begin().as_str(),
            "BEGIN; SET LOCAL serasi.scope = '32.73'; \
             SET LOCAL serasi.facility = '3273-01933b5c-7a3e-7c3a-9d55-0242ac120002'; SET LOCAL serasi.case_id = ''"
        );
        assert_eq!(
            Context::Work.begin_snapshot().as_str(),
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL serasi.work = 'on'"
        );
        let nobody = Context::Caller {
            scope: None,
            facility: None,
            case: None,
        };
        assert!(nobody.begin().as_str().contains("serasi.scope = ''"));
    }
}
