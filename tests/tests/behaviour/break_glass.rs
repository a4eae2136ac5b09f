//! Breaking the glass (guarantees, S6): rare, brief, seen.

use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::build::{intake, request_id, submit};
use serasi_tests::status::{refusal, violated_fields};
use serasi_tests::{Client, TestHub};
use tonic::Code;

use crate::scene::{case, hub_with};

const HERE: &str = "32.73";
const NAME: &str = "Melati Contoh";
const WORDS: &str = "Ayah Melati Contoh mengancam datang malam ini.";

/// A masked case, and a supervisor who comes more than once.
async fn masked_case() -> (TestHub, String) {
    let hub = hub_with(vec![]).await;
    let mut reporter = hub.client(Role::HotlineOperator, "ID");
    let answer = reporter.intake.submit_intake(submit(intake("1"))).await.unwrap();
    let id = answer.into_inner().case.unwrap().case_id;
    (hub, id)
}

fn client(hub: &TestHub, who: &str, role: Role) -> Client {
    hub.with_token(Some(&hub.token_of(who, &[role], HERE, None)))
}

fn opening(case: &str) -> v1::OpenBreakGlassRequest {
    v1::OpenBreakGlassRequest {
        request_id: request_id(),
        case_id: case.to_owned(),
        reason: v1::BreakGlassReason::Danger as i32,
        text: WORDS.to_owned(),
        minutes: 0,
    }
}

async fn open(client: &mut Client, case: &str) -> v1::BreakGlass {
    let opened = client.audit.open_break_glass(opening(case)).await.unwrap();
    opened.into_inner().break_glass.unwrap()
}

fn review(glass: &v1::BreakGlass, verdict: v1::BreakGlassVerdict) -> v1::ReviewBreakGlassRequest {
    v1::ReviewBreakGlassRequest {
        request_id: request_id(),
        break_glass_id: glass.break_glass_id.clone(),
        verdict: verdict as i32,
        text: "Tidak perlu, petugas terjangkau.".to_owned(),
    }
}

async fn list(client: &mut Client, unreviewed_only: bool) -> Vec<v1::BreakGlass> {
    let request = v1::ListBreakGlassRequest {
        unreviewed_only,
        ..v1::ListBreakGlassRequest::default()
    };
    let listed = client.audit.list_break_glass(request).await.unwrap();
    listed.into_inner().break_glasses
}

#[tokio::test]
async fn it_opens_one_case_to_one_person_until_it_expires_and_no_list() {
    let (hub, id) = masked_case().await;
    let mut rina = client(&hub, "rina", Role::Supervisor);
    assert_eq!(case(&mut rina, &id).await.persons[0].name, "***");
    let glass = open(&mut rina, &id).await;
    let (opened, expires) = (glass.open_time.unwrap(), glass.expire_time.unwrap());
    assert_eq!(expires.seconds - opened.seconds, 4 * 60 * 60);

    let seen = case(&mut rina, &id).await;
    assert_eq!((seen.persons[0].name.as_str(), seen.mask_reason), (NAME, 0));
    assert!(!seen.story.is_empty());
    let colleague = case(&mut client(&hub, "budi", Role::Supervisor), &id).await;
    assert_eq!(colleague.persons[0].name, "***");
    let listed = rina
        .cases
        .list_cases(v1::ListCasesRequest::default())
        .await
        .unwrap();
    assert_eq!(listed.into_inner().cases[0].mask_reason(), v1::MaskReason::Child);

    let mut connection = hub.database.connect().await;
    sqlx::query("UPDATE break_glass SET opened_at = now() - interval '1 hour', expires_at = now()")
        .execute(&mut connection)
        .await
        .unwrap();
    assert_eq!(case(&mut rina, &id).await.persons[0].name, "***");
    hub.finish().await;
}

#[tokio::test]
async fn the_opening_and_every_look_are_on_record_and_the_opening_is_told() {
    let (hub, id) = masked_case().await;
    let mut rina = client(&hub, "rina", Role::Supervisor);
    let glass = open(&mut rina, &id).await;
    for _ in 0..2 {
        case(&mut rina, &id).await;
    }
    let mut connection = hub.database.connect().await;
    let query =
        "SELECT verb, subject_id FROM audit_entries WHERE principal LIKE '%#rina' ORDER BY at, subject_id";
    let record: Vec<(String, String)> = sqlx::query_as(query).fetch_all(&mut connection).await.unwrap();
    let on = |verb: &str, subject: &String| (verb.to_owned(), subject.clone());
    let look = [on("GetCase", &id), on("GetCase", &glass.break_glass_id)];
    let expected = [
        on("OpenBreakGlass", &id),
        on("OpenBreakGlass", &glass.break_glass_id),
        look[0].clone(),
        look[1].clone(),
        look[0].clone(),
        look[1].clone(),
    ];
    assert_eq!(record, expected);
    let query = "SELECT payload::text FROM events WHERE kind = 'break_glass.opened' AND subject_id = $1";
    let told: String = sqlx::query_scalar(query)
        .bind(&glass.break_glass_id)
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert!(
        told.contains(&id) && told.contains("danger") && !told.contains("Melati"),
        "{told}"
    );
    let sealed: Vec<u8> = sqlx::query_scalar("SELECT words FROM break_glass")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert!(!sealed.windows(6).any(|bytes| bytes == b"Melati"));
    hub.finish().await;
}

#[tokio::test]
async fn a_second_person_reviews_it_and_until_then_it_stays_listed_and_becomes_overdue() {
    let (hub, id) = masked_case().await;
    let mut rina = client(&hub, "rina", Role::Supervisor);
    let glass = open(&mut rina, &id).await;
    let mut auditor = client(&hub, "citra", Role::Auditor);
    let waiting = list(&mut auditor, true).await;
    assert_eq!((waiting.len(), waiting[0].review_overdue), (1, false));
    assert!(
        waiting[0].text.is_empty(),
        "a list says nothing of what was written"
    );

    let mut connection = hub.database.connect().await;
    sqlx::query("UPDATE break_glass SET review_before = now()")
        .execute(&mut connection)
        .await
        .unwrap();
    assert!(list(&mut auditor, true).await[0].review_overdue);

    let own = review(&glass, v1::BreakGlassVerdict::Justified);
    let refused = rina.audit.review_break_glass(own).await.unwrap_err();
    let own_review = (Code::FailedPrecondition, "BREAK_GLASS_OWN_REVIEW".to_owned());
    assert_eq!(refusal(&refused), own_review);
    // The same person in another role is no second person.
    let own = review(&glass, v1::BreakGlassVerdict::Justified);
    let mut as_auditor = client(&hub, "rina", Role::Auditor);
    let refused = as_auditor.audit.review_break_glass(own).await.unwrap_err();
    assert_eq!(refusal(&refused), own_review);

    let verdict = review(&glass, v1::BreakGlassVerdict::NotJustified);
    let done = auditor
        .audit
        .review_break_glass(verdict)
        .await
        .unwrap()
        .into_inner();
    let done = done.break_glass.unwrap();
    assert_eq!(done.verdict(), v1::BreakGlassVerdict::NotJustified);
    assert!(done.reviewer.ends_with("#citra") && !done.review_overdue);
    assert!(list(&mut auditor, true).await.is_empty());
    assert_eq!(list(&mut auditor, false).await, [done]);
    let again = review(&glass, v1::BreakGlassVerdict::Justified);
    let refused = auditor.audit.review_break_glass(again).await.unwrap_err();
    assert_eq!(
        refusal(&refused),
        (Code::FailedPrecondition, "BREAK_GLASS_REVIEWED".to_owned())
    );
    let get = v1::GetBreakGlassRequest {
        break_glass_id: glass.break_glass_id,
    };
    let whole = auditor.audit.get_break_glass(get).await.unwrap().into_inner();
    let whole = whole.break_glass.unwrap();
    assert_eq!(whole.text, WORDS);
    assert_eq!(whole.review_text, "Tidak perlu, petugas terjangkau.");
    hub.finish().await;
}

#[tokio::test]
async fn it_asks_for_a_reason_words_and_at_most_four_hours_and_where_nothing_is_masked_it_is_refused() {
    let (hub, id) = masked_case().await;
    let mut rina = client(&hub, "rina", Role::Supervisor);
    let wordless = v1::OpenBreakGlassRequest {
        reason: 0,
        text: "darurat".to_owned(),
        minutes: 241,
        ..opening(&id)
    };
    let refused = rina.audit.open_break_glass(wordless).await.unwrap_err();
    assert_eq!(violated_fields(&refused), ["reason", "text", "minutes"]);
    let mut worker = client(&hub, "dewi", Role::SocialWorker);
    let refused = worker.audit.open_break_glass(opening(&id)).await.unwrap_err();
    assert_eq!(
        refusal(&refused),
        (Code::FailedPrecondition, "BREAK_GLASS_NOT_NEEDED".to_owned())
    );
    let request = opening(&id);
    let first = rina
        .audit
        .open_break_glass(request.clone())
        .await
        .unwrap()
        .into_inner();
    let again = rina.audit.open_break_glass(request).await.unwrap().into_inner();
    assert_eq!(again, first, "a retry opens nothing new");
    hub.finish().await;
}

#[tokio::test]
async fn the_database_keeps_no_opening_of_more_than_four_hours_and_no_review_by_the_opener() {
    let (hub, id) = masked_case().await;
    open(&mut client(&hub, "rina", Role::Supervisor), &id).await;
    let mut connection = hub.database.connect().await;
    for (statement, constraint) in [
        (
            "UPDATE break_glass SET expires_at = opened_at + interval '4 hours 1 second'",
            "break_glass_is_brief",
        ),
        (
            "UPDATE break_glass SET reviewed_at = now(), reviewed_by = principal, verdict = 'justified',
                 review_words = 'x'",
            "break_glass_second_person",
        ),
    ] {
        let refused = sqlx::query(statement).execute(&mut connection).await.unwrap_err();
        assert!(refused.to_string().contains(constraint), "{refused}");
    }
    hub.finish().await;
}

#[tokio::test]
async fn nobody_opens_case_after_case_or_the_same_again_before_somebody_has_looked() {
    let (hub, first) = masked_case().await;
    let mut reporter = hub.client(Role::HotlineOperator, "ID");
    let mut rina = client(&hub, "rina", Role::Supervisor);
    let glass = open(&mut rina, &first).await;
    let again = rina.audit.open_break_glass(opening(&first)).await.unwrap_err();
    assert_eq!(refusal(&again).1, "BREAK_GLASS_AWAITS_REVIEW");
    let mut more = vec![];
    for reference in ["2", "3", "4", "5", "6"] {
        let answer = reporter
            .intake
            .submit_intake(submit(intake(reference)))
            .await
            .unwrap();
        more.push(answer.into_inner().case.unwrap().case_id);
    }
    let mut openings = tokio::task::JoinSet::new();
    for id in more {
        let mut rina = rina.clone();
        openings.spawn(async move { rina.audit.open_break_glass(opening(&id)).await });
    }
    let opened = openings.join_all().await;
    let refused: Vec<_> = opened.into_iter().filter_map(Result::err).collect();
    assert_eq!(refused.len(), 1, "five of six, also at the same time");
    assert_eq!(refusal(&refused[0]).1, "BREAK_GLASS_TOO_MANY");
    open(&mut client(&hub, "budi", Role::Supervisor), &first).await;

    let mut auditor = client(&hub, "citra", Role::Auditor);
    let looked_at = review(&glass, v1::BreakGlassVerdict::Justified);
    auditor.audit.review_break_glass(looked_at).await.unwrap();
    open(&mut rina, &first).await;
    hub.finish().await;
}

#[tokio::test]
async fn a_glass_helps_only_who_may_still_break_it_and_opens_no_records() {
    let (hub, id) = masked_case().await;
    // Above the owner's region: sees the case, and sees it masked.
    let mut rina = hub.with_token(Some(&hub.token_of("rina", &[Role::Coordinator], "32", None)));
    open(&mut rina, &id).await;
    assert_eq!(case(&mut rina, &id).await.persons[0].name, NAME);
    let mut elsewhere = client(&hub, "rina", Role::DinasOfficer);
    assert_eq!(case(&mut elsewhere, &id).await.persons[0].name, "***");
    let looks = async |verb: &str| -> i64 {
        let mut connection = hub.database.connect().await;
        let query = "SELECT count(*) FROM audit_entries a JOIN break_glass g ON a.subject_id LIKE '%' || g.break_glass_id
             WHERE a.verb = $1";
        sqlx::query_scalar(query)
            .bind(verb)
            .fetch_one(&mut connection)
            .await
            .unwrap()
    };
    let list = v1::ListRecordsRequest {
        case_id: id.clone(),
        ..v1::ListRecordsRequest::default()
    };
    rina.cases.list_records(list).await.unwrap();
    assert_eq!((looks("GetCase").await, looks("ListRecords").await), (1, 0));
    hub.finish().await;
}
