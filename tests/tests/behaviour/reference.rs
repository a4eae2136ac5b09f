//! What clients fill their forms with.

use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::Client;
use serasi_tests::status::violated_fields;

use crate::scene::hub_with;

async fn codes(client: &mut Client, request: v1::ListRegionsRequest) -> Vec<String> {
    let answer = client.reference.list_regions(request).await.unwrap().into_inner();
    answer.regions.into_iter().map(|region| region.code).collect()
}

#[tokio::test]
async fn regions_are_found_by_code_by_name_and_by_parent() {
    let hub = hub_with(vec![]).await;
    let mut client = hub.client(Role::HotlineOperator, "32");
    let query = |query: &str| v1::ListRegionsRequest {
        query: query.to_owned(),
        ..Default::default()
    };
    assert_eq!(codes(&mut client, query("32.73")).await, ["32.73"]);
    assert_eq!(
        codes(&mut client, query("32.73.01.1001")).await,
        ["32.73.01.1001"]
    );
    assert_eq!(codes(&mut client, query("kota bandung")).await[0], "32.73");
    let children = v1::ListRegionsRequest {
        parent_code: "34".to_owned(),
        ..Default::default()
    };
    assert_eq!(
        codes(&mut client, children).await,
        ["34.01", "34.02", "34.03", "34.04", "34.71"]
    );
    let all = v1::ListRegionsRequest {
        page_size: 200,
        ..Default::default()
    };
    assert_eq!(codes(&mut client, all).await.len(), 38);
    hub.finish().await;
}

#[tokio::test]
async fn travel_categories_and_articles_are_told() {
    let hub = hub_with(vec![]).await;
    let mut client = hub.client(Role::Referrer, "ID");
    let travel = |from: &str, to: &str| v1::GetTravelRequest {
        from_region_code: from.to_owned(),
        to_region_code: to.to_owned(),
    };
    let bandung = client
        .reference
        .get_travel(travel("31.71", "32.73"))
        .await
        .unwrap()
        .into_inner();
    assert!((120..=240).contains(&bandung.travel_minutes), "{bandung:?}");
    let refused = client.reference.get_travel(travel("32", "")).await.unwrap_err();
    assert_eq!(violated_fields(&refused), ["from_region_code", "to_region_code"]);
    let categories = client
        .reference
        .list_ppks_categories(v1::ListPpksCategoriesRequest {})
        .await;
    assert_eq!(categories.unwrap().into_inner().categories.len(), 26);
    let articles = client
        .reference
        .list_articles(v1::ListArticlesRequest {})
        .await
        .unwrap()
        .into_inner();
    assert!(
        articles
            .articles
            .iter()
            .any(|article| article.citation == "P16 Ps.3")
    );
    hub.finish().await;
}
