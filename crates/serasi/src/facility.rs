//! `serasi facility`: the directory and its free places.

use serasi_proto::v1::{
    AccessNeed, AdmissionRule, CapacityPool, CapacitySource, Cluster, Facility, FacilityKind, FacilityState,
    GetFacilityRequest, ListFacilitiesRequest, Partnership, ServiceBase, ServiceForm, Sex, Target,
};

use crate::case::masked;
use crate::cli::{ClientOptions, FacilityListArgs};
use crate::client::Hub;
use crate::codes::{label, labels, pool_label};
use crate::error::CliError;
use crate::exit::Exit;
use crate::local_time::Clock;
use crate::output::Output;
use crate::pages::collect;
use crate::table::{facts, records};

const HEADER: [&str; 6] = ["facility", "name", "kind", "state", "region", "clusters"];
const POOL_HEADER: [&str; 9] = [
    "pool",
    "total",
    "occupied",
    "held",
    "free",
    "overflow",
    "observed",
    "valid until",
    "from",
];

/// One facility with its pools.
pub(crate) async fn show(
    options: &ClientOptions,
    facility_id: &str,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let hub = Hub::connect(options).await?;
    let request = GetFacilityRequest {
        facility_id: facility_id.to_owned(),
    };
    let response = hub.facilities().get_facility(request).await?.into_inner();
    let facility = response.facility.unwrap_or_default();
    if output.is_json() {
        output.json_line(&facility)?;
    } else {
        output.line(text_of(&facility))?;
    }
    Ok(Exit::Done)
}

/// Facilities of a region, a kind, a list they come from.
pub(crate) async fn list(
    options: &ClientOptions,
    args: &FacilityListArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let mut client = Hub::connect(options).await?.facilities();
    let filter = ListFacilitiesRequest {
        region_code: args.region.clone().unwrap_or_default(),
        kind: args.kind.unwrap_or_default().into(),
        cluster: args.cluster.unwrap_or_default().into(),
        state: args.state.unwrap_or_default().into(),
        source_system: args.source.source_system.clone().unwrap_or_default(),
        source_ref: args.source.source_ref.clone().unwrap_or_default(),
        ..ListFacilitiesRequest::default()
    };
    let facilities = collect(args.length, async |page_size, page_token| {
        let request = ListFacilitiesRequest {
            page_size,
            page_token,
            ..filter.clone()
        };
        let page = client.list_facilities(request).await?.into_inner();
        Ok((page.facilities, page.next_page_token))
    });
    facilities.await?.print(output, &HEADER, row)?;
    Ok(Exit::Done)
}

fn row(facility: &Facility) -> Vec<String> {
    vec![
        facility.facility_id.clone(),
        facility.name.clone(),
        label::<FacilityKind>(facility.kind),
        label::<FacilityState>(facility.state),
        facility.region_code.clone(),
        labels::<Cluster>(&facility.clusters),
    ]
}

fn text_of(facility: &Facility) -> String {
    let clock = Clock::of_region(&facility.region_code);
    let facts = facility_facts(facility, clock);
    if facility.pools.is_empty() {
        return format!("{facts}\n\nNo pool is known: the facility can only be asked.");
    }
    let pools = facility.pools.iter().map(|pool| pool_row(pool, clock));
    format!("{facts}\n\n{}", records(&POOL_HEADER, pools))
}

fn facility_facts(facility: &Facility, clock: Clock) -> String {
    facts([
        ("facility", facility.facility_id.clone()),
        ("name", facility.name.clone()),
        ("kind", label::<FacilityKind>(facility.kind)),
        ("state", state(facility, clock)),
        ("region", facility.region_code.clone()),
        ("address", facility.address.clone()),
        ("masked", masked(facility.mask_reason)),
        ("phone", facility.phone.clone()),
        ("email", facility.email.clone()),
        ("clusters", labels::<Cluster>(&facility.clusters)),
        (
            "known for",
            or_empty(&facility.specialisations, labels::<Cluster>),
        ),
        ("bases", labels::<ServiceBase>(&facility.bases)),
        ("forms", or_all(&facility.forms, labels::<ServiceForm>)),
        ("targets", or_all(&facility.targets, labels::<Target>)),
        (
            "admits",
            facility.admission.as_ref().map(admission).unwrap_or_default(),
        ),
        ("asked for", facility.admission_documents.join("; ")),
        ("working area", facility.working_area.join(", ")),
        ("supervised by", supervision(facility)),
        (
            "partnership",
            facility.partnership.as_ref().map(partnership).unwrap_or_default(),
        ),
        (
            "source",
            format!("{}/{}", facility.source_system, facility.source_ref),
        ),
        (
            "changed",
            format!(
                "{} (version {})",
                clock.show(facility.update_time.as_ref()),
                facility.version
            ),
        ),
    ])
}

fn state(facility: &Facility, clock: Clock) -> String {
    let mut state = label::<FacilityState>(facility.state);
    if !facility.suspension_reason.is_empty() {
        state = format!("{state}: {}", facility.suspension_reason);
    }
    if facility.suspended_until_time.is_some() {
        state = format!(
            "{state}, until {}",
            clock.show(facility.suspended_until_time.as_ref())
        );
    }
    state
}

fn admission(rule: &AdmissionRule) -> String {
    let sex = match Sex::try_from(rule.sex) {
        Ok(Sex::Unspecified) => "all".to_owned(),
        Ok(Sex::Female | Sex::Male) | Err(_) => label::<Sex>(rule.sex),
    };
    let ages = match (rule.min_age_years, rule.max_age_years) {
        (None, None) => String::new(),
        (Some(min), None) => format!(", from {min} years"),
        (None, Some(max)) => format!(", up to {max} years"),
        (Some(min), Some(max)) => format!(", {min}-{max} years"),
    };
    let access = or_empty(&rule.access, labels::<AccessNeed>);
    let access = if access.is_empty() {
        access
    } else {
        format!("; can meet: {access}")
    };
    format!("{sex}{ages}{access}")
}

fn supervision(facility: &Facility) -> String {
    let by = &facility.supervising_facility_id;
    match (by.is_empty(), facility.ministry_supervised) {
        (true, true) => "the ministry".to_owned(),
        (false, true) => format!("{by}, the ministry"),
        (_, false) => by.clone(),
    }
}

fn partnership(partnership: &Partnership) -> String {
    match partnership.until_date.as_str() {
        "" => format!("from {}", partnership.from_date),
        until => format!("{} to {until}", partnership.from_date),
    }
}

fn pool_row(pool: &CapacityPool, clock: Clock) -> Vec<String> {
    let numbers = [pool.total, pool.occupied, pool.held, pool.free, pool.overflow];
    let mut row = vec![pool_label(pool.key.as_ref())];
    row.extend(numbers.map(|number| number.to_string()));
    row.push(clock.show(pool.observe_time.as_ref()));
    row.push(clock.show(pool.valid_until_time.as_ref()));
    row.push(label::<CapacitySource>(pool.source));
    row
}

fn or_empty(numbers: &[i32], labels: fn(&[i32]) -> String) -> String {
    if numbers.is_empty() {
        String::new()
    } else {
        labels(numbers)
    }
}

/// No restriction is stored as an empty list.
fn or_all(numbers: &[i32], labels: fn(&[i32]) -> String) -> String {
    if numbers.is_empty() {
        "all".to_owned()
    } else {
        labels(numbers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_facility_is_shown_with_whom_it_admits_and_its_places() {
        let facility = Facility {
            name: "Griya Lansia Contoh".into(),
            region_code: "32.04".into(),
            admission: Some(AdmissionRule {
                min_age_years: Some(60),
                access: vec![AccessNeed::Wheelchair.into()],
                ..AdmissionRule::default()
            }),
            ministry_supervised: true,
            pools: vec![CapacityPool {
                total: 40,
                occupied: 38,
                free: 2,
                ..CapacityPool::default()
            }],
            ..Facility::default()
        };
        let text = text_of(&facility);
        for fact in [
            "Griya Lansia Contoh",
            "all, from 60 years; can meet: wheelchair",
            "the ministry",
            "occupied",
            "38",
        ] {
            assert!(text.contains(fact), "{fact} in\n{text}");
        }
        let without_pools = Facility {
            pools: Vec::new(),
            ..facility
        };
        assert!(text_of(&without_pools).contains("can only be asked"));
    }
}
