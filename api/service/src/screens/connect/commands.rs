//! A device and, if wanted, the asset that it stands at, with its site and model, in one step.

use crate::{
    command::{Begun, CommandError, Context},
    deps::Deps,
    fleet::{
        assets::commands::{AssetInput, serial_taken},
        customers::commands::{CustomerInput, house_currency},
        devices::commands::{self as devices, NewDevice},
        models::commands::ModelInput,
        sites::commands::SiteInput,
    },
    scope,
};
use domain::{
    fleet::device::Device,
    id::{AssetId, CustomerId, ModelId, SiteId},
};
use serde::Serialize;
use store::records::{
    Db,
    fleet::{assets, customers, models, sites},
};
use uuid::Uuid;

#[derive(Clone, Debug, Serialize)]
pub struct Connect {
    pub device_name: String,
    pub stands_at: StandsAt,
}

/// The equipment that a new device reports for.
#[derive(Clone, Debug, Serialize)]
pub enum StandsAt {
    Nothing,
    Asset(Uuid),
    NewAsset { name: String, site: AtSite, manufacturer: String, model: String },
}

#[derive(Clone, Debug, Serialize)]
pub enum AtSite {
    Site(Uuid),
    /// A customer with one site, both of this name.
    New(String),
}

/// The device and its token.
pub async fn connect(deps: &Deps, mut cx: Context, input: Connect) -> Result<(Device, String), CommandError> {
    let token = devices::token(deps, &cx, "connect");
    let tx = match cx.begin(&deps.records, "connect", &input).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(device) => return devices::shown_again(deps, device, token).await,
    };
    let asset_id = match &input.stands_at {
        StandsAt::Nothing => None,
        StandsAt::Asset(id) => Some(*id),
        StandsAt::NewAsset { name, site, manufacturer, model } => {
            let site_id = site_id(&tx, &cx, site).await?;
            let model_id = model_id(&tx, &cx, manufacturer, model).await?;
            Some(new_asset(&tx, &cx, name, site_id, model_id).await?)
        }
    };
    let device = NewDevice { name: input.device_name.clone(), asset_id, ..NewDevice::default() };
    let device = devices::insert(&tx, &cx, &device, &token).await?;
    Ok((cx.finish(tx, device).await?, token))
}

async fn site_id(tx: &Db, cx: &Context, site: &AtSite) -> Result<Uuid, CommandError> {
    let name = match site {
        AtSite::Site(id) => return Ok(*id),
        AtSite::New(name) => name,
    };
    scope::house(cx.scope())?;
    let input = CustomerInput { name: name.clone(), ..CustomerInput::default() };
    let customer = input
        .read(CustomerId::generate(), house_currency(tx).await?, cx.at)
        .map_err(|error| error.renamed(&[("name", "customer_name")]))?;
    customers::insert(tx, &customer).await?;
    let input = SiteInput {
        customer_id: customer.id.into(),
        name: name.clone(),
        address: String::new(),
        territory_id: None,
        latitude: None,
        longitude: None,
        time_zone: None,
        access_notes: None,
    };
    let site = input.read(tx, cx.scope(), SiteId::generate()).await?;
    sites::insert(tx, &site).await?;
    Ok(site.id.into())
}

/// The model of that name, made when it is not there yet. Its kind can be given later.
async fn model_id(tx: &Db, cx: &Context, manufacturer: &str, model: &str) -> Result<Uuid, CommandError> {
    let input = ModelInput {
        manufacturer: manufacturer.into(),
        name: model.into(),
        equipment_type: "equipment".into(),
        metrics: None,
    };
    let wanted = input.read(ModelId::generate()).map_err(|error| error.renamed(&[("name", "model")]))?;
    if let Some(known) = models::find_by_name(tx, &wanted.manufacturer, &wanted.name).await? {
        return Ok(known.id.into());
    }
    scope::house(cx.scope())?;
    models::insert(tx, &wanted).await?;
    Ok(wanted.id.into())
}

async fn new_asset(
    tx: &Db,
    cx: &Context,
    name: &str,
    site_id: Uuid,
    model_id: Uuid,
) -> Result<Uuid, CommandError> {
    let input = AssetInput {
        site_id,
        model_id,
        name: name.into(),
        serial_number: String::new(),
        functional_location: None,
        criticality: None,
        in_service_from: None,
        in_service_to: None,
        downtime_cost_per_hour: None,
        version: None,
    };
    let read = input.read(tx, cx.scope(), AssetId::generate(), 1, cx.at).await;
    let asset = read.map_err(|error| error.renamed(&[("name", "asset_name"), ("site_id", "site")]))?;
    assets::insert(tx, &asset).await.map_err(serial_taken)?;
    Ok(asset.id.into())
}
