//! Has enough places known to be free for the whole party; unknown is never free. Fast and accurate (P16 Ps.29c) means nothing is promised that nobody stated.

use super::{Requirement, Sentence};
use crate::regulation::Article;
use crate::routing::{Candidate, Permanence, PlaceFit, Request};

pub(super) const RULE: Requirement = Requirement {
    name: "has_places",
    article: Article::P16Ps29c,
    failing: Sentence {
        id: "tidak ada tempat yang diketahui kosong",
        en: "no places are known to be free",
    },
    check,
    saw,
};

fn check(request: &Request<'_>, candidate: &Candidate<'_>) -> Result<(), Permanence> {
    match candidate.fit(request) {
        PlaceFit::Free { .. } => Ok(()),
        PlaceFit::Unknown { .. } | PlaceFit::Full { .. } => Err(Permanence::Temporary),
        PlaceFit::TooSmall { .. } | PlaceFit::NoSuchPool => Err(Permanence::Permanent),
    }
}

fn saw(request: &Request<'_>, candidate: &Candidate<'_>) -> String {
    let needed = request.facts.need.places.get();
    match candidate.fit(request) {
        PlaceFit::Free { free, .. } | PlaceFit::Full { free } => format!("free={free} needed={needed}"),
        PlaceFit::Unknown { .. } => format!("free=unknown needed={needed}"),
        PlaceFit::TooSmall { total } => format!("total={total} needed={needed}"),
        PlaceFit::NoSuchPool => format!("pool=none needed={needed}"),
    }
}
