//! The Helm chart, rendered by Helm itself (a Python package carries it), and the examples: `tests/python/chart` has the tests.

use std::path::Path;
use std::process::Command;

use serasi_tests::python;

#[test]
fn the_chart_renders_follows_the_schemas_and_keeps_its_promises() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/chart");
    let tmp = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let python = python::environment(tmp, "chart", &folder.join("requirements.txt"));
    python::run(
        Command::new(python)
            .args(["-m", "unittest", "test_chart", "test_examples"])
            .current_dir(folder)
            // What python compiles does not belong beside the sources.
            .env("PYTHONDONTWRITEBYTECODE", "1"),
    );
}
