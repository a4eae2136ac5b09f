//! Making a stored decision again: gathers what it was made of; the domain decides.

use serasi_domain::directory::Directory;
use serasi_domain::routing::replay::Missing;
use serasi_domain::routing::{Decision, NotRoutable};
use serasi_store::decisions::StoredDecision;
use serasi_store::{PgConnection, directory};

use crate::error::{HubError, RuleBroken};
use crate::hub::Hub;

/// What came of it.
pub(crate) enum Replayed {
    Made(Box<Decision>),
    /// In one sentence, what is not there any more.
    Missing(String),
}

/// Reads facts, directory and policy as they were, and decides.
pub(crate) async fn replay(
    hub: &Hub,
    connection: &mut PgConnection,
    stored: &StoredDecision,
) -> Result<Replayed, HubError> {
    let Some(made_of) = &stored.made_of else {
        return Ok(missing("the inputs: the release that decided did not keep them"));
    };
    let decision = &stored.decision;
    let policy = match hub.policies.version(connection, &decision.policy_version).await {
        Ok(policy) => policy,
        Err(HubError::Rule(RuleBroken::PolicyUnknown(version))) => {
            return Ok(missing(format!("policy {version}")));
        }
        Err(other) => return Err(other),
    };
    let changes = directory::read_at(connection, &made_of.position).await?;
    let directory = Directory::default()
        .with(decision.board_version, changes)
        .unwrap_or_default();
    let replayed = made_of.inputs.replay(decision, &directory, &policy);
    Ok(match replayed {
        Ok(decision) => Replayed::Made(Box::new(decision)),
        Err(Missing::Rules { made_under, now }) => missing(format!(
            "the rules of version {made_under}; this hub decides by version {now}"
        )),
        Err(Missing::Reference { made_with, now }) => missing(format!(
            "the regions and travel times of version {made_with}; this hub has version {now}"
        )),
        Err(Missing::Directory) => {
            missing("the directory of that moment: the change log does not add up to what was seen")
        }
        Err(Missing::NotRoutable(NotRoutable::ClusterUnknown)) => missing("the cluster of the case"),
        Err(Missing::NotRoutable(NotRoutable::PlaceUnknown)) => {
            missing("the place of the case: it is not in the reference data of this release")
        }
    })
}

fn missing(what: impl Into<String>) -> Replayed {
    Replayed::Missing(what.into())
}
