//! Who may call what: one row per method, every role that may. A method without a row is refused to everybody.
//! Scope and facility are checked where the record is known: `Caller::sees`, `Caller::acts_for`.

use super::Role;
use super::Role::{
    Administrator, Auditor, Coordinator, DinasOfficer, FacilityOfficer, HotlineOperator, OutreachWorker,
    Referrer, SocialWorker, Supervisor,
};

/// Everybody with a token.
const ALL: &[Role] = &Role::ALL;
/// Who takes reports down.
const REPORTERS: &[Role] = &[
    HotlineOperator,
    OutreachWorker,
    Referrer,
    SocialWorker,
    Coordinator,
];
/// Who works on cases.
const CASE_WORKERS: &[Role] = &[
    HotlineOperator,
    OutreachWorker,
    Referrer,
    FacilityOfficer,
    SocialWorker,
    Supervisor,
    Coordinator,
    DinasOfficer,
];
/// Who decides where a case goes.
const ROUTERS: &[Role] = &[HotlineOperator, SocialWorker, Supervisor, Coordinator];
/// Who decides for the person: the hotline takes down and sends on, it ends nothing.
const DECIDERS: &[Role] = &[SocialWorker, Supervisor, Coordinator];
/// Who looks at offers.
const OFFER_READERS: &[Role] = &[
    FacilityOfficer,
    HotlineOperator,
    SocialWorker,
    Supervisor,
    Coordinator,
    DinasOfficer,
];
/// Who answers for a facility.
const FACILITY: &[Role] = &[FacilityOfficer, Coordinator];
/// Who keeps the directory.
const DIRECTORY: &[Role] = &[Coordinator, Administrator];

/// Who looks at how others work: the reports of InsightService.
pub(crate) const OVERSEERS: &[Role] = &[Coordinator, Supervisor, DinasOfficer, Auditor, Administrator];

/// Method path without the leading slash, and who may call it.
pub(crate) const METHODS: &[(&str, &[Role])] = &[
    ("serasi.v1.IntakeService/SubmitIntake", REPORTERS),
    ("serasi.v1.IntakeService/StreamIntakes", REPORTERS),
    ("serasi.v1.CaseService/GetCase", CASE_WORKERS),
    ("serasi.v1.CaseService/ListCases", CASE_WORKERS),
    ("serasi.v1.CaseService/WatchCases", CASE_WORKERS),
    ("serasi.v1.CaseService/TriageCase", ROUTERS),
    ("serasi.v1.CaseService/ResolveDirectly", DECIDERS),
    ("serasi.v1.ReferralService/PreviewRoute", ROUTERS),
    ("serasi.v1.ReferralService/RouteCase", ROUTERS),
    (
        "serasi.v1.ReferralService/ReplayDecision",
        &[Supervisor, Coordinator, DinasOfficer, Auditor],
    ),
    (
        "serasi.v1.ReferralService/GetDecision",
        &[
            HotlineOperator,
            SocialWorker,
            Supervisor,
            Coordinator,
            DinasOfficer,
            Auditor,
        ],
    ),
    ("serasi.v1.ReferralService/GetOffer", OFFER_READERS),
    ("serasi.v1.ReferralService/ListOffers", OFFER_READERS),
    ("serasi.v1.ReferralService/WatchOffers", OFFER_READERS),
    ("serasi.v1.ReferralService/MarkOfferSeen", &[FacilityOfficer]),
    ("serasi.v1.ReferralService/AcceptOffer", FACILITY),
    ("serasi.v1.ReferralService/DeclineOffer", FACILITY),
    ("serasi.v1.ReferralService/WithdrawOffer", DECIDERS),
    ("serasi.v1.ReferralService/AdmitPlacement", FACILITY),
    ("serasi.v1.ReferralService/DischargePlacement", FACILITY),
    ("serasi.v1.FacilityService/CreateFacility", DIRECTORY),
    (
        "serasi.v1.FacilityService/UpdateFacility",
        &[FacilityOfficer, Coordinator, Administrator],
    ),
    ("serasi.v1.FacilityService/GetFacility", ALL),
    ("serasi.v1.FacilityService/ListFacilities", ALL),
    (
        "serasi.v1.FacilityService/SuspendFacility",
        &[FacilityOfficer, Coordinator, Administrator],
    ),
    // Nobody lifts the suspension of their own house.
    ("serasi.v1.FacilityService/ResumeFacility", DIRECTORY),
    ("serasi.v1.FacilityService/CloseFacility", DIRECTORY),
    ("serasi.v1.FacilityService/ImportFacilities", &[Administrator]),
    (
        "serasi.v1.FacilityService/ReportCapacity",
        &[FacilityOfficer, Coordinator],
    ),
    ("serasi.v1.FacilityService/GetCapacity", ALL),
    ("serasi.v1.FacilityService/WatchCapacity", ALL),
    ("serasi.v1.PolicyService/GetPolicy", ALL),
    ("serasi.v1.PolicyService/ListPolicies", ALL),
    // One law holds for the nation: the handler asks for that scope.
    ("serasi.v1.PolicyService/CreatePolicy", &[Administrator]),
    ("serasi.v1.PolicyService/ActivatePolicy", &[Administrator]),
    (
        "serasi.v1.PolicyService/DryRunPolicy",
        &[Coordinator, Supervisor, Auditor, Administrator],
    ),
    ("serasi.v1.InsightService/GetUnmetNeed", OVERSEERS),
    // A mirror for the officer of a facility: the handler shows the own one and no other.
    (
        "serasi.v1.InsightService/GetTruthfulness",
        &[
            FacilityOfficer,
            Coordinator,
            Supervisor,
            DinasOfficer,
            Auditor,
            Administrator,
        ],
    ),
    ("serasi.v1.InsightService/GetTimeliness", OVERSEERS),
    ("serasi.v1.ReferenceService/ListRegions", ALL),
    ("serasi.v1.ReferenceService/GetTravel", ALL),
    ("serasi.v1.ReferenceService/ListPpksCategories", ALL),
    ("serasi.v1.ReferenceService/ListArticles", ALL),
];

/// Whether one of `roles` may call `method`; deny by default.
pub(crate) fn permits(method: &str, roles: &[Role]) -> bool {
    METHODS
        .iter()
        .find(|(name, _)| *name == method)
        .is_some_and(|(_, allowed)| roles.iter().any(|role| allowed.contains(role)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_method_is_refused_to_everybody() {
        assert!(!permits("serasi.v1.CaseService/DeleteEverything", ALL));
    }

    #[test]
    fn a_facility_officer_cannot_take_reports_and_a_hotline_cannot_answer_offers() {
        assert!(!permits(
            "serasi.v1.IntakeService/SubmitIntake",
            &[FacilityOfficer]
        ));
        assert!(!permits(
            "serasi.v1.ReferralService/AcceptOffer",
            &[HotlineOperator]
        ));
    }
}
