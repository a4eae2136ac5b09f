//! Invented cases over all districts, in the shares of the load generator of `serasi bench`.

use serasi_domain::case::CaseFacts;
use serasi_domain::cluster::Cluster;
use serasi_domain::need::{Criterion, Need, Places, ServiceBase, ServiceForm, Target, Urgency};
use serasi_domain::person::{AccessNeed, AgeYears, PartyMember, Sex};
use serasi_geography::{RegionCode, atlas};

const URGENCIES: [(Urgency, u64); 3] = [
    (Urgency::Regular, 80),
    (Urgency::Urgent, 15),
    (Urgency::Emergency, 5),
];
const BASES: [(ServiceBase, u64); 3] = [
    (ServiceBase::Residential, 75),
    (ServiceBase::Family, 15),
    (ServiceBase::Community, 10),
];
const SIZES: [(u16, u64); 4] = [(1, 78), (2, 12), (3, 6), (4, 4)];
/// Cluster, age of everybody in the party, form, weight.
const KINDS: [((Cluster, u8, ServiceForm), u64); 5] = [
    ((Cluster::Anak, 10, ServiceForm::SocialCare), 25),
    ((Cluster::Disabilitas, 35, ServiceForm::Therapy), 30),
    ((Cluster::TunaSosialKpo, 40, ServiceForm::DecentLiving), 12),
    ((Cluster::Napza, 25, ServiceForm::Therapy), 8),
    ((Cluster::Lansia, 70, ServiceForm::SocialCare), 25),
];

/// A linear congruential generator: the same cases for the same seed.
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn weighted<T: Copy>(&mut self, choices: &[(T, u64)]) -> T {
        let mut rest = self.below(choices.iter().map(|(_, weight)| weight).sum());
        for (value, weight) in choices {
            if rest < *weight {
                return *value;
            }
            rest -= weight;
        }
        unreachable!("the weights add up")
    }
}

pub(super) fn draw(seed: u64, count: usize) -> Vec<CaseFacts> {
    let districts: Vec<RegionCode> = atlas()
        .regencies()
        .flat_map(|regency| atlas().districts_of(regency.code))
        .map(|district| district.code)
        .collect();
    let mut draw = Draw(seed);
    (0..count).map(|_| case(&mut draw, &districts)).collect()
}

fn case(draw: &mut Draw, districts: &[RegionCode]) -> CaseFacts {
    let (cluster, age, form) = draw.weighted(&KINDS);
    let size = draw.weighted(&SIZES);
    let district = draw.below(districts.len() as u64);
    let place = usize::try_from(district)
        .ok()
        .and_then(|index| districts.get(index));
    let party = (0..size).map(|_| PartyMember {
        sex: Some(if draw.below(2) == 0 {
            Sex::Female
        } else {
            Sex::Male
        }),
        age: Some(AgeYears(age)),
        access_needs: if cluster == Cluster::Disabilitas && draw.below(3) == 0 {
            vec![AccessNeed::Wheelchair]
        } else {
            vec![]
        },
    });
    let party = party.collect();
    CaseFacts {
        cluster: Some(cluster),
        ppks_category: None,
        urgency: draw.weighted(&URGENCIES),
        target: if size == 1 {
            Target::Individual
        } else {
            Target::Family
        },
        criteria: vec![Criterion::Neglect],
        need: Need {
            base: draw.weighted(&BASES),
            forms: form.into(),
            places: Places::try_from(size).expect("at most four"),
            excluded_facilities: vec![],
            excluded_regions: vec![],
        },
        place: *place.expect("drawn below the number of districts"),
        party,
        kept_masked: None,
    }
}
