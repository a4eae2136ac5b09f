//! A line between hub and database that can be slow or cut.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;

/// How the line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weather {
    Fair,
    /// Whatever the database says comes so much later.
    Slow(Duration),
    /// Nothing passes, and nobody is told.
    Cut,
}

#[derive(Debug)]
pub(crate) struct Line {
    weather: watch::Sender<Weather>,
    folder: PathBuf,
}

impl Line {
    /// A socket in `folder` that leads to the one in `server`.
    pub(crate) fn open(folder: &Path, server: &Path) -> Self {
        std::fs::create_dir(folder).unwrap();
        let name = ".s.PGSQL.5432";
        let listener = UnixListener::bind(folder.join(name)).unwrap();
        let (weather, _) = watch::channel(Weather::Fair);
        let (server, seen) = (Arc::new(server.join(name)), weather.subscribe());
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let (server, seen) = (Arc::clone(&server), seen.clone());
                tokio::spawn(async move {
                    if let Ok(far) = UnixStream::connect(&*server).await {
                        let (from_near, to_near) = near.into_split();
                        let (from_far, to_far) = far.into_split();
                        let asked = carry(from_near, to_far, seen.clone(), false);
                        let answered = carry(from_far, to_near, seen, true);
                        // Either end gone is both gone.
                        tokio::select! { () = asked => {}, () = answered => {} }
                    }
                });
            }
        });
        Self {
            weather,
            folder: folder.to_owned(),
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn turn(&self, weather: Weather) {
        self.weather.send_replace(weather);
    }
}

async fn carry(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut weather: watch::Receiver<Weather>,
    is_slowed: bool,
) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        if weather.wait_for(|now| *now != Weather::Cut).await.is_err() {
            return;
        }
        let now = *weather.borrow();
        if let (Weather::Slow(by), true) = (now, is_slowed) {
            tokio::time::sleep(by).await;
        }
        let sent = match buffer.get(..length) {
            Some(read) => to.write_all(read).await,
            None => return,
        };
        if sent.is_err() {
            return;
        }
    }
}
