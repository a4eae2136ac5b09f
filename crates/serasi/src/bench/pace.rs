//! When a client asks: at once, or at its time.

use std::time::{Duration, Instant};

/// Due times of one client.
pub(super) struct Pace {
    /// `None` = as soon as it has its answer.
    next: Option<(Instant, Duration)>,
}

impl Pace {
    /// Of client `number` of so many, who together send `rate` reports a second from `starts` on; evenly, so that the
    /// rate is none of bursts.
    pub(super) fn new(rate: Option<u32>, (number, clients): (u16, u16), starts: Instant) -> Self {
        let next = rate.map(|rate| {
            let apart = Duration::from_secs(1) / rate.max(1);
            (starts + apart * u32::from(number), apart * u32::from(clients))
        });
        Self { next }
    }

    /// Waits for the next due time, and gives it. It may be long past, for the last answer took so long: then whoever reports
    /// has been waiting since, and so it is counted (coordinated omission).
    pub(super) async fn due(&mut self) -> Instant {
        let Some((due, apart)) = &mut self.next else {
            return Instant::now();
        };
        let now = *due;
        *due += *apart;
        tokio::time::sleep_until(now.into()).await;
        now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn clients_take_turns_and_who_is_late_does_not_lose_a_turn() {
        let starts = Instant::now();
        let mut second = Pace::new(Some(10), (1, 4), starts);
        assert_eq!(second.due().await - starts, Duration::from_millis(100));
        assert_eq!(second.due().await - starts, Duration::from_millis(500));
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(second.due().await - starts, Duration::from_millis(900));
    }
}
