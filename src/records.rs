//! The records, wherever the configuration says that they are.

use crate::config::Config;
use anyhow::{Context as _, Result};
use store::records::Records;

pub async fn open(config: &Config) -> Result<Records> {
    match &config.records {
        Some(url) => Records::connect(url.expose()).await.context("cannot open the records on PostgreSQL"),
        None => Records::open(&config.data_dir)
            .await
            .with_context(|| format!("cannot open the records in {}", config.data_dir.display())),
    }
}
