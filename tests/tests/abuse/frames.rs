//! HTTP/2 by hand: what no client library would send.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
const GOAWAY: u8 = 7;
pub(crate) const CONTINUATION: u8 = 9;
pub(crate) const END_HEADERS: u8 = 4;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A frame of `kind` on `stream`.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A header block that opens a gRPC call of `path`: literals only, nothing remembered.
pub(crate) fn call(path: &str, token: &str) -> Vec<u8> {
    let bearer = format!("Bearer {token}");
    let fields = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", "hub"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
        ("authorization", &bearer),
    ];
    let mut block = vec![];
    for (name, value) in fields {
        block.push(0);
        text(&mut block, name);
        text(&mut block, value);
    }
    block
}

/// A string of HPACK: its length with a prefix of seven bits, then its bytes.
pub(crate) fn text(block: &mut Vec<u8>, text: &str) {
    let mut length = text.len();
    if length < 127 {
        block.push(u8::try_from(length).unwrap());
    } else {
        block.push(127);
        length -= 127;
        while length >= 128 {
            block.push(u8::try_from(length % 128).unwrap() | 128);
            length /= 128;
        }
        block.push(u8::try_from(length).unwrap());
    }
    block.extend(text.as_bytes());
}

/// A connection that says what it is told to.
pub(crate) struct Raw {
    write: OwnedWriteHalf,
    told_to_go: Arc<AtomicBool>,
}

impl Raw {
    /// Connects and says hello with these settings.
    pub(crate) async fn connect(address: SocketAddr, settings: &[u8]) -> std::io::Result<Self> {
        let (mut read, mut write) = TcpStream::connect(address).await?.into_split();
        let told_to_go = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&told_to_go);
        // Reads all there is, so that the hub never waits for this side.
        tokio::spawn(async move {
            let mut head = [0; 9];
            // No frame of the hub is longer: nobody allowed it.
            let mut payload = [0; 16_384];
            while read.read_exact(&mut head).await.is_ok() {
                let length = usize::try_from(u32::from_be_bytes([0, head[0], head[1], head[2]])).unwrap();
                if read.read_exact(&mut payload[..length]).await.is_err() {
                    break;
                }
                if head[3] == GOAWAY {
                    told.store(true, Ordering::Relaxed);
                }
            }
            told.store(true, Ordering::Relaxed);
        });
        write.write_all(PREFACE).await?;
        write.write_all(&frame(SETTINGS, 0, 0, settings)).await?;
        Ok(Self { write, told_to_go })
    }

    /// Sends bytes; an error when the hub has ended the connection or asked to end it.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        if self.told_to_go.load(Ordering::Relaxed) {
            return Err(std::io::ErrorKind::ConnectionAborted.into());
        }
        self.write.write_all(bytes).await
    }
}
