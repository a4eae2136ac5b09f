//! Columns that hold codes, and how an impossible one is reported.

use std::fmt::Display;
use std::str::FromStr;

use enumset::{EnumSet, EnumSetType};
use serasi_domain::capacity::PoolKey;
use serasi_domain::id::Regency;
use serasi_geography::RegionCode;

use crate::StoreError;

/// A pool that is not limited in this respect.
const ANY: &str = "any";

/// Where a value comes from, for the error.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a, I> {
    pub(crate) table: &'static str,
    pub(crate) id: &'a I,
}

impl<I: Display> Row<'_, I> {
    /// Reads a code column.
    pub(crate) fn code<T: FromStr>(&self, column: &'static str, value: &str) -> Result<T, StoreError> {
        value.parse().map_err(|_| self.impossible(column))
    }

    /// Reads a number column into a narrower type.
    pub(crate) fn number<T: TryFrom<i32>>(&self, column: &'static str, value: i32) -> Result<T, StoreError> {
        T::try_from(value).map_err(|_| self.impossible(column))
    }

    /// Reads a list of codes as a set.
    pub(crate) fn set<T: FromStr + EnumSetType>(
        &self,
        column: &'static str,
        values: &[String],
    ) -> Result<EnumSet<T>, StoreError> {
        values.iter().map(|value| self.code::<T>(column, value)).collect()
    }

    /// A value that must be there in this state.
    pub(crate) fn present<T>(&self, column: &'static str, value: Option<T>) -> Result<T, StoreError> {
        value.ok_or_else(|| self.impossible(column))
    }

    /// Reads a pool key; `any` in a column means: not limited.
    pub(crate) fn pool(&self, base: &str, cluster: &str, sex: &str) -> Result<PoolKey, StoreError> {
        Ok(PoolKey {
            base: self.code("base", base)?,
            cluster: if cluster == ANY {
                None
            } else {
                Some(self.code("cluster", cluster)?)
            },
            sex: if sex == ANY {
                None
            } else {
                Some(self.code("sex", sex)?)
            },
        })
    }

    pub(crate) fn impossible(&self, column: &'static str) -> StoreError {
        StoreError::Impossible {
            table: self.table,
            column,
            row: self.id.to_string(),
        }
    }
}

/// A home region read from a column.
pub(crate) fn regency(table: &'static str, code: &str) -> Result<Regency, StoreError> {
    code.parse::<RegionCode>()
        .ok()
        .and_then(|code| Regency::try_from(code).ok())
        .ok_or_else(|| StoreError::Impossible {
            table,
            column: "region_code",
            row: code.to_owned(),
        })
}

/// The column values of a pool key: base, cluster, sex.
pub(crate) fn pool_columns(key: PoolKey) -> (&'static str, &'static str, &'static str) {
    (
        key.base.code(),
        key.cluster.map_or(ANY, serasi_domain::cluster::Cluster::code),
        key.sex.map_or(ANY, serasi_domain::person::Sex::code),
    )
}

/// One column of many rows, for `UNNEST`.
pub(crate) fn column<'r, T, V>(rows: &'r [T], value: impl FnMut(&'r T) -> V) -> Vec<V> {
    rows.iter().map(value).collect()
}

/// The `LIKE` pattern of a scope: everything for the nation, else the region and what lies in it.
pub(crate) fn scope_pattern(scope: RegionCode) -> String {
    match scope.level() {
        serasi_geography::RegionLevel::Nation => "%".to_owned(),
        serasi_geography::RegionLevel::Province
        | serasi_geography::RegionLevel::Regency
        | serasi_geography::RegionLevel::District
        | serasi_geography::RegionLevel::Village => format!("{scope}%"),
    }
}
