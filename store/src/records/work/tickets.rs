//! Tickets. One alert group has at most one: the unique column holds it whatever runs at the same time.

mod promised;

pub use crate::records::work::tickets::promised::{Open, Promised, open};

use crate::{
    StoreError,
    records::{
        Db, PageRequest, Paged, Sorted, columns,
        engine::dialect::{Dialect, statement},
        fleet::assets,
        lists::{
            order::{self, orders},
            scope,
            search::{self, Kind},
        },
    },
};
use domain::{
    Timestamp,
    clock::from_micros,
    id::{AlertGroupId, AssetId, CustomerId, TicketId},
    people::account::Scope,
    work::{
        Priority,
        ticket::{Ticket, TicketState},
    },
};
use sea_orm::{ActiveValue::Set, FromQueryResult, QuerySelect, Select, entity::prelude::*};
use sea_orm_migration::prelude::*;
use std::collections::HashMap;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tickets")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub number: String,
    pub asset_id: Uuid,
    pub customer_id: Uuid,
    pub site_id: Uuid,
    pub subject: String,
    pub description: String,
    pub source: String,
    pub alert_group_id: Option<Uuid>,
    pub priority: String,
    pub priority_reason: String,
    pub fault_at_us: Option<i64>,
    pub reported_at_us: i64,
    pub opened_at_us: i64,
    pub first_response_at_us: Option<i64>,
    pub restored_at_us: Option<i64>,
    /// JSON list of instants.
    pub reopened_at: String,
    pub status: String,
    pub is_open: bool,
    pub resolution: Option<String>,
    pub resolved_at_us: Option<i64>,
    /// The state with its facts, as JSON; the columns before repeat what is filtered by.
    pub facts: String,
    pub version: i64,
    /// What a search looks in.
    pub search: String,
}
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// Which tickets a list shows; everything that is `None` does not matter.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub status: Option<String>,
    pub open: Option<bool>,
    pub priority: Option<Priority>,
    pub asset: Option<AssetId>,
    pub customer: Option<CustomerId>,
    /// A number, or words of the subject.
    pub search: Option<String>,
}

/// A conflict means that the alert group has its ticket already.
pub async fn insert(tx: &Db, ticket: &Ticket) -> Result<(), StoreError> {
    Entity::insert(to_row(ticket)?).exec_without_returning(tx).await?;
    Ok(())
}

/// Saves, if nobody changed it meanwhile; answers it with its new version.
pub async fn update(tx: &Db, ticket: &Ticket) -> Result<Ticket, StoreError> {
    let saved = Ticket { version: ticket.version.saturating_add(1), ..ticket.clone() };
    let result = Entity::update_many()
        .set(to_row(&saved)?)
        .filter(Column::Id.eq(Uuid::from(ticket.id)))
        .filter(Column::Version.eq(ticket.version))
        .exec(tx)
        .await?;
    if result.rows_affected == 0 {
        return Err(StoreError::Conflict(format!("ticket {} changed meanwhile", ticket.number)));
    }
    Ok(saved)
}

pub async fn get(db: &Db, id: TicketId) -> Result<Option<Ticket>, StoreError> {
    Entity::find_by_id(Uuid::from(id)).one(db).await?.map(from_row).transpose()
}

/// The ticket, if `scope` covers it.
pub async fn find(db: &Db, scope: Scope, id: TicketId) -> Result<Option<Ticket>, StoreError> {
    Entity::find_by_id(Uuid::from(id)).filter(seen(scope)).one(db).await?.map(from_row).transpose()
}

fn seen(scope: Scope) -> Condition {
    scope::rows(
        scope,
        |customer| Column::CustomerId.eq(Uuid::from(customer)),
        |technician| Column::AssetId.in_subquery(assets::of_technician(technician)),
    )
}

pub async fn find_by_alert_group(db: &Db, group: AlertGroupId) -> Result<Option<Ticket>, StoreError> {
    let found = Entity::find().filter(Column::AlertGroupId.eq(Uuid::from(group))).one(db).await?;
    found.map(from_row).transpose()
}

pub async fn find_by_number(db: &Db, scope: Scope, number: &str) -> Result<Option<Ticket>, StoreError> {
    Entity::find()
        .filter(seen(scope))
        .filter(Column::Number.eq(number))
        .one(db)
        .await?
        .map(from_row)
        .transpose()
}

/// Open tickets of an asset, newest first.
pub async fn open_for_asset(db: &Db, scope: Scope, asset: AssetId) -> Result<Vec<Ticket>, StoreError> {
    let filter = Filter { open: Some(true), asset: Some(asset), ..Filter::default() };
    Ok(list(db, scope, &filter, &PageRequest::first(PageRequest::MAX_LIMIT)).await?.items)
}

orders! {
    /// What tickets are sorted by.
    descending {
        Opened "opened" by OpenedAtUs,
        Subject "subject" by Subject,
        Priority "priority" by Priority ranked &["low", "medium", "high", "critical"],
        Status "status" by Status ranked &TicketState::WORDS,
        Resolved "resolved" by ResolvedAtUs,
    }
}

/// The newest first, if nothing else is asked for.
pub async fn list(
    db: &Db,
    scope: Scope,
    filter: &Filter,
    page: &PageRequest<Sorted<By>>,
) -> Result<Paged<Ticket>, StoreError> {
    let page = order::page(db, "tickets", filtered(Dialect::of(db), scope, filter), page).await?;
    Ok(page.read("ticket", |row| (row.id, &row.number), from_row))
}

pub async fn count(db: &Db, scope: Scope, filter: &Filter) -> Result<u64, StoreError> {
    Ok(filtered(Dialect::of(db), scope, filter).count(db).await?)
}

/// How many tickets are open at each of `assets` that has any.
pub async fn open_by_asset(
    db: &Db,
    scope: Scope,
    assets: impl IntoIterator<Item = AssetId>,
) -> Result<HashMap<AssetId, u64>, StoreError> {
    let open = Filter { open: Some(true), ..Filter::default() };
    let rows: Vec<(Uuid, i64)> = filtered(Dialect::of(db), scope, &open)
        .filter(Column::AssetId.is_in(assets.into_iter().map(Uuid::from)))
        .select_only()
        .column(Column::AssetId)
        .column_as(Column::Id.count(), "n")
        .group_by(Column::AssetId)
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|(asset, n)| (asset.into(), n.try_into().unwrap_or(0))).collect())
}

fn filtered(dialect: Dialect, scope: Scope, filter: &Filter) -> Select<Entity> {
    let mut query = Entity::find().filter(seen(scope));
    if let Some(status) = &filter.status {
        query = query.filter(Column::Status.eq(status.as_str()));
    }
    if let Some(open) = filter.open {
        query = query.filter(Column::IsOpen.eq(open));
    }
    if let Some(priority) = filter.priority {
        query = query.filter(Column::Priority.eq(priority.as_str()));
    }
    if let Some(asset) = filter.asset {
        query = query.filter(Column::AssetId.eq(Uuid::from(asset)));
    }
    if let Some(customer) = filter.customer {
        query = query.filter(Column::CustomerId.eq(Uuid::from(customer)));
    }
    if let Some(text) = &filter.search {
        let words = (Kind::Ticket, Column::Id, Column::Search);
        query = query.filter(search::numbered(dialect, ("T", Column::Number), words, text));
    }
    query
}

/// A report of an asset, with a failure mode that a technician found on a job for it.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Report {
    pub id: Uuid,
    pub subject: String,
    pub failure_mode: Option<String>,
}

/// What was reported of `asset` after `after` and not after `until`, once for each job for it. Duplicates say what
/// another says, and of what was withdrawn nothing is said.
pub async fn reports(
    db: &Db,
    asset: AssetId,
    after: Timestamp,
    until: Timestamp,
) -> Result<Vec<Report>, StoreError> {
    let sql = "SELECT t.id, t.subject, w.failure_mode FROM tickets t \
               LEFT JOIN work_orders w ON w.ticket_id = t.id \
               WHERE t.asset_id = ? AND t.reported_at_us > ? AND t.reported_at_us <= ? \
               AND t.status <> 'duplicate' AND t.resolution IS DISTINCT FROM 'withdrawn'";
    let bound = [Uuid::from(asset).into(), after.timestamp_micros().into(), until.timestamp_micros().into()];
    Ok(Report::find_by_statement(statement(db, sql, bound)).all(db).await?)
}

pub(in crate::records) fn to_row(ticket: &Ticket) -> Result<ActiveModel, StoreError> {
    Ok(ActiveModel {
        id: Set(ticket.id.into()),
        number: Set(ticket.number.clone()),
        asset_id: Set(ticket.asset_id.into()),
        customer_id: Set(ticket.customer_id.into()),
        site_id: Set(ticket.site_id.into()),
        subject: Set(ticket.subject.clone()),
        description: Set(ticket.description.clone()),
        source: Set(ticket.source.as_str().into()),
        alert_group_id: Set(ticket.alert_group_id.map(Into::into)),
        priority: Set(ticket.priority.as_str().into()),
        priority_reason: Set(columns::json(&ticket.priority_reason)?),
        fault_at_us: Set(columns::us(ticket.fault_at)),
        reported_at_us: Set(ticket.reported_at.timestamp_micros()),
        opened_at_us: Set(ticket.opened_at.timestamp_micros()),
        first_response_at_us: Set(columns::us(ticket.first_response_at)),
        restored_at_us: Set(columns::us(ticket.restored_at)),
        reopened_at: Set(columns::json(&ticket.reopened_at)?),
        status: Set(ticket.state.as_str().into()),
        is_open: Set(ticket.state.is_open()),
        resolution: Set(ticket.state.resolution().map(|resolution| resolution.as_str().into())),
        resolved_at_us: Set(columns::us(ticket.state.resolved_at())),
        facts: Set(columns::json(&ticket.state)?),
        version: Set(ticket.version),
        search: Set(search::text(&[Some(&ticket.subject)])),
    })
}

fn from_row(row: Model) -> Result<Ticket, StoreError> {
    Ok(Ticket {
        id: row.id.into(),
        number: row.number,
        asset_id: row.asset_id.into(),
        customer_id: row.customer_id.into(),
        site_id: row.site_id.into(),
        subject: row.subject,
        description: row.description,
        source: columns::from_word(&row.source)?,
        alert_group_id: row.alert_group_id.map(Into::into),
        priority: columns::from_word(&row.priority)?,
        priority_reason: columns::from_json(&row.priority_reason)?,
        fault_at: columns::at(row.fault_at_us),
        reported_at: from_micros(row.reported_at_us),
        opened_at: from_micros(row.opened_at_us),
        first_response_at: columns::at(row.first_response_at_us),
        restored_at: columns::at(row.restored_at_us),
        reopened_at: columns::from_json(&row.reopened_at)?,
        state: columns::from_json(&row.facts)?,
        version: row.version,
    })
}
