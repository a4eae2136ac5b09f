//! The one layer every call passes: token -> caller -> permit of the table, and on the way back: has the handler asked
//! the permit about the record? Health and reflection are open.

use std::future::ready;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response, header};
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Layer, Service};

use super::Permit;
use crate::error::{HubError, Violation};
use crate::hub::Hub;

/// Services that need no token: probes, and reflection where it is switched on.
const OPEN: [&str; 2] = ["grpc.health.v1.Health/", "grpc.reflection."];

#[derive(Clone, Debug)]
pub(crate) struct AuthLayer(pub(crate) Arc<Hub>);

#[derive(Clone, Debug)]
pub(crate) struct AuthService<S> {
    hub: Arc<Hub>,
    inner: S,
}

impl<S> Layer<S> for AuthLayer {
    type Service = AuthService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        AuthService {
            hub: Arc::clone(&self.0),
            inner,
        }
    }
}

impl<S> Service<Request<Body>> for AuthService<S>
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
        match admit(&self.hub, &mut request) {
            Ok(permit) => {
                let answering = self.inner.call(request);
                Box::pin(async move {
                    let response = answering.await?;
                    let is_answer = Status::from_header_map(response.headers()).is_none();
                    if let (true, Some(Err(bug))) =
                        (is_answer, permit.map(|permit| permit.must_have_been_asked()))
                    {
                        return Ok(Status::from(bug).into_http());
                    }
                    Ok(in_our_words(response))
                })
            }
            Err(error) => Box::pin(ready(Ok(Status::from(error).into_http()))),
        }
    }
}

/// The transport refuses what it cannot decode with statuses of its own, without details: bad bytes are INTERNAL, long
/// messages OUT_OF_RANGE. A client sees one kind of error, ours.
fn in_our_words(response: Response<Body>) -> Response<Body> {
    let Some(status) = Status::from_header_map(response.headers()) else {
        return response;
    };
    if !status.details().is_empty() {
        return response;
    }
    let error = match status.code() {
        Code::Internal => HubError::Invalid(vec![Violation {
            field: "*".to_owned(),
            description: "the bytes of the message are not what the method's request looks like".to_owned(),
        }]),
        Code::OutOfRange | Code::ResourceExhausted => HubError::TooMuch("a message has at most 256 KiB"),
        Code::Ok
        | Code::Cancelled
        | Code::Unknown
        | Code::InvalidArgument
        | Code::DeadlineExceeded
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::Unimplemented
        | Code::Unavailable
        | Code::DataLoss
        | Code::Unauthenticated => return response,
    };
    Status::from(error).into_http()
}

/// The permit of this call; none for the services that are open.
fn admit(hub: &Hub, request: &mut Request<Body>) -> Result<Option<Permit>, HubError> {
    let method = request.uri().path().trim_start_matches('/');
    if OPEN.iter().any(|open| method.starts_with(open)) {
        return Ok(None);
    }
    let authorization = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let caller = hub.verifier.verify(authorization)?;
    let permit = Permit::new(method, caller)?;
    request.extensions_mut().insert(permit.clone());
    Ok(Some(permit))
}
