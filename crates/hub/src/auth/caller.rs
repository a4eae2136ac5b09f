//! The party behind a call, as its token says.

use std::fmt;
use std::str::FromStr;

use serasi_domain::id::FacilityId;
use serasi_geography::RegionCode;
use time::OffsetDateTime;

/// What a party may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    HotlineOperator,
    OutreachWorker,
    Referrer,
    FacilityOfficer,
    SocialWorker,
    Supervisor,
    Coordinator,
    RegistryOfficer,
    DinasOfficer,
    Auditor,
    Administrator,
}

impl Role {
    pub const ALL: [Self; 11] = [
        Self::HotlineOperator,
        Self::OutreachWorker,
        Self::Referrer,
        Self::FacilityOfficer,
        Self::SocialWorker,
        Self::Supervisor,
        Self::Coordinator,
        Self::RegistryOfficer,
        Self::DinasOfficer,
        Self::Auditor,
        Self::Administrator,
    ];

    /// As the token has it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::HotlineOperator => "hotline_operator",
            Self::OutreachWorker => "outreach_worker",
            Self::Referrer => "referrer",
            Self::FacilityOfficer => "facility_officer",
            Self::SocialWorker => "social_worker",
            Self::Supervisor => "supervisor",
            Self::Coordinator => "coordinator",
            Self::RegistryOfficer => "registry_officer",
            Self::DinasOfficer => "dinas_officer",
            Self::Auditor => "auditor",
            Self::Administrator => "administrator",
        }
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|role| role.code() == code)
            .ok_or_else(|| {
                format!(
                    "`{code}` is no role; roles are {}",
                    Self::ALL.map(Self::code).join(", ")
                )
            })
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A verified caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// `iss` and `sub` of the token.
    pub principal: String,
    pub roles: Vec<Role>,
    pub scope: RegionCode,
    /// The facility an officer works for.
    pub facility: Option<FacilityId>,
    /// The system the token was given to; its intakes carry that name.
    pub system: Option<String>,
    /// When the token ends; a job of the hub has none.
    pub expires_at: Option<OffsetDateTime>,
}

impl Caller {
    /// A job of the hub itself.
    pub(crate) fn job(name: &str) -> Self {
        Self {
            principal: format!("job:{name}"),
            roles: vec![],
            scope: RegionCode::NATION,
            facility: None,
            system: None,
            expires_at: None,
        }
    }

    /// SHA-256 of what decides how much they see, besides who they are.
    pub(crate) fn standing_hash(&self) -> Vec<u8> {
        let mut roles = self.roles.clone();
        roles.sort_unstable();
        let roles = roles.into_iter().map(Role::code).collect::<Vec<_>>().join(" ");
        let facility = self.facility.map(|id| id.to_string()).unwrap_or_default();
        let standing = format!("{}\n{facility}\n{roles}", self.scope);
        ring::digest::digest(&ring::digest::SHA256, standing.as_bytes())
            .as_ref()
            .to_vec()
    }

    #[must_use]
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    #[must_use]
    pub fn has_one_of(&self, roles: &[Role]) -> bool {
        roles.iter().any(|role| self.has(*role))
    }
}
