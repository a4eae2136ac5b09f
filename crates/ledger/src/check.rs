//! The check of an export against signed heads: everything is computed again, nothing that the operator says is
//! believed. Heads come first, then the lines in their order; one line is held at a time.

mod finding;
mod tree;

use std::collections::BTreeMap;

use serasi_domain::id::Regency;

use crate::export::{Leaf, Line};
use crate::head::SignedHead;
use crate::key::PublicKey;

pub use finding::Finding;
use tree::TreeCheck;
pub use tree::TreeReport;

/// Findings kept; more are counted.
const MAX_FINDINGS: usize = 1_000;

/// A check in progress.
#[derive(Debug)]
pub struct Check {
    keys: Vec<PublicKey>,
    trees: BTreeMap<Regency, TreeCheck>,
    /// Only this tree is expected to be whole; `None` = every tree that has a head.
    only: Option<Regency>,
    found: Found,
}

/// What is wrong so far.
#[derive(Debug, Default)]
struct Found {
    findings: Vec<(Option<Regency>, Finding)>,
    more: u64,
}

/// What came out.
#[derive(Debug)]
pub struct Report {
    /// By tree; `None` = it cannot be said which.
    pub findings: Vec<(Option<Regency>, Finding)>,
    /// Findings beyond those.
    pub more: u64,
    pub trees: BTreeMap<Regency, TreeReport>,
}

impl Check {
    /// `only` = the export holds this tree and no other.
    #[must_use]
    pub fn new(keys: Vec<PublicKey>, only: Option<Regency>) -> Self {
        Self {
            keys,
            trees: BTreeMap::new(),
            only,
            found: Found::default(),
        }
    }

    /// A head that was kept outside the database: what it covers must be in the export.
    pub fn outside_head(&mut self, signed: &SignedHead) {
        self.head(signed, true);
    }

    /// A line of the export.
    pub fn line(&mut self, line: Line) {
        match line {
            Line::Head(signed) => self.head(&signed, false),
            Line::Leaf(leaf) => self.leaf(&leaf),
            Line::Unsealed(entry) => {
                let region = entry.region;
                let found = self.tree(region).unsealed(&entry);
                self.found.add(Some(region), found);
            }
        }
    }

    /// A line that is none.
    pub fn unreadable_line(&mut self, number: u64) {
        self.found.add(None, Some(Finding::Unreadable { line: number }));
    }

    /// Nothing more comes.
    #[must_use]
    pub fn finish(mut self) -> Report {
        for (region, tree) in &mut self.trees {
            let is_expected = self.only.is_none_or(|only| only == *region);
            let found = tree.end(is_expected);
            self.found.add(Some(*region), found);
        }
        Report {
            findings: self.found.findings,
            more: self.found.more,
            trees: self
                .trees
                .into_iter()
                .map(|(region, tree)| (region, tree.into_report()))
                .collect(),
        }
    }

    fn head(&mut self, signed: &SignedHead, is_outside: bool) {
        let (region, size) = (signed.head.region, signed.head.size);
        if !signed.is_signed_by(&self.keys) {
            let finding = Finding::BadSignature {
                size,
                key: signed.head.key.clone(),
            };
            self.found.add(Some(region), Some(finding));
            return;
        }
        let found = self.tree(region).head(&signed.head, is_outside);
        self.found.add(Some(region), found);
    }

    fn leaf(&mut self, leaf: &Leaf) {
        let region = leaf.region;
        let tree = self.tree(region);
        let entry = tree::check_entry(leaf);
        let place = match &leaf.inclusion {
            Some(inclusion) => tree.prove(leaf, inclusion),
            None => tree.append(leaf),
        };
        self.found.add(Some(region), entry);
        self.found.add(Some(region), place);
    }

    fn tree(&mut self, region: Regency) -> &mut TreeCheck {
        self.trees.entry(region).or_default()
    }
}

impl Found {
    fn add(&mut self, region: Option<Regency>, finding: Option<Finding>) {
        let Some(finding) = finding else { return };
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push((region, finding));
        } else {
            self.more += 1;
        }
    }
}

impl Report {
    /// Whether everything agrees.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }
}

#[cfg(test)]
mod tests;
