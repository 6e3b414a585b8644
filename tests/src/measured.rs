//! What the programs that measure share: devices to load with, and processes that end with them.

use crate::product::Mainstay;
use anyhow::{Context, Result};
use serde_json::json;
use std::{path::PathBuf, process::Child};

/// Devices of the product, their tokens in a file, one a line.
pub async fn tokens(product: &Mainstay, count: usize) -> Result<PathBuf> {
    let api = product.api("admin");
    let mut tokens = String::new();
    for number in 0..count {
        let made = api.post("/devices", json!({"name": format!("load {number}")})).await;
        tokens.push_str(made["token"].as_str().context("a token")?);
        tokens.push('\n');
    }
    let path = std::env::temp_dir().join(format!("mainstay-tokens-{}-{count}", std::process::id()));
    std::fs::write(&path, tokens)?;
    Ok(path)
}

/// Kills its process at the end.
pub struct Guard(pub Child);
impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
