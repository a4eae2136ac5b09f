//! Draws that are the same on every machine, for what nobody has published.
//!
//! Each draw has its own key, so the order of draws does not matter and a new one changes no other.
//! All arithmetic wraps. Never to be used where chance must not be foreseen.

/// Start and factor of FNV-1a with 64 bits.
const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0100_0000_01b3;

/// A number below `n`, which must not be zero.
pub(crate) fn rnd(key: &str, n: u32) -> u32 {
    // The lower bits are dropped, as is usual where a float of 53 bits could be drawn too.
    let drawn = (mix(fnv(key)) >> 11) % u64::from(n);
    u32::try_from(drawn).expect("it is below a number of 32 bits")
}

/// Whether something happens that happens in `percent` of all cases.
pub(crate) fn chance(key: &str, percent: u32) -> bool {
    rnd(key, 100) < percent
}

/// One of the items, which must not be empty, each as likely as the others.
pub(crate) fn choose<T: Copy>(key: &str, items: &[T]) -> T {
    let count = u32::try_from(items.len()).expect("nobody draws from billions");
    let index = usize::try_from(rnd(key, count)).expect("32 bits fit an index");
    *items.get(index).expect("the draw is below the number of items")
}

/// One of the values by their weights, walked in the table's order.
pub(crate) fn pick<T: Copy>(key: &str, table: &[(T, u32)]) -> T {
    let mut rest = rnd(key, table.iter().map(|(_, weight)| weight).sum());
    for &(value, weight) in table {
        if rest < weight {
            return value;
        }
        rest -= weight;
    }
    unreachable!("the draw is below the sum of the weights")
}

/// FNV-1a, 64 bits, over the UTF-8 bytes.
fn fnv(text: &str) -> u64 {
    text.bytes().fold(FNV_OFFSET, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME)
    })
}

/// One step of `SplitMix64`.
fn mix(seed: u64) -> u64 {
    let x = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::{fnv, mix, pick, rnd};

    #[test]
    fn draws_match_the_published_test_values() {
        assert_eq!(fnv(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv("a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(mix(0), 0xe220_a839_7b1d_cdaf);
        assert_eq!(fnv("lks/11.01/1/cluster"), 0x3166_c3d1_0ef3_1010);
        assert_eq!(mix(0x3166_c3d1_0ef3_1010), 0x464d_9f81_e762_26fb);
        assert_eq!(rnd("lks/11.01/1/cluster", 100), 92);
    }

    #[test]
    fn values_are_picked_as_often_as_they_weigh() {
        let table = [('a', 70), ('b', 30)];
        let drawn_a = (0..10_000)
            .filter(|i| pick(&format!("test/{i}"), &table) == 'a')
            .count();
        assert!((6_800..7_200).contains(&drawn_a), "{drawn_a}");
    }
}
