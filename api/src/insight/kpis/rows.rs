//! The rows behind an indicator, on its page and in its file.

use super::figure::text;
use domain::{
    Currency, Money, Timestamp,
    condition::reliability::Period,
    id::AssetId,
    insight::kpi::{self, Basis, Behind, Counted, Definition, EachAsset, OfEquipment, Unit, Worst},
};
use service::{
    command::CommandError,
    insight::kpis::{
        facts::day,
        queries::{self, Days},
    },
};
use std::collections::HashMap;
use store::{
    StoreError,
    records::{
        Db, List, PageRequest, Paged,
        condition::{failures, state_days},
        insight::kpi_facts::{self, Within},
    },
};
use uuid::Uuid;
use web::{
    csv::{self, Listed},
    i18n::Lang,
    response::PageResult,
};

/// A row behind a number.
pub struct Row {
    pub subject: String,
    pub id: Uuid,
    pub label: String,
    pub asset: Option<String>,
    pub at: Timestamp,
    /// In the unit shown.
    pub value: Option<f64>,
    /// Minor units.
    pub money: Option<i64>,
}

impl Row {
    pub fn href(&self) -> String {
        let folder = match self.subject.as_str() {
            "work_order" => "work-orders",
            "ticket" => "tickets",
            "invoice" => "invoices",
            _ => "assets",
        };
        format!("/{folder}/{}", self.id)
    }
}

/// The rows behind an indicator within `days`, the newest first.
pub async fn rows(
    db: &Db,
    definition: &'static Definition,
    days: Days,
    now: Timestamp,
    page: &PageRequest,
) -> Result<Paged<Row>, CommandError> {
    match definition.basis {
        Basis::Equipment(of) => match of.behind {
            Behind::Assets(each) => asset_rows(db, definition, each, days.period(now), page).await,
            Behind::Failures => failure_rows(db, days.period(now), page).await,
        },
        Basis::Books(_) => Ok(Paged { items: Vec::new(), next_cursor: None, unreadable: Vec::new() }),
        Basis::Facts(of) => {
            let known = days.known(now);
            let within = Within::Period { from: known.from, to: known.to };
            fact_rows(db, definition, of.alone, within, page).await
        }
        Basis::Standing => {
            let (day, to) = (days.to.min(day(now, days.zone) + 1), days.known(now).to);
            fact_rows(db, definition, kpi::OWN.alone, Within::EndOf { day, to }, page).await
        }
    }
}

/// What one contribution is worth alone, and in which unit.
type Alone = fn(Unit, Counted) -> (Unit, Option<f64>);

async fn fact_rows(
    db: &Db,
    definition: &'static Definition,
    alone: Alone,
    within: Within,
    page: &PageRequest,
) -> Result<Paged<Row>, CommandError> {
    let found = kpi_facts::rows(db, definition.code, within, page).await?;
    let names = queries::asset_names(db, found.items.iter().filter_map(|fact| fact.asset)).await?;
    Ok(found.map(|fact| row(definition.unit, alone, fact, &names)))
}

fn row(unit: Unit, alone: Alone, fact: kpi_facts::Fact, names: &HashMap<AssetId, String>) -> Row {
    let counted = Counted { numerator: fact.numerator, denominator: fact.denominator, cases: 1 };
    let value = if unit.is_money() { None } else { alone(unit, counted).1 };
    Row {
        subject: fact.subject,
        id: fact.subject_id,
        label: fact.label,
        asset: fact.asset.and_then(|asset| names.get(&asset).cloned()),
        at: fact.at,
        value,
        money: unit.is_money().then_some(fact.numerator),
    }
}

/// Rows passed over, and the indicator.
const EQUIPMENT: List<(i64, String)> = List::named("kpis of equipment");

async fn asset_rows(
    db: &Db,
    definition: &'static Definition,
    each: EachAsset,
    period: Period,
    page: &PageRequest,
) -> Result<Paged<Row>, CommandError> {
    // With the indicator's code: the one lists another order than the other.
    let skip = match EQUIPMENT.place(page)? {
        Some((skip, of)) if of == definition.code => usize::try_from(skip).unwrap_or(usize::MAX),
        Some(_) => return Err(StoreError::Cursor.into()),
        None => 0,
    };
    let of_asset = |asset: state_days::AssetTime| Row {
        subject: "asset".into(),
        id: asset.id.into(),
        label: asset.name,
        asset: None,
        at: period.to,
        value: (each.value)(&asset.uptime),
        money: None,
    };
    let found = state_days::asset_uptimes(db, period.from, period.to).await?;
    let mut all: Vec<Row> = found.into_iter().map(of_asset).collect();
    // The worst first; equals by id, so that pages neither repeat nor leave out.
    all.sort_by(|a, b| {
        let worse = match (a.value, b.value) {
            (Some(a), Some(b)) => match each.worst {
                Worst::Least => a.total_cmp(&b),
                Worst::Most => b.total_cmp(&a),
            },
            (a, b) => b.is_some().cmp(&a.is_some()),
        };
        worse.then(a.id.cmp(&b.id))
    });
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let end = skip.saturating_add(limit);
    let next = i64::try_from(end).ok().filter(|_| all.len() > end);
    let next_cursor = next.map(|next| EQUIPMENT.seal(&(next, definition.code.to_owned())));
    Ok(Paged { items: all.into_iter().skip(skip).take(limit).collect(), next_cursor, unreadable: Vec::new() })
}

/// Failures of the period, the newest first.
async fn failure_rows(db: &Db, period: Period, page: &PageRequest) -> Result<Paged<Row>, CommandError> {
    let filter = failures::Filter {
        from: Some(period.from),
        to: Some(period.to),
        in_service: true,
        ..failures::Filter::default()
    };
    let found = failures::list(db, &filter, page).await?;
    let names = queries::asset_names(db, found.items.iter().map(|failure| failure.asset_id)).await?;
    Ok(found.map(|failure| Row {
        subject: "failure".into(),
        id: failure.asset_id.into(),
        label: failure.code.or(failure.cause).unwrap_or_default(),
        asset: names.get(&failure.asset_id).cloned(),
        at: failure.at,
        value: failure.restored_at.map(|restored| (restored - failure.at).num_seconds() as f64 / 3600.0),
        money: None,
    }))
}

/// Whose rows a file has.
pub struct Rows {
    pub definition: &'static Definition,
    pub days: Days,
    pub now: Timestamp,
    pub currency: Currency,
}

pub async fn file(list: Listed<Rows>) -> PageResult {
    let name = format!("{}.csv", list.filter.definition.code);
    let heads = csv::heads(list.view.lang, ["kpis-row", "kpis-asset", "kpis-when", "kpis-value"]);
    csv::file(&name, heads, list, (), |list, page| {
        Box::pin(async move {
            let Rows { definition, days, now, currency } = list.filter;
            let (lang, zone) = (list.view.lang, list.view.zone);
            let found = rows(list.deps.records.read(), definition, days, now, &page).await?;
            Ok(found.map(|row| {
                let value = shown(lang, definition, currency, &row);
                vec![row.label, row.asset.unwrap_or_default(), lang.date_time(row.at, zone), value]
            }))
        })
    })
    .await
}

pub fn shown(lang: Lang, definition: &Definition, currency: Currency, row: &Row) -> String {
    if let Some(minor) = row.money {
        return lang.money(Money::new(minor, currency));
    }
    let unit = match definition.basis {
        Basis::Equipment(OfEquipment { behind: Behind::Assets(each), .. }) => each.unit,
        Basis::Equipment(OfEquipment { behind: Behind::Failures, .. }) => Unit::Hours,
        Basis::Facts(of) => (of.alone)(definition.unit, Counted::default()).0,
        Basis::Standing | Basis::Books(_) => definition.unit,
    };
    let (value, unit) = text(lang, unit, currency, row.value);
    format!("{value} {unit}")
}
