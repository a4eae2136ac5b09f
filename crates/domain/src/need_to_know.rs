//! Need to know: who sees how much of a case, and what "masked" leaves of it.
//!
//! The identity of a child (UU 35/2014 Ps.64, UU 11/2012 Ps.19), of a victim of trafficking (UU 21/2007 Ps.44) and
//! of a drug user (health data, UU 27/2022 Ps.4(2)) is kept from everybody but those who work on the case, and so is
//! that of the whole household, which would give it away. Masked by default: what is not known to be none of these
//! is masked. It must never decide who sees a case at all: that is the hub's table of access.

use crate::case::CaseFacts;
use crate::cluster::{Cluster, PpksCode};
use crate::code::coded;
use crate::need::Need;
use crate::person::{AgeYears, PartyMember, Person};
use crate::regulation::Article;
use crate::text::Text;

/// UU 35/2014 Ps.1: a child is a person below 18.
const CHILD_BELOW: AgeYears = AgeYears(18);
/// The category of victims of trafficking (Permensos 8/2012).
const TRAFFICKING: &str = "korban_trafficking";

coded! {
    /// What somebody is to a case.
    pub enum Standing {
        /// Works on it: who answers for it, its social workers, the facility that took it.
        Assigned = "assigned",
        /// The facility that is asked and has not answered.
        Asked = "asked",
        /// A facility that was asked and has nothing more to do with it.
        AskedBefore = "asked_before",
        /// May see that it exists, and no more than that needs.
        Onlooker = "onlooker",
        /// Follows what is owed to people of the case by another dinas.
        NotAddressed = "not_addressed",
        /// May not process the data of somebody of the case for now (UU 27/2022 Ps.41), whatever else they are to it.
        Suspended = "suspended",
    }
}

coded! {
    /// Why something is hidden.
    pub enum MaskReason {
        /// A child is in it, or perhaps one, or it is a case of the children's cluster.
        Child = "child",
        /// A victim of trafficking, or perhaps one.
        Trafficking = "trafficking",
        /// A drug user.
        Drugs = "drugs",
        /// Nobody who sees it whole has said yet what kind of case it is.
        Unclassified = "unclassified",
        /// The facility has not accepted yet: it sees what a decision needs.
        NotAccepted = "not_accepted",
        /// The offer came to nothing: the facility sees what its records need.
        OfferEnded = "offer_ended",
        /// A house whose place is a secret.
        LocationHidden = "location_hidden",
        /// Somebody of the case has had the processing of their data suspended.
        Frozen = "frozen",
        /// A report for the dinas where the person is at home, and for those above whom its silence was told.
        NotAddressed = "not_addressed",
    }
}

coded! {
    /// An age as somebody who does not know the person may know it.
    pub enum AgeBand {
        Toddler = "0-5",
        Schoolchild = "6-12",
        Youth = "13-17",
        Adult = "18-59",
        Elder = "60+",
    }
}

/// How much is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    Whole,
    Masked(MaskReason),
}

impl Sight {
    /// What somebody of this `standing` sees of a case.
    #[must_use]
    pub fn of(standing: Standing, facts: &CaseFacts) -> Self {
        match standing {
            Standing::Assigned => Self::Whole,
            Standing::Asked => Self::Masked(MaskReason::NotAccepted),
            Standing::AskedBefore => Self::Masked(MaskReason::OfferEnded),
            Standing::Onlooker => confidential(facts).map_or(Self::Whole, Self::Masked),
            Standing::NotAddressed => Self::Masked(confidential(facts).unwrap_or(MaskReason::NotAddressed)),
            Standing::Suspended => Self::Masked(confidential(facts).unwrap_or(MaskReason::Frozen)),
        }
    }

    #[must_use]
    pub const fn is_whole(self) -> bool {
        match self {
            Self::Whole => true,
            Self::Masked(_) => false,
        }
    }

    /// What stays hidden of a case when somebody who sees it like this says anew what is known of it: who does not see a
    /// case whole never uncovers it, and who does must say what kind of case it is.
    #[must_use]
    pub const fn keeps_masked(self, old: &CaseFacts, says_kind: bool) -> Option<MaskReason> {
        match self {
            Self::Whole if says_kind => None,
            Self::Whole => old.kept_masked,
            Self::Masked(reason) => Some(reason),
        }
    }

    /// Why something is hidden, if something is.
    #[must_use]
    pub const fn mask(self) -> Option<MaskReason> {
        match self {
            Self::Whole => None,
            Self::Masked(reason) => Some(reason),
        }
    }

    /// What is either shown as it is or not at all: words of people, what became of the case, the reporter and the
    /// key of the reporter's own record.
    #[must_use]
    pub fn whole<T: Default>(self, value: T) -> T {
        if self.is_whole() { value } else { T::default() }
    }

    /// What is shown of the facts: a masked place is its regency, and nobody learns who or where the danger is.
    #[must_use]
    pub fn facts(self, facts: &CaseFacts) -> CaseFacts {
        if self.is_whole() {
            return facts.clone();
        }
        CaseFacts {
            place: facts.place.regency().unwrap_or(facts.place),
            need: Need {
                excluded_facilities: vec![],
                excluded_regions: vec![],
                ..facts.need.clone()
            },
            party: self.party(&facts.party),
            ..facts.clone()
        }
    }

    /// What is shown of a person: sex and access needs, the regency, and that there is a name.
    #[must_use]
    pub fn person(self, person: &Person) -> Person {
        if self.is_whole() {
            return person.clone();
        }
        let hidden = || Text::new("***").expect("three characters are a text");
        Person {
            nik: None,
            name: person.name.as_ref().map(|_| hidden()),
            birth: None,
            estimated_age: None,
            sex: person.sex,
            domicile: person.domicile.map(|place| place.regency().unwrap_or(place)),
            address: None,
            phone: None,
            mother_name: None,
            access_needs: person.access_needs.clone(),
            relation: person.relation,
        }
    }

    /// What is shown of the people of an offer; where the age is left out, its band stands.
    #[must_use]
    pub fn party(self, party: &[PartyMember]) -> Vec<PartyMember> {
        match self {
            Self::Whole => party.to_vec(),
            Self::Masked(MaskReason::OfferEnded) => vec![],
            Self::Masked(
                MaskReason::Child
                | MaskReason::Trafficking
                | MaskReason::Drugs
                | MaskReason::Unclassified
                | MaskReason::NotAccepted
                | MaskReason::LocationHidden
                | MaskReason::Frozen
                | MaskReason::NotAddressed,
            ) => party
                .iter()
                .map(|member| PartyMember {
                    age: None,
                    ..member.clone()
                })
                .collect(),
        }
    }

    /// The bands of the ages of `party`, for the members that [`Sight::party`] shows.
    #[must_use]
    pub fn bands(self, party: &[PartyMember]) -> Vec<Option<AgeBand>> {
        let shown = self.party(party).len();
        let bands = party.iter().map(|member| member.age.map(AgeBand::of));
        bands.take(shown).collect()
    }
}

impl MaskReason {
    /// The article that orders the mask.
    #[must_use]
    pub const fn article(self) -> Article {
        match self {
            Self::Child => Article::Uu35Ps64,
            Self::Trafficking | Self::LocationHidden => Article::Uu21Ps44,
            Self::Drugs => Article::Uu27Ps4,
            // A child in the juvenile courts is among those not yet classified.
            Self::Unclassified => Article::Uu11Ps19,
            Self::NotAccepted | Self::OfferEnded | Self::NotAddressed => Article::Uu27Ps16,
            Self::Frozen => Article::Uu27Ps41,
        }
    }
}

impl AgeBand {
    #[must_use]
    pub const fn of(age: AgeYears) -> Self {
        match age.0 {
            0..=5 => Self::Toddler,
            6..=12 => Self::Schoolchild,
            13..=17 => Self::Youth,
            18..=59 => Self::Adult,
            60.. => Self::Elder,
        }
    }
}

/// Travel to a house whose place is a secret, in whole hours: a minute counted from many villages would find it.
#[must_use]
pub const fn travel_to_hidden(minutes: u32) -> u32 {
    minutes.div_ceil(60).saturating_mul(60)
}

/// Whether a child is in it, or it is a case of the children's cluster.
pub(crate) fn is_of_child(facts: &CaseFacts) -> bool {
    let is_child = |age: AgeYears| age < CHILD_BELOW;
    facts.party.iter().any(|member| member.age.is_some_and(is_child)) || is_in(Cluster::Anak, facts)
}

/// Whether a case is of `cluster`, or of a category that leads to it.
pub(crate) fn is_in(cluster: Cluster, facts: &CaseFacts) -> bool {
    let category = facts.ppks_category.map(PpksCode::category);
    facts.cluster == Some(cluster) || category.and_then(|category| category.cluster) == Some(cluster)
}

/// Why the identities of a case are kept from onlookers; `None` = they are not.
fn confidential(facts: &CaseFacts) -> Option<MaskReason> {
    let category = facts.ppks_category.map(PpksCode::category);
    if is_of_child(facts) {
        return Some(MaskReason::Child);
    }
    if is_in(Cluster::Napza, facts) {
        return Some(MaskReason::Drugs);
    }
    match (facts.cluster, category) {
        (_, Some(category)) if category.code == TRAFFICKING => Some(MaskReason::Trafficking),
        // Of this cluster, without a category: it may be one.
        (Some(Cluster::TunaSosialKpo), None) => Some(MaskReason::Trafficking),
        (None, _) => Some(MaskReason::Unclassified),
        // Somebody whose age nobody has said may be a child.
        (Some(_), _) if facts.party.iter().any(|member| member.age.is_none()) => Some(MaskReason::Child),
        (Some(_), _) => facts.kept_masked,
    }
}

#[cfg(test)]
mod tests;
