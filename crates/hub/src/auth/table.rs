//! Who may do what to what: one row per method, then the fields that need more. A method without a row is refused to
//! everybody; a record that no grant of the row reaches is not there (NOT_FOUND) for this caller.
//!
//! The layer checks the roles, `Permit` the record: see `permit.rs`. Nothing else decides about access.

mod fields;

pub(crate) use fields::Field;
pub(super) use fields::field;

use super::Role;
use super::Role::{
    Administrator, Auditor, Coordinator, DinasOfficer, FacilityOfficer, HotlineOperator, OutreachWorker,
    Referrer, RegistryOfficer, SocialWorker, Supervisor,
};

/// What a caller must be to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum To {
    /// No record of anybody: reference data, the public part of the directory, a new report.
    Anything,
    /// The token's scope is the nation.
    Nation,
    /// What the request itself names lies in the scope; else a violation of that field.
    StatedRegion,
    /// The place of the case lies in the scope; for offers, placements and what else belongs to it, its regency.
    CaseInScope,
    /// The caller answers for the case now: the owner's region holds the whole scope, and the case lies in it.
    OwnedCase,
    /// The case lies in the scope, and the scope is a regency or smaller: the people who go there.
    LocalCase,
    /// The caller sent a report of the case.
    OwnReport,
    /// The facility stands in the scope.
    FacilityInScope,
    /// It is the caller's facility; of a case, the facility that took it.
    OwnFacility,
    /// Of a case: it is the facility that has the persons. One that only expects them is not.
    HasThem,
    /// A report is addressed to the dinas of the scope: first, or because nobody below it answered.
    Addressee,
    /// Somebody lives in the facility whose case is a local one.
    HousesLocalCase,
}

/// Any of these roles, to such a record.
pub(crate) type Grant = (&'static [Role], To);

/// Everybody with a token.
const ALL: &[Grant] = &[(&Role::ALL, To::Anything)];
/// Who takes reports down. A token that was given to a system sends that system's reports only.
const REPORTERS: &[Grant] = &[(
    &[
        HotlineOperator,
        OutreachWorker,
        Referrer,
        SocialWorker,
        Coordinator,
    ],
    To::Anything,
)];
/// Who sees a case: those of its region; who reported it; who works in the house that took it.
const CASE_READERS: &[Grant] = &[
    (
        &[
            HotlineOperator,
            SocialWorker,
            Supervisor,
            Coordinator,
            DinasOfficer,
        ],
        To::CaseInScope,
    ),
    (&[OutreachWorker, Referrer], To::OwnReport),
    (&[FacilityOfficer, SocialWorker, Supervisor], To::OwnFacility),
];
/// Who is told of a case as it goes on. Whoever only reported it has the answers to the reports.
const CASE_WATCHERS: &[Grant] = &[
    (
        &[
            HotlineOperator,
            SocialWorker,
            Supervisor,
            Coordinator,
            DinasOfficer,
        ],
        To::CaseInScope,
    ),
    (&[FacilityOfficer], To::OwnFacility),
];
/// Who decides where a case goes.
const ROUTERS: &[Grant] = &[(
    &[HotlineOperator, SocialWorker, Supervisor, Coordinator],
    To::CaseInScope,
)];
/// Who decides for the person: the hotline takes down and sends on, it ends nothing.
const DECIDERS: &[Grant] = &[(&[SocialWorker, Supervisor, Coordinator], To::CaseInScope)];
/// Who says whose NIK it is: who works with the person.
const IDENTIFIERS: &[Grant] = &[
    (&[SocialWorker, Supervisor, Coordinator], To::CaseInScope),
    (&[FacilityOfficer], To::OwnFacility),
];
/// Who keeps a case from being erased.
const HOLDERS: &[Grant] = &[(&[Supervisor, Coordinator, Auditor], To::CaseInScope)];
/// Who writes down and moves the stages of a case: the Pekerja Sosial of its region, and those of the house that has the
/// persons (P16 Ps.34(2)).
const SOCIAL_WORKERS: &[Grant] = &[
    (&[SocialWorker, Supervisor], To::CaseInScope),
    (&[SocialWorker, Supervisor], To::OwnFacility),
];
/// Supervision competence is a role of its own (P16 Ps.18(3)).
const SIGNATORIES: &[Grant] = &[(&[Supervisor], To::CaseInScope), (&[Supervisor], To::OwnFacility)];
/// Who says that somebody is not coming, or is to go elsewhere: the house, and those who decide for the person.
const MOVERS: &[Grant] = &[
    (&[FacilityOfficer, SocialWorker, Supervisor], To::OwnFacility),
    (&[SocialWorker, Supervisor, Coordinator], To::CaseInScope),
];
/// Who looks at offers: the side of the case, and the side of the facility.
const OFFER_READERS: &[Grant] = &[
    (
        &[
            HotlineOperator,
            SocialWorker,
            Supervisor,
            Coordinator,
            DinasOfficer,
        ],
        To::CaseInScope,
    ),
    (&[Supervisor, Coordinator, DinasOfficer], To::FacilityInScope),
    (&[FacilityOfficer], To::OwnFacility),
];
/// Who answers for a facility.
const FACILITY: &[Grant] = &[
    (&[FacilityOfficer], To::OwnFacility),
    (&[Coordinator], To::FacilityInScope),
];
/// Who keeps the directory.
const DIRECTORY: &[Grant] = &[(&[Coordinator, Administrator], To::FacilityInScope)];
/// Who describes a facility.
const DESCRIBERS: &[Grant] = &[
    (&[FacilityOfficer], To::OwnFacility),
    (&[Coordinator, Administrator], To::FacilityInScope),
];
/// One law holds for the nation.
const LAWGIVERS: &[Grant] = &[(&[Administrator], To::Nation)];
/// Who looks at how others work.
const OVERSEERS: &[Grant] = &[(
    &[Coordinator, Supervisor, DinasOfficer, Auditor, Administrator],
    To::StatedRegion,
)];
/// Who opens a masked case, and looks through what they have opened.
const GLASS_BREAKERS: &[Grant] = &[(&[SocialWorker, Supervisor, Coordinator], To::CaseInScope)];
/// Who looks at openings of masked cases, and says whether they had to be.
const REVIEWERS: &[Grant] = &[(&[Supervisor, Auditor], To::CaseInScope)];
/// Who answers persons about their own data.
const DATA_STEWARDS: &[Grant] = &[(&[Supervisor, Coordinator], To::CaseInScope)];

/// Who enters people into the registry.
const REGISTRARS: &[Grant] = &[(&[DinasOfficer, RegistryOfficer], To::Addressee)];
/// Who sees that somebody is owed a registration: also those who work on their case.
const REGISTRY_READERS: &[Grant] = &[
    (
        &[
            SocialWorker,
            Supervisor,
            Coordinator,
            DinasOfficer,
            RegistryOfficer,
        ],
        To::CaseInScope,
    ),
    (&[DinasOfficer, RegistryOfficer], To::Addressee),
];

/// Who runs the registry past the persons of a region.
const RECONCILERS: &[Grant] = &[(&[RegistryOfficer], To::StatedRegion)];
/// Who sees how such runs went.
const RECONCILIATION_READERS: &[Grant] = &[(
    &[Supervisor, Coordinator, DinasOfficer, RegistryOfficer, Auditor],
    To::CaseInScope,
)];
/// Who says whether a row is a person.
const MATCH_REVIEWERS: &[Grant] = &[
    (&[Supervisor, RegistryOfficer], To::CaseInScope),
    (&[RegistryOfficer], To::Addressee),
];

/// Who checks what others have read and changed. An entry is where its subject is.
const AUDITORS: &[Grant] = &[(&[Auditor, Supervisor], To::StatedRegion)];

/// Method path without the leading slash, and its grants: one of them is enough.
pub(crate) const METHODS: &[(&str, &[Grant])] = &[
    ("serasi.v1.IntakeService/SubmitIntake", REPORTERS),
    ("serasi.v1.IntakeService/StreamIntakes", REPORTERS),
    // Everywhere: a person moves. It shows no person.
    ("serasi.v1.IntakeService/ProposeLinks", REPORTERS),
    ("serasi.v1.CaseService/GetCase", CASE_READERS),
    ("serasi.v1.CaseService/ListCases", CASE_READERS),
    ("serasi.v1.CaseService/WatchCases", CASE_WATCHERS),
    ("serasi.v1.CaseService/TriageCase", ROUTERS),
    ("serasi.v1.CaseService/ResolveDirectly", DECIDERS),
    ("serasi.v1.CaseService/RecordAssessment", SOCIAL_WORKERS),
    ("serasi.v1.CaseService/RecordPlan", SOCIAL_WORKERS),
    ("serasi.v1.CaseService/RecordConference", SOCIAL_WORKERS),
    ("serasi.v1.CaseService/RecordService", SOCIAL_WORKERS),
    ("serasi.v1.CaseService/RecordIndicators", SOCIAL_WORKERS),
    (
        "serasi.v1.CaseService/ListRecords",
        &[
            (&[SocialWorker, Supervisor, Coordinator], To::CaseInScope),
            (&[SocialWorker, Supervisor], To::OwnFacility),
        ],
    ),
    ("serasi.v1.CaseService/SignOffStage", SIGNATORIES),
    ("serasi.v1.CaseService/AdvanceStage", SOCIAL_WORKERS),
    // Whoever only expects the persons does not send them home.
    (
        "serasi.v1.CaseService/StartAftercare",
        &[
            (&[SocialWorker, Supervisor], To::CaseInScope),
            (&[SocialWorker, Supervisor], To::HasThem),
        ],
    ),
    ("serasi.v1.CaseService/CloseCase", DECIDERS),
    ("serasi.v1.CaseService/ReopenCase", DECIDERS),
    ("serasi.v1.CaseService/LinkCases", DECIDERS),
    ("serasi.v1.CaseService/UnlinkCases", DECIDERS),
    ("serasi.v1.CaseService/SetLegalHold", HOLDERS),
    ("serasi.v1.CaseService/LiftLegalHold", HOLDERS),
    // Whoever sees a case may bring a paper.
    ("serasi.v1.CaseService/AddDocument", CASE_READERS),
    ("serasi.v1.CaseService/RemoveDocument", DECIDERS),
    ("serasi.v1.CaseService/ListDocuments", CASE_READERS),
    ("serasi.v1.CaseService/BindIdentity", IDENTIFIERS),
    ("serasi.v1.CaseService/UnbindIdentity", IDENTIFIERS),
    ("serasi.v1.CaseService/GetIdentity", IDENTIFIERS),
    // Without a token; see layer.rs.
    ("serasi.v1.CaseService/GetPublicStatus", ALL),
    ("serasi.v1.ReferralService/PreviewRoute", ROUTERS),
    ("serasi.v1.ReferralService/RouteCase", ROUTERS),
    (
        "serasi.v1.ReferralService/ReplayDecision",
        &[(&[Supervisor, Coordinator, DinasOfficer, Auditor], To::CaseInScope)],
    ),
    (
        "serasi.v1.ReferralService/GetDecision",
        &[(
            &[
                HotlineOperator,
                SocialWorker,
                Supervisor,
                Coordinator,
                DinasOfficer,
                Auditor,
            ],
            To::CaseInScope,
        )],
    ),
    ("serasi.v1.ReferralService/GetOffer", OFFER_READERS),
    ("serasi.v1.ReferralService/ListOffers", OFFER_READERS),
    ("serasi.v1.ReferralService/WatchOffers", OFFER_READERS),
    (
        "serasi.v1.ReferralService/MarkOfferSeen",
        &[(&[FacilityOfficer], To::OwnFacility)],
    ),
    ("serasi.v1.ReferralService/AcceptOffer", FACILITY),
    ("serasi.v1.ReferralService/DeclineOffer", FACILITY),
    ("serasi.v1.ReferralService/WithdrawOffer", DECIDERS),
    ("serasi.v1.ReferralService/AdmitPlacement", FACILITY),
    ("serasi.v1.ReferralService/DischargePlacement", FACILITY),
    ("serasi.v1.ReferralService/MarkNoShow", MOVERS),
    ("serasi.v1.ReferralService/CancelPlacement", MOVERS),
    ("serasi.v1.ReferralService/RequestTransfer", MOVERS),
    ("serasi.v1.ReferralService/CancelTransfer", MOVERS),
    ("serasi.v1.FacilityService/CreateFacility", DIRECTORY),
    ("serasi.v1.FacilityService/UpdateFacility", DESCRIBERS),
    ("serasi.v1.FacilityService/GetFacility", ALL),
    ("serasi.v1.FacilityService/ListFacilities", ALL),
    ("serasi.v1.FacilityService/SuspendFacility", DESCRIBERS),
    // Nobody lifts the suspension of their own house.
    ("serasi.v1.FacilityService/ResumeFacility", DIRECTORY),
    ("serasi.v1.FacilityService/CloseFacility", DIRECTORY),
    (
        "serasi.v1.FacilityService/ImportFacilities",
        &[(&[Administrator], To::StatedRegion)],
    ),
    ("serasi.v1.FacilityService/ReportCapacity", FACILITY),
    ("serasi.v1.FacilityService/GetCapacity", ALL),
    ("serasi.v1.FacilityService/WatchCapacity", ALL),
    ("serasi.v1.RegistryService/GetRegistration", REGISTRY_READERS),
    ("serasi.v1.RegistryService/ListObligations", REGISTRY_READERS),
    ("serasi.v1.RegistryService/AcknowledgeReport", REGISTRARS),
    ("serasi.v1.RegistryService/RecordOutcome", REGISTRARS),
    ("serasi.v1.RegistryService/Reconcile", RECONCILERS),
    (
        "serasi.v1.RegistryService/GetReconciliation",
        RECONCILIATION_READERS,
    ),
    (
        "serasi.v1.RegistryService/ListReconciliations",
        RECONCILIATION_READERS,
    ),
    (
        "serasi.v1.RegistryService/AbandonReconciliation",
        &[(&[RegistryOfficer], To::CaseInScope)],
    ),
    ("serasi.v1.RegistryService/ReviewMatch", MATCH_REVIEWERS),
    ("serasi.v1.RegistryService/UndoMatch", MATCH_REVIEWERS),
    ("serasi.v1.PolicyService/GetPolicy", ALL),
    ("serasi.v1.PolicyService/ListPolicies", ALL),
    ("serasi.v1.PolicyService/CreatePolicy", LAWGIVERS),
    ("serasi.v1.PolicyService/ActivatePolicy", LAWGIVERS),
    (
        "serasi.v1.PolicyService/DryRunPolicy",
        &[(
            &[Coordinator, Supervisor, Auditor, Administrator],
            To::StatedRegion,
        )],
    ),
    ("serasi.v1.InsightService/GetUnmetNeed", OVERSEERS),
    // A mirror for the officer of a facility: the own one and no other.
    (
        "serasi.v1.InsightService/GetTruthfulness",
        &[
            (
                &[Coordinator, Supervisor, DinasOfficer, Auditor, Administrator],
                To::StatedRegion,
            ),
            (&[FacilityOfficer], To::OwnFacility),
        ],
    ),
    ("serasi.v1.InsightService/GetTimeliness", OVERSEERS),
    ("serasi.v1.InsightService/GetIndicators", OVERSEERS),
    ("serasi.v1.InsightService/GetTieredReport", OVERSEERS),
    ("serasi.v1.InsightService/GetObligationAges", OVERSEERS),
    ("serasi.v1.AuditService/ListAuditEntries", AUDITORS),
    ("serasi.v1.AuditService/ListAuditHeads", AUDITORS),
    (
        "serasi.v1.AuditService/GetAuditProof",
        &[(&[Auditor, Supervisor], To::CaseInScope)],
    ),
    ("serasi.v1.AuditService/OpenBreakGlass", GLASS_BREAKERS),
    ("serasi.v1.AuditService/ReviewBreakGlass", REVIEWERS),
    ("serasi.v1.AuditService/GetBreakGlass", REVIEWERS),
    ("serasi.v1.AuditService/ListBreakGlass", REVIEWERS),
    ("serasi.v1.SubjectService/RecordSubjectRequest", ROUTERS),
    ("serasi.v1.SubjectService/AnswerSubjectRequest", DATA_STEWARDS),
    (
        "serasi.v1.SubjectService/ListSubjectRequests",
        &[(&[SocialWorker, Supervisor, Coordinator, Auditor], To::CaseInScope)],
    ),
    ("serasi.v1.SubjectService/ExportSubject", DATA_STEWARDS),
    ("serasi.v1.SubjectService/FreezeSubject", DATA_STEWARDS),
    ("serasi.v1.SubjectService/UnfreezeSubject", DATA_STEWARDS),
    (
        "serasi.v1.SubjectService/SetAccessDanger",
        &[(&[SocialWorker, Supervisor], To::CaseInScope)],
    ),
    (
        "serasi.v1.SubjectService/LiftAccessDanger",
        &[(&[Supervisor], To::CaseInScope)],
    ),
    (
        "serasi.v1.SubjectService/ListAffectedSubjects",
        &[(&[Auditor], To::StatedRegion)],
    ),
    ("serasi.v1.ReferenceService/ListRegions", ALL),
    ("serasi.v1.ReferenceService/GetTravel", ALL),
    ("serasi.v1.ReferenceService/ListPpksCategories", ALL),
    ("serasi.v1.ReferenceService/ListArticles", ALL),
];

/// The row of `method`; none for a method that nobody wrote down.
pub(super) fn row(method: &str) -> Option<&'static [Grant]> {
    METHODS
        .iter()
        .find(|(name, _)| *name == method)
        .map(|(_, grants)| *grants)
}
