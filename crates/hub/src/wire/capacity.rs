//! Places.

use serasi_domain::capacity::{CapacityReport, Pool, PoolKey};
use serasi_proto::v1;

use super::codes::{FromWire, optional};
use super::parse::Parse;
use super::time::to_timestamp;

/// Reads what a facility states about one pool.
pub(crate) fn capacity_report(parse: &mut Parse, report: &v1::CapacityReport) -> Option<CapacityReport> {
    let key = parse
        .require("key", report.key.as_ref(), "must be given")
        .and_then(|key| {
            parse.nested("key", |parse| {
                let base = parse.required("base", key.base);
                let cluster = parse.optional("cluster", key.cluster);
                let sex = parse.optional("sex", key.sex);
                Some(PoolKey {
                    base: base?,
                    cluster,
                    sex,
                })
            })
        });
    let any = key.unwrap_or(PoolKey::any(serasi_domain::need::ServiceBase::Residential));
    let report = parse.take(
        "total",
        CapacityReport::new(any, report.total, report.occupied, report.overflow),
    );
    key.and(report)
}

pub(super) fn pool_key(key: PoolKey) -> v1::PoolKey {
    v1::PoolKey {
        base: key.base.to_wire(),
        cluster: optional(key.cluster),
        sex: optional(key.sex),
    }
}

/// As the contract has it.
pub(crate) fn pool_to_wire(pool: &Pool) -> v1::CapacityPool {
    v1::CapacityPool {
        key: Some(pool_key(pool.key)),
        total: pool.total,
        occupied: pool.occupied,
        held: pool.held,
        free: pool.free(),
        overflow: pool.overflow,
        observe_time: Some(to_timestamp(pool.observed_at)),
        valid_until_time: Some(to_timestamp(pool.valid_until)),
        source: pool.source.to_wire(),
        shortfall: pool.shortfall,
    }
}
