//! The documents of a case as this caller sees them, and what is still owed.

use serasi_domain::case::Case;
use serasi_domain::document::{self, OwedDocument};
use serasi_domain::need::Urgency;
use serasi_geography::{TimeZone, atlas};
use serasi_store::Kept;
use serasi_store::documents::{self, KeptDocument};

use crate::error::HubError;
use crate::unit_of_work::Unit;

/// Documents, the oldest first, removed ones too; and what the facility asks for that is not among them.
pub(super) async fn documents_of(
    unit: &mut Unit<'_>,
    case: &Case,
) -> Result<(Vec<KeptDocument>, Vec<OwedDocument>), HubError> {
    let kept = documents::of_case(&mut unit.conn, unit.hub.store.sealer(), case.id).await?;
    let Some(asked) = documents::asked_for(&mut unit.conn, case.id).await? else {
        return Ok((kept, vec![]));
    };
    let due = match (asked.accepted, case.facts.urgency) {
        (None, _) => None,
        (Some((_, admission)), Urgency::Regular | Urgency::Urgent) => Some(admission),
        // Served first; the papers follow.
        (Some((accepted, _)), Urgency::Emergency) => {
            let policy = unit.policy_of(case).await?;
            let place = atlas().region(case.facts.place);
            let zone = place.map_or(TimeZone::Wib, |region| region.time_zone);
            let allowance = policy.emergency_documents;
            Some(allowance.ends(accepted, &policy.calendar(), zone))
        }
    };
    let had: Vec<_> = kept
        .iter()
        .filter(|document| document.removed_at.is_none())
        .map(|document| match &document.reference {
            Kept::There(reference) => (document.kind, Some(reference)),
            Kept::Erased => (document.kind, None),
        })
        .collect();
    let owed = document::owed(asked.documents.iter().map(String::as_str), &had, due);
    Ok((kept, owed))
}
