//! The contract's enums as people type and read them: `DECLINE_REASON_WRONG_KIND` is `wrong-kind`.

use serasi_proto::v1::{
    AccessNeed, AgeBand, AssessmentAspect, BreakGlassReason, BreakGlassVerdict, CancelReason, CapacitySource,
    CaseDivision, CaseOrder, CaseState, Channel, CloseReason, Cluster, Criterion, DataClass, DeclineReason,
    DischargeDestination, DocumentKind, FacilityKind, FacilityState, FundingSource, HoldReason,
    IndicatorKind, MaskReason, NoShowReason, ObligationState, OfferState, OwnerKind, PlacementState,
    PolicyState, PoolKey, Preference, Profession, ReconciliationState, RecordKind, RegionLevel,
    RegistrationState, RegistryCode, Regulation, RequiredField, RouteResult, RowCode, ScopeTier, ServiceBase,
    ServiceForm, Sex, SpecificDataClass, Stage, SubjectRefusal, SubjectRequestKind, SubjectRequestState,
    SubjectRequester, Target, TransferReason, TransferState, UndoReason, Urgency, WithdrawReason,
};

/// An unspecified value in a table.
const NONE: &str = "-";

/// An enum of the contract.
pub(crate) trait Code: Sized + Copy {
    /// What all names of the enum start with.
    const PREFIX: &'static str;
    fn from_number(number: i32) -> Option<Self>;
    fn from_full_name(name: &str) -> Option<Self>;
    fn full_name(self) -> &'static str;
}

macro_rules! code {
    ($($code:ty: $prefix:literal),+ $(,)?) => {
        $(impl Code for $code {
            const PREFIX: &'static str = $prefix;

            fn from_number(number: i32) -> Option<Self> {
                Self::try_from(number).ok()
            }

            fn from_full_name(name: &str) -> Option<Self> {
                Self::from_str_name(name)
            }

            fn full_name(self) -> &'static str {
                self.as_str_name()
            }
        })+
    };
}

code! {
    AccessNeed: "ACCESS_NEED_",
    AgeBand: "AGE_BAND_",
    AssessmentAspect: "ASSESSMENT_ASPECT_",
    BreakGlassReason: "BREAK_GLASS_REASON_",
    BreakGlassVerdict: "BREAK_GLASS_VERDICT_",
    CancelReason: "CANCEL_REASON_",
    CapacitySource: "CAPACITY_SOURCE_",
    CaseDivision: "CASE_DIVISION_",
    CaseOrder: "CASE_ORDER_",
    CaseState: "CASE_STATE_",
    Channel: "CHANNEL_",
    CloseReason: "CLOSE_REASON_",
    Cluster: "CLUSTER_",
    Criterion: "CRITERION_",
    DataClass: "DATA_CLASS_",
    DeclineReason: "DECLINE_REASON_",
    DischargeDestination: "DISCHARGE_DESTINATION_",
    DocumentKind: "DOCUMENT_KIND_",
    FacilityKind: "FACILITY_KIND_",
    FacilityState: "FACILITY_STATE_",
    FundingSource: "FUNDING_SOURCE_",
    IndicatorKind: "INDICATOR_KIND_",
    HoldReason: "HOLD_REASON_",
    MaskReason: "MASK_REASON_",
    NoShowReason: "NO_SHOW_REASON_",
    ObligationState: "OBLIGATION_STATE_",
    OfferState: "OFFER_STATE_",
    OwnerKind: "OWNER_KIND_",
    PlacementState: "PLACEMENT_STATE_",
    PolicyState: "POLICY_STATE_",
    Preference: "PREFERENCE_",
    Profession: "PROFESSION_",
    RecordKind: "RECORD_KIND_",
    RegionLevel: "REGION_LEVEL_",
    ReconciliationState: "RECONCILIATION_STATE_",
    RegistrationState: "REGISTRATION_STATE_",
    RowCode: "ROW_CODE_",
    UndoReason: "UNDO_REASON_",
    Regulation: "REGULATION_",
    RegistryCode: "REGISTRY_CODE_",
    RequiredField: "REQUIRED_FIELD_",
    RouteResult: "ROUTE_RESULT_",
    ScopeTier: "SCOPE_TIER_",
    ServiceBase: "SERVICE_BASE_",
    ServiceForm: "SERVICE_FORM_",
    Sex: "SEX_",
    SpecificDataClass: "SPECIFIC_DATA_CLASS_",
    SubjectRefusal: "SUBJECT_REFUSAL_",
    SubjectRequestKind: "SUBJECT_REQUEST_KIND_",
    SubjectRequestState: "SUBJECT_REQUEST_STATE_",
    SubjectRequester: "SUBJECT_REQUESTER_",
    Stage: "STAGE_",
    Target: "TARGET_",
    TransferReason: "TRANSFER_REASON_",
    TransferState: "TRANSFER_STATE_",
    Urgency: "URGENCY_",
    WithdrawReason: "WITHDRAW_REASON_",
}

/// How a value is shown; `-` when unspecified.
pub(crate) fn label<C: Code>(number: i32) -> String {
    if number == 0 {
        return NONE.to_owned();
    }
    C::from_number(number).map_or_else(|| format!("unknown ({number})"), short_name)
}

/// Several values, `-` when there are none.
pub(crate) fn labels<C: Code>(numbers: &[i32]) -> String {
    if numbers.is_empty() {
        return NONE.to_owned();
    }
    let labels: Vec<_> = numbers.iter().map(|&number| label::<C>(number)).collect();
    labels.join(", ")
}

/// Reads what [`label`] writes; the error names what could have been meant.
pub(crate) fn parse<C: Code>(text: &str) -> Result<C, String> {
    let name = format!(
        "{}{}",
        C::PREFIX,
        text.trim().to_ascii_uppercase().replace('-', "_")
    );
    let is_given = !name.ends_with("_UNSPECIFIED");
    let code = C::from_full_name(&name).filter(|_| is_given);
    code.ok_or_else(|| format!("must be one of: {}", names::<C>().join(", ")))
}

/// A pool as `residential/lansia/female`; what is not told apart at the end is left out.
pub(crate) fn pool_label(pool: Option<&PoolKey>) -> String {
    let Some(pool) = pool else {
        return NONE.to_owned();
    };
    let any = |number: i32, label: String| if number == 0 { "any".to_owned() } else { label };
    let base = label::<ServiceBase>(pool.base);
    let cluster = any(pool.cluster, label::<Cluster>(pool.cluster));
    let sex = any(pool.sex, label::<Sex>(pool.sex));
    match (pool.cluster, pool.sex) {
        (0, 0) => base,
        (_, 0) => format!("{base}/{cluster}"),
        (_, _) => format!("{base}/{cluster}/{sex}"),
    }
}

/// Reads what [`pool_label`] writes.
pub(crate) fn parse_pool(text: &str) -> Result<PoolKey, String> {
    fn any<C: Code + Into<i32>>(part: Option<&str>) -> Result<i32, String> {
        match part {
            None | Some("any") => Ok(0),
            Some(part) => parse::<C>(part).map(Into::into),
        }
    }
    let mut parts = text.split('/');
    let base = parse::<ServiceBase>(parts.next().unwrap_or_default())?.into();
    let cluster = any::<Cluster>(parts.next())?;
    let sex = any::<Sex>(parts.next())?;
    if parts.next().is_some() {
        return Err("must be BASE[/CLUSTER[/SEX]], as `offer list` shows it".to_owned());
    }
    Ok(PoolKey { base, cluster, sex })
}

fn short_name<C: Code>(code: C) -> String {
    let full = code.full_name();
    let short = full.strip_prefix(C::PREFIX).unwrap_or(full);
    short.to_ascii_lowercase().replace('_', "-")
}

/// All values but the unspecified one.
fn names<C: Code>() -> Vec<String> {
    (1..).map_while(C::from_number).map(short_name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_read_as_it_is_shown() {
        assert_eq!(label::<DeclineReason>(2), "wrong-kind");
        assert_eq!(parse("wrong-kind"), Ok(DeclineReason::WrongKind));
        assert_eq!(parse(" Not_Now "), Ok(DeclineReason::NotNow));
        for state in names::<CaseState>() {
            let read: CaseState = parse(&state).unwrap();
            assert_eq!(label::<CaseState>(read.into()), state);
        }
        assert_eq!(names::<CaseState>().len(), 11);
    }

    #[test]
    fn what_is_not_known_says_so_and_what_is_mistyped_gets_a_list() {
        assert_eq!(label::<Cluster>(0), "-");
        assert_eq!(label::<Cluster>(99), "unknown (99)");
        assert_eq!(labels::<Cluster>(&[1, 5]), "anak, lansia");
        let list = parse::<Urgency>("panic").unwrap_err();
        assert_eq!(list, "must be one of: regular, urgent, emergency");
        assert!(parse::<Urgency>("unspecified").is_err());
    }

    #[test]
    fn a_pool_is_read_as_it_is_shown() {
        for text in [
            "residential",
            "residential/lansia",
            "residential/lansia/female",
            "family/any/male",
        ] {
            let pool = parse_pool(text).unwrap();
            assert_eq!(pool_label(Some(&pool)), text);
        }
        assert_eq!(parse_pool("community/any"), parse_pool("community"));
        assert!(parse_pool("residential/lansia/female/4").is_err());
        assert!(parse_pool("").is_err());
        assert_eq!(pool_label(None), "-");
    }
}
