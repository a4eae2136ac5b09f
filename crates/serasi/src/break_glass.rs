//! `serasi break-glass`: masked cases opened because they had to be, and what a second person says about it.

use serasi_proto::v1::{
    BreakGlass, BreakGlassReason, BreakGlassVerdict, GetBreakGlassRequest, ListBreakGlassRequest,
    OpenBreakGlassRequest, ReviewBreakGlassRequest,
};

use crate::cli::{BreakGlassListArgs, ClientOptions, OpenArgs, ReviewArgs};
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
    "opening",
    "case",
    "by",
    "reason",
    "opened",
    "open until",
    "review",
];

/// Opens a case to the caller.
pub(crate) async fn open(
    options: &ClientOptions,
    args: &OpenArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let hub = Hub::connect(options).await?;
    let request = OpenBreakGlassRequest {
        // Whoever opens a case again in an hour means it again.
        request_id: request_id::fresh().to_string(),
        case_id: args.case_id.clone(),
        reason: args.reason.into(),
        text: args.text.clone(),
        minutes: args.minutes.into(),
    };
    let response = hub.audits().open_break_glass(request).await?.into_inner();
    let glass = response.break_glass.unwrap_or_default();
    if output.is_json() {
        output.json_line(&glass)?;
        return Ok(Exit::Done);
    }
    let clock = Clock::of_id(&glass.case_id);
    output.line(format!(
        "case {} is open to you until {}: serasi case show {}\n  every look is recorded; a second person reviews {} by {}",
        glass.case_id,
        clock.show(glass.expire_time.as_ref()),
        glass.case_id,
        glass.break_glass_id,
        clock.show(glass.review_deadline_time.as_ref()),
    ))?;
    Ok(Exit::Done)
}

/// Says whether it had to be.
pub(crate) async fn review(
    options: &ClientOptions,
    args: &ReviewArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let hub = Hub::connect(options).await?;
    let mut request = ReviewBreakGlassRequest {
        request_id: String::new(),
        break_glass_id: args.glass.break_glass_id.clone(),
        verdict: args.verdict.into(),
        text: args.text.clone(),
    };
    request.request_id = request_id::of_content("ReviewBreakGlass", &request).to_string();
    let response = hub.audits().review_break_glass(request).await?.into_inner();
    show_one(&response.break_glass.unwrap_or_default(), output)
}

/// One with its words.
pub(crate) async fn show(
    options: &ClientOptions,
    break_glass_id: &str,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let hub = Hub::connect(options).await?;
    let request = GetBreakGlassRequest {
        break_glass_id: break_glass_id.to_owned(),
    };
    let response = hub.audits().get_break_glass(request).await?.into_inner();
    show_one(&response.break_glass.unwrap_or_default(), output)
}

/// Many without.
pub(crate) async fn list(
    options: &ClientOptions,
    args: &BreakGlassListArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let mut client = Hub::connect(options).await?.audits();
    let found = collect(args.length, async |page_size, page_token| {
        let request = ListBreakGlassRequest {
            case_id: args.case.clone().unwrap_or_default(),
            unreviewed_only: args.unreviewed,
            page_size,
            page_token,
        };
        let page = client.list_break_glass(request).await?.into_inner();
        Ok((page.break_glasses, page.next_page_token))
    });
    found.await?.print(output, &HEADER, row)?;
    Ok(Exit::Done)
}

fn show_one(glass: &BreakGlass, output: &mut Output<'_>) -> Result<Exit, CliError> {
    if output.is_json() {
        output.json_line(glass)?;
    } else {
        output.line(text_of(glass))?;
    }
    Ok(Exit::Done)
}

fn text_of(glass: &BreakGlass) -> String {
    let clock = Clock::of_id(&glass.case_id);
    facts([
        ("opening", glass.break_glass_id.clone()),
        ("case", glass.case_id.clone()),
        ("by", glass.principal.clone()),
        ("reason", label::<BreakGlassReason>(glass.reason)),
        ("in words", glass.text.clone()),
        ("opened", clock.show(glass.open_time.as_ref())),
        ("open until", clock.show(glass.expire_time.as_ref())),
        ("review", review_of(glass)),
        ("reviewed by", glass.reviewer.clone()),
        ("reviewed", clock.show(glass.review_time.as_ref())),
        ("in words", glass.review_text.clone()),
    ])
}

fn row(glass: &BreakGlass) -> Vec<String> {
    let clock = Clock::of_id(&glass.case_id);
    vec![
        glass.break_glass_id.clone(),
        glass.case_id.clone(),
        glass.principal.clone(),
        label::<BreakGlassReason>(glass.reason),
        clock.show(glass.open_time.as_ref()),
        clock.show(glass.expire_time.as_ref()),
        review_of(glass),
    ]
}

/// The verdict, or by when there must be one.
fn review_of(glass: &BreakGlass) -> String {
    if glass.verdict != 0 {
        return label::<BreakGlassVerdict>(glass.verdict);
    }
    let clock = Clock::of_id(&glass.case_id);
    let before = clock.show(glass.review_deadline_time.as_ref());
    let late = if glass.review_overdue { ", overdue" } else { "" };
    format!("due by {before}{late}")
}

#[cfg(test)]
mod tests {
    use pbjson_types::Timestamp;

    use super::*;

    #[test]
    fn an_opening_says_when_its_review_is_due_and_then_what_it_said() {
        let mut glass = BreakGlass {
            break_glass_id: "7306-2".into(),
            case_id: "7306-1".into(),
            reason: BreakGlassReason::LegalOrder.into(),
            review_deadline_time: Some(Timestamp {
                seconds: 1_793_585_700,
                nanos: 0,
            }),
            review_overdue: true,
            ..BreakGlass::default()
        };
        assert!(row(&glass).contains(&"due by 2026-11-02 10:15 WITA, overdue".to_owned()));
        assert!(text_of(&glass).contains("legal-order"));
        glass.verdict = BreakGlassVerdict::NotJustified.into();
        assert!(row(&glass).contains(&"not-justified".to_owned()));
    }
}
