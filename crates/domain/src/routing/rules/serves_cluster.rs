//! Serves the cluster of the case (P16 Ps.3). Under P7 a balai serves all five (multifungsi layanan, P7 Ps.4(1)a, (2)).

use super::{Requirement, Sentence};
use crate::cluster::Cluster;
use crate::regulation::Article;
use crate::routing::{Candidate, Permanence, Request};

pub(super) const RULE: Requirement = Requirement {
    name: "serves_cluster",
    article: Article::P16Ps3,
    failing: Sentence {
        id: "tidak melayani kluster ini",
        en: "does not serve this cluster",
    },
    check,
    saw,
};

fn check(request: &Request<'_>, candidate: &Candidate<'_>) -> Result<(), Permanence> {
    let profile = &candidate.entry.facility.profile;
    let is_multifunctional =
        profile.kind.is_balai() && request.policy.regulation.balai_serves_all().is_some();
    if is_multifunctional || profile.clusters.contains(request.cluster) {
        Ok(())
    } else {
        Err(Permanence::Permanent)
    }
}

fn saw(request: &Request<'_>, candidate: &Candidate<'_>) -> String {
    let serves: Vec<_> = candidate
        .entry
        .facility
        .profile
        .clusters
        .iter()
        .map(Cluster::code)
        .collect();
    format!("serves={} needed={}", serves.join("+"), request.cluster)
}
