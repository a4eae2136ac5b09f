//! Persons.

use serasi_domain::deadline::local_date;
use serasi_domain::id::PersonId;
use serasi_domain::need_to_know::Sight;
use serasi_domain::person::{AgeYears, BirthDate, Nik, PartyMember, Person, Phone};
use serasi_domain::text::Text;
use serasi_geography::TimeZone;
use serasi_proto::v1;
use time::OffsetDateTime;

use super::codes::{numbers, optional};
use super::parse::Parse;

/// Oldest age that can be estimated.
const MAX_AGE_YEARS: i32 = 120;
/// Most persons of one case; larger groups are several cases.
pub(super) const MAX_PERSONS: usize = 50;

/// Reads one person; violations go to `parse`.
pub(super) fn person(parse: &mut Parse, person: &v1::Person, now: OffsetDateTime) -> Person {
    // Today is where the day begins first: a child born this morning in Jayapura is born.
    let birth: Option<BirthDate> = parse.parsed("birth_date", &person.birth_date);
    let birth =
        birth.and_then(|birth| parse.take("birth_date", birth.not_after(local_date(now, TimeZone::Wit))));
    let estimated_age = age(parse, "estimated_age_years", person.estimated_age_years);
    Person {
        nik: parse.parsed("nik", &person.nik),
        name: parse.text("name", &person.name),
        birth,
        estimated_age,
        sex: parse.optional("sex", person.sex),
        domicile: parse.region("domicile_region_code", &person.domicile_region_code),
        address: parse.text("address", &person.address),
        phone: parse.parsed("phone", &person.phone),
        mother_name: parse.text("mother_name", &person.mother_name),
        access_needs: parse.list("access_needs", &person.access_needs),
        relation: parse.optional("relation", person.relation),
    }
}

/// Reads people as routing sees them.
pub(crate) fn party(parse: &mut Parse, members: &[v1::PartyMember]) -> Vec<PartyMember> {
    let members = parse.at_most("party", MAX_PERSONS, members).iter().enumerate();
    members
        .map(|(position, member)| {
            parse.nested(&format!("party[{position}]"), |parse| PartyMember {
                sex: parse.optional("sex", member.sex),
                age: age(parse, "age_years", member.age_years),
                access_needs: parse.list("access_needs", &member.access_needs),
            })
        })
        .collect()
}

pub(super) fn age(parse: &mut Parse, field: &str, years: Option<i32>) -> Option<AgeYears> {
    let years = years?;
    let age = u8::try_from(years)
        .ok()
        .filter(|age| i32::from(*age) <= MAX_AGE_YEARS);
    parse.take(field, age.map(AgeYears).ok_or("must be 0-120"))
}

/// As the contract has it; `sight` says what is left of it.
pub(crate) fn person_to_wire(id: PersonId, person: &Person, sight: Sight) -> v1::Person {
    let person = &sight.person(person);
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    v1::Person {
        person_id: id.to_string(),
        nik: text(person.nik.as_ref().map(Nik::as_str)),
        name: text(person.name.as_ref().map(Text::as_str)),
        birth_date: person.birth.map(String::from).unwrap_or_default(),
        estimated_age_years: person.estimated_age.map(|age| i32::from(age.0)),
        sex: optional(person.sex),
        domicile_region_code: person.domicile.map(|code| code.to_string()).unwrap_or_default(),
        address: text(person.address.as_ref().map(Text::as_str)),
        phone: text(person.phone.as_ref().map(Phone::as_str)),
        mother_name: text(person.mother_name.as_ref().map(Text::as_str)),
        access_needs: numbers(person.access_needs.iter().copied()),
        relation: optional(person.relation),
        masked: !sight.is_whole(),
    }
}
