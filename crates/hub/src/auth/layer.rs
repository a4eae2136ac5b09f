//! The one layer every call passes: token -> caller -> may this role call this method. Health and reflection are open.

use std::future::ready;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response, header};
use tonic::Status;
use tonic::body::Body;
use tower::{Layer, Service};

use super::table;
use crate::error::HubError;
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
            Ok(()) => Box::pin(self.inner.call(request)),
            Err(error) => Box::pin(ready(Ok(Status::from(error).into_http()))),
        }
    }
}

fn admit(hub: &Hub, request: &mut Request<Body>) -> Result<(), HubError> {
    let method = request.uri().path().trim_start_matches('/');
    if OPEN.iter().any(|open| method.starts_with(open)) {
        return Ok(());
    }
    let authorization = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let caller = hub.verifier.verify(authorization)?;
    if !table::permits(method, &caller.roles) {
        return Err(HubError::Forbidden("none of your roles may call this method"));
    }
    request.extensions_mut().insert(caller);
    Ok(())
}
