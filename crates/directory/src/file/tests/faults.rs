//! Files with a fault, and the words it is told in.

use super::file;
use crate::file::{COLUMNS, ImportFileError, MAX_ROW_ERRORS, read_facilities};

/// What is wrong with a file, a line of text for each problem.
fn problems(text: &str) -> Vec<String> {
    match read_facilities(text.as_bytes()).unwrap_err() {
        ImportFileError::Rows { errors, .. } => errors.iter().map(ToString::to_string).collect(),
        other => panic!("{other}"),
    }
}

/// Each cell alone, put into a good file, has this one problem.
fn assert_problems(cases: &[(&str, &str, &str)]) {
    for (column, text, problem) in cases {
        assert_eq!(
            problems_with(column, text),
            [format!("line 2, {column}: {problem}")]
        );
    }
}

fn problems_with(column: &str, text: &str) -> Vec<String> {
    problems(&file(&[(column, text)]))
}

fn header_problem(header: &str) -> String {
    read_facilities(format!("{header}\n").as_bytes())
        .unwrap_err()
        .to_string()
}

#[test]
fn a_wrong_header_names_the_columns() {
    let without_pools = COLUMNS[..26].join(",");
    assert_eq!(
        header_problem(&without_pools),
        "the header is wrong: missing columns: pools"
    );
    assert_eq!(
        header_problem(&format!("{without_pools},pool,name")),
        "the header is wrong: missing columns: pools; unknown columns: pool; columns that stand twice: name"
    );
    assert!(header_problem(&COLUMNS.join(";")).contains("separate the cells by commas"));
}

#[test]
fn lines_are_counted_as_an_editor_does() {
    let spreadsheet = file(&[("kind", "panti")]).replace('\n', "\r\n");
    assert!(problems(&spreadsheet)[0].starts_with("line 2, kind: "));
    let long_name = file(&[("name", "Griya\nLansia")]);
    let row = file(&[("source_ref", "A-2"), ("kind", "panti")]);
    let text = format!("\u{feff}{long_name}\n,,,\n{}", row.lines().nth(1).unwrap());
    assert!(
        problems(&text)[0].starts_with("line 6, kind: "),
        "{:?}",
        problems(&text)
    );
}

#[test]
fn all_problems_of_all_rows_are_told() {
    let bad = file(&[
        ("kind", "panti"),
        ("name", ""),
        ("clusters", "anak;anack"),
        ("pools", "residensial:10:11"),
    ]);
    let short = "dinsos-jabar,A-3";
    let text = format!("{bad}{short}\n");
    assert_eq!(
        problems(&text),
        [
            "line 2, kind: \"panti\" is not one of: balai_besar, balai, loka, uptd_province, uptd_regency, lks",
            "line 2, name: must not be empty",
            "line 2, clusters: \"anack\" is not one of: anak, disabilitas, tuna_sosial_kpo, napza, lansia",
            "line 2, pools: \"residensial:10:11\": occupied must be a whole number from 0 to 10",
            "line 3: the row has 2 cells and the header 27; put texts with a comma in double quotes",
        ]
    );
}

#[test]
fn a_wrong_place_says_what_should_stand_there() {
    assert_problems(&[
        (
            "region_code",
            "32.1",
            "\"32.1\": part 2 of the region code must have 2 digits; write Kemendagri codes as text, such as 32.73 or 32.73.06",
        ),
        (
            "region_code",
            "32.98",
            "\"32.98\": there is no such region; write Kemendagri codes as text, such as 32.73 or 32.73.06",
        ),
        (
            "region_code",
            "32",
            "\"32\" is larger than a regency; say where the house stands",
        ),
        (
            "working_area",
            "32;99",
            "\"99\": there is no such region; write Kemendagri codes as text, such as 32.73 or 32.73.06",
        ),
        (
            "latitude_deg",
            "-6,9",
            "\"-6,9\" is not degrees with a decimal point, such as -6.9148",
        ),
        (
            "latitude_deg",
            "107.6",
            "latitude 107.6 is outside -11.5..=6.5 degrees",
        ),
        (
            "longitude_deg",
            "-7",
            "longitude -7 is outside 94.5..=141.5 degrees",
        ),
        (
            "latitude_deg",
            "",
            "give both coordinates or none (then the region's reference point counts)",
        ),
    ]);
}

#[test]
fn a_wrong_code_or_age_says_what_should_stand_there() {
    assert_problems(&[
        ("clusters", "", "must not be empty"),
        ("bases", "keluarga;keluarga", "\"keluarga\" stands twice"),
        ("sex", "P", "\"P\" is not one of: female, male"),
        ("ministry_supervised", "ya", "\"ya\" is neither yes nor no"),
        ("min_age_years", "6o", "\"6o\" is not whole years"),
        ("max_age_years", "130", "130 is not between 0 and 120 years"),
        ("max_age_years", "17", "17 is below min_age_years, 60"),
    ]);
}

#[test]
fn a_wrong_partnership_says_what_should_stand_there() {
    assert_problems(&[
        ("partnership_from", "", "a partnership that ends must begin"),
        (
            "partnership_from",
            "2023-02-29",
            "\"2023-02-29\" is not a day written as 2024-01-31",
        ),
        (
            "partnership_until",
            "31/12/2026",
            "\"31/12/2026\" is not a day written as 2024-01-31",
        ),
        (
            "partnership_until",
            "2024-02-28",
            "2024-02-28 is before partnership_from, 2024-02-29",
        ),
    ]);
}

#[test]
fn a_wrong_pool_says_what_should_stand_there() {
    let cases = [
        (
            "residensial",
            "write base:total:occupied, such as residensial:100:80, or base:total:occupied:overflow",
        ),
        (
            "asrama:1:0",
            "asrama is not one of: keluarga, komunitas, residensial",
        ),
        (
            "keluarga/anak/any/x:1:0",
            "a pool is told by base, cluster and sex, such as residensial/lansia/female",
        ),
        ("keluarga/anak/pria:1:0", "pria is not one of: female, male, any"),
        ("keluarga:10001:0", "total must be a whole number from 0 to 10000"),
        ("keluarga:-1:0", "total must be a whole number from 0 to 10000"),
        (
            "keluarga:10:0:1001",
            "overflow must be a whole number from 0 to 1000",
        ),
        ("keluarga:10:13:2", "occupied must be a whole number from 0 to 12"),
    ];
    for (text, problem) in cases {
        assert_eq!(
            problems_with("pools", text),
            [format!("line 2, pools: \"{text}\": {problem}")]
        );
    }
    assert_eq!(
        problems_with("pools", "keluarga:1:0;keluarga/any/any:2:0"),
        ["line 2, pools: \"keluarga/any/any:2:0\": the same places stand twice"]
    );
}

#[test]
fn a_facility_that_stands_twice_names_the_first_line() {
    let once = file(&[]);
    let text = format!("{once}{}\n", once.lines().nth(1).unwrap());
    assert_eq!(
        problems(&text),
        ["line 3, source_ref: the same source_system and source_ref stand on line 2"]
    );
}

#[test]
fn a_file_in_another_encoding_says_how_to_save_it() {
    let mut bytes = file(&[("name", "Griya X")]).into_bytes();
    let at = bytes.iter().position(|&byte| byte == b'X').unwrap();
    bytes[at] = 0xe9;
    let error = read_facilities(&bytes[..]).unwrap_err().to_string();
    assert_eq!(
        error,
        "rows are wrong, problems: 1, the first: line 2: the text is not UTF-8; save the file as \"CSV UTF-8\""
    );
}

#[test]
fn reading_stops_at_the_last_problem_that_is_told() {
    let short_rows = "a,b\n".repeat(MAX_ROW_ERRORS + 5);
    let text = format!("{}\n{short_rows}", COLUMNS.join(","));
    let Err(ImportFileError::Rows { errors, more }) = read_facilities(text.as_bytes()) else {
        panic!("the rows are wrong")
    };
    assert_eq!((errors.len(), more), (MAX_ROW_ERRORS, true));
}

#[test]
fn a_working_area_that_says_a_region_twice_is_told_by_both() {
    assert_problems(&[
        (
            "working_area",
            "32;36.01;32.73",
            "overlaps: 32.73 lies in 32, which is in the list already",
        ),
        (
            "working_area",
            "36.01;36.01",
            "overlaps: 36.01 lies in 36.01, which is in the list already",
        ),
    ]);
}
