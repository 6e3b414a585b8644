//! Steady or greatest load from many devices, each message acknowledged.

use crate::{
    delivery::{Counters, Link, Message, deliver},
    fleet::Address,
    history::message,
    noise,
    payload::Entry,
};
use anyhow::{Context, Result};
use chrono::TimeDelta;
use domain::Clock;
use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, sleep},
};
use tokio_util::sync::CancellationToken;

#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Messages a second of all devices together; `None` is as fast as they are acknowledged.
    pub rate: Option<u32>,
    /// Values in a message.
    pub values: usize,
    pub duration: Duration,
    pub window: u16,
}

const QUEUE: usize = 64;
const TICK: Duration = Duration::from_millis(10);

/// Publishes from one device for each token; returns how long it took until all was acknowledged.
pub async fn run(
    tokens: Vec<String>,
    address: &Address,
    load: Load,
    clock: Arc<dyn Clock>,
    counters: &Arc<Counters>,
    stop: &CancellationToken,
) -> Result<Duration> {
    let began = Instant::now();
    let names: Arc<[String]> = (0..load.values).map(|n| format!("value_{n}")).collect();
    let mut links = JoinSet::new();
    let mut makers = JoinSet::new();
    let rate = load.rate.map(|rate| f64::from(rate) / tokens.len() as f64);
    for (index, token) in tokens.into_iter().enumerate() {
        let link = Link {
            host: address.host.clone(),
            port: address.port,
            token,
            client_id: format!("load-{index}"),
            window: load.window,
            patience: Some(Duration::from_secs(30)),
        };
        let (queue, source) = mpsc::channel(QUEUE);
        let (counters, names, clock) = (Arc::clone(counters), Arc::clone(&names), Arc::clone(&clock));
        let stop = stop.clone();
        links.spawn(async move { deliver(&link, source, &counters, &stop).await });
        makers.spawn(make(index as u64, rate, names, clock, queue));
    }
    tokio::select! {
        () = sleep(load.duration) => {}
        () = stop.cancelled() => {}
        // Makers end only when their link has.
        _ = async { while makers.join_next().await.is_some() {} } => {}
    }
    makers.shutdown().await;
    while let Some(ended) = links.join_next().await {
        ended.context("a link panicked")??;
    }
    tracing::debug!(messages = counters.messages.load(Ordering::Relaxed), "load ended");
    Ok(began.elapsed())
}

async fn make(
    seed: u64,
    rate: Option<f64>,
    names: Arc<[String]>,
    clock: Arc<dyn Clock>,
    queue: mpsc::Sender<Message>,
) {
    let (mut ticks, began) = (interval(TICK), Instant::now());
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // Times of one device never repeat, however fast it sends: a repeated time would overwrite a sample.
    let mut last = clock.now() - TimeDelta::milliseconds(1);
    for sent in 0_u64.. {
        while rate.is_some_and(|rate| sent as f64 >= began.elapsed().as_secs_f64() * rate) {
            ticks.tick().await;
        }
        let at = clock.now().max(last + TimeDelta::milliseconds(1));
        last = at;
        let value = |n: usize| noise::uniform(seed, (sent as i64) * 31 + n as i64);
        let values =
            names.iter().enumerate().map(|(n, name)| (name.as_str(), (value(n) * 1e4).round() / 100.0));
        if queue.send(message(&[Entry::new(at).with_values(values)])).await.is_err() {
            return;
        }
    }
}
