//! The calls about placements, transfers, stages and endings.

use serasi_proto::v1;
use serasi_tests::Client;
use serasi_tests::build::request_id;
use tonic::Status;

use crate::model::{Case, LAST_STEP};
use crate::operation::CaseOperation;
use crate::seen::Id;
use crate::world::{BETWEEN_LOOKS, LOOKS, World};

impl World {
    /// In the name of the house: nobody comes before somebody there says so.
    pub(crate) async fn call_placement(
        mut officer: Client,
        placement_id: String,
        operation: CaseOperation,
    ) -> Result<(), Status> {
        let request_id = request_id();
        let note = "catatan".to_owned();
        let referral = &mut officer.referral;
        if let CaseOperation::Discharge(to) = operation {
            let request = v1::DischargePlacementRequest {
                request_id,
                placement_id,
                destination: to as i32,
            };
            referral.discharge_placement(request).await.map(drop)
        } else if let CaseOperation::NoShow(reason) = operation {
            let request = v1::MarkNoShowRequest {
                request_id,
                placement_id,
                reason: reason as i32,
                note,
                route_later: false,
            };
            referral.mark_no_show(request).await.map(drop)
        } else if let CaseOperation::Cancel(reason) = operation {
            let request = v1::CancelPlacementRequest {
                request_id,
                placement_id,
                reason: reason as i32,
                note,
                route_later: false,
            };
            referral.cancel_placement(request).await.map(drop)
        } else {
            let request = v1::AdmitPlacementRequest {
                request_id,
                placement_id,
            };
            referral.admit_placement(request).await.map(drop)
        }
    }

    pub(crate) async fn call_service(&mut self, case: &Case, operation: CaseOperation) -> Result<(), Status> {
        let request_id = request_id();
        let case_id = self.id(case.id);
        let main_case_id = self.main.map(|main| self.id(main)).unwrap_or_default();
        let version = 0;
        if let CaseOperation::Close(reason) = operation {
            let request = v1::CloseCaseRequest {
                request_id,
                case_id,
                version,
                reason: reason as i32,
                note: "catatan".to_owned(),
            };
            self.client.cases.close_case(request).await.map(drop)
        } else if matches!(operation, CaseOperation::Reopen) {
            let request = v1::ReopenCaseRequest {
                request_id,
                case_id,
                version,
            };
            self.client.cases.reopen_case(request).await.map(drop)
        } else if matches!(operation, CaseOperation::Link) {
            let request = v1::LinkCasesRequest {
                request_id,
                main_case_id,
                case_id,
            };
            self.client.cases.link_cases(request).await.map(drop)
        } else if matches!(operation, CaseOperation::Unlink) {
            let request = v1::UnlinkCasesRequest { request_id, case_id };
            self.client.cases.unlink_cases(request).await.map(drop)
        } else if matches!(operation, CaseOperation::CancelTransfer) {
            let request = v1::CancelTransferRequest {
                request_id,
                case_id,
                version,
            };
            self.client.referral.cancel_transfer(request).await.map(drop)
        } else {
            let request = v1::RequestTransferRequest {
                request_id,
                case_id,
                version,
                reason: v1::TransferReason::NeedsOtherService as i32,
                need: None,
            };
            self.client.referral.request_transfer(request).await.map(drop)
        }
    }

    /// The next thing for the stages of a case that has come to `step`.
    pub(crate) async fn work(&mut self, case_id: String, step: usize) -> Result<(), Status> {
        let request_id = request_id();
        let version = 0;
        let profession = v1::Profession::SocialWorker as i32;
        let text = "catatan".to_owned();
        match step {
            1 | 5 => {
                let stage = if step == 1 {
                    v1::Stage::Access
                } else {
                    v1::Stage::InitialApproach
                };
                let request = v1::SignOffStageRequest {
                    request_id,
                    case_id,
                    version,
                    stage: stage as i32,
                };
                self.supervisor.cases.sign_off_stage(request).await.map(drop)
            }
            2 => {
                let request = v1::AdvanceStageRequest {
                    request_id,
                    case_id,
                    version,
                    respond_first: false,
                };
                self.client.cases.advance_stage(request).await.map(drop)
            }
            4 => {
                let request = v1::RecordPlanRequest {
                    request_id,
                    case_id,
                    part: v1::PlanPart::InitialAgreement as i32,
                    profession,
                    text,
                    ..v1::RecordPlanRequest::default()
                };
                self.client.cases.record_plan(request).await.map(drop)
            }
            0 | 3 | LAST_STEP => {
                let kind = if step == 0 {
                    v1::AssessmentKind::AccessReview
                } else {
                    v1::AssessmentKind::Initial
                };
                let request = v1::RecordAssessmentRequest {
                    request_id,
                    case_id,
                    kind: kind as i32,
                    profession,
                    text,
                    ..v1::RecordAssessmentRequest::default()
                };
                self.client.cases.record_assessment(request).await.map(drop)
            }
            other => panic!("no such step: {other}"),
        }
    }

    /// Makes the case overdue; the hub does the rest. Whom a waiting case waits for may change at that moment, which starts
    /// its clock anew: then it is made overdue again.
    pub(crate) async fn let_the_deadline_pass(&mut self, case: Id, escalations: i32) {
        let pass = "UPDATE cases SET next_deadline = now() - interval '1 second'
             WHERE case_id = $1 AND escalations = $2 AND next_deadline > now()";
        for _ in 0..LOOKS {
            sqlx::query(pass)
                .bind(case.0)
                .bind(escalations)
                .execute(&mut self.connection)
                .await
                .unwrap();
            let called: i32 = sqlx::query_scalar("SELECT escalations FROM cases WHERE case_id = $1")
                .bind(case.0)
                .fetch_one(&mut self.connection)
                .await
                .unwrap();
            if called > escalations {
                return;
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
        panic!("nobody was called for a case whose deadline passed");
    }
}
