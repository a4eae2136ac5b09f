//! The places of one pool in a cell: `base[/cluster[/sex]]:total:occupied[:overflow]`.

use serasi_proto::v1::{CapacityReport, Cluster, PoolKey, Sex};

use super::ANY;
use crate::codes::{BASES, CLUSTERS, Codes, SEXES};

/// Limits of the contract's `CapacityReport`.
const MAX_TOTAL: i32 = 10_000;
const MAX_OVERFLOW: i32 = 1_000;

/// The pool, or what is wrong with its text.
pub(super) fn parse(text: &str) -> Result<CapacityReport, String> {
    let mut parts = text.split(':');
    let (Some(key), Some(total), Some(occupied), overflow, None) = (
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
    ) else {
        return Err(
            "write base:total:occupied, such as residensial:100:80, or base:total:occupied:overflow"
                .to_owned(),
        );
    };
    let total = places("total", total, MAX_TOTAL)?;
    let overflow = overflow.map_or(Ok(0), |text| places("overflow", text, MAX_OVERFLOW))?;
    Ok(CapacityReport {
        key: Some(parse_key(key)?),
        total,
        occupied: places("occupied", occupied, total + overflow)?,
        overflow,
    })
}

/// The text of a pool; `None` if it has no base, or a number the contract does not know.
pub(super) fn text(report: &CapacityReport) -> Option<String> {
    let CapacityReport {
        key,
        total,
        occupied,
        overflow,
    } = report;
    let PoolKey { base, cluster, sex } = key.as_ref()?;
    let any_cluster = *cluster == i32::from(Cluster::Unspecified);
    let any_sex = *sex == i32::from(Sex::Unspecified);
    let mut key = vec![BASES.text(*base)?];
    if !any_cluster || !any_sex {
        key.push(if any_cluster {
            ANY
        } else {
            CLUSTERS.text(*cluster)?
        });
    }
    if !any_sex {
        key.push(SEXES.text(*sex)?);
    }
    let key = key.join("/");
    Some(match overflow {
        0 => format!("{key}:{total}:{occupied}"),
        overflow => format!("{key}:{total}:{occupied}:{overflow}"),
    })
}

fn parse_key(text: &str) -> Result<PoolKey, String> {
    let mut parts = text.split('/');
    let (Some(base), cluster, sex, None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Err("a pool is told by base, cluster and sex, such as residensial/lansia/female".to_owned());
    };
    Ok(PoolKey {
        base: code(base, &BASES)?,
        cluster: code_or_any(cluster, &CLUSTERS)?,
        sex: code_or_any(sex, &SEXES)?,
    })
}

fn code_or_any<T>(text: Option<&str>, codes: &Codes<T>) -> Result<i32, String>
where
    T: Copy + PartialEq + TryFrom<i32> + Into<i32>,
{
    match text {
        None | Some(ANY) => Ok(0),
        Some(text) => code(text, codes).map_err(|problem| format!("{problem}, {ANY}")),
    }
}

fn code<T>(text: &str, codes: &Codes<T>) -> Result<i32, String>
where
    T: Copy + PartialEq + TryFrom<i32> + Into<i32>,
{
    let known = || codes.all().collect::<Vec<_>>().join(", ");
    codes
        .find(text)
        .map(Into::into)
        .ok_or_else(|| format!("{text} is not one of: {}", known()))
}

fn places(what: &str, text: &str, max: i32) -> Result<i32, String> {
    let places: Option<i32> = text.parse().ok();
    places
        .filter(|places| (0..=max).contains(places))
        .ok_or_else(|| format!("{what} must be a whole number from 0 to {max}"))
}
