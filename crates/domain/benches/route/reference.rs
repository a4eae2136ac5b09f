//! The reference directory as a search sees it, read from its own file format.

use std::collections::HashMap;
use std::sync::Arc;

use enumset::{EnumSet, EnumSetType};
use serasi_domain::answers::AnswerRecord;
use serasi_domain::capacity::{CapacitySource, Pool, PoolKey};
use serasi_domain::directory::{Directory, Entry};
use serasi_domain::facility::{AdmissionRule, Facility, FacilityProfile, FacilityState, Partnership};
use serasi_domain::id::{FacilityId, Regency};
use serasi_domain::intake::SourceKey;
use serasi_domain::person::AgeYears;
use serasi_domain::text::Text;
use serasi_geography::atlas;
use time::format_description::well_known::Iso8601;
use time::{Date, Duration, OffsetDateTime};
use uuid::Uuid;

type Row = HashMap<String, String>;

/// All facilities, with the places they have stated at `now`.
pub(super) fn directory(now: OffsetDateTime) -> Directory {
    let mut file = vec![];
    serasi_directory::write_facilities(&mut file, &serasi_directory::reference_facilities())
        .expect("the reference directory fits its format");
    let mut reader = csv::Reader::from_reader(file.as_slice());
    let rows = reader.deserialize().map(|row| row.expect("written just now"));
    let entries = rows
        .zip(1..)
        .map(|(row, number)| Arc::new(entry(&row, number, now)));
    Directory::new(1, entries.collect())
}

fn cell<'r>(row: &'r Row, column: &str) -> &'r str {
    row.get(column).map_or("", String::as_str)
}

fn list<T: std::str::FromStr>(row: &Row, column: &str) -> Vec<T> {
    let items = cell(row, column).split(';').filter(|item| !item.is_empty());
    items.filter_map(|item| item.parse().ok()).collect()
}

fn set<T: std::str::FromStr + EnumSetType>(row: &Row, column: &str) -> EnumSet<T> {
    list::<T>(row, column).into_iter().collect()
}

fn date(row: &Row, column: &str) -> Option<Date> {
    Date::parse(cell(row, column), &Iso8601::DATE).ok()
}

fn entry(row: &Row, number: u128, now: OffsetDateTime) -> Entry {
    let place = cell(row, "region_code").parse().expect("a region");
    let age = |column: &str| cell(row, column).parse().ok().map(AgeYears);
    let profile = FacilityProfile {
        source: SourceKey::new(cell(row, "source_system"), cell(row, "source_ref")).expect("a key"),
        kind: cell(row, "kind").parse().expect("a kind"),
        name: Text::new(cell(row, "name")).expect("a name"),
        place,
        coordinates: None,
        address: None,
        clusters: set(row, "clusters"),
        specialisations: set(row, "specialisations"),
        bases: set(row, "bases"),
        forms: set(row, "forms"),
        targets: set(row, "targets"),
        admission: AdmissionRule {
            sex: cell(row, "sex").parse().ok(),
            min_age: age("min_age_years"),
            max_age: age("max_age_years"),
            access: set(row, "access"),
        },
        working_area: list(row, "working_area"),
        supervised_by: None,
        partnership: date(row, "partnership_from").map(|from| Partnership {
            from,
            until: date(row, "partnership_until"),
        }),
        ministry_supervised: cell(row, "ministry_supervised") == "yes",
        admission_documents: vec![],
        phone: None,
        email: None,
        location_hidden: None,
    };
    let home = Regency::of(place).expect("facilities stand in a regency");
    let mut pools: Vec<Pool> = cell(row, "pools")
        .split(';')
        .filter_map(|text| pool(text, now))
        .collect();
    pools.sort_by_key(|pool| pool.key);
    Entry {
        facility: Facility {
            id: FacilityId::new(home, Uuid::from_u128(number)),
            version: 1,
            state: FacilityState::Active,
            profile,
            created_at: now,
            changed_at: now,
        },
        pools,
        answers: AnswerRecord::default(),
        place: atlas().place(place).expect("a place of the atlas"),
    }
}

/// `base[/cluster[/sex]]:total:occupied[:overflow]`
fn pool(text: &str, now: OffsetDateTime) -> Option<Pool> {
    let mut parts = text.split(':');
    let mut key = parts.next()?.split('/');
    let mut number = || parts.next().and_then(|part| part.parse().ok());
    Some(Pool {
        key: PoolKey {
            base: key.next()?.parse().ok()?,
            cluster: key.next().and_then(|code| code.parse().ok()),
            sex: key.next().and_then(|code| code.parse().ok()),
        },
        version: 1,
        total: number()?,
        occupied: number()?,
        held: 0,
        overflow: number().unwrap_or_default(),
        shortfall: 0,
        observed_at: now,
        valid_until: now + Duration::DAY,
        source: CapacitySource::Import,
    })
}
