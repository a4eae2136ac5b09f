//! `serasi registry obligations|acknowledge`: who is owed a registration, and that the dinas has the report.

use serasi_proto::v1::{
    AcknowledgeReportRequest, EntryCode, EntryResult, ListObligationsRequest, ObligationState,
    OwedRegistration,
};

use super::dtks;
use crate::cli::{AcknowledgeArgs, ClientOptions, ObligationsArgs};
use crate::client::Hub;
use crate::codes::label;
use crate::error::CliError;
use crate::exit::Exit;
use crate::local_time::Clock;
use crate::output::Output;
use crate::pages::{List, collect};
use crate::request_id;

/// Entries the hub takes at a time.
pub(super) const BATCH: usize = 200;

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
    // What the hub has shown counts as delivered: first there must be a place to keep it.
    let file = args.csv.as_deref().map(dtks::start).transpose()?;
    let mut client = Hub::connect(options).await?.registry();
    let filter = ListObligationsRequest {
        addressee_region_code: args.addressee.clone().unwrap_or_default(),
        region_code: args.region.clone().unwrap_or_default(),
        states: args.state.iter().map(|state| i32::from(*state)).collect(),
        overdue_only: args.overdue,
        min_age_days: args.older_than.map_or(0, i32::from),
        without_persons: file.is_none(),
        ..ListObligationsRequest::default()
    };
    let found = collect(args.length, async |page_size, page_token| {
        let request = ListObligationsRequest {
            page_size,
            page_token,
            ..filter.clone()
        };
        let page = client.list_obligations(request).await?.into_inner();
        Ok((page.owed, page.next_page_token))
    });
    let found: List<OwedRegistration> = found.await?;
    let Some((file, path)) = file.zip(args.csv.as_deref()) else {
        found.print(output, &HEADER, row)?;
        return Ok(Exit::Done);
    };
    dtks::write(file, found.rows()).map_err(|source| CliError::Unwritable {
        path: path.to_owned(),
        source,
    })?;
    output.note(format!(
        "{} people in {}: personal data, keep the file as such",
        found.rows().len(),
        path.display()
    ))?;
    let masked = found.rows().iter().filter(|owed| owed.mask_reason != 0).count();
    if masked > 0 {
        output.note(format!(
            "{masked} of them are masked: their reports are not addressed to you"
        ))?;
    }
    found.tell_if_cut(output)?;
    Ok(Exit::Done)
}

/// Says that the dinas has the reports.
pub(crate) async fn acknowledge(
    options: &ClientOptions,
    args: &AcknowledgeArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let mut client = Hub::connect(options).await?.registry();
    let mut results = vec![];
    for ids in args.person_ids.chunks(BATCH) {
        let request = AcknowledgeReportRequest {
            request_id: request_id::fresh().to_string(),
            person_ids: ids.to_vec(),
        };
        results.extend(client.acknowledge_report(request).await?.into_inner().results);
    }
    for (id, result) in args.person_ids.iter().zip(&results) {
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
        | EntryCode::Erased => true,
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
