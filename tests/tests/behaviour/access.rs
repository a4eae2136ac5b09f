//! Nobody gets in where they do not belong, and nothing readable lies in the database.

use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::build::{facility, intake, request_id, submit};
use serasi_tests::status::refusal;
use tonic::Code;

use crate::scene::hub_with;

#[tokio::test]
async fn without_a_valid_token_nothing_answers() {
    let hub = hub_with(vec![]).await;
    let good = hub.token(&[Role::HotlineOperator], "ID", None);
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let tampered = format!("{signed}.{}A", &signature[..signature.len() - 2]);
    let mut parts = good.split('.');
    let (header, claims) = (parts.next().unwrap(), parts.next().unwrap());
    let unsigned = format!("{header}.{claims}.");
    let other_hub = hub_with(vec![]).await;
    let foreign = other_hub.token(&[Role::HotlineOperator], "ID", None);
    for token in [
        None,
        Some(""),
        Some("x.y.z"),
        Some(&tampered),
        Some(&unsigned),
        Some(&foreign),
    ] {
        let mut client = hub.with_token(token);
        let refused = client
            .intake
            .submit_intake(submit(intake("1")))
            .await
            .unwrap_err();
        assert_eq!(
            refusal(&refused),
            (Code::Unauthenticated, "TOKEN_INVALID".to_owned()),
            "{token:?}"
        );
        let refused = client
            .reference
            .list_articles(v1::ListArticlesRequest {})
            .await
            .unwrap_err();
        assert_eq!(refused.code(), Code::Unauthenticated);
    }
    other_hub.finish().await;
    hub.finish().await;
}

#[tokio::test]
async fn a_role_without_the_verb_is_denied() {
    let hub = hub_with(vec![]).await;
    let refused = hub
        .client(Role::Auditor, "ID")
        .intake
        .submit_intake(submit(intake("1")))
        .await
        .unwrap_err();
    assert_eq!(
        refusal(&refused),
        (Code::PermissionDenied, "PERMISSION_DENIED".to_owned())
    );
    hub.finish().await;
}

#[tokio::test]
async fn a_case_outside_the_scope_is_not_found_and_not_listed() {
    let hub = hub_with(vec![facility("A", "32.73.02", 1)]).await;
    let answer = hub
        .coordinator()
        .intake
        .submit_intake(submit(intake("1")))
        .await
        .unwrap()
        .into_inner();
    let id = answer.case.unwrap().case_id;
    for (scope, sees) in [
        ("32", true),
        ("32.73", true),
        ("ID", true),
        ("33", false),
        ("32.74", false),
    ] {
        let mut client = hub.client(Role::Coordinator, scope);
        let got = client
            .cases
            .get_case(v1::GetCaseRequest { case_id: id.clone() })
            .await;
        assert_eq!(got.is_ok(), sees, "{scope}");
        let listed = client
            .cases
            .list_cases(v1::ListCasesRequest::default())
            .await
            .unwrap()
            .into_inner();
        assert_eq!(!listed.cases.is_empty(), sees, "{scope}");
        let route = v1::RouteCaseRequest {
            request_id: request_id(),
            case_id: id.clone(),
            ..v1::RouteCaseRequest::default()
        };
        if !sees {
            let refused = client.referral.route_case(route).await.unwrap_err();
            assert_eq!(
                refusal(&refused),
                (Code::NotFound, "NOT_FOUND".to_owned()),
                "{scope}"
            );
        }
    }
    hub.finish().await;
}

#[tokio::test]
async fn a_facility_sees_its_own_offers_and_opens_the_person_only_after_acceptance() {
    let hub = hub_with(vec![facility("A", "32.73.01", 1), facility("B", "32.04.05", 1)]).await;
    let answer = hub
        .coordinator()
        .intake
        .submit_intake(submit(intake("1")))
        .await
        .unwrap()
        .into_inner();
    let offer = answer.outcome.unwrap().offer.unwrap();
    let mut asked = hub.officer(&offer.facility_id);
    let other = crate::scene::facility_id(&mut hub.coordinator(), "B").await;
    let mut stranger = hub.officer(&other);
    let list = v1::ListOffersRequest {
        case_id: offer.case_id.clone(),
        ..v1::ListOffersRequest::default()
    };
    let own = asked
        .referral
        .list_offers(list.clone())
        .await
        .unwrap()
        .into_inner()
        .offers;
    assert_eq!(own.len(), 1);
    assert_eq!(own[0].party[0].age_band(), v1::AgeBand::Schoolchild);
    assert!(
        stranger
            .referral
            .list_offers(list)
            .await
            .unwrap()
            .into_inner()
            .offers
            .is_empty()
    );

    let accept = || v1::AcceptOfferRequest {
        request_id: request_id(),
        offer_id: offer.offer_id.clone(),
        capacity: None,
    };
    let refused = stranger.referral.accept_offer(accept()).await.unwrap_err();
    assert_eq!(refusal(&refused), (Code::NotFound, "NOT_FOUND".to_owned()));
    let get = || v1::GetCaseRequest {
        case_id: offer.case_id.clone(),
    };
    assert_eq!(
        asked.cases.get_case(get()).await.unwrap_err().code(),
        Code::NotFound
    );
    asked.referral.accept_offer(accept()).await.unwrap();
    assert!(asked.cases.get_case(get()).await.is_ok());
    assert_eq!(
        stranger.cases.get_case(get()).await.unwrap_err().code(),
        Code::NotFound
    );
    hub.finish().await;
}

#[tokio::test]
async fn no_personal_data_lies_readable_in_the_database_and_every_look_is_on_record() {
    let hub = hub_with(vec![facility("A", "32.73.02", 1)]).await;
    let mut client = hub.coordinator();
    let canary = v1::Person {
        nik: "3273015006160007".to_owned(),
        name: "Kenanga Kenari".to_owned(),
        birth_date: "2016-06-10".to_owned(),
        sex: v1::Sex::Female as i32,
        phone: "081299988877".to_owned(),
        address: "Gang Rahasia 17".to_owned(),
        mother_name: "Dahlia Rahasia".to_owned(),
        ..v1::Person::default()
    };
    let report = v1::Intake {
        persons: vec![canary],
        story: "Cerita yang sangat rahasia.".to_owned(),
        location_note: "Belakang masjid rahasia".to_owned(),
        reporter: Some(v1::Reporter {
            name: "Pelapor Rahasia".to_owned(),
            ..Default::default()
        }),
        ..intake("1")
    };
    let answer = client
        .intake
        .submit_intake(submit(report))
        .await
        .unwrap()
        .into_inner();
    let id = answer.case.unwrap().case_id;
    let mut worker = hub.client(Role::SocialWorker, "32.73");
    let seen = crate::scene::case(&mut worker, &id).await;
    assert_eq!(seen.persons[0].nik, "3273015006160007");

    let dump = whole_database(&hub).await;
    for secret in [
        "3273015006160007",
        "Kenanga",
        "081299988877",
        "ahasia",
        "2016-06-10",
    ] {
        assert!(!dump.contains(secret), "{secret} lies readable in the database");
    }
    let mut connection = hub.database.connect().await;
    let looks: i64 =
        sqlx::query_scalar("SELECT count(*) FROM audit_entries WHERE verb = 'GetCase' AND subject_id = $1")
            .bind(&id)
            .fetch_one(&mut connection)
            .await
            .unwrap();
    assert_eq!(looks, 1);
    hub.finish().await;
}

/// Every row of every table as text.
async fn whole_database(hub: &serasi_tests::TestHub) -> String {
    let mut connection = hub.database.connect().await;
    let tables: Vec<String> =
        sqlx::query_scalar("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'")
            .fetch_all(&mut connection)
            .await
            .unwrap();
    assert!(tables.len() > 10);
    let mut dump = String::new();
    for table in tables {
        // Bytes are shown as they would be in a stolen file, not as hex.
        let query = format!("SELECT encode(convert_to(t::text, 'UTF8'), 'escape') FROM {table} t");
        let rows: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(query))
            .fetch_all(&mut connection)
            .await
            .unwrap();
        dump.push_str(&rows.join("\n"));
    }
    let sealed: Vec<Vec<u8>> = sqlx::query_scalar(
        "SELECT content FROM intakes UNION ALL SELECT content FROM persons UNION ALL SELECT response \
         FROM idempotency_keys",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert!(sealed.len() >= 3);
    for bytes in sealed {
        dump.push_str(&String::from_utf8_lossy(&bytes));
    }
    dump
}

#[tokio::test]
async fn a_facility_cannot_license_itself_or_lift_its_own_suspension() {
    let hub = hub_with(vec![facility("A", "32.73.01", 1)]).await;
    let id = crate::scene::facility_id(&mut hub.coordinator(), "A").await;
    let mut officer = hub.officer(&id);
    let get = v1::GetFacilityRequest {
        facility_id: id.clone(),
    };
    let own = officer
        .facilities
        .get_facility(get)
        .await
        .unwrap()
        .into_inner()
        .facility
        .unwrap();
    let update = |facility| v1::UpdateFacilityRequest {
        request_id: request_id(),
        facility: Some(facility),
    };
    let balai = v1::Facility {
        kind: v1::FacilityKind::Balai as i32,
        ..own.clone()
    };
    let refused = officer
        .facilities
        .update_facility(update(balai))
        .await
        .unwrap_err();
    assert_eq!(
        refusal(&refused),
        (Code::PermissionDenied, "PERMISSION_DENIED".to_owned())
    );
    let moved_house = v1::Facility {
        phone: "0220000001".to_owned(),
        ..own
    };
    officer
        .facilities
        .update_facility(update(moved_house))
        .await
        .unwrap();
    let resume = v1::ResumeFacilityRequest {
        request_id: request_id(),
        facility_id: id,
        version: 0,
    };
    let refused = officer.facilities.resume_facility(resume).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    hub.finish().await;
}
