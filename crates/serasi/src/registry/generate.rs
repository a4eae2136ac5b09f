//! `serasi registry generate`: invented files in the formats of `match` and `evaluate`.

use std::fs;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use serasi_linkage::population::{Fields, Population, Size, invent};
use serasi_registry_file::{Columns, PERSONS, SNAPSHOT, TRUTH};
use serde::Serialize;

use crate::cli::GenerateArgs;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::rejects::create;

#[derive(Serialize)]
struct Generated {
    rows: usize,
    persons: usize,
    registered: usize,
    seed: u64,
    folder: PathBuf,
}

pub(crate) fn generate(args: &GenerateArgs, output: &mut Output<'_>) -> Result<Exit, CliError> {
    if args.persons > args.registry {
        return Err(CliError::Usage(
            "--persons is at most --registry: most persons stand in the registry, each in a row of their own"
                .to_owned(),
        ));
    }
    let size = Size {
        rows: args.registry as usize,
        persons: args.persons as usize,
    };
    let population = invent(size, args.seed);
    let folder = &args.out;
    fs::create_dir_all(folder).map_err(|source| CliError::Unwritable {
        path: folder.clone(),
        source,
    })?;
    write(&folder.join("snapshot.csv"), SNAPSHOT, snapshot(&population))?;
    write(&folder.join("persons.csv"), PERSONS, persons(&population))?;
    write(&folder.join("truth.csv"), TRUTH, truth(&population))?;
    let generated = Generated {
        rows: population.rows.len(),
        persons: population.persons.len(),
        registered: population.truth.iter().flatten().count(),
        seed: args.seed,
        folder: folder.clone(),
    };
    if output.is_json() {
        output.json_line(&generated)?;
    } else {
        output.line(format!(
            "{} rows, {} persons of whom {} are registered, in {}",
            generated.rows,
            generated.persons,
            generated.registered,
            folder.display()
        ))?;
    }
    Ok(Exit::Done)
}

fn row_id(position: usize) -> String {
    format!("R{position:08}")
}

fn person_ref(position: usize) -> String {
    format!("P{position:08}")
}

fn snapshot(population: &Population) -> impl Iterator<Item = Vec<String>> {
    population.rows.iter().enumerate().map(|(position, fields)| {
        let Fields {
            nik,
            name,
            birth,
            sex,
            place,
            mother_name,
        } = fields.clone();
        let (family_card, address) = (String::new(), String::new());
        vec![
            row_id(position),
            nik,
            family_card,
            name,
            birth,
            sex,
            place,
            address,
            mother_name,
        ]
    })
}

fn persons(population: &Population) -> impl Iterator<Item = Vec<String>> {
    population.persons.iter().enumerate().map(|(position, fields)| {
        let Fields {
            nik,
            name,
            birth,
            sex,
            place,
            mother_name,
        } = fields.clone();
        vec![person_ref(position), nik, name, birth, sex, place, mother_name]
    })
}

fn truth(population: &Population) -> impl Iterator<Item = Vec<String>> {
    population
        .truth
        .iter()
        .enumerate()
        .map(|(position, row)| vec![person_ref(position), row.map(row_id).unwrap_or_default()])
}

fn write(path: &Path, columns: Columns, rows: impl Iterator<Item = Vec<String>>) -> Result<(), CliError> {
    let unwritable = |source: io::Error| CliError::Unwritable {
        path: path.to_owned(),
        source,
    };
    let mut writer = csv::Writer::from_writer(BufWriter::new(create(path)?));
    let header = columns.names().iter().map(ToString::to_string).collect();
    for row in [header].into_iter().chain(rows) {
        writer
            .write_record(&row)
            .map_err(|error| unwritable(error.into()))?;
    }
    writer.flush().map_err(unwritable)
}
