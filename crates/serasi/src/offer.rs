//! `serasi offer`: what facilities are asked, and their answers.

use pbjson_types::Timestamp;
use serasi_proto::v1::{
    AcceptOfferRequest, AccessNeed, AgeBand, CapacityReport, Cluster, DeclineOfferRequest, DeclineReason,
    GetOfferRequest, ListOffersRequest, MarkOfferSeenRequest, Offer, OfferState, PartyMember, PoolKey,
    RouteResult, ScopeTier, ServiceForm, Sex, Target, Urgency, WithdrawOfferRequest, WithdrawReason,
};

use crate::case::masked;
use crate::cli::{AcceptArgs, ClientOptions, DeclineArgs, OfferListArgs, WithdrawArgs};
use crate::client::Hub;
use crate::codes::{label, labels, pool_label};
use crate::duration::duration;
use crate::error::CliError;
use crate::exit::Exit;
use crate::local_time::Clock;
use crate::outcome::outcome_text;
use crate::output::Output;
use crate::pages::collect;
use crate::request_id;
use crate::table::facts;

const HEADER: [&str; 8] = [
    "offer",
    "state",
    "facility",
    "places",
    "pool",
    "travel",
    "tier",
    "answer before",
];

/// Offers of a case or a facility.
pub(crate) async fn list(
    options: &ClientOptions,
    args: &OfferListArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let mut client = Hub::connect(options).await?.referrals();
    let filter = ListOffersRequest {
        facility_id: args.facility.clone().unwrap_or_default(),
        case_id: args.case.clone().unwrap_or_default(),
        states: args.state.iter().map(|&state| state.into()).collect(),
        ..ListOffersRequest::default()
    };
    let offers = collect(args.length, async |page_size, page_token| {
        let request = ListOffersRequest {
            page_size,
            page_token,
            ..filter.clone()
        };
        let page = client.list_offers(request).await?.into_inner();
        Ok((page.offers, page.next_page_token))
    });
    offers.await?.print(output, &HEADER, row)?;
    Ok(Exit::Done)
}

/// One offer.
pub(crate) async fn show(
    options: &ClientOptions,
    offer_id: &str,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let hub = Hub::connect(options).await?;
    let request = GetOfferRequest {
        offer_id: offer_id.to_owned(),
    };
    let response = hub.referrals().get_offer(request).await?.into_inner();
    let offer = response.offer.unwrap_or_default();
    if output.is_json() {
        output.json_line(&offer)?;
    } else {
        output.line(offer_facts(&offer, Clock::of_id(&offer.case_id)))?;
    }
    Ok(Exit::Done)
}

/// Accepts; the places are reserved from then on.
pub(crate) async fn accept(
    options: &ClientOptions,
    args: &AcceptArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let hub = Hub::connect(options).await?;
    let capacity = match (args.total, args.occupied) {
        (Some(total), Some(occupied)) => Some(CapacityReport {
            key: Some(pool_of(&hub, args).await?),
            total,
            occupied,
            overflow: args.overflow.unwrap_or(0),
        }),
        (Some(_) | None, Some(_) | None) => None,
    };
    let mut request = AcceptOfferRequest {
        request_id: String::new(),
        offer_id: args.offer_id.clone(),
        capacity,
    };
    // An offer is accepted once: after a lost answer the same command gets it again.
    request.request_id = request_id::of_content("AcceptOffer", &request).to_string();
    let response = hub.referrals().accept_offer(request).await?.into_inner();
    if output.is_json() {
        output.json_line(&response)?;
        return Ok(Exit::Done);
    }
    let offer = response.offer.unwrap_or_default();
    let placement = response.placement.unwrap_or_default();
    let before = Clock::of_id(&offer.case_id).show(placement.admission_deadline_time.as_ref());
    output.line(format!(
        "accepted: {} takes case {}\n  placement {}: {} place(s) reserved; admit before {before}",
        offer.facility_name, offer.case_id, placement.placement_id, placement.places
    ))?;
    Ok(Exit::Done)
}

/// Declines with a reason; the hub asks the next facility.
pub(crate) async fn decline(
    options: &ClientOptions,
    args: &DeclineArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let hub = Hub::connect(options).await?;
    let mut request = DeclineOfferRequest {
        request_id: String::new(),
        offer_id: args.offer_id.clone(),
        reason: args.reason.into(),
        note: args.note.clone(),
        retry_time: args.retry_at.map(|at| Timestamp {
            seconds: at.unix_timestamp(),
            nanos: i32::try_from(at.nanosecond()).unwrap_or(0),
        }),
    };
    request.request_id = request_id::of_content("DeclineOffer", &request).to_string();
    let response = hub.referrals().decline_offer(request).await?.into_inner();
    if output.is_json() {
        output.json_line(&response)?;
        return Ok(Exit::Done);
    }
    let offer = response.offer.unwrap_or_default();
    output.line(format!(
        "declined ({}): case {}\n  the case now: {}",
        label::<DeclineReason>(offer.decline_reason),
        offer.case_id,
        label::<RouteResult>(response.next)
    ))?;
    Ok(Exit::Done)
}

/// Takes the offer back; the hub asks the next facility, or the coordinator decides.
pub(crate) async fn withdraw(
    options: &ClientOptions,
    args: &WithdrawArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let hub = Hub::connect(options).await?;
    let mut request = WithdrawOfferRequest {
        request_id: String::new(),
        offer_id: args.offer_id.clone(),
        reason: args.reason.into(),
        note: args.note.clone(),
        route_later: args.route_later,
    };
    request.request_id = request_id::of_content("WithdrawOffer", &request).to_string();
    let response = hub.referrals().withdraw_offer(request).await?.into_inner();
    if output.is_json() {
        output.json_line(&response)?;
        return Ok(Exit::Done);
    }
    let offer = response.offer.unwrap_or_default();
    let outcome = response.outcome.unwrap_or_default();
    output.line(format!(
        "withdrawn ({}): case {}",
        label::<WithdrawReason>(offer.withdraw_reason),
        offer.case_id
    ))?;
    output.line(outcome_text(&outcome, Clock::of_id(&offer.case_id)))?;
    Ok(Exit::Done)
}

/// All about one offer.
pub(crate) fn offer_facts(offer: &Offer, clock: Clock) -> String {
    let held = if offer.holds_places {
        "held"
    } else {
        "not held: state the capacity to accept"
    };
    facts([
        ("offer", offer.offer_id.clone()),
        ("state", state(offer)),
        ("case", offer.case_id.clone()),
        (
            "facility",
            format!("{} ({})", offer.facility_name, offer.facility_id),
        ),
        (
            "places",
            format!("{} in {}, {held}", offer.places, pool_label(offer.pool.as_ref())),
        ),
        ("travel", duration(offer.travel_minutes.into())),
        ("tier", label::<ScopeTier>(offer.tier)),
        ("attempt", offer.attempt.to_string()),
        ("asked", clock.show(offer.offer_time.as_ref())),
        ("seen", clock.show(offer.seen_time.as_ref())),
        ("answer before", clock.show(offer.expire_time.as_ref())),
        (
            "party",
            offer.party.iter().map(member).collect::<Vec<_>>().join(", "),
        ),
        ("asked for", offer.admission_documents.join("; ")),
        ("urgency", label::<Urgency>(offer.urgency)),
        ("cluster", label::<Cluster>(offer.cluster)),
        ("category", offer.ppks_category.clone()),
        ("target", label::<Target>(offer.target)),
        ("forms", labels::<ServiceForm>(&offer.forms)),
        ("decision", offer.decision_id.clone()),
        ("masked", masked(offer.mask_reason)),
    ])
}

/// The pool that the stated capacity is about. Who answers an offer has seen it, so asking in this way is honest.
async fn pool_of(hub: &Hub, args: &AcceptArgs) -> Result<PoolKey, CliError> {
    if let Some(pool) = args.pool {
        return Ok(pool);
    }
    let request = MarkOfferSeenRequest {
        request_id: request_id::fresh().to_string(),
        offer_id: args.offer_id.clone(),
    };
    let seen = hub.referrals().mark_offer_seen(request).await?.into_inner();
    let pool = seen.offer.and_then(|offer| offer.pool);
    pool.ok_or_else(|| {
        CliError::Usage("the hub did not say which pool it asks about; give --pool".to_owned())
    })
}

fn row(offer: &Offer) -> Vec<String> {
    vec![
        offer.offer_id.clone(),
        state(offer),
        format!("{}\n{}", offer.facility_name, offer.facility_id),
        offer.places.to_string(),
        pool_label(offer.pool.as_ref()),
        duration(offer.travel_minutes.into()),
        label::<ScopeTier>(offer.tier),
        Clock::of_id(&offer.case_id).show(offer.expire_time.as_ref()),
    ]
}

fn state(offer: &Offer) -> String {
    let state = label::<OfferState>(offer.state);
    match (offer.decline_reason, offer.withdraw_reason) {
        (0, 0) => state,
        (0, reason) => format!("{state}: {}", label::<WithdrawReason>(reason)),
        (reason, _) => format!("{state}: {}", label::<DeclineReason>(reason)),
    }
}

fn member(member: &PartyMember) -> String {
    let sex = label::<Sex>(member.sex);
    let person = match (member.age_years, member.age_band) {
        (Some(age), _) => format!("{sex} {age}"),
        (None, 0) => format!("{sex}, age unknown"),
        (None, band) => format!("{sex} {}", label::<AgeBand>(band)),
    };
    if member.access_needs.is_empty() {
        return person;
    }
    format!("{person} ({})", labels::<AccessNeed>(&member.access_needs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_that_came_to_nothing_shows_why() {
        let mut offer = Offer {
            state: OfferState::Declined.into(),
            decline_reason: DeclineReason::Full.into(),
            ..Offer::default()
        };
        assert_eq!(state(&offer), "declined: full");
        offer.state = OfferState::Seen.into();
        offer.decline_reason = 0;
        assert_eq!(state(&offer), "seen");
        offer.state = OfferState::Withdrawn.into();
        offer.withdraw_reason = WithdrawReason::WrongFacts.into();
        assert_eq!(state(&offer), "withdrawn: wrong-facts");
    }

    #[test]
    fn an_offer_that_holds_nothing_says_what_accepting_needs() {
        let offer = Offer {
            places: 2,
            party: vec![
                PartyMember {
                    sex: Sex::Female.into(),
                    age_years: Some(38),
                    access_needs: vec![AccessNeed::Wheelchair.into()],
                    age_band: AgeBand::Adult.into(),
                },
                PartyMember {
                    age_band: AgeBand::Elder.into(),
                    ..PartyMember::default()
                },
                PartyMember::default(),
            ],
            ..Offer::default()
        };
        let text = offer_facts(&offer, Clock::Utc);
        assert!(text.contains("state the capacity"), "{text}");
        assert!(
            text.contains("female 38 (wheelchair), - elder, -, age unknown"),
            "{text}"
        );
    }
}
