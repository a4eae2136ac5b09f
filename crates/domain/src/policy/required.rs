//! What the Director General's guidance asks to be known of a case before it is routed, per cluster (P16 Ps.27, Ps.33).

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer};

use crate::case::CaseFacts;
use crate::cluster::Cluster;
use crate::code::coded;
use crate::need::Urgency;
use crate::person::PartyMember;
use crate::policy::Policy;
use crate::regulation::Article;

coded! {
    /// A fact that can be required.
    pub enum RequiredField {
        PpksCategory = "ppks_category",
        /// At least one criterion of P16 Ps.8.
        Criteria = "criteria",
        /// At least one form of P16 Ps.10.
        Forms = "forms",
        /// The sex of everybody; somebody is known.
        Sex = "sex",
        /// The age of everybody; somebody is known.
        Age = "age",
    }
}

/// A case cannot be routed yet: the policy asks for more than is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingFields {
    pub cluster: Cluster,
    /// In the order of the policy; never empty.
    pub fields: Vec<RequiredField>,
    pub article: Article,
}

/// Reads the map; files name every cluster, so that who enters guidance sees where.
pub(super) fn without_empty<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<Cluster, Vec<RequiredField>>, D::Error> {
    let mut required = BTreeMap::<_, Vec<_>>::deserialize(deserializer)?;
    required.retain(|_, fields| !fields.is_empty());
    Ok(required)
}

impl Policy {
    /// What is missing before the case is routed. An emergency is served first (P16 Ps.10(5)); a case without a cluster
    /// waits for triage anyway.
    #[must_use]
    pub fn missing(&self, facts: &CaseFacts) -> Option<MissingFields> {
        match facts.urgency {
            Urgency::Emergency => return None,
            Urgency::Regular | Urgency::Urgent => {}
        }
        let cluster = facts.cluster?;
        let required = self.required.get(&cluster)?;
        let fields: Vec<_> = required
            .iter()
            .copied()
            .filter(|field| !field.is_known(facts))
            .collect();
        (!fields.is_empty()).then_some(MissingFields {
            cluster,
            fields,
            article: Article::P16Ps27,
        })
    }
}

impl RequiredField {
    fn is_known(self, facts: &CaseFacts) -> bool {
        let of_everybody =
            |is_known: fn(&PartyMember) -> bool| !facts.party.is_empty() && facts.party.iter().all(is_known);
        match self {
            Self::PpksCategory => facts.ppks_category.is_some(),
            Self::Criteria => !facts.criteria.is_empty(),
            Self::Forms => !facts.need.forms.is_empty(),
            Self::Sex => of_everybody(|member| member.sex.is_some()),
            Self::Age => of_everybody(|member| member.age.is_some()),
        }
    }
}

impl MissingFields {
    /// The codes of the fields: `ppks_category, age`.
    #[must_use]
    pub fn list(&self) -> String {
        let codes: Vec<_> = self.fields.iter().map(|field| field.code()).collect();
        codes.join(", ")
    }
}

impl fmt::Display for MissingFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "cluster {} needs {} before it is routed; supply them with TriageCase ({})",
            self.cluster,
            self.list(),
            self.article
        )
    }
}

impl std::error::Error for MissingFields {}
