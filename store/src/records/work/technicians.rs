//! Technicians: who can be sent.

use crate::{
    StoreError,
    records::{
        Db, Unreadable,
        columns::{
            self,
            kept::{table, usual},
        },
        lists::readable,
    },
};
use domain::{
    id::{StockLocationId, TechnicianId, TerritoryId},
    work::technician::Technician,
};
use sea_orm::{QueryOrder, entity::prelude::*};
use sea_orm_migration::prelude::*;

table! {
    Technician in "technicians" {
        id: TechnicianId,
        name: String,
        email: Option<String>,
        phone: Option<String>,
        skills: Vec<String>,
        territory_id: Option<TerritoryId>,
        van_id: Option<StockLocationId>,
        active: bool,
        version: i64,
    }
    columns |technician| {
        cost_per_hour_minor: Option<i64> = technician.cost_per_hour.map(|cost| cost.minor),
        cost_currency: Option<String> = technician.cost_per_hour.map(|cost| cost.currency.to_string()),
    }
    fields |row| {
        cost_per_hour: columns::money_if_any(row.cost_per_hour_minor, row.cost_currency.as_deref())?,
    }
}
usual! { Technician by TechnicianId: insert, get, update }

/// Those of `ids` that exist.
pub async fn by_ids(
    db: &Db,
    ids: impl IntoIterator<Item = TechnicianId>,
) -> Result<Vec<Technician>, StoreError> {
    let rows = Entity::find().filter(Column::Id.is_in(ids.into_iter().map(Uuid::from))).all(db).await?;
    rows.into_iter().map(from_row).collect()
}

/// All who can be sent, by name.
pub async fn active(db: &Db) -> Result<Vec<Technician>, StoreError> {
    Ok(active_and_unreadable(db).await?.0)
}

/// The same, and those of them that cannot be read.
pub async fn active_and_unreadable(db: &Db) -> Result<(Vec<Technician>, Vec<Unreadable>), StoreError> {
    let rows = Entity::find().filter(Column::Active.eq(true)).order_by_asc(Column::Name).all(db).await?;
    Ok(readable::each("technician", rows, |row| (row.id, &row.name), from_row))
}
