//! May carry out ATENSI on that date: balai always; UPTD supervised or as partner (P16 Ps.5); LKS as partner, under P7 also alone (P7 Ps.6).

use super::{Requirement, Sentence};
use crate::facility::FacilityKind;
use crate::regulation::Article;
use crate::routing::{Candidate, Permanence, Request};

pub(super) const RULE: Requirement = Requirement {
    name: "may_implement",
    article: Article::P16Ps5,
    failing: Sentence {
        id: "tidak berwenang melaksanakan ATENSI pada tanggal ini",
        en: "may not carry out ATENSI on this date",
    },
    check,
    saw,
};

fn check(request: &Request<'_>, candidate: &Candidate<'_>) -> Result<(), Permanence> {
    let profile = &candidate.entry.facility.profile;
    let today = request.today;
    let is_partner = profile
        .partnership
        .as_ref()
        .is_some_and(|partnership| partnership.is_in_force(today));
    let may_work_alone = match profile.kind {
        FacilityKind::BalaiBesar | FacilityKind::Balai | FacilityKind::Loka => return Ok(()),
        FacilityKind::UptdProvince | FacilityKind::UptdRegency => profile.ministry_supervised,
        FacilityKind::Lks => {
            profile.ministry_supervised && request.policy.regulation.lks_works_alone().is_some()
        }
    };
    let begins_later = profile
        .partnership
        .as_ref()
        .is_some_and(|partnership| today < partnership.from);
    if is_partner || may_work_alone {
        Ok(())
    } else if begins_later {
        Err(Permanence::Temporary)
    } else {
        Err(Permanence::Permanent)
    }
}

fn saw(_: &Request<'_>, candidate: &Candidate<'_>) -> String {
    let profile = &candidate.entry.facility.profile;
    let partnership = profile.partnership.as_ref().map_or_else(
        || "none".to_owned(),
        |dates| {
            format!(
                "{}..{}",
                dates.from,
                dates.until.map(|day| day.to_string()).unwrap_or_default()
            )
        },
    );
    format!(
        "kind={} supervised={} partnership={partnership}",
        profile.kind, profile.ministry_supervised
    )
}
