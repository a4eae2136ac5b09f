//! A case in the hands of a Pekerja Sosial, a supervisor and a facility: what the tests of service and ending share.

use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::build::{intake, request_id, submit};
use serasi_tests::{Client, TestHub};
use tonic::Status;

use crate::scene::case;

/// What everybody writes: personal.
pub(crate) const TEXT: &str = "Ibu Melati setuju anaknya tinggal sementara.";

pub(crate) const STAGES: [v1::Stage; 7] = [
    v1::Stage::Access,
    v1::Stage::InitialApproach,
    v1::Stage::Assessment,
    v1::Stage::Planning,
    v1::Stage::Implementation,
    v1::Stage::Monitoring,
    v1::Stage::Aftercare,
];

/// One case and who works on it.
pub(crate) struct Care {
    pub(crate) case_id: String,
    pub(crate) placement: v1::Placement,
    pub(crate) worker: Client,
    pub(crate) supervisor: Client,
    pub(crate) officer: Client,
    pub(crate) coordinator: Client,
}

impl Care {
    /// A case whose place is reserved.
    pub(crate) async fn placed(hub: &TestHub, report: v1::Intake) -> Self {
        let mut coordinator = hub.coordinator();
        let answer = coordinator.intake.submit_intake(submit(report)).await.unwrap();
        let offer = answer.into_inner().outcome.unwrap().offer.unwrap();
        let placement = accept(hub, &offer).await;
        // Who works in the case's own regency reads what is written in it; an id begins with its code.
        let (province, rest) = offer.case_id.split_at(2);
        let regency = format!("{province}.{}", &rest[..2]);
        Self {
            worker: hub.client(Role::SocialWorker, &regency),
            supervisor: hub.client(Role::Supervisor, &regency),
            case_id: offer.case_id,
            officer: hub.officer(&placement.facility_id),
            placement,
            coordinator,
        }
    }

    /// A case in service.
    pub(crate) async fn admitted(hub: &TestHub, reference: &str) -> Self {
        let mut care = Self::placed(hub, intake(reference)).await;
        care.placement = admit(&mut care.officer, &care.placement.placement_id)
            .await
            .unwrap();
        care
    }

    /// An emergency in service.
    pub(crate) async fn emergency(hub: &TestHub, reference: &str) -> Self {
        let report = v1::Intake {
            urgency: v1::Urgency::Emergency as i32,
            ..intake(reference)
        };
        let mut care = Self::placed(hub, report).await;
        care.placement = admit(&mut care.officer, &care.placement.placement_id)
            .await
            .unwrap();
        care
    }

    pub(crate) async fn case(&mut self) -> v1::Case {
        case(&mut self.coordinator, &self.case_id).await
    }

    pub(crate) fn assessment(&self, kind: v1::AssessmentKind) -> v1::RecordAssessmentRequest {
        let is_comprehensive = kind == v1::AssessmentKind::Comprehensive;
        v1::RecordAssessmentRequest {
            request_id: request_id(),
            case_id: self.case_id.clone(),
            version: 0,
            kind: kind as i32,
            profession: v1::Profession::SocialWorker as i32,
            text: TEXT.to_owned(),
            aspects: if is_comprehensive {
                vec![v1::AssessmentAspect::Psychosocial as i32]
            } else {
                vec![]
            },
            duration_days: 0,
        }
    }

    pub(crate) async fn assess(&mut self, kind: v1::AssessmentKind) -> Result<(), Status> {
        let request = self.assessment(kind);
        self.worker.cases.record_assessment(request).await.map(drop)
    }

    pub(crate) async fn plan(&mut self, part: v1::PlanPart) -> Result<(), Status> {
        let is_plan = part == v1::PlanPart::ServicePlan;
        let request = v1::RecordPlanRequest {
            request_id: request_id(),
            case_id: self.case_id.clone(),
            version: 0,
            part: part as i32,
            profession: v1::Profession::SocialWorker as i32,
            text: TEXT.to_owned(),
            bases: if is_plan {
                vec![v1::ServiceBase::Residential as i32]
            } else {
                vec![]
            },
            forms: vec![],
            funding: if is_plan {
                v1::FundingSource::Apbn as i32
            } else {
                0
            },
        };
        self.worker.cases.record_plan(request).await.map(drop)
    }

    pub(crate) async fn confer(&mut self, days: i32) -> Result<(), Status> {
        let request = v1::RecordConferenceRequest {
            request_id: request_id(),
            case_id: self.case_id.clone(),
            version: 0,
            kind: v1::ConferenceKind::Family as i32,
            profession: v1::Profession::Psychologist as i32,
            text: TEXT.to_owned(),
            duration_days: days,
        };
        self.worker.cases.record_conference(request).await.map(drop)
    }

    pub(crate) async fn serve(&mut self) -> Result<(), Status> {
        let request = v1::RecordServiceRequest {
            request_id: request_id(),
            case_id: self.case_id.clone(),
            version: 0,
            profession: v1::Profession::Therapist as i32,
            text: TEXT.to_owned(),
            bases: vec![v1::ServiceBase::Residential as i32],
            forms: vec![v1::ServiceForm::Therapy as i32],
            funding: 0,
        };
        self.worker.cases.record_service(request).await.map(drop)
    }

    pub(crate) async fn measure(&mut self, achieved: &[(v1::IndicatorKind, i32)]) -> Result<(), Status> {
        let indicators = achieved.iter().map(|(kind, achieved_percent)| v1::Indicator {
            kind: *kind as i32,
            achieved_percent: *achieved_percent,
        });
        let request = v1::RecordIndicatorsRequest {
            request_id: request_id(),
            case_id: self.case_id.clone(),
            version: 0,
            profession: v1::Profession::SocialWorker as i32,
            text: TEXT.to_owned(),
            indicators: indicators.collect(),
        };
        self.worker.cases.record_indicators(request).await.map(drop)
    }

    pub(crate) async fn sign(&mut self, stage: v1::Stage) -> Result<v1::SignOffStageResponse, Status> {
        let request = v1::SignOffStageRequest {
            request_id: request_id(),
            case_id: self.case_id.clone(),
            version: 0,
            stage: stage as i32,
        };
        let answer = self.supervisor.cases.sign_off_stage(request).await?;
        Ok(answer.into_inner())
    }

    pub(crate) async fn advance(&mut self, respond_first: bool) -> Result<v1::AdvanceStageResponse, Status> {
        let request = v1::AdvanceStageRequest {
            request_id: request_id(),
            case_id: self.case_id.clone(),
            version: 0,
            respond_first,
        };
        let answer = self.worker.cases.advance_stage(request).await?;
        Ok(answer.into_inner())
    }

    pub(crate) async fn start_aftercare(
        &mut self,
        destination: v1::DischargeDestination,
    ) -> Result<v1::StartAftercareResponse, Status> {
        let request = v1::StartAftercareRequest {
            request_id: request_id(),
            case_id: self.case_id.clone(),
            version: 0,
            destination: destination as i32,
        };
        let answer = self.worker.cases.start_aftercare(request).await?;
        Ok(answer.into_inner())
    }

    /// Writes all that `stage`, which has begun, needs.
    pub(crate) async fn fill(&mut self, stage: v1::Stage) {
        match stage {
            v1::Stage::Access => self.assess(v1::AssessmentKind::AccessReview).await.unwrap(),
            v1::Stage::InitialApproach => {
                self.assess(v1::AssessmentKind::Initial).await.unwrap();
                self.plan(v1::PlanPart::InitialAgreement).await.unwrap();
            }
            v1::Stage::Assessment => self.assess(v1::AssessmentKind::Comprehensive).await.unwrap(),
            v1::Stage::Planning => {
                self.plan(v1::PlanPart::ResourceMap).await.unwrap();
                self.plan(v1::PlanPart::ServicePlan).await.unwrap();
                self.plan(v1::PlanPart::JointDecision).await.unwrap();
                self.confer(60).await.unwrap();
            }
            v1::Stage::Implementation => self.serve().await.unwrap(),
            v1::Stage::Monitoring => {
                let all = [
                    v1::IndicatorKind::Input,
                    v1::IndicatorKind::Process,
                    v1::IndicatorKind::Output,
                    v1::IndicatorKind::Benefit,
                    v1::IndicatorKind::Impact,
                ];
                self.measure(&all.map(|kind| (kind, 80))).await.unwrap();
            }
            v1::Stage::Aftercare => self.plan(v1::PlanPart::Termination).await.unwrap(),
            v1::Stage::Unspecified => panic!("no stage"),
        }
    }

    /// Goes on until `stage` has begun; one that is in the way is filled and signed.
    pub(crate) async fn until(&mut self, stage: v1::Stage) {
        for (now, next) in STAGES.iter().zip(&STAGES[1..]) {
            if *now == stage {
                return;
            }
            self.fill(*now).await;
            self.sign(*now).await.unwrap();
            if *next == v1::Stage::Aftercare {
                self.assess(v1::AssessmentKind::Aftercare).await.unwrap();
                self.start_aftercare(v1::DischargeDestination::Family)
                    .await
                    .unwrap();
            } else {
                self.advance(false).await.unwrap();
            }
        }
    }

    pub(crate) async fn close(&mut self, reason: v1::CloseReason) -> Result<v1::Case, Status> {
        close(&mut self.coordinator, &self.case_id, reason).await
    }

    pub(crate) async fn request_transfer(&mut self) -> Result<v1::RequestTransferResponse, Status> {
        let request = v1::RequestTransferRequest {
            request_id: request_id(),
            case_id: self.case_id.clone(),
            version: 0,
            reason: v1::TransferReason::NearerToFamily as i32,
            need: None,
        };
        let answer = self.officer.referral.request_transfer(request).await?;
        Ok(answer.into_inner())
    }

    pub(crate) async fn cancel_transfer(&mut self) -> Result<v1::Case, Status> {
        let request = v1::CancelTransferRequest {
            request_id: request_id(),
            case_id: self.case_id.clone(),
            version: 0,
        };
        let answer = self.worker.referral.cancel_transfer(request).await?;
        Ok(answer.into_inner().case.unwrap())
    }

    pub(crate) async fn discharge(&mut self, to: v1::DischargeDestination) -> Result<v1::Placement, Status> {
        let request = v1::DischargePlacementRequest {
            request_id: request_id(),
            placement_id: self.placement.placement_id.clone(),
            destination: to as i32,
        };
        let answer = self.officer.referral.discharge_placement(request).await?;
        Ok(answer.into_inner().placement.unwrap())
    }
}

pub(crate) async fn close(
    client: &mut Client,
    case_id: &str,
    reason: v1::CloseReason,
) -> Result<v1::Case, Status> {
    let request = v1::CloseCaseRequest {
        request_id: request_id(),
        case_id: case_id.to_owned(),
        version: 0,
        reason: reason as i32,
        note: "Sudah dibicarakan.".to_owned(),
    };
    let answer = client.cases.close_case(request).await?;
    Ok(answer.into_inner().case.unwrap())
}

pub(crate) async fn accept(hub: &TestHub, offer: &v1::Offer) -> v1::Placement {
    let request = v1::AcceptOfferRequest {
        request_id: request_id(),
        offer_id: offer.offer_id.clone(),
        capacity: None,
    };
    let mut officer = hub.officer(&offer.facility_id);
    let answer = officer.referral.accept_offer(request).await.unwrap();
    answer.into_inner().placement.unwrap()
}

pub(crate) async fn admit(officer: &mut Client, placement_id: &str) -> Result<v1::Placement, Status> {
    let request = v1::AdmitPlacementRequest {
        request_id: request_id(),
        placement_id: placement_id.to_owned(),
    };
    let answer = officer.referral.admit_placement(request).await?;
    Ok(answer.into_inner().placement.unwrap())
}

/// Makes the case overdue; the hub does the rest.
pub(crate) async fn let_the_deadline_pass(hub: &TestHub, case_id: &str) {
    let mut connection = hub.database.connect().await;
    let pass = "UPDATE cases SET next_deadline = now() - interval '1 second' WHERE case_id = $1";
    let (_, id) = case_id.split_once('-').unwrap();
    sqlx::query(pass)
        .bind(uuid::Uuid::parse_str(id).unwrap())
        .execute(&mut connection)
        .await
        .unwrap();
}

/// The kinds of events of a case, in order.
pub(crate) async fn events(hub: &TestHub, case_id: &str) -> Vec<String> {
    let mut connection = hub.database.connect().await;
    sqlx::query_scalar("SELECT kind FROM events WHERE subject_id = $1 ORDER BY subject_version")
        .bind(case_id)
        .fetch_all(&mut connection)
        .await
        .unwrap()
}
