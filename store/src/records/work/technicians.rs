//! Technicians: who can be sent.

use crate::{
    StoreError,
    records::{Db, Unreadable, columns, lists::readable},
};
use domain::{id::TechnicianId, work::technician::Technician};
use sea_orm::{ActiveValue::Set, QueryOrder, entity::prelude::*};
use sea_orm_migration::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "technicians")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    /// JSON list of words.
    pub skills: String,
    pub territory_id: Option<Uuid>,
    pub van_id: Option<Uuid>,
    pub cost_per_hour_minor: Option<i64>,
    pub cost_currency: Option<String>,
    pub active: bool,
    pub demo: bool,
    pub version: i64,
}
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

pub async fn insert(tx: &Db, technician: &Technician) -> Result<(), StoreError> {
    Entity::insert(to_row(technician)?).exec_without_returning(tx).await?;
    Ok(())
}

/// Saves, if nobody changed it meanwhile; answers it with its new version.
pub async fn update(tx: &Db, technician: &Technician) -> Result<Technician, StoreError> {
    let saved = Technician { version: technician.version.saturating_add(1), ..technician.clone() };
    let result = Entity::update_many()
        .set(to_row(&saved)?)
        .filter(Column::Id.eq(Uuid::from(technician.id)))
        .filter(Column::Version.eq(technician.version))
        .exec(tx)
        .await?;
    if result.rows_affected == 0 {
        return Err(StoreError::Conflict("technician changed meanwhile".into()));
    }
    Ok(saved)
}

pub async fn get(db: &Db, id: TechnicianId) -> Result<Option<Technician>, StoreError> {
    Entity::find_by_id(Uuid::from(id)).one(db).await?.map(from_row).transpose()
}

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

fn to_row(technician: &Technician) -> Result<ActiveModel, StoreError> {
    Ok(ActiveModel {
        id: Set(technician.id.into()),
        name: Set(technician.name.clone()),
        email: Set(technician.email.clone()),
        phone: Set(technician.phone.clone()),
        skills: Set(columns::json(&technician.skills)?),
        territory_id: Set(technician.territory_id.map(Into::into)),
        van_id: Set(technician.van_id.map(Into::into)),
        cost_per_hour_minor: Set(technician.cost_per_hour.map(|cost| cost.minor)),
        cost_currency: Set(technician.cost_per_hour.map(|cost| cost.currency.to_string())),
        active: Set(technician.active),
        demo: Set(technician.demo),
        version: Set(technician.version),
    })
}

fn from_row(row: Model) -> Result<Technician, StoreError> {
    let cost = row.cost_per_hour_minor.zip(row.cost_currency);
    Ok(Technician {
        id: row.id.into(),
        name: row.name,
        email: row.email,
        phone: row.phone,
        skills: columns::from_json(&row.skills)?,
        territory_id: row.territory_id.map(Into::into),
        van_id: row.van_id.map(Into::into),
        cost_per_hour: cost.map(|(minor, currency)| columns::money(minor, &currency)).transpose()?,
        active: row.active,
        demo: row.demo,
        version: row.version,
    })
}
