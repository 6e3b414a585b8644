//! The list of models.

use crate::fleet::customers::pages::may_write;
use domain::{fleet::model::Model, people::account::Scope};
use maud::{Markup, html};
use service::command::CommandError;
use store::records::fleet::models::{self, By, Filter};
use web::{
    deps::Deps,
    form::Fields,
    list::ListQuery,
    listing::{Column, Listing, Page, Read, Rows},
    request::{User, View},
};

pub struct Models;

impl Listing for Models {
    type Filter = Filter;
    type By = By;
    type Item = Model;
    type Row = Model;
    const TITLE: &'static str = "models-title";
    const NONE: &'static str = "models-none";
    const FILE: &'static str = "models.csv";

    fn filter(_: &Deps, _: &User, query: &ListQuery) -> Result<Filter, CommandError> {
        Ok(Filter { text: query.get("q").map(Into::into) })
    }
    async fn find(deps: &Deps, scope: Scope, filter: &Filter, page: &Page<Self>) -> Read<Model> {
        Ok(models::list(deps.records.read(), scope, filter, page).await?)
    }
    async fn rows(_: &Deps, _: &View, items: Vec<Model>) -> Rows<Model> {
        Ok(items)
    }
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::<Self>::drawn("models-name", |view, row| {
                let name = view.lang.phrase(&row.name);
                html! { @if may_write(view) { a href={ "/models/" (row.id) } { b { (name) } } } @else { b { (name) } } }
            })
            .file(|view, row| view.lang.phrase(&row.name))
            .by(By::Name),
            Column::<Self>::text("models-manufacturer", |_, row| row.manufacturer.clone()).by(By::Manufacturer),
            Column::<Self>::text("models-equipment-type", |view, row| view.lang.equipment_type(&row.equipment_type)),
        ]
    }
    fn fields(_: &View, fields: Fields<'_>, _: &ListQuery) -> Markup {
        html! { (fields.input("search", "q", "models-search")) }
    }
}
