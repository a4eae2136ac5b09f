//! `serasi case`: one case in full, or many in a table.

use serasi_proto::v1::{
    AccessNeed, Case, CaseState, Channel, CloseReason, Cluster, Criterion, DataClass, GetCaseRequest,
    GetPublicStatusRequest, HoldReason, LiftLegalHoldRequest, ListCasesRequest, MaskReason, Need, Owner,
    OwnerKind, Person, Placement, PlacementState, ServiceBase, ServiceForm, SetLegalHoldRequest, Sex, Target,
    Urgency,
};

use crate::cli::{CaseListArgs, ClientOptions, HoldArgs};
use crate::client::Hub;
use crate::codes::{Code, label, labels, pool_label};
use crate::document;
use crate::error::CliError;
use crate::exit::Exit;
use crate::local_time::Clock;
use crate::offer::offer_facts;
use crate::output::Output;
use crate::pages::collect;
use crate::request_id;
use crate::table::{facts, records};

mod ending;
mod stages;
mod work;

pub(crate) use ending::{close, link, reopen, unlink};
pub(crate) use stages::list as list_records;
pub(crate) use work::{advance, aftercare, record, sign, stay, transfer};

const HEADER: [&str; 7] = [
    "case", "state", "urgency", "cluster", "region", "owner", "deadline",
];

/// One case with all that the caller may see.
pub(crate) async fn show(
    options: &ClientOptions,
    case_id: &str,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let hub = Hub::connect(options).await?;
    let request = GetCaseRequest {
        case_id: case_id.to_owned(),
    };
    let case = hub
        .cases()
        .get_case(request)
        .await?
        .into_inner()
        .case
        .unwrap_or_default();
    if output.is_json() {
        output.json_line(&case)?;
    } else {
        output.line(text_of(&case))?;
    }
    Ok(Exit::Done)
}

/// Cases of a region, a state, a sender.
pub(crate) async fn list(
    options: &ClientOptions,
    args: &CaseListArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let mut client = Hub::connect(options).await?.cases();
    let filter = ListCasesRequest {
        region_code: args.region.clone().unwrap_or_default(),
        states: args.state.iter().map(|&state| state.into()).collect(),
        cluster: args.cluster.unwrap_or_default().into(),
        urgency: args.urgency.unwrap_or_default().into(),
        owner_region_code: args.owner.clone().unwrap_or_default(),
        overdue_only: args.overdue,
        order: args.order.into(),
        source_system: args.source.source_system.clone().unwrap_or_default(),
        source_ref: args.source.source_ref.clone().unwrap_or_default(),
        ..ListCasesRequest::default()
    };
    let cases = collect(args.length, async |page_size, page_token| {
        let request = ListCasesRequest {
            page_size,
            page_token,
            ..filter.clone()
        };
        let page = client.list_cases(request).await?.into_inner();
        Ok((page.cases, page.next_page_token))
    });
    cases.await?.print(output, &HEADER, row)?;
    Ok(Exit::Done)
}

/// How far a case is, for its reporter.
pub(crate) async fn status(
    options: &ClientOptions,
    code: &str,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let request = GetPublicStatusRequest {
        code: code.to_owned(),
    };
    let hub = Hub::connect_as_anybody(options).await?;
    let status = hub.cases().get_public_status(request).await?.into_inner();
    if output.is_json() {
        output.json_line(&status)?;
    } else {
        output.line(facts([
            ("status", status.message_id),
            ("", status.message_en),
            ("reported", status.report_date),
            ("last change", status.change_date),
            ("next step by", status.next_date),
        ]))?;
    }
    Ok(Exit::Done)
}

/// Keeps a case from being erased.
pub(crate) async fn hold(
    options: &ClientOptions,
    args: &HoldArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let request = SetLegalHoldRequest {
        request_id: request_id::fresh().to_string(),
        case_id: args.case.case_id.clone(),
        reason: args.reason.into(),
        note: args.note.clone(),
    };
    let hub = Hub::connect(options).await?;
    let response = hub.cases().set_legal_hold(request).await?.into_inner();
    let case = response.case.unwrap_or_default();
    if output.is_json() {
        output.json_line(&case)?;
    } else {
        let reason = label::<HoldReason>(case.legal_hold);
        output.line(format!(
            "held ({reason}): nothing of case {} is erased",
            case.case_id
        ))?;
    }
    Ok(Exit::Done)
}

/// Lifts the hold.
pub(crate) async fn lift_hold(
    options: &ClientOptions,
    case_id: &str,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let request = LiftLegalHoldRequest {
        request_id: request_id::fresh().to_string(),
        case_id: case_id.to_owned(),
    };
    let hub = Hub::connect(options).await?;
    let response = hub.cases().lift_legal_hold(request).await?.into_inner();
    let case = response.case.unwrap_or_default();
    if output.is_json() {
        output.json_line(&case)?;
    } else {
        output.line(format!(
            "no longer held: case {} is erased when its time is over",
            case.case_id
        ))?;
    }
    Ok(Exit::Done)
}

fn row(case: &Case) -> Vec<String> {
    vec![
        case.case_id.clone(),
        label::<CaseState>(case.state),
        label::<Urgency>(case.urgency),
        label::<Cluster>(case.cluster),
        case.region_code.clone(),
        owner(case.owner.as_ref()),
        clock(case).show(case.next_deadline.as_ref()),
    ]
}

/// Facts first, then the persons, the offer that waits and the placement.
fn text_of(case: &Case) -> String {
    let clock = clock(case);
    let mut parts = vec![case_facts(case)];
    if !case.persons.is_empty() {
        let header = [
            "person", "sex", "born", "age", "nik", "domicile", "phone", "needs",
        ];
        parts.push(records(&header, case.persons.iter().map(person_row)));
    }
    if let Some(offer) = &case.live_offer {
        parts.push(format!("Live offer\n{}", offer_facts(offer, clock)));
    }
    if let Some(placement) = &case.placement {
        parts.push(format!("Placement\n{}", placement_facts(placement, clock)));
    }
    if let Some(transfer) = &case.transfer {
        parts.push(format!("Transfer\n{}", stages::transfer_text(transfer)));
    }
    if let Some(next) = &case.next_placement {
        parts.push(format!("Expected\n{}", placement_facts(next, clock)));
    }
    if !case.stages.is_empty() {
        parts.push(stages::stages_text(&case.stages, clock));
    }
    parts.extend(document::of_case(case, clock));
    parts.join("\n\n")
}

fn case_facts(case: &Case) -> String {
    let clock = clock(case);
    facts([
        ("case", case.case_id.clone()),
        ("state", label::<CaseState>(case.state)),
        ("owner", owner(case.owner.as_ref())),
        ("deadline", clock.show(case.next_deadline.as_ref())),
        ("urgency", label::<Urgency>(case.urgency)),
        ("cluster", label::<Cluster>(case.cluster)),
        ("category", case.ppks_category.clone()),
        ("criteria", labels::<Criterion>(&case.criteria)),
        ("target", label::<Target>(case.target)),
        ("need", case.need.as_ref().map(need).unwrap_or_default()),
        ("region", case.region_code.clone()),
        ("channel", label::<Channel>(case.channel)),
        ("source", source(case)),
        ("policy", case.policy_version.clone()),
        ("refusals", case.refusals.to_string()),
        ("escalations", case.escalations.to_string()),
        ("taken down", clock.show(case.create_time.as_ref())),
        (
            "changed",
            format!(
                "{} (version {})",
                clock.show(case.update_time.as_ref()),
                case.version
            ),
        ),
        ("end before", clock.show(case.finish_deadline.as_ref())),
        ("episode", case.episode.to_string()),
        ("ended", ended(case)),
        ("follows", case.linked_to_case_id.clone()),
        ("followed by", case.linked_case_ids.join(", ")),
        ("held", known::<HoldReason>(&[case.legal_hold])),
        ("erased", known::<DataClass>(&case.erased_classes)),
        ("resolution", case.resolution.clone()),
        ("story", case.story.clone()),
        ("masked", masked(case.mask_reason)),
    ])
}

fn ended(case: &Case) -> String {
    let Some(end) = &case.end_time else {
        return String::new();
    };
    let end = clock(case).show(Some(end));
    if case.close_reason == 0 {
        return end;
    }
    format!("{end} ({})", label::<CloseReason>(case.close_reason))
}

/// Values of a fact that most cases do not have; empty = the fact is left out.
fn known<C: Code>(numbers: &[i32]) -> String {
    if numbers.iter().all(|number| *number == 0) {
        return String::new();
    }
    labels::<C>(numbers)
}

fn source(case: &Case) -> String {
    if case.source_system.is_empty() {
        return String::new();
    }
    format!("{}/{}", case.source_system, case.source_ref)
}

/// Why something is hidden, if something is.
pub(crate) fn masked(reason: i32) -> String {
    match reason {
        0 => String::new(),
        reason => format!("{}: not all is shown to you", label::<MaskReason>(reason)),
    }
}

fn need(need: &Need) -> String {
    let mut parts = vec![
        label::<ServiceBase>(need.base),
        format!("{} place(s)", need.places),
    ];
    if !need.forms.is_empty() {
        parts.push(format!("forms: {}", labels::<ServiceForm>(&need.forms)));
    }
    let (facilities, regions) = (&need.excluded_facility_ids, &need.excluded_region_codes);
    let excluded: Vec<_> = facilities.iter().chain(regions).cloned().collect();
    if !excluded.is_empty() {
        parts.push(format!("never: {}", excluded.join(", ")));
    }
    parts.join("; ")
}

fn person_row(person: &Person) -> Vec<String> {
    let estimated = person.estimated_age_years;
    vec![
        person.name.clone(),
        label::<Sex>(person.sex),
        person.birth_date.clone(),
        estimated.map_or_else(String::new, |age| format!("about {age}")),
        person.nik.clone(),
        person.domicile_region_code.clone(),
        person.phone.clone(),
        labels::<AccessNeed>(&person.access_needs),
    ]
}

fn placement_facts(placement: &Placement, clock: Clock) -> String {
    facts([
        ("placement", placement.placement_id.clone()),
        ("state", label::<PlacementState>(placement.state)),
        ("facility", placement.facility_id.clone()),
        (
            "places",
            format!("{} in {}", placement.places, pool_label(placement.pool.as_ref())),
        ),
        ("reserved", clock.show(placement.reserve_time.as_ref())),
        (
            "admit before",
            clock.show(placement.admission_deadline_time.as_ref()),
        ),
        ("admitted", clock.show(placement.admit_time.as_ref())),
        ("discharged", clock.show(placement.discharge_time.as_ref())),
    ])
}

fn owner(owner: Option<&Owner>) -> String {
    owner.map_or_else(String::new, |owner| {
        format!("{} {}", label::<OwnerKind>(owner.kind), owner.reference)
    })
}

fn clock(case: &Case) -> Clock {
    Clock::of_region(&case.region_code)
}

#[cfg(test)]
mod tests {
    use pbjson_types::Timestamp;
    use serasi_proto::v1::Offer;

    use super::*;

    #[test]
    fn a_case_is_shown_with_its_person_offer_and_local_deadline() {
        let case = Case {
            case_id: "7306-1".into(),
            state: CaseState::Offered.into(),
            region_code: "73.06.06.1001".into(),
            next_deadline: Some(Timestamp {
                seconds: 1_793_585_700,
                nanos: 0,
            }),
            need: Some(Need {
                places: 2,
                excluded_region_codes: vec!["73.71".into()],
                ..Need::default()
            }),
            persons: vec![Person {
                name: "Daeng Bollo".into(),
                birth_date: "1946".into(),
                access_needs: vec![AccessNeed::FullCare.into()],
                ..Person::default()
            }],
            live_offer: Some(Offer {
                offer_id: "7306-2".into(),
                ..Offer::default()
            }),
            ..Case::default()
        };
        let text = text_of(&case);
        for fact in [
            "offered",
            "2026-11-02 10:15 WITA",
            "2 place(s); never: 73.71",
            "Daeng Bollo",
            "1946",
            "full-care",
            "Live offer",
            "7306-2",
        ] {
            assert!(text.contains(fact), "{fact} in\n{text}");
        }
        assert!(!text.contains("Placement"), "{text}");
        assert!(row(&case).iter().all(|cell| !cell.contains("Daeng")));
    }
}
