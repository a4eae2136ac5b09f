//! Ids of the hub: `<regency>-<uuidv7>`, e.g. `3273-0192b7d0-...`. The home region leads, so any id finds its shard
//! without a look-up; it never changes. An id is no secret.

use std::fmt;
use std::str::FromStr;

use serasi_geography::{RegionCode, RegionLevel};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A regency or city as the home of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "RegionCode", into = "RegionCode")]
pub struct Regency(RegionCode);

/// Why a text is no id, or a region no regency.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidId {
    #[error("must look like `3273-` followed by a UUID")]
    Form,
    #[error("region `{0}` is not a regency or city")]
    NotARegency(RegionCode),
}

impl Regency {
    /// The regency that `code` is or lies in; `None` for provinces and the nation.
    #[must_use]
    pub fn of(code: RegionCode) -> Option<Self> {
        code.regency().map(Self)
    }

    #[must_use]
    pub const fn code(self) -> RegionCode {
        self.0
    }

    /// The four digits that lead an id: `3273`.
    fn digits(self) -> String {
        self.0.to_string().replace('.', "")
    }

    fn from_digits(digits: &str) -> Option<Self> {
        let (province, regency) = digits.split_at_checked(2)?;
        let code = RegionCode::from_str(&format!("{province}.{regency}")).ok()?;
        Self::try_from(code).ok()
    }
}

impl TryFrom<RegionCode> for Regency {
    type Error = InvalidId;

    fn try_from(code: RegionCode) -> Result<Self, Self::Error> {
        match code.level() {
            RegionLevel::Regency => Ok(Self(code)),
            RegionLevel::Nation | RegionLevel::Province | RegionLevel::District | RegionLevel::Village => {
                Err(InvalidId::NotARegency(code))
            }
        }
    }
}

impl From<Regency> for RegionCode {
    fn from(regency: Regency) -> Self {
        regency.0
    }
}

impl fmt::Display for Regency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

macro_rules! id {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name {
            home: Regency,
            uuid: Uuid,
        }

        impl $name {
            #[must_use]
            pub const fn new(home: Regency, uuid: Uuid) -> Self {
                Self { home, uuid }
            }

            /// The region whose shard holds the record.
            #[must_use]
            pub const fn home(self) -> Regency {
                self.home
            }

            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.uuid
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}-{}", self.home.digits(), self.uuid)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let (digits, uuid) = text.split_once('-').ok_or(InvalidId::Form)?;
                let home = Regency::from_digits(digits).ok_or(InvalidId::Form)?;
                let uuid = Uuid::try_parse(uuid).map_err(|_| InvalidId::Form)?;
                Ok(Self { home, uuid })
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }
    };
}

id!(
    /// A case; its home is the regency where the person is.
    CaseId
);
id!(
    /// A report that led to a case; its home is the case's.
    IntakeId
);
id!(
    /// A recipient; the home is the case's.
    PersonId
);
id!(
    /// A run of a registry's rows against persons; its home is that of who began it.
    ReconciliationId
);
id!(
    /// A facility; its home is the regency it stands in.
    FacilityId
);
id!(
    /// An offer; its home is the case's.
    OfferId
);
id!(
    /// A placement; its home is the case's.
    PlacementId
);
id!(
    /// An assessment, a plan, a conference or another record of a case; its home is the case's.
    RecordId
);
id!(
    /// A routing decision; its home is the case's.
    DecisionId
);
id!(
    /// An entry of the audit log; its home is the subject's, or the capital's for what is the nation's.
    AuditId
);
id!(
    /// A masked case opened by somebody; its home is the case's.
    BreakGlassId
);
id!(
    /// A document; its home is the case's.
    DocumentId
);
id!(
    /// A request of a person about their own data; its home is the person's.
    SubjectRequestId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_reads_back_what_it_writes_and_knows_its_home() {
        let text = "3273-01933b5c-7a3e-7c3a-9d55-0242ac120002";
        let id: CaseId = text.parse().unwrap();
        assert_eq!(id.to_string(), text);
        assert_eq!(id.home().to_string(), "32.73");
    }

    #[test]
    fn text_that_is_no_id_is_refused() {
        for text in [
            "",
            "3273",
            "32-01933b5c-7a3e-7c3a-9d55-0242ac120002",
            "ABCD-x",
            "3273-",
            "ñ273-0",
        ] {
            assert_eq!(text.parse::<CaseId>(), Err(InvalidId::Form), "{text}");
        }
    }
}
