//! Sends recorded rows over MQTT as the devices that recorded them, with their own times, as fast as they are
//! acknowledged.

use crate::{
    delivery::{Counters, DeliveryError, Link, Message, deliver},
    fleet::Address,
    payload::Entry,
    plant::Plant,
    table::Row,
    voice::{Format, SignIn, Voice},
};
use anyhow::{Context, Result, bail};
use serde_json::json;
use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::{sync::mpsc, task::JoinSet};
use tokio_util::sync::CancellationToken;

/// Who the devices are.
pub enum Directory {
    /// Device id to token.
    Known(HashMap<String, String>),
    /// Devices, assets and models are made as they are met.
    Made { plant: Plant, site: String, models: HashMap<String, String>, make: Make },
    /// Clients of a broker that knows nothing of devices.
    Anyone { topic: String, format: Format, sign_in: Option<SignIn> },
}

/// What stands on the plates of machines that are made.
#[derive(Clone, Copy, Debug)]
pub struct Make {
    pub manufacturer: &'static str,
    /// The name of the model says it, when it is left out.
    pub equipment_type: Option<&'static str>,
}

#[derive(Clone, Debug)]
pub struct Settings {
    pub address: Address,
    /// Prefix of the names of devices and assets.
    pub device_prefix: String,
    /// Rows in one message.
    pub batch: usize,
    /// Messages sent and not yet acknowledged, by device.
    pub window: u16,
    /// How long to go on without a connection.
    pub patience: Duration,
}

/// Messages between the reader of the file and the link of one device; beyond that, reading waits.
const QUEUE: usize = 32;

/// The links of those that have spoken, made as they are met.
pub struct Senders<'a> {
    directory: &'a Directory,
    settings: &'a Settings,
    counters: &'a Arc<Counters>,
    stop: &'a CancellationToken,
    links: JoinSet<Result<(), DeliveryError>>,
    devices: HashMap<String, Device>,
}

struct Device {
    voice: Voice,
    queue: mpsc::Sender<Message>,
    waiting: Vec<Entry>,
}

/// Returns how many devices spoke, when everything is acknowledged.
pub async fn run(
    rows: impl Iterator<Item = Result<Row>>,
    directory: &Directory,
    settings: &Settings,
    counters: &Arc<Counters>,
    stop: &CancellationToken,
) -> Result<usize> {
    let mut senders = Senders::new(directory, settings, counters, stop);
    for row in rows {
        let (id, entry) = row?;
        if stop.is_cancelled() {
            break;
        }
        senders.gather(id, entry).await?;
    }
    senders.finish().await
}

impl<'a> Senders<'a> {
    pub fn new(
        directory: &'a Directory,
        settings: &'a Settings,
        counters: &'a Arc<Counters>,
        stop: &'a CancellationToken,
    ) -> Self {
        Self { directory, settings, counters, stop, links: JoinSet::new(), devices: HashMap::new() }
    }

    /// Sends `entry` with those of its device that wait, when they are enough for a message.
    async fn gather(&mut self, id: String, entry: Entry) -> Result<()> {
        let batch = self.settings.batch;
        let device = self.device(&id, &entry).await?;
        device.waiting.push(entry);
        if device.waiting.len() >= batch && device.flush().await.is_err() {
            return Err(self.first_failure().await);
        }
        Ok(())
    }

    /// Sends `entries` of the device `id` as one message.
    pub async fn send(&mut self, id: &str, entries: &[Entry]) -> Result<()> {
        let Some(first) = entries.first() else { return Ok(()) };
        let device = self.device(id, first).await?;
        if device.queue.send(device.voice.message(entries)).await.is_err() {
            return Err(self.first_failure().await);
        }
        Ok(())
    }

    async fn device(&mut self, id: &str, first: &Entry) -> Result<&mut Device> {
        if !self.devices.contains_key(id) {
            let voice = self.directory.voice(id, first, self.settings).await?;
            let (queue, source) = mpsc::channel(QUEUE);
            let link = self.settings.link(id, voice.sign_in.clone());
            let (counters, stop) = (Arc::clone(self.counters), self.stop.clone());
            self.links.spawn(async move { deliver(&link, source, &counters, &stop).await });
            self.devices.insert(id.to_owned(), Device { voice, queue, waiting: Vec::new() });
        }
        Ok(self.devices.get_mut(id).expect("invariant: inserted above"))
    }

    /// How many devices spoke, when everything is acknowledged.
    pub async fn finish(self) -> Result<usize> {
        let Self { devices, mut links, counters, stop, .. } = self;
        let count = devices.len();
        for (_, mut device) in devices {
            // A link that has ended is reported below.
            drop(device.flush().await);
        }
        while let Some(ended) = links.join_next().await {
            ended.context("a link panicked")??;
        }
        if stop.is_cancelled() {
            bail!("stopped after {} acknowledged rows", counters.rows.load(Ordering::Relaxed));
        }
        Ok(count)
    }

    async fn first_failure(&mut self) -> anyhow::Error {
        while let Some(ended) = self.links.join_next().await {
            match ended {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return error.into(),
                Err(panic) => return panic.into(),
            }
        }
        anyhow::anyhow!("stopped")
    }
}

impl Device {
    async fn flush(&mut self) -> Result<(), mpsc::error::SendError<Message>> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let message = self.voice.message(&std::mem::take(&mut self.waiting));
        self.queue.send(message).await
    }
}

impl Settings {
    fn name(&self, id: &str) -> String {
        format!("{}{id}", self.device_prefix)
    }
    fn link(&self, id: &str, sign_in: Option<SignIn>) -> Link {
        Link {
            host: self.address.host.clone(),
            port: self.address.port,
            sign_in,
            client_id: format!("replay-{}", self.name(id)),
            window: self.window,
            patience: Some(self.patience),
        }
    }
}

impl Directory {
    /// Lines of `id,token`.
    pub fn from_file(text: &str) -> Result<Self> {
        let pairs = text.lines().filter(|line| !line.trim().is_empty()).map(|line| {
            let (id, token) = line.split_once(',').with_context(|| format!("{line:?} is not id,token"))?;
            Ok((id.trim().to_owned(), token.trim().to_owned()))
        });
        Ok(Self::Known(pairs.collect::<Result<_>>()?))
    }

    /// Makes the customer and the site that the assets stand at.
    pub async fn made(
        plant: Plant,
        customer: &str,
        models: HashMap<String, String>,
        make: Make,
    ) -> Result<Self> {
        let customer_id = plant.find_or_make("customers", customer, &json!({ "name": customer })).await?;
        let site = json!({ "customer_id": customer_id, "name": customer });
        let site = plant.find_or_make("sites", customer, &site).await?;
        Ok(Self::Made { plant, site, models, make })
    }

    /// How the device `id` speaks; when it is made, its asset is in service from its first row on.
    async fn voice(&self, id: &str, first: &Entry, settings: &Settings) -> Result<Voice> {
        let name = settings.name(id);
        let token = match self {
            Self::Anyone { topic, format, sign_in } => {
                return Ok(Voice::new(&name, topic, *format, sign_in.clone()));
            }
            Self::Known(tokens) => {
                tokens.get(id).cloned().with_context(|| format!("the file of tokens has none for {id:?}"))?
            }
            Self::Made { plant, site, models, make } => {
                let model = models.get(id).map_or("recorded", String::as_str);
                let equipment_type = make.equipment_type.unwrap_or(model);
                let body = json!({
                    "manufacturer": make.manufacturer, "name": model, "equipment_type": equipment_type,
                });
                let model_id = plant.find_or_make("models", model, &body).await?;
                let asset = json!({
                    "site_id": site, "model_id": model_id, "name": name, "serial_number": name,
                    "in_service_from": first.at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
                });
                let asset = plant.find_or_make("assets", &name, &asset).await?;
                plant.device_token(&name, Some(&asset)).await?
            }
        };
        Ok(Voice::with_token(&name, token))
    }
}
