//! Finding regions by name, forgiving what people type.

use super::Atlas;
use crate::{RegionCode, RegionLevel};

const LEVELS: [RegionLevel; 4] = [
    RegionLevel::Province,
    RegionLevel::Regency,
    RegionLevel::District,
    RegionLevel::Village,
];

/// How well a name fits, the better the lower.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// The name with its kind: `kota bandung` for `Kota Bandung`.
    Exact,
    /// The name without its kind: `bandung` for both `Kota` and `Kabupaten Bandung`.
    ExactShort,
    Prefix,
    Contains,
}

/// A name without case, accents, spaces and punctuation, so that `Bau-Bau` is `Baubau`.
pub(super) struct SearchKey {
    full: String,
    short_offset: usize,
}

impl SearchKey {
    pub(super) fn new(name: &str) -> Self {
        let words: Vec<String> = name
            .split(|c: char| !(c.is_alphanumeric() || is_inside_word(c)))
            .map(fold_word)
            .collect();
        let words: Vec<&str> = words
            .iter()
            .map(String::as_str)
            .filter(|word| !word.is_empty())
            .collect();
        let mut full = String::with_capacity(name.len());
        let mut short_offset = 0;
        for (index, word) in words.iter().enumerate() {
            let (word, is_kind) = kind_word(word);
            // The kind is dropped only at the front, and never the whole name: there is a district "Kota".
            let all_kinds_so_far = short_offset == full.len();
            full.push_str(word);
            if is_kind && all_kinds_so_far && index + 1 < words.len() {
                short_offset = full.len();
            }
        }
        Self { full, short_offset }
    }

    pub(super) fn full(&self) -> &str {
        &self.full
    }

    pub(super) fn short_offset(&self) -> usize {
        self.short_offset
    }

    fn short(&self) -> &str {
        self.full
            .get(self.short_offset..)
            .expect("the offset lies between two words of the key")
    }

    fn fit(&self, full: &str, short: &str) -> Option<Fit> {
        if full == self.full {
            Some(Fit::Exact)
        } else if short == self.short() {
            Some(Fit::ExactShort)
        } else if full.starts_with(&self.full) || short.starts_with(self.short()) {
            Some(Fit::Prefix)
        } else if full.contains(self.short()) {
            Some(Fit::Contains)
        } else {
            None
        }
    }
}

/// Codes of the best `limit` regions inside `within`, best first.
pub(super) fn find(
    atlas: &Atlas,
    query: &str,
    level: Option<RegionLevel>,
    within: Option<RegionCode>,
    limit: usize,
) -> Vec<RegionCode> {
    let query = SearchKey::new(query);
    if query.full().is_empty() || limit == 0 {
        return Vec::new();
    }
    let within = within.unwrap_or(RegionCode::NATION);
    let mut found = Vec::new();
    for candidate in LEVELS
        .into_iter()
        .filter(|candidate| level.is_none_or(|level| level == *candidate))
    {
        let Some(table) = atlas.table(candidate) else {
            continue;
        };
        for row in table.rows().get(table.range_within(within)).unwrap_or_default() {
            let (full, short) = table.key(row);
            found.extend(query.fit(full, short).map(|fit| (fit, candidate, row.code)));
        }
    }
    if limit < found.len() {
        found.select_nth_unstable(limit);
        found.truncate(limit);
    }
    found.sort_unstable();
    found.into_iter().map(|(_, _, code)| code).collect()
}

/// Marks that people leave out inside a word: `Nuapu'u`, `Ba'a`, and accents written on their own.
fn is_inside_word(c: char) -> bool {
    matches!(c, '\'' | '’' | '‘' | '`' | '\u{300}'..='\u{36f}')
}

fn fold_word(word: &str) -> String {
    word.chars()
        .filter(|c| !is_inside_word(*c))
        .flat_map(char::to_lowercase)
        .map(without_accent)
        .collect()
}

fn without_accent(c: char) -> char {
    match c {
        'à'..='å' | 'ā' | 'ă' => 'a',
        'ç' => 'c',
        'è'..='ë' | 'ē' | 'ĕ' | 'ě' => 'e',
        'ì'..='ï' | 'ī' | 'ĭ' => 'i',
        'ñ' => 'n',
        'ò'..='ö' | 'ō' | 'ŏ' => 'o',
        'ù'..='ü' | 'ū' | 'ŭ' => 'u',
        'ý' | 'ÿ' => 'y',
        other => other,
    }
}

/// The word written out, and whether it names a kind of region.
fn kind_word(word: &str) -> (&str, bool) {
    match word {
        "prov" | "provinsi" => ("provinsi", true),
        "kab" | "kabupaten" => ("kabupaten", true),
        "kota" => ("kota", true),
        "adm" | "administrasi" => ("administrasi", true),
        "kec" | "kecamatan" => ("kecamatan", true),
        "kel" | "kelurahan" => ("kelurahan", true),
        "desa" => ("desa", true),
        other => (other, false),
    }
}

#[cfg(test)]
mod tests {
    use super::SearchKey;

    fn key(name: &str) -> (String, String) {
        let key = SearchKey::new(name);
        (key.full().to_owned(), key.short().to_owned())
    }

    #[test]
    fn keys_forget_case_accents_spaces_and_punctuation() {
        assert_eq!(key("Fak-Fak").0, "fakfak");
        assert_eq!(key("  bau  BAU ").0, "baubau");
        assert_eq!(key("Bu Nuapu’u").0, "bunuapuu");
        assert_eq!(key("Jépara").0, "jepara");
        assert_eq!(key("Je\u{301}para").0, "jepara");
    }

    #[test]
    fn kinds_are_written_out_and_dropped_only_at_the_front() {
        assert_eq!(key("Kab. Bandung"), ("kabupatenbandung".into(), "bandung".into()));
        assert_eq!(
            key("Kota Administrasi Jakarta Pusat"),
            ("kotaadministrasijakartapusat".into(), "jakartapusat".into())
        );
        assert_eq!(key("Lima Puluh Kota").1, "limapuluhkota");
        assert_eq!(key("Kota").1, "kota");
        assert_eq!(key("---").0, "");
    }
}
