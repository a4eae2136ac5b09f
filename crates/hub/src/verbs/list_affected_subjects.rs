//! ListAffectedSubjects: whom to tell of a breach, regency by regency (UU 27/2022 Ps. 46).

use std::time::Duration;

use serasi_domain::id::{CaseId, Regency};
use serasi_geography::{RegionCode, atlas};
use serasi_store::Context;
use serasi_store::audit::affected::{self, Affected, Breach};
use tokio::time::Instant;

use crate::auth::Permit;
use crate::error::HubError;
use crate::policies::national_home;
use crate::unit_of_work::{Act, Unit};

/// No further regency is looked into for a page after this.
const LONGEST: Duration = Duration::from_secs(3);

pub(crate) struct ListAffectedSubjects {
    pub(crate) scope: RegionCode,
    pub(crate) breach: Breach,
    /// Where the page before ended: a regency, and a case of it unless the regency is done.
    pub(crate) after: Option<Position>,
    pub(crate) limit: i64,
}

/// A regency, and its last case that was told; `None` = the regency is done.
pub(crate) type Position = (Regency, Option<CaseId>);

pub(crate) struct AffectedPage {
    pub(crate) affected: Vec<Affected>,
    pub(crate) list_looks: i64,
    /// `None` = the last page.
    pub(crate) next: Option<Position>,
}

impl Act for ListAffectedSubjects {
    const VERB: &'static str = "ListAffectedSubjects";
    type Output = AffectedPage;

    fn context(&self, caller: &Permit) -> Context {
        caller.context(None)
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Output, HubError> {
        let home = Regency::of(self.scope).unwrap_or_else(national_home);
        unit.audit(home, format!("breach:{}", self.scope)).await?;
        let mut page = AffectedPage {
            affected: vec![],
            list_looks: 0,
            next: None,
        };
        let began = Instant::now();
        let regions = affected::recorded(&mut unit.conn, &self.regions()).await?;
        for region in &regions {
            let missing = self.limit - i64::try_from(page.affected.len()).unwrap_or(i64::MAX);
            let after = self.after.filter(|(last, _)| last == region);
            let after = after.and_then(|(_, case)| case).map(CaseId::uuid);
            if after.is_none() {
                page.list_looks += affected::list_looks(&mut unit.conn, &self.breach, *region).await?;
            }
            let found = affected::of_region(&mut unit.conn, &self.breach, *region, after, missing).await?;
            let is_full = i64::try_from(found.len()).is_ok_and(|count| count == missing);
            page.affected.extend(found);
            if is_full {
                page.next = page.affected.last().map(|last| (*region, Some(last.case)));
                break;
            }
            if began.elapsed() > LONGEST && regions.last() != Some(region) {
                page.next = Some((*region, None));
                break;
            }
        }
        Ok(page)
    }
}

impl ListAffectedSubjects {
    /// The regencies that are left.
    fn regions(&self) -> Vec<Regency> {
        let is_left = |region: &Regency| match self.after {
            None => true,
            Some((last, Some(_))) => *region >= last,
            Some((last, None)) => *region > last,
        };
        let known = atlas().regencies().filter_map(|region| Regency::of(region.code));
        known
            .filter(|region| self.scope.contains(&region.code()) && is_left(region))
            .collect()
    }
}
