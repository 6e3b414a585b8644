//! Small numbers for devices and series, so that a stored sample names its series in a byte or two.
//!
//! Only the committer adds numbers; they are never used twice, not even after [`Registry::forget`].

use crate::telemetry::{Metric, Point};
use domain::{
    id::DeviceId,
    telemetry::{Batch, Sample},
};
use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
    sync::Arc,
};

pub type SeriesNo = u32;
pub type DeviceNo = u32;

/// Above this many metrics a device is searched by hash instead of from the front.
const LINEAR_METRICS: usize = 12;

/// Identifiers are already random: folding them is enough, and costs a tenth of the default hash.
#[derive(Default)]
struct Fold(u64);

impl Hasher for Fold {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..part.len()].copy_from_slice(part);
            self.write_u64(u64::from_le_bytes(word));
        }
    }
    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
        self.0 ^= self.0 >> 32;
    }
    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }
}

type Folded<K, V> = HashMap<K, V, BuildHasherDefault<Fold>>;

pub struct DeviceSeries {
    pub no: DeviceNo,
    metrics: Vec<(Metric, SeriesNo)>,
    /// Positions in `metrics`; empty while there are few.
    by_name: HashMap<Metric, u32>,
}

impl DeviceSeries {
    /// Devices send their metrics in the same order each time: `hint` is where the last search ended.
    fn find(&self, metric: &Metric, hint: &mut usize) -> Option<SeriesNo> {
        let next = if *hint < self.metrics.len() { *hint } else { 0 };
        let same = |(name, _): &(Metric, SeriesNo)| Arc::ptr_eq(name, metric) || **name == **metric;
        let at = match self.metrics.get(next) {
            Some(entry) if same(entry) => next,
            _ if self.metrics.len() <= LINEAR_METRICS => self.metrics.iter().position(same)?,
            _ => *self.by_name.get(metric)? as usize,
        };
        *hint = at + 1;
        Some(self.metrics[at].1)
    }

    pub fn has(&self, metric: &str) -> bool {
        if self.metrics.len() <= LINEAR_METRICS {
            self.metrics.iter().any(|(name, _)| **name == *metric)
        } else {
            self.by_name.contains_key(metric)
        }
    }

    pub fn metrics(&self) -> &[(Metric, SeriesNo)] {
        &self.metrics
    }

    fn add(&mut self, metric: Metric, no: SeriesNo) {
        self.metrics.push((metric, no));
        if self.metrics.len() > LINEAR_METRICS {
            let known = self.by_name.len();
            let unknown = self.metrics.iter().enumerate().skip(known);
            self.by_name.extend(unknown.map(|(at, (name, _))| (name.clone(), at as u32)));
        }
    }
}

/// A stored row of the table `series`.
pub struct StoredSeries {
    pub no: SeriesNo,
    pub device_no: DeviceNo,
    pub metric: Metric,
    pub sealed_seq: u64,
    pub last: Option<Point>,
}

/// Numbers given out for a group that is not yet committed.
#[derive(Default)]
pub struct Fresh {
    pub devices: Vec<(DeviceNo, DeviceId)>,
    pub series: Vec<(SeriesNo, DeviceNo, Metric)>,
}

impl Fresh {
    pub fn is_empty(&self) -> bool {
        self.devices.is_empty() && self.series.is_empty()
    }
}

#[derive(Default)]
pub struct Registry {
    devices: Folded<DeviceId, DeviceSeries>,
    device_ids: Vec<Option<DeviceId>>,
    names: Vec<Option<(DeviceId, Metric)>>,
}

impl Registry {
    /// `next_*` are the first numbers never given out.
    pub fn load(
        devices: Vec<(DeviceNo, DeviceId)>,
        series: &[StoredSeries],
        next_device: DeviceNo,
        next_series: SeriesNo,
    ) -> Self {
        let mut registry = Self {
            devices: Folded::default(),
            device_ids: vec![None; next_device as usize],
            names: vec![None; next_series as usize],
        };
        for (no, id) in devices {
            registry.put_device(no, id);
        }
        for stored in series {
            if let Some(id) = registry.device_id(stored.device_no) {
                registry.put_series(stored.no, id, stored.metric.clone());
            }
        }
        registry
    }

    pub fn device(&self, id: DeviceId) -> Option<&DeviceSeries> {
        self.devices.get(&id)
    }
    pub fn device_id(&self, no: DeviceNo) -> Option<DeviceId> {
        *self.device_ids.get(no as usize)?
    }
    pub fn name(&self, no: SeriesNo) -> Option<&(DeviceId, Metric)> {
        self.names.get(no as usize)?.as_ref()
    }
    /// Series that exist now.
    pub fn len(&self) -> usize {
        self.names.iter().flatten().count()
    }
    /// The first number never given out.
    pub fn next_series(&self) -> SeriesNo {
        self.names.len() as SeriesNo
    }

    pub fn find(&self, device: DeviceId, metric: &Metric) -> Option<SeriesNo> {
        self.devices.get(&device)?.find(metric, &mut 0)
    }

    /// Every series, in the order of their numbers.
    pub fn all(&self) -> Vec<(SeriesNo, DeviceId, Metric)> {
        let named = self.names.iter().zip(0..);
        named.filter_map(|(name, no)| name.clone().map(|(device, metric)| (no, device, metric))).collect()
    }

    /// Series numbers of `samples`, appended to `out`; false when some are new and [`Registry::intern`] must run.
    pub fn resolve(&self, samples: &[Sample], out: &mut Vec<SeriesNo>) -> bool {
        let mut current: Option<(DeviceId, &DeviceSeries)> = None;
        let mut hint = 0;
        for sample in samples {
            let device = match current {
                Some((id, device)) if id == sample.device => device,
                _ => {
                    let Some(device) = self.devices.get(&sample.device) else {
                        return false;
                    };
                    current = Some((sample.device, device));
                    hint = 0;
                    device
                }
            };
            let Some(no) = device.find(&sample.metric, &mut hint) else {
                return false;
            };
            out.push(no);
        }
        true
    }

    /// Whether every device of the state reports and events of `batch` has a number.
    pub fn knows_reporters(&self, batch: &Batch) -> bool {
        batch.states.iter().all(|s| self.devices.contains_key(&s.device))
            && batch.events.iter().all(|e| self.devices.contains_key(&e.device))
    }

    /// Gives numbers to everything in `batch` that has none.
    pub fn intern(&mut self, batch: &Batch, fresh: &mut Fresh) {
        for sample in &batch.samples {
            let device_no = self.intern_device(sample.device, fresh);
            if self.find(sample.device, &sample.metric).is_none() {
                let no = self.names.len() as SeriesNo;
                self.names.push(None);
                self.put_series(no, sample.device, sample.metric.clone());
                fresh.series.push((no, device_no, sample.metric.clone()));
            }
        }
        for device in batch.states.iter().map(|s| s.device).chain(batch.events.iter().map(|e| e.device)) {
            self.intern_device(device, fresh);
        }
    }

    /// Takes back what [`Registry::intern`] gave to a group that did not reach the disk.
    pub fn undo(&mut self, fresh: &Fresh) {
        for (no, device_no, metric) in fresh.series.iter().rev() {
            if let Some(device) = self.device_id(*device_no).and_then(|id| self.devices.get_mut(&id)) {
                device.metrics.pop();
                device.by_name.remove(metric);
            }
            self.names.truncate(*no as usize);
        }
        for (no, id) in fresh.devices.iter().rev() {
            self.devices.remove(id);
            self.device_ids.truncate(*no as usize);
        }
    }

    /// Drops a device and returns the numbers of its series.
    pub fn forget(&mut self, device: DeviceId) -> Option<(DeviceNo, Vec<SeriesNo>)> {
        let gone = self.devices.remove(&device)?;
        self.device_ids[gone.no as usize] = None;
        let series: Vec<_> = gone.metrics.iter().map(|(_, no)| *no).collect();
        for no in &series {
            self.names[*no as usize] = None;
        }
        Some((gone.no, series))
    }

    fn intern_device(&mut self, id: DeviceId, fresh: &mut Fresh) -> DeviceNo {
        if let Some(device) = self.devices.get(&id) {
            return device.no;
        }
        let no = self.device_ids.len() as DeviceNo;
        self.device_ids.push(None);
        self.put_device(no, id);
        fresh.devices.push((no, id));
        no
    }

    fn put_device(&mut self, no: DeviceNo, id: DeviceId) {
        self.device_ids[no as usize] = Some(id);
        self.devices.insert(id, DeviceSeries { no, metrics: Vec::new(), by_name: HashMap::new() });
    }

    fn put_series(&mut self, no: SeriesNo, device: DeviceId, metric: Metric) {
        self.names[no as usize] = Some((device, metric.clone()));
        if let Some(series) = self.devices.get_mut(&device) {
            series.add(metric, no);
        }
    }
}
