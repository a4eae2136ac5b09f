//! Clients that mean harm, against the hub as a process: it stays small, and who comes with an honest call is served.
//!
//! `SERASI_ABUSE_SECONDS` makes each attack last longer than the second of the short form; figures with `--nocapture`.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "in a test a panic is the failure that is wanted"
)]

#[path = "abuse/attacks.rs"]
mod attacks;
#[path = "abuse/frames.rs"]
mod frames;

use std::convert::Infallible;
use std::io::Write;
use std::net::SocketAddr;
use std::pin::Pin;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::Request;
use hyper::body::{Body, Frame};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serasi_proto::v1;
use serasi_tests::build::facility;
use serasi_tests::database::TestDatabase;
use serasi_tests::status::refusal;
use serasi_tests::{Client, HubProcess, binary};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_stream::{Stream, StreamExt};
use tonic::{Code, Status};

use attacks::{Attack, Attacker};

/// Attackers at the same time, each with a connection.
const ATTACKERS: usize = 4;
/// Whatever is done to it, the hub needs no more (guarantees, S7).
const MOST_MEMORY: u64 = 512 * 1024 * 1024;
/// An honest call under attack, on a machine that runs the attack, too.
const SLOWEST_HONEST_CALL: Duration = Duration::from_secs(10);

/// A hub process with some facilities.
struct Scene {
    hub: HubProcess,
    address: SocketAddr,
    token: String,
    _data_dir: tempfile::TempDir,
}

impl Scene {
    async fn set() -> Self {
        let database = TestDatabase::create().await;
        let data_dir = tempfile::tempdir().unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let hub = HubProcess::start(Some(database.url()), data_dir.path(), address.port()).await;
        let mut mint = Command::new(binary());
        mint.args([
            "token",
            "--role",
            "coordinator",
            "--role",
            "administrator",
            "--data-dir",
        ]);
        let minted = mint.arg(data_dir.path()).output().unwrap();
        let token = String::from_utf8(minted.stdout).unwrap().trim().to_owned();
        let rows: Vec<_> = (0..200)
            .map(|n| facility(&format!("{n}"), "32.73.01", 5))
            .collect();
        let mut client = Client::new(hub.url(), Some(&token));
        client
            .facilities
            .import_facilities(tokio_stream::iter(rows))
            .await
            .unwrap();
        Self {
            hub,
            address,
            token,
            _data_dir: data_dir,
        }
    }

    fn caller(&self) -> (SocketAddr, String) {
        (self.address, self.token.clone())
    }

    fn end(self) {
        let peak = self.hub.peak_memory();
        assert!(peak < MOST_MEMORY, "the hub took {} MiB", peak >> 20);
        assert_eq!(self.hub.terminate(), Some(0), "it stops as ever");
    }

    /// Calls honestly, one after the other, until told to stop; how long each took. A full hub may tell it to come again.
    fn honest(&self, stop: &Arc<AtomicBool>) -> tokio::task::JoinHandle<Vec<Duration>> {
        let mut client = Client::new(self.hub.url(), Some(&self.token));
        let stop = Arc::clone(stop);
        tokio::spawn(async move {
            let mut took = vec![];
            while !stop.load(Ordering::Relaxed) {
                let begun = Instant::now();
                let request = v1::ListFacilitiesRequest {
                    page_size: 5,
                    ..v1::ListFacilitiesRequest::default()
                };
                while let Err(refused) = client.facilities.list_facilities(request.clone()).await {
                    assert_eq!(
                        refusal(&refused),
                        (Code::ResourceExhausted, "OVERLOADED".to_owned())
                    );
                    tokio::task::yield_now().await;
                }
                took.push(begun.elapsed());
            }
            took
        })
    }
}

fn seconds() -> Duration {
    let named = std::env::var("SERASI_ABUSE_SECONDS").ok();
    Duration::from_secs(named.map_or(1, |seconds| seconds.parse().expect("a number of seconds")))
}

fn p99(took: &mut [Duration]) -> Duration {
    took.sort_unstable();
    took[(took.len() - 1) * 99 / 100]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_each_flood_the_hub_stays_small_and_serves_honest_calls() {
    let scene = Scene::set().await;
    for attack in Attack::ALL {
        let stop = Arc::new(AtomicBool::new(false));
        let honest = scene.honest(&stop);
        let attacker = Attacker {
            address: scene.address,
            token: scene.token.clone(),
            until: Instant::now() + seconds(),
        };
        let mut attackers = JoinSet::new();
        for _ in 0..ATTACKERS {
            let attacker = attacker.clone();
            attackers.spawn(async move {
                // An attacker whom the hub no longer reads would never come back.
                let patience = seconds() + Duration::from_secs(2);
                tokio::time::timeout(patience, attack.run(&attacker))
                    .await
                    .unwrap_or((0, 1))
            });
        }
        let (mut sent, mut cut) = (0, 0);
        while let Some(one) = attackers.join_next().await {
            let one = one.unwrap();
            sent += one.0;
            cut += one.1;
        }
        stop.store(true, Ordering::Relaxed);
        let mut took = honest.await.unwrap();
        let (calls, p99) = (took.len(), p99(&mut took));
        let peak = scene.hub.peak_memory() >> 20;
        println!(
            "{attack:?}: {sent} frames, cut off {cut} times; {calls} honest calls, p99 {p99:?}; peak {peak} MiB"
        );
        assert!(sent + cut > 0, "{attack:?} was no attack");
        assert!(
            calls > 0 && p99 < SLOWEST_HONEST_CALL,
            "{attack:?}: {calls} calls, p99 {p99:?}"
        );
        assert!(cut > 0 || !attack.is_cut_off(), "{attack:?} was never cut off");
    }
    scene.end();
}

/// One call by HTTP/2 alone; the status it ends with, in head or trailers.
async fn call<B>(
    (address, token): (SocketAddr, String),
    path: &str,
    headers: &[(&'static str, &'static str)],
    body: B,
) -> Status
where
    B: Body<Data = Bytes, Error = Infallible> + Unpin + Send + 'static,
{
    let stream = TokioIo::new(TcpStream::connect(address).await.unwrap());
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    tokio::spawn(connection);
    let mut request = Request::post(format!("http://{address}{path}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header("authorization", format!("Bearer {token}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = sender.send_request(request.body(body).unwrap()).await.unwrap();
    if let Some(status) = Status::from_header_map(response.headers()) {
        return status;
    }
    let body = response.into_body().collect().await.unwrap();
    Status::from_header_map(body.trailers().expect("a call has an end")).unwrap()
}

/// Zeros, packed a thousand times smaller, as one gRPC message that says it is packed.
fn packed_zeros(bytes: usize) -> Bytes {
    let mut packed = flate2::write::GzEncoder::new(vec![], flate2::Compression::best());
    let zeros = vec![0; 1 << 20];
    for _ in 0..bytes >> 20 {
        packed.write_all(&zeros).unwrap();
    }
    let packed = packed.finish().unwrap();
    let mut message = vec![1];
    message.extend(u32::try_from(packed.len()).unwrap().to_be_bytes());
    message.extend(packed);
    Bytes::from(message)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_length_of_4_gib_and_a_gzip_bomb_are_refused_before_anything_is_unpacked() {
    let scene = Scene::set().await;
    let path = "/serasi.v1.FacilityService/ListFacilities";
    let before = scene.hub.peak_memory();
    for _ in 0..50 {
        let huge = Full::new(Bytes::from_static(&[0, 255, 255, 255, 255, 10, 3]));
        let refused = call(scene.caller(), path, &[], huge).await;
        assert_eq!(
            refusal(&refused),
            (Code::ResourceExhausted, "LIMIT_EXCEEDED".to_owned())
        );
    }
    // 190 KiB on the way, 192 MiB unpacked: within the limit of a message until somebody unpacks it.
    let bomb = packed_zeros(192 << 20);
    assert!(bomb.len() < 250 * 1024, "{} bytes", bomb.len());
    for _ in 0..10 {
        let refused = call(
            scene.caller(),
            path,
            &[("grpc-encoding", "gzip")],
            Full::new(bomb.clone()),
        )
        .await;
        assert_eq!(refused.code(), Code::Unimplemented, "{refused:?}");
        let undeclared = call(scene.caller(), path, &[], Full::new(bomb.clone())).await;
        assert_eq!(undeclared.code(), Code::InvalidArgument, "{undeclared:?}");
    }
    let grown = scene.hub.peak_memory() - before;
    assert!(grown < 64 << 20, "it grew by {} MiB", grown >> 20);
    scene.end();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_byte_a_second_and_none_at_all_are_refused_in_time_whatever_deadline_they_ask_for() {
    let scene = Scene::set().await;
    let stop = Arc::new(AtomicBool::new(false));
    let honest = scene.honest(&stop);
    let begun = Instant::now();
    let mut slow = JoinSet::new();
    let paths = [
        "/serasi.v1.FacilityService/ListFacilities",
        "/serasi.v1.FacilityService/ImportFacilities",
        "/serasi.v1.PolicyService/DryRunPolicy",
    ];
    for number in 0..36 {
        // A message of 200 bytes, a byte a second; unary calls and streams alike.
        let bytes = [0, 0, 0, 0, 200].into_iter().chain(std::iter::repeat_n(10, 200));
        let drip = tokio_stream::iter(bytes)
            .throttle(Duration::from_secs(1))
            .map(|byte| Ok::<_, Infallible>(Frame::data(Bytes::copy_from_slice(&[byte]))));
        let said: Pin<Box<dyn Stream<Item = _> + Send>> = if number % 2 == 0 {
            Box::pin(drip)
        } else {
            Box::pin(tokio_stream::pending())
        };
        let (caller, path) = (scene.caller(), paths[number % paths.len()]);
        slow.spawn(async move {
            let body = StreamBody::new(said);
            call(caller, path, &[("grpc-timeout", "10M")], body).await
        });
    }
    while let Some(refused) = slow.join_next().await {
        let refused = refusal(&refused.unwrap());
        assert_eq!(refused, (Code::DeadlineExceeded, "DEADLINE_EXCEEDED".to_owned()));
    }
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    println!("36 slow clients were refused after {:?}", begun.elapsed());
    stop.store(true, Ordering::Relaxed);
    assert!(!honest.await.unwrap().is_empty());
    scene.end();
}
