//! Customers for people: the list, one with its sites, and the form.

use super::{WRITE, list::Customers};
use crate::people::parties::{self, category_key};
use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use domain::{id::CustomerId, money::tax::TaxCategory};
use maud::{Markup, html};
use service::{
    demo,
    fleet::customers::commands::{self},
    scope,
};
use store::records::{
    PageRequest,
    fleet::{assets, sites},
};
use uuid::Uuid;
use web::{
    deps::Deps,
    form::Form,
    i18n::Lang,
    icon::icon,
    inputs::{Inputs, email, phone, select, text},
    layout,
    list::ListQuery,
    listing,
    request::{Caller, View},
    response::{PageError, PageResult, see_other},
};

pub async fn list(State(deps): State<Deps>, view: View, query: ListQuery) -> PageResult {
    listing::page::<Customers>(deps, view, query, |view, list| {
        html! {
            div.top {
                h1 { (view.lang.t("customers-title")) }
                @if may_write(view) { a.btn href="/customers/new" { (icon("plus")) (view.lang.t("customers-new")) } }
            }
            (list.filters)
            (list.table)
        }
    })
    .await
}

pub fn may_write(view: &View) -> bool {
    view.user.as_ref().is_some_and(|user| WRITE.contains(&user.actor.role))
}

pub async fn show(State(deps): State<Deps>, view: View, Path(id): Path<Uuid>) -> PageResult {
    let db = deps.records.read();
    let customer = scope::customer(db, view.scope(), CustomerId(id)).await?;
    let filter = sites::Filter { customer: Some(customer.id), text: None };
    let sites =
        sites::list(db, view.scope(), &filter, &PageRequest::first(PageRequest::MAX_LIMIT)).await?.items;
    let filter = assets::Filter { customer: Some(customer.id), ..Default::default() };
    let machines = assets::count(db, view.scope(), &filter).await?;
    let lang = view.lang;
    let of_demo = demo::has_made(&deps, "customer", customer.id).await?;
    let facts = [
        ("customers-email", customer.email.clone()),
        ("customers-phone", customer.phone.clone()),
        ("customers-tax-id", customer.tax_id.clone()),
        ("customers-billing-address", Some(customer.billing_address.lines().join("\n"))),
        ("party-reference", customer.buyer.reference.clone()),
        ("tax-status", customer.buyer.tax.category.map(|category| lang.t(&category_key(category)))),
        ("customers-currency", Some(customer.currency.to_string())),
    ];
    Ok(layout::page(
        &view,
        &customer.name,
        &html! {
            div.top {
                h1 { (customer.name) @if of_demo { span.pill { (lang.t("customers-demo")) } } }
                div.act {
                    a.btn2 href={ "/assets?customer_id=" (customer.id) } { (icon("boxes")) (lang.count("customers-assets", machines.cast_signed())) }
                    @if may_write(&view) { a.btn2 href={ "/customers/" (customer.id) "/edit" } { (icon("pen")) (lang.t("customers-edit")) } }
                }
            }
            div.cols {
                section.card {
                    header { h2 { (lang.t("customers-facts")) } }
                    dl.meter.plain {
                        @for (label, value) in facts {
                            @if let Some(value) = value.filter(|value| !value.is_empty()) {
                                div { dt { (lang.t(label)) } dd { (value) } }
                            }
                        }
                    }
                }
                section.card {
                    header { h2 { (lang.t("sites-title")) } @if may_write(&view) { a href={ "/sites/new?customer_id=" (customer.id) } { (lang.t("sites-new")) } } }
                    ul.rows {
                        @for site in &sites {
                            li { (icon("pin")) div { h3 { a href={ "/assets?site_id=" (site.id) } { (site.name) } } p { (site.address) } } }
                        }
                        @if sites.is_empty() { li { p { (lang.t("sites-none")) } } }
                    }
                }
            }
        },
    )
    .into_response())
}

pub async fn new(view: View) -> Markup {
    draw(&view, &Form::blank(), "/customers", "customers-new")
}

pub async fn create(State(deps): State<Deps>, view: View, Caller(cx): Caller, form: Form) -> PageResult {
    let created = match inputs(view.lang).read(&form, &view) {
        Ok(input) => commands::create(&deps, form.context(cx), input).await,
        Err(error) => Err(error),
    };
    match created {
        Ok(customer) => Ok(see_other(&format!("/customers/{}", customer.id))),
        Err(error) => form.again(error, |form| draw(&view, form, "/customers", "customers-new")),
    }
}

pub async fn edit(State(deps): State<Deps>, view: View, Path(id): Path<Uuid>) -> Result<Markup, PageError> {
    let customer = scope::customer(deps.records.read(), view.scope(), CustomerId(id)).await?;
    let form = Form::filled([
        ("name", customer.name),
        ("email", customer.email.unwrap_or_default()),
        ("phone", customer.phone.unwrap_or_default()),
        ("tax_id", customer.tax_id.unwrap_or_default()),
        ("currency", customer.currency.to_string()),
        ("reference", customer.buyer.reference.unwrap_or_default()),
        ("category", customer.buyer.tax.category.map_or("", TaxCategory::as_str).into()),
        ("reason", customer.buyer.tax.reason.unwrap_or_default()),
    ]);
    let (registration, electronic) = (customer.buyer.registration_id, customer.buyer.electronic_address);
    let form = parties::fill(form, &customer.billing_address, registration.as_deref(), electronic.as_ref());
    Ok(draw(&view, &form, &format!("/customers/{id}"), "customers-edit"))
}

pub async fn update(
    State(deps): State<Deps>,
    view: View,
    Path(id): Path<Uuid>,
    Caller(cx): Caller,
    form: Form,
) -> PageResult {
    let path = format!("/customers/{id}");
    let updated = match inputs(view.lang).read(&form, &view) {
        Ok(input) => commands::update(&deps, form.context(cx), CustomerId(id), input).await,
        Err(error) => Err(error),
    };
    match updated {
        Ok(_) => Ok(see_other(&path)),
        Err(error) => form.again(error, |form| draw(&view, form, &path, "customers-edit")),
    }
}

fn inputs(lang: Lang) -> Inputs {
    let usual = (String::new(), lang.t("tax-status-usual"));
    let categories = [usual].into_iter().chain(parties::categories(lang, |_| true)).collect();
    let address = [
        "billing_address.street",
        "billing_address.postal_code",
        "billing_address.city",
        "billing_address.region",
        "billing_address.country",
    ];
    let numbers =
        ["buyer.registration_id", "buyer.electronic_address.scheme", "buyer.electronic_address.identifier"];
    Inputs::new([
        text("name", "customers-name").required(),
        email("email", "customers-email"),
        phone("phone", "customers-phone"),
        text("tax_id", "customers-tax-id"),
        text("reference", "party-reference").hint("party-reference-hint").at("buyer.reference"),
        select("category", "tax-status", categories).at("buyer.tax.category"),
        text("reason", "tax-reason").hint("tax-reason-hint").at("buyer.tax.reason"),
        text("currency", "customers-currency").hint("customers-currency-hint"),
    ])
    .with(parties::address_inputs("customers-billing-address", address))
    .with(parties::number_inputs(numbers))
}

fn draw(view: &View, form: &Form, action: &str, title: &str) -> Markup {
    let lang = view.lang;
    let (f, inputs) = (form.fields(lang), inputs(lang));
    let one = |name| inputs.one(f, name);
    layout::page(
        view,
        &lang.t(title),
        &html! {
            div.top { h1 { (lang.t(title)) } }
            form.card.pad.stack method="post" action=(action) {
                (f.start())
                (one("name")) (one("email")) (one("phone")) (one("tax_id"))
                (parties::draw_address(&inputs, f))
                (parties::draw_numbers(&inputs, f))
                (one("reference")) (one("category")) (one("reason")) (one("currency"))
                div.act { button.btn type="submit" { (lang.t("save")) } a.btn2 href="/customers" { (lang.t("cancel")) } }
            }
        },
    )
}
