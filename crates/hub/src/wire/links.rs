//! What is asked before the form is filled, and what may be the same.

use serasi_domain::deadline::local_date;
use serasi_domain::person::{BirthDate, Person};
use serasi_geography::{RegionCode, RegionLevel, TimeZone};
use serasi_linkage::Proposal;
use serasi_proto::v1;
use time::OffsetDateTime;

use super::parse::Parse;
use super::person::age;

/// What is known before the form is filled.
pub(crate) struct Asked {
    pub(crate) person: Person,
    pub(crate) place: Option<RegionCode>,
    pub(crate) happened_at: Option<OffsetDateTime>,
}

/// Reads what is known so far.
pub(crate) fn asked(parse: &mut Parse, request: &v1::ProposeLinksRequest, now: OffsetDateTime) -> Asked {
    let today = local_date(now, TimeZone::Wit);
    let birth: Option<BirthDate> = parse.parsed("birth_date", &request.birth_date);
    let person = Person {
        nik: parse.parsed("nik", &request.nik),
        name: parse.text("name", &request.name),
        birth: birth.and_then(|birth| parse.take("birth_date", birth.not_after(today))),
        estimated_age: age(parse, "estimated_age_years", request.estimated_age_years),
        sex: parse.optional("sex", request.sex),
        phone: parse.parsed("phone", &request.phone),
        ..Person::unknown()
    };
    let place = parse.region("region_code", &request.region_code);
    if place.is_some_and(|place| place.level() < RegionLevel::Regency) {
        parse.wrong("region_code", "must be a regency, district or village");
    }
    let happened_at = parse.time("report_time", request.report_time.as_ref());
    if happened_at.is_some() && place.is_none_or(|place| place.level() < RegionLevel::District) {
        parse.wrong("report_time", "needs the district or village in region_code, too");
    }
    let is_enough =
        person.nik.is_some() || person.phone.is_some() || person.name.is_some() || happened_at.is_some();
    let sent = [&request.nik, &request.phone, &request.name];
    if !is_enough && sent.iter().all(|text| text.is_empty()) {
        parse.wrong("*", "give a nik, a phone, a name, or a report_time with a place");
    }
    Asked {
        person,
        place,
        happened_at,
    }
}

/// As the contract has it.
pub(crate) fn proposal_to_wire(
    case: v1::CaseGlimpse,
    kind: v1::LinkKind,
    proposal: &Proposal,
) -> v1::LinkProposal {
    let hundredths = |number: f64| (number * 100.0).round() / 100.0;
    let reasons = proposal.why.iter().map(|part| v1::LinkReason {
        field: part.what.to_owned(),
        level: part.level.to_owned(),
        bits: hundredths(part.bits),
    });
    v1::LinkProposal {
        case: Some(case),
        kind: kind as i32,
        probability: hundredths(proposal.probability),
        reasons: reasons.collect(),
    }
}
