//! The items that a work order's technician ticks off.

use crate::{
    StoreError,
    records::{
        Db,
        columns::{
            self,
            kept::{table, usual},
        },
    },
};
use domain::{
    clock::from_micros,
    id::{ChecklistItemId, WorkOrderId},
    work::checklist::{ChecklistItem, Tick},
};
use sea_orm::{QueryOrder, entity::prelude::*};
use sea_orm_migration::prelude::*;

table! {
    ChecklistItem in "checklist_items" {
        id: ChecklistItemId,
        work_order_id: WorkOrderId,
        position: i32,
        text: String,
    }
    columns |item| {
        done_at_us: Option<i64> = columns::us(item.done.as_ref().map(|tick| tick.at)),
        done_by: Option<Uuid> = item.done.as_ref().and_then(|tick| tick.by).map(Into::into),
    }
    fields |row| {
        done: row.done_at_us.map(|us| Tick { at: from_micros(us), by: row.done_by.map(Into::into) }),
    }
}
usual! { ChecklistItem by ChecklistItemId: insert }

/// Ticks are idempotent, so the last writer wins.
pub async fn update(tx: &Db, item: &ChecklistItem) -> Result<(), StoreError> {
    Entity::update_many().set(to_row(item)?).filter(Column::Id.eq(Uuid::from(item.id))).exec(tx).await?;
    Ok(())
}

pub async fn get(db: &Db, id: ChecklistItemId) -> Result<Option<ChecklistItem>, StoreError> {
    Entity::find_by_id(Uuid::from(id)).one(db).await?.map(from_row).transpose()
}

/// In their order.
pub async fn of_work_order(db: &Db, work_order: WorkOrderId) -> Result<Vec<ChecklistItem>, StoreError> {
    let rows = Entity::find()
        .filter(Column::WorkOrderId.eq(Uuid::from(work_order)))
        .order_by_asc(Column::Position)
        .all(db)
        .await?;
    rows.into_iter().map(from_row).collect()
}
