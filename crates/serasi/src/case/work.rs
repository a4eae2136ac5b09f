//! `serasi stage` and the transfers of `serasi case`: what is written down in the stages, who signs them, how they follow
//! each other, and where the persons are to go.

use serasi_proto::v1::{
    AdvanceStageRequest, AssessmentKind, CancelTransferRequest, Case, ConferenceKind, PlanPart,
    RecordAssessmentRequest, RecordConferenceRequest, RecordIndicatorsRequest, RecordKind, RecordPlanRequest,
    RecordServiceRequest, RequestTransferRequest, SignOffStageRequest, StageProgress, StartAftercareRequest,
};
use serde::Serialize;

use super::clock;
use super::stages::stages_text;
use crate::cli::{AdvanceArgs, AftercareArgs, ClientOptions, RecordArgs, SignArgs, TransferArgs};
use crate::client::Hub;
use crate::error::CliError;
use crate::exit::Exit;
use crate::outcome::outcome_text;
use crate::output::Output;
use crate::request_id;
use crate::text_file;

/// Writes something down. Who says it twice has written it twice.
pub(crate) async fn record(
    options: &ClientOptions,
    args: &RecordArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    match args.kind {
        RecordKind::AccessReview => assess(options, args, AssessmentKind::AccessReview, output).await,
        RecordKind::InitialAssessment => assess(options, args, AssessmentKind::Initial, output).await,
        RecordKind::CaseResponse => assess(options, args, AssessmentKind::CaseResponse, output).await,
        RecordKind::ComprehensiveAssessment => {
            assess(options, args, AssessmentKind::Comprehensive, output).await
        }
        RecordKind::AftercareAssessment => assess(options, args, AssessmentKind::Aftercare, output).await,
        RecordKind::InitialAgreement => plan(options, args, PlanPart::InitialAgreement, output).await,
        RecordKind::ResourceMap => plan(options, args, PlanPart::ResourceMap, output).await,
        RecordKind::ServicePlan => plan(options, args, PlanPart::ServicePlan, output).await,
        RecordKind::JointDecision => plan(options, args, PlanPart::JointDecision, output).await,
        RecordKind::Termination => plan(options, args, PlanPart::Termination, output).await,
        RecordKind::CaseConference => confer(options, args, ConferenceKind::Case, output).await,
        RecordKind::FamilyConference => confer(options, args, ConferenceKind::Family, output).await,
        RecordKind::Service => serve(options, args, output).await,
        RecordKind::Indicators => measure(options, args, output).await,
        RecordKind::Unspecified => Err(CliError::Usage("say the --kind of the record".to_owned())),
    }
}

async fn assess(
    options: &ClientOptions,
    args: &RecordArgs,
    kind: AssessmentKind,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let request = RecordAssessmentRequest {
        request_id: request_id::fresh().to_string(),
        case_id: args.case.case_id.clone(),
        version: 0,
        kind: kind.into(),
        profession: args.profession.into(),
        text: text_file::read(&args.text)?,
        aspects: args.aspect.iter().map(|&aspect| aspect.into()).collect(),
        duration_days: args.days,
    };
    let mut client = Hub::connect(options).await?.cases();
    let response = client.record_assessment(request).await?.into_inner();
    told(
        &response,
        "recorded",
        response.case.as_ref(),
        &response.stages,
        output,
    )
}

async fn plan(
    options: &ClientOptions,
    args: &RecordArgs,
    part: PlanPart,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let request = RecordPlanRequest {
        request_id: request_id::fresh().to_string(),
        case_id: args.case.case_id.clone(),
        version: 0,
        part: part.into(),
        profession: args.profession.into(),
        text: text_file::read(&args.text)?,
        bases: args.base.iter().map(|&base| base.into()).collect(),
        forms: args.form.iter().map(|&form| form.into()).collect(),
        funding: args.funding.map_or(0, Into::into),
    };
    let mut client = Hub::connect(options).await?.cases();
    let response = client.record_plan(request).await?.into_inner();
    told(
        &response,
        "recorded",
        response.case.as_ref(),
        &response.stages,
        output,
    )
}

async fn confer(
    options: &ClientOptions,
    args: &RecordArgs,
    kind: ConferenceKind,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let request = RecordConferenceRequest {
        request_id: request_id::fresh().to_string(),
        case_id: args.case.case_id.clone(),
        version: 0,
        kind: kind.into(),
        profession: args.profession.into(),
        text: text_file::read(&args.text)?,
        duration_days: args.days,
    };
    let mut client = Hub::connect(options).await?.cases();
    let response = client.record_conference(request).await?.into_inner();
    told(
        &response,
        "recorded",
        response.case.as_ref(),
        &response.stages,
        output,
    )
}

async fn serve(
    options: &ClientOptions,
    args: &RecordArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let request = RecordServiceRequest {
        request_id: request_id::fresh().to_string(),
        case_id: args.case.case_id.clone(),
        version: 0,
        profession: args.profession.into(),
        text: text_file::read(&args.text)?,
        bases: args.base.iter().map(|&base| base.into()).collect(),
        forms: args.form.iter().map(|&form| form.into()).collect(),
        funding: args.funding.map_or(0, Into::into),
    };
    let mut client = Hub::connect(options).await?.cases();
    let response = client.record_service(request).await?.into_inner();
    told(
        &response,
        "recorded",
        response.case.as_ref(),
        &response.stages,
        output,
    )
}

async fn measure(
    options: &ClientOptions,
    args: &RecordArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let request = RecordIndicatorsRequest {
        request_id: request_id::fresh().to_string(),
        case_id: args.case.case_id.clone(),
        version: 0,
        profession: args.profession.into(),
        text: text_file::read(&args.text)?,
        indicators: args.indicator.clone(),
    };
    let mut client = Hub::connect(options).await?.cases();
    let response = client.record_indicators(request).await?.into_inner();
    told(
        &response,
        "recorded",
        response.case.as_ref(),
        &response.stages,
        output,
    )
}

/// Signs a stage off.
pub(crate) async fn sign(
    options: &ClientOptions,
    args: &SignArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let request = SignOffStageRequest {
        request_id: request_id::fresh().to_string(),
        case_id: args.case.case_id.clone(),
        version: 0,
        stage: args.stage.into(),
    };
    let mut client = Hub::connect(options).await?.cases();
    let response = client.sign_off_stage(request).await?.into_inner();
    told(
        &response,
        "signed",
        response.case.as_ref(),
        &response.stages,
        output,
    )
}

/// Begins the next stage.
pub(crate) async fn advance(
    options: &ClientOptions,
    args: &AdvanceArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let request = AdvanceStageRequest {
        request_id: request_id::fresh().to_string(),
        case_id: args.case.case_id.clone(),
        version: 0,
        respond_first: args.respond_first,
    };
    let mut client = Hub::connect(options).await?.cases();
    let response = client.advance_stage(request).await?.into_inner();
    told(
        &response,
        "begun",
        response.case.as_ref(),
        &response.stages,
        output,
    )
}

/// Ends the service as planned.
pub(crate) async fn aftercare(
    options: &ClientOptions,
    args: &AftercareArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let request = StartAftercareRequest {
        request_id: request_id::fresh().to_string(),
        case_id: args.case.case_id.clone(),
        version: 0,
        destination: args.to.map_or(0, Into::into),
    };
    let mut client = Hub::connect(options).await?.cases();
    let response = client.start_aftercare(request).await?.into_inner();
    told(
        &response,
        "begun",
        response.case.as_ref(),
        &response.stages,
        output,
    )
}

/// Looks for another facility; the persons stay until somebody accepts and they are admitted there.
pub(crate) async fn transfer(
    options: &ClientOptions,
    args: &TransferArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let request = RequestTransferRequest {
        request_id: request_id::fresh().to_string(),
        case_id: args.case.case_id.clone(),
        version: 0,
        reason: args.reason.into(),
        need: None,
    };
    let mut client = Hub::connect(options).await?.referrals();
    let response = client.request_transfer(request).await?.into_inner();
    if output.is_json() {
        output.json_line(&response)?;
        return Ok(Exit::Done);
    }
    let case = response.case.unwrap_or_default();
    let outcome = response.outcome.unwrap_or_default();
    output.line(outcome_text(&outcome, clock(&case)))?;
    Ok(Exit::Done)
}

/// The persons stay where they are.
pub(crate) async fn stay(
    options: &ClientOptions,
    case_id: &str,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let request = CancelTransferRequest {
        request_id: request_id::fresh().to_string(),
        case_id: case_id.to_owned(),
        version: 0,
    };
    let mut client = Hub::connect(options).await?.referrals();
    let response = client.cancel_transfer(request).await?.into_inner();
    told(
        &response,
        "transfer cancelled",
        response.case.as_ref(),
        &[],
        output,
    )
}

fn told(
    response: &impl Serialize,
    done: &str,
    case: Option<&Case>,
    stages: &[StageProgress],
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    if output.is_json() {
        output.json_line(response)?;
        return Ok(Exit::Done);
    }
    let case = case.cloned().unwrap_or_default();
    let clock = clock(&case);
    let deadline = clock.show(case.next_deadline.as_ref());
    output.line(format!("{done}: case {}, act before {deadline}", case.case_id))?;
    if !stages.is_empty() {
        output.line(stages_text(stages, clock))?;
    }
    Ok(Exit::Done)
}
