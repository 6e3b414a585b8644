//! A table for each class of metrics, because the server lets go of whole partitions only.

use super::QuestDbConfig;
use crate::{
    StoreError,
    telemetry::{Class, Keep},
};

#[derive(Clone, Debug)]
pub struct Tables {
    /// Of what no class covers.
    pub others: String,
    others_days: u32,
    classes: Vec<(Class, String, u32)>,
}

impl Tables {
    pub fn of(config: &QuestDbConfig) -> Result<Self, StoreError> {
        let word = |text: &str| {
            let named = |c: char| c.is_ascii_alphanumeric() || c == '_';
            match !text.is_empty() && text.chars().all(named) {
                true => Ok(()),
                false => Err(StoreError::Corrupt(format!("{text:?} names no table"))),
            }
        };
        word(&config.table)?;
        let mut classes = Vec::new();
        for (class, days) in &config.classes {
            word(&class.name)?;
            classes.push((class.clone(), format!("{}_{}", config.table, class.name), *days));
        }
        Ok(Self { others: config.table.clone(), others_days: config.ttl_days, classes })
    }

    /// Where samples of `metric` go.
    pub fn for_metric(&self, metric: &str) -> &str {
        let class = self.classes.iter().find(|(class, ..)| class.covers(metric));
        class.map_or(&self.others, |(_, table, _)| table)
    }

    /// Each with the days that it is kept; 0: for ever.
    pub fn all(&self) -> impl Iterator<Item = (&str, u32)> {
        let classes = self.classes.iter().map(|(_, table, days)| (table.as_str(), *days));
        std::iter::once((self.others.as_str(), self.others_days)).chain(classes)
    }

    /// Each with the time from which it is kept.
    pub fn kept_from<'a>(&'a self, keep: &'a Keep) -> impl Iterator<Item = (&'a str, i64)> {
        let named = |class: &Class| {
            let found = keep.classes.iter().find(|(other, _)| other.name == class.name);
            found.map_or(i64::MIN, |(_, from_us)| *from_us)
        };
        let classes = self.classes.iter().map(move |(class, table, _)| (table.as_str(), named(class)));
        std::iter::once((self.others.as_str(), keep.others_us)).chain(classes)
    }
}
