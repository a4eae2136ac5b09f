//! The calls, as clients make them.

use serasi_hub::clock::Clock;
use serasi_proto::v1;
use serasi_tests::Client;
use serasi_tests::build::{intake, pool, request_id, submit};
use tonic::Status;

use crate::model::{Case, CaseState};
use crate::operation::{CaseOperation, Submission};
use crate::seen::Id;
use crate::world::{BETWEEN_LOOKS, LOOKS, PROVINCES, World, id_of};

impl World {
    pub(crate) async fn submit(&mut self, urgency: v1::Urgency, places: i32, submission: Submission) -> Case {
        self.reports += 1;
        let others = PROVINCES.iter().filter(|province| **province != self.province);
        let report = v1::Intake {
            region_code: self.regency.clone(),
            urgency: urgency as i32,
            cluster: match submission {
                Submission::Routed | Submission::RouteLater => v1::Cluster::Anak as i32,
                Submission::WithoutCluster => 0,
            },
            need: Some(v1::Need {
                places,
                excluded_region_codes: others.map(|province| (*province).to_owned()).collect(),
                ..v1::Need::default()
            }),
            ..intake(&format!("{}-{}", self.province, self.reports))
        };
        let request = v1::SubmitIntakeRequest {
            route_later: submission == Submission::RouteLater,
            ..submit(report)
        };
        let answer = self
            .client
            .intake
            .submit_intake(request)
            .await
            .unwrap()
            .into_inner();
        let state = match submission {
            Submission::Routed => CaseState::Searched,
            Submission::RouteLater => CaseState::Triaged,
            Submission::WithoutCluster => CaseState::Received,
        };
        Case::new(id_of(&answer.case.unwrap().case_id), urgency, places, state)
    }

    /// The id as clients have it.
    pub(crate) fn id(&self, id: Id) -> String {
        format!("{}-{}", self.regency.replace('.', ""), id.0)
    }

    pub(crate) async fn call(&mut self, case: &Case, operation: CaseOperation) -> Result<(), Status> {
        match operation {
            CaseOperation::Triage | CaseOperation::Route | CaseOperation::ResolveDirectly => {
                self.call_case(self.id(case.id), operation).await
            }
            CaseOperation::MarkSeen
            | CaseOperation::Accept
            | CaseOperation::Decline(_)
            | CaseOperation::Withdraw { .. } => {
                let offer = case.offers.last().unwrap();
                let officer = self.officers[offer.facility].clone();
                Self::call_offer(officer, self.id(offer.id), operation).await
            }
            CaseOperation::Expire => {
                self.let_expire(case.offers.last().unwrap().id).await;
                Ok(())
            }
            CaseOperation::Admit
            | CaseOperation::NoShow(_)
            | CaseOperation::Cancel(_)
            | CaseOperation::Discharge(_) => {
                let placement = case.placement_for(operation).unwrap();
                let officer = self.officers[placement.facility].clone();
                Self::call_placement(officer, self.id(placement.id), operation).await
            }
            CaseOperation::RequestTransfer
            | CaseOperation::CancelTransfer
            | CaseOperation::Close(_)
            | CaseOperation::Reopen
            | CaseOperation::Link
            | CaseOperation::Unlink => self.call_service(case, operation).await,
            CaseOperation::Work => self.work(self.id(case.id), case.work).await,
            CaseOperation::Overdue => {
                self.let_the_deadline_pass(case.id, case.escalations).await;
                Ok(())
            }
        }
    }

    async fn call_case(&mut self, case_id: String, operation: CaseOperation) -> Result<(), Status> {
        let request_id = request_id();
        let Client { cases, referral, .. } = &mut self.client;
        if matches!(operation, CaseOperation::Triage) {
            let request = v1::TriageCaseRequest {
                request_id,
                case_id,
                cluster: v1::Cluster::Anak as i32,
                ..v1::TriageCaseRequest::default()
            };
            cases.triage_case(request).await.map(drop)
        } else if matches!(operation, CaseOperation::Route) {
            let request = v1::RouteCaseRequest {
                request_id,
                case_id,
                version: 0,
                use_active_policy: false,
            };
            referral.route_case(request).await.map(drop)
        } else {
            let request = v1::ResolveDirectlyRequest {
                request_id,
                case_id,
                version: 0,
                resolution: "Dibantu di tempat.".to_owned(),
            };
            cases.resolve_directly(request).await.map(drop)
        }
    }

    /// In the name of the facility that is asked, whose officer alone says that an offer has been seen.
    async fn call_offer(
        Client { mut referral, .. }: Client,
        offer_id: String,
        operation: CaseOperation,
    ) -> Result<(), Status> {
        let request_id = request_id();
        if let CaseOperation::Decline(reason) = operation {
            let request = decline(request_id, offer_id, reason);
            referral.decline_offer(request).await.map(drop)
        } else if let CaseOperation::Withdraw { reason, route_later } = operation {
            let request = v1::WithdrawOfferRequest {
                request_id,
                offer_id,
                reason: reason as i32,
                note: "catatan".to_owned(),
                route_later,
            };
            referral.withdraw_offer(request).await.map(drop)
        } else if matches!(operation, CaseOperation::Accept) {
            let request = v1::AcceptOfferRequest {
                request_id,
                offer_id,
                capacity: None,
            };
            referral.accept_offer(request).await.map(drop)
        } else {
            let request = v1::MarkOfferSeenRequest { request_id, offer_id };
            referral.mark_offer_seen(request).await.map(drop)
        }
    }

    /// Makes the offer due; the hub does the rest.
    async fn let_expire(&mut self, offer: Id) {
        let make_due = "UPDATE offers SET expires_at = now() - interval '1 second' WHERE offer_id = $1";
        sqlx::query(make_due)
            .bind(offer.0)
            .execute(&mut self.connection)
            .await
            .unwrap();
        for _ in 0..LOOKS {
            let state: String = sqlx::query_scalar("SELECT state FROM offers WHERE offer_id = $1")
                .bind(offer.0)
                .fetch_one(&mut self.connection)
                .await
                .unwrap();
            if state == "expired" {
                return;
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
        panic!("an offer that was due did not expire");
    }

    pub(crate) async fn report(
        &mut self,
        facility: usize,
        total: i32,
        occupied: i32,
        overflow: i32,
    ) -> Result<(), Status> {
        let request = v1::ReportCapacityRequest {
            request_id: request_id(),
            facility_id: self.facilities[facility].clone(),
            observe_time: Some(timestamp(time::Duration::ZERO)),
            pools: vec![v1::CapacityReport {
                overflow,
                ..pool(total, occupied)
            }],
            ..v1::ReportCapacityRequest::default()
        };
        self.client.facilities.report_capacity(request).await.map(drop)
    }

    pub(crate) async fn suspend(&mut self, facility: usize) -> Result<(), Status> {
        let request = v1::SuspendFacilityRequest {
            request_id: request_id(),
            facility_id: self.facilities[facility].clone(),
            reason: "renovasi".to_owned(),
            ..v1::SuspendFacilityRequest::default()
        };
        self.client.facilities.suspend_facility(request).await.map(drop)
    }

    pub(crate) async fn resume(&mut self, facility: usize) -> Result<(), Status> {
        let request = v1::ResumeFacilityRequest {
            request_id: request_id(),
            facility_id: self.facilities[facility].clone(),
            version: 0,
        };
        self.client.facilities.resume_facility(request).await.map(drop)
    }
}

fn decline(request_id: String, offer_id: String, reason: v1::DeclineReason) -> v1::DeclineOfferRequest {
    let is_parked = reason == v1::DeclineReason::NotNow;
    v1::DeclineOfferRequest {
        request_id,
        offer_id,
        reason: reason as i32,
        note: "catatan".to_owned(),
        retry_time: is_parked.then(|| timestamp(time::Duration::hours(1))),
    }
}

/// So long from now.
fn timestamp(after: time::Duration) -> pbjson_types::Timestamp {
    let at = Clock::system().now() + after;
    pbjson_types::Timestamp {
        seconds: at.unix_timestamp(),
        nanos: i32::try_from(at.nanosecond()).unwrap(),
    }
}
