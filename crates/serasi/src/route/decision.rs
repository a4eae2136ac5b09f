//! A decision for people: who comes first and by what, who just failed and why, and what excluded the rest.

use serasi_proto::v1::{ConsideredFacility, Decision, Rejection, RouteResult, RuleCount, ScopeTier};

use crate::codes::label;
use crate::duration::duration;
use crate::local_time::Clock;
use crate::table::records;

const RANKED_HEADER: [&str; 7] = ["#", "facility", "tier", "travel", "free", "reported", "scores"];
const EXCLUDED_HEADER: [&str; 3] = ["rule", "article", "facilities"];

/// The whole decision as paragraphs and tables.
pub(super) fn decision_text(decision: &Decision) -> String {
    let mut parts = vec![summary(decision)];
    if !decision.ranked.is_empty() {
        parts.push(ranked(decision));
    }
    if !decision.near_misses.is_empty() {
        let misses = decision.near_misses.iter().map(near_miss);
        parts.push(format!(
            "Failed by one rule only, first those that may change by themselves:\n{}",
            misses.collect::<Vec<_>>().join("\n")
        ));
    }
    if !decision.excluded.is_empty() {
        let table = records(&EXCLUDED_HEADER, decision.excluded.iter().map(excluded_row));
        parts.push(format!(
            "The rest, by the first rule that excluded them:\n{table}"
        ));
    }
    parts.join("\n\n")
}

fn summary(decision: &Decision) -> String {
    let clock = Clock::of_id(&decision.case_id);
    let mut lines = vec![
        format!(
            "{} for case {}",
            label::<RouteResult>(decision.result),
            decision.case_id
        ),
        decision.explanation_id.clone(),
        decision.explanation_en.clone(),
        format!(
            "{} facilities looked at, found in tier {}; policy {}, directory version {}, {}",
            decision.facilities_considered,
            label::<ScopeTier>(decision.tier),
            decision.policy_version,
            decision.board_version,
            clock.show(decision.decide_time.as_ref())
        ),
    ];
    if !decision.taken_meanwhile.is_empty() {
        lines.push(format!(
            "places gone meanwhile: {}",
            decision.taken_meanwhile.join(", ")
        ));
    }
    lines.retain(|line| !line.is_empty());
    lines.join("\n  ")
}

fn ranked(decision: &Decision) -> String {
    let rows = decision.ranked.iter().zip(1..).map(|(facility, rank)| {
        let is_chosen = facility.facility_id == decision.chosen_facility_id;
        ranked_row(facility, rank, is_chosen)
    });
    let table = records(&RANKED_HEADER, rows);
    // All have the same preferences in the same order; naming them once keeps the table narrow.
    let preferences = decision
        .ranked
        .first()
        .map(|facility| facility.scores.as_slice())
        .unwrap_or_default();
    let names: Vec<_> = preferences
        .iter()
        .map(|score| score.preference.as_str())
        .collect();
    format!(
        "{table}\nscores, compared from the left, lower is better: {}",
        names.join(", ")
    )
}

fn ranked_row(facility: &ConsideredFacility, rank: i32, is_chosen: bool) -> Vec<String> {
    let mark = if is_chosen { "*" } else { "" };
    let scores: Vec<_> = facility
        .scores
        .iter()
        .map(|score| score.cost.to_string())
        .collect();
    vec![
        format!("{rank}{mark}"),
        format!("{}\n{}", facility.facility_name, facility.facility_id),
        label::<ScopeTier>(facility.tier),
        duration(facility.travel_minutes.into()),
        if facility.asked_only {
            "unknown".to_owned()
        } else {
            facility.free_places.to_string()
        },
        age(facility.capacity_age_minutes),
        scores.join(" "),
    ]
}

fn near_miss(facility: &ConsideredFacility) -> String {
    let Rejection {
        rule,
        article,
        temporary,
        saw,
        explanation_id,
        explanation_en,
    } = facility.rejection.clone().unwrap_or_default();
    let lasts = if temporary { "may change" } else { "lasting" };
    let sentences = [explanation_id, explanation_en].join("\n    ");
    format!(
        "- {} ({}, {}): {rule}, {article}, saw {saw}, {lasts}\n    {sentences}",
        facility.facility_name,
        label::<ScopeTier>(facility.tier),
        duration(facility.travel_minutes.into()),
    )
}

fn excluded_row(count: &RuleCount) -> Vec<String> {
    vec![
        count.rule.clone(),
        count.article.clone(),
        count.facilities.to_string(),
    ]
}

fn age(minutes: i64) -> String {
    if minutes < 0 {
        return "never".to_owned();
    }
    format!("{} ago", duration(minutes))
}

#[cfg(test)]
mod tests {
    use serasi_proto::v1::PreferenceScore;

    use super::*;

    fn facility(id: &str, name: &str) -> ConsideredFacility {
        let score = |preference: &str, cost| PreferenceScore {
            preference: preference.into(),
            cost,
        };
        ConsideredFacility {
            facility_id: id.into(),
            facility_name: name.into(),
            tier: ScopeTier::Province.into(),
            travel_minutes: 135,
            free_places: 2,
            capacity_age_minutes: 1_500,
            scores: vec![score("implementer", 0), score("travel_class", 2)],
            ..ConsideredFacility::default()
        }
    }

    fn decision() -> Decision {
        let rejection = Rejection {
            rule: "has_places".into(),
            article: "P16 Ps.29c".into(),
            temporary: true,
            saw: "free=0 needed=2".into(),
            explanation_id: "tidak ada tempat kosong".into(),
            explanation_en: "no free place".into(),
        };
        let full = ConsideredFacility {
            scores: Vec::new(),
            rejection: Some(rejection),
            ..facility("3374-2", "Balai Penuh")
        };
        let unknown = ConsideredFacility {
            asked_only: true,
            free_places: 0,
            capacity_age_minutes: -1,
            ..facility("3375-3", "LKS Harapan")
        };
        Decision {
            case_id: "3372-9".into(),
            result: RouteResult::Offered.into(),
            chosen_facility_id: "3372-1".into(),
            facilities_considered: 4_596,
            ranked: vec![facility("3372-1", "Sentra Soeharso"), unknown],
            near_misses: vec![full],
            excluded: vec![RuleCount {
                rule: "serves_cluster".into(),
                article: "P16 Ps.3".into(),
                facilities: 3_900,
            }],
            explanation_id: "Sentra Soeharso dimintai jawaban.".into(),
            ..Decision::default()
        }
    }

    #[test]
    fn a_decision_shows_who_is_first_who_just_failed_and_what_excluded_the_rest() {
        let text = decision_text(&decision());
        for fact in [
            "offered for case 3372-9",
            "Sentra Soeharso dimintai jawaban.",
            "1*",
            "2 j 15 mnt",
            "1 hari 1 j ago",
            "unknown",
            "never",
            "0 2",
            "lower is better: implementer, travel_class",
            "- Balai Penuh (province, 2 j 15 mnt): has_places, P16 Ps.29c, saw free=0 needed=2, may change",
            "tidak ada tempat kosong",
            "no free place",
            "serves_cluster",
            "3900",
        ] {
            assert!(text.contains(fact), "{fact} in\n{text}");
        }
    }

    #[test]
    fn a_decision_without_any_candidate_is_a_summary_only() {
        let nobody = Decision {
            result: RouteResult::NoCandidate.into(),
            ..Decision::default()
        };
        let text = decision_text(&nobody);
        assert!(text.starts_with("no-candidate for case"), "{text}");
        assert!(!text.contains("lower is better"), "{text}");
    }
}
