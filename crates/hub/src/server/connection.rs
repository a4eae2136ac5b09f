//! From the socket to the first byte of a call: seats, handshake, HTTP/2, and the end of a connection.

use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rand::Rng;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tonic::body::Body;
use tower::Service;

use super::Calls;
use super::limits::{
    CONNECTION_GRACE, CONNECTION_WINDOW, FIRST_CALL, GOODBYE, KEEPALIVE, KEEPALIVE_TIMEOUT,
    MAX_CONNECTION_AGE, MAX_HEADER_BYTES, MAX_LOCAL_RESETS, MAX_PENDING_RESETS, MAX_STREAMS_PER_CONNECTION,
    SEND_BUFFER, STREAM_WINDOW, TLS_HANDSHAKE,
};
use super::prompt_body::PromptBody;
use super::seats::{Seat, Seats};
use super::tls::Tls;
use crate::auth::Thumbprint;
use crate::jobs::stopped;

/// Pause after a failed accept: out of file descriptors is over when somebody leaves, and no reason to end.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Who is at the other end; every request carries it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    pub(crate) address: IpAddr,
    /// The client certificate it has shown, and whose key it holds.
    pub(crate) certificate: Option<Thumbprint>,
}

/// What connections are made of.
#[derive(Clone)]
pub(super) struct Door {
    pub(super) calls: Calls,
    pub(super) seats: Arc<Seats>,
    pub(super) tls: Option<Arc<Tls>>,
}

impl Door {
    /// Takes connections until told to stop, then waits for those that stand to end.
    pub(super) async fn keep(self, listener: TcpListener, mut stop: watch::Receiver<bool>) {
        let mut connections = JoinSet::new();
        let leaving = watch::Sender::new(false);
        loop {
            let accepted = tokio::select! {
                () = stopped(&mut stop) => break,
                accepted = listener.accept() => accepted,
                Some(_) = connections.join_next() => continue,
            };
            match accepted {
                Ok(accepted) => self.admit(accepted, &mut connections, &leaving),
                Err(error) => {
                    tracing::warn!(error = %error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        // Before anybody is told to go: who comes again at once must be refused, and try another replica. Who is at the door
        // already comes in, for the system breaks off what nobody has taken when the listener goes, with the calls in it.
        for accepted in at_the_door(listener) {
            self.admit(accepted, &mut connections, &leaving);
        }
        leaving.send_replace(true);
        while connections.join_next().await.is_some() {}
    }

    /// Serves a connection, if there is a seat.
    fn admit(
        &self,
        (stream, address): (TcpStream, SocketAddr),
        connections: &mut JoinSet<()>,
        leaving: &watch::Sender<bool>,
    ) {
        match self.seats.take(address.ip()) {
            Some(seat) => {
                let peer = (address.ip(), seat);
                connections.spawn(self.clone().receive(stream, peer, leaving.subscribe()));
            }
            None => metrics::counter!("serasi_connections_refused_total").increment(1),
        }
    }

    async fn receive(self, stream: TcpStream, (address, _seat): (IpAddr, Seat), stop: watch::Receiver<bool>) {
        // Without it every small answer waits for the client's delayed acknowledgement, 40 ms. A stream that cannot be
        // set up is a client that has gone.
        if stream.set_nodelay(true).is_err() {
            return;
        }
        let Some(tls) = &self.tls else {
            let peer = Peer {
                address,
                certificate: None,
            };
            return serve(stream, peer, self.calls, stop).await;
        };
        let handshake = TlsAcceptor::from(tls.config()).accept(stream);
        match tokio::time::timeout(TLS_HANDSHAKE, handshake).await {
            Ok(Ok(stream)) => {
                let shown = stream.get_ref().1.peer_certificates();
                let certificate = shown.and_then(|chain| chain.first());
                let peer = Peer {
                    address,
                    certificate: certificate.map(|certificate| Thumbprint::of(certificate)),
                };
                serve(stream, peer, self.calls, stop).await;
            }
            Ok(Err(error)) => tracing::debug!(error = %error, "a handshake failed"),
            Err(_) => tracing::debug!("a handshake took too long"),
        }
    }
}

/// Serves a connection until it ends, is too old, or the hub stops.
async fn serve<S>(stream: S, peer: Peer, calls: Calls, mut stop: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let has_called = Arc::new(AtomicBool::new(false));
    let called = Arc::clone(&has_called);
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        called.store(true, Ordering::Relaxed);
        let mut request = request.map(|body| Body::new(PromptBody::new(body)));
        request.extensions_mut().insert(peer);
        calls.clone().call(request)
    });
    let mut connection = pin!(protocol().serve_connection(TokioIo::new(stream), service));
    let age = MAX_CONNECTION_AGE.mul_f64(1.0 - rand::rng().random_range(0.0..0.1));
    tokio::select! {
        // An error is the client's, or the network's: the next call will show it there.
        _ = &mut connection => return,
        () = tokio::time::sleep(age) => {}
        () = without_call(&has_called) => {}
        () = stopped(&mut stop) => {}
    }
    // GOAWAY: new calls go elsewhere, those in flight may end here. tonic's own server would cut them off.
    connection.as_mut().graceful_shutdown();
    // A first call may have been on its way.
    if tokio::time::timeout(GOODBYE, connection.as_mut()).await.is_err() && has_called.load(Ordering::Relaxed)
    {
        drop(tokio::time::timeout(CONNECTION_GRACE, connection).await);
    }
}

/// Closes the door, and gives those who had come and were not yet let in. Only the system itself knows of all of them.
fn at_the_door(listener: TcpListener) -> Vec<(TcpStream, SocketAddr)> {
    let Ok(listener) = listener.into_std() else {
        return vec![];
    };
    let waiting = std::iter::from_fn(|| listener.accept().ok());
    waiting
        .filter_map(|(stream, address)| {
            stream.set_nonblocking(true).ok()?;
            Some((TcpStream::from_std(stream).ok()?, address))
        })
        .collect()
}

/// Ends when a connection has stood for its time without a call; it holds a seat that others may need.
async fn without_call(has_called: &AtomicBool) {
    tokio::time::sleep(FIRST_CALL).await;
    if has_called.load(Ordering::Relaxed) {
        std::future::pending::<()>().await;
    }
}

fn protocol() -> http2::Builder<TokioExecutor> {
    let mut protocol = http2::Builder::new(TokioExecutor::new());
    protocol
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS_PER_CONNECTION)
        .max_header_list_size(MAX_HEADER_BYTES)
        .max_pending_accept_reset_streams(MAX_PENDING_RESETS)
        .max_local_error_reset_streams(MAX_LOCAL_RESETS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(SEND_BUFFER)
        .keep_alive_interval(KEEPALIVE)
        .keep_alive_timeout(KEEPALIVE_TIMEOUT);
    protocol
}
