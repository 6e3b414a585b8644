//! Parts pages: the catalogue with what lies where, and one part with its movements, transfers and counts.

use super::{
    list::Parts,
    movements::{Movements, place},
};
use crate::choices;
use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use domain::{
    Currency,
    id::PartId,
    people::account::Role,
    work::stock::{Part, StockLocation},
};
use maud::{Markup, html};
use service::{command::CommandError, work::parts::commands};
use store::records::{
    people::organisation,
    work::{
        parts,
        stock::{self, Level},
    },
};
use web::{
    chooser::Kind,
    deps::Deps,
    form::Form,
    i18n::Lang,
    icon::icon,
    inputs::{Inputs, choose, decimal, fixed, money, text},
    layout,
    list::ListQuery,
    listing::{self, Found},
    request::{Caller, User, View},
    response::{PageResult, see_other},
};

pub async fn list(State(deps): State<Deps>, view: View, query: ListQuery) -> PageResult {
    listing::page::<Parts>(deps, view, query, |view, list| {
        let form = Form::filled([("reorder_point", "0")]);
        catalogue(view, &list.filters, &list.table, &form, false)
    })
    .await
}

pub async fn create(
    State(deps): State<Deps>,
    view: View,
    Caller(cx): Caller,
    query: ListQuery,
    form: Form,
) -> PageResult {
    let currency = organisation::get(deps.records.read()).await?.map_or(Currency::EUR, |ours| ours.currency);
    let made = match new_part().in_currency(Some(currency)).read(&form, &view) {
        Ok(input) => commands::create(&deps, form.context(cx), input).await,
        Err(error) => Err(error),
    };
    match made {
        Ok(part) => Ok(see_other(&format!("/parts/{}", part.id))),
        Err(error) => {
            let found = Found::<Parts>::read(&deps, &view, &query).await?;
            form.again(error, |form| {
                let main = catalogue(
                    &view,
                    &listing::filters::<Parts>(&view, &query),
                    &found.draw(&view, &query),
                    form,
                    true,
                );
                layout::page(&view, &view.lang.t("nav-parts"), &main)
            })
        }
    }
}

fn new_part() -> Inputs {
    Inputs::new([
        text("number", "parts-number").required(),
        text("name", "parts-name").required(),
        money("unit_price", "parts-price").required(),
        money("unit_cost", "parts-cost").required(),
        decimal("reorder_point", "parts-reorder-point").required(),
    ])
}

fn movement(lang: Lang, part: PartId) -> Inputs {
    let place = |name, label, hint, nowhere| {
        choose(name, label, Kind::Places).attribute("placeholder", lang.t(nowhere)).hint(hint)
    };
    Inputs::new([
        place("from", "parts-from", "parts-from-hint", "parts-supplier"),
        place("to", "parts-to", "parts-to-hint", "parts-scrap"),
        decimal("quantity", "service-quantity").required(),
        text("note", "service-note").most(commands::MAX_NOTE),
        fixed("part_id", part.to_string()),
    ])
}

fn counted(part: PartId) -> Inputs {
    Inputs::new([
        choose("location_id", "parts-place", Kind::Places).required(),
        decimal("counted", "parts-counted").required(),
        text("note", "service-note").most(commands::MAX_NOTE),
        fixed("part_id", part.to_string()),
    ])
}

fn may_keep(user: &User) -> bool {
    matches!(user.actor.role, Role::Admin | Role::ServiceManager | Role::Warehouse)
}

/// The list, and below it the form for another part.
fn catalogue(view: &View, filters: &Markup, list: &Markup, form: &Form, refused: bool) -> Markup {
    let (lang, f) = (view.lang, form.fields(view.lang).scope("new-"));
    html! {
        header.top { div { h1 { (lang.t("nav-parts")) } p.sub { (lang.t("parts-lead")) } } }
        (filters)
        (list)
        @if view.user.as_ref().is_some_and(may_keep) {
            details.action.card.pad open[refused] {
                summary { (lang.t("parts-new")) }
                form.stack.narrow method="post" action="/parts" {
                    (new_part().draw(f))
                    div { button.btn type="submit" { (lang.t("save")) } }
                }
            }
        }
    }
}

pub async fn show(
    State(deps): State<Deps>,
    view: View,
    user: User,
    query: ListQuery,
    Path(id): Path<PartId>,
) -> PageResult {
    if query.wants_csv()? {
        return listing::file::<Movements>(deps, view, &query.with("part_id", &id.to_string())).await;
    }
    let page = PartPage::load(&deps, (&view, &user), &query, id).await?;
    Ok(page.draw(&view, &Form::blank(), "").into_response())
}

pub async fn move_stock(
    State(deps): State<Deps>,
    view: View,
    user: User,
    Caller(cx): Caller,
    query: ListQuery,
    Path(id): Path<PartId>,
    form: Form,
) -> PageResult {
    let inputs = movement(view.lang, id);
    let form = choices::settle(&deps, &view, form, &inputs.chosen()).await?;
    let moved = match inputs.read(&form, &view) {
        Ok(input) => commands::move_stock(&deps, form.context(cx), input).await.map(drop),
        Err(error) => Err(error),
    };
    answer(&deps, &view, &user, &query, id, form, "move", moved).await
}

pub async fn count(
    State(deps): State<Deps>,
    view: View,
    user: User,
    Caller(cx): Caller,
    query: ListQuery,
    Path(id): Path<PartId>,
    form: Form,
) -> PageResult {
    let inputs = counted(id);
    let form = choices::settle(&deps, &view, form, &inputs.chosen()).await?;
    let counted = match inputs.read(&form, &view) {
        Ok(input) => commands::count(&deps, form.context(cx), input).await.map(drop),
        Err(error) => Err(error),
    };
    answer(&deps, &view, &user, &query, id, form, "count", counted).await
}

#[expect(clippy::too_many_arguments, reason = "the whole request of two equal handlers")]
async fn answer(
    deps: &Deps,
    view: &View,
    user: &User,
    query: &ListQuery,
    id: PartId,
    form: Form,
    action: &str,
    done: Result<(), CommandError>,
) -> PageResult {
    match done {
        Ok(()) => Ok(see_other(&format!("/parts/{id}"))),
        Err(error) => {
            let page = PartPage::load(deps, (view, user), query, id).await?;
            form.again(error, |form| page.draw(view, form, action))
        }
    }
}

struct PartPage {
    part: Part,
    levels: Vec<Level>,
    places: Vec<StockLocation>,
    movements: Markup,
    low: bool,
    keeps: bool,
}

impl PartPage {
    async fn load(
        deps: &Deps,
        (view, user): (&View, &User),
        query: &ListQuery,
        id: PartId,
    ) -> Result<Self, CommandError> {
        let db = deps.records.read();
        let part = parts::get(db, id).await?.ok_or(CommandError::NotFound)?;
        let places = stock::locations(db, user.scope()).await?;
        // Of this part; the links of the list stay on its page.
        let of_part = query.with("part_id", &id.to_string());
        let movements = Found::<Movements>::read(deps, view, &of_part).await?;
        Ok(Self {
            levels: stock::levels_of(db, user.scope(), &[id]).await?,
            low: commands::needs_order(db, &part, &places).await?,
            movements: movements.draw(view, query),
            keeps: may_keep(user),
            part,
            places,
        })
    }

    fn draw(&self, view: &View, form: &Form, refused: &str) -> Markup {
        let (lang, part) = (view.lang, &self.part);
        layout::page(
            view,
            &format!("{} {}", part.number, lang.phrase(&part.name)),
            &html! {
                header.top { div {
                    p.crumb { a href="/parts" { (lang.t("nav-parts")) } " / " (part.number) }
                    h1 { (lang.phrase(&part.name)) @if self.low { " " span.pill.warn { (icon("alert")) (lang.t("parts-reorder")) } } }
                    p.sub { (lang.t("parts-price")) " " (lang.money(part.unit_price)) " · " (lang.t("parts-cost")) " " (lang.money(part.unit_cost)) " · " (lang.t("parts-reorder-point")) " " (lang.quantity(part.reorder_point)) }
                } }
                div.cols.wide {
                    div.stack {
                        h2 { (lang.t("parts-movements")) }
                        (self.movements)
                    }
                    div.stack {
                        section.card {
                            header { h2 { (lang.t("parts-where")) } }
                            dl.pairs-list {
                                @for level in &self.levels { div { dt { (place(lang, &self.places, Some(level.location_id))) } dd { (lang.quantity(level.quantity)) } } }
                                @if self.levels.is_empty() { div { dt { (lang.t("parts-nowhere")) } dd { "0" } } }
                            }
                        }
                        @if self.keeps { (self.move_form(lang, form, refused)) (self.count_form(lang, form, refused)) }
                    }
                }
            },
        )
    }

    fn move_form(&self, lang: Lang, form: &Form, refused: &str) -> Markup {
        let blank = Form::blank();
        let f = if refused == "move" { form } else { &blank }.fields(lang).scope("move-");
        html! {
            section.card {
                header { h2 { (lang.t("parts-move")) } }
                form.pad.stack method="post" action={ "/parts/" (self.part.id) "/move" } {
                    (movement(lang, self.part.id).draw(f))
                    div { button.btn type="submit" { (lang.t("parts-move")) } }
                }
            }
        }
    }

    fn count_form(&self, lang: Lang, form: &Form, refused: &str) -> Markup {
        let blank = Form::blank();
        let f = if refused == "count" { form } else { &blank }.fields(lang).scope("count-");
        html! {
            section.card {
                header { h2 { (lang.t("parts-count")) } }
                form.pad.stack method="post" action={ "/parts/" (self.part.id) "/count" } {
                    (counted(self.part.id).draw(f))
                    div { button.btn2 type="submit" { (lang.t("parts-adjust")) } }
                }
            }
        }
    }
}
