//! Builders. All people are invented.

use pbjson_types::Timestamp;
use serasi_proto::v1;
use uuid::Uuid;

/// A new request id.
#[expect(clippy::disallowed_methods, reason = "tests need fresh ids and nothing else")]
pub fn request_id() -> String {
    Uuid::now_v7().to_string()
}

/// A moment on 1 November 2026.
pub const fn report_time() -> Timestamp {
    Timestamp {
        seconds: 1_793_500_000,
        nanos: 0,
    }
}

/// A complaint about one child in Kota Bandung, whose key is `reference`.
pub fn intake(reference: &str) -> v1::Intake {
    v1::Intake {
        source_system: "hotline-uji".to_owned(),
        source_ref: reference.to_owned(),
        channel: v1::Channel::Complaint as i32,
        legal_basis: v1::LegalBasis::PublicTask as i32,
        report_time: Some(report_time()),
        region_code: "32.73.01".to_owned(),
        story: "Seorang anak ditemukan tidur di emperan toko sejak tiga malam.".to_owned(),
        cluster: v1::Cluster::Anak as i32,
        urgency: v1::Urgency::Regular as i32,
        persons: vec![child()],
        ..v1::Intake::default()
    }
}

/// A girl of ten without papers.
pub fn child() -> v1::Person {
    v1::Person {
        name: "Melati Contoh".to_owned(),
        estimated_age_years: Some(10),
        sex: v1::Sex::Female as i32,
        ..v1::Person::default()
    }
}

/// Submits without routing later.
pub fn submit(intake: v1::Intake) -> v1::SubmitIntakeRequest {
    v1::SubmitIntakeRequest {
        request_id: request_id(),
        intake: Some(intake),
        route_later: false,
    }
}

/// A facility row of an import: an LKS for children with residential places in `region`.
pub fn facility(reference: &str, region: &str, free: i32) -> v1::ImportFacilitiesRequest {
    let facility = v1::Facility {
        source_system: "uji".to_owned(),
        source_ref: reference.to_owned(),
        kind: v1::FacilityKind::Lks as i32,
        name: format!("LKSA {reference}"),
        region_code: region.to_owned(),
        clusters: vec![v1::Cluster::Anak as i32],
        bases: vec![v1::ServiceBase::Residential as i32],
        ministry_supervised: true,
        ..v1::Facility::default()
    };
    v1::ImportFacilitiesRequest {
        row: 0,
        facility: Some(facility),
        capacity: vec![pool(free, 0)],
        capacity_valid_until_time: None,
    }
}

/// What a facility says about its general residential pool.
pub fn pool(total: i32, occupied: i32) -> v1::CapacityReport {
    let key = v1::PoolKey {
        base: v1::ServiceBase::Residential as i32,
        cluster: 0,
        sex: 0,
    };
    v1::CapacityReport {
        key: Some(key),
        total,
        occupied,
        overflow: 0,
    }
}

/// The same facility with unknown capacity.
pub fn without_capacity(mut row: v1::ImportFacilitiesRequest) -> v1::ImportFacilitiesRequest {
    row.capacity.clear();
    row
}
