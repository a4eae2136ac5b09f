//! What became of the forty, and how to go on from here.

use std::collections::BTreeMap;

use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_proto::v1::CaseState;

use super::{Stage, Told};
use crate::codes::label;
use crate::error::CliError;
use crate::output::Output;

/// Counts by state and by refusal.
pub(super) async fn tell(stage: &Stage, told: &[Told], output: &mut Output<'_>) -> Result<(), CliError> {
    let hub = stage.client(&[Role::Coordinator], None).await?;
    let mut states: BTreeMap<String, usize> = BTreeMap::new();
    for case_id in told
        .iter()
        .filter(|one| !one.already_known)
        .filter_map(|one| one.case_id.clone())
    {
        let case = hub
            .cases()
            .get_case(v1::GetCaseRequest { case_id })
            .await?
            .into_inner()
            .case;
        let name = case
            .map(|case| label::<CaseState>(case.state))
            .unwrap_or_default();
        *states.entry(name).or_default() += 1;
    }
    let known = told.iter().filter(|one| one.already_known).count();
    let mut refusals: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for one in told {
        if let Some(reason) = &one.refusal {
            refusals
                .entry(reason)
                .or_default()
                .push(format!("{} {}", one.line, one.label));
        }
    }
    output.line(format!("\n{} Of {} reports:", stage.clock(), told.len()))?;
    for (state, count) in &states {
        output.line(format!("{count:5}  {state}"))?;
    }
    output.line(format!("{known:5}  known already"))?;
    for (reason, lines) in &refusals {
        output.line(format!(
            "{:5}  refused with {reason} (line {})",
            lines.len(),
            lines.join("; ")
        ))?;
    }
    Ok(())
}

/// Commands that work as they stand while the demo serves.
pub(super) fn how_to_call(stage: &Stage, output: &mut Output<'_>) -> Result<(), CliError> {
    let roles = [Role::Coordinator, Role::HotlineOperator, Role::Administrator];
    let token = stage.token(&roles, None)?;
    let file = stage.keep_token("operator.token", &token)?;
    let url = &stage.url;
    let address = url.trim_start_matches("http://");
    output.line(format!(
        "\nThe hub serves at {address} until Ctrl-C. In another terminal:\n\n  \
         export SERASI_HUB={url} SERASI_TOKEN_FILE={file}\n  \
         serasi case list\n  \
         serasi case show CASE\n  \
         serasi route preview CASE\n  \
         serasi intake submit crates/serasi/demo/cases.jsonl\n\n  \
         grpcurl -plaintext -H \"authorization: Bearer $(cat {file})\" {address} \
         serasi.v1.CaseService/ListCases",
        file = file.display()
    ))?;
    Ok(())
}
