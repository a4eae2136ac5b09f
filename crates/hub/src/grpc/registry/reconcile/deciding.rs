//! When the rows have ended: what was kept is read back and weighed, and persons are decided on, some at a time.

use std::sync::Arc;

use serasi_domain::registry::{Progress, RowCounts, SourceKind};
use tokio::time::Instant;

use super::Stream;
use super::count::Counting;
use super::rows::CHECKPOINT;
use crate::error::{HubError, RuleBroken};
use crate::reconciliation::{Gathering, Kept, Measure, Ranked, Roll};
use crate::unit_of_work::run_for;
use crate::verbs::reconcile::{
    CountLeavers, DecideNext, Finish, ReadCandidates, ReadResults, ReadSought, ReadWhole,
};

/// Persons whose sealed data are opened in one transaction.
const PERSONS_AT_ONCE: i64 = 1_000;

impl Stream {
    pub(super) async fn decide(&mut self) -> Result<(), HubError> {
        let permit = self.session.permit.clone();
        let ranked = Arc::new(self.weigh().await?);
        let is_first = matches!(self.run.progress, Progress::Deciding { after: None, .. });
        if is_first && !self.allows_leavers && self.run.says() == SourceKind::Snapshot {
            self.must_not_be_exodus(&ranked).await?;
        }
        let mut next_answer = Instant::now();
        loop {
            self.must_go_on()?;
            let next = DecideNext {
                before: self.run.clone(),
                ranked: Arc::clone(&ranked),
            };
            let Some(run) = run_for(&self.hub, permit.clone(), next).await? else {
                break;
            };
            self.run = run;
            if Instant::now() >= next_answer {
                self.tell(vec![]).await?;
                next_answer = Instant::now() + CHECKPOINT;
            }
        }
        let finish = Finish {
            before: self.run.clone(),
            found: self.count_rows().await?,
        };
        // Nothing is told of it yet: an answer without results that says DONE is the last one of all.
        self.run = run_for(&self.hub, permit, finish).await?;
        Ok(())
    }

    /// Everybody the run looks for: read and opened now, unless the same run was here before.
    pub(super) async fn roll(&mut self) -> Result<Arc<Roll>, HubError> {
        if let Some(roll) = self.hub.reconciling.roll(self.run.id).await {
            return Ok(roll);
        }
        // The memory of the last one first.
        self.hub.reconciling.forget().await;
        let mut gathering = Gathering::default();
        let mut last = None;
        loop {
            self.must_go_on()?;
            let page = ReadSought {
                run: self.run.clone(),
                last,
                limit: PERSONS_AT_ONCE,
            };
            let page = run_for(&self.hub, self.session.permit.clone(), page).await?;
            gathering.add(&self.run, &page.persons);
            if page.last.is_none() {
                break;
            }
            last = page.last;
        }
        let roll = Arc::new(gathering.finish(self.run.id).await?);
        self.hub.reconciling.keep(&roll).await;
        Ok(roll)
    }

    /// What all rows say together. A part of a registry is measured by the last whole snapshot.
    async fn weigh(&mut self) -> Result<Ranked, HubError> {
        let permit = self.session.permit.clone();
        let mut kept = Kept::default();
        let mut last = None;
        loop {
            self.must_go_on()?;
            let page = ReadCandidates {
                run: self.run.id,
                last,
            };
            let page = run_for(&self.hub, permit.clone(), page).await?;
            let Some(end) = page.last() else { break };
            last = Some((end.row, end.person));
            kept.add(&page);
        }
        let read = self.run.rows.read;
        let mut measure = Measure {
            rows: read,
            is_known: true,
        };
        if self.run.is_part() {
            let run = self.run.clone();
            let whole = run_for(&self.hub, permit, ReadWhole { run }).await?;
            let policy = self.hub.policies.active().registry().reconcile;
            measure = Measure {
                rows: policy.rows_behind(read, whole).max(self.run.rows_at_least),
                is_known: whole.is_some(),
            };
        }
        kept.weigh(measure).await
    }

    /// Nobody has left yet: when very many would, somebody must have said that it is meant.
    async fn must_not_be_exodus(&mut self, ranked: &Arc<Ranked>) -> Result<(), HubError> {
        let (mut matched, mut leaving) = (0, 0);
        let mut last = None;
        loop {
            self.must_go_on()?;
            let count = CountLeavers {
                run: self.run.clone(),
                ranked: Arc::clone(ranked),
                last,
            };
            let page = run_for(&self.hub, self.session.permit.clone(), count).await?;
            matched += page.matched;
            leaving += page.leaving;
            if page.last.is_none() {
                break;
            }
            last = page.last;
        }
        let policy = self.hub.policies.active().registry().reconcile;
        if policy.is_exodus(leaving, matched) {
            return Err(RuleBroken::TooManyLeave { leaving, matched }.into());
        }
        Ok(())
    }

    /// Rows that are somebody, or may be: each counts once, as what it most surely is.
    async fn count_rows(&mut self) -> Result<RowCounts, HubError> {
        let mut count = Counting::default();
        let mut last = None;
        loop {
            self.must_go_on()?;
            let page = ReadResults {
                run: self.run.id,
                last,
            };
            let page = run_for(&self.hub, self.session.permit.clone(), page).await?;
            let Some(end) = page.last() else {
                return Ok(count.end());
            };
            last = Some((end.row, end.person));
            for decided in &page {
                count.add(decided);
            }
        }
    }
}
