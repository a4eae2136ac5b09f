//! Generated types of package `serasi.v1`, their canonical JSON, and the descriptor set that reflection serves.
//! Nothing is written here by hand; the contract is in `proto/`.

/// Package `serasi.v1`.
#[expect(clippy::all, clippy::pedantic, reason = "generated code is not ours to style")]
pub mod v1 {
    tonic::include_proto!("serasi.v1");
    include!(concat!(env!("OUT_DIR"), "/serasi.v1.serde.rs"));
}

/// Encoded `FileDescriptorSet` of the package and what it imports.
pub const DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/serasi.descriptor.bin"));
