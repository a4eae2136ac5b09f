//! Canaries - a NIK, a name, a telephone number and more - go down every path, and are then looked for in everything
//! the hub leaves behind: a dump of the database, its write-ahead log, the hub's log at debug level, its metrics, and
//! the texts of its errors (guarantees, S4).

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serasi_proto::v1;
use serasi_tests::build::{facility, intake, request_id, submit};
use serasi_tests::{Client, HubProcess, development_token, free_port};
use sqlx::{Connection, Executor, PgConnection};
use tonic::Status;

use crate::scene::{case, eventually, facility_id};

const NIK: &str = "3273015006160007";
const NAME: &str = "Kenanga Kenariwati";
const PHONE: &str = "081299988877";
const STORY: &str = "Ceritanyasangatrahasia";
const CANARIES: [&str; 8] = [
    NIK,
    "Kenanga",
    "Kenariwati",
    PHONE,
    "6281299988877",
    "Kenangagang 17",
    "Dahliaibunya",
    STORY,
];
/// Stands in the open where every search must find it.
const CONTROL: &str = "Burung Kontrol 4711";

/// A canary as it may lie around: plain, as hex digits, and as base64 at any offset.
fn disguises(canary: &str) -> Vec<Vec<u8>> {
    let hex: String = canary.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = vec![
        canary.as_bytes().to_vec(),
        hex.to_uppercase().into_bytes(),
        hex.into_bytes(),
    ];
    for before in 0..3 {
        let padded = [vec![b'x'; before], canary.as_bytes().to_vec()].concat();
        let encoded = BASE64_STANDARD.encode(padded);
        // The first and last characters depend on the neighbours.
        forms.push(encoded.as_bytes()[4..encoded.len() - 4].to_vec());
    }
    forms
}

/// Which of `wanted` can be found, in any disguise: one pass, by the first two bytes.
fn found<'w>(heap: &[u8], wanted: &[&'w str]) -> Vec<&'w str> {
    let mut by_start = vec![vec![]; 1 << 16];
    for canary in wanted {
        for form in disguises(canary) {
            by_start[start(&form)].push((*canary, form));
        }
    }
    let mut found = vec![];
    for at in 0..heap.len().saturating_sub(1) {
        let rest = &heap[at..];
        let here = by_start[start(rest)]
            .iter()
            .filter(|(_, form)| rest.starts_with(form));
        found.extend(here.map(|(canary, _)| *canary));
    }
    found.dedup();
    found
}

fn start(bytes: &[u8]) -> usize {
    usize::from(bytes[0]) << 8 | usize::from(bytes[1])
}

fn holds(heap: &[u8], text: &str) -> bool {
    !found(heap, &[text]).is_empty()
}

fn assert_silent(place: &str, heap: &[u8]) {
    let found = found(heap, &CANARIES);
    assert!(found.is_empty(), "{found:?} stand in {place}");
}

fn person() -> v1::Person {
    v1::Person {
        nik: NIK.to_owned(),
        name: NAME.to_owned(),
        birth_date: "2016-06-10".to_owned(),
        sex: v1::Sex::Female as i32,
        phone: PHONE.to_owned(),
        address: "Kenangagang 17".to_owned(),
        mother_name: "Dahliaibunya".to_owned(),
        ..v1::Person::default()
    }
}

fn full_report(reference: &str) -> v1::Intake {
    v1::Intake {
        persons: vec![person()],
        story: STORY.to_owned(),
        location_note: NAME.to_owned(),
        reporter: Some(v1::Reporter {
            name: NAME.to_owned(),
            phone: PHONE.to_owned(),
            ..v1::Reporter::default()
        }),
        ..intake(reference)
    }
}

/// What a client sees of an error: message and every detail.
fn seen(errors: &mut Vec<u8>, status: &Status) {
    assert_silent(&format!("{status:?}"), status.details());
    errors.extend(format!("{status:?}").into_bytes());
    errors.extend(status.details());
}

/// Every verb that takes words, with canaries in them.
async fn walk(client: &mut Client, worker: &mut Client, errors: &mut Vec<u8>) {
    let answer = client
        .intake
        .submit_intake(submit(full_report("1")))
        .await
        .unwrap()
        .into_inner();
    let id = answer.case.unwrap().case_id;
    let offer = answer.outcome.unwrap().offer.unwrap();
    assert_eq!(case(worker, &id).await.persons[0].nik, NIK);

    let withdraw = v1::WithdrawOfferRequest {
        request_id: request_id(),
        offer_id: offer.offer_id,
        reason: v1::WithdrawReason::WrongFacts as i32,
        note: format!("{NAME} {NIK}"),
        route_later: false,
    };
    client.referral.withdraw_offer(withdraw).await.unwrap();
    let route = v1::RouteCaseRequest {
        request_id: request_id(),
        case_id: id.clone(),
        ..v1::RouteCaseRequest::default()
    };
    let routed = client.referral.route_case(route).await.unwrap().into_inner();
    let decline = v1::DeclineOfferRequest {
        request_id: request_id(),
        offer_id: routed.outcome.unwrap().offer.unwrap().offer_id,
        reason: v1::DeclineReason::Other as i32,
        note: format!("{NAME} {PHONE}"),
        retry_time: None,
    };
    client.referral.decline_offer(decline).await.unwrap();
    let triage = v1::TriageCaseRequest {
        request_id: request_id(),
        case_id: id.clone(),
        urgency: v1::Urgency::Urgent as i32,
        route_later: true,
        ..v1::TriageCaseRequest::default()
    };
    client.cases.triage_case(triage).await.unwrap();
    let hold = v1::SetLegalHoldRequest {
        request_id: request_id(),
        case_id: id.clone(),
        reason: v1::HoldReason::Audit as i32,
        note: format!("{NAME} {NIK}"),
    };
    client.cases.set_legal_hold(hold).await.unwrap();
    let open = v1::OpenBreakGlassRequest {
        request_id: request_id(),
        case_id: id.clone(),
        reason: v1::BreakGlassReason::Danger as i32,
        text: format!("{NAME} {NIK} {PHONE}"),
        minutes: 5,
    };
    client.audit.open_break_glass(open).await.unwrap();
    let resolve = v1::ResolveDirectlyRequest {
        request_id: request_id(),
        case_id: id,
        version: 0,
        resolution: format!("{NAME} {NIK} {PHONE} {STORY}"),
    };
    client.cases.resolve_directly(resolve).await.unwrap();
    wrong_input(client, errors).await;
}

/// Persons with a field that cannot be taken.
fn wrong_persons() -> Vec<v1::Person> {
    let text = str::to_owned;
    vec![
        v1::Person {
            nik: format!("{NIK}7"),
            ..person()
        },
        v1::Person {
            nik: text(NAME),
            ..person()
        },
        v1::Person {
            phone: format!("{PHONE} {NAME}"),
            ..person()
        },
        v1::Person {
            birth_date: text(NAME),
            ..person()
        },
        v1::Person {
            name: NAME.repeat(40),
            ..person()
        },
        v1::Person {
            domicile_region_code: text(NAME),
            ..person()
        },
        v1::Person {
            address: text("Kenangagang 17\0"),
            ..person()
        },
    ]
}

/// Reports that cannot be taken.
fn wrong_reports() -> Vec<v1::Intake> {
    let about = |person| v1::Intake {
        persons: vec![person],
        ..full_report("wrong")
    };
    let mut reports: Vec<v1::Intake> = wrong_persons().into_iter().map(about).collect();
    let text = str::to_owned;
    reports.extend([
        v1::Intake {
            source_ref: text(NAME),
            ..full_report("wrong")
        },
        v1::Intake {
            region_code: text(NAME),
            ..full_report("wrong")
        },
        v1::Intake {
            region_code: text(NIK),
            ..full_report("wrong")
        },
        v1::Intake {
            ppks_category: text(NAME),
            ..full_report("wrong")
        },
        // The same key with another content: the fields are named, never what stands in them.
        v1::Intake {
            story: format!("{STORY} lagi"),
            ..full_report("1")
        },
    ]);
    reports
}

/// The same words where they do not belong: they are refused, and come back in no error.
async fn wrong_input(client: &mut Client, errors: &mut Vec<u8>) {
    for report in wrong_reports() {
        let refused = client.intake.submit_intake(submit(report)).await.unwrap_err();
        seen(errors, &refused);
    }
    let get = v1::GetCaseRequest {
        case_id: NAME.to_owned(),
    };
    seen(errors, &client.cases.get_case(get).await.unwrap_err());
    let list = v1::ListCasesRequest {
        source_ref: NAME.to_owned(),
        region_code: NAME.to_owned(),
        page_token: NAME.to_owned(),
        ..v1::ListCasesRequest::default()
    };
    seen(errors, &client.cases.list_cases(list).await.unwrap_err());
    let row = facility(PHONE, NAME, 1);
    let imported = client
        .facilities
        .import_facilities(tokio_stream::iter([row]))
        .await;
    seen(errors, &imported.unwrap_err());
}

/// What `curl` would get.
fn metrics(port: u16) -> Vec<u8> {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    stream
        .write_all(b"GET /metrics HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
        .unwrap();
    let mut answer = vec![];
    stream.read_to_end(&mut answer).unwrap();
    answer
}

/// Every row of every table, bytes as hex digits, as `pg_dump` writes them.
fn dump(data_dir: &Path) -> Vec<u8> {
    // The dump must be the server's own: a line of the form `/usr/lib/postgresql/15/bin/postgres "-D" ...`.
    let started = std::fs::read_to_string(data_dir.join("postgres/postmaster.opts")).unwrap();
    let server = Path::new(started.split(' ').next().unwrap());
    let output = Command::new(server.with_file_name("pg_dump"))
        .args(["--username=serasi", "--dbname=postgres", "--host"])
        .arg(data_dir.join("socket"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    output.stdout
}

/// The write-ahead log, all of it.
fn wal(data_dir: &Path) -> Vec<u8> {
    let mut bytes = vec![];
    for entry in std::fs::read_dir(data_dir.join("postgres/pg_wal")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            bytes.extend(std::fs::read(path).unwrap());
        }
    }
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn no_canary_can_be_found_in_dump_log_of_the_database_log_of_the_hub_metrics_or_errors() {
    let data_dir = tempfile::tempdir().unwrap();
    // As root the server runs as another user, who must be able to enter.
    std::fs::set_permissions(data_dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let (metrics_port, log) = (free_port(), data_dir.path().join("hub.log"));
    let address = format!("127.0.0.1:{metrics_port}");
    let arguments = ["--metrics", &address];
    let hub = HubProcess::start_logged(None, data_dir.path(), free_port(), &arguments, Some(&log)).await;
    let all = ["coordinator", "administrator", "hotline_operator", "supervisor"];
    let mut client = Client::new(hub.url(), Some(&development_token(data_dir.path(), &all, "ID")));
    let local = development_token(data_dir.path(), &["social_worker"], "32.73");
    let mut worker = Client::new(hub.url(), Some(&local));
    let rows = vec![facility("A", "32.73.02", 2), facility("B", "32.73.03", 2)];
    client
        .facilities
        .import_facilities(tokio_stream::iter(rows))
        .await
        .unwrap();
    let known = client.clone();
    let look = || {
        let mut client = known.clone();
        async move { facility_id(&mut client, "A").await }
    };
    eventually(look, |id| !id.is_empty()).await;
    let mut errors = vec![];
    walk(&mut client, &mut worker, &mut errors).await;
    let told = crate::told::all_that_is_told(&mut client, full_report("2")).await;

    let socket = data_dir.path().join("socket");
    let url = format!("postgres://serasi@localhost/postgres?host={}", socket.display());
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let control =
        format!("CREATE TABLE control AS SELECT '{CONTROL}'::text AS plain, '{CONTROL}'::bytea AS bytes");
    connection.execute(sqlx::AssertSqlSafe(control)).await.unwrap();
    // What is still in memory goes to the log first.
    connection.execute("CHECKPOINT").await.unwrap();
    let (dump, wal, logged, metrics) = (
        dump(data_dir.path()),
        wal(data_dir.path()),
        std::fs::read(&log).unwrap(),
        metrics(metrics_port),
    );
    assert_eq!(hub.terminate(), Some(0));

    assert!(
        holds(&dump, CONTROL) && holds(&wal, CONTROL),
        "the search finds what is there"
    );
    assert!(
        holds(&logged, "INSERT INTO persons"),
        "the log is one of debug level"
    );
    assert!(holds(&errors, "intake.persons[0].nik") && holds(&metrics, "serasi_board_version"));
    assert_silent("the dump", &dump);
    assert_silent("the write-ahead log", &wal);
    assert_silent("the hub's log", &logged);
    assert_silent("the metrics", &metrics);
    assert_silent("the errors", &errors);
    assert_silent("the streams", &told);
}
