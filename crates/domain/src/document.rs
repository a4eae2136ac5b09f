//! Documents of a case: what kinds there are, which of those a facility asks for are still owed, and until when.
//! In an emergency the person is served first and the papers follow (P16 Ps.10(5)).

use time::OffsetDateTime;

use crate::code::coded;
use crate::intake::DocumentReference;

coded! {
    /// What a document is.
    pub enum DocumentKind {
        /// Surat pengantar of the dinas sosial.
        SuratDinsos = "surat_dinsos",
        /// Kartu keluarga.
        Kk = "kk",
        Ktp = "ktp",
        AktaLahir = "akta_lahir",
        Pasfoto = "pasfoto",
        /// A doctor's statement.
        SuratSehat = "surat_sehat",
        /// A psychiatrist's statement.
        SuratPsikiater = "surat_psikiater",
        SuratPolisi = "surat_polisi",
        LaporanSosial = "laporan_sosial",
        /// Consent of the person or their guardian.
        Persetujuan = "persetujuan",
        /// Anything else: its title says what.
        Other = "other",
    }
}

/// How the directory asks for them, in words; the first that stands in the text counts.
const WORDS: &[(&str, DocumentKind)] = &[
    ("psikiater", DocumentKind::SuratPsikiater),
    ("dokter", DocumentKind::SuratSehat),
    ("sehat", DocumentKind::SuratSehat),
    ("polisi", DocumentKind::SuratPolisi),
    ("laporan sosial", DocumentKind::LaporanSosial),
    ("persetujuan", DocumentKind::Persetujuan),
    ("akta", DocumentKind::AktaLahir),
    ("foto ", DocumentKind::Pasfoto),
    ("pasfoto", DocumentKind::Pasfoto),
    ("kartu keluarga", DocumentKind::Kk),
    ("kk", DocumentKind::Kk),
    ("ktp", DocumentKind::Ktp),
    ("dinsos", DocumentKind::SuratDinsos),
    ("dinas sosial", DocumentKind::SuratDinsos),
];

/// Documents that a facility asks for and the case does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwedDocument {
    /// As the facility puts it.
    pub words: String,
    /// `None` = a kind nobody here knows: a document with these words as its title settles it.
    pub kind: Option<DocumentKind>,
    /// `None` = on admission.
    pub due: Option<OffsetDateTime>,
}

impl DocumentKind {
    /// What a facility means that asks for a document in words.
    #[must_use]
    pub fn asked_for(words: &str) -> Option<Self> {
        let words = words.to_lowercase();
        let meant = WORDS.iter().find(|(word, _)| words.contains(word));
        meant.map(|(_, kind)| *kind)
    }

    /// What a sender means with a kind of their own.
    #[must_use]
    pub fn of_sender(kind: &str) -> Self {
        let kind = kind.to_lowercase();
        kind.parse()
            .ok()
            .or_else(|| Self::asked_for(&kind))
            .unwrap_or(Self::Other)
    }
}

/// What of `asked` is not among `had`.
pub fn owed<'a>(
    asked: impl IntoIterator<Item = &'a str>,
    had: &[(DocumentKind, Option<&DocumentReference>)],
    due: Option<OffsetDateTime>,
) -> Vec<OwedDocument> {
    let asked = asked.into_iter().map(|words| OwedDocument {
        words: words.to_owned(),
        kind: DocumentKind::asked_for(words),
        due,
    });
    let settles = |owed: &OwedDocument, (kind, reference): &(DocumentKind, Option<&DocumentReference>)| {
        let title = reference.map(|reference| reference.kind.as_str().to_lowercase());
        owed.kind == Some(*kind) || title.is_some_and(|title| title == owed.words.to_lowercase())
    };
    asked
        .filter(|owed| !had.iter().any(|document| settles(owed, document)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Text;

    #[test]
    fn what_facilities_ask_for_in_words_is_understood() {
        let kinds = [
            (
                "Surat pengantar dinas sosial kabupaten/kota",
                DocumentKind::SuratDinsos,
            ),
            ("Fotokopi Kartu Keluarga (KK)", DocumentKind::Kk),
            ("Fotokopi KTP", DocumentKind::Ktp),
            ("Pasfoto", DocumentKind::Pasfoto),
            (
                "Surat keterangan dokter: tidak berpenyakit menular",
                DocumentKind::SuratSehat,
            ),
            (
                "Surat keterangan psikiater: kondisi tenang",
                DocumentKind::SuratPsikiater,
            ),
        ];
        for (words, kind) in kinds {
            assert_eq!(DocumentKind::asked_for(words), Some(kind), "{words}");
        }
        assert_eq!(DocumentKind::asked_for("Ijazah terakhir"), None);
        assert_eq!(DocumentKind::of_sender("KK"), DocumentKind::Kk);
        assert_eq!(DocumentKind::of_sender("ijazah"), DocumentKind::Other);
    }

    #[test]
    fn what_is_there_is_not_owed_and_unknown_words_are_settled_by_their_title() {
        let titled = |title: &str| DocumentReference {
            kind: Text::new(title).unwrap(),
            url: Text::new("https://contoh.go.id/1").unwrap(),
            sha256: Text::new(&"0".repeat(64)).unwrap(),
        };
        let diploma = titled("ijazah terakhir");
        let asked = ["Fotokopi KTP", "Ijazah terakhir", "Pasfoto"];
        let words = |had: &[(DocumentKind, Option<&DocumentReference>)]| -> Vec<String> {
            owed(asked, had, None)
                .into_iter()
                .map(|owed| owed.words)
                .collect()
        };
        assert_eq!(words(&[]), asked);
        let had = [(DocumentKind::Ktp, None), (DocumentKind::Other, Some(&diploma))];
        assert_eq!(words(&had), ["Pasfoto"]);
        assert_eq!(
            words(&[(DocumentKind::Other, None)]),
            asked,
            "erased words settle nothing"
        );
    }
}
