//! Making and changing assets.

use crate::{
    command::{Begun, CommandError, Context},
    deps::Deps,
    fleet::customers::commands::house_currency,
    input::{Checks, MAX_NAME, parse_instant},
    scope,
};
use domain::{
    Currency, Money, Timestamp,
    fleet::asset::{Asset, Criticality},
    id::{AssetId, ModelId, SiteId},
    people::account::Scope,
    reason::Reason,
};
use serde::{Deserialize, Serialize};
use store::{
    StoreError,
    records::{
        Db,
        fleet::{assets, models, sites},
    },
};
use uuid::Uuid;

/// What is typed of an asset. Its customer is that of its site.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssetInput {
    pub site_id: Uuid,
    pub model_id: Uuid,
    pub name: String,
    /// Empty when nobody knows it; otherwise once per model.
    #[serde(default)]
    pub serial_number: String,
    /// Place within the site.
    pub functional_location: Option<String>,
    /// `low`, `medium` (the default), `high` or `critical`.
    pub criticality: Option<String>,
    /// RFC 3339; exposure begins here. Now, when left out.
    pub in_service_from: Option<String>,
    pub in_service_to: Option<String>,
    /// What an hour of unplanned downtime costs the owner.
    pub downtime_cost_per_hour: Option<Money>,
    /// When changing: the version of what was read.
    pub version: Option<i64>,
}

impl AssetInput {
    /// The asset that this describes, once its site and model are known to exist.
    pub async fn read(
        &self,
        db: &Db,
        scope: Scope,
        id: AssetId,
        version: i64,
        from: Timestamp,
    ) -> Result<Asset, CommandError> {
        let mut checks = Checks::default();
        let site = sites::find(db, scope, SiteId(self.site_id)).await?;
        if site.is_none() {
            checks.add("site_id", Reason::UnknownChoice);
        }
        if models::find(db, scope, ModelId(self.model_id)).await?.is_none() {
            checks.add("model_id", Reason::UnknownChoice);
        }
        let criticality = match checks.optional("criticality", self.criticality.as_deref(), MAX_NAME) {
            None => Criticality::Medium,
            Some(word) => word.parse().unwrap_or_else(|_| {
                checks.add("criticality", Reason::UnknownChoice);
                Criticality::Medium
            }),
        };
        let in_service_from =
            instant(&mut checks, "in_service_from", self.in_service_from.as_deref()).unwrap_or(from);
        let in_service_to = instant(&mut checks, "in_service_to", self.in_service_to.as_deref());
        if in_service_to.is_some_and(|to| to <= in_service_from) {
            checks.add("in_service_to", Reason::AssetsServiceEndsBefore);
        }
        checks.price("downtime_cost_per_hour", self.downtime_cost_per_hour);
        let name = checks.required("name", &self.name, MAX_NAME);
        let serial_number = checks.text("serial_number", &self.serial_number, MAX_NAME);
        let functional_location =
            checks.optional("functional_location", self.functional_location.as_deref(), MAX_NAME);
        checks.finish()?;
        let site = site.ok_or(CommandError::NotFound)?;
        Ok(Asset {
            id,
            customer_id: site.customer_id,
            site_id: site.id,
            model_id: ModelId(self.model_id),
            name,
            serial_number,
            functional_location,
            criticality,
            in_service_from,
            in_service_to,
            downtime_cost_per_hour: self.downtime_cost_per_hour,
            version,
        })
    }
}

fn instant(checks: &mut Checks, field: &'static str, text: Option<&str>) -> Option<Timestamp> {
    let text = text.map(str::trim).filter(|text| !text.is_empty())?;
    let at = parse_instant(text);
    if at.is_none() {
        checks.add(field, Reason::InvalidDate);
    }
    at
}

pub async fn create(deps: &Deps, mut cx: Context, input: AssetInput) -> Result<Asset, CommandError> {
    let tx = match cx.begin(&deps.records, "assets.create", &input).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(asset) => return Ok(asset),
    };
    let asset = input.read(&tx, cx.scope(), AssetId::generate(), 1, cx.at).await?;
    assets::insert(&tx, &asset).await.map_err(serial_taken)?;
    cx.finish(tx, asset).await
}

/// A conflict means that somebody else changed the asset since the input's version. An asset that moves keeps its
/// customer; another owner's machine is another asset, with its own history.
pub async fn update(
    deps: &Deps,
    mut cx: Context,
    id: AssetId,
    input: AssetInput,
) -> Result<Asset, CommandError> {
    let version = input.version.ok_or_else(|| CommandError::field("version", Reason::Required))?;
    let tx = match cx.begin(&deps.records, "assets.update", &(id, &input)).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(asset) => return Ok(asset),
    };
    let old = scope::asset(&tx, cx.scope(), id).await?;
    let asset = input.read(&tx, cx.scope(), id, version, old.in_service_from).await?;
    if asset.customer_id != old.customer_id {
        return Err(CommandError::field("site_id", Reason::AssetsCustomerFixed));
    }
    let asset = assets::update(&tx, asset).await.map_err(|error| match error {
        StoreError::Conflict(what) if what.contains("serial") => serial_taken(StoreError::Conflict(what)),
        error => error.into(),
    })?;
    cx.finish(tx, asset).await
}

pub fn serial_taken(error: StoreError) -> CommandError {
    match error {
        StoreError::Conflict(_) => CommandError::field("serial_number", Reason::SerialNumberTaken),
        error => error.into(),
    }
}

/// The currency in which the owner of `site` counts: its customer's.
pub async fn currency_of(db: &Db, scope: Scope, site: SiteId) -> Result<Currency, CommandError> {
    let Some(site) = sites::find(db, scope, site).await? else { return house_currency(db).await };
    let customer = store::records::fleet::customers::get(db, site.customer_id).await?;
    match customer {
        Some(customer) => Ok(customer.currency),
        None => house_currency(db).await,
    }
}
