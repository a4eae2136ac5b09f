//! A person is found by number and by name, and neither stands in the database.

use std::time::{Duration, Instant};

use serasi_domain::id::{CaseId, PersonId};
use serasi_domain::person::{Person, Phone};
use serasi_domain::text::Text;
use serasi_hub::auth::Role;
use serasi_hub::search_terms;
use serasi_proto::v1;
use serasi_store::Context;
use serasi_store::persons::{self, Candidate, SealedPersons};
use serasi_tests::TestHub;
use time::OffsetDateTime;

use crate::people::{canary, new_person, report, worker};
use crate::scene::{case, hub_with};

fn named(name: &str, birth: &str) -> Person {
    Person {
        name: Some(Text::new(name).unwrap()),
        birth: Some(birth.parse().unwrap()),
        ..Person::unknown()
    }
}

async fn now(hub: &TestHub) -> OffsetDateTime {
    let mut connection = hub.database.connect().await;
    serasi_store::now(&mut connection).await.unwrap()
}

/// In one line.
fn ids(found: &[PersonId]) -> String {
    found
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

async fn look_for(hub: &TestHub, person: &Person) -> Vec<Candidate> {
    let store = hub.database.store().await;
    let mut connection = store.begin(Context::WorkOnPersons).await.unwrap();
    let terms = search_terms::around(person, now(hub).await);
    persons::candidates(&mut connection, store.sealer(), &terms, 20)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_nik_and_a_telephone_in_any_spelling_find_their_person_in_every_region() {
    let hub = hub_with(vec![]).await;
    let mut client = hub.coordinator();
    let one = report(&mut client, "1", vec![canary(1)]).await;
    report(&mut client, "2", vec![canary(2)]).await;
    let wanted = case(&mut worker(&hub), &one).await.persons[0].person_id.clone();

    let store = hub.database.store().await;
    let mut connection = store.begin(Context::WorkOnPersons).await.unwrap();
    let nik = canary(1).nik.parse().unwrap();
    let found = persons::by_nik(&mut connection, store.sealer(), &nik, 10)
        .await
        .unwrap();
    assert_eq!(ids(&found), wanted);
    for written in ["0812-0000-0001", "+62 812 0000 0001", "6281200000001"] {
        let phone: Phone = written.parse().unwrap();
        let found = persons::by_phone(&mut connection, store.sealer(), &phone, 10).await;
        let found = found.unwrap();
        assert_eq!(ids(&found), wanted);
    }
    let stranger = "3273015006161111".parse().unwrap();
    let found = persons::by_nik(&mut connection, store.sealer(), &stranger, 10)
        .await
        .unwrap();
    assert!(found.is_empty());
    hub.finish().await;
}

#[tokio::test]
async fn a_name_in_another_spelling_and_order_finds_candidates_and_a_stranger_does_not() {
    let hub = hub_with(vec![]).await;
    let mut client = hub.coordinator();
    let id = report(&mut client, "1", vec![canary(1)]).await;
    let wanted = case(&mut worker(&hub), &id).await.persons[0].person_id.clone();
    let found = look_for(&hub, &named("Kenari Kenangah", "2015")).await;
    assert_eq!(found[0].id.to_string(), wanted);
    assert!(found[0].matches >= 2, "{found:?}");
    assert!(look_for(&hub, &named("Slamet Riyadi", "1961")).await.is_empty());
    hub.finish().await;
}

/// So many persons are added for the measurement; the long form is `SERASI_NAMES=1000000`.
const NAMES: usize = 3_000;
const CHUNK: usize = 1_000;
/// So many are asked about.
const ASKS: usize = 500;

/// Two words out of a short and a long list, as names are: some are everybody's, most are few people's.
fn invented(number: usize) -> Person {
    let syllables = [
        "ba", "di", "ka", "lu", "me", "no", "ra", "si", "ta", "wi", "yu", "pe",
    ];
    let word = |mut seed: usize, length: usize| {
        let mut word = String::new();
        for _ in 0..length {
            word.push_str(syllables[seed % syllables.len()]);
            seed /= syllables.len();
        }
        word
    };
    // Numbers near zero are drawn often.
    let spread = number.wrapping_mul(2_654_435_761) % 1_000_003;
    let common = (spread * spread / 1_000_003) % 1_700;
    let name = format!("{} {}", word(common, 3), word(spread, 4));
    named(&name, &(1945 + number % 75).to_string())
}

/// Times of the whole way, in order: index, opening of what is sealed, weighing, audit.
async fn propose(hub: &TestHub, wanted: usize) -> Vec<Duration> {
    let mut times = vec![];
    let numbers: Vec<usize> = (0..wanted).step_by((wanted / ASKS).max(1)).collect();
    // Nobody may ask more than thirty times a minute.
    for (officer, numbers) in numbers.chunks(25).enumerate() {
        let name = format!("petugas-{officer}");
        let token = hub.token_of(&name, &[Role::HotlineOperator], "33.74", None);
        let mut client = hub.with_token(Some(&token));
        // The connection is not what is measured.
        let articles = v1::ListArticlesRequest {};
        client.reference.list_articles(articles).await.unwrap();
        for number in numbers {
            let person = invented(*number);
            let request = v1::ProposeLinksRequest {
                name: person.name.unwrap().as_str().to_owned(),
                birth_date: person.birth.map(String::from).unwrap(),
                ..v1::ProposeLinksRequest::default()
            };
            let began = Instant::now();
            let found = client.intake.propose_links(request).await.unwrap().into_inner();
            times.push(began.elapsed());
            assert!(found.proposals.len() <= 10);
        }
    }
    times.sort_unstable();
    times
}

#[tokio::test(flavor = "multi_thread")]
async fn candidates_are_found_quickly_among_many() {
    let wanted: usize = std::env::var("SERASI_NAMES").map_or(NAMES, |names| names.parse().unwrap());
    let hub = hub_with(vec![]).await;
    let mut client = hub.coordinator();
    let store = hub.database.store().await;
    let now = now(&hub).await;
    for chunk in 0..wanted / CHUNK {
        let case: CaseId = report(&mut client, &chunk.to_string(), vec![])
            .await
            .parse()
            .unwrap();
        store.load_keys(case.home()).await.unwrap();
        let people: Vec<Person> = (chunk * CHUNK..(chunk + 1) * CHUNK).map(invented).collect();
        let people: Vec<_> = people
            .iter()
            .map(|person| new_person(case, person, now))
            .collect();
        let mut transaction = store.begin(Context::WorkOnPersons).await.unwrap();
        let people = SealedPersons::of(store.sealer(), case, &people).unwrap();
        persons::insert(&mut transaction, &people).await.unwrap();
        transaction.commit().await.unwrap();
    }
    let mut connection = hub.database.connect().await;
    // As it is when nobody has just added a million.
    for settle in ["VACUUM ANALYZE", "CHECKPOINT"] {
        sqlx::query(settle).execute(&mut connection).await.unwrap();
    }

    let mut times = vec![];
    for number in (0..wanted).step_by(wanted / 100) {
        let terms = search_terms::around(&invented(number), now);
        let began = Instant::now();
        let found = persons::candidates(&mut connection, store.sealer(), &terms, 50)
            .await
            .unwrap();
        times.push(began.elapsed());
        assert!(
            found[0].matches >= 2,
            "everybody finds at least themselves: {found:?}"
        );
    }
    times.sort_unstable();
    println!(
        "{wanted} persons: candidates p50 {:?}, p99 {:?}",
        times[times.len() / 2],
        times[times.len() * 99 / 100]
    );
    assert!(times[times.len() / 2] < Duration::from_millis(50), "{times:?}");
    let times = propose(&hub, wanted).await;
    println!(
        "{wanted} persons: ProposeLinks p50 {:?}, p99 {:?}",
        times[times.len() / 2],
        times[times.len() * 99 / 100]
    );
    assert!(times[times.len() / 2] < Duration::from_millis(50), "{times:?}");
    store.close().await;
    hub.finish().await;
}
