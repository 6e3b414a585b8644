//! Failures of equipment, derived with the state log.

use super::state_days;
use crate::{
    StoreError,
    records::{Db, List, PageRequest, Paged, fleet::assets, lists::keyset},
};
use domain::{
    Timestamp,
    clock::from_micros,
    condition::failure::{DetectedBy, Failure},
    id::{AssetId, CustomerId, ModelId},
};
use sea_orm::{ActiveValue::Set, QueryOrder, QuerySelect, entity::prelude::*};
use sea_orm_migration::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "failures")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub asset_id: Uuid,
    pub device_id: Uuid,
    pub at_us: i64,
    pub restored_at_us: Option<i64>,
    pub code: Option<String>,
    pub cause: Option<String>,
    pub detected_by: String,
}
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

const STATE_REPORT: &str = "state_report";
const FAILURE_EVENT: &str = "failure_event";

impl From<Model> for Failure {
    fn from(row: Model) -> Self {
        Self {
            id: row.id.into(),
            asset_id: row.asset_id.into(),
            device_id: row.device_id.into(),
            at: from_micros(row.at_us),
            restored_at: row.restored_at_us.map(from_micros),
            code: row.code,
            cause: row.cause,
            detected_by: if row.detected_by == FAILURE_EVENT {
                DetectedBy::FailureEvent
            } else {
                DetectedBy::StateReport
            },
        }
    }
}

pub(in crate::records) fn row(failure: &Failure) -> ActiveModel {
    let detected_by = match failure.detected_by {
        DetectedBy::StateReport => STATE_REPORT,
        DetectedBy::FailureEvent => FAILURE_EVENT,
    };
    ActiveModel {
        id: Set(failure.id.into()),
        asset_id: Set(failure.asset_id.into()),
        device_id: Set(failure.device_id.into()),
        at_us: Set(failure.at.timestamp_micros()),
        restored_at_us: Set(failure.restored_at.map(|at| at.timestamp_micros())),
        code: Set(failure.code.clone()),
        cause: Set(failure.cause.clone()),
        detected_by: Set(detected_by.into()),
    }
}

pub async fn insert(tx: &Db, failure: &Failure) -> Result<(), StoreError> {
    Entity::insert(row(failure)).exec_without_returning(tx).await?;
    state_days::failure_changed(tx, None, Some(failure)).await
}

pub async fn update(tx: &Db, failure: &Failure) -> Result<(), StoreError> {
    let old = Entity::find_by_id(Uuid::from(failure.id)).one(tx).await?.map(Failure::from);
    Entity::update(row(failure)).exec_without_returning(tx).await?;
    state_days::failure_changed(tx, old.as_ref(), Some(failure)).await
}

/// A correction of the log may show that there was no such failure.
pub async fn delete(tx: &Db, failure: &Failure) -> Result<(), StoreError> {
    let old = Entity::find_by_id(Uuid::from(failure.id)).one(tx).await?.map(Failure::from);
    Entity::delete_by_id(Uuid::from(failure.id)).exec(tx).await?;
    state_days::failure_changed(tx, old.as_ref(), None).await
}

#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub asset: Option<AssetId>,
    pub model: Option<ModelId>,
    pub customer: Option<CustomerId>,
    /// Failed at or after.
    pub from: Option<Timestamp>,
    /// Failed before.
    pub to: Option<Timestamp>,
    /// Only those that are not restored.
    pub open: bool,
    /// Only those of equipment that was in service.
    pub in_service: bool,
}

const LIST: List<(i64, Uuid)> = List::named("failures");

/// Newest first.
pub async fn list(db: &Db, filter: &Filter, page: &PageRequest) -> Result<Paged<Failure>, StoreError> {
    let query = matching(filter).filter(keyset::before(Column::AtUs, Column::Id, LIST.place(page)?));
    let rows =
        query.order_by_desc(Column::AtUs).order_by_desc(Column::Id).limit(page.limit + 1).all(db).await?;
    let failures = rows.into_iter().map(Failure::from).collect();
    Ok(LIST.page(failures, page.limit, |f: &Failure| (f.at.timestamp_micros(), f.id.into())))
}

/// Every failure that matches, oldest first.
pub async fn all(db: &Db, filter: &Filter) -> Result<Vec<Failure>, StoreError> {
    let rows = matching(filter).order_by_asc(Column::AtUs).order_by_asc(Column::Id).all(db).await?;
    Ok(rows.into_iter().map(Failure::from).collect())
}

pub async fn count(db: &Db, filter: &Filter) -> Result<u64, StoreError> {
    Ok(matching(filter).count(db).await?)
}

fn matching(filter: &Filter) -> Select<Entity> {
    let mut query = Entity::find();
    if let Some(id) = filter.asset {
        query = query.filter(Column::AssetId.eq(Uuid::from(id)));
    }
    if let Some(id) = filter.model {
        query = query.filter(Column::AssetId.in_subquery(assets::of_model(id)));
    }
    if let Some(id) = filter.customer {
        query = query.filter(Column::AssetId.in_subquery(assets::of_customer(id)));
    }
    if let Some(from) = filter.from {
        query = query.filter(Column::AtUs.gte(from.timestamp_micros()));
    }
    if let Some(to) = filter.to {
        query = query.filter(Column::AtUs.lt(to.timestamp_micros()));
    }
    if filter.open {
        query = query.filter(Column::RestoredAtUs.is_null());
    }
    if filter.in_service {
        let asset = |column: &'static str| Expr::col(("assets", column));
        let at = || Expr::col(("failures", "at_us"));
        let mut serving = Query::select();
        serving.expr(Expr::val(1)).from("assets").and_where(asset("id").equals(("failures", "asset_id")));
        serving.and_where(at().gte(asset("in_service_from_us")));
        serving.and_where(asset("in_service_to_us").is_null().or(at().lt(asset("in_service_to_us"))));
        query = query.filter(Expr::exists(serving));
    }
    query
}

/// Forgets the failures of the demo's assets.
pub async fn delete_demo(tx: &Db) -> Result<(), StoreError> {
    state_days::forget_demo(tx, state_days::Part::Failures).await?;
    Entity::delete_many().filter(Column::AssetId.in_subquery(assets::demo_assets())).exec(tx).await?;
    Ok(())
}
