//! What the hub does, one verb a file: each is a command that runs in one transaction.

pub(crate) mod accept_offer;
pub(crate) mod activate_policy;
pub(crate) mod admit_placement;
pub(crate) mod change_facility;
pub(crate) mod create_facility;
pub(crate) mod create_policy;
pub(crate) mod decline_offer;
pub(crate) mod discharge_placement;
pub(crate) mod erase_due;
pub(crate) mod escalate_overdue;
pub(crate) mod expire_offer;
pub(crate) mod get_audit_proof;
pub(crate) mod get_break_glass;
pub(crate) mod get_case;
pub(crate) mod get_decision;
pub(crate) mod get_offer;
pub(crate) mod import_facilities;
pub(crate) mod install_policy;
pub(crate) mod lift_legal_hold;
pub(crate) mod list_audit_entries;
pub(crate) mod list_audit_heads;
pub(crate) mod list_break_glass;
pub(crate) mod list_cases;
pub(crate) mod list_offers;
pub(crate) mod mark_offer_seen;
pub(crate) mod open_break_glass;
pub(crate) mod preview_route;
pub(crate) mod replay_decision;
pub(crate) mod report_capacity;
pub(crate) mod resolve_directly;
pub(crate) mod review_break_glass;
pub(crate) mod route_case;
pub(crate) mod route_waiting;
pub(crate) mod set_legal_hold;
pub(crate) mod submit_intake;
pub(crate) mod triage_case;
pub(crate) mod withdraw_offer;

mod open;
mod refer;
mod refuse;
mod search;

pub(crate) use refer::{waits_as, waits_for};
pub(crate) use search::seeker;
