//! Units of the provinces: a published sample, and invented ones up to what the population suggests.
//!
//! All are houses to live in, work under the ministry's supervision (P16 Ps.5(3)-(4)) and give all forms.

use serasi_geography::Coordinates;
use serasi_proto::v1::{
    AccessNeed, AdmissionRule, Cluster, Facility, FacilityKind, ImportFacilitiesRequest, ServiceBase, Sex,
    Target,
};

use super::{assumed, known_uptd_by_province};
use crate::{published, synthetic};

const SOURCE_SYSTEM: &str = "uptd";
/// Where no figure is published.
const BEDS_ASSUMED: u32 = 60;
const TARGETS: [Target; 3] = [Target::Individual, Target::Family, Target::Group];
const DOCUMENTS: [&str; 3] = [
    "Surat pengantar dinas sosial kabupaten/kota",
    "Fotokopi Kartu Keluarga (KK)",
    "Fotokopi KTP",
];
/// Words in the name of a house for women.
const WOMEN_ONLY: [&str; 3] = ["Wanita", "Tuna Susila", "PSKW"];
/// Words in the name of a house for deaf or blind persons, and what it can therefore offer.
const ACCESS_BY_NAME: [(&str, AccessNeed); 3] = [
    ("Rungu", AccessNeed::SignLanguage),
    ("Netra", AccessNeed::Braille),
    ("PSBN", AccessNeed::Braille),
];

pub(super) fn all() -> impl Iterator<Item = ImportFacilitiesRequest> {
    let sample = published::uptd_sample().into_iter().map(known);
    let invented: Vec<_> = synthetic::uptd(&known_uptd_by_province()).map(invented).collect();
    sample.chain(invented)
}

fn known(uptd: published::Uptd) -> ImportFacilitiesRequest {
    let place = Facility {
        region_code: uptd.regency_code.to_string(),
        latitude_deg: Some(uptd.latitude_deg),
        longitude_deg: Some(uptd.longitude_deg),
        name: uptd.name,
        source_ref: uptd.id.clone(),
        ..Facility::default()
    };
    let key = format!("{SOURCE_SYSTEM}/{}/", uptd.id);
    request(place, &key, &uptd.clusters, uptd.beds.unwrap_or(BEDS_ASSUMED))
}

fn invented(uptd: synthetic::Uptd) -> ImportFacilitiesRequest {
    let point = uptd.regency.coordinates;
    let place = Facility {
        region_code: uptd.regency.code.to_string(),
        latitude_deg: point.map(Coordinates::latitude_deg),
        longitude_deg: point.map(Coordinates::longitude_deg),
        name: uptd.name,
        source_ref: uptd.id,
        ..Facility::default()
    };
    request(place, &uptd.key, &[uptd.cluster], uptd.places)
}

/// Completes a facility of which name, key and place are known.
fn request(place: Facility, key: &str, clusters: &[Cluster], beds: u32) -> ImportFacilitiesRequest {
    let facility = Facility {
        kind: FacilityKind::UptdProvince.into(),
        source_system: SOURCE_SYSTEM.to_owned(),
        clusters: clusters.iter().copied().map(i32::from).collect(),
        bases: vec![ServiceBase::Residential.into()],
        targets: TARGETS.map(i32::from).to_vec(),
        admission: Some(admission(&place.name, key, clusters)),
        ministry_supervised: true,
        admission_documents: DOCUMENTS.map(str::to_owned).to_vec(),
        ..place
    };
    let capacity = if assumed::is_silent(key) {
        Vec::new()
    } else {
        vec![assumed::beds(key, beds)]
    };
    ImportFacilitiesRequest {
        facility: Some(facility),
        capacity,
        ..ImportFacilitiesRequest::default()
    }
}

fn admission(name: &str, key: &str, clusters: &[Cluster]) -> AdmissionRule {
    let mut admission = assumed::admission(key, clusters);
    if WOMEN_ONLY.iter().any(|word| name.contains(word)) {
        admission.sex = Sex::Female.into();
    }
    for (word, need) in ACCESS_BY_NAME {
        let need = i32::from(need);
        if name.contains(word) && !admission.access.contains(&need) {
            admission.access.push(need);
        }
    }
    admission
}
