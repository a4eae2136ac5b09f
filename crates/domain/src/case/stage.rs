//! The seven stages of ATENSI (P16 Ps.18), what each must hold before it is signed (Ps.19-26), and what it still lacks.

use std::fmt;

use super::record::{Aspect, CaseFile, IndicatorKind, RecordKind};
use crate::code::coded;
use crate::regulation::Article;

coded! {
    /// A stage of ATENSI, P16 Ps.18(1) a-g, in order.
    pub enum Stage {
        /// Fasilitasi akses.
        Access = "access",
        /// Pendekatan awal dan kesepakatan bersama.
        InitialApproach = "initial_approach",
        /// Asesmen komprehensif dan berkelanjutan.
        Assessment = "assessment",
        /// Perencanaan layanan sosial.
        Planning = "planning",
        /// Implementasi.
        Implementation = "implementation",
        /// Monitoring dan evaluasi.
        Monitoring = "monitoring",
        /// Pascalayanan dan terminasi.
        Aftercare = "aftercare",
    }
}

/// One thing that a stage lacks before it may be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    Record(RecordKind),
    /// Respon kasus and/or kesepakatan awal (P16 Ps.20 b, c).
    ResponseOrAgreement,
    /// The law names nine and demands at least one.
    AnyAspect,
    /// The guidance of the Director General demands this one for the cluster.
    Aspect(Aspect),
    Duration,
    Indicator(IndicatorKind),
}

impl Stage {
    /// The article that says what the stage holds.
    #[must_use]
    pub const fn article(self) -> Article {
        match self {
            Self::Access => Article::P16Ps19,
            Self::InitialApproach => Article::P16Ps20,
            Self::Assessment => Article::P16Ps21,
            Self::Planning => Article::P16Ps22,
            Self::Implementation => Article::P16Ps23,
            Self::Monitoring => Article::P16Ps24,
            Self::Aftercare => Article::P16Ps25,
        }
    }

    /// The stage after this one; the last has none.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        Self::ALL.iter().copied().find(|later| *later > self)
    }

    /// What is missing in `file` before this stage may be signed; `aspects` = those the policy requires for the cluster.
    #[must_use]
    pub fn lacks(self, file: &CaseFile, aspects: &[Aspect]) -> Vec<Lack> {
        let records = |kinds: &[RecordKind]| -> Vec<Lack> {
            let missing = kinds.iter().copied().filter(|kind| !file.has(*kind));
            missing.map(Lack::Record).collect()
        };
        match self {
            Self::Access => records(&[RecordKind::AccessReview]),
            Self::InitialApproach => {
                let mut lacks = records(&[RecordKind::InitialAssessment]);
                let is_answered =
                    file.has(RecordKind::CaseResponse) || file.has(RecordKind::InitialAgreement);
                lacks.extend((!is_answered).then_some(Lack::ResponseOrAgreement));
                lacks
            }
            Self::Assessment => {
                let assessed = file.aspects();
                if assessed.is_empty() && aspects.is_empty() {
                    return vec![Lack::AnyAspect];
                }
                let missing = aspects.iter().filter(|aspect| !assessed.contains(**aspect));
                missing.map(|aspect| Lack::Aspect(*aspect)).collect()
            }
            Self::Planning => {
                let mut lacks = records(&[
                    RecordKind::ResourceMap,
                    RecordKind::ServicePlan,
                    RecordKind::JointDecision,
                ]);
                lacks.extend((!file.has_duration()).then_some(Lack::Duration));
                lacks
            }
            Self::Implementation => records(&[RecordKind::Service]),
            Self::Monitoring => {
                let measured = file.indicators();
                let missing = IndicatorKind::ALL
                    .iter()
                    .filter(|kind| !measured.contains(**kind));
                missing.map(|kind| Lack::Indicator(*kind)).collect()
            }
            Self::Aftercare => records(&[RecordKind::AftercareAssessment, RecordKind::Termination]),
        }
    }
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Record(kind) => kind.fmt(f),
            Self::ResponseOrAgreement => f.write_str("case_response or initial_agreement"),
            Self::AnyAspect => f.write_str("comprehensive_assessment of at least one aspect"),
            Self::Aspect(aspect) => write!(f, "comprehensive_assessment of aspect {aspect}"),
            Self::Duration => f.write_str("duration_days in an assessment or a conference"),
            Self::Indicator(kind) => write!(f, "indicator {kind}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::record::{RecordFact, WorkerId};

    fn file(facts: &[RecordFact]) -> CaseFile {
        CaseFile::new(facts.to_vec())
    }

    fn fact(kind: RecordKind) -> RecordFact {
        RecordFact::new(kind, WorkerId::new("peksos-1"))
    }

    fn lacks(stage: Stage, facts: &[RecordFact]) -> Vec<String> {
        let lacks = stage.lacks(&file(facts), &[]);
        lacks.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_each_stage_lacks_at_the_start() {
        let table: String = Stage::ALL
            .iter()
            .map(|stage| {
                format!(
                    "{:17} {:14} {}\n",
                    stage.code(),
                    stage.article().code(),
                    lacks(*stage, &[]).join("; ")
                )
            })
            .collect();
        insta::assert_snapshot!(table, @r"
        access            P16 Ps.19      access_review
        initial_approach  P16 Ps.20      initial_assessment; case_response or initial_agreement
        assessment        P16 Ps.21      comprehensive_assessment of at least one aspect
        planning          P16 Ps.22      resource_map; service_plan; joint_decision; duration_days in an assessment or a conference
        implementation    P16 Ps.23      service
        monitoring        P16 Ps.24(3)   indicator input; indicator process; indicator output; indicator benefit; indicator impact
        aftercare         P16 Ps.25      aftercare_assessment; termination
        ");
    }

    #[test]
    fn a_response_or_an_agreement_is_enough_but_not_without_the_initial_assessment() {
        let stage = Stage::InitialApproach;
        let (response, agreement) = (fact(RecordKind::CaseResponse), fact(RecordKind::InitialAgreement));
        assert_eq!(
            lacks(stage, std::slice::from_ref(&response)),
            ["initial_assessment"]
        );
        let initial = fact(RecordKind::InitialAssessment);
        for answer in [response, agreement] {
            assert!(lacks(stage, &[initial.clone(), answer]).is_empty());
        }
    }

    #[test]
    fn the_law_demands_one_aspect_and_the_guidance_of_a_cluster_may_demand_more() {
        let mut assessed = fact(RecordKind::ComprehensiveAssessment);
        assessed.aspects.insert(Aspect::Medical);
        let file = file(&[assessed]);
        assert!(Stage::Assessment.lacks(&file, &[]).is_empty());
        let required = [Aspect::Medical, Aspect::FamilyTracing];
        assert_eq!(
            Stage::Assessment.lacks(&file, &required),
            [Lack::Aspect(Aspect::FamilyTracing)]
        );
    }

    #[test]
    fn evaluation_needs_all_five_kinds_of_indicators() {
        let mut measured = fact(RecordKind::Indicators);
        measured
            .indicators
            .extend([IndicatorKind::Input, IndicatorKind::Output]);
        assert_eq!(
            lacks(Stage::Monitoring, &[measured]),
            ["indicator process", "indicator benefit", "indicator impact"]
        );
    }
}
