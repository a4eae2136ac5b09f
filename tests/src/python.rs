//! Virtual environments of Python, for clients and tools that are not ours.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The interpreter of an environment `name` below `folder` with what `requirements` names, made once and again when they
/// change.
pub fn environment(folder: &Path, name: &str, requirements: &Path) -> PathBuf {
    let venv = folder.join(name);
    let python = venv.join("bin/python");
    let stamp = venv.join("requirements.txt");
    if std::fs::read(&stamp).ok() == std::fs::read(requirements).ok() {
        return python;
    }
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv));
    run(Command::new(&python)
        .args(["-m", "pip", "install", "--quiet", "-r"])
        .arg(requirements));
    std::fs::copy(requirements, stamp).unwrap();
    python
}

/// Runs it to its end, which must be a good one.
pub fn run(command: &mut Command) {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{command:?} failed: {said}");
}
