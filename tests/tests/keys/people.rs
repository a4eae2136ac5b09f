//! Invented people, the cases they are in, and the command that is run on their keys.

use std::process::{Command, Output};

use serasi_domain::id::{CaseId, PersonId};
use serasi_hub::search_terms;
use serasi_proto::v1;
use serasi_store::persons::NewPerson;
use serasi_tests::build::{intake, submit};
use serasi_tests::database::TestDatabase;
use serasi_tests::{Client, TestHub, binary};

/// A girl with everything that identifies her.
pub(crate) fn canary(number: usize) -> v1::Person {
    v1::Person {
        nik: format!("327301500616{:04}", number % 9_999 + 1),
        name: format!("Kenanga Kenari {number}"),
        birth_date: "2016-06-10".to_owned(),
        sex: v1::Sex::Female as i32,
        phone: format!("0812{number:08}"),
        address: format!("Gang Rahasia {number}"),
        mother_name: "Dahlia Rahasia".to_owned(),
        ..v1::Person::default()
    }
}

/// A report about `persons` that nobody is asked for; gives back the case.
pub(crate) async fn report(client: &mut Client, reference: &str, persons: Vec<v1::Person>) -> String {
    let request = v1::SubmitIntakeRequest {
        route_later: true,
        ..submit(v1::Intake {
            persons,
            story: "Cerita yang sangat rahasia.".to_owned(),
            ..intake(reference)
        })
    };
    let answer = client.intake.submit_intake(request).await.unwrap().into_inner();
    answer.case.unwrap().case_id
}

/// `serasi keys ...` on the test's database, with its key files.
pub(crate) fn keys_command(database: &TestDatabase, arguments: &[&str]) -> Output {
    let mut command = Command::new(binary());
    command.arg("keys").args(arguments).arg("--json");
    if arguments[0] != "generate" {
        command
            .args(["--database-url", database.url(), "--key-file"])
            .arg(database.key_file())
            .arg("--index-key-file")
            .arg(database.index_key_file());
    }
    command.output().unwrap()
}

/// The JSON lines of a command that must succeed.
pub(crate) async fn keys_lines(database: &TestDatabase, arguments: &[&str]) -> Vec<serde_json::Value> {
    let (database, arguments): (TestDatabase, Vec<String>) = (
        database.clone(),
        arguments.iter().map(ToString::to_string).collect(),
    );
    let run = move || {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        keys_command(&database, &arguments)
    };
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

pub(crate) async fn status(database: &TestDatabase) -> serde_json::Value {
    keys_lines(database, &["status"]).await.remove(0)
}

/// Adds a version to the key file and to the index key file.
pub(crate) fn add_versions(database: &TestDatabase) {
    for file in [database.key_file(), database.index_key_file()] {
        let file = file.display().to_string();
        assert!(keys_command(database, &["generate", &file]).status.success());
    }
}

/// One number out of the test's database.
pub(crate) async fn count(hub: &TestHub, query: &'static str) -> i64 {
    let mut connection = hub.database.connect().await;
    sqlx::query_scalar(query)
        .fetch_one(&mut connection)
        .await
        .unwrap()
}

/// A person for the store, past the hub.
pub(crate) fn new_person(
    case: CaseId,
    person: &serasi_domain::person::Person,
    now: time::OffsetDateTime,
) -> NewPerson<'_> {
    let id = serasi_hub::clock::Clock::system().new_id();
    NewPerson {
        id: PersonId::new(case.home(), id),
        person,
        terms: search_terms::of(person, now),
    }
}
