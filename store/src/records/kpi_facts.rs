//! What each work order, ticket and invoice contributes to each indicator, and the sums of every day.
//!
//! A subject's facts are replaced as a whole, and the sums of its days follow in the same transaction, so a period of
//! days is read from a few hundred rows however many work orders there are.

use super::{List, PageRequest, Paged, keyset};
use crate::StoreError;
use domain::{
    Timestamp,
    clock::from_micros,
    id::AssetId,
    service::kpi::{Contribution, Dimensions},
};
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, FromQueryResult, QueryOrder, QuerySelect, entity::prelude::*,
    sea_query::OnConflict,
};
use sea_orm_migration::{prelude::*, schema};
use std::collections::HashMap;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "kpi_facts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub code: String,
    /// `work_order`, `ticket` or `invoice`, with the number people know it by.
    pub subject: String,
    pub label: String,
    pub at_us: i64,
    /// Day of `at` in the organisation's calendar.
    pub day: i32,
    pub numerator: i64,
    pub denominator: i64,
    pub asset_id: Option<Uuid>,
    pub model_id: Option<Uuid>,
    pub technician_id: Option<Uuid>,
    pub territory_id: Option<Uuid>,
}
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

mod day {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "kpi_days")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub day: i32,
        #[sea_orm(primary_key, auto_increment = false)]
        pub code: String,
        pub numerator: i64,
        pub denominator: i64,
        pub cases: i64,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// What the facts are about.
#[derive(Clone, Debug)]
pub struct Subject {
    pub id: Uuid,
    pub kind: &'static str,
    pub label: String,
    pub dimensions: Dimensions,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromQueryResult)]
pub struct Sum {
    pub numerator: i64,
    pub denominator: i64,
    pub cases: i64,
}

impl Sum {
    fn add(&mut self, other: Self) {
        self.numerator = self.numerator.saturating_add(other.numerator);
        self.denominator = self.denominator.saturating_add(other.denominator);
        self.cases += other.cases;
    }
}

/// Replaces every fact of `subject`; each comes with the day of its moment.
pub async fn put(
    tx: &impl ConnectionTrait,
    subject: &Subject,
    facts: &[(Contribution, i32)],
) -> Result<(), StoreError> {
    let old = Entity::find().filter(Column::SubjectId.eq(subject.id)).all(tx).await?;
    let unchanged = old.len() == facts.len()
        && facts.iter().all(|(fact, _)| {
            old.iter().any(|row| {
                row.code == fact.code
                    && row.at_us == fact.at.timestamp_micros()
                    && (row.numerator, row.denominator) == (fact.numerator, fact.denominator)
            })
        });
    if unchanged {
        return Ok(());
    }
    Entity::delete_many().filter(Column::SubjectId.eq(subject.id)).exec(tx).await?;
    let rows = facts.iter().map(|fact| row(subject, fact));
    let rows: Vec<ActiveModel> = rows.collect();
    if !rows.is_empty() {
        Entity::insert_many(rows).exec_without_returning(tx).await?;
    }
    let mut changes = HashMap::<(i32, String), Sum>::new();
    for row in old {
        let gone = Sum { numerator: -row.numerator, denominator: -row.denominator, cases: -1 };
        changes.entry((row.day, row.code)).or_default().add(gone);
    }
    for (fact, day) in facts {
        let new = Sum { numerator: fact.numerator, denominator: fact.denominator, cases: 1 };
        changes.entry((*day, fact.code.into())).or_default().add(new);
    }
    for ((day, code), change) in changes {
        if change != Sum::default() {
            add_to_day(tx, day, code, change).await?;
        }
    }
    Ok(())
}

pub(super) fn row(subject: &Subject, (fact, day): &(Contribution, i32)) -> ActiveModel {
    let dimensions = subject.dimensions;
    ActiveModel {
        subject_id: Set(subject.id),
        code: Set(fact.code.into()),
        subject: Set(subject.kind.into()),
        label: Set(subject.label.clone()),
        at_us: Set(fact.at.timestamp_micros()),
        day: Set(*day),
        numerator: Set(fact.numerator),
        denominator: Set(fact.denominator),
        asset_id: Set(dimensions.asset.map(Into::into)),
        model_id: Set(dimensions.model.map(Into::into)),
        technician_id: Set(dimensions.technician.map(Into::into)),
        territory_id: Set(dimensions.territory.map(Into::into)),
    }
}

/// Sums every day anew from the facts.
pub(super) async fn sum_days(tx: &impl ConnectionTrait) -> Result<(), StoreError> {
    day::Entity::delete_many().exec(tx).await?;
    let mut sums = Query::select();
    sums.columns(["day", "code"])
        .expr(Expr::col("numerator").sum())
        .expr(Expr::col("denominator").sum())
        .expr(Expr::col("subject_id").count())
        .from("kpi_facts")
        .group_by_col("day")
        .group_by_col("code");
    let mut insert = Query::insert();
    insert.into_table("kpi_days").columns(["day", "code", "numerator", "denominator", "cases"]);
    insert.select_from(sums).map_err(|error| StoreError::Corrupt(error.to_string()))?;
    tx.execute(&insert).await?;
    Ok(())
}

async fn add_to_day(
    tx: &impl ConnectionTrait,
    day: i32,
    code: String,
    change: Sum,
) -> Result<(), StoreError> {
    let row = day::ActiveModel {
        day: Set(day),
        code: Set(code),
        numerator: Set(change.numerator),
        denominator: Set(change.denominator),
        cases: Set(change.cases),
    };
    let plus = |column: day::Column, value: i64| (column, Expr::col((day::Entity, column)).add(value));
    let mut again = OnConflict::columns([day::Column::Day, day::Column::Code]);
    again.values([
        plus(day::Column::Numerator, change.numerator),
        plus(day::Column::Denominator, change.denominator),
        plus(day::Column::Cases, change.cases),
    ]);
    day::Entity::insert(row).on_conflict(again).exec_without_returning(tx).await?;
    Ok(())
}

/// The sums of each code on each day from `from` (included) to `to` (excluded), by day.
pub async fn days(
    db: &impl ConnectionTrait,
    from: i32,
    to: i32,
) -> Result<Vec<(i32, String, Sum)>, StoreError> {
    let rows = day::Entity::find()
        .filter(day::Column::Day.gte(from))
        .filter(day::Column::Day.lt(to))
        .order_by_asc(day::Column::Day)
        .all(db)
        .await?;
    let sum =
        |row: &day::Model| Sum { numerator: row.numerator, denominator: row.denominator, cases: row.cases };
    Ok(rows.into_iter().map(|row| (row.day, row.code.clone(), sum(&row))).collect())
}

/// The sums of each code over all days from `from` (included) to `to` (excluded).
pub async fn totals(
    db: &impl ConnectionTrait,
    from: i32,
    to: i32,
) -> Result<HashMap<String, Sum>, StoreError> {
    let rows: Vec<(String, i64, i64, i64)> = day::Entity::find()
        .select_only()
        .column(day::Column::Code)
        .column_as(day::Column::Numerator.sum(), "numerator")
        .column_as(day::Column::Denominator.sum(), "denominator")
        .column_as(day::Column::Cases.sum(), "cases")
        .filter(day::Column::Day.gte(from))
        .filter(day::Column::Day.lt(to))
        .group_by(day::Column::Code)
        .into_tuple()
        .all(db)
        .await?;
    let sum = |(code, numerator, denominator, cases)| (code, Sum { numerator, denominator, cases });
    Ok(rows.into_iter().map(sum).collect())
}

/// The sum of `code` over all days before `to`: what is still pending, whatever its age.
pub async fn before(db: &impl ConnectionTrait, code: &str, to: i32) -> Result<Sum, StoreError> {
    let row = day::Entity::find()
        .select_only()
        .column_as(day::Column::Numerator.sum(), "numerator")
        .column_as(day::Column::Denominator.sum(), "denominator")
        .column_as(day::Column::Cases.sum(), "cases")
        .filter(day::Column::Code.eq(code))
        .filter(day::Column::Day.lt(to))
        .into_tuple::<(Option<i64>, Option<i64>, Option<i64>)>()
        .one(db)
        .await?
        .unwrap_or_default();
    Ok(Sum {
        numerator: row.0.unwrap_or_default(),
        denominator: row.1.unwrap_or_default(),
        cases: row.2.unwrap_or_default(),
    })
}

/// A row behind a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    pub subject_id: Uuid,
    pub subject: String,
    pub label: String,
    pub at: Timestamp,
    pub numerator: i64,
    pub denominator: i64,
    pub asset: Option<AssetId>,
}

/// With the indicator's code: its list is not that of another one.
const LIST: List<(i64, (Uuid, String))> = List::named("kpi_facts");

/// The facts of `code` on the days from `from` to `to`, the newest first.
pub async fn rows(
    db: &impl ConnectionTrait,
    code: &str,
    from: i32,
    to: i32,
    page: &PageRequest,
) -> Result<Paged<Fact>, StoreError> {
    let place = match LIST.place(page)? {
        Some((us, (id, of))) if of == code => Some((us, id)),
        Some(_) => return Err(StoreError::Cursor),
        None => None,
    };
    let query =
        Entity::find().filter(Column::Code.eq(code)).filter(Column::Day.gte(from)).filter(Column::Day.lt(to));
    let query = query.filter(keyset::before(Column::AtUs, Column::SubjectId, place));
    let query = query.order_by_desc(Column::AtUs).order_by_desc(Column::SubjectId);
    let rows = query.limit(page.limit + 1).all(db).await?;
    let rows = rows.into_iter().map(|row| Fact {
        subject_id: row.subject_id,
        subject: row.subject,
        label: row.label,
        at: from_micros(row.at_us),
        numerator: row.numerator,
        denominator: row.denominator,
        asset: row.asset_id.map(Into::into),
    });
    Ok(LIST.page(rows.collect(), page.limit, |fact: &Fact| {
        (fact.at.timestamp_micros(), (fact.subject_id, code.to_owned()))
    }))
}

/// What an indicator can be broken down by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Asset,
    Model,
    Technician,
    Territory,
}

/// The sums of `code` by one dimension, the most cases first, at most 100.
pub async fn by(
    db: &impl ConnectionTrait,
    code: &str,
    from: i32,
    to: i32,
    dimension: By,
) -> Result<Vec<(Uuid, Sum)>, StoreError> {
    let column = match dimension {
        By::Asset => Column::AssetId,
        By::Model => Column::ModelId,
        By::Technician => Column::TechnicianId,
        By::Territory => Column::TerritoryId,
    };
    let rows: Vec<(Uuid, i64, i64, i64)> = Entity::find()
        .select_only()
        .column(column)
        .column_as(Column::Numerator.sum(), "numerator")
        .column_as(Column::Denominator.sum(), "denominator")
        .column_as(Column::SubjectId.count(), "cases")
        .filter(Column::Code.eq(code))
        .filter(Column::Day.gte(from))
        .filter(Column::Day.lt(to))
        .filter(column.is_not_null())
        .group_by(column)
        .order_by_desc(Column::SubjectId.count())
        .limit(100)
        .into_tuple()
        .all(db)
        .await?;
    let sum = |(id, numerator, denominator, cases)| (id, Sum { numerator, denominator, cases });
    Ok(rows.into_iter().map(sum).collect())
}

/// The value of everything on the shelves and in the vans at cost, in minor units of `currency`.
pub async fn stock_value(db: &impl ConnectionTrait, currency: &str) -> Result<i64, StoreError> {
    let mut query = Query::select();
    let value = Expr::col(("stock_levels", "quantity_milli")).mul(Expr::col(("parts", "unit_cost_minor")));
    query
        .expr_as(Expr::expr(value).sum(), "value")
        .from("stock_levels")
        .inner_join("parts", Expr::col(("parts", "id")).equals(("stock_levels", "part_id")))
        .and_where(Expr::col(("parts", "currency")).eq(currency));
    let row = db.query_one(&query).await?;
    let thousandths: Option<i64> = row.map(|row| row.try_get("", "value")).transpose()?.flatten();
    Ok(thousandths.unwrap_or_default() / 1000)
}

/// When automatic tickets were opened at which asset, from `from` (included) to `to` (excluded).
pub async fn automatic_tickets(
    db: &impl ConnectionTrait,
    from: i32,
    to: i32,
) -> Result<Vec<(AssetId, Timestamp)>, StoreError> {
    let rows: Vec<(Uuid, i64)> = Entity::find()
        .select_only()
        .column(Column::AssetId)
        .column(Column::AtUs)
        .filter(Column::Code.eq("from_automatic"))
        .filter(Column::Day.gte(from))
        .filter(Column::Day.lt(to))
        .filter(Column::AssetId.is_not_null())
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|(asset, us)| (asset.into(), from_micros(us))).collect())
}

/// Forgets the facts of the demo's assets and invoices, and counts their days back. Both must still be there.
pub async fn delete_demo(tx: &impl ConnectionTrait) -> Result<(), StoreError> {
    let of_demo = || {
        let of_assets = Column::AssetId.in_subquery(super::assets::demo_assets());
        of_assets.or(Column::SubjectId.in_subquery(super::invoices::demo_invoices()))
    };
    let rows: Vec<(i32, String, i64, i64, i64)> = Entity::find()
        .select_only()
        .column(Column::Day)
        .column(Column::Code)
        .column_as(Column::Numerator.sum(), "numerator")
        .column_as(Column::Denominator.sum(), "denominator")
        .column_as(Column::SubjectId.count(), "cases")
        .filter(of_demo())
        .group_by(Column::Day)
        .group_by(Column::Code)
        .into_tuple()
        .all(tx)
        .await?;
    for (day, code, numerator, denominator, cases) in rows {
        let gone = Sum { numerator: -numerator, denominator: -denominator, cases: -cases };
        add_to_day(tx, day, code, gone).await?;
    }
    Entity::delete_many().filter(of_demo()).exec(tx).await?;
    day::Entity::delete_many().filter(day::Column::Cases.lte(0)).exec(tx).await?;
    Ok(())
}

pub(super) struct Migration;
impl MigrationName for Migration {
    fn name(&self) -> &str {
        "0074_kpi_facts"
    }
}
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let facts = Table::create()
            .table("kpi_facts")
            .col(schema::uuid("subject_id"))
            .col(schema::string("code"))
            .col(schema::string("subject"))
            .col(schema::string("label"))
            .col(schema::big_integer("at_us"))
            .col(schema::integer("day"))
            .col(schema::big_integer("numerator"))
            .col(schema::big_integer("denominator"))
            .col(schema::uuid_null("asset_id"))
            .col(schema::uuid_null("model_id"))
            .col(schema::uuid_null("technician_id"))
            .col(schema::uuid_null("territory_id"))
            .primary_key(Index::create().col("subject_id").col("code"))
            .to_owned();
        manager.create_table(facts).await?;
        let days = Table::create()
            .table("kpi_days")
            .col(schema::integer("day"))
            .col(schema::string("code"))
            .col(schema::big_integer("numerator"))
            .col(schema::big_integer("denominator"))
            .col(schema::big_integer("cases"))
            .primary_key(Index::create().col("day").col("code"))
            .to_owned();
        manager.create_table(days).await?;
        let indexes: [(&str, &[&str]); 1] = [("kpi_facts_rows", &["code", "day", "at_us", "subject_id"])];
        super::migrations::create_indexes(manager, "kpi_facts", &indexes).await?;
        super::migrations::create_indexes(manager, "kpi_days", &[("kpi_days_code", &["code", "day"])]).await
    }
}
