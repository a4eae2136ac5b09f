//! The fields of records that need more than the method.

use super::{CASE_READERS, DIRECTORY, GLASS_BREAKERS, Grant, REGISTRARS, To};
use crate::auth::Role::{
    Administrator, Coordinator, FacilityOfficer, RegistryOfficer, SocialWorker, Supervisor,
};

/// What of a record needs more than the method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    /// Who and where the people of a confidential case are.
    Identity,
    /// Anything of the people, once one of them has had the processing of their data suspended.
    Frozen,
    /// What a case shows to whoever has broken the glass.
    Glass,
    /// What was written down in a case that is confidential.
    Records,
    /// Where a house stands whose place is a secret.
    Location,
    /// What a facility is licensed for.
    Licence,
    /// How a case goes that a report of the caller was linked to.
    MainCase,
    /// Who a report to the dinas is about, and that it has arrived.
    Report,
    /// The key of the row in the registry that is, or may be, a person.
    RegistryKey,
    /// That a case leaves the policy it was routed under.
    ActivePolicy,
}

/// What of a record is for fewer than the method.
const FIELDS: &[(Field, &[Grant])] = &[
    // Who works on the case. (Until a case names its social workers, those of its regency.)
    (
        Field::Identity,
        &[
            (&[Coordinator], To::OwnedCase),
            (&[SocialWorker], To::LocalCase),
            (&[FacilityOfficer, SocialWorker], To::OwnFacility),
        ],
    ),
    (Field::Glass, GLASS_BREAKERS),
    // Who works on its stages, and who signs them.
    (
        Field::Records,
        &[
            (&[Coordinator], To::OwnedCase),
            (&[SocialWorker, Supervisor], To::LocalCase),
            (&[SocialWorker, Supervisor], To::OwnFacility),
        ],
    ),
    // Who serves the person now, and nobody else: UU 27/2022 Ps.41.
    (
        Field::Frozen,
        &[
            (&[Coordinator], To::OwnedCase),
            (&[FacilityOfficer, SocialWorker, Supervisor], To::OwnFacility),
        ],
    ),
    (
        Field::Location,
        &[
            (&[Coordinator, Administrator], To::FacilityInScope),
            (&[FacilityOfficer], To::OwnFacility),
            (&[SocialWorker], To::HousesLocalCase),
        ],
    ),
    (Field::MainCase, CASE_READERS),
    (Field::Report, REGISTRARS),
    (Field::RegistryKey, &[(&[RegistryOfficer], To::CaseInScope)]),
    (Field::Licence, DIRECTORY),
    (Field::ActivePolicy, &[(&[Coordinator], To::CaseInScope)]),
];

/// The row of `field`; none is nobody.
pub(in crate::auth) fn field(field: Field) -> &'static [Grant] {
    FIELDS
        .iter()
        .find(|(name, _)| *name == field)
        .map_or(&[], |(_, grants)| *grants)
}
