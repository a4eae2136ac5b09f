//! The row of a case and its state enum: here, and nowhere else, one becomes the other.

use serasi_domain::case::ending::CloseReason;
use serasi_domain::case::{Case, CaseState, Episode, Finish, Owner, Stay, Transfer};
use serasi_domain::id::{CaseId, FacilityId, OfferId, PlacementId, Regency};
use serasi_domain::intake::SourceKey;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::StoreError;
use crate::columns::{Row, regency};

#[derive(Debug)]
pub(super) struct CaseRow {
    pub(super) region_code: String,
    pub(super) case_id: Uuid,
    pub(super) version: i64,
    pub(super) state: String,
    pub(super) channel: String,
    pub(super) source_system: String,
    pub(super) source_ref: String,
    pub(super) facts: serde_json::Value,
    pub(super) owner_kind: String,
    pub(super) owner_reference: String,
    pub(super) next_deadline: Option<OffsetDateTime>,
    pub(super) policy_version: String,
    pub(super) refusals: i32,
    pub(super) escalations: i32,
    pub(super) offer_id: Option<Uuid>,
    pub(super) placement_id: Option<Uuid>,
    pub(super) waiting_since: Option<OffsetDateTime>,
    pub(super) episode: i32,
    pub(super) episode_began_at: Option<OffsetDateTime>,
    pub(super) finish_before: Option<OffsetDateTime>,
    pub(super) finish_has_rung: bool,
    pub(super) facility_reference: Option<String>,
    pub(super) transfer_waiting_since: Option<OffsetDateTime>,
    pub(super) transfer_offer_id: Option<Uuid>,
    pub(super) transfer_placement_id: Option<Uuid>,
    pub(super) transfer_facility_reference: Option<String>,
    pub(super) close_reason: Option<String>,
    pub(super) ended_at: Option<OffsetDateTime>,
    pub(super) created_at: OffsetDateTime,
    pub(super) changed_at: OffsetDateTime,
}

impl TryFrom<CaseRow> for Case {
    type Error = StoreError;

    fn try_from(row: CaseRow) -> Result<Self, Self::Error> {
        let home = regency("cases", &row.region_code)?;
        let id = CaseId::new(home, row.case_id);
        let context = Row {
            table: "cases",
            id: &id,
        };
        let owner = read_owner(&context, &row.owner_kind, &row.owner_reference)?;
        Ok(Self {
            id,
            version: row.version,
            state: read_state(&row, owner, home, &context)?,
            channel: context.code("channel", &row.channel)?,
            source: SourceKey::new(&row.source_system, &row.source_ref)
                .map_err(|_| context.impossible("source_ref"))?,
            facts: serde_json::from_value(row.facts).map_err(|_| context.impossible("facts"))?,
            owner,
            next_deadline: row.next_deadline,
            policy_version: row.policy_version,
            refusals: row.refusals,
            escalations: row.escalations,
            episode: Episode {
                number: row.episode,
                began_at: row.episode_began_at.unwrap_or(row.created_at),
            },
            finish: row.finish_before.map(|before| Finish {
                before,
                has_rung: row.finish_has_rung,
            }),
            created_at: row.created_at,
            changed_at: row.changed_at,
        })
    }
}

/// The two columns of an owner.
pub(crate) fn read_owner(
    context: &Row<'_, CaseId>,
    kind: &str,
    reference: &str,
) -> Result<Owner, StoreError> {
    match kind {
        "coordinator" => Ok(Owner::Coordinator(context.code("owner_reference", reference)?)),
        "facility" => Ok(Owner::Facility(context.code("owner_reference", reference)?)),
        _ => Err(context.impossible("owner_kind")),
    }
}

fn read_state(
    row: &CaseRow,
    owner: Owner,
    home: Regency,
    context: &Row<'_, CaseId>,
) -> Result<CaseState, StoreError> {
    let offer = || {
        context
            .present("offer_id", row.offer_id)
            .map(|id| OfferId::new(home, id))
    };
    let stay = || {
        let placement = context.present("placement_id", row.placement_id)?;
        let facility = match (&row.facility_reference, owner) {
            (Some(reference), _) => context.code("facility_reference", reference)?,
            // As the release before left it: who has the persons is the owner.
            (None, Owner::Facility(facility)) => facility,
            (None, Owner::Coordinator(_)) => return Err(context.impossible("facility_reference")),
        };
        let placement = PlacementId::new(home, placement);
        Ok(Stay { placement, facility })
    };
    let since = || context.present("waiting_since", row.waiting_since);
    Ok(match row.state.as_str() {
        "received" => CaseState::Received,
        "triaged" => CaseState::Triaged,
        "offered" => CaseState::Offered { offer: offer()? },
        "waiting" => CaseState::Waiting { since: since()? },
        "no_candidate" => CaseState::NoCandidate { since: since()? },
        "placed" => CaseState::Placed { stay: stay()? },
        "in_service" => CaseState::InService {
            stay: stay()?,
            transfer: read_transfer(row, home, context)?,
        },
        "aftercare" => CaseState::Aftercare { stay: stay()? },
        "closed" => CaseState::Closed {
            reason: context.code(
                "close_reason",
                &context.present("close_reason", row.close_reason.clone())?,
            )?,
            at: row.ended_at.unwrap_or(row.changed_at),
        },
        "resolved_directly" => CaseState::ResolvedDirectly {
            at: row.ended_at.unwrap_or(row.changed_at),
        },
        _ => return Err(context.impossible("state")),
    })
}

fn read_transfer(
    row: &CaseRow,
    home: Regency,
    context: &Row<'_, CaseId>,
) -> Result<Option<Transfer>, StoreError> {
    if let Some(since) = row.transfer_waiting_since {
        return Ok(Some(Transfer::Waiting { since }));
    }
    if let Some(offer) = row.transfer_offer_id {
        let offer = OfferId::new(home, offer);
        return Ok(Some(Transfer::Offered { offer }));
    }
    let Some(placement) = row.transfer_placement_id else {
        return Ok(None);
    };
    let column = "transfer_facility_reference";
    let facility = context.present(column, row.transfer_facility_reference.clone())?;
    let facility: FacilityId = context.code(column, &facility)?;
    let placement = PlacementId::new(home, placement);
    Ok(Some(Transfer::Accepted {
        next: Stay { placement, facility },
    }))
}

/// The columns that belong to a state.
#[derive(Default)]
pub(super) struct StateColumns {
    pub(super) offer: Option<Uuid>,
    pub(super) placement: Option<Uuid>,
    pub(super) waiting_since: Option<OffsetDateTime>,
    pub(super) owner_kind: &'static str,
    pub(super) owner_reference: String,
    pub(super) facility: Option<String>,
    pub(super) transfer_since: Option<OffsetDateTime>,
    pub(super) transfer_offer: Option<Uuid>,
    pub(super) transfer_placement: Option<Uuid>,
    pub(super) transfer_facility: Option<String>,
    pub(super) close_reason: Option<CloseReason>,
    pub(super) ended_at: Option<OffsetDateTime>,
}

impl StateColumns {
    pub(super) fn of(case: &Case) -> Self {
        let (owner_kind, owner_reference) = owner_columns(case.owner);
        let stay = case.state.stay();
        let mut columns = Self {
            owner_kind,
            owner_reference,
            placement: stay.map(|stay| stay.placement.uuid()),
            facility: stay.map(|stay| stay.facility.to_string()),
            ..Self::default()
        };
        match &case.state {
            CaseState::Offered { offer } => columns.offer = Some(offer.uuid()),
            CaseState::Waiting { since } | CaseState::NoCandidate { since } => {
                columns.waiting_since = Some(*since);
            }
            CaseState::InService { transfer, .. } => match transfer {
                None => {}
                Some(Transfer::Waiting { since }) => columns.transfer_since = Some(*since),
                Some(Transfer::Offered { offer }) => columns.transfer_offer = Some(offer.uuid()),
                Some(Transfer::Accepted { next }) => {
                    columns.transfer_placement = Some(next.placement.uuid());
                    columns.transfer_facility = Some(next.facility.to_string());
                }
            },
            CaseState::Closed { reason, at } => {
                columns.close_reason = Some(*reason);
                columns.ended_at = Some(*at);
            }
            CaseState::ResolvedDirectly { at } => columns.ended_at = Some(*at),
            CaseState::Received
            | CaseState::Triaged
            | CaseState::Placed { .. }
            | CaseState::Aftercare { .. } => {}
        }
        columns
    }
}

/// Kind and reference of an owner.
pub(crate) fn owner_columns(owner: Owner) -> (&'static str, String) {
    match owner {
        Owner::Coordinator(region) => ("coordinator", region.to_string()),
        Owner::Facility(facility) => ("facility", facility.to_string()),
    }
}
