//! The one layer every call passes: token -> caller -> permit of the table, and on the way back: has the handler asked
//! the permit about the record? Health and reflection are open, and so is the status for reporters.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response, header};
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Layer, Service};

use super::rate::Places;
use super::{Permit, Place, TokenError};
use crate::error::{HubError, Violation};
use crate::hub::Hub;
use crate::server::Peer;

/// Services that need no token: probes, and reflection where it is switched on.
const OPEN: [&str; 2] = ["grpc.health.v1.Health/", "grpc.reflection."];

/// For people without a token: what it says is for everybody who knows the code.
const PUBLIC: &str = "/serasi.v1.CaseService/GetPublicStatus";

/// Whose share of the calls in flight they have, all together; no principal is empty.
const STRANGERS: &str = "";

/// Who came in.
enum Admitted {
    /// A probe.
    Anybody,
    /// Somebody without a token, and the place that the call has until it is answered.
    #[expect(dead_code, reason = "the place is held, not looked at")]
    Stranger(Place),
    Caller(Permit),
}

#[derive(Clone, Debug)]
pub(crate) struct AuthLayer {
    hub: Arc<Hub>,
    places: Arc<Places>,
}

#[derive(Clone, Debug)]
pub(crate) struct AuthService<S> {
    layer: AuthLayer,
    inner: S,
}

impl AuthLayer {
    /// One caller has at most so many calls in flight.
    pub(crate) fn new(hub: &Arc<Hub>, calls_per_caller: usize) -> Self {
        Self {
            hub: Arc::clone(hub),
            places: Arc::new(Places::new(calls_per_caller)),
        }
    }

    async fn admit(&self, request: &mut Request<Body>) -> Result<Admitted, HubError> {
        if is_open(request) {
            return Ok(Admitted::Anybody);
        }
        if request.uri().path() == PUBLIC {
            let place = self.places.take(STRANGERS).ok_or(HubError::CallerBusy)?;
            return Ok(Admitted::Stranger(place));
        }
        let mut permit = match pass(&self.hub, request) {
            Err(HubError::Token(TokenError::UnknownKey)) => {
                self.hub.gate.verifier().look_for_key().await;
                pass(&self.hub, request)?
            }
            passed => passed?,
        };
        let own = self.places.take(&permit.principal).ok_or(HubError::CallerBusy)?;
        let of_the_hub = request.extensions_mut().remove::<Place>();
        permit.hold(of_the_hub.into_iter().chain([own]));
        request.extensions_mut().insert(permit.clone());
        Ok(Admitted::Caller(permit))
    }
}

impl Admitted {
    fn must_have_been_asked(&self) -> Result<(), HubError> {
        match self {
            Self::Anybody | Self::Stranger(_) => Ok(()),
            Self::Caller(permit) => permit.must_have_been_asked(),
        }
    }
}

impl<S> Layer<S> for AuthLayer {
    type Service = AuthService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        AuthService {
            layer: self.clone(),
            inner,
        }
    }
}

impl<S> Service<Request<Body>> for AuthService<S>
where
    S: Service<Request<Body>, Response = Response<Body>> + Clone + Send + 'static,
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
        let layer = self.layer.clone();
        let ready = self.inner.clone();
        // The one that is ready goes on, and its copy waits for the next call.
        let mut inner = std::mem::replace(&mut self.inner, ready);
        Box::pin(async move {
            match layer.admit(&mut request).await {
                Ok(admitted) => {
                    let response = inner.call(request).await?;
                    let is_answer = Status::from_header_map(response.headers()).is_none();
                    match admitted.must_have_been_asked() {
                        Err(bug) if is_answer => Ok(Status::from(bug).into_http()),
                        Err(_) | Ok(()) => Ok(in_our_words(response)),
                    }
                }
                Err(error) => Ok(Status::from(error).into_http()),
            }
        })
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

fn pass(hub: &Hub, request: &Request<Body>) -> Result<Permit, HubError> {
    // Two of them could mean one caller to a proxy and another one to us.
    let mut tokens = request.headers().get_all(header::AUTHORIZATION).iter();
    let authorization = match (tokens.next(), tokens.next()) {
        (Some(one), None) => one.to_str().ok(),
        (_, _) => None,
    };
    let certificate = request
        .extensions()
        .get::<Peer>()
        .and_then(|peer| peer.certificate);
    let method = request.uri().path().trim_start_matches('/');
    hub.gate
        .admit(method, authorization, certificate, hub.clock.now())
}

/// Whether the call needs no token.
pub(crate) fn is_open<B>(request: &Request<B>) -> bool {
    let method = request.uri().path().trim_start_matches('/');
    OPEN.iter().any(|open| method.starts_with(open))
}
