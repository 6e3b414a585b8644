//! A small fleet for slice tests: equipment of the signed-in customer, and somebody else's.

use crate::testing::TestApp;
use domain::fleet::customer::Buyer;
use domain::people::party::Address;
use domain::{
    Currency, Money,
    fleet::{
        asset::{Asset, Criticality},
        customer::Customer,
        device::{Device, DeviceProfile},
        model::Model,
        site::Site,
    },
    id::{AssetId, CustomerId, DeviceId, ModelId, SiteId},
    telemetry::{Batch, Sample},
};
use store::{
    records::fleet::{assets, customers, devices, models, sites},
    telemetry::append,
};

pub struct Fleet {
    pub customer: Customer,
    pub site: Site,
    pub model: Model,
    pub asset: Asset,
    pub device: Device,
    pub token: String,
}

/// Equipment of the customer `id`, with one device.
pub async fn of_customer(app: &TestApp, id: CustomerId, name: &str) -> Fleet {
    let customer = Customer {
        id,
        name: name.into(),
        email: None,
        phone: None,
        tax_id: None,
        billing_address: Address::default(),
        buyer: Buyer::default(),
        currency: Currency::EUR,
        created_at: app.now(),
    };
    let site = Site {
        id: SiteId::generate(),
        customer_id: id,
        territory_id: None,
        name: format!("{name} plant"),
        address: "Main Street 2".into(),
        latitude: None,
        longitude: None,
        time_zone: "Europe/Madrid".into(),
        access_notes: None,
    };
    let model = Model {
        id: ModelId::generate(),
        manufacturer: "Carrier".into(),
        name: format!("30XW {name}"),
        equipment_type: "chiller".into(),
    };
    let asset = Asset {
        id: AssetId::generate(),
        customer_id: id,
        site_id: site.id,
        model_id: model.id,
        name: format!("CH-204 {name}"),
        serial_number: "3417-88".into(),
        functional_location: Some("Roof plant room".into()),
        criticality: Criticality::High,
        in_service_from: app.now() - chrono::TimeDelta::days(90),
        in_service_to: None,
        downtime_cost_per_hour: Some(Money::new(25_000, Currency::EUR)),
        version: 1,
    };
    let device = Device {
        id: DeviceId::generate(),
        asset_id: Some(asset.id),
        name: format!("Gateway {name}"),
        profile: DeviceProfile::Thingsboard,
        profile_id: None,
        gateway_id: None,
        created_at: app.now(),
        revoked_at: None,
    };
    let token = format!("token-of-{name}");
    let tx = app.deps.records.begin().await.expect("begin");
    customers::insert(&tx, &customer).await.expect("customer");
    sites::insert(&tx, &site).await.expect("site");
    models::insert(&tx, &model).await.expect("model");
    assets::insert(&tx, &asset).await.expect("asset");
    devices::insert(&tx, &device, devices::token_hash(&token)).await.expect("device");
    tx.commit().await.expect("commit");
    Fleet { customer, site, model, asset, device, token }
}

/// Values of one metric, one a minute, the last one a minute ago.
pub async fn measure(app: &TestApp, device: DeviceId, metric: &str, values: &[f64]) {
    let newest = app.now().timestamp_micros() - 60_000_000;
    let samples = values.iter().rev().enumerate().map(|(back, value)| Sample {
        device,
        metric: metric.into(),
        ts_us: newest - back as i64 * 60_000_000,
        value: *value,
    });
    let batch = Batch { samples: samples.collect(), ..Batch::default() };
    append(app.deps.telemetry.as_ref(), batch).await.expect("append");
}
