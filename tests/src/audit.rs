//! The audit log of a test's hub, checked as an outsider would.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use serasi_domain::id::Regency;
use serasi_hub::{AuditSettings, HeadsFile};
use serasi_ledger::{Check, Line, Report, SignedHead, Signer};
use serasi_store::audit::{heads, tree};
use sqlx::PgConnection;
use tempfile::TempDir;

/// A key and folders of heads that go with the test.
#[derive(Debug)]
pub struct AuditFolder {
    folder: TempDir,
    /// One folder of heads for each replica.
    replicas: AtomicU32,
    key: String,
}

impl AuditFolder {
    #[expect(clippy::new_without_default, reason = "a folder on the disk is no default")]
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            replicas: AtomicU32::new(0),
            key: Signer::generate(true).unwrap(),
        }
    }

    pub fn settings(&self) -> AuditSettings {
        let replica = self.replicas.fetch_add(1, Ordering::Relaxed);
        AuditSettings {
            signer: self.signer(),
            heads: HeadsFile::open(&self.folder.path().join(replica.to_string())).unwrap(),
            every: std::time::Duration::from_millis(200),
        }
    }

    pub fn signer(&self) -> Signer {
        self.key.parse().unwrap()
    }

    /// The heads that have left the database.
    pub fn heads(&self) -> Vec<SignedHead> {
        let text: String = self
            .heads_files()
            .iter()
            .map(|file| std::fs::read_to_string(file).unwrap())
            .collect();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    pub fn heads_files(&self) -> Vec<PathBuf> {
        let replicas = 0..self.replicas.load(Ordering::Relaxed);
        replicas
            .map(|replica| {
                self.folder
                    .path()
                    .join(replica.to_string())
                    .join("audit-heads.jsonl")
            })
            .collect()
    }
}

/// Everything the database has, as an export would hold it.
pub async fn export(connection: &mut PgConnection) -> Vec<Line> {
    const ALL: i64 = 1_000_000;
    let codes: Vec<(String,)> = sqlx::query_as(
        "SELECT region_code FROM audit_entries UNION SELECT region_code FROM audit_leaves
         UNION SELECT region_code FROM audit_heads ORDER BY 1",
    )
    .fetch_all(&mut *connection)
    .await
    .unwrap();
    let mut lines = vec![];
    for (code,) in codes {
        // A region that is none cannot be exported; what it took away is missing elsewhere.
        let Some(region) = code.parse().ok().and_then(Regency::of) else {
            continue;
        };
        let heads = heads::list(connection, region.code(), None, ALL).await.unwrap();
        lines.extend(heads.into_iter().map(Line::Head));
        let leaves = tree::leaves(connection, region, 0, ALL).await.unwrap();
        lines.extend(leaves.into_iter().map(Line::Leaf));
        let unsealed = tree::unsealed(connection, region, None, ALL).await.unwrap();
        lines.extend(
            unsealed
                .into_iter()
                .map(|recorded| Line::Unsealed(recorded.entry)),
        );
    }
    lines
}

/// What a check of everything says, with the heads that were exported.
pub async fn check(connection: &mut PgConnection, audit: &AuditFolder) -> Report {
    let mut check = Check::new(vec![audit.signer().public()], None);
    for head in audit.heads() {
        check.outside_head(&head);
    }
    for line in export(connection).await {
        check.line(line);
    }
    check.finish()
}

/// What an outsider would find, and entries that are neither sealed nor waiting.
pub async fn audit_violations(connection: &mut PgConnection, audit: &AuditFolder) -> Vec<String> {
    let lost: Vec<(String,)> = sqlx::query_as(
        "SELECT format('audit entry %s (%s) is neither sealed nor waits, or both', audit_id, e.verb)
         FROM audit_entries e LEFT JOIN audit_leaves l USING (region_code, audit_id)
             LEFT JOIN audit_unsealed u USING (region_code, audit_id)
         WHERE (l.audit_id IS NULL) = (u.audit_id IS NULL)",
    )
    .fetch_all(&mut *connection)
    .await
    .unwrap();
    let report = check(connection, audit).await;
    let found = report
        .findings
        .iter()
        .map(|(region, finding)| format!("audit tree {region:?}: {finding}"));
    lost.into_iter().map(|(what,)| what).chain(found).collect()
}
