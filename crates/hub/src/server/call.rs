//! Around every call: no more at once than the hub can do in good time, and none without an end.

use std::collections::HashSet;
use std::future::ready;
use std::pin::Pin;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll};
use std::time::Duration;

use http::{HeaderMap, Request, Response};
use prost::Message;
use prost_types::FileDescriptorSet;
use tokio::sync::Semaphore;
use tonic::Status;
use tonic::body::Body;
use tower::{Layer, Service};

use super::limits::{DEADLINE, LONGEST_DEADLINE};
use crate::auth::{Place, is_open};
use crate::error::HubError;

/// Paths of the methods that are streams: they last as long as they must, and what bounds them is the age of the
/// connection, and the time of each message.
static STREAMS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let described = FileDescriptorSet::decode(serasi_proto::DESCRIPTOR_SET).expect("the set is our own");
    let mut streams = HashSet::new();
    for file in &described.file {
        for service in &file.service {
            for method in &service.method {
                if method.client_streaming() || method.server_streaming() {
                    streams.insert(format!(
                        "/{}.{}/{}",
                        file.package(),
                        service.name(),
                        method.name()
                    ));
                }
            }
        }
    }
    streams
});

/// A dry run of a policy is one answer, and takes minutes.
const DRY_RUN: &str = "/serasi.v1.PolicyService/DryRunPolicy";

#[derive(Clone, Debug)]
pub(super) struct CallLayer(pub(super) Arc<Semaphore>);

#[derive(Clone, Debug)]
pub(super) struct CallService<S> {
    in_flight: Arc<Semaphore>,
    inner: S,
}

impl CallLayer {
    pub(super) fn new(calls_in_flight: usize) -> Self {
        Self(Arc::new(Semaphore::new(calls_in_flight)))
    }
}

impl<S> Layer<S> for CallLayer {
    type Service = CallService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        CallService {
            in_flight: Arc::clone(&self.0),
            inner,
        }
    }
}

impl<S> Service<Request<Body>> for CallService<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        // A busy hub is alive, and says so.
        if is_open(&request) {
            return Box::pin(self.inner.call(request));
        }
        let Ok(place) = Arc::clone(&self.in_flight).try_acquire_owned() else {
            metrics::counter!("serasi_calls_shed_total").increment(1);
            return Box::pin(ready(Ok(Status::from(HubError::Overloaded).into_http())));
        };
        let deadline = deadline(&request);
        // It goes where the work goes, which may outlast a deadline that the client has chosen.
        request.extensions_mut().insert(Place::new(place));
        let answering = self.inner.call(request);
        Box::pin(async move {
            let answer = match deadline {
                Some(deadline) => tokio::time::timeout(deadline, answering).await,
                None => Ok(answering.await),
            };
            answer.unwrap_or_else(|_| Ok(Status::from(HubError::Deadline).into_http()))
        })
    }
}

/// How long the call may take: what its client said, within reason; else ours, unless it is a stream.
fn deadline(request: &Request<Body>) -> Option<Duration> {
    let path = request.uri().path();
    let is_stream = STREAMS.contains(path);
    let longest = if is_stream || path == DRY_RUN {
        LONGEST_DEADLINE
    } else {
        DEADLINE
    };
    match client_deadline(request.headers()) {
        Some(deadline) => Some(deadline.min(longest)),
        None if is_stream => None,
        None => Some(DEADLINE),
    }
}

/// The client's `grpc-timeout`: at most eight digits and a unit.
fn client_deadline(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let count: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(count * 3_600)),
        "M" => Some(Duration::from_secs(count * 60)),
        "S" => Some(Duration::from_secs(count)),
        "m" => Some(Duration::from_millis(count)),
        "u" => Some(Duration::from_micros(count)),
        "n" => Some(Duration::from_nanos(count)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use http::HeaderValue;
    use tonic::Code;

    use super::*;

    fn call(path: &str, timeout: Option<&'static str>) -> Request<Body> {
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = path.parse().unwrap();
        if let Some(timeout) = timeout {
            request
                .headers_mut()
                .insert("grpc-timeout", HeaderValue::from_static(timeout));
        }
        request
    }

    #[test]
    fn every_call_but_a_stream_has_an_end_and_the_client_may_bring_it_forward() {
        let unary = "/serasi.v1.CaseService/GetCase";
        let stream = "/serasi.v1.FacilityService/ImportFacilities";
        for (path, timeout, expected) in [
            (unary, None, Some(DEADLINE)),
            (unary, Some("250m"), Some(Duration::from_millis(250))),
            (unary, Some("5000000u"), Some(Duration::from_secs(5))),
            (unary, Some("10M"), Some(DEADLINE)),
            (DRY_RUN, None, Some(DEADLINE)),
            (DRY_RUN, Some("99999999H"), Some(LONGEST_DEADLINE)),
            (unary, Some("123456789S"), Some(DEADLINE)),
            (unary, Some("-1S"), Some(DEADLINE)),
            (unary, Some("+1S"), Some(DEADLINE)),
            (unary, Some("S"), Some(DEADLINE)),
            (unary, Some(""), Some(DEADLINE)),
            (unary, Some("1x"), Some(DEADLINE)),
            (stream, None, None),
            (stream, Some("2M"), Some(Duration::from_mins(2))),
            (stream, Some("11M"), Some(LONGEST_DEADLINE)),
            ("/serasi.v1.CaseService/NoSuchMethod", None, Some(DEADLINE)),
        ] {
            assert_eq!(deadline(&call(path, timeout)), expected, "{path} {timeout:?}");
        }
    }

    fn code(response: &Response<Body>) -> Code {
        Status::from_header_map(response.headers()).unwrap().code()
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_hub_refuses_at_once_answers_probes_and_takes_calls_again_when_one_has_ended() {
        let hanging = tower::service_fn(|request: Request<Body>| async move {
            if !is_open(&request) {
                std::future::pending::<()>().await;
            }
            Ok::<_, Infallible>(Status::ok("").into_http())
        });
        let mut service = CallLayer::new(1).layer(hanging);
        let path = "/serasi.v1.CaseService/GetCase";
        let first = tokio::spawn(service.call(call(path, Some("1S"))));
        let second = service.call(call(path, None)).await.unwrap();
        assert_eq!(code(&second), Code::ResourceExhausted);
        let probe = service
            .call(call("/grpc.health.v1.Health/Check", None))
            .await
            .unwrap();
        assert_eq!(code(&probe), Code::Ok);
        let ended = first.await.unwrap().unwrap();
        assert_eq!(code(&ended), Code::DeadlineExceeded);
        let third = service.call(call(path, Some("1S"))).await.unwrap();
        assert_eq!(code(&third), Code::DeadlineExceeded, "there was room for it");
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_outlasts_the_deadline_keeps_the_place() {
        let (end, ended) = tokio::sync::watch::channel(false);
        let working = tower::service_fn(move |request: Request<Body>| {
            let mut ended = ended.clone();
            let place = request.extensions().get::<Place>().cloned();
            tokio::spawn(async move {
                ended.wait_for(|ended| *ended).await.unwrap();
                drop(place);
            });
            std::future::pending::<Result<_, Infallible>>()
        });
        let mut service = CallLayer::new(1).layer(working);
        let path = "/serasi.v1.CaseService/GetCase";
        let mut called = async || code(&service.call(call(path, Some("1S"))).await.unwrap());
        assert_eq!(called().await, Code::DeadlineExceeded);
        assert_eq!(called().await, Code::ResourceExhausted);
        end.send_replace(true);
        tokio::task::yield_now().await;
        assert_eq!(called().await, Code::DeadlineExceeded);
    }
}
