//! Tickets. One alert group has at most one: the unique column holds it whatever runs at the same time.

mod promised;

pub use crate::records::work::tickets::promised::{Open, Promised, open};

use crate::{
    StoreError,
    records::{
        Db, PageRequest, Paged, Sorted,
        columns::{
            self,
            kept::{table, usual},
        },
        engine::dialect::{Dialect, statement},
        lists::{
            order::{self, orders},
            scope,
            search::{self, Kind},
        },
    },
};
use domain::{
    Timestamp,
    id::{AlertGroupId, AssetId, CustomerId, SiteId, TicketId},
    people::account::Scope,
    work::ticket::PriorityReason,
    work::ticket::TicketSource,
    work::{
        Priority,
        ticket::{Ticket, TicketState},
    },
};
use sea_orm::{FromQueryResult, QuerySelect, Select, entity::prelude::*};
use sea_orm_migration::prelude::*;
use std::collections::HashMap;

table! {
    Ticket in "tickets" {
        id: TicketId,
        number: String,
        asset_id: AssetId,
        customer_id: CustomerId,
        site_id: SiteId,
        subject: String,
        description: String,
        source: TicketSource,
        alert_group_id: Option<AlertGroupId>,
        priority: Priority,
        priority_reason: PriorityReason,
        fault_at_us as fault_at: Option<Timestamp>,
        reported_at_us as reported_at: Timestamp,
        opened_at_us as opened_at: Timestamp,
        first_response_at_us as first_response_at: Option<Timestamp>,
        restored_at_us as restored_at: Option<Timestamp>,
        reopened_at: Vec<Timestamp>,
        facts as state: TicketState,
        version: i64,
    }
    columns |ticket| {
        status: String = ticket.state.as_str().into(),
        is_open: bool = ticket.state.is_open(),
        resolution: Option<String> = ticket.state.resolution().map(|resolution| resolution.as_str().into()),
        resolved_at_us: Option<i64> = columns::us(ticket.state.resolved_at()),
        /// What a search looks in.
        search: String = search::text(&[Some(&ticket.subject)]),
    }
}
usual! { Ticket by TicketId: insert, get, find, update }

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

fn seen(scope: Scope) -> Condition {
    scope::rows(
        scope,
        |customer| Column::CustomerId.eq(Uuid::from(customer)),
        |technician| Column::AssetId.in_subquery(scope::assets_worked_on_by(technician)),
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
