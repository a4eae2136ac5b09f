//! The 31 Sentra of the ministry: identity, place and beds as published, with what the balai before them
//! were known for and where they worked.

use serasi_geography::RegionCode;
use serasi_proto::v1::{
    AccessNeed, AdmissionRule, CapacityReport, Cluster, Facility, FacilityKind, ImportFacilitiesRequest,
    ServiceBase,
};

use super::assumed;
use crate::published::{self, Balai, Sentra, SentraKind, WorkingArea};

const SOURCE_SYSTEM: &str = "kemensos";
/// Most of the work is done in families and not in dormitories; figures are not published.
const FAMILY_PLACES_PER_BED: u32 = 4;
const FAMILY_PLACES_MIN: u32 = 200;
const COMMUNITY_PLACES_PER_BED: u32 = 2;
const COMMUNITY_PLACES_MIN: u32 = 100;
/// The only areas that are no working area: who gets an artificial limb does not move in.
const PROSTHETICS: &str = "prosthetics";

/// What Sentra Phala Martha asked for in 2017; no other list was found.
const DOCUMENTS: [&str; 5] = [
    "Surat pengantar dinas sosial kabupaten/kota",
    "Fotokopi Kartu Keluarga (KK)",
    "Fotokopi KTP",
    "Pasfoto",
    "Surat keterangan dokter: tidak berpenyakit menular",
];
/// Asked for where persons with mental disability live.
const PSYCHIATRIST_STATEMENT: &str = "Surat keterangan psikiater: kondisi tenang";

pub(super) fn all() -> impl Iterator<Item = ImportFacilitiesRequest> {
    let balai = published::balai();
    let areas = published::working_areas();
    published::sentra().into_iter().map(move |sentra| {
        let legacy: Vec<_> = balai
            .iter()
            .filter(|balai| balai.successor_id == sentra.id)
            .collect();
        request(sentra, &legacy, &areas)
    })
}

fn request(sentra: Sentra, legacy: &[&Balai], areas: &[WorkingArea]) -> ImportFacilitiesRequest {
    let capacity = capacity(&sentra);
    let facility = Facility {
        kind: match sentra.kind {
            SentraKind::SentraTerpadu => FacilityKind::BalaiBesar,
            SentraKind::Sentra => FacilityKind::Balai,
        }
        .into(),
        region_code: sentra.district_code.unwrap_or(sentra.regency_code).to_string(),
        latitude_deg: Some(sentra.latitude_deg),
        longitude_deg: Some(sentra.longitude_deg),
        specialisations: specialisations(&sentra, legacy),
        clusters: sentra.clusters.iter().copied().map(i32::from).collect(),
        bases: vec![
            ServiceBase::Family.into(),
            ServiceBase::Community.into(),
            ServiceBase::Residential.into(),
        ],
        admission: Some(admission(legacy)),
        working_area: working_area(&sentra.id, legacy, areas),
        admission_documents: documents(legacy),
        name: sentra.name,
        address: sentra.address,
        source_system: SOURCE_SYSTEM.to_owned(),
        source_ref: sentra.id,
        ..Facility::default()
    };
    ImportFacilitiesRequest {
        facility: Some(facility),
        capacity,
        ..ImportFacilitiesRequest::default()
    }
}

/// What the balai before it served, in the order of the regulation.
fn specialisations(sentra: &Sentra, legacy: &[&Balai]) -> Vec<i32> {
    let known_for = |cluster: &Cluster| legacy.iter().any(|balai| balai.cluster == *cluster);
    let clusters = sentra.clusters.iter().copied();
    clusters.filter(known_for).map(i32::from).collect()
}

/// Anybody; signing and braille where a balai for deaf or blind persons was.
fn admission(legacy: &[&Balai]) -> AdmissionRule {
    let mut access = vec![AccessNeed::Wheelchair, AccessNeed::FullCare];
    if has_focus(legacy, "deaf") {
        access.push(AccessNeed::SignLanguage);
    }
    if has_focus(legacy, "visual") || has_focus(legacy, "braille") {
        access.push(AccessNeed::Braille);
    }
    AdmissionRule {
        access: access.into_iter().map(i32::from).collect(),
        ..AdmissionRule::default()
    }
}

/// Its own areas and those of the balai before it, as far as they were found.
fn working_area(id: &str, legacy: &[&Balai], areas: &[WorkingArea]) -> Vec<String> {
    let is_its = |area: &&WorkingArea| {
        area.facility_id == id || legacy.iter().any(|balai| balai.id == area.facility_id)
    };
    let mut codes: Vec<_> = areas
        .iter()
        .filter(is_its)
        .filter(|area| area.scope != PROSTHETICS)
        .map(|area| area.area_code)
        .collect();
    codes.sort_unstable();
    codes.dedup();
    // Those of several balai overlap; the larger region says it all.
    let within_others: Vec<_> = RegionCode::overlaps(&codes)
        .into_iter()
        .map(|(_, inner)| inner)
        .collect();
    let distinct = codes
        .iter()
        .enumerate()
        .filter(|(position, _)| !within_others.contains(position));
    distinct.map(|(_, code)| code).map(ToString::to_string).collect()
}

fn documents(legacy: &[&Balai]) -> Vec<String> {
    let statement = has_focus(legacy, "mental").then_some(PSYCHIATRIST_STATEMENT);
    DOCUMENTS
        .into_iter()
        .chain(statement)
        .map(str::to_owned)
        .collect()
}

fn has_focus(legacy: &[&Balai], word: &str) -> bool {
    legacy.iter().any(|balai| balai.focus.contains(word))
}

fn capacity(sentra: &Sentra) -> Vec<CapacityReport> {
    let beds = sentra.beds;
    let family = (FAMILY_PLACES_PER_BED * beds).max(FAMILY_PLACES_MIN);
    let community = (COMMUNITY_PLACES_PER_BED * beds).max(COMMUNITY_PLACES_MIN);
    let key = |base: &str| format!("{SOURCE_SYSTEM}/{}/{base}/", sentra.id);
    let mut pools = vec![
        assumed::places(&key("keluarga"), ServiceBase::Family, family),
        assumed::places(&key("komunitas"), ServiceBase::Community, community),
    ];
    if beds > 0 {
        pools.push(assumed::beds(&key("residensial"), beds));
    }
    pools
}
