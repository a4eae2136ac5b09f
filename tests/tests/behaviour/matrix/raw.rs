//! Calls by path and bytes, so that a method needs no code of its own here.

use prost::bytes::{Buf, BufMut};
use tokio_stream::iter;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

/// What came back.
pub(super) enum Answer {
    /// The first message.
    Ok(Vec<u8>),
    Refused(Status),
}

impl Answer {
    pub(super) fn code(&self) -> Code {
        match self {
            Self::Ok(_) => Code::Ok,
            Self::Refused(status) => status.code(),
        }
    }

    /// All of a refusal, with `id` in place of `named`.
    pub(super) fn bytes_with(&self, named: &str, id: &str) -> String {
        match self {
            Self::Ok(_) => panic!("this is an answer"),
            Self::Refused(status) => format!(
                "{} {} {}",
                status.code(),
                status.message(),
                String::from_utf8_lossy(status.details()).replace(named, id)
            ),
        }
    }
}

/// Calls any kind of method: on the wire one message is a stream of one.
pub(super) async fn call(
    channel: &Channel,
    method: &str,
    messages: &[Vec<u8>],
    token: Option<&str>,
) -> Answer {
    let mut client = Grpc::new(channel.clone());
    client.ready().await.unwrap();
    let mut request = Request::new(iter(messages.to_vec()));
    if let Some(token) = token {
        let bearer = format!("Bearer {token}").parse().unwrap();
        request.metadata_mut().insert("authorization", bearer);
    }
    let path = PathAndQuery::try_from(format!("/{method}")).unwrap();
    let response = match client.streaming(request, path, Bytes).await {
        Ok(response) => response,
        Err(status) => return Answer::Refused(status),
    };
    match response.into_inner().message().await {
        Ok(message) => Answer::Ok(message.unwrap_or_default()),
        Err(status) => Answer::Refused(status),
    }
}

/// Messages as they are.
#[derive(Clone, Copy, Default)]
struct Bytes;

impl Codec for Bytes {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, message: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(&message);
        Ok(())
    }
}

impl Decoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let mut message = vec![0; buffer.remaining()];
        buffer.copy_to_slice(&mut message);
        Ok(Some(message))
    }
}
