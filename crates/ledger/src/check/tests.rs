use time::Duration;
use uuid::Uuid;

use super::*;
use crate::entry::tests::entry;
use crate::export::Inclusion;
use crate::hash::Hash;
use crate::head::Head;
use crate::key::Signer;
use crate::tree::{Frontier, NodePosition, Plan, is_kept};

fn signer() -> Signer {
    Signer::generate(true).unwrap().parse().unwrap()
}

fn leaf(index: u64) -> Leaf {
    let entry = entry(index);
    Leaf {
        region: entry.region,
        index,
        id: entry.id,
        hash: entry.hash(),
        entry: Some(entry),
        inclusion: None,
    }
}

/// The head of the first `size` leaves.
fn head(size: u64, signer: &Signer) -> SignedHead {
    let mut frontier = Frontier::default();
    for index in 0..size {
        frontier.append(entry(index).hash());
    }
    let head = Head {
        region: entry(0).region,
        size,
        root: frontier.root(),
        at: entry(size).at,
        key: String::new(),
    };
    SignedHead::sign(head, signer)
}

/// What a check says about these lines, with heads of size 3 and 7 kept outside.
fn checked(lines: Vec<Line>) -> Report {
    let signer = signer();
    let mut check = Check::new(vec![signer.public()], None);
    for size in [3, 7] {
        check.outside_head(&head(size, &signer));
    }
    for line in lines {
        check.line(line);
    }
    check.finish()
}

fn codes(report: &Report) -> Vec<&'static str> {
    report
        .findings
        .iter()
        .map(|(_, finding)| finding.code())
        .collect()
}

fn leaves(indices: impl IntoIterator<Item = u64>) -> Vec<Line> {
    indices.into_iter().map(|index| Line::Leaf(leaf(index))).collect()
}

#[test]
fn an_untouched_log_agrees_with_its_heads() {
    let report = checked(leaves(0..9));
    assert!(report.is_clean(), "{:?}", report.findings);
    let tree = report.trees[&entry(0).region];
    assert_eq!((tree.leaves, tree.proven, tree.outside_heads), (9, 7, 2));
}

#[test]
fn the_entry_that_was_changed_or_removed_is_named() {
    for (take, code) in [(false, "edited"), (true, "removed")] {
        let mut lines = leaves(0..9);
        if let Line::Leaf(leaf) = &mut lines[4] {
            leaf.entry.as_mut().unwrap().verb = "ListCases".to_owned();
            if take {
                leaf.entry = None;
            }
        }
        let report = checked(lines);
        assert_eq!(codes(&report), [code]);
        let (Finding::Edited { index, id } | Finding::Removed { index, id }) = report.findings[0].1 else {
            panic!("{:?}", report.findings)
        };
        assert_eq!((index, id), (4, Uuid::from_u128(4)));
    }
}

#[test]
fn a_change_that_hides_its_hash_lies_between_two_heads() {
    let mut lines = leaves(0..9);
    if let Line::Leaf(leaf) = &mut lines[4] {
        let entry = leaf.entry.as_mut().unwrap();
        entry.verb = "ListCases".to_owned();
        leaf.hash = entry.hash();
    }
    let report = checked(lines);
    let (_, found) = &report.findings[0];
    assert!(
        matches!(
            found,
            Finding::Rewritten {
                first: 3,
                last: 6,
                ..
            }
        ),
        "{found}"
    );
    assert_eq!(report.findings.len(), 1);
}

#[test]
fn missing_moved_and_cut_off_leaves_are_found() {
    assert_eq!(codes(&checked(leaves([0, 1, 3, 4, 5, 6]))), ["gap"]);
    assert_eq!(codes(&checked(leaves([0, 1, 3, 2, 4, 5, 6]))), ["gap"]);
    assert_eq!(
        codes(&checked(leaves([0, 0, 1, 2, 3, 4, 5, 6]))),
        ["out_of_order"]
    );
    assert_eq!(codes(&checked(leaves(0..5))), ["truncated"]);
    assert_eq!(codes(&checked(vec![])), ["truncated"]);
    // Numbered anew, so that nothing seems to be missing.
    let mut lines = leaves([0, 1, 3, 2, 4, 5, 6]);
    for (index, line) in lines.iter_mut().enumerate() {
        if let Line::Leaf(leaf) = line {
            leaf.index = u64::try_from(index).unwrap();
        }
    }
    assert_eq!(codes(&checked(lines)), ["rewritten"]);
}

#[test]
fn an_old_entry_outside_the_tree_is_found_and_a_new_one_is_not_yet_sealed() {
    let mut lines = leaves(0..7);
    lines.push(Line::Unsealed(entry(100)));
    assert!(checked(lines.clone()).is_clean());
    let mut old = entry(101);
    old.at -= Duration::hours(1);
    lines.push(Line::Unsealed(old));
    assert_eq!(codes(&checked(lines)), ["not_sealed"]);
}

#[test]
fn a_head_of_somebody_else_and_two_histories_are_found() {
    let signer = signer();
    let mut check = Check::new(vec![signer.public()], None);
    check.outside_head(&head(3, &signer));
    let mut told_otherwise = head(3, &signer).head;
    told_otherwise.root = Hash::of_nothing();
    check.outside_head(&SignedHead::sign(told_otherwise, &signer));
    check.line(Line::Head(head(7, &self::signer())));
    for line in leaves(0..3) {
        check.line(line);
    }
    check.line(Line::Head(head(2, &signer)));
    check.unreadable_line(9);
    assert_eq!(
        codes(&check.finish()),
        ["two_histories", "bad_signature", "late_head", "unreadable"]
    );
}

#[test]
fn only_the_named_tree_has_to_be_whole() {
    let signer = signer();
    let region = "11.01".parse().ok().and_then(Regency::of).unwrap();
    for (only, is_clean) in [(None, false), (Some(region), true)] {
        let mut check = Check::new(vec![signer.public()], only);
        check.outside_head(&head(3, &signer));
        assert_eq!(check.finish().is_clean(), is_clean);
    }
}

#[test]
fn a_single_entry_is_proven_by_its_path() {
    let signer = signer();
    let mut kept = std::collections::HashMap::new();
    let mut frontier = Frontier::default();
    for position in 0..7 {
        let hash = entry(position).hash();
        kept.insert(NodePosition { level: 0, position }, hash);
        frontier.append(hash);
    }
    assert!(is_kept(0) && !is_kept(1));
    let path = Plan::inclusion(7, 4).unwrap().prove(&kept).unwrap();
    let mut proven = leaf(4);
    proven.inclusion = Some(Inclusion { size: 7, path });
    let said = |leaf: Leaf| {
        let mut check = Check::new(vec![signer.public()], None);
        check.outside_head(&head(7, &signer));
        check.line(Line::Leaf(leaf));
        codes(&check.finish())
    };
    assert!(said(proven.clone()).is_empty());
    let mut elsewhere = proven.clone();
    elsewhere.index = 5;
    // It has shown nothing, so the rest of the tree is asked for.
    assert_eq!(said(elsewhere), ["not_proven", "truncated"]);
    let mut cut = proven.clone();
    cut.inclusion.as_mut().unwrap().path.pop();
    assert_eq!(said(cut), ["not_proven", "truncated"]);
    let mut other_head = proven;
    other_head.inclusion.as_mut().unwrap().size = 6;
    assert_eq!(said(other_head), ["no_head", "truncated"]);
}

#[test]
fn a_proven_entry_does_not_excuse_a_tree_that_was_cut_off() {
    let signer = signer();
    let mut kept = std::collections::HashMap::new();
    let mut frontier = Frontier::default();
    for position in 0..7 {
        let hash = entry(position).hash();
        kept.insert(NodePosition { level: 0, position }, hash);
        frontier.append(hash);
    }
    let mut proven = leaf(4);
    let path = Plan::inclusion(7, 4).unwrap().prove(&kept).unwrap();
    proven.inclusion = Some(Inclusion { size: 7, path });
    let mut check = Check::new(vec![signer.public()], None);
    check.outside_head(&head(3, &signer));
    check.outside_head(&head(7, &signer));
    for position in 0..5 {
        check.line(Line::Leaf(leaf(position)));
    }
    check.line(Line::Leaf(proven));
    assert_eq!(codes(&check.finish()), ["truncated"]);
}
