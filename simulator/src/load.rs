//! Load: many devices that publish at a rate, or as fast as they are acknowledged, at QoS 1.
//!
//! It speaks MQTT itself, so that what it costs leaves the machine to the broker under test: a microsecond or two a
//! message. A connection that is lost ends the run: a measurement with a hole in it is none.

mod message;
mod wire;

use crate::{fleet::Address, voice::Voice};
use anyhow::{Context, Result, bail};
use domain::Clock;
use message::Maker;
use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    task::JoinSet,
    time::{Instant, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;

#[derive(Clone, Debug)]
pub struct Load {
    /// Messages a second of all devices together; `None` is as fast as they are acknowledged.
    pub rate: Option<u32>,
    /// Values in a message.
    pub values: usize,
    pub duration: Duration,
    /// Messages of a device that were sent and are not yet acknowledged.
    pub window: usize,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    pub messages: u64,
    pub took: Duration,
    /// From sending to the acknowledgement: of 50, 99 and 99.9 messages in 100, and of the slowest.
    pub latency: [Duration; 4],
}

/// A broker that says nothing for so long has stopped.
const PATIENCE: Duration = Duration::from_secs(30);

/// Publishes with each of `voices` until the time is over, and waits for all acknowledgements.
/// `acknowledged` counts while it runs.
pub async fn run(
    voices: Vec<Voice>,
    address: &Address,
    load: &Load,
    clock: &Arc<dyn Clock>,
    acknowledged: &Arc<AtomicU64>,
    stop: &CancellationToken,
) -> Result<Outcome> {
    let count = voices.len();
    let gap = load.rate.map(|rate| Duration::from_secs_f64(count as f64 / f64::from(rate.max(1))));
    let mut connecting = Vec::new();
    for (index, voice) in voices.iter().enumerate() {
        let client_id = format!("load-{index}");
        let stream = wire::connect(address, &client_id, voice.sign_in.as_ref());
        connecting.push(timeout(PATIENCE, stream).await.context("no answer to CONNECT")??);
    }
    let began = Instant::now();
    let mut devices = JoinSet::new();
    for (index, (voice, stream)) in voices.into_iter().zip(connecting).enumerate() {
        let device = Device {
            maker: Maker::new(index, voice, load.values, clock.now()),
            window: load.window.clamp(1, usize::from(u16::MAX) / 2),
            gap,
            // Their messages are spread over the time between two of one.
            next: began + gap.unwrap_or_default().mul_f64(index as f64 / count as f64),
            until: began + load.duration,
            sent: VecDeque::new(),
            latencies: Vec::new(),
            acknowledged: Arc::clone(acknowledged),
        };
        let stop = stop.clone();
        devices.spawn(device.run(stream, stop));
    }
    let (mut latencies, mut failure) = (Vec::new(), Ok(()));
    while let Some(ended) = devices.join_next().await {
        match ended.context("a device panicked")? {
            Ok(some) => latencies.extend(some),
            Err(error) => failure = failure.and(Err(error)),
        }
    }
    failure?;
    Ok(Outcome { took: began.elapsed(), ..summary(latencies) })
}

fn summary(mut latencies_us: Vec<u32>) -> Outcome {
    latencies_us.sort_unstable();
    let last = latencies_us.len().saturating_sub(1);
    let of = |share: f64| {
        let place = (last as f64 * share).round() as usize;
        Duration::from_micros(latencies_us.get(place).copied().unwrap_or_default().into())
    };
    let latency = [0.5, 0.99, 0.999, 1.0].map(of);
    Outcome { messages: latencies_us.len() as u64, latency, ..Outcome::default() }
}

struct Device {
    maker: Maker,
    window: usize,
    gap: Option<Duration>,
    /// When the next message is due.
    next: Instant,
    until: Instant,
    /// Identifier and time of what is not acknowledged, oldest first.
    sent: VecDeque<(u16, Instant)>,
    latencies: Vec<u32>,
    acknowledged: Arc<AtomicU64>,
}

impl Device {
    /// Microseconds from sending to the acknowledgement, of each message.
    async fn run(mut self, stream: TcpStream, stop: CancellationToken) -> Result<Vec<u32>> {
        let (mut reader, mut writer) = stream.into_split();
        let (mut out, mut answers) = (Vec::new(), wire::Answers::default());
        loop {
            let now = Instant::now();
            let goes_on = now < self.until && !stop.is_cancelled();
            if !goes_on && self.sent.is_empty() {
                let _ = writer.write_all(&wire::DISCONNECT).await;
                return Ok(self.latencies);
            }
            if goes_on {
                self.fill(now, &mut out);
                writer.write_all(&out).await.context("the broker ended the connection")?;
                out.clear();
            }
            let due = if goes_on && self.sent.len() < self.window { self.next } else { now + PATIENCE };
            tokio::select! {
                read = answers.read(&mut reader) => self.take(read?)?,
                () = sleep_until(due) => {
                    if due > self.next && !self.sent.is_empty() {
                        bail!("{} messages of a device were not acknowledged for {PATIENCE:?}", self.sent.len());
                    }
                }
            }
        }
    }

    /// Writes what is due and fits into the window.
    fn fill(&mut self, now: Instant, out: &mut Vec<u8>) {
        while self.sent.len() < self.window && self.gap.is_none_or(|_| self.next <= now) {
            let id = self.maker.write(out);
            self.sent.push_back((id, now));
            self.next += self.gap.unwrap_or_default();
        }
    }

    fn take(&mut self, acknowledged: Vec<u16>) -> Result<()> {
        let now = Instant::now();
        for id in acknowledged {
            // Brokers answer in order, nearly always.
            let place = self.sent.iter().position(|(sent, _)| *sent == id);
            let Some((_, at)) = place.and_then(|place| self.sent.remove(place)) else {
                bail!("the broker acknowledged message {id}, which was not sent");
            };
            self.latencies.push(now.duration_since(at).as_micros().try_into().unwrap_or(u32::MAX));
            self.acknowledged.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
