//! Why a person is linked: what each field adds, without showing what is in it.

use serasi_linkage::{Links, Part};
use serde::Serialize;

use super::read::Persons;
use crate::error::CliError;
use crate::output::Output;
use crate::table::records;

#[derive(Serialize)]
struct Explanation<'a> {
    person_ref: &'a str,
    registry_id: &'a str,
    weight: f64,
    probability: f64,
    class: &'static str,
    parts: &'a [Part],
}

pub(super) fn explain<'a>(
    person_ref: &str,
    persons: &Persons,
    links: &Links,
    id: impl Fn(u64) -> &'a str,
    output: &mut Output<'_>,
) -> Result<(), CliError> {
    let position = persons.refs.iter().position(|found| found == person_ref);
    let Some(position) = position else {
        return Err(CliError::Usage(format!(
            "--explain {person_ref}: no such person_ref was read; the links are written"
        )));
    };
    let Some(link) = links.links.get(position).and_then(Option::as_ref) else {
        return Ok(output.line(format!("\n{person_ref}: no row of the registry comes near"))?);
    };
    let explanation = Explanation {
        person_ref,
        registry_id: id(link.row),
        weight: link.weight,
        probability: link.probability,
        class: link.class.code(),
        parts: &link.why,
    };
    if output.is_json() {
        return Ok(output.json_line(&explanation)?);
    }
    output.line(format!(
        "\n{person_ref} and {}: {}, probability {:.4}",
        explanation.registry_id, explanation.class, explanation.probability
    ))?;
    let rows = link
        .why
        .iter()
        .map(|part| {
            [
                part.what.to_owned(),
                part.level.to_owned(),
                format!("{:+.1}", part.bits),
            ]
        })
        .chain([["sum".to_owned(), String::new(), format!("{:+.1}", link.weight)]]);
    Ok(output.line(records(&["part", "agrees", "bits"], rows))?)
}
