//! Which process does a job that only one may do. A lease counts its renewals and names no time: whoever wants it
//! watches it with a clock of its own, and takes it over when it has not been renewed for too long. A clock that was
//! wrong once cannot hold a lease.

use crate::{
    StoreError,
    records::{Db, columns::kept::entity},
};
use sea_orm::{ActiveValue::Set, entity::prelude::*, sea_query::OnConflict};
use sea_orm_migration::prelude::*;

entity! {
    "leases" by { name: String } {
        holder: String,
        renewals: i64,
    }
}

/// A lease as it was seen: it differs after every renewal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub holder: String,
    pub renewals: i64,
}

/// Takes or renews the lease `name` for `holder`, in a transaction of its own: `None`. While somebody else holds it,
/// answers how; it is taken over when that is still what `given_up` saw. One statement asks and takes, so that of two
/// who saw the same only one gets it.
pub async fn acquire(
    tx: &Db,
    name: &str,
    holder: &str,
    given_up: Option<&Held>,
) -> Result<Option<Held>, StoreError> {
    let mine = |column| Expr::col((Entity, column));
    let mut may = mine(Column::Holder).eq(holder);
    if let Some(seen) = given_up {
        let unchanged = mine(Column::Holder).eq(seen.holder.as_str());
        may = may.or(unchanged.and(mine(Column::Renewals).eq(seen.renewals)));
    }
    let mut on = OnConflict::column(Column::Name);
    on.update_column(Column::Holder).value(Column::Renewals, mine(Column::Renewals).add(1));
    on.action_and_where(may);
    let row = ActiveModel { name: Set(name.into()), holder: Set(holder.into()), renewals: Set(0) };
    if Entity::insert(row).on_conflict(on).exec_without_returning(tx).await? > 0 {
        return Ok(None);
    }
    let held = Entity::find_by_id(name).one(tx).await?;
    Ok(held.map(|row| Held { holder: row.holder, renewals: row.renewals }))
}

/// Gives the lease up, so that the next process need not wait for its end.
pub async fn release(tx: &Db, name: &str, holder: &str) -> Result<(), StoreError> {
    Entity::delete_many().filter(Column::Name.eq(name)).filter(Column::Holder.eq(holder)).exec(tx).await?;
    Ok(())
}
