//! Work orders, with the signature that the customer put under each.

use crate::{
    StoreError,
    records::{
        Db, PageRequest, Paged, Sorted, Unreadable,
        columns::{
            self,
            kept::{entity, table, usual},
        },
        engine::dialect::Dialect,
        lists::{
            order::{self, orders},
            readable, scope,
            search::{self, Kind},
        },
        money::invoices,
    },
};
use domain::{
    Timestamp,
    clock::from_micros,
    id::{AlertGroupId, AssetId, CustomerId, SiteId, TechnicianId, TicketId, WorkOrderId},
    people::account::Scope,
    work::work_order::Finding,
    work::{
        Priority,
        ticket::{Ticket, TicketState},
        work_order::{WorkOrder, WorkOrderKind, WorkOrderState},
    },
};
use sea_orm::{ActiveValue::Set, QueryOrder, QuerySelect, Select, entity::prelude::*};
use sea_orm_migration::prelude::*;
use std::collections::HashMap;

pub use super::lines::of_work_order as lines;

table! {
    WorkOrder in "work_orders" {
        id: WorkOrderId,
        number: String,
        ticket_id: Option<TicketId>,
        asset_id: AssetId,
        customer_id: CustomerId,
        site_id: SiteId,
        kind: WorkOrderKind,
        priority: Priority,
        subject: String,
        description: String,
        required_skill: Option<String>,
        requires_signature: bool,
        alert_group_id: Option<AlertGroupId>,
        finding: Option<Finding>,
        misuse: bool,
        signed_at_us as signed_at: Option<Timestamp>,
        created_at_us as created_at: Timestamp,
        facts as state: WorkOrderState,
        version: i64,
    }
    columns |work| first {
        let invoice_id = match &work.state {
            WorkOrderState::Invoiced { invoice_id, .. } => Some(*invoice_id),
            _ => None,
        };
    } {
        /// 3 for critical down to 0: the order of work.
        priority_rank: i32 = work.priority as i32,
        estimated_minutes: i32 = work.estimated_minutes.try_into().unwrap_or(i32::MAX),
        failure_mode: Option<String> = work.finding.as_ref().and_then(|finding| finding.failure_mode.clone()),
        status: String = work.state.as_str().into(),
        is_open: bool = work.state.is_open(),
        completed_at_us: Option<i64> = columns::us(work.state.completed_at()),
        approved_at_us: Option<i64> = columns::us(work.state.approved_at()),
        invoice_id: Option<Uuid> = invoice_id.map(Into::into),
        /// What a search looks in.
        search: String = search::text(&[Some(&work.subject)]),
    }
    fields |row| {
        estimated_minutes: row.estimated_minutes.try_into().unwrap_or(0),
    }
}
usual! { WorkOrder by WorkOrderId: insert, get, find, update }

entity! {
    mod signature:
    "signatures" by { work_order_id: Uuid } {
        name: String,
        image: Option<String>,
        at_us: i64,
    }
}

/// What the customer signed with: a typed name, and the drawing as a PNG data URL when there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    pub name: String,
    pub image: Option<String>,
    pub at: Timestamp,
}

/// Which work orders a list shows; everything that is `None` does not matter.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub status: Option<String>,
    pub open: Option<bool>,
    pub priority: Option<Priority>,
    pub kind: Option<WorkOrderKind>,
    pub asset: Option<AssetId>,
    pub customer: Option<CustomerId>,
    pub ticket: Option<TicketId>,
    /// With a visit of this technician.
    pub technician: Option<TechnicianId>,
    /// A number, or words of the subject.
    pub search: Option<String>,
    /// Approved, with lines that are on no invoice or draft.
    pub ready_to_invoice: bool,
}

/// Somebody was sent for `ticket`, or is about to be.
pub async fn sent_for(db: &Db, ticket: &Ticket) -> Result<bool, StoreError> {
    if matches!(ticket.state, TicketState::WorkOrderOpen { .. }) {
        return Ok(true);
    }
    Ok(Entity::find().filter(Column::TicketId.eq(Uuid::from(ticket.id))).limit(1).one(db).await?.is_some())
}

/// Those of `ids` that exist, and those of them that cannot be read.
pub async fn by_ids(
    db: &Db,
    ids: impl IntoIterator<Item = WorkOrderId>,
) -> Result<(HashMap<WorkOrderId, WorkOrder>, Vec<Unreadable>), StoreError> {
    let query = Entity::find().filter(Column::Id.is_in(ids.into_iter().map(Uuid::from)));
    let (found, unreadable) =
        readable::each("work order", query.all(db).await?, |row| (row.id, &row.number), from_row);
    Ok((found.into_iter().map(|work| (work.id, work)).collect(), unreadable))
}

fn seen(scope: Scope) -> Condition {
    scope::rows(
        scope,
        |customer| Column::CustomerId.eq(Uuid::from(customer)),
        |technician| Column::Id.in_subquery(scope::work_orders_visited_by(technician)),
    )
}

orders! {
    /// What work orders are sorted by.
    descending {
        Created "created" by CreatedAtUs,
        Subject "subject" by Subject,
        Priority "priority" by PriorityRank,
        Status "status" by Status ranked &WorkOrderState::WORDS,
        Completed "completed" by CompletedAtUs,
    }
}

/// The newest first, if nothing else is asked for.
pub async fn list(
    db: &Db,
    scope: Scope,
    filter: &Filter,
    page: &PageRequest<Sorted<By>>,
) -> Result<Paged<WorkOrder>, StoreError> {
    let page = order::page(db, "work_orders", filtered(Dialect::of(db), scope, filter), page).await?;
    Ok(page.read("work order", |row| (row.id, &row.number), from_row))
}

pub async fn count(db: &Db, scope: Scope, filter: &Filter) -> Result<u64, StoreError> {
    Ok(filtered(Dialect::of(db), scope, filter).count(db).await?)
}

/// How many are open at each of `sites`; those without one are absent.
pub async fn open_at_sites(
    db: &Db,
    sites: impl IntoIterator<Item = SiteId>,
) -> Result<HashMap<SiteId, i64>, StoreError> {
    let rows: Vec<(Uuid, i64)> = Entity::find()
        .select_only()
        .column(Column::SiteId)
        .column_as(Column::Id.count(), "n")
        .filter(Column::IsOpen.eq(true))
        .filter(Column::SiteId.is_in(sites.into_iter().map(Uuid::from)))
        .group_by(Column::SiteId)
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|(site, n)| (site.into(), n)).collect())
}

/// What waits for a technician: the most urgent first, then the oldest; and what of it cannot be read.
pub async fn unscheduled(db: &Db, limit: u64) -> Result<(Vec<WorkOrder>, Vec<Unreadable>), StoreError> {
    let rows = Entity::find()
        .filter(Column::Status.eq(WorkOrderState::Unscheduled.as_str()))
        .order_by_desc(Column::PriorityRank)
        .order_by_asc(Column::CreatedAtUs)
        .limit(limit)
        .all(db)
        .await?;
    Ok(readable::each("work order", rows, |row| (row.id, &row.number), from_row))
}

/// The last completed jobs at an asset, newest first, and those of them that cannot be read.
pub async fn history_of_asset(
    db: &Db,
    asset: AssetId,
    limit: u64,
) -> Result<(Vec<WorkOrder>, Vec<Unreadable>), StoreError> {
    let rows = Entity::find()
        .filter(Column::AssetId.eq(Uuid::from(asset)))
        .filter(Column::CompletedAtUs.is_not_null())
        .order_by_desc(Column::CreatedAtUs)
        .limit(limit)
        .all(db)
        .await?;
    Ok(readable::each("work order", rows, |row| (row.id, &row.number), from_row))
}

/// Signed twice, the later signature stands.
pub async fn sign(tx: &Db, work_order: WorkOrderId, signature: &Signature) -> Result<(), StoreError> {
    let row = signature::ActiveModel {
        work_order_id: Set(work_order.into()),
        name: Set(signature.name.clone()),
        image: Set(signature.image.clone()),
        at_us: Set(signature.at.timestamp_micros()),
    };
    let all = [signature::Column::Name, signature::Column::Image, signature::Column::AtUs];
    let again = OnConflict::column(signature::Column::WorkOrderId).update_columns(all).to_owned();
    signature::Entity::insert(row).on_conflict(again).exec_without_returning(tx).await?;
    Ok(())
}

pub async fn signature(db: &Db, work_order: WorkOrderId) -> Result<Option<Signature>, StoreError> {
    let row = signature::Entity::find_by_id(Uuid::from(work_order)).one(db).await?;
    Ok(row.map(|row| Signature { name: row.name, image: row.image, at: from_micros(row.at_us) }))
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
    if let Some(kind) = filter.kind {
        query = query.filter(Column::Kind.eq(kind.as_str()));
    }
    if let Some(asset) = filter.asset {
        query = query.filter(Column::AssetId.eq(Uuid::from(asset)));
    }
    if let Some(customer) = filter.customer {
        query = query.filter(Column::CustomerId.eq(Uuid::from(customer)));
    }
    if let Some(ticket) = filter.ticket {
        query = query.filter(Column::TicketId.eq(Uuid::from(ticket)));
    }
    if let Some(technician) = filter.technician {
        query = query.filter(Column::Id.in_subquery(scope::work_orders_visited_by(technician)));
    }
    if filter.ready_to_invoice {
        let approved = "approved";
        query = query.filter(Column::Status.eq(approved)).filter(Expr::exists(lines_to_bill()));
    }
    if let Some(text) = &filter.search {
        let words = (Kind::WorkOrder, Column::Id, Column::Search);
        query = query.filter(search::numbered(dialect, ("WO", Column::Number), words, text));
    }
    query
}

/// Lines of the work order in the enclosing query's row that are on no invoice or draft.
fn lines_to_bill() -> sea_orm::sea_query::SelectStatement {
    let mut query = Query::select();
    query
        .expr(Expr::val(1))
        .from("lines")
        .and_where(Expr::col(("lines", "work_order_id")).equals(("work_orders", "id")))
        .and_where(Expr::not_exists(invoices::live_of_line()));
    query
}
