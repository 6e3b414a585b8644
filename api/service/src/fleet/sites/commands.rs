//! Making and changing sites.

use crate::{
    command::{Begun, CommandError, Context},
    deps::Deps,
    input::{Checks, MAX_NAME, MAX_TEXT},
    scope,
};
use domain::{
    fleet::site::Site,
    id::{CustomerId, SiteId, TerritoryId},
    people::account::Scope,
    reason::Reason,
};
use serde::{Deserialize, Serialize};
use store::records::{
    Db,
    fleet::{customers, sites, territories},
    people::organisation,
};
use uuid::Uuid;

/// What is typed of a site. Without a time zone it is the organisation's.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SiteInput {
    pub customer_id: Uuid,
    pub name: String,
    #[serde(default)]
    pub address: String,
    pub territory_id: Option<Uuid>,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    /// IANA name, such as `Europe/Madrid`.
    pub time_zone: Option<String>,
    /// What a technician must know before arriving.
    pub access_notes: Option<String>,
}

impl SiteInput {
    /// The site that this describes, once its customer and territory are known to exist.
    pub async fn read(&self, db: &Db, scope: Scope, id: SiteId) -> Result<Site, CommandError> {
        let mut checks = Checks::default();
        let customer_id = CustomerId(self.customer_id);
        if customers::find(db, scope, customer_id).await?.is_none() {
            checks.add("customer_id", Reason::UnknownChoice);
        }
        let territory_id = self.territory_id.map(TerritoryId);
        if let Some(id) = territory_id
            && territories::get(db, id).await?.is_none()
        {
            checks.add("territory_id", Reason::UnknownChoice);
        }
        let time_zone = match checks.optional("time_zone", self.time_zone.as_deref(), MAX_NAME) {
            Some(zone) => zone,
            None => organisation::get(db).await?.map_or_else(|| "UTC".into(), |house| house.time_zone),
        };
        if time_zone.parse::<chrono_tz::Tz>().is_err() {
            checks.add("time_zone", Reason::UnknownTimeZone);
        }
        if self.latitude.is_some_and(|value| !(-90.0..=90.0).contains(&value)) {
            checks.add("latitude", Reason::InvalidLatitude);
        }
        if self.longitude.is_some_and(|value| !(-180.0..=180.0).contains(&value)) {
            checks.add("longitude", Reason::InvalidLongitude);
        }
        let site = Site {
            id,
            customer_id,
            territory_id,
            name: checks.required("name", &self.name, MAX_NAME),
            address: checks.text("address", &self.address, MAX_TEXT),
            latitude: self.latitude,
            longitude: self.longitude,
            time_zone,
            access_notes: checks.optional("access_notes", self.access_notes.as_deref(), MAX_TEXT),
        };
        checks.finish()?;
        Ok(site)
    }
}

pub async fn create(deps: &Deps, mut cx: Context, input: SiteInput) -> Result<Site, CommandError> {
    let tx = match cx.begin(&deps.records, "sites.create", &input).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(site) => return Ok(site),
    };
    let site = input.read(&tx, cx.scope(), SiteId::generate()).await?;
    sites::insert(&tx, &site).await.map_err(name_taken)?;
    cx.finish(tx, site).await
}

/// A site keeps its customer: equipment that moves to another owner is another site.
pub async fn update(
    deps: &Deps,
    mut cx: Context,
    id: SiteId,
    input: SiteInput,
) -> Result<Site, CommandError> {
    let tx = match cx.begin(&deps.records, "sites.update", &(id, &input)).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(site) => return Ok(site),
    };
    let old = scope::site(&tx, cx.scope(), id).await?;
    let site = input.read(&tx, cx.scope(), id).await?;
    if site.customer_id != old.customer_id {
        return Err(CommandError::field("customer_id", Reason::SitesCustomerFixed));
    }
    sites::update(&tx, &site).await.map_err(name_taken)?;
    cx.finish(tx, site).await
}

fn name_taken(error: store::StoreError) -> CommandError {
    match error {
        store::StoreError::Conflict(_) => CommandError::field("name", Reason::SitesNameTaken),
        error => error.into(),
    }
}
