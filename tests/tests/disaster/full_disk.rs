//! R10: a disk that is full. Callers are told, what was acknowledged stays, and reports are taken again once there is room.
//!
//! Needs to mount a small file system of its own, so root; where that is not allowed it says so and tries nothing.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serasi_store::embedded::program;
use serasi_tests::database::pg_bin;
use tempfile::TempDir;

use crate::checker::faults;
use crate::crowd::{Crowd, Habits};
use crate::site::{Plan, Site};
use crate::{is_long, seed};

/// A file system in memory that is gone with this.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path) -> Option<Self> {
        std::fs::create_dir(at).unwrap();
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", "size=256m,mode=0755", "tmpfs"])
            .arg(at);
        let mounted = mount.output().is_ok_and(|output| output.status.success());
        mounted.then(|| Self(at.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("--lazy").arg(&self.0).status());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_loses_nothing_and_reports_are_taken_again_when_there_is_room() {
    let rounds = if is_long() { 10 } else { 1 };
    let folder = TempDir::new().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let Some(disk) = SmallDisk::mount(&folder.path().join("disk")) else {
        println!("no file system can be mounted here: nothing was tried");
        return;
    };
    let data = disk.0.join("db");
    let plan = Plan {
        places: 10_000,
        database: &["max_wal_size = '64MB'", "min_wal_size = '32MB'"],
        ..Plan::default()
    };
    let mut site = Site::build_in(plan, folder, Some(&data)).await;
    let habits = Habits {
        reporters: 8,
        houses: 0,
        doubled: 0.0,
        given_up: 0.0,
        strict: false,
    };
    let crowd = Crowd::gather(&site, &[], habits, seed());
    let ballast = disk.0.join("ballast");
    for _ in 0..rounds {
        crowd.until(50).await;
        // Everything that is left; then the server writes until it can no more.
        let mut fill = Command::new("dd");
        fill.args(["if=/dev/zero", "bs=64k"])
            .arg(format!("of={}", ballast.display()));
        fill.output().unwrap();
        tokio::time::sleep(Duration::from_secs(5)).await;
        std::fs::remove_file(&ballast).unwrap();
        // A server that could not go on ends and is started again; so may hubs that wait for it.
        crowd.until(20).await;
    }
    let told = crowd.disperse().await;
    let mut found = faults(&site, &told).await;
    let refused = found
        .extract_if(.., |fault| fault.contains("was refused"))
        .count();
    println!(
        "{} reports; {refused} were refused while there was no room",
        told.reports.read().len()
    );
    assert!(found.is_empty(), "{found:#?}");
    let url = site.owner_url();
    let (_, socket) = url.split_once("host=").unwrap();
    let mut check = Command::new(program(pg_bin().as_deref(), "pg_amcheck").unwrap());
    check.args([
        "--install-missing",
        "-U",
        "serasi",
        "-h",
        socket,
        "-d",
        "postgres",
        "--heapallindexed",
    ]);
    let output = check.output().unwrap();
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    for at in 0..2 {
        let (code, _) = site.stop(at).await;
        assert_eq!(code, Some(0));
    }
    site.clear().await;
}
