//! A request body that does not dawdle: the first message must come in time, and so must every one that was begun.
//! Between two messages a stream may be silent; that is what streams are for.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep_until};
use tonic::Status;

use super::limits::MESSAGE_TIME;
use crate::error::HubError;

/// A gRPC message begins with one byte of flags and four of length.
const PREFIX: usize = 5;

pub(super) struct PromptBody<B = Incoming> {
    inner: B,
    framing: Framing,
    /// When the first message, or the one that was begun, must be whole.
    until: Option<Pin<Box<Sleep>>>,
}

/// Where in the sequence of messages the body is.
#[derive(Debug, Default, PartialEq, Eq)]
struct Framing {
    prefix: [u8; PREFIX],
    /// Bytes of the prefix that are there.
    prefix_len: usize,
    /// Bytes of the message that are still to come after its prefix.
    missing: usize,
}

impl<B> PromptBody<B> {
    pub(super) fn new(inner: B) -> Self {
        Self {
            inner,
            framing: Framing::default(),
            until: Some(message_time()),
        }
    }
}

fn message_time() -> Pin<Box<Sleep>> {
    Box::pin(sleep_until(Instant::now() + MESSAGE_TIME))
}

impl<B> Body for PromptBody<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(context);
        match polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(data) = frame.data_ref() {
                    let finished = self.framing.advance(data);
                    self.keep_time(finished);
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(Status::from_error(error.into())))),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => {
                let is_late = self
                    .until
                    .as_mut()
                    .is_some_and(|until| until.as_mut().poll(context).is_ready());
                if is_late {
                    Poll::Ready(Some(Err(HubError::Deadline.into())))
                } else {
                    Poll::Pending
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl<B> PromptBody<B> {
    fn keep_time(&mut self, finished_one: bool) {
        if !self.framing.is_inside_message() {
            self.until = None;
        } else if finished_one || self.until.is_none() {
            self.until = Some(message_time());
        }
    }
}

impl Framing {
    /// Takes in what has arrived; whether a message was finished by it.
    fn advance(&mut self, mut data: &[u8]) -> bool {
        let mut finished_one = false;
        while !data.is_empty() {
            let wanted = if self.prefix_len < PREFIX {
                PREFIX - self.prefix_len
            } else {
                self.missing
            };
            let (now, later) = data.split_at(wanted.min(data.len()));
            data = later;
            if self.prefix_len < PREFIX {
                if let Some(room) = self.prefix.get_mut(self.prefix_len..self.prefix_len + now.len()) {
                    room.copy_from_slice(now);
                }
                self.prefix_len += now.len();
                let [_, length @ ..] = self.prefix;
                if self.prefix_len == PREFIX {
                    self.missing = u32::from_be_bytes(length) as usize;
                }
            } else {
                self.missing -= now.len();
            }
            if self.prefix_len == PREFIX && self.missing == 0 {
                *self = Self::default();
                finished_one = true;
            }
        }
        finished_one
    }

    const fn is_inside_message(&self) -> bool {
        self.prefix_len > 0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::convert::Infallible;
    use std::time::Duration;

    use http_body_util::BodyExt;
    use proptest::prelude::*;
    use tonic::Code;

    use super::*;

    /// Makes one wait, gives a piece, and so on.
    struct Dripping {
        pieces: VecDeque<Bytes>,
        pause: Duration,
        until: Option<Pin<Box<Sleep>>>,
    }

    impl Body for Dripping {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            let pause = self.pause;
            let until = self
                .until
                .get_or_insert_with(|| Box::pin(tokio::time::sleep(pause)));
            if until.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            self.until = None;
            Poll::Ready(self.pieces.pop_front().map(|piece| Ok(Frame::data(piece))))
        }
    }

    fn message(length: u8) -> Vec<u8> {
        let mut bytes = vec![0, 0, 0, 0, length];
        bytes.resize(PREFIX + usize::from(length), 7);
        bytes
    }

    /// The first piece comes after `wait`, each of the others after a `pause`.
    async fn read(
        pieces: impl IntoIterator<Item = Vec<u8>>,
        wait: Duration,
        pause: Duration,
    ) -> Result<usize, Status> {
        let inner = Dripping {
            pieces: pieces.into_iter().map(Bytes::from).collect(),
            pause,
            until: Some(Box::pin(tokio::time::sleep(wait))),
        };
        PromptBody::new(inner)
            .collect()
            .await
            .map(|body| body.to_bytes().len())
    }

    #[tokio::test(start_paused = true)]
    async fn a_byte_a_second_is_cut_off_and_whole_messages_an_hour_apart_are_not() {
        let drip = message(200).into_iter().map(|byte| vec![byte]);
        let refused = read(drip, Duration::ZERO, Duration::from_secs(1))
            .await
            .unwrap_err();
        assert_eq!(refused.code(), Code::DeadlineExceeded);
        let patient = [message(3), message(0), message(200)];
        assert_eq!(
            read(patient, Duration::ZERO, Duration::from_hours(1))
                .await
                .unwrap(),
            218
        );
    }

    #[tokio::test(start_paused = true)]
    async fn who_says_nothing_is_cut_off_as_who_says_it_slowly() {
        let begun = Instant::now();
        let refused = read([message(3)], Duration::from_hours(1), Duration::ZERO)
            .await
            .unwrap_err();
        assert_eq!(refused.code(), Code::DeadlineExceeded);
        assert_eq!(begun.elapsed().as_secs(), MESSAGE_TIME.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn each_message_has_its_own_time() {
        // Every piece ends one message and begins the next; none takes more than nine seconds.
        let mut stream: Vec<u8> = (0..20).flat_map(|_| message(15)).collect();
        let last = stream.split_off(390);
        let mut pieces: Vec<Vec<u8>> = stream.chunks(10).map(<[u8]>::to_vec).collect();
        pieces.push(last);
        assert_eq!(
            read(pieces, Duration::ZERO, Duration::from_secs(4))
                .await
                .unwrap(),
            400
        );
    }

    proptest! {
        #[test]
        fn however_messages_are_cut_their_ends_are_found(
            lengths in prop::collection::vec(0..200_u8, 0..8),
            cut in 1..50_usize,
        ) {
            let stream: Vec<u8> = lengths.iter().flat_map(|length| message(*length)).collect();
            let mut framing = Framing::default();
            let mut at = 0;
            let ends: Vec<usize> = lengths
                .iter()
                .scan(0, |end, length| { *end += PREFIX + usize::from(*length); Some(*end) })
                .collect();
            for piece in stream.chunks(cut) {
                let from = at;
                at += piece.len();
                let ended = ends.iter().any(|end| (from + 1..=at).contains(end));
                prop_assert_eq!(framing.advance(piece), ended);
                prop_assert_eq!(framing.is_inside_message(), !ends.contains(&at));
            }
        }
    }
}
