//! That a case exists, who answers for it and since when. Every glimpse is on record with the case it shows.

use serasi_domain::case::Case;
use serasi_domain::id::{CaseId, PersonId};
use serasi_domain::person::Nik;
use serasi_proto::v1;
use serasi_store::{cases, persons};

use crate::error::HubError;
use crate::sight::Eyes;
use crate::unit_of_work::Unit;

/// Cases of others with the same NIK that are told.
const MAX_SAME: i64 = 20;

/// Cases of persons other than `person` that have this NIK.
pub(super) async fn same_nik(
    unit: &mut Unit<'_>,
    nik: &Nik,
    person: PersonId,
) -> Result<Vec<v1::CaseGlimpse>, HubError> {
    let sealer = unit.hub.store.sealer();
    let mut found = persons::by_nik(&mut unit.conn, sealer, nik, MAX_SAME + 1).await?;
    found.retain(|id| *id != person);
    let cases = persons::cases_of(&mut unit.conn, &found).await?;
    let mut cases: Vec<CaseId> = cases.into_iter().map(|(_, case)| case).collect();
    cases.sort_unstable();
    cases.dedup();
    let cases = cases::get_many(&mut unit.conn, cases.into_iter()).await?;
    let mut glimpses = vec![];
    for case in cases.into_values() {
        glimpses.push(glimpse(unit, &case?).await?);
    }
    Ok(glimpses)
}

/// What this caller may know of `case`, on record.
pub(super) async fn glimpse(unit: &mut Unit<'_>, case: &Case) -> Result<v1::CaseGlimpse, HubError> {
    unit.audit(case.id.home(), case.id).await?;
    Ok(Eyes::new(unit.hub, unit.caller).glimpse(case))
}
