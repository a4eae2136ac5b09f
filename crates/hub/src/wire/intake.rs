//! Reports.

use serasi_domain::intake::{DocumentReference, Intake, Reporter, SourceKey};
use serasi_domain::need::{Target, Urgency};
use serasi_domain::person::Person;
use serasi_domain::text::Text;
use serasi_geography::{Coordinates, RegionCode, RegionLevel, atlas};
use serasi_proto::v1;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use super::case::need;
use super::document::reference;
use super::parse::Parse;
use super::person::{MAX_PERSONS, person};

const MAX_DOCUMENTS: usize = 20;
const EARLIEST_REPORT: OffsetDateTime = datetime!(2000-01-01 00:00 UTC);
/// Clocks of field workers run ahead at times.
const CLOCK_TOLERANCE: Duration = Duration::minutes(5);

/// Reads a report; every violation at once. `now` is the hub's clock: only "not in the future" depends on it.
pub(crate) fn intake(parse: &mut Parse, intake: &v1::Intake, now: OffsetDateTime) -> Option<Intake> {
    let source = source_key(parse, &intake.source_system, &intake.source_ref);
    let channel = parse.required("channel", intake.channel);
    let legal_basis = parse.required("legal_basis", intake.legal_basis);
    let reported_at = parse.require("report_time", intake.report_time.as_ref(), "must be given");
    let reported_at = parse.time("report_time", reported_at);
    if reported_at.is_some_and(|at| at > now + CLOCK_TOLERANCE) {
        parse.wrong("report_time", "is in the future");
    }
    if reported_at.is_some_and(|at| at < EARLIEST_REPORT) {
        parse.wrong("report_time", "is before the year 2000");
    }
    let coordinates = coordinates(parse, intake.latitude_deg, intake.longitude_deg);
    let place = place(parse, &intake.region_code, coordinates);
    let story = parse.take("story", Text::new(&intake.story));
    let persons = persons(parse, &intake.persons, now);
    let needed = need(parse, intake.need.as_ref(), persons.len());
    let ppks_category = (!intake.ppks_category.is_empty())
        .then(|| parse.take("ppks_category", intake.ppks_category.clone().try_into()))
        .flatten();
    let rest = (
        reporter(parse, intake.reporter.as_ref()),
        parse.text("location_note", &intake.location_note),
        parse
            .optional("target", intake.target)
            .unwrap_or(Target::Individual),
        parse.list("criteria", &intake.criteria),
        parse.optional("cluster", intake.cluster),
        parse
            .optional("urgency", intake.urgency)
            .unwrap_or(Urgency::Regular),
        documents(parse, &intake.documents),
    );
    let (reporter, location_note, target, criteria, cluster, urgency, documents) = rest;
    Some(Intake {
        source: source?,
        channel: channel?,
        reporter,
        legal_basis: legal_basis?,
        reported_at: reported_at?,
        place: place?,
        coordinates,
        location_note,
        story: story?,
        target,
        criteria,
        cluster,
        ppks_category,
        urgency,
        need: needed?,
        persons,
        documents,
    })
}

/// A sender's key; both parts are needed.
pub(super) fn source_key(parse: &mut Parse, system: &str, reference: &str) -> Option<SourceKey> {
    for (field, part) in [("source_system", system), ("source_ref", reference)] {
        parse.take(field, SourceKey::part(part));
    }
    SourceKey::new(system, reference).ok()
}

/// A point; both numbers or none.
pub(super) fn coordinates(
    parse: &mut Parse,
    latitude: Option<f64>,
    longitude: Option<f64>,
) -> Option<Coordinates> {
    match (latitude, longitude) {
        (Some(latitude), Some(longitude)) => {
            parse.take("latitude_deg", Coordinates::new(latitude, longitude))
        }
        (None, None) => None,
        (Some(_), None) => {
            parse.wrong("longitude_deg", "must be given with latitude_deg");
            None
        }
        (None, Some(_)) => {
            parse.wrong("latitude_deg", "must be given with longitude_deg");
            None
        }
    }
}

/// Regency or smaller; else the district nearest to the point.
fn place(parse: &mut Parse, code: &str, coordinates: Option<Coordinates>) -> Option<RegionCode> {
    if code.trim().is_empty() {
        let nearest = coordinates.map(|point| atlas().nearest_district(point));
        return parse.require(
            "region_code",
            nearest,
            "give a regency, district or village code, or coordinates",
        );
    }
    let code = parse.region("region_code", code)?;
    if code.level() < RegionLevel::Regency {
        parse.wrong(
            "region_code",
            "must be a regency, district or village; a province is too wide to search from",
        );
        return None;
    }
    Some(code)
}

fn persons(parse: &mut Parse, persons: &[v1::Person], now: OffsetDateTime) -> Vec<Person> {
    if persons.len() > MAX_PERSONS {
        parse.wrong(
            "persons",
            format!("at most {MAX_PERSONS} persons; send a larger group as several reports"),
        );
    }
    let numbered = persons.iter().take(MAX_PERSONS).enumerate();
    numbered
        .map(|(position, wire)| {
            parse.nested(&format!("persons[{position}]"), |parse| person(parse, wire, now))
        })
        .collect()
}

fn reporter(parse: &mut Parse, reporter: Option<&v1::Reporter>) -> Reporter {
    let empty = v1::Reporter::default();
    let reporter = reporter.unwrap_or(&empty);
    parse.nested("reporter", |parse| Reporter {
        name: parse.text("name", &reporter.name),
        phone: parse.parsed("phone", &reporter.phone),
        organisation: parse.text("organisation", &reporter.organisation),
        relation: parse.text("relation", &reporter.relation),
    })
}

fn documents(parse: &mut Parse, documents: &[v1::DocumentReference]) -> Vec<DocumentReference> {
    if documents.len() > MAX_DOCUMENTS {
        parse.wrong("documents", format!("at most {MAX_DOCUMENTS} documents"));
    }
    let numbered = documents.iter().take(MAX_DOCUMENTS).enumerate();
    numbered
        .filter_map(|(position, wire)| {
            parse.nested(&format!("documents[{position}]"), |parse| {
                reference(parse, &wire.kind, wire)
            })
        })
        .collect()
}
