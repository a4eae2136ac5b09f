//! The file a dinas works with: one person a row, the columns of the ministry's list of DTKS fields, then our own. It
//! holds personal data: nobody but its owner may read it, and it never goes to a terminal.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

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
    REGION,
    "jenis_ppks",
    "disabilitas",
    "penyakit_kronis",
    "status_padan",
    "status_usulan",
    "desil",
    "program",
    EDITION,
    PERSON_ID,
    OUTCOME_DATE,
    "tenggat",
];
const REGION: &str = "kode_wilayah";
const EDITION: &str = "periode";
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

/// A list that is being written: beside its place until it is whole, so that what stood there is not lost for nothing.
pub(super) struct ListFile {
    path: PathBuf,
    /// Where it is until then; `None` = it is in its place.
    part: Option<PathBuf>,
    rows: csv::Writer<File>,
}

impl ListFile {
    /// Makes the file, before anybody is asked to fill it.
    pub(super) fn start(path: &Path) -> Result<Self, CliError> {
        let is_something_else = std::fs::metadata(path).is_ok_and(|found| !found.is_file());
        if path == Path::new(STDIN) || is_something_else {
            return Err(CliError::Usage(format!(
                "--csv {}: the list holds personal data and is written to a file of its own only; name one",
                path.display()
            )));
        }
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let mut file = create(&part)?;
        // One that was there before may have been open to others.
        #[cfg(unix)]
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))
            .map_err(unwritable(&part))?;
        file.write_all(BYTE_ORDER_MARK.as_bytes())
            .map_err(unwritable(&part))?;
        let mut list = Self {
            path: path.to_owned(),
            part: Some(part),
            rows: csv::Writer::from_writer(file),
        };
        list.write(COLUMNS)?;
        Ok(list)
    }

    pub(super) fn add(&mut self, owed: &OwedRegistration) -> Result<(), CliError> {
        self.write(row(owed))
    }

    fn write(&mut self, cells: impl IntoIterator<Item: AsRef<[u8]>>) -> Result<(), CliError> {
        let written = self.rows.write_record(cells);
        written.map_err(|error| unwritable(&self.path)(error.into()))
    }

    /// Puts the list into its place; from now on it outlives this machine's power.
    pub(super) fn finish(mut self) -> Result<(), CliError> {
        let Some(part) = self.part.clone() else {
            return Ok(());
        };
        self.rows.flush().map_err(unwritable(&part))?;
        self.rows.get_ref().sync_all().map_err(unwritable(&part))?;
        std::fs::rename(&part, &self.path).map_err(unwritable(&self.path))?;
        self.part = None;
        #[cfg(unix)]
        {
            let folder = self.path.parent().filter(|folder| *folder != Path::new(""));
            let folder = File::open(folder.unwrap_or(Path::new(".")));
            folder
                .and_then(|folder| folder.sync_all())
                .map_err(unwritable(&self.path))?;
        }
        Ok(())
    }
}

impl Drop for ListFile {
    /// Half a list is no list, and it is about people.
    fn drop(&mut self) {
        if let Some(part) = &self.part {
            let _ = std::fs::remove_file(part);
        }
    }
}

fn unwritable(path: &Path) -> impl Fn(io::Error) -> CliError {
    move |source| CliError::Unwritable {
        path: path.to_owned(),
        source,
    }
}

/// No formula, and no number of which a spreadsheet would drop digits: a NIK has sixteen.
fn guarded(cell: &str) -> String {
    if cell.len() > MOST_DIGITS && cell.bytes().all(|byte| byte.is_ascii_digit()) {
        return text(cell);
    }
    harmless(cell)
}

/// Text for a spreadsheet, whatever it looks like: `35.10` is a regency and no number, `2024-11` an edition and no date.
fn text(cell: &str) -> String {
    if cell.is_empty() {
        return String::new();
    }
    format!("'{cell}")
}

fn row(owed: &OwedRegistration) -> [String; COLUMNS.len()] {
    let registration = owed.registration.clone().unwrap_or_default();
    let person = owed.person.clone().unwrap_or_default();
    let obligation = registration.obligation.clone().unwrap_or_default();
    let clock = Clock::of_region(&obligation.first_addressee_region_code);
    let none = String::new;
    let cells = [
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
    ];
    let mut columns = COLUMNS.iter();
    cells.map(|cell| match columns.next() {
        Some(&(REGION | EDITION)) => text(&cell),
        Some(_) | None => guarded(&cell),
    })
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
                edition: "2024-11".into(),
                ..Registration::default()
            }),
            person: Some(Person {
                nik: "3273014107900001".into(),
                name: "=cmd|' /C calc'!A0".into(),
                address: "Jl. Contoh \"1\",\nRT 02".into(),
                sex: Sex::Female.into(),
                domicile_region_code: "35.10".into(),
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
        let mut list = ListFile::start(&path).unwrap();
        list.add(&owed()).unwrap();
        list.finish().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        assert_eq!(reader.headers().unwrap(), &COLUMNS[..]);
        let row = reader.records().next().unwrap().unwrap();
        let cell = |name| &row[COLUMNS.iter().position(|column| *column == name).unwrap()];
        assert_eq!(cell("nama"), "'=cmd|' /C calc'!A0");
        assert_eq!(cell("nik"), "'3273014107900001");
        assert_eq!(cell("kode_wilayah"), "'35.10");
        assert_eq!(cell("periode"), "'2024-11");
        assert_eq!(cell("id_dtks"), "");
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
    fn a_list_that_is_not_finished_leaves_what_stood_there_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("daftar.csv");
        std::fs::write(&path, "of yesterday, with what became of it").unwrap();
        let mut list = ListFile::start(&path).unwrap();
        list.add(&owed()).unwrap();
        drop(list);
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "of yesterday, with what became of it"
        );
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_list_of_people_goes_to_no_terminal_and_no_pipe() {
        for path in ["-", "/dev/null"] {
            assert!(
                matches!(ListFile::start(Path::new(path)), Err(CliError::Usage(_))),
                "{path}"
            );
        }
    }
}
