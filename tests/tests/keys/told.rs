//! What the streams say about a database in which everything has happened, from its first event on.

use std::fmt::Debug;
use std::time::Duration;

use serasi_proto::v1;
use serasi_tests::Client;
use serasi_tests::build::submit;
use tonic::Streaming;

/// Before every event of a database.
const BEGINNING: &str = "1.1:0:";
/// Longer than a hub that works takes for anything here.
const PATIENCE: Duration = Duration::from_secs(20);

/// All messages of the watches and of a replayed queue that is taken and refused, as texts.
pub(crate) async fn all_that_is_told(client: &mut Client, report: v1::Intake) -> Vec<u8> {
    let mut told = queue(client, report).await;
    let offers = v1::WatchOffersRequest {
        cursor: BEGINNING.to_owned(),
        ..v1::WatchOffersRequest::default()
    };
    let offers = client.referral.watch_offers(offers).await.unwrap();
    let cases = v1::WatchCasesRequest {
        cursor: BEGINNING.to_owned(),
        ..v1::WatchCasesRequest::default()
    };
    let cases = client.cases.watch_cases(cases).await.unwrap();
    let places = v1::WatchCapacityRequest {
        cursor: BEGINNING.to_owned(),
        region_code: "ID".to_owned(),
        ..v1::WatchCapacityRequest::default()
    };
    let places = client.facilities.watch_capacity(places).await.unwrap();
    told.extend(changes(offers.into_inner(), ("offer.declined", 1)).await);
    told.extend(changes(cases.into_inner(), ("case.resolved_directly", 1)).await);
    told.extend(changes(places.into_inner(), ("capacity.changed", 4)).await);
    told
}

/// One entry that is taken and one that is refused for what stands in it.
async fn queue(client: &mut Client, report: v1::Intake) -> Vec<u8> {
    let wrong = v1::Intake {
        region_code: report.persons[0].nik.clone(),
        ppks_category: report.persons[0].name.clone(),
        ..report.clone()
    };
    let entries = [(1, report), (2, wrong)].map(|(entry, report)| v1::StreamIntakesRequest {
        entry,
        submission: Some(submit(report)),
    });
    let results = client.intake.stream_intakes(tokio_stream::iter(entries)).await;
    // One of the two has the taken case, the other the fields that are wrong.
    let told = changes(results.unwrap().into_inner(), ("entry: ", 2)).await;
    let text = String::from_utf8_lossy(&told);
    assert!(
        text.contains("case_id") && text.contains("REQUEST_INVALID"),
        "{text}"
    );
    told
}

/// Every message until `count` of them hold `text`, as text, and what of them is bytes as it is.
async fn changes<M: Debug + prost::Message>(
    mut stream: Streaming<M>,
    (text, count): (&str, usize),
) -> Vec<u8> {
    let mut told = vec![];
    let mut found = 0;
    while found < count {
        let message = tokio::time::timeout(PATIENCE, stream.message()).await;
        let message = message.expect("it is told in time").unwrap().unwrap();
        let shown = format!("{message:?}\n");
        found += usize::from(shown.contains(text));
        told.extend(shown.into_bytes());
        told.extend(message.encode_to_vec());
    }
    told
}
