//! Reading a request field by field and keeping all that is wrong.

use std::fmt::Display;
use std::str::FromStr;

use enumset::{EnumSet, EnumSetType};
use pbjson_types::Timestamp;
use prost::Message;
use serasi_domain::intake::SourceKey;
use serasi_domain::text::Text;
use serasi_geography::{RegionCode, atlas};
use serde::Serialize;
use serde::de::DeserializeOwned;
use time::macros::format_description;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::codes::FromWire;
use super::time::to_time;
use crate::error::{HubError, Kind, Violation};

/// Largest page of a list.
const MAX_PAGE: i32 = 200;
const DEFAULT_PAGE: i32 = 50;
/// Clients take 4 MiB by default.
const MAX_PAGE_BYTES: usize = 3 * 1024 * 1024;
/// Violations kept; a hostile request must not fill the memory.
const MAX_KEPT: usize = 1_000;

/// What is wrong so far. Field paths are relative to where this parser stands.
#[derive(Debug, Default)]
pub(crate) struct Parse {
    violations: Vec<Violation>,
}

impl Parse {
    pub(crate) fn wrong(&mut self, field: impl Into<String>, what: impl Display) {
        if self.violations.len() < MAX_KEPT {
            self.violations.push(Violation {
                field: field.into(),
                description: what.to_string(),
            });
        }
    }

    /// The value, or its error put on the list.
    pub(crate) fn take<T, E: Display>(&mut self, field: &str, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.wrong(field, error)).ok()
    }

    /// Runs `read` for a nested message: its fields get `prefix` in front.
    pub(crate) fn nested<T>(&mut self, prefix: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        let mut inner = Self::default();
        let value = read(&mut inner);
        for Violation { field, description } in inner.violations {
            self.wrong(format!("{prefix}.{field}"), description);
        }
        value
    }

    /// An enum that may be left unspecified.
    pub(crate) fn optional<T: FromWire>(&mut self, field: &str, number: i32) -> Option<T> {
        self.take(field, T::from_wire(number)).flatten()
    }

    /// An enum that must be given.
    pub(crate) fn required<T: FromWire>(&mut self, field: &str, number: i32) -> Option<T> {
        match T::from_wire(number) {
            Ok(Some(value)) => Some(value),
            Ok(None) => {
                self.wrong(field, "must be given");
                None
            }
            Err(unknown) => {
                self.wrong(field, unknown);
                None
            }
        }
    }

    /// A list of enums, each given, without repeats, in the order of the contract.
    pub(crate) fn list<T: FromWire + Ord>(&mut self, field: &str, numbers: &[i32]) -> Vec<T> {
        let mut values: Vec<T> = numbers
            .iter()
            .enumerate()
            .filter_map(|(position, number)| self.required(&format!("{field}[{position}]"), *number))
            .collect();
        values.sort_unstable();
        values.dedup();
        values
    }

    /// As [`Self::list`], as a set.
    pub(crate) fn set<T: FromWire + Ord + EnumSetType>(
        &mut self,
        field: &str,
        numbers: &[i32],
    ) -> EnumSet<T> {
        self.list::<T>(field, numbers).into_iter().collect()
    }

    /// Text that may be empty.
    pub(crate) fn text<const MAX: usize>(&mut self, field: &str, text: &str) -> Option<Text<MAX>> {
        if text.trim().is_empty() {
            return None;
        }
        self.take(field, Text::new(text))
    }

    /// Anything with a text form that may be empty.
    pub(crate) fn parsed<T: FromStr<Err: Display>>(&mut self, field: &str, text: &str) -> Option<T> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        self.take(field, text.parse())
    }

    /// A state to look for, as the database has it: the contract's names are the codes in capitals. `name` is the name
    /// of the number, if the contract has one.
    pub(crate) fn state(&mut self, field: &str, prefix: &str, name: Option<&str>) -> Option<String> {
        let code = name
            .and_then(|name| name.strip_prefix(prefix))
            .filter(|code| *code != "UNSPECIFIED");
        self.require(field, code, "is not a state of this list")
            .map(str::to_ascii_lowercase)
    }

    /// One part of a sender's key to look for; may be empty.
    pub(crate) fn key_part(&mut self, field: &str, text: &str) -> Option<String> {
        if text.is_empty() {
            return None;
        }
        self.take(field, SourceKey::part(text))
    }

    /// A region that exists; may be empty.
    pub(crate) fn region(&mut self, field: &str, code: &str) -> Option<RegionCode> {
        let code: RegionCode = self.parsed(field, code)?;
        if code != RegionCode::NATION && atlas().region(code).is_none() {
            self.wrong(
                field,
                format!("region {code} is not in the reference data; see ListRegions"),
            );
            return None;
        }
        Some(code)
    }

    /// A moment that may be left out.
    pub(crate) fn time(&mut self, field: &str, timestamp: Option<&Timestamp>) -> Option<OffsetDateTime> {
        self.take(field, to_time(timestamp?))
    }

    /// A day that may be left out.
    pub(crate) fn date(&mut self, field: &str, text: &str) -> Option<Date> {
        if text.is_empty() {
            return None;
        }
        let read = Date::parse(text, format_description!("[year]-[month]-[day]"));
        self.take(
            field,
            read.map_err(|_| "must be a date of the calendar as YYYY-MM-DD"),
        )
    }

    /// Whether something is wrong already at `field`, in it, or around it.
    pub(crate) fn has_wrong(&self, field: &str) -> bool {
        self.violations
            .iter()
            .any(|known| known.field.starts_with(field) || field.starts_with(&known.field))
    }

    /// The first `most` of a list; more are a violation.
    pub(crate) fn at_most<'v, T>(&mut self, field: &str, most: usize, values: &'v [T]) -> &'v [T] {
        if values.len() > most {
            self.wrong(field, format!("at most {most}"));
        }
        values.get(..most).unwrap_or(values)
    }

    /// The UUID every mutation carries.
    pub(crate) fn request_id(&mut self, text: &str) -> Option<Uuid> {
        let read = Uuid::try_parse(text).ok().filter(|id| !id.is_nil());
        self.take(
            "request_id",
            read.ok_or("must be a UUID, new for every new request and the same for a retry"),
        )
    }

    /// An id; one that cannot be read is a violation.
    pub(crate) fn id<T: FromStr<Err: Display>>(&mut self, field: &str, text: &str) -> Option<T> {
        if text.is_empty() {
            self.wrong(field, "must be given");
            return None;
        }
        self.take(field, text.parse())
    }

    pub(crate) fn require<T>(&mut self, field: &str, value: Option<T>, what: &str) -> Option<T> {
        if value.is_none() {
            self.wrong(field, what);
        }
        value
    }

    /// All that is wrong, or the value; a value that is missing for no stated reason is a bug.
    pub(crate) fn finish<T>(self, value: Option<T>) -> Result<T, HubError> {
        if self.violations.is_empty() {
            value.ok_or(HubError::Bug("a request was refused without a reason"))
        } else {
            Err(HubError::Invalid(self.violations))
        }
    }
}

/// An id of a record to look up: unreadable is as good as unknown. The text is not given back: a name may have slipped
/// into the field.
pub(crate) fn id_of<T: FromStr>(kind: Kind, text: &str) -> Result<T, HubError> {
    text.parse().map_err(|_| HubError::not_found(kind, ""))
}

/// 1-200, default 50.
pub(crate) fn page_size(parse: &mut Parse, size: i32) -> i64 {
    if !(0..=MAX_PAGE).contains(&size) {
        parse.wrong(
            "page_size",
            format!("must be 1-{MAX_PAGE}, or 0 for {DEFAULT_PAGE}"),
        );
    }
    i64::from(if size == 0 { DEFAULT_PAGE } else { size })
}

/// As many of `found` as fit into an answer that every client takes, at least one; `true` = some did not.
pub(crate) fn page_of<M: Message>(mut found: Vec<M>) -> (Vec<M>, bool) {
    let mut bytes = 0;
    let fits = |message: &&M| {
        bytes += message.encoded_len();
        bytes <= MAX_PAGE_BYTES
    };
    let count = found.iter().take_while(fits).count().max(1);
    let is_cut = count < found.len();
    found.truncate(count);
    (found, is_cut)
}

/// Where the next page starts, opaque to clients.
pub(crate) struct PageToken;

impl PageToken {
    pub(crate) fn write(position: &impl Serialize) -> String {
        let json = serde_json::to_vec(position).expect("a position is plain data");
        json.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    pub(crate) fn read<T: DeserializeOwned>(parse: &mut Parse, token: &str) -> Option<T> {
        if token.is_empty() {
            return None;
        }
        let bytes: Option<Vec<u8>> = (0..token.len())
            .step_by(2)
            .map(|at| {
                token
                    .get(at..at + 2)
                    .and_then(|hex| u8::from_str_radix(hex, 16).ok())
            })
            .collect();
        let position = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        parse.take(
            "page_token",
            position.ok_or("is not a token of this list; start again without one"),
        )
    }
}
