//! What stands in the database about one run, read in one look; and what must hold there whatever was done.

use std::collections::BTreeMap;

use serde::Deserialize;
use sqlx::PgConnection;
use uuid::Uuid;

/// The UUID of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Id(pub(crate) Uuid);

impl TryFrom<String> for Id {
    type Error = uuid::Error;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Uuid::parse_str(&text).map(Self)
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct SeenCase {
    pub(crate) state: String,
    pub(crate) owner_kind: String,
    pub(crate) owner: String,
    pub(crate) has_deadline: bool,
    pub(crate) refusals: i32,
    pub(crate) escalations: i32,
    pub(crate) offer: Option<Id>,
    pub(crate) placement: Option<Id>,
    pub(crate) transfer_waits: bool,
    pub(crate) transfer_offer: Option<Id>,
    pub(crate) transfer_placement: Option<Id>,
    /// Microseconds; 0 = does not wait.
    pub(crate) reported_at: i64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct SeenOffer {
    pub(crate) case: Id,
    pub(crate) facility: Id,
    pub(crate) state: String,
    pub(crate) attempt: i32,
    pub(crate) holds_places: bool,
    /// Microseconds.
    pub(crate) offered_at: i64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct SeenPlacement {
    pub(crate) case: Id,
    pub(crate) offer: Id,
    pub(crate) facility: Id,
    pub(crate) state: String,
}

#[derive(Debug, Deserialize)]
struct SeenHold {
    facility: Id,
    places: i32,
    state: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct SeenPool {
    pub(crate) total: i32,
    pub(crate) occupied: i32,
    pub(crate) held: i32,
    pub(crate) free: i32,
    pub(crate) overflow: i32,
    pub(crate) shortfall: i32,
}

/// Everything of one regency, at one instant.
#[derive(Debug, Deserialize)]
pub(crate) struct Seen {
    pub(crate) cases: BTreeMap<Id, SeenCase>,
    pub(crate) offers: BTreeMap<Id, SeenOffer>,
    pub(crate) placements: BTreeMap<Id, SeenPlacement>,
    holds: BTreeMap<Id, SeenHold>,
    /// By facility.
    pub(crate) pools: BTreeMap<Id, SeenPool>,
}

const LOOK: &str = "SELECT json_build_object(
    'cases', (SELECT COALESCE(json_object_agg(case_id, json_build_object('state', state, 'owner_kind', owner_kind,
        'owner', owner_reference, 'has_deadline', next_deadline IS NOT NULL, 'refusals', refusals,
        'escalations', escalations, 'offer', offer_id, 'placement', placement_id,
        'transfer_waits', transfer_waiting_since IS NOT NULL, 'transfer_offer', transfer_offer_id,
        'transfer_placement', transfer_placement_id,
        'reported_at', (extract(epoch FROM created_at) * 1000000)::bigint)), '{}')
        FROM cases WHERE region_code = $1),
    'offers', (SELECT COALESCE(json_object_agg(offer_id, json_build_object('case', case_id, 'facility', facility_id,
        'state', state, 'attempt', attempt, 'holds_places', holds_places,
        'offered_at', (extract(epoch FROM offered_at) * 1000000)::bigint)), '{}')
        FROM offers WHERE region_code = $1),
    'placements', (SELECT COALESCE(json_object_agg(placement_id, json_build_object('case', case_id, 'offer', offer_id,
        'facility', facility_id, 'state', state)), '{}') FROM placements WHERE region_code = $1),
    'holds', (SELECT COALESCE(json_object_agg(hold_id, json_build_object('facility', facility_id, 'places', places,
        'state', state)), '{}') FROM holds WHERE region_code = $1),
    'pools', (SELECT json_object_agg(facility_id, json_build_object('total', total, 'occupied', occupied, 'held', held,
        'free', free, 'overflow', overflow, 'shortfall', shortfall)) FROM capacity_pools WHERE region_code = $1))";

impl SeenCase {
    /// The offer that waits for an answer: for a place, or for another one.
    pub(crate) fn live_offer(&self) -> Option<Id> {
        self.offer.or(self.transfer_offer)
    }
}

impl Seen {
    /// Looks at one regency; what must always hold there is asserted.
    pub(crate) async fn look(connection: &mut PgConnection, regency: &str) -> Self {
        let json: serde_json::Value = sqlx::query_scalar(LOOK)
            .bind(regency)
            .fetch_one(connection)
            .await
            .unwrap();
        let seen: Self = serde_json::from_value(json).unwrap();
        seen.places_add_up();
        seen.holds_belong_to_somebody();
        seen.cases_are_whole();
        seen
    }

    fn places_add_up(&self) {
        for (facility, pool) in &self.pools {
            let holds = self.holds.values();
            let held: i32 = holds
                .filter(|hold| hold.facility == *facility && hold.state == "held")
                .map(|hold| hold.places)
                .sum();
            assert_eq!(pool.total, pool.occupied + pool.held + pool.free, "{pool:?}");
            assert_eq!(pool.held, held, "places held for nobody: {pool:?}");
            assert!(
                pool.free >= -(pool.overflow + pool.shortfall),
                "overbooked: {pool:?}"
            );
        }
    }

    fn holds_belong_to_somebody(&self) {
        for (id, hold) in &self.holds {
            let offer = &self.offers[id];
            let placement = self.placements.values().find(|placement| placement.offer == *id);
            let expected = match placement.map(|placement| placement.state.as_str()) {
                Some("reserved") => "held",
                Some("admitted") => "occupied",
                None if is_live(offer) => "held",
                Some(_) | None => "released",
            };
            assert_eq!(hold.state, expected, "{hold:?} of {offer:?}, {placement:?}");
        }
        for (id, offer) in self.offers.iter().filter(|(_, offer)| is_live(offer)) {
            assert_eq!(offer.holds_places, self.holds.contains_key(id), "{offer:?}");
        }
    }

    fn cases_are_whole(&self) {
        for (id, case) in &self.cases {
            let is_open = !matches!(case.state.as_str(), "closed" | "resolved_directly");
            assert_eq!(case.has_deadline, is_open, "{case:?}");
            assert!(!case.owner.is_empty() && !case.owner_kind.is_empty(), "{case:?}");
            let live = self
                .offers
                .iter()
                .filter(|(_, offer)| offer.case == *id && is_live(offer));
            let live: Vec<_> = live.map(|(offer, _)| *offer).collect();
            let expected: Vec<_> = case.live_offer().into_iter().collect();
            assert_eq!(live, expected, "live offers of {case:?}");
            assert_eq!(case.offer.is_some(), case.state == "offered", "{case:?}");
        }
    }
}

fn is_live(offer: &SeenOffer) -> bool {
    matches!(offer.state.as_str(), "offered" | "seen")
}
