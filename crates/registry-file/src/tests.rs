//! What files may look like, and what is refused.

use std::fmt::Write as _;
use std::fs;
use std::io::Write;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

const HEADER: &str = "person_ref,registry_id";

/// Line, and the cells or the problem.
type Seen = (u64, Result<Vec<String>, RowProblem>);

fn written(bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, bytes).unwrap();
    (folder, path)
}

fn read(bytes: &[u8]) -> Result<Vec<Seen>, FileError> {
    let (_folder, path) = written(bytes);
    let file = RegistryFile::open(&path, TRUTH, &Mapping::default())?;
    let mut seen = Vec::new();
    for chunk in file.chunks()? {
        chunk.for_each(|line, cells| {
            let row = cells.map(|cells| (0..2).map(|column| cells.get(column).to_owned()).collect());
            seen.push((line, row));
        });
    }
    Ok(seen)
}

fn row(line: u64, cells: [&str; 2]) -> Seen {
    (line, Ok(cells.map(ToOwned::to_owned).to_vec()))
}

fn width(line: u64, found: usize) -> Seen {
    (line, Err(RowProblem::Width { found, expected: 2 }))
}

#[test]
fn rows_come_with_their_lines_whatever_the_line_ends() {
    let unix = read(format!("{HEADER}\np1,r1\n\np2,\n").as_bytes()).unwrap();
    assert_eq!(unix, [row(2, ["p1", "r1"]), row(4, ["p2", ""])]);
    let windows = read(format!("\u{feff}{HEADER}\r\np1,r1\r\n , \r\np2, r2 ").as_bytes()).unwrap();
    assert_eq!(
        windows,
        [row(2, ["p1", "r1"]), row(3, ["", ""]), row(4, ["p2", "r2"])]
    );
    assert_eq!(read(HEADER.as_bytes()).unwrap(), []);
}

#[test]
fn columns_may_stand_in_any_order_with_others_between_and_semicolons() {
    let seen = read(b"note;registry_id;person_ref\nx;r1;p1\n").unwrap();
    assert_eq!(seen, [row(2, ["p1", "r1"])]);
}

#[test]
fn quotes_hold_separators_and_line_ends_and_a_stray_one_costs_its_row_only() {
    let seen = read(format!("{HEADER}\n\"p\n1\",\"r,\"\"1\"\"\"\np2,r2\n").as_bytes()).unwrap();
    assert_eq!(seen, [row(2, ["p\n1", "r,\"1\""]), row(4, ["p2", "r2"])]);
    let stray = read(format!("{HEADER}\n\"p1,r1\np2,r2\np3,r3\n").as_bytes()).unwrap();
    assert_eq!(stray.len(), 3);
    assert!(stray[0].1.is_err());
    assert_eq!(stray[1..], [row(3, ["p2", "r2"]), row(4, ["p3", "r3"])]);
}

#[test]
fn short_long_and_undecodable_rows_are_refused_and_the_others_read() {
    let mut bytes = format!("{HEADER}\np1\np2,r2,x\n").into_bytes();
    bytes.extend(b"p\xff3,r3\n\"p\xff4\",r4\np5,r5\n");
    let encoding = |line| (line, Err(RowProblem::Encoding));
    assert_eq!(
        read(&bytes).unwrap(),
        [
            width(2, 1),
            width(3, 3),
            encoding(4),
            encoding(5),
            row(6, ["p5", "r5"])
        ]
    );
}

#[test]
fn a_line_that_never_ends_is_passed_over() {
    let endless = "x".repeat(2_000_000);
    let seen = read(format!("{HEADER}\np1,r1\n{endless}\np2,r2\n").as_bytes()).unwrap();
    assert_eq!(seen.first(), Some(&row(2, ["p1", "r1"])));
    assert_eq!(seen.get(1), Some(&(3, Err(RowProblem::TooLong))));
    assert_eq!(seen.last(), Some(&row(4, ["p2", "r2"])));
}

fn many_rows(rows: usize) -> String {
    let mut text = format!("{HEADER}\n");
    for at in 0..rows {
        // Hardly compressible, so that half a file is many blocks.
        let id = u64::try_from(at).unwrap().wrapping_mul(0x9e37_79b9_7f4a_7c15);
        writeln!(text, "p{at},\"{id:x}\"").unwrap();
    }
    text
}

#[test]
fn compressed_files_give_the_same_rows() {
    let plain = many_rows(100_000);
    let expected = read(plain.as_bytes()).unwrap();
    assert_eq!(expected.len(), 100_000);
    assert!(matches!(expected.last(), Some((100_001, Ok(cells))) if cells[0] == "p99999"));
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(plain.as_bytes()).unwrap();
    assert!(read(&gzip.finish().unwrap()).unwrap() == expected);
    let zstandard = zstd::encode_all(plain.as_bytes(), 1).unwrap();
    assert!(read(&zstandard).unwrap() == expected);
}

#[test]
fn of_a_truncated_file_the_whole_rows_are_read_and_the_break_is_told() {
    let plain = many_rows(100_000);
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(plain.as_bytes()).unwrap();
    let whole = gzip.finish().unwrap();
    let zstandard = zstd::encode_all(plain.as_bytes(), 1).unwrap();
    for bytes in [whole, zstandard] {
        let seen = read(&bytes[..bytes.len() / 2]).unwrap();
        let (line, last) = seen.last().unwrap();
        assert!(matches!(last, Err(RowProblem::Broken(_))), "{last:?}");
        assert_eq!(*line, seen.len() as u64 + 1);
        assert!(seen.len() > 10_000);
        assert!(seen[..seen.len() - 1].iter().all(|(_, row)| row.is_ok()));
    }
}

#[test]
fn a_wrong_header_names_what_is_missing() {
    let Err(FileError::Header(wrong)) = read(b"person_ref,id\np1,r1\n") else {
        panic!("the header is wrong");
    };
    assert_eq!(wrong.missing, ["registry_id"]);
    assert!(wrong.to_string().contains("registry_id"), "{wrong}");
    let twice = read(b"person_ref,registry_id,person_ref\n");
    assert!(matches!(twice, Err(FileError::Header(wrong)) if wrong.repeated == ["person_ref"]));
    assert!(matches!(read(b""), Err(FileError::Header(_))));
    assert!(matches!(
        read(b"PAR1 and nothing else"),
        Err(FileError::Parquet(_))
    ));
}

#[test]
fn a_mapping_names_other_headers_and_columns_that_are_not_there() {
    let mapping = Mapping::from_toml("registry_id = \"ID\"\nperson_ref = \"REF\"", TRUTH).unwrap();
    let (_folder, path) = written(b"ID,REF\nr1,p1\n");
    let file = RegistryFile::open(&path, TRUTH, &mapping).unwrap();
    let mut cells: Vec<Vec<String>> = Vec::new();
    for chunk in file.chunks().unwrap() {
        chunk.for_each(|_, row| {
            cells.push(
                (0..2)
                    .map(|at| row.as_ref().unwrap().get(at).to_owned())
                    .collect(),
            );
        });
    }
    assert_eq!(cells, [vec!["p1".to_owned(), "r1".to_owned()]]);
    let absent = Mapping::from_toml("registry_id = \"\"", TRUTH).unwrap();
    let (_folder, path) = written(b"person_ref\np1\n");
    assert!(RegistryFile::open(&path, TRUTH, &absent).is_ok());
    assert!(matches!(
        Mapping::from_toml("person_ref = \"\"", TRUTH),
        Err(InvalidMapping::Needed("person_ref"))
    ));
    assert!(matches!(
        Mapping::from_toml("nik = \"NIK\"", TRUTH),
        Err(InvalidMapping::Unknown(..))
    ));
    assert!(matches!(
        Mapping::from_toml("nik", TRUTH),
        Err(InvalidMapping::Toml(_))
    ));
}

mod table {
    use std::fs::File;
    use std::path::Path;
    use std::sync::Arc;

    use parquet::data_type::{ByteArray, ByteArrayType, Int32Type};
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;

    use super::*;

    const SCHEMA: &str = "message rows {
        OPTIONAL INT32 born (DATE);
        REQUIRED BYTE_ARRAY person_ref (UTF8);
        OPTIONAL BYTE_ARRAY registry_id (UTF8);
    }";

    fn write(path: &Path) {
        let schema = Arc::new(parse_message_type(SCHEMA).unwrap());
        let properties = Arc::new(WriterProperties::builder().build());
        let mut file = SerializedFileWriter::new(File::create(path).unwrap(), schema, properties).unwrap();
        let mut group = file.next_row_group().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let days = column.typed::<Int32Type>();
        days.write_batch(&[7_486], Some(&[1, 0]), None).unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let refs = ["p1", "p2"].map(ByteArray::from);
        column
            .typed::<ByteArrayType>()
            .write_batch(&refs, None, None)
            .unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let ids = ["r1"].map(ByteArray::from);
        column
            .typed::<ByteArrayType>()
            .write_batch(&ids, Some(&[1, 0]), None)
            .unwrap();
        column.close().unwrap();
        group.close().unwrap();
        file.close().unwrap();
    }

    #[test]
    fn parquet_gives_the_same_text_as_csv() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.parquet");
        write(&path);
        let seen = read(&fs::read(&path).unwrap()).unwrap();
        assert_eq!(seen, [row(1, ["p1", "r1"]), row(2, ["p2", ""])]);
        let dates = Columns::new(&["person_ref", "born"]);
        let file = RegistryFile::open(&path, dates, &Mapping::default()).unwrap();
        let mut born = Vec::new();
        for chunk in file.chunks().unwrap() {
            chunk.for_each(|_, cells| born.push(cells.unwrap().get(1).to_owned()));
        }
        assert_eq!(born, ["1990-07-01", ""]);
    }

    #[test]
    fn a_damaged_parquet_file_ends_in_a_problem_and_not_in_a_crash() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.parquet");
        write(&path);
        let whole = fs::read(&path).unwrap();
        for at in (4..whole.len()).step_by(5) {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x55;
            // Read or refused, but it returns.
            drop(std::panic::catch_unwind(|| read(&damaged).map(|rows| rows.len())).unwrap());
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_to_their_end_and_lines_ascend(bytes in prop::collection::vec(
        prop_oneof![Just(b'\n'), Just(b'"'), Just(b','), Just(b'\r'), any::<u8>()], 0..400)) {
        let mut file = format!("{HEADER}\n").into_bytes();
        file.extend(&bytes);
        let seen = read(&file).unwrap();
        let lines = 1 + lines::lines_in(&file);
        prop_assert!(seen.windows(2).all(|pair| pair[0].0 < pair[1].0));
        prop_assert!(seen.iter().all(|(line, _)| (2..=lines).contains(line)));
    }

    #[test]
    fn well_written_rows_survive(rows in prop::collection::vec(("\\PC{1,20}", "\\PC{0,20}"), 0..30)) {
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let mut file = format!("{HEADER}\n");
        for (one, other) in &rows {
            writeln!(file, "{},{}", quoted(one), quoted(other)).unwrap();
        }
        let expected: Vec<Seen> = (2..).zip(&rows).map(|(line, (one, other))| row(line, [one.trim(), other.trim()])).collect();
        prop_assert_eq!(read(file.as_bytes()).unwrap(), expected);
    }
}
