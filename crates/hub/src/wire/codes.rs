//! Enums of the contract and of the domain, pair by pair. A domain variant without a partner does not compile.

use serasi_domain::{
    break_glass, capacity, case, cluster, deadline, document, facility, insight, intake, need, need_to_know,
    offer, person, placement, policy, privacy, registry, routing, subject,
};
use serasi_proto::v1;

/// A domain enum that has a partner in the contract.
pub(crate) trait FromWire: Sized {
    /// `Ok(None)` = unspecified; `Err` = a number the contract does not know.
    fn from_wire(number: i32) -> Result<Option<Self>, UnknownNumber>;
    fn to_wire(self) -> i32;
}

/// An enum number that the contract does not know.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("{0} is not a value of this enum")]
pub(crate) struct UnknownNumber(i32);

macro_rules! pair {
    ($domain:ty, $wire:ty, $($variant:ident = $wire_variant:ident),+ $(,)?) => {
        impl FromWire for $domain {
            fn from_wire(number: i32) -> Result<Option<Self>, UnknownNumber> {
                match <$wire>::try_from(number) {
                    Ok(<$wire>::Unspecified) => Ok(None),
                    $(Ok(<$wire>::$wire_variant) => Ok(Some(<$domain>::$variant)),)+
                    Err(_) => Err(UnknownNumber(number)),
                }
            }

            fn to_wire(self) -> i32 {
                match self { $(<$domain>::$variant => <$wire>::$wire_variant as i32),+ }
            }
        }
    };
    ($domain:ty, $wire:ty: $($variant:ident),+ $(,)?) => { pair!($domain, $wire, $($variant = $variant),+); };
}

pair!(cluster::Cluster, v1::Cluster: Anak, Disabilitas, TunaSosialKpo, Napza, Lansia);
pair!(need::ServiceBase, v1::ServiceBase: Family, Community, Residential);
pair!(need::ServiceForm, v1::ServiceForm: DecentLiving, SocialCare, FamilySupport, Therapy, Vocational,
    SocialAssistance, Accessibility);
pair!(need::Target, v1::Target: Individual, Family, Group, Community);
pair!(need::Criterion, v1::Criterion: Poverty, Neglect, Disability, Remoteness, SocialDeviance, Disaster, Violence);
pair!(need::Urgency, v1::Urgency: Regular, Urgent, Emergency);
pair!(intake::Channel, v1::Channel: Complaint, Outreach, Referral);
pair!(intake::LegalBasis, v1::LegalBasis: Consent, GuardianConsent, PublicTask, VitalInterest);
pair!(person::Sex, v1::Sex: Female, Male);
pair!(person::Relation, v1::Relation: Head, Spouse, Child, Parent, Sibling, Grandparent, Grandchild, OtherRelative,
    Companion);
pair!(person::Evidence, v1::IdentityEvidence: Report, Ktp, Kk, Registry, Biometric, Relative, Other);
pair!(person::UnbindReason, v1::UnbindReason: OtherPerson, TypingError, FalsePapers, Withdrawn, Other);
pair!(person::AccessNeed, v1::AccessNeed: Wheelchair, SignLanguage, Braille, FullCare);
pair!(facility::FacilityKind, v1::FacilityKind: BalaiBesar, Balai, Loka, UptdProvince, UptdRegency, Lks);
pair!(capacity::CapacitySource, v1::CapacitySource: Facility, Import, Decline);
pair!(offer::DeclineReason, v1::DeclineReason: Full, WrongKind, NotNow, NotEligible, Safety, PersonRefused, Other);
pair!(offer::WithdrawReason, v1::WithdrawReason: PersonChangedMind, SolvedOtherwise, WrongFacts, Safety, Other);
pair!(document::DocumentKind, v1::DocumentKind: SuratDinsos, Kk, Ktp, AktaLahir, Pasfoto, SuratSehat, SuratPsikiater,
    SuratPolisi, LaporanSosial, Persetujuan, Other);
pair!(privacy::DataClass, v1::DataClass: Identity, Contact, Story, Assessment);
pair!(privacy::HoldReason, v1::HoldReason: CourtOrder, Investigation, Audit, Dispute);
pair!(placement::DischargeDestination, v1::DischargeDestination: Family, OtherFacility, Independent, Death, Left);
pair!(placement::NoShowReason, v1::NoShowReason: DidNotArrive, PersonRefused, NoTransport, Other);
pair!(placement::CancelReason, v1::CancelReason: FacilityCannot, PersonChangedMind, SolvedOtherwise, WrongFacts, Safety,
    Other);
pair!(placement::TransferReason, v1::TransferReason: NeedsOtherService, NearerToFamily, FacilityCannot, Safety, Other);
pair!(case::ending::CloseReason, v1::CloseReason: Completed, ReferredOut, PersonDeclined, LostContact, Died, Unfounded,
    Linked, Other);
pair!(case::stage::Stage, v1::Stage: Access, InitialApproach, Assessment, Planning, Implementation, Monitoring, Aftercare);
pair!(case::record::RecordKind, v1::RecordKind: AccessReview, InitialAssessment, CaseResponse, InitialAgreement,
    ComprehensiveAssessment, ResourceMap, ServicePlan, JointDecision, CaseConference, FamilyConference, Service,
    Indicators, AftercareAssessment, Termination);
pair!(case::record::Aspect, v1::AssessmentAspect: Medical, Legal, Physical, Psychosocial, Mental, Spiritual,
    InterestAndTalent, FamilyTracing, Other);
pair!(case::record::IndicatorKind, v1::IndicatorKind: Input, Process, Output, Benefit, Impact);
pair!(case::record::Profession, v1::Profession: SocialWorker, WelfareWorker, Doctor, Therapist, Instructor, Nurse,
    Psychologist, Volunteer, Counsellor, Other);
pair!(case::record::FundingSource, v1::FundingSource: Apbn, Apbd, OtherLawful);
pair!(need_to_know::MaskReason, v1::MaskReason: Child, Trafficking, Drugs, Unclassified, NotAccepted, OfferEnded,
    LocationHidden, Frozen, NotAddressed);
pair!(need_to_know::AgeBand, v1::AgeBand: Toddler, Schoolchild, Youth, Adult, Elder);
pair!(break_glass::BreakGlassReason, v1::BreakGlassReason: Danger, NobodyReachable, FamilyTracing, LegalOrder, Other);
pair!(break_glass::Verdict, v1::BreakGlassVerdict: Justified, NotJustified);
pair!(subject::RequestKind, v1::SubjectRequestKind: Access, Correction, Restriction, Withdrawal);
pair!(subject::Requester, v1::SubjectRequester: Person, Guardian, LegalRepresentative);
pair!(subject::RefusalReason, v1::SubjectRefusal: Endangers, DisclosesOthers, NationalSecurity);
pair!(subject::SpecificClass, v1::SpecificDataClass: Child, Health);
pair!(policy::Regulation, v1::Regulation: P16, P7);
pair!(policy::RequiredField, v1::RequiredField: PpksCategory, Criteria, Forms, Sex, Age);
pair!(insight::tiered::Division, v1::CaseDivision: Cluster, Channel, Urgency, Outcome, Placement);
pair!(deadline::Clock, v1::AllowanceClock: Wall, Working);
pair!(registry::RegistryCode, v1::RegistryCode: Dtks, Dtsen);
pair!(registry::MatchClass, v1::MatchClass: Exact, Probable, Reviewed);
pair!(registry::SourceKind, v1::SourceKind: Snapshot, Delta);
pair!(registry::UndoReason, v1::UndoReason: OtherPerson, WrongIdentity, WrongRow, Rejected);
pair!(registry::RefusalReason, v1::RefusalReason: Deliberation, NotMatched, Correction, Deceased, Moved, Duplicate);
pair!(routing::PreferenceName, v1::Preference: ScopeTier, CoversForms, TravelClass, Specialised, Implementer, Load,
    TravelMinutes, AnswerRecord);
pair!(routing::ScopeTier, v1::ScopeTier: Regency, Province, WorkingArea, Nation);

/// The number of an optional value; 0 when there is none.
pub(crate) fn optional<T: FromWire>(value: Option<T>) -> i32 {
    value.map_or(0, FromWire::to_wire)
}

/// The numbers of a list.
pub(crate) fn numbers<T: FromWire>(values: impl IntoIterator<Item = T>) -> Vec<i32> {
    values.into_iter().map(FromWire::to_wire).collect()
}
