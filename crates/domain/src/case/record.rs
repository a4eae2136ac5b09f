//! What is written down in a case: assessments, plans, conferences, services, indicators. Each kind belongs to a stage.

use std::fmt;

use enumset::EnumSet;
use time::OffsetDateTime;

use super::stage::Stage;
use crate::code::coded;
use crate::id::RecordId;
use crate::need::{ServiceBase, ServiceForm};
use crate::regulation::Article;

coded! {
    /// A kind of record.
    pub enum RecordKind {
        /// A Pekerja Sosial has looked at how the person came (P16 Ps.19) and takes the case up.
        AccessReview = "access_review",
        InitialAssessment = "initial_assessment",
        /// Respon kasus: what was done at once.
        CaseResponse = "case_response",
        InitialAgreement = "initial_agreement",
        ComprehensiveAssessment = "comprehensive_assessment",
        ResourceMap = "resource_map",
        ServicePlan = "service_plan",
        /// Penetapan bersama.
        JointDecision = "joint_decision",
        CaseConference = "case_conference",
        FamilyConference = "family_conference",
        /// Service that was given.
        Service = "service",
        Indicators = "indicators",
        AftercareAssessment = "aftercare_assessment",
        Termination = "termination",
    }
}

coded! {
    /// Aspect of a comprehensive assessment, P16 Ps.21 a-i.
    #[derive(enumset::EnumSetType)]
    #[enumset(no_super_impls, serialize_repr = "list")]
    pub enum Aspect {
        Medical = "medical",
        Legal = "legal",
        Physical = "physical",
        Psychosocial = "psychosocial",
        Mental = "mental",
        Spiritual = "spiritual",
        InterestAndTalent = "interest_and_talent",
        FamilyTracing = "family_tracing",
        Other = "other",
    }
}

coded! {
    /// Kind of indicator, P16 Ps.24(3).
    #[derive(enumset::EnumSetType)]
    #[enumset(no_super_impls, serialize_repr = "list")]
    pub enum IndicatorKind {
        /// Masukan.
        Input = "input",
        Process = "process",
        /// Keluaran.
        Output = "output",
        /// Manfaat.
        Benefit = "benefit",
        /// Dampak.
        Impact = "impact",
    }
}

coded! {
    /// Whose contribution a record is: Pekerja Sosial and those they work with, P16 Ps.34(2)-(3).
    pub enum Profession {
        SocialWorker = "social_worker",
        /// Tenaga kesejahteraan sosial.
        WelfareWorker = "welfare_worker",
        Doctor = "doctor",
        Therapist = "therapist",
        Instructor = "instructor",
        Nurse = "nurse",
        Psychologist = "psychologist",
        Volunteer = "volunteer",
        /// Penyuluh sosial.
        Counsellor = "counsellor",
        Other = "other",
    }
}

coded! {
    /// Who pays, P16 Ps.45.
    pub enum FundingSource {
        Apbn = "apbn",
        /// Of the province or regency.
        Apbd = "apbd",
        OtherLawful = "other_lawful",
    }
}

/// Who works on a case or signs a stage, as their token names them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WorkerId(String);

/// How long the service is to last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DurationDays(u16);

/// How much of what was aimed at has been reached, 0-100 %.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AchievedPercent(u8);

/// A number that is out of its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be {0}-{1}")]
pub struct OutOfRange(u16, u16);

/// A record as it is written, but for what it says, which is personal.
#[derive(Clone, Debug, PartialEq)]
pub struct NewRecord {
    pub kind: RecordKind,
    pub profession: Profession,
    /// Of a comprehensive assessment.
    pub aspects: EnumSet<Aspect>,
    /// Of a plan or a service.
    pub bases: EnumSet<ServiceBase>,
    pub forms: EnumSet<ServiceForm>,
    pub funding: Option<FundingSource>,
    /// Of an assessment or a conference (P16 Ps.26).
    pub duration: Option<DurationDays>,
    /// One of a kind at most.
    pub indicators: Vec<(IndicatorKind, AchievedPercent)>,
}

/// A record on file.
#[derive(Clone, Debug, PartialEq)]
pub struct CaseRecord {
    pub id: RecordId,
    pub episode: i32,
    pub author: WorkerId,
    pub recorded_at: OffsetDateTime,
    pub content: NewRecord,
}

/// What a sign-off must know of a record: not what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordFact {
    pub kind: RecordKind,
    pub author: WorkerId,
    pub aspects: EnumSet<Aspect>,
    pub indicators: EnumSet<IndicatorKind>,
    pub sets_duration: bool,
}

/// What is on file of one episode of a case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaseFile(Vec<RecordFact>);

impl RecordKind {
    /// The stage it belongs to: who writes it has worked on that stage.
    #[must_use]
    pub const fn stage(self) -> Stage {
        match self {
            Self::AccessReview => Stage::Access,
            Self::InitialAssessment | Self::CaseResponse | Self::InitialAgreement => Stage::InitialApproach,
            Self::ComprehensiveAssessment => Stage::Assessment,
            Self::ResourceMap
            | Self::ServicePlan
            | Self::JointDecision
            | Self::CaseConference
            | Self::FamilyConference => Stage::Planning,
            Self::Service => Stage::Implementation,
            Self::Indicators => Stage::Monitoring,
            Self::AftercareAssessment | Self::Termination => Stage::Aftercare,
        }
    }

    /// The stage that must have begun before it can be written.
    #[must_use]
    pub const fn writable_from(self) -> Stage {
        match self {
            // Monitoring follows the service while it is given (P16 Ps.24(1)).
            Self::Indicators => Stage::Implementation,
            // After-care is given by an assessment (P16 Ps.25(3)), which so comes before it.
            Self::AftercareAssessment => Stage::Monitoring,
            Self::AccessReview
            | Self::InitialAssessment
            | Self::CaseResponse
            | Self::InitialAgreement
            | Self::ComprehensiveAssessment
            | Self::ResourceMap
            | Self::ServicePlan
            | Self::JointDecision
            | Self::CaseConference
            | Self::FamilyConference
            | Self::Service
            | Self::Termination => self.stage(),
        }
    }

    /// Whether more of it may be written after its stage was signed: assessment is continuous (berkelanjutan).
    #[must_use]
    pub const fn stays_open(self) -> bool {
        match self {
            Self::InitialAssessment
            | Self::ComprehensiveAssessment
            | Self::CaseConference
            | Self::FamilyConference
            | Self::Service
            | Self::Indicators
            | Self::AftercareAssessment => true,
            Self::AccessReview
            | Self::CaseResponse
            | Self::InitialAgreement
            | Self::ResourceMap
            | Self::ServicePlan
            | Self::JointDecision
            | Self::Termination => false,
        }
    }

    /// Whether it can say how long the service lasts, and by which article.
    #[must_use]
    pub const fn may_set_duration(self) -> Option<Article> {
        match self {
            Self::ComprehensiveAssessment | Self::CaseConference | Self::FamilyConference => {
                Some(Article::P16Ps26)
            }
            Self::AccessReview
            | Self::InitialAssessment
            | Self::CaseResponse
            | Self::InitialAgreement
            | Self::ResourceMap
            | Self::ServicePlan
            | Self::JointDecision
            | Self::Service
            | Self::Indicators
            | Self::AftercareAssessment
            | Self::Termination => None,
        }
    }
}

impl Profession {
    /// The article that names the professions.
    pub const ARTICLE: Article = Article::P16Ps34;
}

impl FundingSource {
    /// The article that names the sources.
    pub const ARTICLE: Article = Article::P16Ps45;
}

impl WorkerId {
    #[must_use]
    pub fn new(subject: &str) -> Self {
        Self(subject.to_owned())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WorkerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl DurationDays {
    /// Nobody plans further ahead; a later conference may prolong.
    pub const MAX: u16 = 1_095;

    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl TryFrom<i32> for DurationDays {
    type Error = OutOfRange;

    fn try_from(days: i32) -> Result<Self, OutOfRange> {
        let days = u16::try_from(days)
            .ok()
            .filter(|days| (1..=Self::MAX).contains(days));
        days.map(Self).ok_or(OutOfRange(1, Self::MAX))
    }
}

impl AchievedPercent {
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl TryFrom<i32> for AchievedPercent {
    type Error = OutOfRange;

    fn try_from(percent: i32) -> Result<Self, OutOfRange> {
        let percent = u8::try_from(percent).ok().filter(|percent| *percent <= 100);
        percent.map(Self).ok_or(OutOfRange(0, 100))
    }
}

impl RecordFact {
    #[must_use]
    pub const fn new(kind: RecordKind, author: WorkerId) -> Self {
        Self {
            kind,
            author,
            aspects: EnumSet::empty(),
            indicators: EnumSet::empty(),
            sets_duration: false,
        }
    }
}

impl CaseFile {
    #[must_use]
    pub const fn new(facts: Vec<RecordFact>) -> Self {
        Self(facts)
    }

    #[must_use]
    pub fn has(&self, kind: RecordKind) -> bool {
        self.0.iter().any(|fact| fact.kind == kind)
    }

    /// Aspects of comprehensive assessments.
    #[must_use]
    pub fn aspects(&self) -> EnumSet<Aspect> {
        self.0.iter().flat_map(|fact| fact.aspects).collect()
    }

    #[must_use]
    pub fn indicators(&self) -> EnumSet<IndicatorKind> {
        self.0.iter().flat_map(|fact| fact.indicators).collect()
    }

    #[must_use]
    pub fn has_duration(&self) -> bool {
        self.0.iter().any(|fact| fact.sets_duration)
    }

    /// Who has worked on `stage`, each once.
    #[must_use]
    pub fn workers(&self, stage: Stage) -> Vec<&WorkerId> {
        let mut workers: Vec<_> = self
            .0
            .iter()
            .filter(|fact| fact.kind.stage() == stage)
            .map(|fact| &fact.author)
            .collect();
        workers.sort_unstable();
        workers.dedup();
        workers
    }
}
