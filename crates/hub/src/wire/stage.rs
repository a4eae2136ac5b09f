//! Stages and records.

use serasi_domain::case::course::Course;
use serasi_domain::case::record::{AchievedPercent, CaseFile, CaseRecord, IndicatorKind};
use serasi_proto::v1;

use super::codes::{FromWire, numbers, optional};
use super::parse::Parse;
use super::time::to_timestamp;

/// The stages that have begun; who signed and worked on them only with their `file`: names of staff stay out of stored
/// responses.
pub(crate) fn course_to_wire(course: &Course, file: Option<&CaseFile>) -> Vec<v1::StageProgress> {
    let current = course.current().stage;
    let progress = course.begun().iter().map(|begun| {
        let signature = begun.signed.as_ref();
        let workers = file.map(|file| file.workers(begun.stage)).unwrap_or_default();
        v1::StageProgress {
            stage: begun.stage.to_wire(),
            begin_time: Some(to_timestamp(begun.begun_at)),
            due_time: begun.due_at.filter(|_| signature.is_none()).map(to_timestamp),
            sign_time: signature.map(|signature| to_timestamp(signature.at)),
            owed: begun.stage < current && signature.is_none(),
            signed_by: signature
                .filter(|_| file.is_some())
                .map(|signature| signature.by.to_string())
                .unwrap_or_default(),
            workers: workers.iter().map(ToString::to_string).collect(),
        }
    });
    progress.collect()
}

/// As the contract has it.
pub(crate) fn record_to_wire((record, text): &(CaseRecord, String)) -> v1::CaseRecord {
    let content = &record.content;
    v1::CaseRecord {
        record_id: record.id.to_string(),
        kind: content.kind.to_wire(),
        stage: content.kind.stage().to_wire(),
        episode: record.episode,
        profession: content.profession.to_wire(),
        author: record.author.to_string(),
        record_time: Some(to_timestamp(record.recorded_at)),
        text: text.clone(),
        aspects: numbers(content.aspects),
        bases: numbers(content.bases),
        forms: numbers(content.forms),
        funding: optional(content.funding),
        duration_days: content.duration.map_or(0, |days| i32::from(days.get())),
        indicators: content
            .indicators
            .iter()
            .map(|(kind, percent)| v1::Indicator {
                kind: kind.to_wire(),
                achieved_percent: i32::from(percent.get()),
            })
            .collect(),
    }
}

/// One to five indicators, one of a kind.
pub(crate) fn indicators(
    parse: &mut Parse,
    given: &[v1::Indicator],
) -> Vec<(IndicatorKind, AchievedPercent)> {
    if given.is_empty() {
        parse.wrong("indicators", "must name at least one (P16 Ps.24(3))");
    }
    let mut read: Vec<(IndicatorKind, AchievedPercent)> = vec![];
    let given = parse.at_most("indicators", IndicatorKind::ALL.len(), given);
    for (position, indicator) in given.iter().enumerate() {
        parse.nested(&format!("indicators[{position}]"), |parse| {
            let kind: Option<IndicatorKind> = parse.required("kind", indicator.kind);
            let percent = AchievedPercent::try_from(indicator.achieved_percent);
            let percent = parse.take("achieved_percent", percent);
            if kind.is_some_and(|kind| read.iter().any(|(known, _)| *known == kind)) {
                parse.wrong("kind", "must not stand twice");
            } else {
                read.extend(kind.zip(percent));
            }
        });
    }
    read
}
