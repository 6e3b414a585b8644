//! Installed machines.

use crate::{
    StoreError,
    records::{
        Db, PageRequest, Paged, Sorted,
        columns::{
            self,
            kept::{table, usual, was_saved},
        },
        condition::{state_days, states},
        engine::dialect::Dialect,
        lists::{
            order::{self, orders},
            readable, scope,
            search::{self, Kind},
        },
    },
};
use domain::{
    Timestamp,
    condition::EquipmentState,
    fleet::asset::Asset,
    fleet::asset::Criticality,
    id::{AssetId, CustomerId, ModelId, SiteId},
    people::account::Scope,
};
use sea_orm::{QuerySelect, entity::prelude::*, sea_query::SimpleExpr};
use sea_orm_migration::prelude::*;
use std::collections::HashMap;

table! {
    Asset in "assets" {
        id: AssetId,
        customer_id: CustomerId,
        site_id: SiteId,
        model_id: ModelId,
        name: String,
        serial_number: String,
        functional_location: Option<String>,
        criticality: Criticality,
        in_service_from_us as in_service_from: Timestamp,
        in_service_to_us as in_service_to: Option<Timestamp>,
        version: i64,
    }
    columns |asset| first {
        let words = [Some(&asset.name), Some(&asset.serial_number), asset.functional_location.as_ref()];
    } {
        downtime_cost_minor: Option<i64> = asset.downtime_cost_per_hour.map(|cost| cost.minor),
        downtime_cost_currency: Option<String> = asset.downtime_cost_per_hour.map(|cost| cost.currency.to_string()),
        /// What a search looks in.
        search: String = search::text(&words),
    }
    fields |row| {
        downtime_cost_per_hour: columns::money_if_any(row.downtime_cost_minor, row.downtime_cost_currency.as_deref())?,
    }
}
usual! { Asset by AssetId: get, find }

pub async fn insert(tx: &Db, asset: &Asset) -> Result<(), StoreError> {
    Entity::insert(to_row(asset)?).exec_without_returning(tx).await?;
    state_days::asset_changed(tx, None, Some(asset)).await
}

/// Saves `asset` over its version and answers it with the next one. A conflict means that it changed meanwhile.
pub async fn update(tx: &Db, asset: Asset) -> Result<Asset, StoreError> {
    let old = get(tx, asset.id).await?;
    let next = Asset { version: asset.version.saturating_add(1), ..asset };
    let same = Column::Id.eq(Uuid::from(next.id)).and(Column::Version.eq(asset.version));
    let done = Entity::update_many().set(to_row(&next)?).filter(same).exec(tx).await?;
    was_saved(done.rows_affected, "assets")?;
    state_days::asset_changed(tx, old.as_ref(), Some(&next)).await?;
    Ok(next)
}

pub(in crate::records) fn seen(scope: Scope) -> Condition {
    scope::rows(
        scope,
        |customer| Column::CustomerId.eq(Uuid::from(customer)),
        |technician| Column::Id.in_subquery(scope::assets_worked_on_by(technician)),
    )
}

/// Those of `ids` that exist and that `scope` covers.
pub async fn find_by_ids(
    db: &Db,
    scope: Scope,
    ids: impl IntoIterator<Item = AssetId>,
) -> Result<HashMap<AssetId, Asset>, StoreError> {
    let wanted = Column::Id.is_in(ids.into_iter().map(Uuid::from));
    let rows = Entity::find().filter(seen(scope)).filter(wanted).all(db).await?;
    let (found, _) = readable::each("asset", rows, |row| (row.id, &row.name), from_row);
    Ok(found.into_iter().map(|asset| (asset.id, asset)).collect())
}

/// Those of `ids` that exist.
pub async fn by_ids(
    db: &Db,
    ids: impl IntoIterator<Item = AssetId>,
) -> Result<HashMap<AssetId, Asset>, StoreError> {
    let rows = Entity::find().filter(Column::Id.is_in(ids.into_iter().map(Uuid::from))).all(db).await?;
    let (found, _) = readable::each("asset", rows, |row| (row.id, &row.name), from_row);
    Ok(found.into_iter().map(|asset| (asset.id, asset)).collect())
}

#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub customer: Option<CustomerId>,
    pub site: Option<SiteId>,
    pub model: Option<ModelId>,
    /// In this state now.
    pub state: Option<EquipmentState>,
    /// Anywhere in name, serial number or place within the site.
    pub text: Option<String>,
}

orders! {
    /// What assets are sorted by.
    ascending { Name "name" by Name }
}

/// By name, if nothing else is asked for.
pub async fn list(
    db: &Db,
    scope: Scope,
    filter: &Filter,
    page: &PageRequest<Sorted<By>>,
) -> Result<Paged<Asset>, StoreError> {
    let page = order::page(db, "assets", matching(Dialect::of(db), scope, filter), page).await?;
    Ok(page.read("asset", |row| (row.id, &row.name), from_row))
}

/// Every site at which an asset stands.
pub async fn sites(db: &Db) -> Result<Vec<SiteId>, StoreError> {
    let query = Entity::find().select_only().column(Column::SiteId).distinct();
    let ids: Vec<Uuid> = query.into_tuple().all(db).await?;
    Ok(ids.into_iter().map(Into::into).collect())
}

/// Those that stand at some sites, with their site.
pub async fn at_sites(
    db: &Db,
    sites: impl IntoIterator<Item = SiteId>,
) -> Result<Vec<(AssetId, SiteId)>, StoreError> {
    let rows: Vec<(Uuid, Uuid)> = Entity::find()
        .select_only()
        .column(Column::Id)
        .column(Column::SiteId)
        .filter(Column::SiteId.is_in(sites.into_iter().map(Uuid::from)))
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|(asset, site)| (asset.into(), site.into())).collect())
}

pub async fn count(db: &Db, scope: Scope, filter: &Filter) -> Result<u64, StoreError> {
    Ok(matching(Dialect::of(db), scope, filter).count(db).await?)
}

fn matching(dialect: Dialect, scope: Scope, filter: &Filter) -> Select<Entity> {
    let mut query = Entity::find().filter(seen(scope));
    if let Some(id) = filter.customer {
        query = query.filter(Column::CustomerId.eq(Uuid::from(id)));
    }
    if let Some(id) = filter.site {
        query = query.filter(Column::SiteId.eq(Uuid::from(id)));
    }
    if let Some(id) = filter.model {
        query = query.filter(Column::ModelId.eq(Uuid::from(id)));
    }
    if let Some(state) = filter.state {
        query = query.filter(in_state(state));
    }
    if let Some(text) = &filter.text {
        query = query.filter(search::found(dialect, Kind::Asset, Column::Id, Column::Search, text));
    }
    query
}

/// An asset of which nothing was ever said is in no interval: its state is unknown.
fn in_state(state: EquipmentState) -> SimpleExpr {
    let mut now = Query::select();
    now.column(states::Column::AssetId).from(states::Entity).and_where(states::Column::ToUs.is_null());
    if state == EquipmentState::Unknown {
        now.and_where(states::Column::State.ne(state.as_str()));
        return Column::Id.not_in_subquery(now);
    }
    now.and_where(states::Column::State.eq(state.as_str()));
    Column::Id.in_subquery(now)
}
