//! What is shipped beside the binary: the Helm chart, rendered by Helm itself (a Python package carries it), examples and
//! documents. `tests/python/shipped` has the tests.

use std::path::Path;
use std::process::Command;

use serasi_tests::python;

#[test]
fn the_chart_keeps_its_promises_and_examples_and_documents_name_what_there_is() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/shipped");
    let tmp = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let python = python::environment(tmp, "shipped", &folder.join("requirements.txt"));
    python::run(
        Command::new(python)
            .args(["-m", "unittest", "test_chart", "test_docs", "test_examples"])
            .current_dir(folder)
            // What python compiles does not belong beside the sources.
            .env("PYTHONDONTWRITEBYTECODE", "1"),
    );
}
