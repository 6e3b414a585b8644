//! The catalogue of parts, with what lies where.

use domain::{
    id::PartId,
    people::account::Scope,
    work::stock::{Part, StockLocation},
};
use maud::{Markup, html};
use rust_decimal::Decimal;
use service::{command::CommandError, work::parts::commands};
use std::collections::HashMap;
use store::records::work::{
    parts::{self, By},
    stock::{self, Level},
};
use web::{
    deps::Deps,
    form::Fields,
    icon::icon,
    list::ListQuery,
    listing::{Column, Listing, Page, Read, Rows},
    request::{User, View},
};

pub struct Parts;

impl Listing for Parts {
    type Filter = Option<String>;
    type By = By;
    type Item = Part;
    type Row = Row;
    const TITLE: &'static str = "nav-parts";
    const NONE: &'static str = "parts-none";
    const FILE: &'static str = "parts.csv";

    fn filter(_: &Deps, _: &User, query: &ListQuery) -> Result<Option<String>, CommandError> {
        Ok(query.get("q").map(Into::into))
    }
    async fn find(deps: &Deps, _: Scope, filter: &Option<String>, page: &Page<Self>) -> Read<Part> {
        Ok(parts::list(deps.records.read(), filter.as_deref(), page).await?)
    }
    async fn rows(deps: &Deps, view: &View, items: Vec<Part>) -> Rows<Row> {
        let (db, scope) = (deps.records.read(), view.scope());
        let ids: Vec<PartId> = items.iter().map(|part| part.id).collect();
        let mut levels = HashMap::<PartId, Vec<Level>>::new();
        for level in stock::levels_of(db, scope, &ids).await? {
            levels.entry(level.part_id).or_default().push(level);
        }
        let places = stock::locations(db, scope).await?;
        let mut rows = Vec::with_capacity(items.len());
        for part in items {
            let levels = levels.remove(&part.id).unwrap_or_default();
            let named = levels.into_iter().map(|level| (name(&places, &level), level.quantity)).collect();
            rows.push(Row { low: commands::needs_order(db, &part, &places).await?, here: named, part });
        }
        Ok(rows)
    }
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::<Self>::drawn(
                "parts-number",
                |_, row| html! { a href={ "/parts/" (row.part.id) } { (row.part.number) } },
            )
            .file(|_, row| row.part.number.clone())
            .by(By::Number),
            Column::<Self>::drawn("parts-name", |view, row| {
                html! { a href={ "/parts/" (row.part.id) } { (view.lang.phrase(&row.part.name)) } }
            })
            .file(|view, row| view.lang.phrase(&row.part.name))
            .by(By::Name),
            Column::<Self>::number(
                "parts-price",
                |view, row| html! { (view.lang.money(row.part.unit_price)) },
            ),
            Column::<Self>::number("parts-in-stock", |view, row| html! { (view.lang.quantity(row.total())) })
                .file(|_, row| row.total().to_string()),
            Column::<Self>::drawn("parts-where", |view, row| {
                html! { @for (place, quantity) in &row.here { span.tag { (view.lang.phrase(place)) " " (view.lang.quantity(*quantity)) } " " } }
            }),
            Column::<Self>::in_file("parts-reorder-point", |_, row| row.part.reorder_point.to_string()),
            Column::<Self>::drawn("parts-order", |view, row| {
                html! { @if row.low { span.pill.warn { (icon("alert")) (view.lang.t("parts-reorder")) } } }
            }),
        ]
    }
    fn fields(_: &View, fields: Fields<'_>, _: &ListQuery) -> Markup {
        html! { (fields.input("search", "q", "parts-search")) }
    }
}

pub struct Row {
    part: Part,
    /// Each place with what lies there.
    here: Vec<(String, Decimal)>,
    low: bool,
}

impl Row {
    fn total(&self) -> Decimal {
        self.here.iter().map(|(_, quantity)| quantity).sum()
    }
}

fn name(places: &[StockLocation], level: &Level) -> String {
    places
        .iter()
        .find(|place| place.id == level.location_id)
        .map_or_else(String::new, |place| place.name.clone())
}
