//! The five clusters (P16 Ps.3) and the PPKS categories that lead to them.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::code::coded;
use crate::need::Criterion;
use crate::person::{AgeYears, PartyMember};

coded! {
    /// Cluster of the programme, P16 Ps.3(2) a-e.
    #[derive(enumset::EnumSetType)]
    #[enumset(no_super_impls, serialize_repr = "list")]
    pub enum Cluster {
        Anak = "anak",
        Disabilitas = "disabilitas",
        /// Tuna sosial dan korban perdagangan orang.
        TunaSosialKpo = "tuna_sosial_kpo",
        /// Korban penyalahgunaan narkotika, psikotropika, dan zat adiktif lainnya.
        Napza = "napza",
        Lansia = "lansia",
    }
}

/// Code of a known PPKS category (Permensos 8/2012, 26 categories).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PpksCode {
    // Row in the table.
    row: u8,
}

/// A PPKS category as the reference data have it.
#[derive(Debug)]
pub struct PpksCategory {
    pub code: String,
    pub name_id: String,
    pub name_en: String,
    /// `None` = depends on the person.
    pub cluster: Option<Cluster>,
    pub alternative: Option<Cluster>,
    pub min_age_years: Option<u8>,
    pub max_age_years: Option<u8>,
    pub criterion: Criterion,
}

/// A category code that is not in the list. Never carries the text: a name may have slipped into the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a PPKS category; see ListPpksCategories")]
pub struct UnknownPpksCategory;

/// All categories, in the order of the regulation.
#[must_use]
pub fn ppks_categories() -> &'static [PpksCategory] {
    &CATEGORIES
}

impl PpksCode {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        &self.category().code
    }

    #[must_use]
    pub fn category(self) -> &'static PpksCategory {
        CATEGORIES
            .get(usize::from(self.row))
            .expect("a PpksCode is only made from this table")
    }
}

impl TryFrom<String> for PpksCode {
    type Error = UnknownPpksCategory;

    fn try_from(code: String) -> Result<Self, Self::Error> {
        let row = CATEGORIES.iter().position(|category| category.code == code);
        row.and_then(|row| u8::try_from(row).ok())
            .map(|row| Self { row })
            .ok_or(UnknownPpksCategory)
    }
}

impl From<PpksCode> for String {
    fn from(code: PpksCode) -> Self {
        code.as_str().to_owned()
    }
}

/// The cluster a category leads to, with what is known of the people: a victim of trafficking who is a child is a case
/// of the children's cluster; a category "by the person" leads to it where everybody is clearly a child or old.
#[must_use]
pub fn derive_cluster(category: &PpksCategory, party: &[PartyMember]) -> Option<Cluster> {
    /// UU 35/2014: below 18. UU 13/1998: 60 and above.
    const CHILD_BELOW: AgeYears = AgeYears(18);
    const OLD_FROM: AgeYears = AgeYears(60);
    let all = |is: fn(AgeYears) -> bool| !party.is_empty() && party.iter().all(|one| one.age.is_some_and(is));
    let children = all(|age| age < CHILD_BELOW);
    match (category.cluster, category.alternative) {
        (Some(_), Some(Cluster::Anak)) | (None, _) if children => Some(Cluster::Anak),
        (Some(cluster), _) => Some(cluster),
        (None, _) if all(|age| age >= OLD_FROM) => Some(Cluster::Lansia),
        (None, _) => None,
    }
}

static CATEGORIES: LazyLock<Vec<PpksCategory>> = LazyLock::new(|| {
    csv::Reader::from_reader(&include_bytes!("../data/ppks_categories.csv")[..])
        .deserialize::<Row>()
        .map(|row| row.expect("the shipped category list is well formed").into())
        .collect()
});

#[derive(Deserialize)]
struct Row {
    code: String,
    name_id: String,
    name_en: String,
    cluster: String,
    cluster_alt: String,
    age_min: Option<u8>,
    age_max: Option<u8>,
    atensi_criterion: String,
}

impl From<Row> for PpksCategory {
    fn from(row: Row) -> Self {
        Self {
            code: row.code,
            name_id: row.name_id,
            name_en: row.name_en,
            cluster: row.cluster.parse().ok(),
            alternative: row.cluster_alt.parse().ok(),
            min_age_years: row.age_min,
            max_age_years: row.age_max,
            criterion: Criterion::from_letter(&row.atensi_criterion).expect("criteria are a-g"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_victim_of_trafficking_is_a_case_for_the_childrens_cluster() {
        let category = |code: &str| PpksCode::try_from(code.to_owned()).unwrap().category();
        let aged = |age: Option<u8>| PartyMember {
            sex: None,
            age: age.map(AgeYears),
            access_needs: vec![],
        };
        let trafficking = category("korban_trafficking");
        assert_eq!(
            derive_cluster(trafficking, &[aged(Some(15))]),
            Some(Cluster::Anak)
        );
        assert_eq!(
            derive_cluster(trafficking, &[aged(Some(15)), aged(Some(30))]),
            Some(Cluster::TunaSosialKpo)
        );
        assert_eq!(
            derive_cluster(trafficking, &[aged(None)]),
            Some(Cluster::TunaSosialKpo)
        );
        let disaster = category("korban_bencana_alam");
        assert_eq!(derive_cluster(disaster, &[aged(Some(71))]), Some(Cluster::Lansia));
        assert_eq!(derive_cluster(disaster, &[aged(Some(40))]), None);
        assert_eq!(derive_cluster(disaster, &[]), None);
    }

    #[test]
    fn twenty_six_categories_lead_to_clusters_or_to_the_person() {
        assert_eq!(ppks_categories().len(), 26);
        let by_person = ppks_categories()
            .iter()
            .filter(|category| category.cluster.is_none())
            .count();
        assert_eq!(by_person, 6);
        let elder = PpksCode::try_from("lansia_telantar".to_owned()).unwrap();
        assert_eq!(elder.category().cluster, Some(Cluster::Lansia));
        assert!(PpksCode::try_from("hantu".to_owned()).is_err());
    }
}
