//! The way of a case through the seven stages (P16 Ps.18): which have begun, who signed, what is owed and until when.
//!
//! Stages follow each other; a stage is left when it is signed. Only in an emergency service comes first, and the stages
//! before it are owed (Ps.10(5)).

use time::OffsetDateTime;

use super::CaseVerb;
use super::record::{Aspect, CaseFile, RecordKind, WorkerId};
use super::stage::{Lack, Stage};
use crate::regulation::Article;

/// Who signed a stage off, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    pub by: WorkerId,
    pub at: OffsetDateTime,
}

/// A stage that has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    pub stage: Stage,
    pub begun_at: OffsetDateTime,
    /// `None` until the persons are admitted: before that the clock is that of the admission.
    pub due_at: Option<OffsetDateTime>,
    pub signed: Option<Signature>,
}

/// The stages that have begun, in order, from the first one on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Course(Vec<Begun>);

/// When the time for a stage has run out that starts at a moment.
pub type StageClock<'a> = dyn Fn(Stage, OffsetDateTime) -> OffsetDateTime + Send + Sync + 'a;

/// Why a stage does not move, or does not take a record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StageRefusal {
    #[error("stage {stage}, {}, does not allow {verb}", if *.is_signed { "signed" } else { "not signed yet" })]
    Illegal {
        verb: CaseVerb,
        stage: Stage,
        is_signed: bool,
        allowed: Vec<CaseVerb>,
    },
    #[error("a record of kind {kind} belongs to a later stage: {from} has not begun; the case is in {stage}")]
    TooEarly {
        kind: RecordKind,
        from: Stage,
        stage: Stage,
    },
    #[error("stage {stage} is signed: it takes no more records of kind {kind}, only assessments stay open")]
    Sealed { kind: RecordKind, stage: Stage },
    #[error("stage {stage} is signed already")]
    SignedAlready { stage: Stage },
    #[error("stage {earlier} must be signed before {stage}")]
    OutOfOrder { stage: Stage, earlier: Stage },
    #[error(
        "who has worked on stage {stage} does not sign it: another Pekerja Sosial with supervision competence must"
    )]
    OwnWork { stage: Stage },
    #[error("stage {stage} lacks: {}", .lacks.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Incomplete { stage: Stage, lacks: Vec<Lack> },
    #[error("only an emergency is served before its paperwork")]
    NoEmergency,
    #[error("stage {stage} begins after the persons are admitted")]
    NotAdmitted { stage: Stage },
    #[error("after-care is given by an assessment: record an aftercare_assessment first")]
    AftercareNotAssessed,
}

impl StageRefusal {
    /// The article that demands it.
    #[must_use]
    pub const fn article(&self) -> Article {
        match self {
            Self::Illegal { stage, .. }
            | Self::TooEarly { stage, .. }
            | Self::Sealed { stage, .. }
            | Self::SignedAlready { stage }
            | Self::Incomplete { stage, .. } => stage.article(),
            Self::OutOfOrder { .. } => Article::P16Ps18,
            Self::OwnWork { .. } => Article::P16Ps18Ay2,
            Self::NoEmergency => Article::P16Ps10Ay5,
            Self::NotAdmitted { .. } => Article::P16Ps23,
            Self::AftercareNotAssessed => Article::P16Ps25,
        }
    }
}

impl Course {
    /// The first stage begins with the report.
    #[must_use]
    pub fn begin(at: OffsetDateTime) -> Self {
        Self(vec![Begun {
            stage: Stage::Access,
            begun_at: at,
            due_at: None,
            signed: None,
        }])
    }

    /// As it was kept; `None` = not a run of stages from the first one on.
    #[must_use]
    pub fn of(begun: Vec<Begun>) -> Option<Self> {
        let is_run = begun
            .iter()
            .map(|begun| begun.stage)
            .eq(Stage::ALL.iter().copied().take(begun.len()));
        (is_run && !begun.is_empty()).then_some(Self(begun))
    }

    #[must_use]
    pub fn begun(&self) -> &[Begun] {
        &self.0
    }

    /// The latest stage that has begun.
    #[must_use]
    pub fn current(&self) -> &Begun {
        self.0.last().expect("the first stage begins with the report")
    }

    #[must_use]
    pub fn is_signed(&self, stage: Stage) -> bool {
        self.0
            .iter()
            .any(|begun| begun.stage == stage && begun.signed.is_some())
    }

    /// What the stages allow now, of what can be done to them.
    #[must_use]
    pub fn allows(&self, verb: CaseVerb) -> bool {
        let current = self.current();
        let has_begun = |stage| current.stage >= stage;
        match verb {
            CaseVerb::RecordPlan => has_begun(Stage::InitialApproach),
            CaseVerb::RecordConference => has_begun(Stage::Planning),
            CaseVerb::RecordService | CaseVerb::RecordIndicators => has_begun(Stage::Implementation),
            CaseVerb::SignOffStage => self.0.iter().any(|begun| begun.signed.is_none()),
            CaseVerb::AdvanceStage => current.signed.is_some() && current.stage < Stage::Monitoring,
            CaseVerb::StartAftercare => current.signed.is_some() && current.stage == Stage::Monitoring,
            CaseVerb::RecordAssessment
            | CaseVerb::Triage
            | CaseVerb::Route
            | CaseVerb::ResolveDirectly
            | CaseVerb::Accept
            | CaseVerb::Decline
            | CaseVerb::Withdraw
            | CaseVerb::Admit
            | CaseVerb::MarkNoShow
            | CaseVerb::CancelPlacement
            | CaseVerb::Discharge
            | CaseVerb::RequestTransfer
            | CaseVerb::CancelTransfer
            | CaseVerb::Close
            | CaseVerb::Reopen
            | CaseVerb::Link
            | CaseVerb::Unlink => true,
        }
    }

    /// Whether `verb` is allowed now; the error names the stage and the verbs that are, of those in `allowed`.
    pub fn must_allow(&self, verb: CaseVerb, allowed: &[CaseVerb]) -> Result<(), StageRefusal> {
        if self.allows(verb) {
            return Ok(());
        }
        Err(StageRefusal::Illegal {
            verb,
            stage: self.current().stage,
            is_signed: self.current().signed.is_some(),
            allowed: allowed
                .iter()
                .copied()
                .filter(|verb| self.allows(*verb))
                .collect(),
        })
    }

    /// Whether a record of this kind can be written now.
    pub fn must_take(&self, kind: RecordKind) -> Result<(), StageRefusal> {
        let current = self.current().stage;
        if current < kind.writable_from() {
            return Err(StageRefusal::TooEarly {
                kind,
                from: kind.writable_from(),
                stage: current,
            });
        }
        if self.is_signed(kind.stage()) && !kind.stays_open() {
            return Err(StageRefusal::Sealed {
                kind,
                stage: kind.stage(),
            });
        }
        Ok(())
    }

    /// Signs `stage` off: in order, complete, and by somebody who has not worked on it (P16 Ps.18(2)-(3)).
    pub fn sign(
        mut self,
        stage: Stage,
        signature: Signature,
        file: &CaseFile,
        aspects: &[Aspect],
    ) -> Result<Self, StageRefusal> {
        if self.is_signed(stage) {
            return Err(StageRefusal::SignedAlready { stage });
        }
        let earlier = self
            .0
            .iter()
            .find(|begun| begun.stage < stage && begun.signed.is_none());
        if let Some(earlier) = earlier.map(|begun| begun.stage) {
            return Err(StageRefusal::OutOfOrder { stage, earlier });
        }
        let Some(begun) = self.0.iter_mut().find(|begun| begun.stage == stage) else {
            // Everything that has begun is signed: what comes next must begin first.
            return Err(StageRefusal::Illegal {
                verb: CaseVerb::SignOffStage,
                stage: self.current().stage,
                is_signed: true,
                allowed: vec![CaseVerb::AdvanceStage, CaseVerb::StartAftercare]
                    .into_iter()
                    .filter(|verb| self.allows(*verb))
                    .collect(),
            });
        };
        if file.workers(stage).contains(&&signature.by) {
            return Err(StageRefusal::OwnWork { stage });
        }
        let lacks = stage.lacks(file, aspects);
        if !lacks.is_empty() {
            return Err(StageRefusal::Incomplete { stage, lacks });
        }
        begun.signed = Some(signature);
        Ok(self)
    }

    /// Begins the next stage after the current one is signed; the last begins with [`Self::start_aftercare`].
    pub fn advance(mut self, now: OffsetDateTime, clock: &StageClock<'_>) -> Result<Self, StageRefusal> {
        self.must_allow(CaseVerb::AdvanceStage, STAGE_VERBS)?;
        self.begin_next(now, clock);
        Ok(self)
    }

    /// Begins the service of an emergency at once; the stages before it that are not signed are owed, each with its own
    /// deadline (P16 Ps.10(5)).
    pub fn respond_first(
        mut self,
        now: OffsetDateTime,
        clock: &StageClock<'_>,
    ) -> Result<Self, StageRefusal> {
        if self.current().stage >= Stage::Implementation {
            return Err(StageRefusal::Illegal {
                verb: CaseVerb::AdvanceStage,
                stage: self.current().stage,
                is_signed: self.current().signed.is_some(),
                allowed: STAGE_VERBS
                    .iter()
                    .copied()
                    .filter(|verb| self.allows(*verb))
                    .collect(),
            });
        }
        while self.current().stage < Stage::Implementation {
            self.begin_next(now, clock);
        }
        Ok(self)
    }

    /// Begins the last stage, by an assessment (P16 Ps.25(3)).
    pub fn start_aftercare(
        mut self,
        file: &CaseFile,
        now: OffsetDateTime,
        clock: &StageClock<'_>,
    ) -> Result<Self, StageRefusal> {
        self.must_allow(CaseVerb::StartAftercare, STAGE_VERBS)?;
        if !file.has(RecordKind::AftercareAssessment) {
            return Err(StageRefusal::AftercareNotAssessed);
        }
        self.begin_next(now, clock);
        Ok(self)
    }

    /// The persons are here: the clock of everything that is not signed starts now.
    #[must_use]
    pub fn start_clocks(mut self, now: OffsetDateTime, clock: &StageClock<'_>) -> Self {
        for begun in self.0.iter_mut().filter(|begun| begun.signed.is_none()) {
            begun.due_at = Some(clock(begun.stage, now));
        }
        self
    }

    /// A conference has decided how long the service lasts (P16 Ps.26): that is its clock, if it runs.
    #[must_use]
    pub fn last_until(mut self, days: super::record::DurationDays) -> Self {
        let service = self
            .0
            .iter_mut()
            .find(|begun| begun.stage == Stage::Implementation);
        if let Some(service) = service.filter(|service| service.signed.is_none()) {
            service.due_at = Some(service.begun_at + time::Duration::days(i64::from(days.get())));
        }
        self
    }

    /// When the next thing must have been done: a stage signed, or the next one begun. `None` = no clock runs yet.
    #[must_use]
    pub fn next_due(&self, clock: &StageClock<'_>) -> Option<OffsetDateTime> {
        let current = self.current();
        let go_on = current.signed.as_ref().map(|signature| {
            let next = current.stage.next().unwrap_or(current.stage);
            clock(next, signature.at)
        });
        let unsigned = self.0.iter().filter(|begun| begun.signed.is_none());
        unsigned.filter_map(|begun| begun.due_at).chain(go_on).min()
    }

    /// Stages that service has overtaken and that are not signed yet.
    pub fn owed(&self) -> impl Iterator<Item = &Begun> {
        let current = self.current().stage;
        self.0
            .iter()
            .filter(move |begun| begun.stage < current && begun.signed.is_none())
    }

    fn begin_next(&mut self, now: OffsetDateTime, clock: &StageClock<'_>) {
        if let Some(stage) = self.current().stage.next() {
            for begun in self
                .0
                .iter_mut()
                .filter(|begun| begun.signed.is_none() && begun.due_at.is_none())
            {
                begun.due_at = Some(clock(begun.stage, now));
            }
            self.0.push(Begun {
                stage,
                begun_at: now,
                due_at: Some(clock(stage, now)),
                signed: None,
            });
        }
    }
}

/// Verbs that the stages themselves can refuse.
pub const STAGE_VERBS: &[CaseVerb] = &[
    CaseVerb::RecordAssessment,
    CaseVerb::RecordPlan,
    CaseVerb::RecordConference,
    CaseVerb::RecordService,
    CaseVerb::RecordIndicators,
    CaseVerb::SignOffStage,
    CaseVerb::AdvanceStage,
    CaseVerb::StartAftercare,
];

#[cfg(test)]
mod tests;
