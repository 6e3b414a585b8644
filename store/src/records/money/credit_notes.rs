//! Credit notes: papers that take back what an invoice billed. They are written once and never change.

use crate::{
    StoreError,
    records::{
        Db,
        columns::{self, kept::entity},
    },
};
use domain::{
    id::{CreditNoteId, InvoiceId},
    money::invoice::credit::CreditNote,
};
use sea_orm::{ActiveValue::Set, QueryOrder, entity::prelude::*};
use sea_orm_migration::prelude::*;

entity! {
    "credit_notes" by { id: Uuid } {
        invoice_id: Uuid,
        number: String,
        at_us: i64,
        /// The whole paper as JSON.
        facts: String,
    }
}

pub async fn insert(tx: &Db, note: &CreditNote) -> Result<(), StoreError> {
    let row = ActiveModel {
        id: Set(note.id.into()),
        invoice_id: Set(note.invoice_id.into()),
        number: Set(note.number.to_string()),
        at_us: Set(note.at.timestamp_micros()),
        facts: Set(columns::json(note)?),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

pub async fn get(db: &Db, id: CreditNoteId) -> Result<Option<CreditNote>, StoreError> {
    let row = Entity::find_by_id(Uuid::from(id)).one(db).await?;
    row.map(|row| columns::from_json(&row.facts)).transpose()
}

/// In the order they were written.
pub async fn of_invoice(db: &Db, invoice: InvoiceId) -> Result<Vec<CreditNote>, StoreError> {
    let rows = Entity::find()
        .filter(Column::InvoiceId.eq(Uuid::from(invoice)))
        .order_by_asc(Column::AtUs)
        .order_by_asc(Column::Id)
        .all(db)
        .await?;
    rows.iter().map(|row| columns::from_json(&row.facts)).collect()
}
