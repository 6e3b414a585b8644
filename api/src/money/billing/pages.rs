//! Invoices for people.

use super::{json::visible, list::Invoices, page::InvoicePage, print, ready::Ready};
use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use domain::{
    id::{InvoiceId, WorkOrderId},
    reason::Reason,
};
use maud::{Markup, html};
use service::{
    command::CommandError,
    money::billing::commands::{self, NewInvoice},
};
use std::collections::BTreeSet;
use uuid::Uuid;
use web::{
    actions::{Page, Posted},
    deps::Deps,
    form::Form,
    i18n::Lang,
    icon::icon,
    layout,
    list::ListQuery,
    listing::{self, Found},
    request::{Caller, User, View},
    response::{PageResult, see_other},
    table,
};

const READY: &str = "ready";
const TABS: [&str; 7] = [READY, "draft", "open", "overdue", "refund", "paid", "all"];

pub async fn list(State(deps): State<Deps>, view: View, query: ListQuery) -> PageResult {
    if query.word("status", &TABS)?.unwrap_or(READY) != READY {
        let head = head(&view, &query);
        return listing::page::<Invoices>(deps, view, query, |_, list| {
            html! { (head) (list.filters) (list.table) }
        })
        .await;
    }
    if query.wants_csv()? {
        return listing::file::<Ready>(deps, view, &query).await;
    }
    let main = ready(&deps, &view, &query, &Form::blank()).await?;
    Ok(layout::page(&view, &view.lang.t("nav-invoices"), &main).into_response())
}

fn head(view: &View, query: &ListQuery) -> Markup {
    let current = query.get("status").unwrap_or(READY);
    html! {
        div.top { div { h1 { (view.lang.t("nav-invoices")) } p.sub { (view.lang.t("billing-sub")) } } }
        nav.tabs aria-label=(view.lang.t("billing-status")) {
            @for tab in TABS {
                a href={ "/invoices?status=" (tab) } aria-current=[(tab == current).then_some("page")] { (view.lang.t(&format!("billing-tab-{tab}"))) }
            }
            a href="/payments" { (view.lang.t("billing-payments")) }
        }
    }
}

pub(super) fn status_pill(view: &View, status: &str, overdue: bool) -> Markup {
    let (class, key) = match status {
        _ if overdue => ("pill crit", "overdue"),
        "paid" => ("pill ok", status),
        "partly_paid" | "issued" => ("pill warn", status),
        _ => ("pill", status),
    };
    html! { span class=(class) { (view.lang.t(&format!("billing-status-{key}"))) } }
}

/// Approved work that is on no invoice: tick some of one customer, make a draft.
async fn ready(deps: &Deps, view: &View, query: &ListQuery, form: &Form) -> Result<Markup, CommandError> {
    let (lang, ticked) = (view.lang, form.all("work_orders"));
    let mut found = Found::<Ready>::read(deps, view, query).await?;
    for row in &mut found.rows {
        row.ticked = ticked.contains(&row.work.id.to_string().as_str());
    }
    let fields = form.fields(lang);
    Ok(html! {
        (head(view, query))
        form.stack method="post" action="/invoices" {
            (fields.start())
            (found.table(view, query))
            @if !found.rows.is_empty() {
                div.act { button.btn type="submit" { (icon("file")) (lang.t("billing-make-draft")) } (table::export_link(lang, query)) span.hint { (lang.t("billing-make-draft-hint")) } }
            }
        }
        (found.pages(view, query))
    })
}

pub async fn create(
    State(deps): State<Deps>,
    view: View,
    Caller(cx): Caller,
    query: ListQuery,
    form: Form,
) -> PageResult {
    let ids: Option<BTreeSet<WorkOrderId>> =
        form.all("work_orders").into_iter().map(|id| id.parse().ok()).collect();
    let made = match ids {
        Some(work_orders) => {
            commands::create_from_work_orders(&deps, form.context(cx), NewInvoice { work_orders }).await
        }
        // One that cannot be read must not be left out in silence.
        None => Err(CommandError::field("work_orders", Reason::ChooseWorkOrders)),
    };
    match made {
        Ok(invoice) => Ok(see_other(&format!("/invoices/{}", invoice.id))),
        Err(error) => {
            // The list is read again, so it is drawn after the form knows what was wrong.
            let mut refused = None;
            let status = form.again(error, |form| {
                refused = Some(form.clone());
                html! {}
            })?;
            let main = ready(&deps, &view, &query, &refused.unwrap_or_else(Form::blank)).await?;
            let page = layout::page(&view, &view.lang.t("nav-invoices"), &main);
            Ok((status.status(), page).into_response())
        }
    }
}

pub async fn show(State(deps): State<Deps>, user: User, view: View, Path(id): Path<InvoiceId>) -> PageResult {
    let page = InvoicePage::load(&deps, &view, &user, id).await?;
    Ok(page.draw(&view, &Posted::nothing()).into_response())
}

/// The paper. A customer reaches it from the portal.
pub async fn print(State(deps): State<Deps>, user: User, view: View, Path(id): Path<Uuid>) -> PageResult {
    let invoice = visible(&deps, &user.actor, InvoiceId(id)).await?.ok_or(CommandError::NotFound)?;
    let lang = Lang::parse(&invoice.language).unwrap_or(view.lang);
    let back =
        if user.actor.customer_scope().is_some() { "/portal".into() } else { format!("/invoices/{id}") };
    let paper = print::invoice(lang, &invoice, &back)?;
    let title =
        invoice.state.issued().map_or_else(|| lang.t("billing-draft"), |issued| issued.number.to_string());
    Ok(layout::page(&view, &title, &paper).into_response())
}
