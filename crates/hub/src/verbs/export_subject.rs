//! ExportSubject: everything the hub holds about a person, for that person, and of nobody else (UU 27/2022 Ps. 7, 13, 32).

use serasi_domain::case::Case;
use serasi_domain::id::PersonId;
use serasi_domain::redaction::may_be_same;
use serasi_domain::subject::{Danger, may_export};
use serasi_proto::v1;
use serasi_store::persons::KeptPerson;
use serasi_store::{Context, cases, persons, subjects};
use time::OffsetDateTime;
use uuid::Uuid;

use super::subject::danger;
use crate::auth::Permit;
use crate::error::{HubError, Kind};
use crate::sight::record::show_record;
use crate::unit_of_work::{Act, Unit};
use crate::wire::{PageToken, step_to_wire};

/// Records of one person; who has more is a number that many people were given.
const MAX_RECORDS: i64 = 20;
/// Requests of one person that are shown.
pub(crate) const MAX_REQUESTS: i64 = 200;

pub(crate) struct ExportSubject {
    pub(crate) person: PersonId,
    /// The last step of the page before.
    pub(crate) before: Option<(OffsetDateTime, Uuid)>,
    pub(crate) limit: i64,
}

/// One person in one case, and who else is in it.
pub(crate) struct Record {
    pub(crate) case: Case,
    pub(crate) subject: KeptPerson,
    pub(crate) others: Vec<KeptPerson>,
}

/// What there is under the person's NIK.
struct Found {
    records: Vec<Record>,
    elsewhere: i32,
    danger: Danger,
}

impl Act for ExportSubject {
    const VERB: &'static str = "ExportSubject";
    type Output = v1::ExportSubjectResponse;

    /// A person may have been reported anywhere; each case is asked for by itself.
    fn context(&self, _caller: &Permit) -> Context {
        Context::WorkOnPersons
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Output, HubError> {
        let found = self.find(unit).await?;
        let requests = subjects::of_person(&mut unit.conn, self.person, MAX_REQUESTS).await?;
        may_export(&requests, found.danger, &unit.caller.principal)?;
        let mut about = vec![];
        let mut records = vec![];
        for record in &found.records {
            let (person, case) = (record.subject.id, record.case.id);
            unit.audit(person.home(), person).await?;
            let subjects = subjects::subjects_of_case(&mut unit.conn, case, person).await?;
            let home = case.home().to_string();
            about.extend(subjects.into_iter().map(|subject| (home.clone(), subject)));
            if self.before.is_none() {
                records.push(show_record(unit, record).await?);
            }
        }
        let steps = subjects::trail(&mut unit.conn, &about, self.before, self.limit).await?;
        let is_full = i64::try_from(steps.len()).is_ok_and(|count| count == self.limit);
        let last = steps.last().filter(|_| is_full);
        Ok(v1::ExportSubjectResponse {
            records,
            trail: steps.iter().map(step_to_wire).collect(),
            records_elsewhere: if self.before.is_none() { found.elsewhere } else { 0 },
            next_page_token: last
                .map(|step| PageToken::write(&(step.at, step.id)))
                .unwrap_or_default(),
        })
    }
}

impl ExportSubject {
    /// The record that was asked for, then what has the same NIK.
    async fn find(&self, unit: &mut Unit<'_>) -> Result<Found, HubError> {
        let first = read(unit, self.person).await?;
        let case = first.as_ref().map(|record| record.case.clone());
        unit.caller.find(Kind::Person, self.person, case)?;
        let first = first.ok_or_else(|| HubError::not_found(Kind::Person, self.person))?;
        let mut found = Found {
            danger: danger(&mut unit.conn, &first.case, self.person).await?,
            elsewhere: 0,
            records: vec![],
        };
        let same = match &first.subject.nik {
            Some(nik) => {
                let sealer = unit.hub.store.sealer();
                subjects::records_of(&mut unit.conn, sealer, nik, MAX_RECORDS).await?
            }
            None => vec![],
        };
        let subject = first.subject.known();
        found.records.push(first);
        for (person, _) in same.into_iter().filter(|(person, _)| *person != self.person) {
            let Some(record) = read(unit, person).await? else {
                continue;
            };
            let more = danger(&mut unit.conn, &record.case, person).await?;
            found.danger.is_marked |= more.is_marked;
            found.danger.is_hiding |= more.is_hiding;
            // A number that two people were given must not show one of them to the other.
            if unit.caller.may(&record.case) && may_be_same(&subject, &record.subject.person) {
                found.records.push(record);
            } else {
                found.elsewhere += 1;
            }
        }
        Ok(found)
    }
}

/// The record of a person, whoever may see it.
async fn read(unit: &mut Unit<'_>, person: PersonId) -> Result<Option<Record>, HubError> {
    let Some(id) = subjects::case_of(&mut unit.conn, person).await? else {
        return Ok(None);
    };
    let Some(case) = cases::get(&mut unit.conn, id).await? else {
        return Ok(None);
    };
    let sealer = unit.hub.store.sealer();
    let all = persons::of_case(&mut unit.conn, sealer, id).await?;
    let (mut own, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|kept| kept.id == person);
    Ok(own.pop().map(|subject| Record {
        case,
        subject,
        others,
    }))
}
