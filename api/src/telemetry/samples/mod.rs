//! What machines said, for programs and charts, and the door for machines that speak HTTP.

pub mod charts;
mod file;
pub mod fleet;
pub mod json;
pub mod twin;

use web::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::new()
        .get_heavy("/api/v1/devices/{id}/telemetry", Access::SignedIn, json::of_device)
        .get("/api/v1/devices/{id}/telemetry/latest", Access::SignedIn, json::latest_of_device)
        .get_heavy("/api/v1/assets/{id}/telemetry", Access::SignedIn, json::of_asset)
        .get("/api/v1/assets/{id}/telemetry/latest", Access::SignedIn, json::latest_of_asset)
        .get_heavy("/api/v1/telemetry/aggregate", Access::SignedIn, fleet::aggregate)
        .get_heavy("/api/v1/telemetry/latest", Access::SignedIn, fleet::latest)
        .post("/api/v1/{token}/telemetry", Access::Public, twin::telemetry)
        .post("/api/v1/{token}/attributes", Access::Public, twin::attributes)
        .post("/api/v1/{token}/claim", Access::Public, twin::claim)
        .post("/api/v1/provision", Access::Public, twin::provision)
}

#[cfg(test)]
mod tests;
