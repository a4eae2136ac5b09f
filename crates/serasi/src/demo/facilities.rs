//! Simulated facilities: most accept, some decline with a reason, some stay silent, and the next candidate is seen.

use std::time::Duration;

use serasi_hub::auth::Role;
use serasi_hub::clock::Clock;
use serasi_proto::v1;
use serasi_proto::v1::{DeclineReason, OfferState, RouteResult};

use super::{Stage, Told};
use crate::client::Hub;
use crate::codes::label;
use crate::error::CliError;
use crate::output::Output;

/// What the first facility that is asked does.
#[derive(Clone, Copy)]
enum Manner {
    Accepts,
    Declines(DeclineReason),
    StaysSilent,
}

const POLL: Duration = Duration::from_millis(250);
/// Longer than the longest answer time of the demo's policy.
const PATIENCE: u32 = 60;

/// Every eighth or so case meets each of the less helpful manners, so that all are seen.
const fn manner(line: usize) -> Manner {
    match line % 8 {
        2 => Manner::Declines(DeclineReason::Full),
        4 => Manner::Declines(DeclineReason::NotEligible),
        6 => Manner::StaysSilent,
        7 => Manner::Declines(DeclineReason::WrongKind),
        _ => Manner::Accepts,
    }
}

/// Answers every offer; offers that follow a decline or silence are accepted.
pub(super) async fn answer(
    stage: &Stage,
    told: &mut [Told],
    output: &mut Output<'_>,
) -> Result<(), CliError> {
    output.line("\nThe facilities answer:")?;
    let coordinator = stage.client(&[Role::Coordinator], None).await?;
    for one in told.iter_mut().filter(|one| !one.already_known) {
        let Some(offer) = one.offer.clone() else { continue };
        match manner(one.line) {
            Manner::Accepts => one.offer = accept(stage, one.line, &offer, output).await?,
            Manner::Declines(reason) => {
                decline(stage, one.line, &offer, reason, output).await?;
                one.offer = live_offer(&coordinator, &offer.case_id).await?;
            }
            Manner::StaysSilent => {
                output.line(format!("{:3}  {} stays silent", one.line, offer.facility_name))?;
            }
        }
    }
    // Those who declined have had their successor asked at once; those who are silent only when their time is up.
    for silence in [false, true] {
        for one in told.iter_mut().filter(|one| !one.already_known) {
            let Some(offer) = one.offer.clone() else { continue };
            let was_silent = matches!(manner(one.line), Manner::StaysSilent);
            if offer.state() == OfferState::Accepted || was_silent != silence {
                continue;
            }
            if silence {
                one.offer = until_next(stage, &coordinator, one.line, &offer, output).await?;
            }
            if let Some(next) = one.offer.clone() {
                one.offer = accept(stage, one.line, &next, output).await?;
            }
        }
    }
    Ok(())
}

async fn accept(
    stage: &Stage,
    line: usize,
    offer: &v1::Offer,
    output: &mut Output<'_>,
) -> Result<Option<v1::Offer>, CliError> {
    let officer = stage
        .client(&[Role::FacilityOfficer], Some(&offer.facility_id))
        .await?;
    // A facility that was asked without a hold states its places with the answer.
    let capacity = (!offer.holds_places).then(|| v1::CapacityReport {
        key: offer.pool,
        total: offer.places + 20,
        occupied: 10,
        overflow: 0,
    });
    let request_id = Clock::system().new_id().to_string();
    let request = v1::AcceptOfferRequest {
        request_id,
        offer_id: offer.offer_id.clone(),
        capacity,
    };
    match officer.referrals().accept_offer(request).await {
        Ok(answer) => {
            output.line(format!("{line:3}  {} accepts", offer.facility_name))?;
            Ok(answer.into_inner().offer)
        }
        Err(status) => {
            output.line(format!(
                "{line:3}  {} comes too late: {}",
                offer.facility_name,
                status.message()
            ))?;
            Ok(None)
        }
    }
}

async fn decline(
    stage: &Stage,
    line: usize,
    offer: &v1::Offer,
    reason: DeclineReason,
    output: &mut Output<'_>,
) -> Result<(), CliError> {
    let officer = stage
        .client(&[Role::FacilityOfficer], Some(&offer.facility_id))
        .await?;
    let request = v1::DeclineOfferRequest {
        request_id: Clock::system().new_id().to_string(),
        offer_id: offer.offer_id.clone(),
        reason: reason as i32,
        note: String::new(),
        retry_time: None,
    };
    match officer.referrals().decline_offer(request).await {
        Ok(answer) => output.line(format!(
            "{line:3}  {} declines ({}) -> {}",
            offer.facility_name,
            label::<DeclineReason>(reason as i32),
            label::<RouteResult>(answer.into_inner().next)
        ))?,
        Err(status) => {
            output.line(format!(
                "{line:3}  {} comes too late: {}",
                offer.facility_name,
                status.message()
            ))?;
        }
    }
    Ok(())
}

/// Waits until the silence has run out and tells who is asked next.
async fn until_next(
    stage: &Stage,
    coordinator: &Hub,
    line: usize,
    silent: &v1::Offer,
    output: &mut Output<'_>,
) -> Result<Option<v1::Offer>, CliError> {
    for _ in 0..PATIENCE {
        let now_asked = live_offer(coordinator, &silent.case_id).await?;
        match now_asked {
            Some(next) if next.offer_id == silent.offer_id => tokio::time::sleep(POLL).await,
            Some(next) => {
                output.line(format!(
                    "{line:3}  {} {} was silent; {} is asked now",
                    stage.clock(),
                    silent.facility_name,
                    next.facility_name
                ))?;
                return Ok(Some(next));
            }
            None => return Ok(None),
        }
    }
    Ok(None)
}

async fn live_offer(coordinator: &Hub, case_id: &str) -> Result<Option<v1::Offer>, CliError> {
    let request = v1::GetCaseRequest {
        case_id: case_id.to_owned(),
    };
    Ok(coordinator
        .cases()
        .get_case(request)
        .await?
        .into_inner()
        .case
        .and_then(|case| case.live_offer))
}
