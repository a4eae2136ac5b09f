//! ListOffers: offers of a case or a facility, without anything that identifies a person. The look at the list is on
//! record, not each offer of it.

use std::collections::BTreeMap;

use serasi_domain::case::Case;
use serasi_domain::id::CaseId;
use serasi_store::offers::{self, OfferFilter, OfferView};
use serasi_store::{Context, StoreError, cases};

use crate::auth::Permit;
use crate::error::HubError;
use crate::policies::national_home;
use crate::unit_of_work::{Act, Unit};

pub(crate) struct ListOffers {
    pub(crate) filter: OfferFilter,
}

impl Act for ListOffers {
    const VERB: &'static str = "ListOffers";
    /// Offers, and the cases they are for.
    type Output = (Vec<OfferView>, BTreeMap<CaseId, Case>);

    fn context(&self, caller: &Permit) -> Context {
        caller.context(None)
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Output, HubError> {
        match (self.filter.case, self.filter.facility) {
            (Some(case), _) => unit.audit(case.home(), case).await?,
            (None, Some(facility)) => unit.audit(facility.home(), facility).await?,
            (None, None) => unit.audit(national_home(), "offers").await?,
        }
        let found = offers::list(&mut unit.conn, &self.filter).await?;
        let of_cases = found.iter().map(|view| view.offer.case);
        let cases = cases::get_many(&mut unit.conn, of_cases).await?;
        let cases = cases.into_iter().map(|(id, case)| Ok((id, case?)));
        Ok((found, cases.collect::<Result<_, StoreError>>()?))
    }
}
