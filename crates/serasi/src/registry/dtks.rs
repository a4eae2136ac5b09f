//! The file a dinas works with: one person a row, the columns of the ministry's list of DTKS fields, then our own. It
//! holds personal data: nobody but its owner may read it, and it never goes to a terminal.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use serasi_domain::cluster::ppks_categories;
use serasi_proto::v1::{ObligationState, OwedRegistration, Person, RefusalReason, Registration, Sex};

use crate::error::CliError;
use crate::insight::harmless;
use crate::local_time::Clock;
use crate::rejects::{STDIN, create};

/// Fields of `dtks_fields.csv`, then what leads back to the hub.
pub(super) const COLUMNS: [&str; 28] = [
    "id_dtks",
    "id_keluarga",
    "nik",
    "no_kk",
    "nama",
    "tempat_lahir",
    "tanggal_lahir",
    "jenis_kelamin",
    "nama_ibu_kandung",
    "hubungan_keluarga",
    "status_kawin",
    "pekerjaan",
    "pendidikan",
    "alamat",
    "rt",
    "rw",
    "kode_wilayah",
    "jenis_ppks",
    "disabilitas",
    "penyakit_kronis",
    "status_padan",
    "status_usulan",
    "desil",
    "program",
    "periode",
    PERSON_ID,
    OUTCOME_DATE,
    "tenggat",
];
pub(super) const PERSON_ID: &str = "id_serasi";
pub(super) const STATUS: &str = "status_usulan";
pub(super) const OUTCOME_DATE: &str = "tanggal";
pub(super) const REGISTRY_ID: &str = "id_dtks";

/// Spreadsheets take a file for UTF-8 that begins with this.
pub(super) const BYTE_ORDER_MARK: &str = "\u{feff}";
/// Digits that a spreadsheet keeps of a number.
const MOST_DIGITS: usize = 15;

/// How a state stands in the column `status_usulan`: the words of the registration flow.
const STATUSES: [(&str, ObligationState, RefusalReason); 13] = {
    use RefusalReason::Unspecified as NoReason;
    [
        ("belum_terdaftar", ObligationState::Due, NoReason),
        ("dilaporkan", ObligationState::Reported, NoReason),
        ("diusulkan", ObligationState::Proposed, NoReason),
        ("musyawarah", ObligationState::Deliberated, NoReason),
        ("verifikasi_validasi", ObligationState::Verified, NoReason),
        ("ditetapkan", ObligationState::Registered, NoReason),
        (
            "ditolak_musyawarah",
            ObligationState::Refused,
            RefusalReason::Deliberation,
        ),
        ("tidak_padan", ObligationState::Refused, RefusalReason::NotMatched),
        ("perbaikan", ObligationState::Refused, RefusalReason::Correction),
        ("meninggal", ObligationState::Refused, RefusalReason::Deceased),
        ("pindah", ObligationState::Refused, RefusalReason::Moved),
        ("ganda", ObligationState::Refused, RefusalReason::Duplicate),
        ("", ObligationState::Unspecified, NoReason),
    ]
};

/// The state that a word stands for; the empty one for none.
pub(super) fn status(word: &str) -> Option<(ObligationState, RefusalReason)> {
    let found = STATUSES.iter().find(|(known, _, _)| *known == word);
    found.map(|(_, state, reason)| (*state, *reason))
}

/// All words, for whoever has written another.
pub(super) fn status_words() -> String {
    let words = STATUSES.iter().map(|(word, _, _)| *word);
    words
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(", ")
}

/// Makes the file, before anybody is asked to fill it.
pub(super) fn start(path: &Path) -> Result<File, CliError> {
    let is_something_else = std::fs::metadata(path).is_ok_and(|found| !found.is_file());
    if path == Path::new(STDIN) || is_something_else {
        return Err(CliError::Usage(format!(
            "--csv {}: the list holds personal data and is written to a file of its own only; name one",
            path.display()
        )));
    }
    let file = create(path)?;
    // One that was there before may have been open to others.
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))
        .map_err(|source| CliError::Unwritable {
            path: path.to_owned(),
            source,
        })?;
    Ok(file)
}

pub(super) fn write(mut file: File, owed: &[OwedRegistration]) -> Result<(), io::Error> {
    file.write_all(BYTE_ORDER_MARK.as_bytes())?;
    let mut writer = csv::Writer::from_writer(file);
    writer.write_record(COLUMNS)?;
    for owed in owed {
        writer.write_record(row(owed).iter().map(|cell| guarded(cell)))?;
    }
    writer
        .into_inner()
        .map_err(csv::IntoInnerError::into_error)?
        .sync_all()
}

/// No formula, and no number of which a spreadsheet would drop digits: a NIK has sixteen.
fn guarded(cell: &str) -> String {
    if cell.len() > MOST_DIGITS && cell.bytes().all(|byte| byte.is_ascii_digit()) {
        return format!("'{cell}");
    }
    harmless(cell)
}

fn row(owed: &OwedRegistration) -> [String; COLUMNS.len()] {
    let registration = owed.registration.clone().unwrap_or_default();
    let person = owed.person.clone().unwrap_or_default();
    let obligation = registration.obligation.clone().unwrap_or_default();
    let clock = Clock::of_region(&obligation.first_addressee_region_code);
    let none = String::new;
    [
        registration.registry_id.clone(),
        none(),
        person.nik.clone(),
        none(),
        person.name.clone(),
        none(),
        person.birth_date.clone(),
        sex(&person),
        person.mother_name.clone(),
        none(),
        none(),
        none(),
        none(),
        person.address.clone(),
        none(),
        none(),
        person.domicile_region_code.clone(),
        ppks_number(&owed.ppks_category),
        none(),
        none(),
        "belum diperiksa".to_owned(),
        word(obligation.state, obligation.refusal_reason),
        none(),
        "ATENSI".to_owned(),
        edition(&registration),
        registration.person_id.clone(),
        obligation.outcome_date.clone(),
        clock.show(obligation.due_time.as_ref()),
    ]
}

fn word(state: i32, reason: i32) -> String {
    let known = STATUSES
        .iter()
        .find(|(_, known, why)| *known as i32 == state && *why as i32 == reason);
    known.map_or_else(String::new, |(word, _, _)| (*word).to_owned())
}

fn sex(person: &Person) -> String {
    match person.sex() {
        Sex::Male => "L",
        Sex::Female => "P",
        Sex::Unspecified => "",
    }
    .to_owned()
}

/// The number of the category in Permensos 8/2012.
fn ppks_number(code: &str) -> String {
    let position = ppks_categories()
        .iter()
        .position(|category| category.code == code);
    position.map_or_else(String::new, |position| (position + 1).to_string())
}

fn edition(registration: &Registration) -> String {
    registration.edition.clone()
}

#[cfg(test)]
mod tests {
    use serasi_proto::v1::Obligation;

    use super::*;

    fn owed() -> OwedRegistration {
        OwedRegistration {
            registration: Some(Registration {
                person_id: "3273-01933b5c-7a3e-7c3a-9d55-0242ac120002".into(),
                obligation: Some(Obligation {
                    state: ObligationState::Refused.into(),
                    refusal_reason: RefusalReason::NotMatched.into(),
                    outcome_date: "2026-11-20".into(),
                    ..Obligation::default()
                }),
                ..Registration::default()
            }),
            person: Some(Person {
                nik: "3273014107900001".into(),
                name: "=cmd|' /C calc'!A0".into(),
                address: "Jl. Contoh \"1\",\nRT 02".into(),
                sex: Sex::Female.into(),
                ..Person::default()
            }),
            ppks_category: "anak_telantar".into(),
            ..OwedRegistration::default()
        }
    }

    #[test]
    fn the_columns_are_those_of_the_list_of_fields_and_every_state_has_a_word() {
        let listed = include_str!("../../data/dtks_fields.csv");
        let fields: Vec<_> = listed
            .lines()
            .skip(1)
            .filter_map(|line| line.split(',').next())
            .collect();
        assert_eq!(fields, COLUMNS[..25]);
        for number in 1..=6 {
            assert!(!word(number, 0).is_empty());
            assert!(!word(ObligationState::Refused.into(), number).is_empty());
        }
        for (word, state, reason) in STATUSES {
            assert_eq!(status(word), Some((state, reason)));
        }
        assert_eq!(status("selesai"), None);
    }

    #[test]
    fn a_file_opens_as_it_was_meant_is_its_owners_and_has_no_formula() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("daftar.csv");
        std::fs::write(&path, "of yesterday, readable by all").unwrap();
        write(start(&path).unwrap(), &[owed()]).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        assert_eq!(reader.headers().unwrap(), &COLUMNS[..]);
        let row = reader.records().next().unwrap().unwrap();
        let cell = |name| &row[COLUMNS.iter().position(|column| *column == name).unwrap()];
        assert_eq!(cell("nama"), "'=cmd|' /C calc'!A0");
        assert_eq!(cell("nik"), "'3273014107900001");
        assert_eq!(cell("alamat"), "Jl. Contoh \"1\",\nRT 02");
        assert_eq!(cell("jenis_kelamin"), "P");
        assert_eq!(cell("jenis_ppks"), "2");
        assert_eq!(cell(STATUS), "tidak_padan");
        assert_eq!(cell(OUTCOME_DATE), "2026-11-20");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_list_of_people_goes_to_no_terminal_and_no_pipe() {
        for path in ["-", "/dev/null"] {
            assert!(
                matches!(start(Path::new(path)), Err(CliError::Usage(_))),
                "{path}"
            );
        }
    }
}
