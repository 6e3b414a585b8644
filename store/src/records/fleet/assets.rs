//! Installed machines.

use super::sites::demo_customers;
use crate::{
    StoreError,
    records::{
        Db, PageRequest, Paged, Sorted,
        condition::{state_days, states},
        engine::dialect::Dialect,
        lists::{
            order::{self, orders},
            readable, scope,
            search::{self, Kind},
        },
        work::work_orders,
    },
};
use domain::{
    Money,
    clock::from_micros,
    condition::EquipmentState,
    fleet::asset::Asset,
    id::{AssetId, CustomerId, ModelId, SiteId, TechnicianId},
    people::account::Scope,
};
use sea_orm::{ActiveValue::Set, QuerySelect, entity::prelude::*, sea_query::SimpleExpr};
use sea_orm_migration::prelude::*;
use std::collections::HashMap;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "assets")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub customer_id: Uuid,
    pub site_id: Uuid,
    pub model_id: Uuid,
    pub name: String,
    pub serial_number: String,
    pub functional_location: Option<String>,
    pub criticality: String,
    pub in_service_from_us: i64,
    pub in_service_to_us: Option<i64>,
    pub downtime_cost_minor: Option<i64>,
    pub downtime_cost_currency: Option<String>,
    pub version: i64,
    /// What a search looks in.
    pub search: String,
}
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Asset {
    type Error = StoreError;
    fn try_from(row: Model) -> Result<Self, StoreError> {
        let corrupt = |what: String| StoreError::Corrupt(format!("asset {}: {what}", row.id));
        let downtime_cost_per_hour = match (row.downtime_cost_minor, &row.downtime_cost_currency) {
            (Some(minor), Some(code)) => {
                Some(Money::new(minor, code.parse().map_err(|_| corrupt(code.clone()))?))
            }
            _ => None,
        };
        Ok(Self {
            id: row.id.into(),
            customer_id: row.customer_id.into(),
            site_id: row.site_id.into(),
            model_id: row.model_id.into(),
            criticality: row.criticality.parse().map_err(|_| corrupt(row.criticality.clone()))?,
            name: row.name,
            serial_number: row.serial_number,
            functional_location: row.functional_location,
            in_service_from: from_micros(row.in_service_from_us),
            in_service_to: row.in_service_to_us.map(from_micros),
            downtime_cost_per_hour,
            version: row.version,
        })
    }
}

pub(in crate::records) fn to_row(asset: &Asset) -> ActiveModel {
    let words = [Some(&asset.name), Some(&asset.serial_number), asset.functional_location.as_ref()];
    ActiveModel {
        id: Set(asset.id.into()),
        customer_id: Set(asset.customer_id.into()),
        site_id: Set(asset.site_id.into()),
        model_id: Set(asset.model_id.into()),
        name: Set(asset.name.clone()),
        serial_number: Set(asset.serial_number.clone()),
        functional_location: Set(asset.functional_location.clone()),
        criticality: Set(asset.criticality.as_str().into()),
        in_service_from_us: Set(asset.in_service_from.timestamp_micros()),
        in_service_to_us: Set(asset.in_service_to.map(|at| at.timestamp_micros())),
        downtime_cost_minor: Set(asset.downtime_cost_per_hour.map(|cost| cost.minor)),
        downtime_cost_currency: Set(asset.downtime_cost_per_hour.map(|cost| cost.currency.to_string())),
        version: Set(asset.version),
        search: Set(search::text(&words)),
    }
}

pub async fn insert(tx: &Db, asset: &Asset) -> Result<(), StoreError> {
    Entity::insert(to_row(asset)).exec_without_returning(tx).await?;
    state_days::asset_changed(tx, None, Some(asset)).await
}

/// Saves `asset` over its version and answers it with the next one. A conflict means that it changed meanwhile.
pub async fn update(tx: &Db, asset: Asset) -> Result<Asset, StoreError> {
    let old = get(tx, asset.id).await?;
    let next = Asset { version: asset.version.saturating_add(1), ..asset };
    let same = Column::Id.eq(Uuid::from(next.id)).and(Column::Version.eq(asset.version));
    let done = Entity::update_many().set(to_row(&next)).filter(same).exec(tx).await?;
    match done.rows_affected {
        0 => Err(StoreError::Conflict("assets.version".into())),
        _ => {
            state_days::asset_changed(tx, old.as_ref(), Some(&next)).await?;
            Ok(next)
        }
    }
}

pub async fn get(db: &Db, id: AssetId) -> Result<Option<Asset>, StoreError> {
    Entity::find_by_id(Uuid::from(id)).one(db).await?.map(Asset::try_from).transpose()
}

/// The asset, if `scope` covers it.
pub async fn find(db: &Db, scope: Scope, id: AssetId) -> Result<Option<Asset>, StoreError> {
    let row = Entity::find_by_id(Uuid::from(id)).filter(seen(scope)).one(db).await?;
    row.map(Asset::try_from).transpose()
}

pub(in crate::records) fn seen(scope: Scope) -> Condition {
    scope::rows(
        scope,
        |customer| Column::CustomerId.eq(Uuid::from(customer)),
        |technician| Column::Id.in_subquery(of_technician(technician)),
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
    let (found, _) = readable::each("asset", rows, |row| (row.id, &row.name), Asset::try_from);
    Ok(found.into_iter().map(|asset| (asset.id, asset)).collect())
}

/// Those of `ids` that exist.
pub async fn by_ids(
    db: &Db,
    ids: impl IntoIterator<Item = AssetId>,
) -> Result<HashMap<AssetId, Asset>, StoreError> {
    let rows = Entity::find().filter(Column::Id.is_in(ids.into_iter().map(Uuid::from))).all(db).await?;
    let (found, _) = readable::each("asset", rows, |row| (row.id, &row.name), Asset::try_from);
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
    Ok(page.read("asset", |row| (row.id, &row.name), Asset::try_from))
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

/// The demo's assets, for rooms that must forget them first.
pub async fn demo(db: &Db) -> Result<Vec<AssetId>, StoreError> {
    let query = Entity::find().select_only().column(Column::Id);
    let ids: Vec<Uuid> =
        query.filter(Column::CustomerId.in_subquery(demo_customers())).into_tuple().all(db).await?;
    Ok(ids.into_iter().map(AssetId::from).collect())
}

/// Removes the assets of the demo's customers. Everything that names them must be gone.
pub async fn delete_demo(tx: &Db) -> Result<(), StoreError> {
    state_days::forget_demo(tx, state_days::Part::Service).await?;
    Entity::delete_many().filter(Column::CustomerId.in_subquery(demo_customers())).exec(tx).await?;
    Ok(())
}

/// Ids of the demo's assets, for filters of tables that name an asset.
pub(in crate::records) fn demo_assets() -> sea_orm::sea_query::SelectStatement {
    let mut query = Query::select();
    query.column(Column::Id).from(Entity).and_where(Column::CustomerId.in_subquery(demo_customers()));
    query
}

/// Ids of one customer's assets, for filters of tables that name an asset.
pub(in crate::records) fn of_customer(id: CustomerId) -> sea_orm::sea_query::SelectStatement {
    let mut query = Query::select();
    query.column(Column::Id).from(Entity).and_where(Column::CustomerId.eq(Uuid::from(id)));
    query
}

/// Ids of one model's assets, for filters of tables that name an asset.
pub(in crate::records) fn of_model(id: ModelId) -> sea_orm::sea_query::SelectStatement {
    let mut query = Query::select();
    query.column(Column::Id).from(Entity).and_where(Column::ModelId.eq(Uuid::from(id)));
    query
}

/// Ids of the assets of a technician's work orders, for filters of tables that name an asset.
pub(in crate::records) fn of_technician(id: TechnicianId) -> sea_orm::sea_query::SelectStatement {
    work_orders::named_by(id, work_orders::Column::AssetId)
}
