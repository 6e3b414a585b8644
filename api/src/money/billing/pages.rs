//! Invoices for people.

use super::{json::visible, list::Invoices, print, ready::Ready};
use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use domain::{
    Date, Money, MoneyError,
    calendar::date_of,
    id::{InvoiceId, WorkOrderId},
    money::{
        invoice::{Invoice, InvoiceState, credit::CreditNote},
        payment::{Direction, Payment, PaymentMethod},
    },
    reason::Reason,
};
use maud::{Markup, html};
use service::{
    command::CommandError,
    money::billing::{
        commands::{self, NewInvoice},
        payments,
    },
};
use std::collections::BTreeSet;
use store::records::money::{credit_notes, payments as moves};
use uuid::Uuid;
use web::{
    deps::Deps,
    form::Form,
    i18n::Lang,
    icon::icon,
    inputs::{Inputs, date, fixed, hidden, money, select, text},
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

pub async fn show(State(deps): State<Deps>, user: User, view: View, Path(id): Path<Uuid>) -> PageResult {
    let page = Page::load(&deps, &user, InvoiceId(id)).await?;
    Ok(page.draw(&view, None)?.into_response())
}

/// One invoice with what became of its money.
struct Page {
    invoice: Invoice,
    moved: Vec<Payment>,
    notes: Vec<CreditNote>,
    today: Date,
}

impl Page {
    async fn load(deps: &Deps, user: &User, id: InvoiceId) -> Result<Self, CommandError> {
        let db = deps.records.read();
        let invoice = visible(deps, &user.actor, id).await?.ok_or(CommandError::NotFound)?;
        Ok(Self {
            moved: moves::of_invoice(db, invoice.id).await?,
            notes: credit_notes::of_invoice(db, invoice.id).await?,
            today: date_of(deps.now(), user.civil),
            invoice,
        })
    }

    /// `refused` is the payment form with what was typed.
    fn draw(&self, view: &View, refused: Option<&Form>) -> Result<Markup, MoneyError> {
        let (lang, invoice) = (view.lang, &self.invoice);
        let issued = invoice.state.issued();
        let title = issued.map_or_else(|| lang.t("billing-draft"), |issued| issued.number.to_string());
        let credits = issued.is_some() && invoice.state.as_str() != "credited";
        let main = html! {
            div.top {
                div {
                    a.crumb href="/invoices" { (lang.t("nav-invoices")) }
                    h1 { (title) " " (status_pill(view, invoice.state.as_str(), invoice.is_overdue(self.today))) }
                    p.sub { (invoice.recipient.name) @if let Some(issued) = issued { " · " (lang.day(issued.on)) " · " (lang.t("billing-due")) " " (lang.day(issued.due)) } }
                }
                div.act {
                    a.btn2 href={ "/invoices/" (invoice.id) "/print" } { (icon("print")) (lang.t("billing-print")) }
                    @if invoice.state == InvoiceState::Draft {
                        (button(view, invoice.id, "cancel", "btn2"))
                        (button(view, invoice.id, "issue", "btn"))
                    }
                    @if credits { a.btn2 href={ "/invoices/" (invoice.id) "/credit" } { (lang.t("billing-credit")) } }
                }
            }
            div.cols.wide {
                section.card { header { h2 { (lang.t("billing-lines")) } } (print::lines(lang, invoice)?) }
                div.stack { (self.account(view, refused)?) (self.papers(view)) }
            }
        };
        Ok(layout::page(view, &title, &main))
    }

    fn account(&self, view: &View, refused: Option<&Form>) -> Result<Markup, MoneyError> {
        let (lang, invoice) = (view.lang, &self.invoice);
        let open = invoice.open();
        let owed = if open.minor < 0 { "billing-to-refund" } else { "billing-open" };
        Ok(html! {
            section.card.pad {
                h2 { (lang.t("billing-payments")) }
                dl.meter.plain {
                    div { dt { (lang.t("billing-total")) } dd.n { (lang.money(invoice.totals()?.total)) } }
                    @for note in &self.notes {
                        div { dt { (lang.t("billing-credit-note")) " " (note.number) " · " (lang.day(note.on)) } dd.n { "−" (lang.money(note.total)) } }
                    }
                    @for payment in &self.moved {
                        div {
                            dt { (lang.day(payment.on)) " · " (lang.t(&format!("billing-method-{}", payment.method.as_str()))) @if payment.direction == Direction::Out { " · " (lang.t("billing-refund")) } @if !payment.reference.is_empty() { " · " (payment.reference) } }
                            dd.n { @if payment.direction == Direction::In { "−" } @else { "+" } (lang.money(payment.amount)) }
                        }
                    }
                    div { dt { (lang.t(owed)) } dd.n { b { (lang.money(Money::new(open.minor.saturating_abs(), open.currency))) } } }
                }
                @if !open.is_zero() { (self.pay_fields(view, refused)) }
            }
        })
    }

    fn papers(&self, view: &View) -> Markup {
        let lang = view.lang;
        html! {
            @if !self.notes.is_empty() {
                section.card {
                    header { h2 { (lang.t("billing-credit-notes")) } }
                    ul.rows {
                        @for note in &self.notes {
                            li {
                                div { h3 { (note.number) } p { (lang.day(note.on)) " · " (lang.money(note.total)) @if !note.reason.is_empty() { " · " (note.reason) } } }
                                a.btn2 href={ "/credit-notes/" (note.id) "/print" } { (icon("print")) (lang.t("billing-print")) }
                            }
                        }
                    }
                }
            }
        }
    }

    /// Takes money in while some is owed, gives it back while some is to be given back.
    fn pay_fields(&self, view: &View, refused: Option<&Form>) -> Markup {
        let (lang, open) = (view.lang, self.invoice.open());
        let direction = if open.minor < 0 { Direction::Out } else { Direction::In };
        let word =
            if direction == Direction::Out { "billing-record-refund" } else { "billing-record-payment" };
        let amount = lang.show_money(Money::new(open.minor.saturating_abs(), open.currency));
        let fresh = Form::filled([("amount", amount), ("direction", direction.as_str().into())]);
        let fields = refused.unwrap_or(&fresh).fields(lang);
        html! {
            form.stack method="post" action={ "/invoices/" (self.invoice.id) "/payments" } {
                h3 { (lang.t(word)) }
                (payment(lang, &self.invoice).draw(fields))
                button.btn type="submit" { (lang.t(word)) }
            }
        }
    }
}

/// One transition as a form of its own, with its key.
fn button(view: &View, id: InvoiceId, word: &str, class: &str) -> Markup {
    html! {
        form method="post" action={ "/invoices/" (id) "/" (word) } {
            (Form::blank().fields(view.lang).start())
            button class=(class) type="submit" { (view.lang.t(&format!("billing-{word}"))) }
        }
    }
}

pub async fn issue(
    State(deps): State<Deps>,
    Caller(cx): Caller,
    Path(id): Path<Uuid>,
    form: Form,
) -> PageResult {
    commands::issue(&deps, form.context(cx), InvoiceId(id)).await?;
    Ok(see_other(&format!("/invoices/{id}")))
}

pub async fn cancel(
    State(deps): State<Deps>,
    Caller(cx): Caller,
    Path(id): Path<Uuid>,
    form: Form,
) -> PageResult {
    commands::cancel(&deps, form.context(cx), InvoiceId(id)).await?;
    Ok(see_other("/invoices"))
}

pub async fn pay(
    State(deps): State<Deps>,
    user: User,
    view: View,
    Caller(cx): Caller,
    Path(id): Path<Uuid>,
    form: Form,
) -> PageResult {
    let page = Page::load(&deps, &user, InvoiceId(id)).await?;
    let paid = match payment(view.lang, &page.invoice).read(&form, &view) {
        Ok(input) => payments::record(&deps, form.context(cx), input).await.map(|_| ()),
        Err(error) => Err(error),
    };
    match paid {
        Ok(()) => Ok(see_other(&format!("/invoices/{id}"))),
        Err(error) => form.again(error, |form| page.draw(&view, Some(form)).unwrap_or_default()),
    }
}

fn payment(lang: Lang, invoice: &Invoice) -> Inputs {
    let method = |method: PaymentMethod| {
        (method.as_str().to_owned(), lang.t(&format!("billing-method-{}", method.as_str())))
    };
    Inputs::new([
        hidden("direction"),
        money("amount", "billing-amount").required(),
        select("method", "billing-method", PaymentMethod::ALL.map(method).into()),
        date("at", "billing-received").hint("billing-received-hint"),
        text("reference", "billing-reference").most(payments::MAX_REFERENCE),
        fixed("invoice_id", invoice.id.to_string()),
    ])
    .in_currency(Some(invoice.currency))
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
