//! One line of a directory file as a message; what cannot be understood is noted on the line.
//!
//! A cell that is wrong leaves its default behind: the file as a whole is refused, and the rest of the
//! line is still looked through.

use serasi_geography::{Coordinates, InvalidCoordinates, RegionCode, RegionLevel, atlas};
use serasi_proto::v1::{AdmissionRule, CapacityReport, Facility, ImportFacilitiesRequest, Partnership};

use super::read::Line;
use super::{LIST_SEPARATOR, NO, Row, YES, pools};
use crate::codes::{ACCESS_NEEDS, BASES, CLUSTERS, Codes, FORMS, KINDS, SEXES, TARGETS};

/// The oldest person a facility can name as a limit, in years.
const MAX_AGE_YEARS: i32 = 120;
/// Characters of a wrong cell that are quoted back.
const MAX_QUOTED_CHARS: usize = 40;

pub(super) fn facility(row: &Row<&str>, line: &mut Line<'_>) -> ImportFacilitiesRequest {
    let (latitude_deg, longitude_deg) = line.coordinates(row.latitude_deg, row.longitude_deg);
    let facility = Facility {
        source_system: line.required("source_system", row.source_system),
        source_ref: line.required("source_ref", row.source_ref),
        kind: line.code("kind", row.kind, &KINDS).unwrap_or_default(),
        name: line.required("name", row.name),
        region_code: line.home_region(row.region_code),
        latitude_deg,
        longitude_deg,
        address: row.address.to_owned(),
        clusters: line.required_codes("clusters", row.clusters, &CLUSTERS),
        specialisations: line.codes("specialisations", row.specialisations, &CLUSTERS),
        bases: line.required_codes("bases", row.bases, &BASES),
        forms: line.codes("forms", row.forms, &FORMS),
        targets: line.codes("targets", row.targets, &TARGETS),
        admission: Some(line.admission(row)),
        working_area: line.working_area(row.working_area),
        supervising_facility_id: row.supervising_facility_id.to_owned(),
        partnership: line.partnership(row.partnership_from, row.partnership_until),
        ministry_supervised: line.yes_or_no("ministry_supervised", row.ministry_supervised),
        admission_documents: items(row.admission_documents).map(str::to_owned).collect(),
        phone: row.phone.to_owned(),
        email: row.email.to_owned(),
        location_hidden: line.stated("location_hidden", row.location_hidden),
        ..Facility::default()
    };
    ImportFacilitiesRequest {
        row: i32::try_from(line.number).unwrap_or_default(),
        facility: Some(facility),
        capacity: line.capacity(row.pools),
        capacity_valid_until_time: None,
    }
}

impl Line<'_> {
    fn required(&mut self, column: &'static str, text: &str) -> String {
        if text.is_empty() {
            self.wrong(column, "must not be empty".to_owned());
        }
        text.to_owned()
    }

    /// The number on the wire; `None` if the cell is empty or wrong.
    fn code<T>(&mut self, column: &'static str, text: &str, codes: &Codes<T>) -> Option<i32>
    where
        T: Copy + PartialEq + TryFrom<i32> + Into<i32>,
    {
        let value = codes.find(text).map(Into::into);
        if value.is_none() {
            let known: Vec<_> = codes.all().collect();
            let problem = format!("{} is not one of: {}", quoted(text), known.join(", "));
            self.wrong(column, problem);
        }
        value
    }

    fn codes<T>(&mut self, column: &'static str, text: &str, codes: &Codes<T>) -> Vec<i32>
    where
        T: Copy + PartialEq + TryFrom<i32> + Into<i32>,
    {
        let mut values = Vec::new();
        for item in items(text) {
            let Some(value) = self.code(column, item, codes) else {
                continue;
            };
            if values.contains(&value) {
                self.wrong(column, format!("{} stands twice", quoted(item)));
            }
            values.push(value);
        }
        values
    }

    fn required_codes<T>(&mut self, column: &'static str, text: &str, codes: &Codes<T>) -> Vec<i32>
    where
        T: Copy + PartialEq + TryFrom<i32> + Into<i32>,
    {
        self.required(column, text);
        self.codes(column, text, codes)
    }

    fn yes_or_no(&mut self, column: &'static str, text: &str) -> bool {
        if !["", YES, NO].contains(&text) {
            self.wrong(column, format!("{} is neither {YES} nor {NO}", quoted(text)));
        }
        text == YES
    }

    /// Yes, no, or not a word about it.
    fn stated(&mut self, column: &'static str, text: &str) -> Option<bool> {
        let stated = self.yes_or_no(column, text);
        (!text.is_empty()).then_some(stated)
    }

    fn home_region(&mut self, text: &str) -> String {
        let region = self.region("region_code", text);
        if region.is_some_and(|code| code.level() < RegionLevel::Regency) {
            let problem = format!(
                "{} is larger than a regency; say where the house stands",
                quoted(text)
            );
            self.wrong("region_code", problem);
        }
        text.to_owned()
    }

    fn working_area(&mut self, text: &str) -> Vec<String> {
        let area: Vec<_> = items(text).map(str::to_owned).collect();
        let known: Vec<_> = area
            .iter()
            .filter_map(|code| self.region("working_area", code))
            .collect();
        for (outer, inner) in RegionCode::overlaps(&known) {
            if let Some((outer, inner)) = known.get(outer).zip(known.get(inner)) {
                let problem = format!("overlaps: {inner} lies in {outer}, which is in the list already");
                self.wrong("working_area", problem);
            }
        }
        area
    }

    fn region(&mut self, column: &'static str, text: &str) -> Option<RegionCode> {
        let problem = match text.parse::<RegionCode>() {
            Ok(code) if atlas().region(code).is_some() => return Some(code),
            Ok(_) => "there is no such region".to_owned(),
            Err(error) => error.to_string(),
        };
        // Spreadsheets turn 11.10 into the number 11.1 unless the column is text.
        let hint = "write Kemendagri codes as text, such as 32.73 or 32.73.06";
        self.wrong(column, format!("{}: {problem}; {hint}", quoted(text)));
        None
    }

    fn coordinates(&mut self, latitude: &str, longitude: &str) -> (Option<f64>, Option<f64>) {
        if latitude.is_empty() != longitude.is_empty() {
            let problem = "give both coordinates or none (then the region's reference point counts)";
            self.wrong("latitude_deg", problem.to_owned());
        }
        let latitude_deg = self.degrees("latitude_deg", latitude);
        let longitude_deg = self.degrees("longitude_deg", longitude);
        if let (Some(latitude_deg), Some(longitude_deg)) = (latitude_deg, longitude_deg)
            && let Err(error) = Coordinates::new(latitude_deg, longitude_deg)
        {
            let column = match error {
                InvalidCoordinates::LatitudeNotFinite | InvalidCoordinates::LatitudeOutside(_) => {
                    "latitude_deg"
                }
                InvalidCoordinates::LongitudeNotFinite | InvalidCoordinates::LongitudeOutside(_) => {
                    "longitude_deg"
                }
            };
            self.wrong(column, error.to_string());
        }
        (latitude_deg, longitude_deg)
    }

    fn degrees(&mut self, column: &'static str, text: &str) -> Option<f64> {
        self.parsed(column, text, "degrees with a decimal point, such as -6.9148")
    }

    fn admission(&mut self, row: &Row<&str>) -> AdmissionRule {
        let sex = if row.sex.is_empty() {
            None
        } else {
            self.code("sex", row.sex, &SEXES)
        };
        let min_age_years = self.age("min_age_years", row.min_age_years);
        let max_age_years = self.age("max_age_years", row.max_age_years);
        if let (Some(min), Some(max)) = (min_age_years, max_age_years)
            && min > max
        {
            self.wrong("max_age_years", format!("{max} is below min_age_years, {min}"));
        }
        AdmissionRule {
            sex: sex.unwrap_or_default(),
            min_age_years,
            max_age_years,
            access: self.codes("access", row.access, &ACCESS_NEEDS),
        }
    }

    fn age(&mut self, column: &'static str, text: &str) -> Option<i32> {
        let years: i32 = self.parsed(column, text, "whole years")?;
        if !(0..=MAX_AGE_YEARS).contains(&years) {
            self.wrong(
                column,
                format!("{years} is not between 0 and {MAX_AGE_YEARS} years"),
            );
        }
        Some(years)
    }

    fn partnership(&mut self, from: &str, until: &str) -> Option<Partnership> {
        for (column, text) in [("partnership_from", from), ("partnership_until", until)] {
            if !text.is_empty() && !is_date(text) {
                self.wrong(
                    column,
                    format!("{} is not a day written as 2024-01-31", quoted(text)),
                );
            }
        }
        if from.is_empty() {
            if !until.is_empty() {
                self.wrong(
                    "partnership_from",
                    "a partnership that ends must begin".to_owned(),
                );
            }
            return None;
        }
        // The order of such texts is the order of the days.
        if !until.is_empty() && until < from {
            self.wrong(
                "partnership_until",
                format!("{until} is before partnership_from, {from}"),
            );
        }
        Some(Partnership {
            from_date: from.to_owned(),
            until_date: until.to_owned(),
        })
    }

    fn capacity(&mut self, text: &str) -> Vec<CapacityReport> {
        let mut capacity: Vec<CapacityReport> = Vec::new();
        for item in items(text) {
            match pools::parse(item) {
                Ok(report) if capacity.iter().any(|known| known.key == report.key) => {
                    self.wrong("pools", format!("{}: the same places stand twice", quoted(item)));
                }
                Ok(report) => capacity.push(report),
                Err(problem) => self.wrong("pools", format!("{}: {problem}", quoted(item))),
            }
        }
        capacity
    }

    fn parsed<T: std::str::FromStr>(&mut self, column: &'static str, text: &str, what: &str) -> Option<T> {
        if text.is_empty() {
            return None;
        }
        let value = text.parse().ok();
        if value.is_none() {
            self.wrong(column, format!("{} is not {what}", quoted(text)));
        }
        value
    }
}

/// The items of a list; none for an empty cell.
fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(LIST_SEPARATOR)
        .map(str::trim)
        .filter(|item| !item.is_empty())
}

/// The cell as it is quoted back, cut off where it is long.
fn quoted(text: &str) -> String {
    let start: String = text.chars().take(MAX_QUOTED_CHARS).collect();
    let rest = if start.len() < text.len() { "..." } else { "" };
    format!("\"{start}{rest}\"")
}

/// Whether the text is a day of the calendar, `YYYY-MM-DD`.
fn is_date(text: &str) -> bool {
    let shape = |(at, byte): (usize, u8)| {
        if at == 4 || at == 7 {
            byte == b'-'
        } else {
            byte.is_ascii_digit()
        }
    };
    if text.len() != 10 || !text.bytes().enumerate().all(shape) {
        return false;
    }
    let mut parts = text
        .split('-')
        .map(|part| part.parse::<u32>().unwrap_or_default());
    let (Some(year), Some(month), Some(day)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    };
    (1..=days).contains(&day)
}
