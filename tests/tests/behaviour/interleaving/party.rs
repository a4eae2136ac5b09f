//! One party of the storm, and everything it may do.

use rand::Rng;
use rand::rngs::StdRng;
use serasi_proto::v1;
use serasi_tests::Client;
use serasi_tests::build::{intake, pool as places, request_id, submit};
use serasi_tests::status::refusal;
use sqlx::PgPool;
use tonic::Status;
use uuid::Uuid;

/// One who does what chance says.
pub(super) struct Party {
    pub(super) client: Client,
    pub(super) database: PgPool,
    pub(super) chance: StdRng,
    pub(super) facilities: Vec<String>,
    pub(super) name: u64,
}

impl Party {
    /// One deed; what came of it.
    pub(super) async fn act(&mut self, deed: u32) -> String {
        let (name, answer) = match self.chance.random_range(0..100) {
            0..16 => ("submit", Some(self.submit(deed).await)),
            16..36 => ("accept", self.accept().await),
            36..41 => ("decline", self.decline().await),
            41..45 => ("withdraw", self.withdraw().await),
            45..61 => ("admit", self.admit().await),
            61..66 => ("discharge", self.discharge().await),
            66..71 => ("miss", self.no_show().await),
            71..80 => ("transfer", self.transfer().await),
            80..82 => ("stay", self.cancel_transfer().await),
            82..85 => ("link", self.link().await),
            85..88 => ("report", Some(self.report().await)),
            88..90 => ("suspend", Some(self.suspend().await)),
            90..95 => ("resume", Some(self.resume().await)),
            95..97 => ("resolve", self.resolve().await),
            _ => ("expire", self.let_expire().await),
        };
        match answer {
            None => format!("nothing to {name}"),
            Some(Ok(())) => format!("done {name}"),
            Some(Err(status)) => format!("{} {name}", refusal(&status).1),
        }
    }

    /// Any of the records that `query` finds now; it may be another's by the time it is acted on.
    async fn any(&mut self, query: &'static str) -> Option<String> {
        let found: Vec<Uuid> = sqlx::query_scalar(query).fetch_all(&self.database).await.unwrap();
        if found.is_empty() {
            return None;
        }
        let id = found[self.chance.random_range(0..found.len())];
        Some(format!("3273-{id}"))
    }

    async fn any_live_offer(&mut self) -> Option<String> {
        self.any("SELECT offer_id FROM offers WHERE state IN ('offered', 'seen')")
            .await
    }

    fn any_facility(&mut self) -> String {
        let facility = self.chance.random_range(0..self.facilities.len());
        self.facilities[facility].clone()
    }

    async fn submit(&mut self, deed: u32) -> Result<(), Status> {
        let urgencies = [v1::Urgency::Regular, v1::Urgency::Urgent, v1::Urgency::Emergency];
        let urgency = urgencies[self.chance.random_range(0..3)];
        let report = v1::Intake {
            urgency: urgency as i32,
            need: Some(v1::Need {
                places: self.chance.random_range(1..3),
                ..v1::Need::default()
            }),
            // A second storm on the same hub brings other reports.
            ..intake(&format!("{}-{deed}-{}", self.name, self.chance.random::<u64>()))
        };
        self.client.intake.submit_intake(submit(report)).await.map(drop)
    }

    async fn accept(&mut self) -> Option<Result<(), Status>> {
        let request = v1::AcceptOfferRequest {
            request_id: request_id(),
            offer_id: self.any_live_offer().await?,
            capacity: None,
        };
        Some(self.client.referral.accept_offer(request).await.map(drop))
    }

    async fn decline(&mut self) -> Option<Result<(), Status>> {
        let reasons = [
            v1::DeclineReason::Full,
            v1::DeclineReason::NotEligible,
            v1::DeclineReason::Safety,
        ];
        let request = v1::DeclineOfferRequest {
            request_id: request_id(),
            offer_id: self.any_live_offer().await?,
            reason: reasons[self.chance.random_range(0..3)] as i32,
            ..v1::DeclineOfferRequest::default()
        };
        Some(self.client.referral.decline_offer(request).await.map(drop))
    }

    async fn withdraw(&mut self) -> Option<Result<(), Status>> {
        let request = v1::WithdrawOfferRequest {
            request_id: request_id(),
            offer_id: self.any_live_offer().await?,
            reason: v1::WithdrawReason::WrongFacts as i32,
            note: String::new(),
            route_later: self.chance.random_bool(0.2),
        };
        Some(self.client.referral.withdraw_offer(request).await.map(drop))
    }

    async fn admit(&mut self) -> Option<Result<(), Status>> {
        let reserved = "SELECT placement_id FROM placements WHERE state = 'reserved'";
        let request = v1::AdmitPlacementRequest {
            request_id: request_id(),
            placement_id: self.any(reserved).await?,
        };
        Some(self.client.referral.admit_placement(request).await.map(drop))
    }

    async fn discharge(&mut self) -> Option<Result<(), Status>> {
        let admitted = "SELECT placement_id FROM placements WHERE state = 'admitted'";
        let request = v1::DischargePlacementRequest {
            request_id: request_id(),
            placement_id: self.any(admitted).await?,
            destination: v1::DischargeDestination::Family as i32,
        };
        Some(self.client.referral.discharge_placement(request).await.map(drop))
    }

    /// Of one facility its officer says so at any time; of the others, somebody else after the admission deadline.
    async fn no_show(&mut self) -> Option<Result<(), Status>> {
        let reserved = "SELECT placement_id FROM placements WHERE state = 'reserved'";
        let placement_id = self.any(reserved).await?;
        if self.chance.random_bool(0.8) {
            let (_, id) = placement_id.split_once('-').unwrap();
            let make_due =
                "UPDATE placements SET admit_before = now() WHERE placement_id = $1 AND state = 'reserved'";
            let query = sqlx::query(make_due).bind(Uuid::parse_str(id).unwrap());
            query.execute(&self.database).await.unwrap();
        }
        let reasons = [v1::NoShowReason::DidNotArrive, v1::NoShowReason::PersonRefused];
        let request = v1::MarkNoShowRequest {
            request_id: request_id(),
            placement_id,
            reason: reasons[self.chance.random_range(0..2)] as i32,
            ..v1::MarkNoShowRequest::default()
        };
        Some(self.client.referral.mark_no_show(request).await.map(drop))
    }

    async fn transfer(&mut self) -> Option<Result<(), Status>> {
        let served = "SELECT case_id FROM cases WHERE state = 'in_service'";
        let request = v1::RequestTransferRequest {
            request_id: request_id(),
            case_id: self.any(served).await?,
            reason: v1::TransferReason::NearerToFamily as i32,
            ..v1::RequestTransferRequest::default()
        };
        Some(self.client.referral.request_transfer(request).await.map(drop))
    }

    async fn cancel_transfer(&mut self) -> Option<Result<(), Status>> {
        let served = "SELECT case_id FROM cases WHERE state = 'in_service'";
        let request = v1::CancelTransferRequest {
            request_id: request_id(),
            case_id: self.any(served).await?,
            version: 0,
        };
        Some(self.client.referral.cancel_transfer(request).await.map(drop))
    }

    /// Any two, in either order; some of them are served or offered at that moment.
    async fn link(&mut self) -> Option<Result<(), Status>> {
        let waiting = "SELECT case_id FROM cases WHERE state IN ('triaged', 'waiting', 'no_candidate')";
        let open = "SELECT case_id FROM cases WHERE next_deadline IS NOT NULL";
        let request = v1::LinkCasesRequest {
            request_id: request_id(),
            main_case_id: self.any(open).await?,
            case_id: self.any(waiting).await?,
        };
        Some(self.client.cases.link_cases(request).await.map(drop))
    }

    async fn report(&mut self) -> Result<(), Status> {
        let total = self.chance.random_range(4..10);
        let occupied = self.chance.random_range(0..=total);
        let at = serasi_hub::clock::Clock::system().now();
        let request = v1::ReportCapacityRequest {
            request_id: request_id(),
            facility_id: self.any_facility(),
            observe_time: Some(pbjson_types::Timestamp {
                seconds: at.unix_timestamp(),
                nanos: i32::try_from(at.nanosecond()).unwrap(),
            }),
            pools: vec![places(total, occupied)],
            ..v1::ReportCapacityRequest::default()
        };
        self.client.facilities.report_capacity(request).await.map(drop)
    }

    async fn suspend(&mut self) -> Result<(), Status> {
        let request = v1::SuspendFacilityRequest {
            request_id: request_id(),
            facility_id: self.any_facility(),
            reason: "renovasi".to_owned(),
            ..v1::SuspendFacilityRequest::default()
        };
        self.client.facilities.suspend_facility(request).await.map(drop)
    }

    async fn resume(&mut self) -> Result<(), Status> {
        let request = v1::ResumeFacilityRequest {
            request_id: request_id(),
            facility_id: self.any_facility(),
            version: 0,
        };
        self.client.facilities.resume_facility(request).await.map(drop)
    }

    async fn resolve(&mut self) -> Option<Result<(), Status>> {
        let waiting = "SELECT case_id FROM cases WHERE state IN ('triaged', 'waiting', 'no_candidate')";
        let request = v1::ResolveDirectlyRequest {
            request_id: request_id(),
            case_id: self.any(waiting).await?,
            version: 0,
            resolution: "Dibantu di tempat.".to_owned(),
        };
        Some(self.client.cases.resolve_directly(request).await.map(drop))
    }

    /// Makes an offer due; which replica expires it, and before whose answer, is chance.
    async fn let_expire(&mut self) -> Option<Result<(), Status>> {
        let offer = self.any_live_offer().await?;
        let (_, id) = offer.split_once('-').unwrap();
        let make_due =
            "UPDATE offers SET expires_at = now() WHERE offer_id = $1 AND state IN ('offered', 'seen')";
        let query = sqlx::query(make_due).bind(Uuid::parse_str(id).unwrap());
        query.execute(&self.database).await.unwrap();
        Some(Ok(()))
    }
}
