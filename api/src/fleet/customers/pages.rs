//! Customers for people: the list, one with its sites, and the form.

use super::{WRITE, list::Customers};
use crate::people::parties::{self, category_key};
use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use domain::{
    fleet::customer::Buyer,
    id::CustomerId,
    money::tax::{TaxCategory, TaxStatus},
    reason::Reason,
};
use maud::{Markup, html};
use service::{
    command::CommandError,
    demo,
    fleet::customers::commands::{self, CustomerInput},
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
    let created = match read(&form, view.lang) {
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
    let updated = match read(&form, view.lang) {
        Ok(input) => commands::update(&deps, form.context(cx), CustomerId(id), input).await,
        Err(error) => Err(error),
    };
    match updated {
        Ok(_) => Ok(see_other(&path)),
        Err(error) => form.again(error, |form| draw(&view, form, &path, "customers-edit")),
    }
}

fn read(form: &Form, lang: Lang) -> Result<CustomerInput, CommandError> {
    let mut check = form.check(lang);
    let billing_address = parties::address(&mut check, form);
    let category = check.parse_optional("category", Reason::UnknownChoice);
    check.finish()?;
    let text = |name| form.optional(name).map(String::from);
    Ok(CustomerInput {
        name: form.value("name").into(),
        email: text("email"),
        phone: text("phone"),
        tax_id: text("tax_id"),
        billing_address,
        buyer: Buyer {
            registration_id: text("registration_id"),
            electronic_address: parties::electronic_address(form),
            reference: text("reference"),
            tax: TaxStatus { category, reason: text("reason") },
        },
        currency: text("currency"),
    })
}

fn draw(view: &View, form: &Form, action: &str, title: &str) -> Markup {
    let lang = view.lang;
    let f = form.fields(lang);
    let usual = (String::new(), lang.t("tax-status-usual"));
    let categories: Vec<_> = [usual].into_iter().chain(parties::categories(lang, |_| true)).collect();
    layout::page(
        view,
        &lang.t(title),
        &html! {
            div.top { h1 { (lang.t(title)) } }
            form.card.pad.stack method="post" action=(action) {
                (f.start())
                (f.text("name", "customers-name").required())
                (f.input("email", "email", "customers-email"))
                (f.input("tel", "phone", "customers-phone"))
                (f.text("tax_id", "customers-tax-id"))
                (parties::address_fields(f, "customers-billing-address"))
                (parties::number_fields(f))
                (f.text("reference", "party-reference").hint("party-reference-hint"))
                (f.select("category", "tax-status", &categories))
                (f.text("reason", "tax-reason").hint("tax-reason-hint"))
                (f.text("currency", "customers-currency").hint("customers-currency-hint"))
                div.act { button.btn type="submit" { (lang.t("save")) } a.btn2 href="/customers" { (lang.t("cancel")) } }
            }
        },
    )
}
