//! Writes facilities as a directory file that `read` understands.

use std::io::Write;

use csv::WriterBuilder;
use serasi_proto::v1::{AdmissionRule, Facility, ImportFacilitiesRequest, Partnership, Sex};

use super::{COLUMNS, ExportFileError, LIST_SEPARATOR, NO, Row, YES, pools};
use crate::codes::{ACCESS_NEEDS, BASES, CLUSTERS, Codes, FORMS, KINDS, SEXES, TARGETS};

/// Writes what the format has a column for. Ids, version, state, times and the validity of the capacity
/// are the hub's and are left out.
pub fn write_facilities(
    file: impl Write,
    facilities: &[ImportFacilitiesRequest],
) -> Result<(), ExportFileError> {
    let mut writer = WriterBuilder::new().has_headers(false).from_writer(file);
    writer.write_record(COLUMNS)?;
    for (position, request) in facilities.iter().enumerate() {
        let row = row(request).map_err(|Unsayable { column, problem }| ExportFileError::Inexpressible {
            position,
            column,
            problem,
        })?;
        writer.serialize(row)?;
    }
    writer.flush().map_err(csv::Error::from)?;
    Ok(())
}

/// What the format cannot say.
struct Unsayable {
    column: &'static str,
    problem: &'static str,
}

fn row(request: &ImportFacilitiesRequest) -> Result<Row<String>, Unsayable> {
    let facility = request.facility.as_ref().ok_or(Unsayable {
        column: "source_ref",
        problem: "there is no facility",
    })?;
    let admission = facility.admission.clone().unwrap_or_default();
    let partnership = facility.partnership.clone().unwrap_or_default();
    let Partnership {
        from_date,
        until_date,
    } = partnership;
    let AdmissionRule {
        sex,
        min_age_years,
        max_age_years,
        access,
    } = admission;
    Ok(Row {
        kind: code("kind", facility.kind, &KINDS)?.to_owned(),
        clusters: codes("clusters", &facility.clusters, &CLUSTERS)?,
        specialisations: codes("specialisations", &facility.specialisations, &CLUSTERS)?,
        bases: codes("bases", &facility.bases, &BASES)?,
        forms: codes("forms", &facility.forms, &FORMS)?,
        targets: codes("targets", &facility.targets, &TARGETS)?,
        sex: if sex == i32::from(Sex::Unspecified) {
            String::new()
        } else {
            code("sex", sex, &SEXES)?.to_owned()
        },
        min_age_years: number(min_age_years),
        max_age_years: number(max_age_years),
        access: codes("access", &access, &ACCESS_NEEDS)?,
        partnership_from: from_date,
        partnership_until: until_date,
        ministry_supervised: if facility.ministry_supervised { YES } else { NO }.to_owned(),
        location_hidden: facility
            .location_hidden
            .map(|hidden| if hidden { YES } else { NO }.to_owned())
            .unwrap_or_default(),
        admission_documents: list("admission_documents", &facility.admission_documents)?,
        pools: pools_cell(request)?,
        working_area: list("working_area", &facility.working_area)?,
        latitude_deg: number(facility.latitude_deg),
        longitude_deg: number(facility.longitude_deg),
        ..texts(facility)
    })
}

/// The cells that are written as they are; the others stay empty.
fn texts(facility: &Facility) -> Row<String> {
    Row {
        source_system: facility.source_system.clone(),
        source_ref: facility.source_ref.clone(),
        name: facility.name.clone(),
        region_code: facility.region_code.clone(),
        address: facility.address.clone(),
        supervising_facility_id: facility.supervising_facility_id.clone(),
        phone: facility.phone.clone(),
        email: facility.email.clone(),
        ..Row::default()
    }
}

fn code<T>(column: &'static str, wire: i32, codes: &Codes<T>) -> Result<&'static str, Unsayable>
where
    T: Copy + PartialEq + TryFrom<i32>,
{
    codes.text(wire).ok_or(Unsayable {
        column,
        problem: "the value is unspecified or unknown",
    })
}

fn codes<T>(column: &'static str, wires: &[i32], known: &Codes<T>) -> Result<String, Unsayable>
where
    T: Copy + PartialEq + TryFrom<i32>,
{
    let texts: Result<Vec<_>, _> = wires.iter().map(|&wire| code(column, wire, known)).collect();
    Ok(join(&texts?))
}

fn list(column: &'static str, items: &[String]) -> Result<String, Unsayable> {
    if items.iter().any(|item| item.contains(LIST_SEPARATOR)) {
        return Err(Unsayable {
            column,
            problem: "an item has the separator of lists in it",
        });
    }
    Ok(join(items))
}

fn pools_cell(request: &ImportFacilitiesRequest) -> Result<String, Unsayable> {
    let texts: Option<Vec<_>> = request.capacity.iter().map(pools::text).collect();
    let texts = texts.ok_or(Unsayable {
        column: "pools",
        problem: "a pool has no base, or an unknown value",
    })?;
    Ok(join(&texts))
}

fn join(items: &[impl AsRef<str>]) -> String {
    let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
    items.join(&LIST_SEPARATOR.to_string())
}

fn number(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}
