//! `serasi subject affected`: whom to tell of a breach, and by when.

use serasi_proto::v1::{AffectedSubject, ListAffectedSubjectsRequest, SpecificDataClass};

use crate::audit::timestamp;
use crate::cli::{AffectedArgs, ClientOptions};
use crate::client::Hub;
use crate::codes::labels;
use crate::error::CliError;
use crate::exit::Exit;
use crate::local_time::Clock;
use crate::output::Output;
use crate::pages::List;
use crate::progress::progress;

const HEADER: [&str; 8] = [
    "region", "case", "persons", "first", "last", "acts", "by", "specific",
];
/// Few large pages: the hub counts a regency anew for each.
const PAGE: i32 = 5_000;

/// Everybody: a notice that leaves somebody out is none.
pub(crate) async fn list(
    options: &ClientOptions,
    args: &AffectedArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let mut client = Hub::connect(options).await?.subjects();
    let mut request = ListAffectedSubjectsRequest {
        region_code: args.region.clone(),
        principal: args.principal.clone(),
        verb: args.verb.clone(),
        from_time: Some(timestamp(args.from)),
        until_time: args.until.map(timestamp),
        discover_time: Some(timestamp(args.discovered)),
        page_size: PAGE,
        page_token: String::new(),
    };
    let mut found = vec![];
    let mut list_looks = 0;
    let bar = progress(output, None);
    let due = loop {
        let page = client.list_affected_subjects(request.clone()).await?.into_inner();
        bar.inc(u64::try_from(page.affected_subjects.len()).unwrap_or_default());
        found.extend(page.affected_subjects);
        list_looks += page.list_looks;
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break page.notice_due_time;
        }
    };
    bar.finish_and_clear();
    let persons: usize = found.iter().map(|affected| affected.person_ids.len()).sum();
    let told = format!(
        "{} cases with {persons} persons, and {list_looks} looks at lists; the notice is due by {} (UU 27/2022 Ps. 46)",
        found.len(),
        Clock::of_id("").show(due.as_ref())
    );
    List::whole(found).print(output, &HEADER, row)?;
    output.note(told)?;
    Ok(Exit::Done)
}

fn row(affected: &AffectedSubject) -> Vec<String> {
    let clock = Clock::of_id(&affected.case_id);
    vec![
        affected.region_code.clone(),
        affected.case_id.clone(),
        affected.person_ids.len().to_string(),
        clock.show(affected.first_time.as_ref()),
        clock.show(affected.last_time.as_ref()),
        affected.acts.to_string(),
        affected.verbs.join(", "),
        labels::<SpecificDataClass>(&affected.specific_classes),
    ]
}
