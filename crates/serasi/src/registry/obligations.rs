//! `serasi registry obligations|acknowledge`: who is owed a registration, and that the dinas has the report.

use std::path::Path;

use serasi_proto::v1::registry_service_client::RegistryServiceClient;
use serasi_proto::v1::{
    AcknowledgeReportRequest, EntryCode, EntryResult, ListObligationsRequest, ObligationState,
    OwedRegistration,
};

use super::dtks::ListFile;
use crate::cli::{AcknowledgeArgs, ClientOptions, ObligationsArgs};
use crate::client::{Authorized, Hub};
use crate::codes::label;
use crate::error::CliError;
use crate::exit::Exit;
use crate::local_time::Clock;
use crate::output::Output;
use crate::pages::{List, collect};
use crate::request_id;

/// Entries the hub takes at a time.
pub(super) const BATCH: usize = 200;
/// Largest page a hub gives.
const MAX_PAGE: i32 = 200;

const HEADER: [&str; 7] = [
    "person",
    "obligation",
    "addressee",
    "owed since",
    "due",
    "follow-ups",
    "taken by",
];

/// Lists them: where they stand for a person, or who they are as a file for the dinas.
pub(crate) async fn obligations(
    options: &ClientOptions,
    args: &ObligationsArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let filter = ListObligationsRequest {
        addressee_region_code: args.addressee.clone().unwrap_or_default(),
        region_code: args.region.clone().unwrap_or_default(),
        states: args.state.iter().map(|state| i32::from(*state)).collect(),
        overdue_only: args.overdue,
        min_age_days: args.older_than.map_or(0, i32::from),
        ..ListObligationsRequest::default()
    };
    if let Some(path) = &args.csv {
        return keep(options, filter, path, output).await;
    }
    let mut client = Hub::connect(options).await?.registry();
    let found = collect(args.length, async |page_size, page_token| {
        let request = ListObligationsRequest {
            page_size,
            page_token,
            without_persons: true,
            ..filter.clone()
        };
        let page = client.list_obligations(request).await?.into_inner();
        Ok((page.owed, page.next_page_token))
    });
    let found: List<OwedRegistration> = found.await?;
    found.print(output, &HEADER, row)?;
    Ok(Exit::Done)
}

/// Writes all of them to a file, and says that the dinas has those that are addressed to it once the file is safe. Who
/// is stopped before does the same again: nothing was said.
async fn keep(
    options: &ClientOptions,
    filter: ListObligationsRequest,
    path: &Path,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let mut list = ListFile::start(path)?;
    let mut client = Hub::connect(options).await?.registry();
    let (mut people, mut masked, mut new) = (0_u64, 0_u64, vec![]);
    let mut page_token = String::new();
    loop {
        let request = ListObligationsRequest {
            page_size: MAX_PAGE,
            page_token,
            ..filter.clone()
        };
        let page = client.list_obligations(request).await?.into_inner();
        for owed in &page.owed {
            list.add(owed)?;
            people += 1;
            if owed.mask_reason == 0 {
                new.extend(due(owed));
            } else {
                masked += 1;
            }
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    list.finish()?;
    output.note(format!(
        "{people} people in {}: personal data, keep the file as such",
        path.display()
    ))?;
    if masked > 0 {
        output.note(format!(
            "{masked} of them are masked: their reports are not addressed to you, or suspended"
        ))?;
    }
    if new.is_empty() {
        return Ok(Exit::Done);
    }
    let results = say_taken(&mut client, &new).await?;
    tell_taken(&new, &results, output)
}

/// The id of somebody whose report nobody has taken yet.
fn due(owed: &OwedRegistration) -> Option<String> {
    let registration = owed.registration.as_ref()?;
    let is_due = registration.obligation.as_ref()?.state() == ObligationState::Due;
    is_due.then(|| registration.person_id.clone())
}

/// Says that the dinas has the reports.
pub(crate) async fn acknowledge(
    options: &ClientOptions,
    args: &AcknowledgeArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let mut client = Hub::connect(options).await?.registry();
    let results = say_taken(&mut client, &args.person_ids).await?;
    tell_taken(&args.person_ids, &results, output)
}

async fn say_taken(
    client: &mut RegistryServiceClient<Authorized>,
    person_ids: &[String],
) -> Result<Vec<EntryResult>, CliError> {
    let mut results = vec![];
    for ids in person_ids.chunks(BATCH) {
        let request = AcknowledgeReportRequest {
            request_id: request_id::fresh().to_string(),
            person_ids: ids.to_vec(),
        };
        results.extend(client.acknowledge_report(request).await?.into_inner().results);
    }
    Ok(results)
}

fn tell_taken(
    person_ids: &[String],
    results: &[EntryResult],
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    for (id, result) in person_ids.iter().zip(results) {
        if output.is_json() {
            output.json_line(result)?;
        } else if is_refused(result) {
            output.line(format!("{id}: {}", result.description))?;
        }
    }
    let refused = results.iter().filter(|result| is_refused(result)).count();
    output.note(format!(
        "{} acknowledged, {refused} refused",
        results.len() - refused
    ))?;
    Ok(if refused > 0 {
        Exit::SomeRefused
    } else {
        Exit::Done
    })
}

pub(super) fn is_refused(result: &EntryResult) -> bool {
    match result.code() {
        EntryCode::Done | EntryCode::AlreadyDone => false,
        EntryCode::Unspecified
        | EntryCode::NotFound
        | EntryCode::Invalid
        | EntryCode::IllegalState
        | EntryCode::Erased
        | EntryCode::Suspended => true,
    }
}

fn row(owed: &OwedRegistration) -> Vec<String> {
    let registration = owed.registration.clone().unwrap_or_default();
    let obligation = registration.obligation.unwrap_or_default();
    let clock = Clock::of_region(&obligation.first_addressee_region_code);
    let late = if obligation.overdue { ", overdue" } else { "" };
    vec![
        registration.person_id,
        label::<ObligationState>(obligation.state),
        obligation.addressee_region_code,
        clock.show(obligation.raise_time.as_ref()),
        format!("{}{late}", clock.show(obligation.due_time.as_ref())),
        obligation.follow_ups.to_string(),
        obligation.delivered_to,
    ]
}
