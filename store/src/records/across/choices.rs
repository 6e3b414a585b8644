//! Rows to choose from, found by what somebody types: by any part of their names and numbers, those that are called
//! just so first. Each read is a few rows, however many there are.

use crate::{
    StoreError,
    records::{
        Db,
        engine::dialect::Dialect,
        fleet::{assets, customers, models, sites},
        lists::search::{self, Kind},
        work::parts,
    },
};
use domain::{
    fleet::{asset::Asset, customer::Customer, model::Model, site::Site},
    id::CustomerId,
    people::account::Scope,
    work::stock::Part,
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect, Select,
    prelude::Uuid,
    sea_query::{Expr, ExprTrait, Func, Query, SelectStatement},
};

/// Assets by their own words, and by those of their customer and site; of one customer, or of all.
pub async fn assets(
    db: &Db,
    scope: Scope,
    customer: Option<CustomerId>,
    sought: &str,
    limit: u64,
) -> Result<Vec<Asset>, StoreError> {
    use assets::{Column, Entity};
    let mut query = Entity::find().filter(assets::seen(scope));
    if let Some(id) = customer {
        query = query.filter(Column::CustomerId.eq(Uuid::from(id)));
    }
    for word in sought.split_whitespace() {
        let found = Condition::any()
            .add(search::found(Dialect::of(db), Kind::Asset, Column::Id, Column::Search, word))
            .add(Column::CustomerId.in_subquery(customers_called(Dialect::of(db), word)))
            .add(Column::SiteId.in_subquery(sites_called(Dialect::of(db), word)));
        query = query.filter(found);
    }
    let rows = called_first(query, &["name", "serial_number"], sought)
        .order_by_asc(Column::Name)
        .order_by_asc(Column::Id)
        .limit(limit)
        .all(db)
        .await?;
    rows.into_iter().map(assets::from_row).collect()
}

/// Sites by their own words and those of their customer.
pub async fn sites(db: &Db, scope: Scope, sought: &str, limit: u64) -> Result<Vec<Site>, StoreError> {
    use sites::{Column, Entity};
    let mut query = Entity::find().filter(sites::seen(scope));
    for word in sought.split_whitespace() {
        let found = Condition::any()
            .add(search::found(Dialect::of(db), Kind::Site, Column::Id, Column::Search, word))
            .add(Column::CustomerId.in_subquery(customers_called(Dialect::of(db), word)));
        query = query.filter(found);
    }
    let rows = called_first(query, &["name"], sought)
        .order_by_asc(Column::Name)
        .order_by_asc(Column::Id)
        .limit(limit)
        .all(db)
        .await?;
    rows.into_iter().map(sites::from_row).collect()
}

pub async fn customers(db: &Db, scope: Scope, sought: &str, limit: u64) -> Result<Vec<Customer>, StoreError> {
    use customers::{Column, Entity};
    let query = Entity::find().filter(customers::seen(scope)).filter(search::found(
        Dialect::of(db),
        Kind::Customer,
        Column::Id,
        Column::Search,
        sought,
    ));
    let rows = called_first(query, &["name"], sought)
        .order_by_asc(Column::Name)
        .order_by_asc(Column::Id)
        .limit(limit)
        .all(db)
        .await?;
    rows.into_iter().map(customers::from_row).collect()
}

pub async fn models(db: &Db, scope: Scope, sought: &str, limit: u64) -> Result<Vec<Model>, StoreError> {
    use models::{Column, Entity};
    let query = Entity::find().filter(models::seen(scope)).filter(search::found(
        Dialect::of(db),
        Kind::Model,
        Column::Id,
        Column::Search,
        sought,
    ));
    let rows = called_first(query, &["name"], sought)
        .order_by_asc(Column::Name)
        .order_by_asc(Column::Id)
        .limit(limit)
        .all(db)
        .await?;
    rows.into_iter().map(models::from_row).collect()
}

/// Active parts.
pub async fn parts(db: &Db, sought: &str, limit: u64) -> Result<Vec<Part>, StoreError> {
    use parts::{Column, Entity};
    let query = Entity::find().filter(Column::Active.eq(true)).filter(search::found(
        Dialect::of(db),
        Kind::Part,
        Column::Id,
        Column::Search,
        sought,
    ));
    let rows = called_first(query, &["number", "name"], sought)
        .order_by_asc(Column::Number)
        .limit(limit)
        .all(db)
        .await?;
    rows.into_iter().map(parts::from_row).collect()
}

fn customers_called(dialect: Dialect, word: &str) -> SelectStatement {
    use customers::{Column, Entity};
    let found = search::found(dialect, Kind::Customer, Column::Id, Column::Search, word);
    Query::select().column(Column::Id).from(Entity).cond_where(found).to_owned()
}

fn sites_called(dialect: Dialect, word: &str) -> SelectStatement {
    use sites::{Column, Entity};
    let found = search::found(dialect, Kind::Site, Column::Id, Column::Search, word);
    Query::select().column(Column::Id).from(Entity).cond_where(found).to_owned()
}

/// `query` with the rows first one of whose `columns` is exactly `sought`.
fn called_first<E: EntityTrait>(query: Select<E>, columns: &[&'static str], sought: &str) -> Select<E> {
    let sought = sought.trim();
    if sought.is_empty() {
        return query;
    }
    let lower = |of: Expr| Expr::from(Func::lower(of));
    let equal = |column: &&'static str| lower(Expr::col(*column)).eq(lower(Expr::val(sought)));
    let equal = columns.iter().map(equal).fold(Condition::any(), Condition::add);
    let called: Expr = Expr::case(equal, 0).finally(1).into();
    query.order_by(called, Order::Asc)
}
