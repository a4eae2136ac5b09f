//! Around everything: each call has a number that its client sees and the log names, and is counted with its outcome and
//! how long it took to answer. Method, code and time; nothing about anybody.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll};
use std::time::Instant;

use http::{HeaderName, HeaderValue, Request, Response};
use opentelemetry::global;
use opentelemetry_http::HeaderExtractor;
use prost::Message;
use prost_types::FileDescriptorSet;
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Layer, Service};
use tracing::{Instrument, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use uuid::Uuid;

/// In which the client finds the number of its call.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// A method that is not in the contract; there could be any number of them.
const UNKNOWN: &str = "unknown";

tokio::task_local! {
    static CALL: Uuid;
}

/// Methods of the contract by their paths, as metrics name them.
static METHODS: LazyLock<HashMap<String, Arc<str>>> = LazyLock::new(|| {
    let described = FileDescriptorSet::decode(serasi_proto::DESCRIPTOR_SET).expect("the set is our own");
    let services = described.file.iter().flat_map(|file| {
        let package = file.package();
        file.service.iter().map(move |service| (package, service))
    });
    let methods = services.flat_map(|(package, service)| {
        service.method.iter().map(move |method| {
            let path = format!("/{package}.{}/{}", service.name(), method.name());
            (path, method.name().into())
        })
    });
    methods.collect()
});

/// Number of the call that is being answered; a new one where there is none.
pub(crate) fn request_id() -> Uuid {
    CALL.try_with(|id| *id)
        .unwrap_or_else(|_| Uuid::from_u128(rand::random()))
}

#[derive(Clone, Copy, Debug)]
pub(super) struct TelemetryLayer;

#[derive(Clone, Debug)]
pub(super) struct TelemetryService<S>(S);

impl<S> Layer<S> for TelemetryLayer {
    type Service = TelemetryService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        TelemetryService(inner)
    }
}

impl<S> Service<Request<Body>> for TelemetryService<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let id = request_id();
        let known = METHODS.get(request.uri().path());
        let method = known.cloned().unwrap_or_else(|| Arc::from(UNKNOWN));
        let span = tracing::info_span!("call", otel.name = %method, otel.kind = "server", rpc.method = %method, request.id = %id);
        let caller =
            global::get_text_map_propagator(|from| from.extract(&HeaderExtractor(request.headers())));
        // Where no traces are sent there is nothing to continue.
        drop(span.set_parent(caller));
        let (began, in_flight) = (Instant::now(), InFlight::begin());
        let answering = CALL.sync_scope(id, || self.0.call(request));
        let answering = CALL.scope(id, answering).instrument(span.clone());
        Box::pin(async move {
            let mut response = answering.await?;
            drop(in_flight);
            // What a stream says at its end comes later, and is not counted here.
            let code = Status::from_header_map(response.headers()).map_or(Code::Ok, |status| status.code());
            tell(&span, code);
            metrics::histogram!("serasi_rpc_duration_seconds", "method" => method, "code" => name(code))
                .record(began.elapsed());
            let number = HeaderValue::try_from(id.to_string()).expect("a UUID is a header's value");
            response.headers_mut().insert(REQUEST_ID, number);
            Ok(response)
        })
    }
}

/// How a call ended, in its trace. Only what the hub answers for is an error there, as OpenTelemetry's conventions for
/// gRPC servers have it.
fn tell(span: &Span, code: Code) {
    span.set_attribute("rpc.system.name", "grpc");
    span.set_attribute("rpc.response.status_code", name(code));
    if let Code::Unknown
    | Code::DeadlineExceeded
    | Code::Unimplemented
    | Code::Internal
    | Code::Unavailable
    | Code::DataLoss = code
    {
        span.set_status(opentelemetry::trace::Status::error(name(code)));
    }
}

/// Counts a call until it is answered, or dropped.
struct InFlight;

impl InFlight {
    fn begin() -> Self {
        metrics::gauge!("serasi_calls_in_flight").increment(1);
        Self
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        metrics::gauge!("serasi_calls_in_flight").decrement(1);
    }
}

/// As the specification of gRPC writes it.
const fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
