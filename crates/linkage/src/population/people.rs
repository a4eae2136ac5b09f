//! The people as they are: households in real districts, names by sex and culture, one NIK for life.

use std::collections::HashMap;

use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use serasi_geography::{RegionCode, atlas};

use crate::Sex;

/// A population lives in a few regencies, so that neighbours and namesakes meet as they do in the whole nation.
const REGENCIES: usize = 5;
const DISTRICTS_EACH: usize = 4;
const VILLAGES_EACH: usize = 4;
const MAX_CHILDREN: usize = 4;
const BORN_ELSEWHERE: f64 = 0.15;
const SINGLE_NAMED: f64 = 0.15;
const WITH_FAMILY_NAME: f64 = 0.15;

/// Somebody as they are, before anybody writes them down.
pub(super) struct Someone {
    pub(super) nik: String,
    pub(super) name: Vec<String>,
    pub(super) mother_name: Vec<String>,
    pub(super) born: Born,
    pub(super) sex: Sex,
    pub(super) village: RegionCode,
}

/// A day of birth; days end at 28, so that no error makes an impossible one.
#[derive(Clone, Copy)]
pub(super) struct Born {
    pub(super) year: u16,
    pub(super) month: u16,
    pub(super) day: u16,
}

/// Everybody, and where they live.
pub(super) struct People {
    all: Vec<Someone>,
    villages: Vec<RegionCode>,
    serials: HashMap<String, u16>,
}

/// A name with how common it is.
type Weighted = (String, u32);

struct NameBook {
    given: HashMap<Sex, Vec<Weighted>>,
    last: HashMap<Sex, Vec<Weighted>>,
    family: Vec<Weighted>,
}

/// What the members of a household share.
struct Household {
    village: RegionCode,
    issued_in: RegionCode,
    family_name: Option<String>,
}

impl People {
    pub(super) fn invent(count: usize, rng: &mut ChaCha8Rng) -> Self {
        let book = NameBook::read();
        let mut people = Self {
            all: Vec::with_capacity(count),
            villages: villages(rng),
            serials: HashMap::new(),
        };
        while people.all.len() < count {
            people.invent_household(&book, rng);
        }
        people.all.truncate(count);
        people
    }

    pub(super) fn all(&self) -> &[Someone] {
        &self.all
    }

    pub(super) fn any_village(&self, rng: &mut ChaCha8Rng) -> RegionCode {
        *self.villages.choose(rng).expect("the nation has villages")
    }

    fn invent_household(&mut self, book: &NameBook, rng: &mut ChaCha8Rng) {
        let village = self.any_village(rng);
        let house = Household {
            village,
            issued_in: if rng.random_bool(BORN_ELSEWHERE) {
                self.any_village(rng)
            } else {
                village
            },
            family_name: rng.random_bool(WITH_FAMILY_NAME).then(|| book.family(rng)),
        };
        let mother_born = any_day(rng.random_range(1940..1995), rng);
        let mother = self.invent_member(book, &house, (Sex::Female, mother_born, None), rng);
        let father_born = any_day(mother_born.year - rng.random_range(0..8), rng);
        self.invent_member(book, &house, (Sex::Male, father_born, None), rng);
        for _ in 0..rng.random_range(0..=MAX_CHILDREN) {
            let born = any_day(mother_born.year + rng.random_range(18..30), rng);
            let sex = any_sex(rng);
            self.invent_member(book, &house, (sex, born, Some(mother.clone())), rng);
        }
    }

    fn invent_member(
        &mut self,
        book: &NameBook,
        house: &Household,
        (sex, born, mother): (Sex, Born, Option<Vec<String>>),
        rng: &mut ChaCha8Rng,
    ) -> Vec<String> {
        let name = book.name(sex, house.family_name.clone(), rng);
        let head = nik_head(house.issued_in, born, sex);
        let serial = self.serials.entry(head.clone()).or_default();
        *serial += rng.random_range(1..=3);
        self.all.push(Someone {
            nik: format!("{head}{serial:04}"),
            name: name.clone(),
            mother_name: mother.unwrap_or_else(|| book.name(Sex::Female, None, rng)),
            born,
            sex,
            village: house.village,
        });
        name
    }
}

impl NameBook {
    fn read() -> Self {
        let mut book = Self {
            given: HashMap::new(),
            last: HashMap::new(),
            family: Vec::new(),
        };
        let mut reader = csv::Reader::from_reader(include_bytes!("../../data/names.csv").as_slice());
        for row in reader.deserialize::<(String, String, String, String, u32, String)>() {
            let (name, gender, role, _culture, weight, _source) =
                row.expect("the embedded names are well formed");
            // Common names are far more common than a scale to ten can say.
            let weighted = (name, weight * weight * weight);
            let by_sex = match role.as_str() {
                "family" => {
                    book.family.push(weighted);
                    continue;
                }
                "last" => &mut book.last,
                _ => &mut book.given,
            };
            for (sex, other) in [(Sex::Female, "M"), (Sex::Male, "F")] {
                if gender != other {
                    by_sex.entry(sex).or_default().push(weighted.clone());
                }
            }
        }
        book
    }

    fn name(&self, sex: Sex, family_name: Option<String>, rng: &mut ChaCha8Rng) -> Vec<String> {
        let given = || self.given.get(&sex).expect("there are names of both sexes");
        let mut name = vec![draw(given(), rng)];
        if let Some(family) = family_name {
            name.push(family);
        } else if !rng.random_bool(SINGLE_NAMED) {
            if rng.random_bool(0.3) {
                name.push(draw(given(), rng));
            }
            name.push(draw(
                self.last.get(&sex).expect("there are last names of both sexes"),
                rng,
            ));
        }
        name
    }

    fn family(&self, rng: &mut ChaCha8Rng) -> String {
        draw(&self.family, rng)
    }
}

fn draw(names: &[Weighted], rng: &mut ChaCha8Rng) -> String {
    let (name, _) = names
        .choose_weighted(rng, |(_, weight)| *weight)
        .expect("every list has a name with a weight");
    name.clone()
}

/// Villages of regencies drawn from the whole nation.
fn villages(rng: &mut ChaCha8Rng) -> Vec<RegionCode> {
    let regencies: Vec<RegionCode> = atlas().regencies().map(|regency| regency.code).collect();
    regencies
        .choose_multiple(rng, REGENCIES)
        .flat_map(|regency| atlas().districts_of(*regency).take(DISTRICTS_EACH))
        .flat_map(|district| atlas().children(district.code).take(VILLAGES_EACH))
        .map(|village| village.code)
        .collect()
}

/// Another number of the same person, as an office that did not know the first would have issued it.
pub(super) fn nik_again(issued_in: RegionCode, born: Born, sex: Sex, rng: &mut ChaCha8Rng) -> String {
    let serial: u16 = rng.random_range(1..20);
    format!("{}{serial:04}", nik_head(issued_in, born, sex))
}

fn nik_head(issued_in: RegionCode, born: Born, sex: Sex) -> String {
    let region: String = issued_in
        .to_string()
        .chars()
        .filter(char::is_ascii_digit)
        .take(6)
        .collect();
    let day = match sex {
        Sex::Female => born.day + 40,
        Sex::Male => born.day,
    };
    format!("{region}{day:02}{:02}{:02}", born.month, born.year % 100)
}

fn any_day(year: u16, rng: &mut ChaCha8Rng) -> Born {
    Born {
        year,
        month: rng.random_range(1..=12),
        day: rng.random_range(1..=28),
    }
}

fn any_sex(rng: &mut ChaCha8Rng) -> Sex {
    if rng.random_bool(0.5) {
        Sex::Female
    } else {
        Sex::Male
    }
}
