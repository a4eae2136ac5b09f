//! Why a person is linked: what each field adds, without showing what is in it.

use serasi_linkage::{Class, Links, Part};
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

/// Before the work begins: a mistyped reference must not cost a run.
pub(super) fn check(wanted: &[String], persons: &Persons) -> Result<(), CliError> {
    let is_unknown = |person_ref: &&String| !persons.refs.contains(person_ref);
    match wanted.iter().find(is_unknown) {
        Some(unknown) => Err(CliError::Usage(format!(
            "--explain {unknown}: the file of persons has no such person_ref that could be read"
        ))),
        None => Ok(()),
    }
}

pub(super) fn explain<'a>(
    person_ref: &str,
    persons: &Persons,
    links: &Links,
    id: impl Fn(u64) -> &'a str,
    output: &mut Output<'_>,
) -> Result<(), CliError> {
    let position = persons.refs.iter().position(|found| found == person_ref);
    let link = position.and_then(|position| links.links.get(position)?.as_ref());
    let explanation = Explanation {
        person_ref,
        registry_id: link.map_or("", |link| id(link.row)),
        weight: link.map_or(0.0, |link| link.weight),
        probability: link.map_or(0.0, |link| link.probability),
        class: link.map_or(Class::None, |link| link.class).code(),
        parts: link.map_or(&[], |link| &link.why),
    };
    if output.is_json() {
        return Ok(output.json_line(&explanation)?);
    }
    if explanation.parts.is_empty() {
        return Ok(output.line(format!("\n{person_ref}: no row of the registry comes near"))?);
    }
    output.line(format!(
        "\n{person_ref} and {}: {}, probability {:.4}",
        explanation.registry_id, explanation.class, explanation.probability
    ))?;
    let rows = explanation
        .parts
        .iter()
        .map(|part| {
            [
                part.what.to_owned(),
                part.level.to_owned(),
                format!("{:+.1}", part.bits),
            ]
        })
        .chain([[
            "sum".to_owned(),
            String::new(),
            format!("{:+.1}", explanation.weight),
        ]]);
    Ok(output.line(records(&["part", "agrees", "bits"], rows))?)
}
