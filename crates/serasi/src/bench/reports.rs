//! Invented reports: people who do not exist, in the mix that comes in on an ordinary day. Shares that nobody
//! publishes are guesses, good enough to make a hub work as it would.

use std::sync::Arc;

use pbjson_types::Timestamp;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serasi_geography::RegionCode;
use serasi_proto::v1::{
    AccessNeed, Channel, Cluster, Criterion, Intake, LegalBasis, Need, Person, Reporter as ReporterDetails,
    ServiceBase, ServiceForm, Sex, SubmitIntakeRequest, Target, Urgency,
};
use time::OffsetDateTime;

use super::country::Country;
use crate::request_id;

const CHANNELS: [(Channel, LegalBasis, u32); 3] = [
    (Channel::Complaint, LegalBasis::PublicTask, 50),
    (Channel::Outreach, LegalBasis::PublicTask, 30),
    (Channel::Referral, LegalBasis::Consent, 20),
];
const URGENCIES: [(Urgency, u32); 3] = [
    (Urgency::Regular, 80),
    (Urgency::Urgent, 15),
    (Urgency::Emergency, 5),
];
const BASES: [(ServiceBase, u32); 3] = [
    (ServiceBase::Residential, 75),
    (ServiceBase::Family, 15),
    (ServiceBase::Community, 10),
];
const PARTY_SIZES: [(usize, u32); 4] = [(1, 78), (2, 12), (3, 6), (4, 4)];
/// Of a hundred people, who have a NIK that the reporter knows.
const PERCENT_WITH_NIK: u32 = 60;
/// Serials from here on are rare among living people: an invented NIK should be nobody's.
const FIRST_SERIAL: u32 = 9_000;

const WOMEN: [&str; 12] = [
    "Siti", "Dewi", "Sri", "Ni Luh", "Maria", "Fatimah", "Rina", "Yuliana", "Wulan", "Hasnah", "Lestari",
    "Ratna",
];
const MEN: [&str; 12] = [
    "Agus", "Budi", "Ahmad", "I Wayan", "Yohanes", "Rahmat", "Joko", "Dedi", "Hendra", "Petrus", "Slamet",
    "Yusuf",
];
const LAST_NAMES: [&str; 12] = [
    "Santoso", "Siregar", "Wijaya", "Nasution", "Lubis", "Hidayat", "Tanjung", "Wenda", "Manurung",
    "Pratama", "Rumbiak", "Saputra",
];

/// What is typical of a cluster.
struct Kind {
    cluster: Cluster,
    /// Of a hundred reports.
    weight: u32,
    category: &'static str,
    criterion: Criterion,
    /// Years of the first person, inclusive; of all persons when `all_alike`.
    ages: (i32, i32),
    /// True = companions are of the same ages, as siblings are.
    all_alike: bool,
    form: ServiceForm,
    access: Option<AccessNeed>,
    story: &'static str,
}

const KINDS: [Kind; 5] = [
    Kind {
        cluster: Cluster::Anak,
        weight: 25,
        category: "anak_telantar",
        criterion: Criterion::Neglect,
        ages: (6, 16),
        all_alike: true,
        form: ServiceForm::SocialCare,
        access: None,
        story: "tinggal tanpa orang tua sejak beberapa bulan lalu dan sudah lama tidak masuk sekolah. Tetangga \
                bergantian memberi makan, tetapi tidak ada yang sanggup mengasuh seterusnya.",
    },
    Kind {
        cluster: Cluster::Disabilitas,
        weight: 30,
        category: "penyandang_disabilitas",
        criterion: Criterion::Disability,
        ages: (18, 58),
        all_alike: false,
        form: ServiceForm::Therapy,
        access: Some(AccessNeed::Wheelchair),
        story: "memakai kursi roda setelah kecelakaan dan ingin berlatih supaya dapat bekerja lagi. Keluarga belum \
                tahu ke mana harus meminta terapi dan alat bantu.",
    },
    Kind {
        cluster: Cluster::TunaSosialKpo,
        weight: 12,
        category: "gelandangan",
        criterion: Criterion::SocialDeviance,
        ages: (20, 58),
        all_alike: false,
        form: ServiceForm::DecentLiving,
        access: None,
        story: "tidur di emperan pasar sejak diusir dari kontrakan dan tidak memiliki penghasilan tetap. Petugas \
                menemukan dalam keadaan lemah dan meminta tempat tinggal sementara.",
    },
    Kind {
        cluster: Cluster::Napza,
        weight: 8,
        category: "korban_napza",
        criterion: Criterion::SocialDeviance,
        ages: (19, 45),
        all_alike: false,
        form: ServiceForm::Therapy,
        access: None,
        story: "sudah dua kali mencoba berhenti memakai zat dan selalu kambuh. Kini meminta rehabilitasi atas \
                kemauan sendiri, jauh dari lingkungan lama.",
    },
    Kind {
        cluster: Cluster::Lansia,
        weight: 25,
        category: "lansia_telantar",
        criterion: Criterion::Neglect,
        ages: (61, 92),
        all_alike: true,
        form: ServiceForm::SocialCare,
        access: Some(AccessNeed::FullCare),
        story: "hidup sendirian dan tidak sanggup lagi mengurus diri. Makanan dan air diantar tetangga, dan semua \
                khawatir terjadi sesuatu pada malam hari.",
    },
];

/// Makes the reports of one client, each another one.
pub(super) struct Reporter {
    country: Arc<Country>,
    rng: StdRng,
    source_system: String,
    client: u16,
    made: u64,
    now: OffsetDateTime,
}

impl Reporter {
    /// `key` = number of the run and of the client: together they make the source keys unique.
    pub(super) fn new(country: Arc<Country>, seed: u64, key: (u32, u16), now: OffsetDateTime) -> Self {
        let (run, client) = key;
        Self {
            country,
            rng: StdRng::seed_from_u64(seed.wrapping_add(client.into())),
            source_system: format!("bench-{run:08x}"),
            client,
            made: 0,
            now,
        }
    }

    /// The next report, ready to be sent.
    pub(super) fn next_request(&mut self) -> SubmitIntakeRequest {
        request_id::submission(self.next_intake(), false)
    }

    fn next_intake(&mut self) -> Intake {
        self.made += 1;
        let kind = weighted(&mut self.rng, &KINDS, |kind| kind.weight);
        let district = self.country.district(&mut self.rng);
        let &(channel, legal_basis, _) = weighted(&mut self.rng, &CHANNELS, |channel| channel.2);
        let persons = self.party(kind, district);
        let rng = &mut self.rng;
        let &(urgency, _) = weighted(rng, &URGENCIES, |urgency| urgency.1);
        let &(base, _) = weighted(rng, &BASES, |base| base.1);
        let name = persons
            .first()
            .map(|person| person.name.as_str())
            .unwrap_or_default();
        let is_alone = persons.len() == 1;
        Intake {
            source_system: self.source_system.clone(),
            source_ref: format!("C{:04}-{:08}", self.client, self.made),
            channel: channel.into(),
            reporter: Some(ReporterDetails {
                name: full_name(rng, Sex::Female),
                phone: format!("0812{:08}", rng.random_range(0..100_000_000)),
                organisation: String::new(),
                relation: "tetangga".to_owned(),
            }),
            legal_basis: legal_basis.into(),
            report_time: Some(Timestamp {
                seconds: self.now.unix_timestamp(),
                nanos: 0,
            }),
            region_code: district.to_string(),
            story: format!("{name} {}", kind.story),
            target: (if is_alone {
                Target::Individual
            } else {
                Target::Family
            })
            .into(),
            criteria: vec![kind.criterion.into()],
            cluster: kind.cluster.into(),
            ppks_category: kind.category.to_owned(),
            urgency: urgency.into(),
            need: Some(Need {
                base: base.into(),
                forms: vec![kind.form.into()],
                ..Need::default()
            }),
            persons,
            ..Intake::default()
        }
    }

    fn party(&mut self, kind: &Kind, district: RegionCode) -> Vec<Person> {
        let &(size, _) = weighted(&mut self.rng, &PARTY_SIZES, |size| size.1);
        let person = |number| {
            let is_typical = number == 0 || kind.all_alike;
            let ages = if is_typical { kind.ages } else { (1, 60) };
            let needs_access = number == 0 && self.rng.random_bool(0.3);
            let access = kind.access.filter(|_| needs_access);
            Person {
                access_needs: access.into_iter().map(i32::from).collect(),
                ..person(&mut self.rng, ages, district, self.now.year())
            }
        };
        (0..size).map(person).collect()
    }
}

fn person(rng: &mut StdRng, ages: (i32, i32), district: RegionCode, this_year: i32) -> Person {
    let sex = if rng.random_bool(0.5) {
        Sex::Female
    } else {
        Sex::Male
    };
    let year = this_year - rng.random_range(ages.0..=ages.1);
    // Every month has 28 days.
    let (month, day) = (rng.random_range(1..=12), rng.random_range(1..=28));
    let has_nik = rng.random_ratio(PERCENT_WITH_NIK, 100);
    let serial = rng.random_range(FIRST_SERIAL..10_000);
    let day_in_nik = if sex == Sex::Female { day + 40 } else { day };
    let issued_in: String = district
        .to_string()
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    let nik = format!(
        "{issued_in}{day_in_nik:02}{month:02}{:02}{serial}",
        year.rem_euclid(100)
    );
    Person {
        nik: if has_nik { nik } else { String::new() },
        name: full_name(rng, sex),
        birth_date: format!("{year}-{month:02}-{day:02}"),
        sex: sex.into(),
        domicile_region_code: district.to_string(),
        ..Person::default()
    }
}

fn full_name(rng: &mut StdRng, sex: Sex) -> String {
    let first = match sex {
        Sex::Female | Sex::Unspecified => WOMEN,
        Sex::Male => MEN,
    };
    let (first, last) = (first.choose(rng), LAST_NAMES.choose(rng));
    format!("{} {}", first.unwrap_or(&""), last.unwrap_or(&""))
}

/// One of the items, as often as it weighs.
fn weighted<'a, T>(rng: &mut StdRng, items: &'a [T], weight: impl Fn(&T) -> u32) -> &'a T {
    items
        .choose_weighted(rng, weight)
        .expect("the tables above are not empty and weigh something")
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    fn reports(seed: u64, key: (u32, u16), count: usize) -> Vec<SubmitIntakeRequest> {
        let now = OffsetDateTime::from_unix_timestamp(1_793_585_700).unwrap();
        let mut reporter = Reporter::new(Arc::new(Country::load()), seed, key, now);
        (0..count).map(|_| reporter.next_request()).collect()
    }

    fn intakes(requests: &[SubmitIntakeRequest]) -> Vec<&Intake> {
        requests
            .iter()
            .filter_map(|request| request.intake.as_ref())
            .collect()
    }

    #[test]
    fn every_report_is_another_one_and_the_seed_repeats_the_people() {
        let (first, second) = (reports(7, (1, 0), 500), reports(7, (1, 1), 500));
        let keys: BTreeSet<_> = intakes(&first)
            .into_iter()
            .chain(intakes(&second))
            .map(|intake| (&intake.source_system, &intake.source_ref))
            .collect();
        let ids: BTreeSet<_> = first
            .iter()
            .chain(&second)
            .map(|request| &request.request_id)
            .collect();
        assert_eq!((keys.len(), ids.len()), (1_000, 1_000));
        let next_run = reports(7, (2, 0), 500);
        let persons = |requests| intakes(requests).into_iter().map(|intake| intake.persons.clone());
        assert!(persons(&first).eq(persons(&next_run)));
        assert_ne!(first[0].request_id, next_run[0].request_id);
    }

    #[test]
    fn the_mix_is_that_of_an_ordinary_day() {
        let requests = reports(7, (1, 0), 10_000);
        let share = |value: fn(&Intake) -> i32| {
            let mut counts = BTreeMap::new();
            for intake in intakes(&requests) {
                *counts.entry(value(intake)).or_insert(0_u32) += 1;
            }
            counts
        };
        let urgencies = share(|intake| intake.urgency);
        assert!(
            (7_700..8_300).contains(&urgencies[&Urgency::Regular.into()]),
            "{urgencies:?}"
        );
        assert!(
            (350..650).contains(&urgencies[&Urgency::Emergency.into()]),
            "{urgencies:?}"
        );
        assert_eq!(share(|intake| intake.cluster).len(), 5);
        assert_eq!(share(|intake| intake.channel).len(), 3);
        let sizes: BTreeSet<_> = intakes(&requests)
            .iter()
            .map(|intake| intake.persons.len())
            .collect();
        assert_eq!(sizes, BTreeSet::from([1, 2, 3, 4]));
    }

    #[test]
    fn a_nik_agrees_with_birth_date_and_sex() {
        let requests = reports(7, (1, 0), 500);
        let all = intakes(&requests);
        let persons: Vec<_> = all.iter().flat_map(|intake| &intake.persons).collect();
        let with_nik: Vec<_> = persons.iter().filter(|person| !person.nik.is_empty()).collect();
        assert!(with_nik.len() * 100 / persons.len() > 50);
        for person in with_nik {
            assert_eq!(person.nik.len(), 16);
            assert!(person.nik.bytes().all(|byte| byte.is_ascii_digit()));
            let day: u32 = person.nik[6..8].parse().unwrap();
            assert_eq!(day > 40, person.sex() == Sex::Female);
            assert_eq!(person.nik[8..10], person.birth_date[5..7]);
        }
    }
}
