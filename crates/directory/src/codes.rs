//! The words that stand for the contract's enums in files.
//!
//! Owns the only tables of these words. Clusters and bases have the regulation's own words, as in the
//! data of the ministry; the rest are the contract's names in lower case.

use serasi_proto::v1::{AccessNeed, Cluster, FacilityKind, ServiceBase, ServiceForm, Sex, Target};

/// The words of one enum; its unspecified value has none.
pub(crate) struct Codes<T: 'static>(&'static [(T, &'static str)]);

pub(crate) const KINDS: Codes<FacilityKind> = Codes(&[
    (FacilityKind::BalaiBesar, "balai_besar"),
    (FacilityKind::Balai, "balai"),
    (FacilityKind::Loka, "loka"),
    (FacilityKind::UptdProvince, "uptd_province"),
    (FacilityKind::UptdRegency, "uptd_regency"),
    (FacilityKind::Lks, "lks"),
]);

pub(crate) const CLUSTERS: Codes<Cluster> = Codes(&[
    (Cluster::Anak, "anak"),
    (Cluster::Disabilitas, "disabilitas"),
    (Cluster::TunaSosialKpo, "tuna_sosial_kpo"),
    (Cluster::Napza, "napza"),
    (Cluster::Lansia, "lansia"),
]);

pub(crate) const BASES: Codes<ServiceBase> = Codes(&[
    (ServiceBase::Family, "keluarga"),
    (ServiceBase::Community, "komunitas"),
    (ServiceBase::Residential, "residensial"),
]);

pub(crate) const FORMS: Codes<ServiceForm> = Codes(&[
    (ServiceForm::DecentLiving, "decent_living"),
    (ServiceForm::SocialCare, "social_care"),
    (ServiceForm::FamilySupport, "family_support"),
    (ServiceForm::Therapy, "therapy"),
    (ServiceForm::Vocational, "vocational"),
    (ServiceForm::SocialAssistance, "social_assistance"),
    (ServiceForm::Accessibility, "accessibility"),
]);

pub(crate) const TARGETS: Codes<Target> = Codes(&[
    (Target::Individual, "individual"),
    (Target::Family, "family"),
    (Target::Group, "group"),
    (Target::Community, "community"),
]);

pub(crate) const SEXES: Codes<Sex> = Codes(&[(Sex::Female, "female"), (Sex::Male, "male")]);

pub(crate) const ACCESS_NEEDS: Codes<AccessNeed> = Codes(&[
    (AccessNeed::Wheelchair, "wheelchair"),
    (AccessNeed::SignLanguage, "sign_language"),
    (AccessNeed::Braille, "braille"),
    (AccessNeed::FullCare, "full_care"),
]);

impl<T: Copy + PartialEq + TryFrom<i32>> Codes<T> {
    /// The value that a word stands for.
    pub(crate) fn find(&self, text: &str) -> Option<T> {
        self.0
            .iter()
            .find(|(_, code)| *code == text)
            .map(|&(value, _)| value)
    }

    /// The word for a number of the wire; `None` for unspecified and for numbers without a meaning.
    pub(crate) fn text(&self, wire: i32) -> Option<&'static str> {
        let value = T::try_from(wire).ok()?;
        self.0
            .iter()
            .find(|(known, _)| *known == value)
            .map(|&(_, code)| code)
    }

    /// All words, in the contract's order.
    pub(crate) fn all(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|&(_, code)| code)
    }
}

#[cfg(test)]
mod tests {
    use super::{ACCESS_NEEDS, BASES, CLUSTERS, Codes, FORMS, KINDS, SEXES, TARGETS};

    /// More than any enum of the contract has.
    const WIRE_VALUES: std::ops::Range<i32> = 1..50;

    fn assert_complete<T: Copy + PartialEq + TryFrom<i32>>(codes: &Codes<T>) {
        let known: Vec<&str> = codes.all().collect();
        let wire: Vec<&str> = WIRE_VALUES
            .filter(|&wire| T::try_from(wire).is_ok())
            .map(|wire| codes.text(wire).unwrap_or("a value without a word"))
            .collect();
        assert_eq!(known, wire);
        for code in known {
            assert!(codes.find(code).is_some());
        }
        assert_eq!(codes.text(0), None);
    }

    #[test]
    fn every_value_of_the_contract_has_a_word() {
        assert_complete(&KINDS);
        assert_complete(&CLUSTERS);
        assert_complete(&BASES);
        assert_complete(&FORMS);
        assert_complete(&TARGETS);
        assert_complete(&SEXES);
        assert_complete(&ACCESS_NEEDS);
    }
}
