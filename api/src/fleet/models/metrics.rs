//! What people call the values that a type of equipment sends: the model's own name and unit where it has one, else
//! the usual word, else the key in plain letters. A machine's key is never shown raw.

use domain::{
    fleet::{
        device::Device,
        model::MetricName,
        profile::{Described, Profile},
    },
    id::AssetId,
};
use std::collections::HashMap;
use store::{
    StoreError,
    records::{
        Db,
        fleet::{device_metrics, devices, model_metrics, profiles},
    },
};
use web::i18n::{Lang, small_initial};

/// The names of one model's metrics.
#[derive(Clone, Debug, Default)]
pub struct MetricNames(HashMap<String, MetricName>);

impl MetricNames {
    pub async fn of_asset(db: &Db, asset: AssetId) -> Result<Self, StoreError> {
        Ok(Self::of_assets(db, [asset]).await?.remove(&asset).unwrap_or_default())
    }
    pub async fn of_assets(
        db: &Db,
        assets: impl IntoIterator<Item = AssetId>,
    ) -> Result<HashMap<AssetId, Self>, StoreError> {
        let assets: Vec<AssetId> = assets.into_iter().collect();
        let mut declared = device_metrics::of_assets(db, assets.iter().copied()).await?;
        let mut described = HashMap::<AssetId, Vec<MetricName>>::new();
        let reporting = devices::of_assets(db, assets.iter().copied()).await?;
        let profiles = profiles::of(db, &reporting).await?;
        for device in &reporting {
            if let (Some(asset), Some(profile)) = (device.asset_id, profiles.get(&device.id)) {
                described.entry(asset).or_default().extend(said(profile));
            }
        }
        let names = model_metrics::of_assets(db, assets).await?;
        let all = |(asset, names)| {
            let declared = Self::from(declared.remove(&asset).unwrap_or_default());
            (asset, declared.under(described.remove(&asset).unwrap_or_default()).under(names))
        };
        Ok(names.into_iter().map(all).collect())
    }

    /// What devices that stand nowhere declare themselves.
    pub async fn of_devices(db: &Db, devices: &[Device]) -> Result<Self, StoreError> {
        let mut names = Vec::new();
        for device in devices {
            names.extend(device_metrics::of_device(db, device.id).await?);
        }
        let described = profiles::of(db, devices).await?.into_values().flat_map(|profile| said(&profile));
        Ok(Self::from(names).under(described.collect()))
    }

    /// The same where `better` says nothing: what a device declares stands behind what people say of its kind, and that
    /// behind what they say of the model of its equipment.
    fn under(mut self, better: Vec<MetricName>) -> Self {
        for said in better {
            let known = self.0.entry(said.metric.clone()).or_insert_with(|| said.clone());
            if !said.name.is_empty() {
                known.name = said.name;
            }
            if !said.unit.is_empty() {
                known.unit = said.unit;
            }
        }
        self
    }

    pub fn name(&self, lang: Lang, metric: &str) -> String {
        match self.0.get(metric).map(|known| known.name.as_str()) {
            Some(name) if !name.is_empty() => lang.phrase(name),
            _ => lang.metric(metric),
        }
    }
    /// The same where it is not the first word. A name that somebody gave stays as given.
    pub fn within_a_sentence(&self, lang: Lang, metric: &str) -> String {
        match self.0.get(metric) {
            Some(known) if !known.name.is_empty() => lang.phrase(&known.name),
            _ => small_initial(&lang.metric(metric)),
        }
    }
    /// Empty where the model states none.
    pub fn unit(&self, metric: &str) -> &str {
        self.0.get(metric).map_or("", |known| known.unit.as_str())
    }
}

impl From<Vec<MetricName>> for MetricNames {
    fn from(names: Vec<MetricName>) -> Self {
        Self(names.into_iter().map(|name| (name.metric.clone(), name)).collect())
    }
}

/// What a profile calls its metrics.
fn said(profile: &Profile) -> Vec<MetricName> {
    let name = |one: &Described| MetricName {
        metric: one.metric.clone(),
        name: one.name.clone(),
        unit: one.unit.clone(),
    };
    profile.meaning.metrics.iter().map(name).collect()
}

/// As the form has them: `suction_pressure = Suction pressure [bar]`, one a line; name and unit may be left out.
pub fn show(names: &[MetricName]) -> String {
    let line = |known: &MetricName| {
        let name = if known.name.is_empty() { String::new() } else { format!(" = {}", known.name) };
        let unit = if known.unit.is_empty() { String::new() } else { format!(" [{}]", known.unit) };
        format!("{}{name}{unit}", known.metric)
    };
    names.iter().map(line).collect::<Vec<_>>().join("\n")
}

pub fn read(text: &str) -> Vec<MetricName> {
    let line = |line: &str| {
        let (rest, unit) = match line.trim().strip_suffix(']').and_then(|rest| rest.rsplit_once('[')) {
            Some((rest, unit)) => (rest.trim(), unit.trim()),
            None => (line.trim(), ""),
        };
        let (metric, name) = rest.split_once('=').unwrap_or((rest, ""));
        MetricName { metric: metric.trim().into(), name: name.trim().into(), unit: unit.into() }
    };
    text.lines().filter(|line| !line.trim().is_empty()).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use service::fleet::models::commands::checked_metrics;

    fn name(metric: &str, name: &str, unit: &str) -> MetricName {
        MetricName { metric: metric.into(), name: name.into(), unit: unit.into() }
    }

    #[test]
    fn the_form_reads_the_names_that_it_shows() {
        let all = vec![
            name("suction_pressure", "Suction pressure", "bar"),
            name("dp", "", "Pa"),
            name("flow", "Flow", ""),
            name("raw", "", ""),
        ];
        assert_eq!(show(&all), "suction_pressure = Suction pressure [bar]\ndp [Pa]\nflow = Flow\nraw");
        assert_eq!(read(&show(&all)), all);
        assert!(checked_metrics(all).is_ok());
        for wrong in ["a\na", "= Name", "[bar]", "a = b = c", "a = [x] y", &"a".repeat(121)] {
            assert!(checked_metrics(read(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_metric_has_the_name_of_its_model_then_the_usual_word_then_plain_letters() {
        let names = MetricNames::from(vec![name("t1", "Bearing", "°C"), name("dp_2", "", "Pa")]);
        assert_eq!((names.name(Lang::Es, "t1").as_str(), names.unit("t1")), ("Rodamiento", "°C"));
        assert_eq!((names.name(Lang::Es, "dp_2").as_str(), names.unit("dp_2")), ("Dp 2", "Pa"));
        assert_eq!(
            (names.name(Lang::Es, "suction_pressure").as_str(), names.unit("x")),
            ("Presión de aspiración", "")
        );
    }
}
