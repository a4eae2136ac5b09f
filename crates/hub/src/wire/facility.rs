//! Facilities.

use serasi_domain::capacity::Pool;
use serasi_domain::facility::{AdmissionRule, Facility, FacilityProfile, FacilityState, Partnership};
use serasi_domain::need_to_know::MaskReason;
use serasi_domain::person::{AgeYears, Phone};
use serasi_domain::text::Text;
use serasi_geography::{RegionCode, RegionLevel};
use serasi_proto::v1;

use super::capacity::pool_to_wire;
use super::codes::{FromWire, numbers, optional};
use super::intake::{coordinates, source_key};
use super::parse::Parse;
use super::time::to_timestamp;

const MAX_WORKING_AREA: usize = 600;
const MAX_DOCUMENTS: usize = 30;

/// Reads a description; every violation at once.
pub(crate) fn profile(parse: &mut Parse, facility: &v1::Facility) -> Option<FacilityProfile> {
    let source = source_key(parse, &facility.source_system, &facility.source_ref);
    let kind = parse.required("kind", facility.kind);
    let name = parse.take("name", Text::new(&facility.name));
    let place = parse.region("region_code", &facility.region_code);
    match place {
        Some(code) if code.level() < RegionLevel::Regency => {
            parse.wrong("region_code", "must be a regency, district or village");
        }
        None if facility.region_code.trim().is_empty() => parse.wrong("region_code", "must be given"),
        Some(_) | None => {}
    }
    let clusters = parse.set("clusters", &facility.clusters);
    if clusters.is_empty() {
        parse.wrong("clusters", "at least one cluster must be given");
    }
    let bases = parse.set("bases", &facility.bases);
    if bases.is_empty() {
        parse.wrong("bases", "at least one base of service must be given");
    }
    let at = coordinates(parse, facility.latitude_deg, facility.longitude_deg);
    let admission = admission(parse, facility.admission.as_ref());
    let working_area = working_area(parse, &facility.working_area);
    let partnership = partnership(parse, facility.partnership.as_ref());
    let admission_documents = admission_documents(parse, &facility.admission_documents);
    Some(FacilityProfile {
        address: parse.text("address", &facility.address),
        specialisations: parse.set("specialisations", &facility.specialisations),
        forms: parse.set("forms", &facility.forms),
        targets: parse.set("targets", &facility.targets),
        supervised_by: parse.parsed("supervising_facility_id", &facility.supervising_facility_id),
        phone: parse.parsed("phone", &facility.phone),
        email: parse.text("email", &facility.email),
        ministry_supervised: facility.ministry_supervised,
        location_hidden: facility.location_hidden,
        source: source?,
        kind: kind?,
        name: name?,
        place: place?,
        coordinates: at,
        clusters,
        bases,
        admission,
        working_area,
        partnership,
        admission_documents,
    })
}

fn admission(parse: &mut Parse, rule: Option<&v1::AdmissionRule>) -> AdmissionRule {
    let Some(rule) = rule else {
        return AdmissionRule::default();
    };
    parse.nested("admission", |parse| {
        let mut age = |field: &str, age: Option<i32>| {
            let age = age?;
            let valid = u8::try_from(age).ok().filter(|age| *age <= 120);
            parse.take(field, valid.map(AgeYears).ok_or("must be 0-120"))
        };
        let min_age = age("min_age_years", rule.min_age_years);
        let max_age = age("max_age_years", rule.max_age_years);
        if min_age.zip(max_age).is_some_and(|(min, max)| min > max) {
            parse.wrong("max_age_years", "must not be below min_age_years");
        }
        AdmissionRule {
            sex: parse.optional("sex", rule.sex),
            min_age,
            max_age,
            access: parse.set("access", &rule.access),
        }
    })
}

fn working_area(parse: &mut Parse, codes: &[String]) -> Vec<RegionCode> {
    if codes.len() > MAX_WORKING_AREA {
        parse.wrong("working_area", format!("at most {MAX_WORKING_AREA} regions"));
    }
    let numbered = codes.iter().take(MAX_WORKING_AREA).enumerate();
    let known: Vec<(usize, RegionCode)> = numbered
        .filter_map(|(position, code)| {
            let region = parse.region(&format!("working_area[{position}]"), code)?;
            Some((position, region))
        })
        .collect();
    let mut area: Vec<RegionCode> = known.iter().map(|(_, region)| *region).collect();
    for (outer, inner) in RegionCode::overlaps(&area) {
        if let Some(((_, outer), (position, inner))) = known.get(outer).zip(known.get(inner)) {
            parse.wrong(
                format!("working_area[{position}]"),
                format!("overlaps: {inner} lies in {outer}, which is in the list already"),
            );
        }
    }
    area.sort_unstable();
    area
}

fn partnership(parse: &mut Parse, partnership: Option<&v1::Partnership>) -> Option<Partnership> {
    let partnership = partnership?;
    parse.nested("partnership", |parse| {
        let from = parse.date("from_date", &partnership.from_date);
        let until = parse.date("until_date", &partnership.until_date);
        if partnership.from_date.is_empty() {
            parse.wrong("from_date", "must be given");
        }
        if from.zip(until).is_some_and(|(from, until)| until < from) {
            parse.wrong("until_date", "must not be before from_date");
        }
        Some(Partnership { from: from?, until })
    })
}

fn admission_documents(parse: &mut Parse, documents: &[String]) -> Vec<Text<200>> {
    if documents.len() > MAX_DOCUMENTS {
        parse.wrong(
            "admission_documents",
            format!("at most {MAX_DOCUMENTS} documents"),
        );
    }
    let numbered = documents.iter().take(MAX_DOCUMENTS).enumerate();
    numbered
        .filter_map(|(position, text)| {
            parse.take(&format!("admission_documents[{position}]"), Text::new(text))
        })
        .collect()
}

/// As the contract has it, with `pools` where they were read; without its place unless that is shown.
pub(crate) fn facility_to_wire(facility: &Facility, pools: &[Pool], shows_location: bool) -> v1::Facility {
    let masked = (!shows_location).then(|| facility.profile.without_location());
    let profile = masked.as_ref().unwrap_or(&facility.profile);
    let (state, reason, until) = match &facility.state {
        FacilityState::Active => (v1::FacilityState::Active, String::new(), None),
        FacilityState::Suspended { reason, until } => {
            (v1::FacilityState::Suspended, reason.as_str().to_owned(), *until)
        }
        FacilityState::Closed { reason } => (v1::FacilityState::Closed, reason.as_str().to_owned(), None),
    };
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    v1::Facility {
        facility_id: facility.id.to_string(),
        version: facility.version,
        state: state as i32,
        kind: profile.kind.to_wire(),
        name: profile.name.as_str().to_owned(),
        region_code: profile.place.to_string(),
        latitude_deg: profile
            .coordinates
            .map(serasi_geography::Coordinates::latitude_deg),
        longitude_deg: profile
            .coordinates
            .map(serasi_geography::Coordinates::longitude_deg),
        address: text(profile.address.as_ref().map(Text::as_str)),
        source_system: profile.source.system_name().to_owned(),
        source_ref: profile.source.reference().to_owned(),
        clusters: numbers(profile.clusters),
        specialisations: numbers(profile.specialisations),
        bases: numbers(profile.bases),
        forms: numbers(profile.forms),
        targets: numbers(profile.targets),
        admission: Some(admission_to_wire(&profile.admission)),
        working_area: profile.working_area.iter().map(ToString::to_string).collect(),
        supervising_facility_id: profile.supervised_by.map(|id| id.to_string()).unwrap_or_default(),
        partnership: profile.partnership.as_ref().map(partnership_to_wire),
        ministry_supervised: profile.ministry_supervised,
        admission_documents: profile
            .admission_documents
            .iter()
            .map(|text| text.as_str().to_owned())
            .collect(),
        phone: text(profile.phone.as_ref().map(Phone::as_str)),
        email: text(profile.email.as_ref().map(Text::as_str)),
        suspension_reason: reason,
        suspended_until_time: until.map(to_timestamp),
        create_time: Some(to_timestamp(facility.created_at)),
        update_time: Some(to_timestamp(facility.changed_at)),
        pools: pools.iter().map(pool_to_wire).collect(),
        location_hidden: Some(profile.hides_location()),
        mask_reason: optional(masked.as_ref().map(|_| MaskReason::LocationHidden)),
    }
}

fn admission_to_wire(rule: &AdmissionRule) -> v1::AdmissionRule {
    v1::AdmissionRule {
        sex: optional(rule.sex),
        min_age_years: rule.min_age.map(|age| i32::from(age.0)),
        max_age_years: rule.max_age.map(|age| i32::from(age.0)),
        access: numbers(rule.access),
    }
}

fn partnership_to_wire(partnership: &Partnership) -> v1::Partnership {
    v1::Partnership {
        from_date: partnership.from.to_string(),
        until_date: partnership.until.map(|day| day.to_string()).unwrap_or_default(),
    }
}
