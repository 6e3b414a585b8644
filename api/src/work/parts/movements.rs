//! The ledger of stock: of one part on its page, of all for programs.

use crate::work::work_orders::view::place_name;
use domain::{
    id::{PartId, StockLocationId},
    people::account::Scope,
    work::stock::{StockLocation, StockMovement},
};
use maud::html;
use service::command::CommandError;
use store::records::work::stock::{self, By};
use web::{
    deps::Deps,
    i18n::Lang,
    list::ListQuery,
    listing::{Column, Listing, Page, Read, Rows},
    request::{User, View},
    time::rfc3339,
};

pub struct Movements;

impl Listing for Movements {
    type Filter = Option<PartId>;
    type By = By;
    type Item = StockMovement;
    type Row = Row;
    const TITLE: &'static str = "parts-movements";
    const NONE: &'static str = "parts-no-movements";
    const FILE: &'static str = "movements.csv";
    const FIELDS: &'static [&'static str] = &[];

    fn filter(_: &Deps, _: &User, query: &ListQuery) -> Result<Option<PartId>, CommandError> {
        query.id("part_id")
    }
    async fn find(
        deps: &Deps,
        scope: Scope,
        part: &Option<PartId>,
        page: &Page<Self>,
    ) -> Read<StockMovement> {
        Ok(stock::list(deps.records.read(), scope, *part, page).await?)
    }
    async fn rows(deps: &Deps, view: &View, items: Vec<StockMovement>) -> Rows<Row> {
        let places = stock::locations(deps.records.read(), view.scope()).await?;
        let row = |movement: StockMovement| Row {
            from: place(view.lang, &places, movement.from),
            to: place(view.lang, &places, movement.to),
            movement,
        };
        Ok(items.into_iter().map(row).collect())
    }
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::<Self>::drawn("parts-when", |view, row| {
                html! { (view.lang.date_time(row.movement.at, view.zone)) }
            })
            .file(|_, row| rfc3339(row.movement.at))
            .by(By::At),
            Column::<Self>::drawn("parts-reason", |view, row| {
                html! { (view.lang.t(&format!("movement-{}", row.movement.reason.as_str()))) }
            })
            .file(|_, row| row.movement.reason.as_str().into())
            .by(By::Reason),
            Column::<Self>::text("parts-from", |_, row| row.from.clone()),
            Column::<Self>::text("parts-to", |_, row| row.to.clone()),
            Column::<Self>::number("service-quantity", |view, row| {
                html! { (view.lang.quantity(row.movement.quantity)) }
            })
            .file(|_, row| row.movement.quantity.to_string())
            .by(By::Quantity),
            Column::<Self>::text("service-note", |_, row| row.movement.note.clone()),
        ]
    }
}

pub struct Row {
    movement: StockMovement,
    from: String,
    to: String,
}

/// What the place `id` is called; a dash for what is none of ours.
pub fn place(lang: Lang, places: &[StockLocation], id: Option<StockLocationId>) -> String {
    let found = id.and_then(|id| places.iter().find(|place| place.id == id));
    found.map_or_else(|| "—".into(), |place| place_name(lang, place))
}
