//! What is remembered of an edge node: the aliases and types of its last births, and where its sequence stands.

use super::payload::{Metric, Payload, Value, kind};
use chrono::TimeDelta;
use domain::{Timestamp, telemetry::OutboundMessage};
use prost::Message;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};

/// How long a message may be overtaken by the next ones before the node is asked for a rebirth.
const REORDER_TIMEOUT: TimeDelta = TimeDelta::seconds(2);
/// A node is asked for a rebirth at most this often.
const ASK_INTERVAL: TimeDelta = TimeDelta::seconds(10);
/// Metrics of one node whose aliases and types are remembered.
const MAX_KNOWN: usize = 10_000;

#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Node {
    /// Of the birth that holds.
    pub bd_seq: Option<u64>,
    /// By alias: the name and the type.
    aliases: HashMap<u64, (String, u32)>,
    /// The types of metrics by their device (empty for the node itself) and name.
    types: HashMap<String, HashMap<String, u32>>,
    /// Of the last message in order.
    #[serde(skip)]
    seq: Option<u8>,
    /// Numbers that were passed over, and since when.
    #[serde(skip)]
    missing: Option<(BTreeSet<u8>, Timestamp)>,
    #[serde(skip)]
    asked_at: Option<Timestamp>,
}

impl Node {
    /// The node is born: what was known of it and of its devices is void.
    pub fn is_born(&mut self, payload: &Payload) {
        *self = Self { asked_at: None, bd_seq: bd_seq(payload), ..Self::default() };
        self.seq = Some(0);
    }

    /// Remembers what a birth says of the metrics of `device`.
    pub fn learn(&mut self, device: &str, metrics: &[Metric]) {
        let known = self.types.values().map(HashMap::len).sum::<usize>();
        let room = MAX_KNOWN.saturating_sub(known);
        let types = self.types.entry(device.to_owned()).or_default();
        for metric in metrics.iter().take(room) {
            let (Some(name), Some(datatype)) = (&metric.name, metric.datatype) else { continue };
            types.insert(name.clone(), datatype);
            if let Some(alias) = metric.alias {
                self.aliases.insert(alias, (name.clone(), datatype));
            }
        }
    }

    /// Name and type of a metric of `device`; `None` when only an alias is told that no birth has explained.
    pub fn named(&self, device: &str, metric: &Metric) -> Option<(String, u32)> {
        let (name, datatype) = match (&metric.name, metric.alias) {
            (Some(name), _) => {
                let known = self.types.get(device).and_then(|types| types.get(name));
                (name.clone(), known.copied().unwrap_or_default())
            }
            (None, Some(alias)) => self.aliases.get(&alias)?.clone(),
            (None, None) => return None,
        };
        Some((name, metric.datatype.filter(|datatype| *datatype != 0).unwrap_or(datatype)))
    }

    /// The devices that were born.
    pub fn devices(&self) -> impl Iterator<Item = &String> {
        self.types.keys().filter(|device| !device.is_empty())
    }

    /// Takes the number of a message; false when others were passed over.
    pub fn follows(&mut self, seq: u64, now: Timestamp) -> bool {
        let Ok(seq) = u8::try_from(seq) else { return false };
        if let Some((missing, _)) = &mut self.missing
            && missing.remove(&seq)
        {
            if missing.is_empty() {
                self.missing = None;
            }
            return true;
        }
        let Some(last) = self.seq.replace(seq) else { return true };
        let expected = last.wrapping_add(1);
        if seq == expected {
            return true;
        }
        let (missing, _) = self.missing.get_or_insert_with(|| (BTreeSet::new(), now));
        let passed = (0..seq.wrapping_sub(expected)).map(|step| expected.wrapping_add(step));
        missing.extend(passed);
        false
    }

    /// Something was passed over and may still come.
    pub fn waits(&self) -> bool {
        self.missing.is_some()
    }

    /// The request for a rebirth of `node`, `group/edge`, when what was passed over did not come in time.
    pub fn overdue(&mut self, node: &str, now: Timestamp) -> Option<OutboundMessage> {
        let (_, since) = self.missing.as_ref()?;
        if now - *since < REORDER_TIMEOUT {
            return None;
        }
        self.missing = None;
        self.rebirth(node, now)
    }

    /// The request for a rebirth, unless the node was asked just now.
    pub fn rebirth(&mut self, node: &str, now: Timestamp) -> Option<OutboundMessage> {
        if self.asked_at.is_some_and(|at| now - at < ASK_INTERVAL) {
            return None;
        }
        self.asked_at = Some(now);
        let (group, edge) = node.split_once('/')?;
        let timestamp = u64::try_from(now.timestamp_millis()).ok();
        let rebirth = Metric {
            name: Some("Node Control/Rebirth".into()),
            timestamp,
            datatype: Some(kind::BOOLEAN),
            value: Some(Value::Boolean(true)),
            ..Metric::default()
        };
        let payload = Payload { timestamp, metrics: vec![rebirth], seq: None };
        Some(OutboundMessage {
            topic: format!("spBv1.0/{group}/NCMD/{edge}"),
            payload: payload.encode_to_vec(),
        })
    }
}

/// The number that ties a death to its birth.
pub fn bd_seq(payload: &Payload) -> Option<u64> {
    let metric = payload.metrics.iter().find(|metric| metric.name.as_deref() == Some("bdSeq"))?;
    match metric.value {
        Some(Value::Long(number)) => Some(number),
        Some(Value::Int(number)) => Some(number.into()),
        _ => None,
    }
}
