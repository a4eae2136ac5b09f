//! Who may call what (guarantees, S1): every method of the contract x every role x every way to stand to the record, all
//! of them called. What is expected stands in `matrix/expected.txt` and is read by people; a method without a sample
//! request fails, and so does one that nobody may call.

#[path = "matrix/care.rs"]
mod care;
#[path = "matrix/people.rs"]
mod people;
#[path = "matrix/raw.rs"]
mod raw;
#[path = "matrix/registry.rs"]
mod registry;
#[path = "matrix/rights.rs"]
mod rights;
#[path = "matrix/samples.rs"]
mod samples;
#[path = "matrix/stage.rs"]
mod stage;

use std::fmt::Write;
use std::sync::Arc;

use prost::Message;
use prost_types::FileDescriptorSet;
use serasi_hub::auth::Role;
use serasi_tests::TestHub;
use tonic::Code;
use tonic::transport::{Channel, Endpoint};

use raw::{Answer, call};
use samples::{Sample, sample};
use stage::Stage;

/// How a caller stands to the record.
#[derive(Clone, Copy, Debug)]
enum Position {
    OwnScope,
    OtherScope,
    OwnFacility,
    OtherFacility,
    OwnReport,
    Nation,
}

impl Position {
    /// The letters of a cell, in this order.
    const ALL: [Self; 6] = [
        Self::OwnScope,
        Self::OtherScope,
        Self::OwnFacility,
        Self::OtherFacility,
        Self::OwnReport,
        Self::Nation,
    ];

    fn token(self, hub: &TestHub, stage: &Stage, role: Role) -> String {
        let (subject, scope, facility) = match self {
            Self::OwnScope => ("somebody", stage::HERE, None),
            Self::OtherScope => ("somebody", stage::ELSEWHERE, None),
            Self::OwnFacility => ("somebody", stage::ELSEWHERE, Some(&stage.facility)),
            Self::OtherFacility => ("somebody", stage::ELSEWHERE, Some(&stage.other_facility)),
            Self::OwnReport => (stage::REPORTER, stage::ELSEWHERE, None),
            Self::Nation => ("somebody", "ID", None),
        };
        // There is no officer without a facility.
        let other = Some(&stage.other_facility).filter(|_| role == Role::FacilityOfficer);
        hub.token_of(subject, &[role], scope, facility.or(other).map(String::as_str))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_role_in_every_position_may_call_what_the_table_says_and_nothing_else() {
    let (hub, stage) = Box::pin(stage::set()).await;
    let channel = Endpoint::from_shared(format!("http://{}", hub.address()))
        .unwrap()
        .connect_lazy();
    let tokens: Vec<String> = Role::ALL
        .iter()
        .flat_map(|role| Position::ALL.map(|position| position.token(&hub, &stage, *role)))
        .collect();
    let mut matrix = header();
    for method in methods() {
        let sample = sample(&method, &stage).unwrap_or_else(|| {
            panic!("{method} has no sample request: add one to matrix/samples.rs, and a row to auth/table.rs")
        });
        let asked = Arc::new((method.clone(), sample));
        let calls: Vec<_> = tokens
            .iter()
            .map(|token| tokio::spawn(cell(channel.clone(), Arc::clone(&asked), token.clone())))
            .collect();
        let mut letters = String::new();
        for call in calls {
            letters.push(call.await.unwrap());
        }
        assert!(
            letters.contains('a'),
            "{method}: nobody may call it; is its row missing?"
        );
        let by_role: Vec<&str> = (0..Role::ALL.len())
            .map(|role| &letters[role * Position::ALL.len()..(role + 1) * Position::ALL.len()])
            .collect();
        let name = method.trim_start_matches("serasi.v1.");
        writeln!(matrix, "{name:<40} {}", by_role.join(" ")).unwrap();
    }
    hub.finish().await;
    let expected = include_str!("matrix/expected.txt");
    if matrix != expected {
        let seen = concat!(env!("CARGO_TARGET_TMPDIR"), "/access_matrix.txt");
        std::fs::write(seen, &matrix).unwrap();
        let differing = matrix.lines().filter(|line| !expected.contains(*line));
        panic!(
            "access has changed; read {seen} line by line, and if that is what shall be, copy it to \
             tests/tests/behaviour/matrix/expected.txt. Lines that are not there:\n{}",
            differing.collect::<Vec<_>>().join("\n")
        );
    }
}

/// What the hub says, as one letter: the legend is in the header.
async fn cell(channel: Channel, asked: Arc<(String, Sample)>, token: String) -> char {
    let (method, sample) = &*asked;
    match call(&channel, method, &sample.messages(), Some(&token)).await {
        Answer::Ok(bytes) => match &sample.shows {
            Some(id) if !String::from_utf8_lossy(&bytes).contains(id.as_str()) => 'e',
            Some(_) | None => 'a',
        },
        Answer::Refused(status) => match status.code() {
            Code::PermissionDenied => 'd',
            Code::NotFound => 'h',
            Code::InvalidArgument => 'i',
            // The caller got as far as the record: it is not in the state, the version has moved, it exists.
            Code::FailedPrecondition | Code::Aborted | Code::AlreadyExists | Code::ResourceExhausted => 'a',
            other => panic!("{method} answered {other}: {}", status.message()),
        },
    }
}

#[tokio::test]
async fn without_a_token_no_method_answers_and_what_is_hidden_looks_like_what_is_not_there() {
    let (hub, stage) = Box::pin(stage::set()).await;
    let channel = Endpoint::from_shared(format!("http://{}", hub.address()))
        .unwrap()
        .connect_lazy();
    let stranger = hub.token(&Role::ALL, stage::ELSEWHERE, Some(&stage.other_facility));
    let mut hidden = 0;
    for method in methods() {
        let sample = sample(&method, &stage).unwrap();
        let nobody = call(&channel, &method, &sample.messages(), None).await;
        let is_public = method == "serasi.v1.CaseService/GetPublicStatus";
        let expected = if is_public {
            Code::Ok
        } else {
            Code::Unauthenticated
        };
        assert_eq!(nobody.code(), expected, "{method}");
        let Some(id) = sample.about.clone() else {
            continue;
        };
        let refused = call(&channel, &method, &sample.messages(), Some(&stranger)).await;
        if refused.code() != Code::NotFound {
            continue;
        }
        hidden += 1;
        let unknown = stage::unknown(&id);
        let asked = sample.with_id(&id, &unknown);
        let absent = call(&channel, &method, &asked.messages(), Some(&stranger)).await;
        assert_eq!(
            absent.bytes_with(&unknown, &id),
            refused.bytes_with(&id, &id),
            "{method}"
        );
    }
    assert!(hidden > 20, "only {hidden} methods hide something");
    hub.finish().await;
}

/// Paths of all methods of the contract, in its order.
fn methods() -> Vec<String> {
    let set = FileDescriptorSet::decode(serasi_proto::DESCRIPTOR_SET).unwrap();
    let mut methods = vec![];
    for file in set.file.iter().filter(|file| file.package() == "serasi.v1") {
        for service in &file.service {
            let of_service = service.method.iter();
            methods
                .extend(of_service.map(|method| format!("serasi.v1.{}/{}", service.name(), method.name())));
        }
    }
    methods.sort_unstable();
    methods
}

fn header() -> String {
    let roles: Vec<String> = Role::ALL
        .iter()
        .map(|role| {
            format!(
                "{:<6}",
                role.code().replace('_', "").chars().take(6).collect::<String>()
            )
        })
        .collect();
    format!(
        "Who may call what. One letter for each way to stand to the record:\n\
         1 its region is in the scope  2 another scope  3 officer's facility, another scope  4 another facility\n\
         5 who reported the case, another scope  6 the nation\n\
         a allowed  d denied (PERMISSION_DENIED)  h hidden (NOT_FOUND)  i a region outside the scope (INVALID_ARGUMENT)\n\
         e answered without the record\n\n\
         {:<40} {}\n",
        "",
        roles.join(" ").trim_end()
    )
}
