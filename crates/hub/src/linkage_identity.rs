//! A person of the domain as `serasi-linkage` compares them.

use serasi_domain::person::{Nik, Person, Sex};
use serasi_domain::text::Text;
use serasi_geography::RegionCode;
use serasi_linkage::{Identity, Name};
use time::OffsetDateTime;

/// `place` stands in where no domicile is known; ages count from `day`.
pub(crate) fn of(person: &Person, place: Option<RegionCode>, day: OffsetDateTime) -> Identity {
    let year_of_age = |years: u8| (day.year() - i32::from(years)).to_string();
    let birth = person.birth.map(String::from);
    let birth = birth.or_else(|| person.estimated_age.map(|age| year_of_age(age.0)));
    let name = |name: &Text<200>| Name::new(name.as_str());
    Identity {
        nik: person
            .nik
            .as_ref()
            .map(Nik::as_str)
            .and_then(|nik| nik.parse().ok()),
        name: person.name.as_ref().and_then(name),
        birth: birth.and_then(|birth| birth.parse().ok()),
        sex: person.sex.map(|sex| match sex {
            Sex::Female => serasi_linkage::Sex::Female,
            Sex::Male => serasi_linkage::Sex::Male,
        }),
        place: person.domicile.or(place),
        mother_name: person.mother_name.as_ref().and_then(name),
    }
}
