//! Follows the profiles of devices: how a device's messages are read can be changed while it sends.

use crate::decode::Decoder;
use std::{sync::Arc, time::Duration};
use store::{
    StoreError,
    records::{Records, fleet::devices},
};
use tokio_util::sync::CancellationToken;

const INTERVAL: Duration = Duration::from_secs(1);

pub async fn read(records: &Records, decoder: &Decoder) -> Result<(), StoreError> {
    decoder.set_profiles(devices::profiles(records.read()).await?);
    Ok(())
}

/// Reads them again and again until `stop`.
pub async fn follow(records: Records, decoder: Arc<Decoder>, stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(INTERVAL)).await.is_some() {
        if let Err(error) = read(&records, &decoder).await {
            tracing::warn!(%error, "the profiles of devices cannot be read");
        }
    }
}
