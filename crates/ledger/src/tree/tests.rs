use ct_merkle::mem_backed_tree::MemoryBackedTree;
use proptest::prelude::*;
use sha2::Sha256;

use super::*;

/// A tree of ours and what was kept of it, and the same one of the library.
fn grown(
    size: u64,
) -> (
    Frontier,
    HashMap<NodePosition, Hash>,
    MemoryBackedTree<Sha256, Vec<u8>>,
) {
    let mut frontier = Frontier::default();
    let mut kept = HashMap::new();
    let mut whole = MemoryBackedTree::new();
    for index in 0..size {
        let content = index.to_be_bytes().to_vec();
        let leaf = Hash::of_leaf(&content);
        kept.insert(
            NodePosition {
                level: 0,
                position: index,
            },
            leaf,
        );
        let full = frontier.append(leaf);
        kept.extend(
            full.into_iter()
                .filter(|node| is_kept(node.at.level))
                .map(|node| (node.at, node.hash)),
        );
        whole.push(content);
    }
    (frontier, kept, whole)
}

fn bytes(proof: &[Hash]) -> Vec<u8> {
    proof.iter().flat_map(|hash| hash.0).collect()
}

#[test]
fn roots_are_those_of_the_library_at_every_size() {
    let (mut frontier, mut whole) = (Frontier::default(), MemoryBackedTree::<Sha256, Vec<u8>>::new());
    for index in 0..300_u64 {
        assert_eq!(frontier.root().0, whole.root().as_bytes()[..], "{index}");
        let again = Frontier::from_parts(frontier.size(), frontier.peaks().to_vec()).unwrap();
        assert_eq!(again, frontier);
        frontier.append(Hash::of_leaf(&index.to_be_bytes()));
        whole.push(index.to_be_bytes().to_vec());
    }
}

#[test]
fn one_node_for_fifteen_leaves_is_kept() {
    let (_, kept, _) = grown(4096);
    assert_eq!(kept.len(), 4096 + 256 + 16 + 1);
}

#[test]
fn what_is_not_in_a_tree_has_no_proof() {
    assert_eq!(Plan::inclusion(0, 0), None);
    assert_eq!(Plan::inclusion(5, 5), None);
    assert_eq!(Plan::consistency(0, 5), None);
    assert_eq!(Plan::consistency(6, 5), None);
    assert_eq!(Plan::inclusion(u64::MAX, 1), None);
    assert!(Frontier::from_parts(3, vec![Hash::of_nothing()]).is_none());
}

proptest! {
    #[test]
    fn proofs_from_kept_nodes_are_those_of_the_library(size in 1_u64..600, index in 0_u64..600) {
        let index = index % size;
        let (_, kept, whole) = grown(size);
        let plan = Plan::inclusion(size, index).unwrap();
        prop_assert!(plan.needed().iter().all(|at| is_kept(at.level)));
        let expected = whole.prove_inclusion(usize::try_from(index).unwrap());
        prop_assert_eq!(bytes(&plan.prove(&kept).unwrap()), expected.as_bytes());

        let added = usize::try_from(size - index - 1).unwrap();
        let plan = Plan::consistency(index + 1, size).unwrap();
        let expected = whole.prove_consistency(added);
        prop_assert_eq!(bytes(&plan.prove(&kept).unwrap()), expected.as_bytes());
    }
}
