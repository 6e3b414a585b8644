//! The items that a work order's technician ticks off.

use crate::{
    StoreError,
    records::{Db, columns},
};
use domain::{
    clock::from_micros,
    id::{ChecklistItemId, WorkOrderId},
    work::checklist::{ChecklistItem, Tick},
};
use sea_orm::{ActiveValue::Set, QueryOrder, entity::prelude::*};
use sea_orm_migration::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "checklist_items")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub work_order_id: Uuid,
    pub position: i32,
    pub text: String,
    pub done_at_us: Option<i64>,
    pub done_by: Option<Uuid>,
}
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

pub async fn insert(tx: &Db, item: &ChecklistItem) -> Result<(), StoreError> {
    Entity::insert(to_row(item)).exec_without_returning(tx).await?;
    Ok(())
}

/// Ticks are idempotent, so the last writer wins.
pub async fn update(tx: &Db, item: &ChecklistItem) -> Result<(), StoreError> {
    Entity::update_many().set(to_row(item)).filter(Column::Id.eq(Uuid::from(item.id))).exec(tx).await?;
    Ok(())
}

pub async fn get(db: &Db, id: ChecklistItemId) -> Result<Option<ChecklistItem>, StoreError> {
    Ok(Entity::find_by_id(Uuid::from(id)).one(db).await?.map(from_row))
}

/// In their order.
pub async fn of_work_order(db: &Db, work_order: WorkOrderId) -> Result<Vec<ChecklistItem>, StoreError> {
    let rows = Entity::find()
        .filter(Column::WorkOrderId.eq(Uuid::from(work_order)))
        .order_by_asc(Column::Position)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(from_row).collect())
}

fn to_row(item: &ChecklistItem) -> ActiveModel {
    ActiveModel {
        id: Set(item.id.into()),
        work_order_id: Set(item.work_order_id.into()),
        position: Set(item.position),
        text: Set(item.text.clone()),
        done_at_us: Set(columns::us(item.done.as_ref().map(|tick| tick.at))),
        done_by: Set(item.done.as_ref().and_then(|tick| tick.by).map(Into::into)),
    }
}

fn from_row(row: Model) -> ChecklistItem {
    ChecklistItem {
        id: row.id.into(),
        work_order_id: row.work_order_id.into(),
        position: row.position,
        text: row.text,
        done: row.done_at_us.map(|us| Tick { at: from_micros(us), by: row.done_by.map(Into::into) }),
    }
}
