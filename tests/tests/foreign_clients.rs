//! Clients and servers that are not ours: Python's `grpcio`, with stubs generated from `proto/`, and NATS.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "in a test a panic is the failure that is wanted"
)]

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serasi_hub::auth::Role;
use serasi_tests::build::facility;
use serasi_tests::{TestHub, python};
use tokio::sync::OnceCell;

#[path = "foreign_clients/balai.rs"]
mod balai;
#[path = "foreign_clients/broker.rs"]
mod broker;
#[path = "foreign_clients/load.rs"]
mod load;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("python")
}

/// The interpreter of a virtual environment with what `requirements.txt` names, made once.
async fn python() -> PathBuf {
    static PYTHON: OnceCell<PathBuf> = OnceCell::const_new();
    let made = PYTHON.get_or_init(async || tokio::task::spawn_blocking(make_python).await.unwrap());
    made.await.clone()
}

fn make_python() -> PathBuf {
    let tmp = Path::new(env!("CARGO_TARGET_TMPDIR"));
    python::environment(tmp, "python", &folder().join("requirements.txt"))
}

fn stubs(python: &Path) -> tempfile::TempDir {
    let out = tempfile::tempdir().unwrap();
    let proto = Path::new(env!("CARGO_MANIFEST_DIR")).join("../proto");
    let files = std::fs::read_dir(proto.join("serasi/v1")).unwrap();
    let files: Vec<_> = files.map(|entry| entry.unwrap().path()).collect();
    let mut generate = Command::new(python);
    generate.args(["-m", "grpc_tools.protoc", "-I"]).arg(&proto);
    generate.arg(format!("--python_out={}", out.path().display()));
    generate
        .arg(format!("--grpc_python_out={}", out.path().display()))
        .args(files);
    python::run(&mut generate);
    out
}

#[tokio::test(flavor = "multi_thread")]
async fn a_python_client_submits_a_case_and_accepts_its_offer() {
    let hub = TestHub::start().await;
    let rows = vec![facility("A", "32.73.02", 2)];
    hub.coordinator()
        .facilities
        .import_facilities(tokio_stream::iter(rows))
        .await
        .unwrap();
    let (python, address) = (python().await, hub.address().to_string());
    let stubs = stubs(&python);
    let mut client = Command::new(&python)
        .arg(folder().join("client.py"))
        .arg(stubs.path())
        .arg(address)
        .arg(hub.token(&[Role::Referrer], "ID", None))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(client.stdout.take().unwrap()).lines();
    let asked = said.next().expect("the client says who is asked").unwrap();
    let token = hub.token(&[Role::FacilityOfficer], "ID", Some(&asked));
    writeln!(client.stdin.take().unwrap(), "{token}").unwrap();
    assert_eq!(
        said.next().expect("the client goes on to the end").unwrap(),
        "done"
    );
    assert!(client.wait().unwrap().success());
    hub.finish().await;
}
