//! Compiles `proto/` without protoc, and adds the canonical JSON mapping.

use std::{env, error::Error, fs, path::PathBuf};

const FILES: &[&str] = &[
    "serasi/v1/audit_service.proto",
    "serasi/v1/case_service.proto",
    "serasi/v1/facility_service.proto",
    "serasi/v1/insight_service.proto",
    "serasi/v1/intake_service.proto",
    "serasi/v1/policy_service.proto",
    "serasi/v1/reference_service.proto",
    "serasi/v1/referral_service.proto",
    "serasi/v1/registry_service.proto",
    "serasi/v1/subject_service.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../../proto");
    println!("cargo:rerun-if-changed={}", root.display());
    let out = PathBuf::from(env::var("OUT_DIR")?);

    let mut compiler = protox::Compiler::new([&root])?;
    compiler
        .include_source_info(true)
        .include_imports(true)
        .open_files(FILES)?;
    // prost's own encoder drops custom options; protox keeps them, so reflection serves its bytes.
    let bytes = compiler.encode_file_descriptor_set();
    fs::write(out.join("serasi.descriptor.bin"), &bytes)?;

    tonic_prost_build::configure()
        .compile_well_known_types(true)
        .extern_path(".google.protobuf", "::pbjson_types")
        .compile_fds(compiler.file_descriptor_set())?;
    pbjson_build::Builder::new()
        .register_descriptors(&bytes)?
        .preserve_proto_field_names()
        .build(&[".serasi.v1"])?;
    Ok(())
}
