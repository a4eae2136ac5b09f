//! Stages and records of a case, as a person reads them.

use serasi_proto::v1::{
    CaseRecord, ListRecordsRequest, Profession, RecordKind, Stage, StageProgress, Transfer, TransferState,
};

use crate::cli::{ClientOptions, RecordsArgs};
use crate::client::Hub;
use crate::codes::label;
use crate::error::CliError;
use crate::exit::Exit;
use crate::local_time::Clock;
use crate::output::Output;
use crate::pages::collect;
use crate::table::{facts, records};

const HEADER: [&str; 6] = ["recorded", "kind", "stage", "by", "profession", "text"];

/// What was written down in a case. The look is recorded.
pub(crate) async fn list(
    options: &ClientOptions,
    args: &RecordsArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let mut client = Hub::connect(options).await?.cases();
    let found = collect(args.length, async |page_size, page_token| {
        let request = ListRecordsRequest {
            case_id: args.case.case_id.clone(),
            kinds: args.kind.iter().map(|&kind| kind.into()).collect(),
            page_size,
            page_token,
        };
        let page = client.list_records(request).await?.into_inner();
        Ok((page.records, page.next_page_token))
    });
    found.await?.print(output, &HEADER, row)?;
    Ok(Exit::Done)
}

fn row(record: &CaseRecord) -> Vec<String> {
    vec![
        Clock::of_id(&record.record_id).show(record.record_time.as_ref()),
        label::<RecordKind>(record.kind),
        label::<Stage>(record.stage),
        record.author.clone(),
        label::<Profession>(record.profession),
        record.text.clone(),
    ]
}

/// The stages that have begun, with what is owed.
pub(super) fn stages_text(stages: &[StageProgress], clock: Clock) -> String {
    let header = ["stage", "begun", "sign before", "signed", "by", "workers"];
    let rows = stages.iter().map(|stage| {
        let signed = if stage.owed {
            "owed".to_owned()
        } else {
            clock.show(stage.sign_time.as_ref())
        };
        vec![
            label::<Stage>(stage.stage),
            clock.show(stage.begin_time.as_ref()),
            clock.show(stage.due_time.as_ref()),
            signed,
            stage.signed_by.clone(),
            stage.workers.join(", "),
        ]
    });
    records(&header, rows)
}

pub(super) fn transfer_text(transfer: &Transfer) -> String {
    facts([
        ("state", label::<TransferState>(transfer.state)),
        ("offer", transfer.offer_id.clone()),
        ("facility", transfer.facility_id.clone()),
    ])
}
