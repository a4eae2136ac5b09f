//! Acceptances that come in together are written together. One that is not plain - places that have yet to be stated, a
//! case that others follow or that somebody else has locked, an offer that cannot be taken - goes alone.

use std::collections::BTreeMap;

use serasi_domain::id::CaseId;
use serasi_domain::registry::Registration;
use serasi_proto::v1;
use serasi_store::{PgConnection, audit, links, registrations};
use time::OffsetDateTime;

use super::super::open::{WithOffer, offers_at_hand};
use super::{AcceptOffer, Acceptance, write};
use crate::error::HubError;
use crate::gather::Gathering;
use crate::hub::Hub;
use crate::unit_of_work::{Member, Together, Waiting};

impl Together for AcceptOffer {
    fn gathering(hub: &Hub) -> &Gathering<Waiting<Self>> {
        &hub.acceptances
    }

    async fn run_together(
        hub: &Hub,
        conn: &mut PgConnection,
        members: Vec<Member<'_, Self>>,
        now: OffsetDateTime,
    ) -> Result<Vec<(usize, v1::AcceptOfferResponse)>, HubError> {
        let found = find(conn, members).await?;
        let accepted = decide(hub, conn, found, now).await?;
        if accepted.is_empty() {
            return Ok(vec![]);
        }
        let all: Vec<_> = accepted.iter().map(|(_, one)| one).collect();
        write(conn, &all, (&hub.clock, now)).await?;
        let acts = accepted
            .iter()
            .map(|(member, _)| member.entry(hub, now, &member.mutation.offer));
        audit::append(conn, &acts.collect::<Vec<_>>()).await?;
        let answers = accepted
            .into_iter()
            .map(|(member, one)| (member.place, one.answer(hub, &member.call.caller, now)));
        Ok(answers.collect())
    }
}

/// Those that are plain: nothing has to be stated, and nobody else is served with the case.
async fn find<'a>(
    conn: &mut PgConnection,
    members: Vec<Member<'a, AcceptOffer>>,
) -> Result<Vec<WithOffer<'a, AcceptOffer>>, HubError> {
    let mut found = offers_at_hand(conn, members, |accept: &AcceptOffer| accept.offer).await?;
    let ids: Vec<_> = found.iter().map(|(_, case, _)| case.id).collect();
    let leading = links::that_lead(conn, &ids).await?;
    found.retain(|(member, case, view)| {
        view.offer.holds_places && member.mutation.capacity.is_none() && !leading.contains(&case.id)
    });
    Ok(found)
}

/// Of each that can be taken, what follows; why one cannot be, its caller is told when it has gone alone.
async fn decide<'a>(
    hub: &Hub,
    conn: &mut PgConnection,
    found: Vec<WithOffer<'a, AcceptOffer>>,
    now: OffsetDateTime,
) -> Result<Vec<(Member<'a, AcceptOffer>, Acceptance)>, HubError> {
    let served: Vec<_> = found.iter().map(|(_, case, _)| case.id).collect();
    let mut people: BTreeMap<CaseId, Vec<Registration>> = BTreeMap::new();
    for person in registrations::of_cases_for_change(conn, &served).await? {
        people.entry(person.case).or_default().push(person);
    }
    let active = hub.policies.active();
    let mut accepted = vec![];
    for (member, case, view) in found {
        let policy = hub.policies.of_case(conn, &case).await?;
        let Ok(mut one) = Acceptance::of((case, view), &policy, (&hub.clock, now)) else {
            continue;
        };
        let people = people.remove(&one.case.id).unwrap_or_default();
        one.owe(people, &active, (&member.call.caller, now));
        accepted.push((member, one));
    }
    Ok(accepted)
}
