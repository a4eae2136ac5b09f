//! The three commands on invented files, from the command line's arguments to what is on the disk.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Parser;
use serde_json::Value;
use tempfile::TempDir;

use crate::cli::{Cli, Command, Registry};
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;

const SNAPSHOT: &str =
    "registry_id,nik,no_kk,nama,tanggal_lahir,jenis_kelamin,kode_wilayah,alamat,nama_ibu_kandung";
const PERSONS: &str = "person_ref,nik,nama,tanggal_lahir,jenis_kelamin,kode_wilayah,nama_ibu_kandung";
const NIK: &str = "3273014107900001";

/// A folder with an invented registry of 2,000 rows, 300 persons and the truth.
struct Files {
    folder: TempDir,
}

/// What a command said, and how it ended.
struct Said {
    exit: Exit,
    results: String,
    notes: String,
}

impl Files {
    fn invented() -> Self {
        let files = Self::empty();
        let said = files
            .run("generate --registry 2000 --persons 300 --seed 5 --out .")
            .unwrap();
        assert_eq!(said.exit, Exit::Done);
        files
    }

    fn empty() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, lines: &[&str]) {
        fs::write(self.path(name), lines.join("\n") + "\n").unwrap();
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Words that are files are files of the folder.
    fn run(&self, line: &str) -> Result<Said, CliError> {
        let is_file =
            |word: &str| word == "." || [".csv", ".toml", ".gz"].iter().any(|end| word.ends_with(end));
        let words = line.split(' ').map(|word| {
            if is_file(word) {
                self.path(word).into_os_string()
            } else {
                word.into()
            }
        });
        let cli = Cli::parse_from(["serasi".into(), "registry".into()].into_iter().chain(words));
        let (mut results, mut notes) = (Vec::new(), Vec::new());
        let mut output = Output::new(&mut results, &mut notes, cli.client.json);
        let Command::Registry(command) = &cli.command else {
            panic!("{line}");
        };
        let exit = match command {
            Registry::Match(args) => super::matching(args, &mut output),
            Registry::Evaluate(args) => super::evaluate(args, &mut output),
            Registry::Generate(args) => super::generate(args, &mut output),
            Registry::Obligations(_)
            | Registry::Acknowledge(_)
            | Registry::Outcome(_)
            | Registry::Reconcile(_)
            | Registry::Reconciliations(_)
            | Registry::Review(_)
            | Registry::Undo(_) => panic!("{line}"),
        }?;
        Ok(Said {
            exit,
            results: String::from_utf8(results).unwrap(),
            notes: String::from_utf8(notes).unwrap(),
        })
    }

    fn link(&self, more: &str) -> Result<Said, CliError> {
        self.run(&format!(
            "match --snapshot snapshot.csv --persons persons.csv --out links.csv{more}"
        ))
    }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text.lines().next().unwrap()).unwrap()
}
fn add(path: &Path, bytes: &[u8]) {
    let mut file = fs::OpenOptions::new().append(true).open(path).unwrap();
    file.write_all(bytes).unwrap();
}

#[test]
fn an_invented_registry_is_matched_and_the_links_are_good() {
    let files = Files::invented();
    let said = files.link(" --json").unwrap();
    assert_eq!(said.exit, Exit::Done);
    let summary = json(&said.results);
    let count = |name: &str| summary[name].as_u64().unwrap();
    assert_eq!((count("persons"), count("rows")), (300, 2_000));
    let classes = ["exact", "probable", "ambiguous", "none", "persons_refused"];
    assert_eq!(classes.map(count).iter().sum::<u64>(), 300);
    assert_eq!(count("rows_compared") + count("rows_refused"), 2_000);
    let links = files.text("links.csv");
    assert_eq!(
        links.lines().next(),
        Some("person_ref,registry_id,weight,probability,class")
    );
    assert_eq!(links.lines().count(), 301);
    for line in links.lines().filter(|line| line.ends_with(",none")) {
        assert_eq!(line.split(',').nth(1), Some(""), "{line}");
    }
    let quality = json(
        &files
            .run("evaluate links.csv truth.csv --json --curve curve.csv")
            .unwrap()
            .results,
    );
    let f1 = quality["made"]["f1"].as_f64().unwrap();
    assert!(f1 > 0.95, "{quality}");
    assert!(
        files
            .text("curve.csv")
            .starts_with("probability,links,right,precision,recall,f1\n")
    );
    let told = files.run("evaluate links.csv truth.csv").unwrap().results;
    assert!(told.contains("recall at 99 % precision"), "{told}");
}

#[test]
fn compressed_files_and_a_second_run_give_the_same_links() {
    let files = Files::invented();
    files.link("").unwrap();
    let first = files.text("links.csv");
    files.link("").unwrap();
    assert_eq!(files.text("links.csv"), first);
    let gzip = fs::File::create(files.path("snapshot.csv.gz")).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(gzip, flate2::Compression::fast());
    gzip.write_all(files.text("snapshot.csv").as_bytes()).unwrap();
    gzip.finish().unwrap();
    files
        .run("match --snapshot snapshot.csv.gz --persons persons.csv --out links.csv")
        .unwrap();
    assert_eq!(files.text("links.csv"), first);
}

#[test]
fn wrong_rows_are_listed_with_line_and_reason_and_the_run_goes_on() {
    let files = Files::invented();
    let before = files.text("snapshot.csv");
    let lines = before.lines().count();
    let earlier = before.lines().nth(1).unwrap();
    add(
        &files.path("snapshot.csv"),
        format!("{earlier}\nX1,32730141079000011,,Siti,1990-02-30,P,32.73,,\nX2,,\n").as_bytes(),
    );
    add(
        &files.path("snapshot.csv"),
        b"X3,,,Si\xffti,1990,P,32.73,,\nX4,,,Siti Contoh,1990,P,32.73,,\n",
    );
    add(
        &files.path("persons.csv"),
        b"P00000000,,Siti,,,,\n,,Siti,,,,\nQ1,12345678901234567,Siti,,,,\n",
    );
    let said = files.link(" --json").unwrap();
    assert_eq!(said.exit, Exit::SomeRefused);
    let summary = json(&said.results);
    assert_eq!(
        (&summary["rows"], &summary["rows_refused"]),
        (&2_005.into(), &4.into())
    );
    assert_eq!(
        (&summary["persons"], &summary["persons_refused"]),
        (&303.into(), &3.into())
    );
    let rejects = files.text("links.csv.rejects.csv");
    let expected = [
        "file,line,field,problem".to_owned(),
        "persons,302,person_ref,an earlier row has the same".to_owned(),
        "persons,303,person_ref,it must not be empty".to_owned(),
        "persons,304,nik,\"a NIK has 16 digits, this has 17 characters\"".to_owned(),
        format!("snapshot,{},registry_id,an earlier row has the same", lines + 1),
        format!(
            "snapshot,{},nik,\"a NIK has 16 digits, this has 17 characters\"",
            lines + 2
        ),
        format!(
            "snapshot,{},tanggal_lahir,the calendar has no such day",
            lines + 2
        ),
        format!(
            "snapshot,{},,the row has 3 cells and the header 9; put texts with the separator in double quotes",
            lines + 3
        ),
        format!(
            "snapshot,{},,\"the text is not UTF-8; save the file as \"\"CSV UTF-8\"\"\"",
            lines + 4
        ),
    ];
    assert_eq!(rejects.lines().collect::<Vec<_>>(), expected);
    // A run without refusals leaves no list of an earlier one.
    files.write("snapshot.csv", &[SNAPSHOT]);
    files.write("persons.csv", &[PERSONS]);
    assert_eq!(files.link("").unwrap().exit, Exit::Done);
    assert!(!files.path("links.csv.rejects.csv").exists());
}

#[test]
fn a_truncated_snapshot_is_matched_up_to_its_break() {
    let files = Files::invented();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(files.text("snapshot.csv").as_bytes()).unwrap();
    let bytes = gzip.finish().unwrap();
    fs::write(
        files.path("snapshot.csv"),
        &bytes[..bytes.len() - bytes.len() / 3],
    )
    .unwrap();
    let said = files.link(" --json").unwrap();
    assert_eq!(said.exit, Exit::SomeRefused);
    let summary = json(&said.results);
    assert_eq!(summary["rows_refused"], 1);
    assert!(summary["rows_compared"].as_u64().unwrap() > 500, "{summary}");
    let rejects = files.text("links.csv.rejects.csv");
    assert!(rejects.contains("the file can be read no further"), "{rejects}");
}

#[test]
fn a_wrong_header_stops_before_anything_is_written() {
    let files = Files::invented();
    for (name, header) in [
        (
            "snapshot.csv",
            "id,nik,no_kk,nama,tanggal_lahir,jenis_kelamin,kode_wilayah,alamat,nama_ibu_kandung",
        ),
        ("persons.csv", "person_ref,nik,nama"),
    ] {
        let right = files.text(name);
        files.write(name, &[header, "1,2,3"]);
        let error = files.link("").err().unwrap();
        assert_eq!(error.exit(), Exit::Refused);
        assert!(
            error.to_string().contains(name) && error.to_string().contains("header"),
            "{error}"
        );
        fs::write(files.path(name), right).unwrap();
    }
    assert!(!files.path("links.csv").exists() && !files.path("links.csv.rejects.csv").exists());
}

#[test]
fn a_mapping_reads_a_snapshot_with_other_headers() {
    let files = Files::invented();
    files.link("").unwrap();
    let expected = files.text("links.csv");
    let snapshot = files
        .text("snapshot.csv")
        .replacen("registry_id,nik", "ID_DTKS,NO_NIK", 1);
    fs::write(files.path("snapshot.csv"), snapshot).unwrap();
    assert!(files.link("").is_err());
    files.write("map.toml", &["registry_id = \"ID_DTKS\"", "nik = \"NO_NIK\""]);
    files.link(" --mapping map.toml").unwrap();
    assert_eq!(files.text("links.csv"), expected);
    files.write("map.toml", &["no_nik = \"NO_NIK\""]);
    assert!(matches!(
        files.link(" --mapping map.toml"),
        Err(CliError::Usage(_))
    ));
}

#[test]
fn a_link_explains_itself_and_its_parts_add_up() {
    let files = Files::invented();
    files.link("").unwrap();
    let with_class = |class: &str| {
        let links = files.text("links.csv");
        let line = links
            .lines()
            .find(|line| line.ends_with(class))
            .unwrap()
            .to_owned();
        line.split(',').next().unwrap().to_owned()
    };
    let (found, none) = (with_class(",probable"), with_class(",none"));
    let said = files
        .link(&format!(" --json --explain {found} --explain {none}"))
        .unwrap();
    let explained: Value = serde_json::from_str(said.results.lines().nth(1).unwrap()).unwrap();
    let unexplained: Value = serde_json::from_str(said.results.lines().nth(2).unwrap()).unwrap();
    assert_eq!(unexplained["class"], "none");
    let parts = explained["parts"].as_array().unwrap();
    let sum: f64 = parts.iter().map(|part| part["bits"].as_f64().unwrap()).sum();
    assert!(
        (sum - explained["weight"].as_f64().unwrap()).abs() < 1e-6,
        "{explained}"
    );
    let told = files.link(&format!(" --explain {found}")).unwrap().results;
    assert!(told.contains("household") && told.contains("bits"), "{told}");
    assert!(matches!(files.link(" --explain nobody"), Err(CliError::Usage(_))));
}

#[test]
fn weights_that_were_saved_can_be_started_from() {
    let files = Files::invented();
    files.link(" --save-weights weights.toml").unwrap();
    assert!(
        files
            .text("weights.toml")
            .contains("version = \"starting-2+em-300x2000-seed-1\"")
    );
    let said = files.link(" --weights weights.toml --json").unwrap();
    let version = json(&said.results)["weights_version"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        version.starts_with("starting-2+em-300x2000-seed-1+em"),
        "{version}"
    );
    files.write("weights.toml", &["version = \"none\""]);
    assert!(matches!(
        files.link(" --weights weights.toml"),
        Err(CliError::Usage(_))
    ));
}

#[test]
fn no_nik_name_or_date_is_in_anything_that_is_written_or_said() {
    let files = Files::empty();
    let row = format!("R1,{NIK},,Siti Rahasia,1990-07-01,P,32.73.01.1001,Jl. Rahasia 1,Aminah");
    let wrong = "R2,32730141079000011,,Siti Rahasia,1990-07-32,X,3273x,,Aminah";
    files.write("snapshot.csv", &[SNAPSHOT, &row, wrong]);
    let person = format!("p1,{NIK},Siti Rahasia,1990-07-01,P,32.73.01,Aminah");
    files.write(
        "persons.csv",
        &[PERSONS, &person, "p2,3273014107900001x,Rahasia,1990-13-01,,,"],
    );
    let said = files.link(" --explain p1 --save-weights weights.toml").unwrap();
    let written = ["links.csv", "links.csv.rejects.csv", "weights.toml"].map(|name| files.text(name));
    for text in written.iter().chain([&said.results, &said.notes]) {
        for secret in ["3273", "1990", "rahasia", "aminah", "siti"] {
            assert!(!text.to_lowercase().contains(secret), "{secret} in {text}");
        }
    }
    assert!(written[0].contains("p1,R1,"), "{}", written[0]);
}

#[test]
fn an_evaluation_of_files_that_do_not_fit_is_refused() {
    let files = Files::empty();
    let links = "person_ref,registry_id,weight,probability,class";
    files.write("truth.csv", &["person_ref,registry_id", "p1,r1", "p2,"]);
    for (lines, problem) in [
        (vec![links, "p3,r1,1,0.9,probable"], "p3"),
        (vec![links, "p1,r1,1,0.9,perhaps"], "line 2"),
        (vec![links, "p1,r1,1,many,probable"], "line 2"),
        (vec![links, "p1,r1,1,0.9,exact", "p1,r1,1,0.9,exact"], "line 3"),
        (vec!["person_ref,registry_id"], "header"),
    ] {
        files.write("links.csv", &lines);
        let error = files.run("evaluate links.csv truth.csv").err().unwrap();
        assert!(error.to_string().contains(problem), "{error}");
    }
    files.write(
        "links.csv",
        &[links, "p1,r1,9,0.99,exact", "p2,r9,1,0.5,ambiguous"],
    );
    let quality = json(&files.run("evaluate links.csv truth.csv --json").unwrap().results);
    assert_eq!(
        (&quality["made"]["precision"], &quality["made"]["recall"]),
        (&1.0.into(), &1.0.into())
    );
    assert_eq!(quality["registered"], 1);
}

#[test]
fn more_persons_than_rows_are_not_invented() {
    let files = Files::empty();
    let refused = files.run("generate --registry 10 --persons 11 --seed 1 --out .");
    assert!(matches!(refused, Err(CliError::Usage(_))));
}
