//! Institutions of society (LKS), all invented.
//!
//! What they may do hangs on their accreditation: A and B work on their own under the ministry's
//! supervision (P7 Ps.6(2),(4)), C as partner of a balai (P16 Ps.5(2)), the others not at all.

use serasi_geography::Coordinates;
use serasi_proto::v1::{
    Cluster, Facility, FacilityKind, ImportFacilitiesRequest, Partnership, ServiceBase, ServiceForm, Target,
};

use super::assumed;
use crate::synthetic::{self, Accreditation, Lks};

const SOURCE_SYSTEM: &str = "lks";
const PARTNERSHIP_FROM: &str = "2024-01-01";
const DOCUMENTS: [&str; 2] = [
    "Surat pengantar dinas sosial kabupaten/kota",
    "Fotokopi Kartu Keluarga (KK)",
];

pub(super) fn all() -> impl Iterator<Item = ImportFacilitiesRequest> {
    synthetic::lks().map(request)
}

fn request(lks: Lks) -> ImportFacilitiesRequest {
    let point = lks.district.coordinates;
    let key = &lks.key;
    let capacity = if assumed::is_silent(key) {
        Vec::new()
    } else {
        vec![assumed::places(key, lks.base, lks.places)]
    };
    let facility = Facility {
        kind: FacilityKind::Lks.into(),
        region_code: lks.district.code.to_string(),
        latitude_deg: point.map(Coordinates::latitude_deg),
        longitude_deg: point.map(Coordinates::longitude_deg),
        clusters: vec![lks.cluster.into()],
        bases: vec![lks.base.into()],
        forms: forms(lks.cluster).iter().copied().map(i32::from).collect(),
        targets: targets(lks.base).iter().copied().map(i32::from).collect(),
        admission: Some(assumed::admission(key, &[lks.cluster])),
        partnership: partnership(lks.accreditation),
        ministry_supervised: is_supervised(lks.accreditation),
        admission_documents: DOCUMENTS.map(str::to_owned).to_vec(),
        name: lks.name,
        source_system: SOURCE_SYSTEM.to_owned(),
        source_ref: lks.id,
        ..Facility::default()
    };
    ImportFacilitiesRequest {
        facility: Some(facility),
        capacity,
        ..ImportFacilitiesRequest::default()
    }
}

/// What such an institution plausibly gives: small houses do not do everything.
const fn forms(cluster: Cluster) -> &'static [ServiceForm] {
    match cluster {
        Cluster::Anak => &[
            ServiceForm::DecentLiving,
            ServiceForm::SocialCare,
            ServiceForm::FamilySupport,
            ServiceForm::Therapy,
        ],
        Cluster::Disabilitas => &[
            ServiceForm::DecentLiving,
            ServiceForm::SocialCare,
            ServiceForm::Therapy,
            ServiceForm::Vocational,
            ServiceForm::Accessibility,
        ],
        Cluster::TunaSosialKpo => &[
            ServiceForm::DecentLiving,
            ServiceForm::Therapy,
            ServiceForm::Vocational,
            ServiceForm::SocialAssistance,
        ],
        Cluster::Napza => &[
            ServiceForm::FamilySupport,
            ServiceForm::Therapy,
            ServiceForm::Vocational,
        ],
        Cluster::Lansia => &[
            ServiceForm::DecentLiving,
            ServiceForm::SocialCare,
            ServiceForm::FamilySupport,
            ServiceForm::SocialAssistance,
        ],
        Cluster::Unspecified => &[],
    }
}

const fn targets(base: ServiceBase) -> &'static [Target] {
    match base {
        ServiceBase::Community => &[
            Target::Individual,
            Target::Family,
            Target::Group,
            Target::Community,
        ],
        ServiceBase::Family | ServiceBase::Residential | ServiceBase::Unspecified => {
            &[Target::Individual, Target::Family]
        }
    }
}

const fn is_supervised(accreditation: Accreditation) -> bool {
    match accreditation {
        Accreditation::A | Accreditation::B => true,
        Accreditation::C | Accreditation::None => false,
    }
}

fn partnership(accreditation: Accreditation) -> Option<Partnership> {
    match accreditation {
        Accreditation::C => Some(Partnership {
            from_date: PARTNERSHIP_FROM.to_owned(),
            until_date: String::new(),
        }),
        Accreditation::A | Accreditation::B | Accreditation::None => None,
    }
}
