//! Cases and needs.

use serasi_domain::case::ending::CloseReason;
use serasi_domain::case::{Case, CaseState, Owner, Transfer};
use serasi_domain::need::{Need, Places, ServiceBase};
use serasi_domain::need_to_know::Sight;
use serasi_proto::v1;
use time::OffsetDateTime;

use super::codes::{FromWire, numbers, optional};
use super::parse::Parse;
use super::time::to_timestamp;

const MAX_EXCLUSIONS: usize = 20;

/// Reads a need. `persons` is how many the report names: they are placed together by default.
pub(crate) fn need(parse: &mut Parse, need: Option<&v1::Need>, persons: usize) -> Option<Need> {
    let empty = v1::Need::default();
    let need = need.unwrap_or(&empty);
    parse.nested("need", |parse| {
        let stated = if need.places == 0 {
            i32::try_from(persons.max(1)).unwrap_or(i32::MAX)
        } else {
            need.places
        };
        let places = u16::try_from(stated)
            .ok()
            .and_then(|places| Places::try_from(places).ok());
        let places = parse.require("places", places, "must be 1-50");
        let too_many = need
            .excluded_facility_ids
            .len()
            .max(need.excluded_region_codes.len())
            > MAX_EXCLUSIONS;
        if too_many {
            parse.wrong(
                "excluded_facility_ids",
                format!("at most {MAX_EXCLUSIONS} exclusions of each kind"),
            );
            return None;
        }
        let facilities = need.excluded_facility_ids.iter().enumerate();
        let excluded_facilities = facilities
            .filter_map(|(position, id)| parse.id(&format!("excluded_facility_ids[{position}]"), id))
            .collect();
        let regions = need.excluded_region_codes.iter().enumerate();
        let excluded_regions = regions
            .filter_map(|(position, code)| parse.region(&format!("excluded_region_codes[{position}]"), code))
            .collect();
        Some(Need {
            base: parse
                .optional("base", need.base)
                .unwrap_or(ServiceBase::Residential),
            forms: parse.set("forms", &need.forms),
            places: places?,
            excluded_facilities,
            excluded_regions,
        })
    })
}

/// A case without persons and words; `sight` says what is left of the rest.
pub(crate) fn case_to_wire(case: &Case, sight: Sight) -> v1::Case {
    let facts = &sight.facts(&case.facts);
    let ending = ending(&case.state);
    v1::Case {
        case_id: case.id.to_string(),
        version: case.version,
        state: state(&case.state) as i32,
        channel: case.channel.to_wire(),
        urgency: facts.urgency.to_wire(),
        cluster: optional(facts.cluster),
        ppks_category: facts
            .ppks_category
            .map(|code| code.as_str().to_owned())
            .unwrap_or_default(),
        target: facts.target.to_wire(),
        criteria: numbers(facts.criteria.iter().copied()),
        need: Some(need_to_wire(&facts.need)),
        region_code: facts.place.to_string(),
        owner: Some(owner(case.owner)),
        next_deadline: case.next_deadline.map(to_timestamp),
        policy_version: case.policy_version.clone(),
        refusals: case.refusals,
        source_system: sight.whole(case.source.system_name().to_owned()),
        source_ref: sight.whole(case.source.reference().to_owned()),
        create_time: Some(to_timestamp(case.created_at)),
        update_time: Some(to_timestamp(case.changed_at)),
        persons: vec![],
        story: String::new(),
        live_offer: None,
        placement: None,
        resolution: String::new(),
        escalations: case.escalations,
        finish_deadline: case.finish.map(|finish| to_timestamp(finish.before)),
        episode: case.episode.number,
        close_reason: optional(ending.and_then(|(reason, _)| reason)),
        end_time: ending.map(|(_, at)| to_timestamp(at)),
        transfer: case.state.transfer().map(transfer),
        next_placement: None,
        stages: vec![],
        linked_to_case_id: String::new(),
        linked_case_ids: vec![],
        erased_classes: vec![],
        legal_hold: 0,
        mask_reason: optional(sight.mask()),
        documents: vec![],
        owed_documents: vec![],
    }
}

/// That the case is there; `owner` is who may be known to answer for it.
pub(crate) fn glimpse_to_wire(case: &Case, told_owner: Owner) -> v1::CaseGlimpse {
    v1::CaseGlimpse {
        case_id: case.id.to_string(),
        owner: Some(owner(told_owner)),
        create_time: Some(to_timestamp(case.created_at)),
        // An open case has a deadline, an ended one has none.
        is_open: case.next_deadline.is_some(),
    }
}

/// When it ended, and why if there is a reason.
const fn ending(state: &CaseState) -> Option<(Option<CloseReason>, OffsetDateTime)> {
    match state {
        CaseState::Closed { reason, at } => Some((Some(*reason), *at)),
        CaseState::ResolvedDirectly { at } => Some((None, *at)),
        CaseState::Received
        | CaseState::Triaged
        | CaseState::Offered { .. }
        | CaseState::Waiting { .. }
        | CaseState::NoCandidate { .. }
        | CaseState::Placed { .. }
        | CaseState::InService { .. }
        | CaseState::Aftercare { .. } => None,
    }
}

fn transfer(transfer: Transfer) -> v1::Transfer {
    let mut wire = v1::Transfer::default();
    let state = match transfer {
        Transfer::Waiting { .. } => v1::TransferState::Waiting,
        Transfer::Offered { offer } => {
            wire.offer_id = offer.to_string();
            v1::TransferState::Offered
        }
        Transfer::Accepted { next } => {
            wire.placement_id = next.placement.to_string();
            wire.facility_id = next.facility.to_string();
            v1::TransferState::Accepted
        }
    };
    wire.set_state(state);
    wire
}

fn need_to_wire(need: &Need) -> v1::Need {
    v1::Need {
        base: need.base.to_wire(),
        forms: numbers(need.forms),
        places: need.places.as_i32(),
        excluded_facility_ids: need.excluded_facilities.iter().map(ToString::to_string).collect(),
        excluded_region_codes: need.excluded_regions.iter().map(ToString::to_string).collect(),
    }
}

const fn state(state: &CaseState) -> v1::CaseState {
    match state {
        CaseState::Received => v1::CaseState::Received,
        CaseState::Triaged => v1::CaseState::Triaged,
        CaseState::Offered { .. } => v1::CaseState::Offered,
        CaseState::Waiting { .. } => v1::CaseState::Waiting,
        CaseState::NoCandidate { .. } => v1::CaseState::NoCandidate,
        CaseState::Placed { .. } => v1::CaseState::Placed,
        CaseState::InService { .. } => v1::CaseState::InService,
        CaseState::Aftercare { .. } => v1::CaseState::Aftercare,
        CaseState::Closed { .. } => v1::CaseState::Closed,
        CaseState::ResolvedDirectly { .. } => v1::CaseState::ResolvedDirectly,
    }
}

fn owner(owner: Owner) -> v1::Owner {
    let (kind, reference) = match owner {
        Owner::Coordinator(region) => (v1::OwnerKind::Coordinator, region.to_string()),
        Owner::Facility(facility) => (v1::OwnerKind::Facility, facility.to_string()),
    };
    v1::Owner {
        kind: kind as i32,
        reference,
    }
}
