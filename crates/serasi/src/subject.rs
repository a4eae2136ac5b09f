//! `serasi subject`: the rights of persons over their own data, and the list for the notice of a breach.

mod affected;
mod export;

use serasi_proto::v1::{
    AnswerSubjectRequestRequest, FreezeSubjectRequest, LiftAccessDangerRequest, ListSubjectRequestsRequest,
    RecordSubjectRequestRequest, SetAccessDangerRequest, SubjectRefusal, SubjectRequest, SubjectRequestKind,
    SubjectRequestState, SubjectRequester, SubjectStatus, UnfreezeSubjectRequest,
};

use crate::audit::timestamp;
use crate::cli::{AnswerArgs, ClientOptions, RequestArgs, Subject, SubjectListArgs};
use crate::client::Hub;
use crate::codes::label;
use crate::error::CliError;
use crate::exit::Exit;
use crate::local_time::Clock;
use crate::output::Output;
use crate::pages::collect;
use crate::request_id;
use crate::table::facts;

const HEADER: [&str; 7] = [
    "request", "person", "asks for", "asked by", "due", "state", "article",
];

pub(crate) async fn run(
    options: &ClientOptions,
    command: &Subject,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    match command {
        Subject::Request(args) => request(options, args, output).await,
        Subject::Answer(args) => answer(options, args, output).await,
        Subject::List(args) => list(options, args, output).await,
        Subject::Export(args) => export::export(options, args, output).await,
        Subject::Affected(args) => affected::list(options, args, output).await,
        Subject::Freeze(person) => freeze(options, &person.person_id, output).await,
        Subject::Unfreeze(person) => unfreeze(options, &person.person_id, output).await,
        Subject::Danger(person) => danger(options, &person.person_id, output).await,
        Subject::LiftDanger(person) => lift_danger(options, &person.person_id, output).await,
    }
}

async fn request(
    options: &ClientOptions,
    args: &RequestArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let request = RecordSubjectRequestRequest {
        // Who asks again next year asks anew.
        request_id: request_id::fresh().to_string(),
        person_id: args.person.person_id.clone(),
        kind: args.kind.into(),
        requester: args.by.into(),
        receive_time: args.received.map(timestamp),
        access_endangers: args.danger,
    };
    let hub = Hub::connect(options).await?;
    let response = hub.subjects().record_subject_request(request).await?.into_inner();
    show_request(&response.subject_request.unwrap_or_default(), output)
}

async fn answer(
    options: &ClientOptions,
    args: &AnswerArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let state = match args.refuse {
        Some(_) => SubjectRequestState::Refused,
        None => SubjectRequestState::Fulfilled,
    };
    let mut request = AnswerSubjectRequestRequest {
        request_id: String::new(),
        subject_request_id: args.subject_request_id.clone(),
        answer: state.into(),
        refusal: args.refuse.map_or(0, Into::into),
    };
    request.request_id = request_id::of_content("AnswerSubjectRequest", &request).to_string();
    let hub = Hub::connect(options).await?;
    let response = hub.subjects().answer_subject_request(request).await?.into_inner();
    show_request(&response.subject_request.unwrap_or_default(), output)
}

async fn list(
    options: &ClientOptions,
    args: &SubjectListArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let mut client = Hub::connect(options).await?.subjects();
    let found = collect(args.length, async |page_size, page_token| {
        let request = ListSubjectRequestsRequest {
            region_code: args.region.clone(),
            person_id: args.person.clone(),
            kind: args.kind.map_or(0, Into::into),
            open_only: args.open,
            overdue_only: args.overdue,
            page_size,
            page_token,
        };
        let page = client.list_subject_requests(request).await?.into_inner();
        Ok((page.subject_requests, page.next_page_token))
    });
    found.await?.print(output, &HEADER, row)?;
    Ok(Exit::Done)
}

async fn freeze(options: &ClientOptions, person: &str, output: &mut Output<'_>) -> Result<Exit, CliError> {
    let request = FreezeSubjectRequest {
        request_id: request_id::fresh().to_string(),
        person_id: person.to_owned(),
    };
    let hub = Hub::connect(options).await?;
    let response = hub.subjects().freeze_subject(request).await?.into_inner();
    show_status(&response.status.unwrap_or_default(), output)
}

async fn unfreeze(options: &ClientOptions, person: &str, output: &mut Output<'_>) -> Result<Exit, CliError> {
    let request = UnfreezeSubjectRequest {
        request_id: request_id::fresh().to_string(),
        person_id: person.to_owned(),
    };
    let hub = Hub::connect(options).await?;
    let response = hub.subjects().unfreeze_subject(request).await?.into_inner();
    show_status(&response.status.unwrap_or_default(), output)
}

async fn danger(options: &ClientOptions, person: &str, output: &mut Output<'_>) -> Result<Exit, CliError> {
    let request = SetAccessDangerRequest {
        request_id: request_id::fresh().to_string(),
        person_id: person.to_owned(),
    };
    let hub = Hub::connect(options).await?;
    let response = hub.subjects().set_access_danger(request).await?.into_inner();
    show_status(&response.status.unwrap_or_default(), output)
}

async fn lift_danger(
    options: &ClientOptions,
    person: &str,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let request = LiftAccessDangerRequest {
        request_id: request_id::fresh().to_string(),
        person_id: person.to_owned(),
    };
    let hub = Hub::connect(options).await?;
    let response = hub.subjects().lift_access_danger(request).await?.into_inner();
    show_status(&response.status.unwrap_or_default(), output)
}

fn show_status(status: &SubjectStatus, output: &mut Output<'_>) -> Result<Exit, CliError> {
    if output.is_json() {
        output.json_line(status)?;
        return Ok(Exit::Done);
    }
    let yes_or_no = |is_so: bool| if is_so { "yes" } else { "no" }.to_owned();
    output.line(facts([
        ("person", status.person_id.clone()),
        ("case", status.case_id.clone()),
        ("frozen", yes_or_no(status.frozen)),
        ("access endangers", yes_or_no(status.access_endangers)),
    ]))?;
    Ok(Exit::Done)
}

fn show_request(request: &SubjectRequest, output: &mut Output<'_>) -> Result<Exit, CliError> {
    if output.is_json() {
        output.json_line(request)?;
        return Ok(Exit::Done);
    }
    let clock = Clock::of_id(&request.person_id);
    output.line(facts([
        ("request", request.subject_request_id.clone()),
        ("person", request.person_id.clone()),
        ("case", request.case_id.clone()),
        ("asks for", label::<SubjectRequestKind>(request.kind)),
        ("asked by", label::<SubjectRequester>(request.requester)),
        ("received", clock.show(request.receive_time.as_ref())),
        ("due", clock.show(request.due_time.as_ref())),
        ("state", state_of(request)),
        ("article", request.article.clone()),
        ("answered", clock.show(request.answer_time.as_ref())),
    ]))?;
    Ok(Exit::Done)
}

fn row(request: &SubjectRequest) -> Vec<String> {
    let clock = Clock::of_id(&request.person_id);
    vec![
        request.subject_request_id.clone(),
        request.person_id.clone(),
        label::<SubjectRequestKind>(request.kind),
        label::<SubjectRequester>(request.requester),
        clock.show(request.due_time.as_ref()),
        state_of(request),
        request.article.clone(),
    ]
}

fn state_of(request: &SubjectRequest) -> String {
    let state = label::<SubjectRequestState>(request.state);
    if request.overdue {
        return format!("{state}, overdue");
    }
    match request.refusal {
        0 => state,
        refusal => format!("{state}: {}", label::<SubjectRefusal>(refusal)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_says_that_it_is_late_and_a_refusal_why() {
        let mut request = SubjectRequest {
            kind: SubjectRequestKind::Access.into(),
            state: SubjectRequestState::Open.into(),
            overdue: true,
            ..SubjectRequest::default()
        };
        assert!(row(&request).contains(&"open, overdue".to_owned()));
        request.state = SubjectRequestState::Refused.into();
        request.overdue = false;
        request.refusal = SubjectRefusal::DisclosesOthers.into();
        assert!(row(&request).contains(&"refused: discloses-others".to_owned()));
    }
}
