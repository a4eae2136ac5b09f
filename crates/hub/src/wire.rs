//! Wire to domain and back. In: every violation of a request at once. Out: `From`.

mod audit;
mod break_glass;
mod capacity;
mod case;
mod codes;
mod decision;
mod document;
mod dry_run;
mod facility;
mod identity;
mod insight;
mod intake;
mod links;
mod offer;
mod parse;
mod person;
mod placement;
mod policy;
mod public_status;
mod reconciliation;
mod reference;
mod registry;
mod stage;
mod subject;
mod tiered;
mod time;
mod watch;

pub(crate) use audit::{
    audit_entry_to_wire, audit_head_to_wire, audit_leaf_to_wire, audit_list, exact, must_be_countable,
};
pub(crate) use break_glass::break_glass_to_wire;
pub(crate) use capacity::{capacity_report, pool_to_wire};
pub(crate) use case::{case_to_wire, glimpse_to_wire, need};
pub(crate) use codes::{numbers, optional};
pub(crate) use decision::{decision_to_wire, outcome_to_wire, replay_to_wire};
pub(crate) use document::{document_to_wire, new_document, owed_to_wire, reference_to_wire};
pub(crate) use dry_run::dry_run_to_wire;
pub(crate) use facility::{facility_to_wire, profile};
pub(crate) use identity::binding_to_wire;
pub(crate) use insight::{
    achievement_to_wire, days, extent, months, timeliness_to_wire, truthfulness_to_wire, unmet_need_to_wire,
    within,
};
pub(crate) use intake::intake;
pub(crate) use links::{Asked, asked, proposal_to_wire};
pub(crate) use offer::offer_to_wire;
pub(crate) use parse::{PageToken, Parse, id_of, page_of, page_size};
pub(crate) use person::{party, person_to_wire};
pub(crate) use placement::placement_to_wire;
pub use policy::policy_content;
pub(crate) use policy::{policy, policy_to_wire};
pub(crate) use public_status::public_status;
pub(crate) use reconciliation::{
    candidate_to_wire, decided_to_wire, read_start, reconciliation_to_wire, refused_to_wire,
};
pub(crate) use reference::{article_to_wire, category_to_wire, region_to_wire};
pub(crate) use registry::{
    acknowledgements, obligation_ages_to_wire, obligation_state_to_wire, outcomes, owed_registration_to_wire,
    registration_step_to_wire, registration_to_wire,
};
pub(crate) use stage::{course_to_wire, indicators, record_to_wire};
pub(crate) use subject::{affected_to_wire, answer, step_to_wire, subject_request_to_wire};
pub(crate) use tiered::tiered_to_wire;
pub(crate) use time::to_timestamp as timestamp;
pub(crate) use watch::{
    CAPACITY_CHANGED, event_to_wire, pool_event_id, standing_offer, watched_case, watched_offer, watched_pool,
};
