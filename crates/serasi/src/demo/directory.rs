//! Loading the reference directory: 31 Sentra, 160 UPTD, 4,405 LKS.

use pbjson_types::Timestamp;
use serasi_hub::auth::Role;
use serasi_hub::clock::Clock;
use serasi_proto::v1;

use super::Stage;
use crate::error::CliError;
use crate::output::Output;
use crate::progress::progress;

/// The figures of the demo stay known for this long, in seconds.
const VALIDITY_S: i64 = 30 * 24 * 3600;

/// Imports the directory unless it is there from an earlier run.
pub(super) async fn load(stage: &Stage, output: &mut Output<'_>) -> Result<(), CliError> {
    let hub = stage.client(&[Role::Administrator], None).await?;
    let one = v1::ListFacilitiesRequest {
        page_size: 1,
        ..v1::ListFacilitiesRequest::default()
    };
    if !hub
        .facilities()
        .list_facilities(one)
        .await?
        .into_inner()
        .facilities
        .is_empty()
    {
        output.line(format!(
            "{} the directory is there from the last run",
            stage.clock()
        ))?;
        return Ok(());
    }
    let rows = rows();
    let bar = progress(output, Some(rows.len() as u64));
    let sent = bar.clone();
    let stream = tokio_stream::iter(rows.into_iter().inspect(move |_| sent.inc(1)));
    let done = hub.facilities().import_facilities(stream).await;
    bar.finish_and_clear();
    let done = done?.into_inner();
    output.line(format!(
        "{} {} facilities with their places are in the directory (Sentra and UPTD real, LKS invented)",
        stage.clock(),
        done.created
    ))?;
    Ok(())
}

/// The reference directory, its places known for a month.
pub(crate) fn rows() -> Vec<v1::ImportFacilitiesRequest> {
    let valid_until = Clock::system().now().unix_timestamp() + VALIDITY_S;
    let mut rows = serasi_directory::reference_facilities();
    for row in &mut rows {
        row.capacity_valid_until_time = Some(Timestamp {
            seconds: valid_until,
            nanos: 0,
        });
    }
    rows
}
