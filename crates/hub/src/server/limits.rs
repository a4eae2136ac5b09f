//! Every limit of the edge (guarantees, rule 15). Of most of them the libraries' default is none, or too much.

use std::num::NonZeroU32;
use std::time::Duration;

pub(super) const MAX_STREAMS_PER_CONNECTION: u32 = 128;
pub(super) const MAX_MESSAGE_BYTES: usize = 256 * 1024;
pub(super) const MAX_RESPONSE_BYTES: usize = 4 * 1024 * 1024;
/// Also bounds the frames of one header list: h2 counts CONTINUATION frames by it.
pub(super) const MAX_HEADER_BYTES: u32 = 16 * 1024;
/// Data that may wait to be read: of one call, and of all calls of a connection.
pub(super) const STREAM_WINDOW: u32 = 128 * 1024;
pub(super) const CONNECTION_WINDOW: u32 = 512 * 1024;
/// Answers that may wait to be sent, a stream; h2's default is 400 KiB.
pub(super) const SEND_BUFFER: usize = 128 * 1024;
pub(super) const MAX_PENDING_RESETS: usize = 20;
pub(super) const MAX_LOCAL_RESETS: usize = 256;
pub(super) const KEEPALIVE: Duration = Duration::from_mins(1);
pub(super) const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);
pub(super) const TLS_HANDSHAKE: Duration = Duration::from_secs(5);
/// A connection makes its first call within this time, or it is closed.
pub(super) const FIRST_CALL: Duration = Duration::from_secs(30);
/// A connection without a call in flight has this long to hear that it is over.
pub(super) const GOODBYE: Duration = Duration::from_millis(100);
/// After so long a connection is asked to come again, so that load spreads over replicas and old certificates end;
/// up to a tenth earlier, so that not all come back at once.
pub(super) const MAX_CONNECTION_AGE: Duration = Duration::from_mins(30);
/// Calls in flight on a connection that was told to end may take so long.
pub(super) const CONNECTION_GRACE: Duration = Duration::from_secs(30);
/// A call whose client states no deadline.
pub(super) const DEADLINE: Duration = Duration::from_secs(10);
/// The longest deadline a client can ask for where an answer takes minutes: of a dry run of a policy, and of a stream.
pub(super) const LONGEST_DEADLINE: Duration = Duration::from_mins(10);
/// The first message, and each that was begun, is whole after this time, or its call is refused.
pub(super) const MESSAGE_TIME: Duration = Duration::from_secs(10);

/// Limits that depend on the machine and on who is in front of the hub.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub connections: usize,
    /// Of one address (of one /64 of IPv6). Behind a proxy all come from its address.
    pub connections_per_address: usize,
    /// Calls being answered at the same time; more are refused at once, before any work.
    pub calls_in_flight: usize,
    /// Of one caller, with all its tokens and connections.
    pub calls_in_flight_per_caller: usize,
}

impl Limits {
    /// Calls a second of one caller, where nothing else is said.
    pub const CALLS_PER_SECOND: NonZeroU32 = NonZeroU32::new(500).expect("not zero");
    /// The same on a developer's machine: `serasi bench` is one caller and must not measure its own limit.
    pub const DEVELOPMENT_CALLS_PER_SECOND: NonZeroU32 = NonZeroU32::new(100_000).expect("not zero");

    /// On a developer's machine one caller may have all that there is.
    #[must_use]
    pub fn development() -> Self {
        let limits = Self::default();
        Self {
            calls_in_flight_per_caller: limits.calls_in_flight,
            ..limits
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4_096,
            connections_per_address: 1_024,
            calls_in_flight: 512,
            calls_in_flight_per_caller: 64,
        }
    }
}
