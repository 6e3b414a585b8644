//! Failures of equipment, derived with the state log.

use super::tallies;
use crate::{
    StoreError,
    records::{
        Db, List, PageRequest, Paged,
        columns::kept::table,
        lists::{keyset, scope},
    },
};
use domain::{
    Timestamp,
    condition::failure::{DetectedBy, Failure},
    id::{AssetId, CustomerId, DeviceId, FailureId, ModelId},
};
use sea_orm::{QueryOrder, QuerySelect, entity::prelude::*};
use sea_orm_migration::prelude::*;

table! {
    Failure in "failures" {
        id: FailureId,
        asset_id: AssetId,
        device_id: DeviceId,
        at_us as at: Timestamp,
        restored_at_us as restored_at: Option<Timestamp>,
        code: Option<String>,
        cause: Option<String>,
    }
    columns |failure| first {
        let detected_by = match failure.detected_by {
            DetectedBy::StateReport => STATE_REPORT,
            DetectedBy::FailureEvent => FAILURE_EVENT,
        };
    } {
        detected_by: String = detected_by.into(),
    }
    fields |row| {
        detected_by: if row.detected_by == FAILURE_EVENT {
                DetectedBy::FailureEvent
            } else {
                DetectedBy::StateReport
            },
    }
}

const STATE_REPORT: &str = "state_report";
const FAILURE_EVENT: &str = "failure_event";

pub async fn insert(tx: &Db, failure: &Failure) -> Result<(), StoreError> {
    Entity::insert(to_row(failure)?).exec_without_returning(tx).await?;
    tallies::failure_changed(tx, None, Some(failure)).await
}

pub async fn update(tx: &Db, failure: &Failure) -> Result<(), StoreError> {
    let old = Entity::find_by_id(Uuid::from(failure.id)).one(tx).await?.map(from_row).transpose()?;
    Entity::update(to_row(failure)?).exec_without_returning(tx).await?;
    tallies::failure_changed(tx, old.as_ref(), Some(failure)).await
}

/// A correction of the log may show that there was no such failure.
pub async fn delete(tx: &Db, failure: &Failure) -> Result<(), StoreError> {
    let old = Entity::find_by_id(Uuid::from(failure.id)).one(tx).await?.map(from_row).transpose()?;
    Entity::delete_by_id(Uuid::from(failure.id)).exec(tx).await?;
    tallies::failure_changed(tx, old.as_ref(), None).await
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
    let failures = rows.into_iter().map(from_row).collect::<Result<_, _>>()?;
    Ok(LIST.page(failures, page.limit, |f: &Failure| (f.at.timestamp_micros(), f.id.into())))
}

/// Every failure that matches, oldest first.
pub async fn all(db: &Db, filter: &Filter) -> Result<Vec<Failure>, StoreError> {
    let rows = matching(filter).order_by_asc(Column::AtUs).order_by_asc(Column::Id).all(db).await?;
    rows.into_iter().map(from_row).collect()
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
        query = query.filter(Column::AssetId.in_subquery(scope::assets_of_model(id)));
    }
    if let Some(id) = filter.customer {
        query = query.filter(Column::AssetId.in_subquery(scope::assets_of(id)));
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
