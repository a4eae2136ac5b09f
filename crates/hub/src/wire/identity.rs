//! Whose NIK it is.

use serasi_domain::need_to_know::Sight;
use serasi_domain::person::Nik;
use serasi_proto::v1;
use serasi_store::identities::Binding;

use super::codes::FromWire;
use super::time::to_timestamp;

/// As the contract has it; `sight` says what is left of it.
pub(crate) fn binding_to_wire(binding: &Binding, sight: Sight) -> v1::IdentityBinding {
    let nik = binding.nik.clone().there();
    let nik = nik.as_ref().map(Nik::as_str).unwrap_or_default().to_owned();
    let end = binding.end.as_ref();
    v1::IdentityBinding {
        nik: sight.whole(nik),
        evidence: binding.evidence.to_wire(),
        bind_time: Some(to_timestamp(binding.bound_at)),
        bound_by: binding.bound_by.clone(),
        unbind_time: end.map(|end| to_timestamp(end.at)),
        unbound_by: end.map(|end| end.by.clone()).unwrap_or_default(),
        unbind_reason: end.map_or(0, |end| end.reason.to_wire()),
    }
}
