//! The format as its senders meet it: files that go round, and the description that goes with them.

mod faults;

use serasi_proto::v1::{
    AccessNeed, Cluster, FacilityKind, ImportFacilitiesRequest, Partnership, ServiceBase, Sex,
};

use super::{COLUMNS, ExportFileError, read_facilities, write_facilities};
use crate::codes::{ACCESS_NEEDS, BASES, CLUSTERS, FORMS, KINDS, SEXES, TARGETS};

/// A facility with something in each column.
const FULL: [(&str, &str); 27] = [
    ("source_system", "dinsos-jabar"),
    ("source_ref", "A-1"),
    ("kind", "uptd_province"),
    ("name", "Griya Lansia, Ciparay"),
    ("region_code", "32.04"),
    ("latitude_deg", "-7.0255"),
    ("longitude_deg", "107.6608"),
    ("address", "Jl. Contoh No. 1"),
    ("clusters", "lansia;disabilitas"),
    ("specialisations", "lansia"),
    ("bases", "residensial;keluarga"),
    ("forms", "social_care"),
    ("targets", "individual;family"),
    ("sex", "female"),
    ("min_age_years", "60"),
    ("max_age_years", "90"),
    ("access", "wheelchair;full_care"),
    ("working_area", "32;36.01"),
    ("supervising_facility_id", ""),
    ("partnership_from", "2024-02-29"),
    ("partnership_until", "2026-12-31"),
    ("ministry_supervised", "yes"),
    ("admission_documents", "Surat dinsos;KTP"),
    ("phone", "081200000001"),
    ("email", "griya@contoh.example"),
    ("location_hidden", "yes"),
    (
        "pools",
        "residensial/lansia/female:100:80:10;residensial/any/male:5:0;keluarga:40:12",
    ),
];

/// A file of one facility, with some cells replaced.
fn file(changes: &[(&str, &str)]) -> String {
    let cells = FULL.map(|(column, text)| {
        let change = changes.iter().find(|(name, _)| *name == column);
        format!("\"{}\"", change.map_or(text, |(_, text)| text))
    });
    format!("{}\n{}\n", COLUMNS.join(","), cells.join(","))
}

fn read(text: &str) -> Vec<ImportFacilitiesRequest> {
    read_facilities(text.as_bytes()).unwrap()
}

#[test]
fn every_column_reaches_the_message() {
    let requests = read(&file(&[]));
    let [request] = &requests[..] else {
        panic!("one facility")
    };
    let facility = request.facility.clone().unwrap();
    let admission = facility.admission.clone().unwrap();
    assert_eq!(request.row, 2);
    assert_eq!(facility.kind(), FacilityKind::UptdProvince);
    assert_eq!(facility.name, "Griya Lansia, Ciparay");
    assert_eq!(facility.latitude_deg, Some(-7.0255));
    assert_eq!(
        facility.clusters,
        [Cluster::Lansia, Cluster::Disabilitas].map(i32::from)
    );
    assert_eq!(
        facility.bases,
        [ServiceBase::Residential, ServiceBase::Family].map(i32::from)
    );
    assert_eq!(
        (admission.sex(), admission.min_age_years),
        (Sex::Female, Some(60))
    );
    assert_eq!(
        admission.access,
        [AccessNeed::Wheelchair, AccessNeed::FullCare].map(i32::from)
    );
    assert_eq!(facility.working_area, ["32", "36.01"]);
    let partnership = Partnership {
        from_date: "2024-02-29".into(),
        until_date: "2026-12-31".into(),
    };
    assert_eq!(facility.partnership, Some(partnership));
    assert!(facility.ministry_supervised);
    assert_eq!(facility.location_hidden, Some(true));
    assert_eq!(facility.admission_documents, ["Surat dinsos", "KTP"]);
    let pools: Vec<_> = request
        .capacity
        .iter()
        .map(|pool| (pool.total, pool.occupied, pool.overflow))
        .collect();
    assert_eq!(pools, [(100, 80, 10), (5, 0, 0), (40, 12, 0)]);
}

#[test]
fn what_is_written_is_read_back() {
    let mut requests = read(&file(&[]));
    requests.extend(read(&file(&[
        ("source_ref", "A-2"),
        ("sex", ""),
        ("location_hidden", ""),
        ("partnership_from", ""),
        ("partnership_until", ""),
        ("pools", ""),
    ])));
    requests[1].row = 3;
    let mut written = Vec::new();
    write_facilities(&mut written, &requests).unwrap();
    assert_eq!(read_facilities(&written[..]).unwrap(), requests);
}

#[test]
fn an_empty_directory_is_a_header() {
    let mut written = Vec::new();
    write_facilities(&mut written, &[]).unwrap();
    assert_eq!(
        String::from_utf8(written.clone()).unwrap(),
        format!("{}\n", COLUMNS.join(","))
    );
    assert_eq!(read_facilities(&written[..]).unwrap(), []);
}

#[test]
fn the_order_of_columns_is_free_and_spaces_do_not_count() {
    let line = |pick: fn(&(&'static str, &'static str)) -> &'static str| {
        let cells: Vec<_> = FULL
            .iter()
            .rev()
            .map(|cell| format!("\" {} \"", pick(cell)))
            .collect();
        cells.join(",")
    };
    let text = format!("{}\n{}\n", line(|cell| cell.0), line(|cell| cell.1));
    assert_eq!(read(&text), read(&file(&[])));
}

#[test]
fn a_file_without_a_word_on_locations_leaves_them_as_they_are() {
    let stated = |text: &str| read(text)[0].facility.clone().unwrap().location_hidden;
    let silent = file(&[])
        .replace("location_hidden,", "")
        .replace("\"yes\",\"residensial", "\"residensial");
    assert_eq!(stated(&silent), None);
    assert_eq!(stated(&file(&[("location_hidden", "")])), None);
    assert_eq!(stated(&file(&[("location_hidden", "no")])), Some(false));
}

#[test]
fn what_the_format_cannot_say_is_not_written() {
    let write = |change: fn(&mut ImportFacilitiesRequest)| {
        let mut requests = read(&file(&[]));
        change(&mut requests[0]);
        match write_facilities(Vec::new(), &requests) {
            Err(ExportFileError::Inexpressible {
                position: 0, column, ..
            }) => column,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(write(|request| request.facility = None), "source_ref");
    assert_eq!(write(|request| request.capacity[0].key = None), "pools");
    assert_eq!(
        write(|request| request.facility.as_mut().unwrap().kind = 0),
        "kind"
    );
    assert_eq!(
        write(|request| request.facility.as_mut().unwrap().forms.push(99)),
        "forms"
    );
    assert_eq!(
        write(|request| request
            .facility
            .as_mut()
            .unwrap()
            .admission_documents
            .push("KTP; KK".into())),
        "admission_documents"
    );
}

#[test]
fn the_description_names_every_column_and_code() {
    let description = include_str!("../../FORMAT.md");
    let codes = [
        KINDS.all().collect::<Vec<_>>(),
        CLUSTERS.all().collect(),
        BASES.all().collect(),
        FORMS.all().collect(),
    ];
    let more = [
        TARGETS.all().collect::<Vec<_>>(),
        SEXES.all().collect(),
        ACCESS_NEEDS.all().collect(),
        COLUMNS.to_vec(),
    ];
    for word in codes.iter().chain(&more).flatten() {
        assert!(
            description.contains(&format!("`{word}`")),
            "{word} is not described"
        );
    }
    assert!(description.contains(&COLUMNS.join(",")));
}

#[test]
fn the_example_of_the_description_is_a_file() {
    let description = include_str!("../../FORMAT.md");
    let example = description
        .split("```csv\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    assert_eq!(read(example).len(), 2);
}
