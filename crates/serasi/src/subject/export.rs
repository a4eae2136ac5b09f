//! `serasi subject export`: one JSON document for the person it is about, in a file that nobody else may read.

use std::path::Path;

use serasi_proto::v1::ExportSubjectRequest;

use crate::cli::{ClientOptions, ExportArgs};
use crate::client::Hub;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::progress::progress;
use crate::rejects::STDIN;

const PAGE: i32 = 200;

/// Writes all pages as one `serasi.v1.ExportSubjectResponse`.
pub(crate) async fn export(
    options: &ClientOptions,
    args: &ExportArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let to_stdout = args.out == Path::new(STDIN);
    if !to_stdout && args.out.exists() {
        let what = format!("{} exists; name a new file", args.out.display());
        return Err(CliError::Usage(what));
    }
    let mut client = Hub::connect(options).await?.subjects();
    let mut request = ExportSubjectRequest {
        person_id: args.person.person_id.clone(),
        page_size: PAGE,
        page_token: String::new(),
    };
    let mut whole = client.export_subject(request.clone()).await?.into_inner();
    let bar = progress(output, None);
    while !whole.next_page_token.is_empty() {
        request.page_token = std::mem::take(&mut whole.next_page_token);
        let page = client.export_subject(request.clone()).await?.into_inner();
        bar.inc(u64::try_from(page.trail.len()).unwrap_or_default());
        whole.trail.extend(page.trail);
        whole.next_page_token = page.next_page_token;
    }
    bar.finish_and_clear();
    if to_stdout {
        output.json_line(&whole)?;
    } else {
        let unwritable = |source| CliError::Unwritable {
            path: args.out.clone(),
            source,
        };
        let text = serde_json::to_vec_pretty(&whole).map_err(|error| unwritable(error.into()))?;
        serasi_store::private_file::create(&args.out, &text).map_err(unwritable)?;
    }
    output.note(format!(
        "{} records and {} steps of processing written; read the words before you hand them out (UU 27/2022 Ps. 33)",
        whole.records.len(),
        whole.trail.len()
    ))?;
    if whole.records_elsewhere > 0 {
        output.note(format!(
            "{} more under the same NIK, in other regions or under another name, are not in it",
            whole.records_elsewhere
        ))?;
    }
    Ok(Exit::Done)
}
