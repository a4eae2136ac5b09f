//! What became of a case when it was routed, as one paragraph: who is asked, how far, until when; or why nobody.

use serasi_proto::v1::{RouteOutcome, RouteResult, ScopeTier};

use crate::codes::label;
use crate::duration::duration;
use crate::local_time::Clock;

/// The outcome in two lines, where many are told: the rest is one `case show` away.
pub(crate) fn outcome_brief(outcome: &RouteOutcome, clock: Clock) -> String {
    let result = label::<RouteResult>(outcome.result);
    let until = outcome.offer.as_ref().map_or_else(String::new, |offer| {
        format!(", answer before {}", clock.show(offer.expire_time.as_ref()))
    });
    format!("{result}{until}\n  {}", outcome.message_id)
}

/// All of it, for one case.
pub(crate) fn outcome_text(outcome: &RouteOutcome, clock: Clock) -> String {
    let mut lines = vec![label::<RouteResult>(outcome.result)];
    if let Some(offer) = &outcome.offer {
        let travel = duration(offer.travel_minutes.into());
        let until = clock.show(offer.expire_time.as_ref());
        let held = if offer.holds_places { "held" } else { "not held" };
        let tier = label::<ScopeTier>(offer.tier);
        lines.push(format!(
            "{}, {travel} away ({tier}); {} place(s) {held}; answer before {until}",
            offer.facility_name, offer.places
        ));
        lines.push(format!("offer {}", offer.offer_id));
    }
    lines.extend([&outcome.message_id, &outcome.message_en].map(String::clone));
    if !outcome.decision_id.is_empty() {
        lines.push(format!("decision {}", outcome.decision_id));
    }
    lines.retain(|line| !line.is_empty());
    lines.join("\n  ")
}

#[cfg(test)]
mod tests {
    use pbjson_types::Timestamp;
    use serasi_proto::v1::Offer;

    use super::*;

    #[test]
    fn an_offer_is_told_with_place_travel_and_deadline() {
        let outcome = RouteOutcome {
            result: RouteResult::Offered.into(),
            offer: Some(Offer {
                offer_id: "3372-1".into(),
                facility_name: "Sentra Terpadu Prof. Dr. Soeharso".into(),
                places: 1,
                holds_places: true,
                travel_minutes: 135,
                tier: ScopeTier::Province.into(),
                expire_time: Some(Timestamp {
                    seconds: 1_793_585_700,
                    nanos: 0,
                }),
                ..Offer::default()
            }),
            decision_id: "3372-2".into(),
            message_id: "Sentra dimintai jawaban.".into(),
            message_en: "The Sentra has been asked.".into(),
        };
        assert_eq!(
            outcome_brief(&outcome, Clock::of_id("3372-9")),
            "offered, answer before 2026-11-02 09:15 WIB\n  Sentra dimintai jawaban."
        );
        assert_eq!(
            outcome_text(&outcome, Clock::of_id("3372-9")),
            "offered\n  \
             Sentra Terpadu Prof. Dr. Soeharso, 2 j 15 mnt away (province); 1 place(s) held; \
             answer before 2026-11-02 09:15 WIB\n  \
             offer 3372-1\n  \
             Sentra dimintai jawaban.\n  \
             The Sentra has been asked.\n  \
             decision 3372-2"
        );
    }

    #[test]
    fn nobody_to_ask_is_told_in_the_words_of_the_hub() {
        let outcome = RouteOutcome {
            result: RouteResult::NoCandidate.into(),
            message_id: "Koordinator mengambil alih.".into(),
            ..RouteOutcome::default()
        };
        assert_eq!(
            outcome_text(&outcome, Clock::Utc),
            "no-candidate\n  Koordinator mengambil alih."
        );
    }
}
