//! ListOffers: offers of a case or a facility, without anything that identifies a person. The look at the list is on
//! record, not each offer of it.

use serasi_store::offers::{self, OfferFilter, OfferView};

use crate::error::HubError;
use crate::policies::national_home;
use crate::unit_of_work::{Act, Reach, Unit};

pub(crate) struct ListOffers {
    pub(crate) filter: OfferFilter,
}

impl Act for ListOffers {
    const VERB: &'static str = "ListOffers";
    const REACH: Reach = Reach::Look;
    type Output = Vec<OfferView>;

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Vec<OfferView>, HubError> {
        match (self.filter.case, self.filter.facility) {
            (Some(case), _) => unit.audit(case.home(), case).await?,
            (None, Some(facility)) => unit.audit(facility.home(), facility).await?,
            (None, None) => unit.audit(national_home(), "offers").await?,
        }
        Ok(offers::list(&mut unit.conn, &self.filter).await?)
    }
}
