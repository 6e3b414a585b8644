//! Invoices for people.

use super::{
    file,
    json::{filter, visible},
    print,
};
use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use domain::{
    Date, Money, MoneyError,
    calendar::date_of,
    id::{CustomerId, InvoiceId, WorkOrderId},
    money::{
        invoice::{Invoice, InvoiceState, credit::CreditNote},
        payment::{Direction, Payment, PaymentMethod},
    },
    reason::Reason,
    work::{line::Line, work_order::WorkOrder},
};
use maud::{Markup, html};
use service::{
    command::CommandError,
    money::billing::{
        commands::{self, NewInvoice},
        payments::{self as money, NewPayment, When},
    },
};
use std::collections::{BTreeSet, HashMap};
use store::{
    StoreError,
    records::{
        Db,
        fleet::{assets, customers},
        money::{credit_notes, invoices, payments},
        work::{lines, work_orders},
    },
};
use uuid::Uuid;
use web::{
    csv::Listed,
    deps::Deps,
    form::{Check, Form},
    icon::icon,
    layout,
    list::ListQuery,
    request::{Caller, User, View},
    response::{PageResult, see_other},
    table::{self, Column},
};

const READY: &str = "ready";
const TABS: [&str; 7] = [READY, "draft", "open", "overdue", "refund", "paid", "all"];

pub async fn list(State(deps): State<Deps>, user: User, view: View, query: ListQuery) -> PageResult {
    if query.word("status", &TABS)?.unwrap_or(READY) == READY {
        if query.wants_csv()? {
            let filter = ready_filter(&query)?;
            return file::ready(Listed { deps, view, filter }).await;
        }
        let main = ready(&deps, &view, &query, &Form::blank()).await?;
        return Ok(layout::page(&view, &view.lang.t("nav-invoices"), &main).into_response());
    }
    let lang = view.lang;
    let today = date_of(deps.now(), view.civil);
    let filter = filter(today, user.actor.role, &query)?;
    if query.wants_csv()? {
        return file::all(Listed { deps, view, filter }).await;
    }
    let page = invoices::list(deps.records.read(), user.scope(), &filter, &query.page()?).await?;
    let names = customers::by_ids(deps.records.read(), page.items.iter().map(|row| row.customer_id)).await?;
    let name = |id: CustomerId| names.get(&id).map_or("", |customer| customer.name.as_str());
    let date = |on: Option<Date>| on.map(|on| lang.day(on)).unwrap_or_default();
    let rows: Vec<Markup> = page.items.iter().map(|row| {
        let overdue = row.is_overdue(today);
        html! { tr {
            td { a href={ "/invoices/" (row.id) } { b { (row.number.clone().unwrap_or_else(|| lang.t("billing-draft"))) } } }
            td { (name(row.customer_id)) }
            td { (status_pill(&view, &row.status, overdue)) }
            td { (date(row.issued_on)) }
            td { (date(row.due)) }
            td.n { (lang.money(row.total)) }
            td.n { (lang.money(row.open)) }
        } }
    }).collect();
    let columns = [
        Column::text("billing-number"),
        Column::text("billing-customer"),
        Column::text("billing-status"),
        Column::text("billing-date"),
        Column::text("billing-due"),
        Column::number("billing-total"),
        Column::number("billing-open"),
    ];
    let search =
        Form::filled([("q", query.get("q").unwrap_or("")), ("status", query.get("status").unwrap_or(""))]);
    let fields = search.fields(lang);
    let main = html! {
        (head(&view, &query))
        (table::filters(lang, &query, &html! { (fields.hidden("status")) (fields.input("search", "q", "billing-search")) }))
        (table::table(lang, "nav-invoices", &columns, &table::with_unreadable(lang, &columns, rows, &page.unreadable), "billing-none"))
        (table::next_page(lang, &query, page.next_cursor.as_deref()))
    };
    Ok(layout::page(&view, &lang.t("nav-invoices"), &main).into_response())
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

/// What each work order would bring: billable and covered.
pub(super) async fn values(
    deps: &Deps,
    work_orders: &[WorkOrder],
) -> Result<HashMap<WorkOrderId, (Money, Money)>, CommandError> {
    let (db, mut values) = (deps.records.read(), HashMap::<WorkOrderId, (Money, Money)>::new());
    let ids: Vec<WorkOrderId> = work_orders.iter().map(|work| work.id).collect();
    let lines = match lines::of_work_orders(db, &ids).await {
        Err(StoreError::Corrupt(_)) => readable_lines(db, &ids).await?,
        lines => lines?,
    };
    for line in lines.into_iter().filter(|line| !line.invoiced) {
        let zero = Money::zero(line.unit_price.currency);
        let value = values.entry(line.work_order_id).or_insert((zero, zero));
        *value = (value.0.checked_add(line.billable()?)?, value.1.checked_add(line.covered()?)?);
    }
    Ok(values)
}

/// The lines of those work orders whose lines can all be read: a sum of some of them would be wrong.
async fn readable_lines(db: &Db, ids: &[WorkOrderId]) -> Result<Vec<Line>, StoreError> {
    let mut all = Vec::new();
    for id in ids {
        match lines::of_work_order(db, *id).await {
            Err(StoreError::Corrupt(error)) => {
                tracing::error!(work_order = %id, error, "its lines cannot be read");
            }
            lines => all.extend(lines?),
        }
    }
    Ok(all)
}

fn ready_filter(query: &ListQuery) -> Result<work_orders::Filter, CommandError> {
    Ok(work_orders::Filter {
        ready_to_invoice: true,
        customer: query.id("customer_id")?,
        ..Default::default()
    })
}

/// Approved work that is on no invoice: tick some of one customer, make a draft.
async fn ready(deps: &Deps, view: &View, query: &ListQuery, form: &Form) -> Result<Markup, CommandError> {
    let (lang, db) = (view.lang, deps.records.read());
    let page = work_orders::list(db, view.scope(), &ready_filter(query)?, &query.page()?).await?;
    let values = values(deps, &page.items).await?;
    let names = customers::by_ids(db, page.items.iter().map(|work| work.customer_id)).await?;
    let machines = assets::by_ids(db, page.items.iter().map(|work| work.asset_id)).await?;
    let ticked = form.all("work_orders");
    let rows: Vec<Markup> = page.items.iter().map(|work| {
        let id = work.id.to_string();
        let value = values.get(&work.id);
        html! { tr {
            td { input type="checkbox" name="work_orders" value=(id) id={ "w-" (id) } checked[ticked.contains(&id.as_str())] aria-label=(work.number); }
            td { a href={ "/work-orders/" (id) } { b { (work.number) } } " " small { (lang.phrase(&work.subject)) } }
            td { @if let Some(customer) = names.get(&work.customer_id) { a href={ "/invoices?status=ready&customer_id=" (customer.id) } { (customer.name) } } }
            td { @if let Some(asset) = machines.get(&work.asset_id) { (asset.name) } }
            td { @if let Some(ended) = work.state.ended() { (lang.date(ended.at(), view.zone)) } }
            td.n { @if let Some((billable, _)) = value { (lang.money(*billable)) } }
            td.n { @if let Some((_, covered)) = value { (lang.money(*covered)) } }
        } }
    }).collect();
    let columns = [
        Column::text("billing-choose"),
        Column::text("billing-work-order"),
        Column::text("billing-customer"),
        Column::text("billing-asset"),
        Column::text("billing-completed"),
        Column::number("billing-net"),
        Column::number("billing-covered"),
    ];
    let rows = table::with_unreadable(lang, &columns, rows, &page.unreadable);
    let fields = form.fields(lang);
    Ok(html! {
        (head(view, query))
        form.stack method="post" action="/invoices" {
            (fields.start())
            (table::table(lang, "billing-tab-ready", &columns, &rows, "billing-none-ready"))
            @if !page.items.is_empty() {
                div.act { button.btn type="submit" { (icon("file")) (lang.t("billing-make-draft")) } (table::export_link(lang, query)) span.hint { (lang.t("billing-make-draft-hint")) } }
            }
        }
        (table::next_page(lang, query, page.next_cursor.as_deref()))
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
            moved: payments::of_invoice(db, invoice.id).await?,
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
        let methods: Vec<(String, String)> = PaymentMethod::ALL
            .map(|method| (method.as_str().into(), lang.t(&format!("billing-method-{}", method.as_str()))))
            .into();
        html! {
            form.stack method="post" action={ "/invoices/" (self.invoice.id) "/payments" } {
                h3 { (lang.t(word)) }
                (fields.start()) (fields.hidden("direction"))
                (fields.number("amount", "billing-amount").required())
                (fields.select("method", "billing-method", &methods))
                (fields.date("at", "billing-received").hint("billing-received-hint"))
                (fields.text("reference", "billing-reference"))
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
    let paid = match read_payment(&form, &view, &page.invoice) {
        Ok(input) => money::record(&deps, form.context(cx), input).await.map(|_| ()),
        Err(error) => Err(error),
    };
    match paid {
        Ok(()) => Ok(see_other(&format!("/invoices/{id}"))),
        Err(error) => form.again(error, |form| page.draw(&view, Some(form)).unwrap_or_default()),
    }
}

fn read_payment(form: &Form, view: &View, invoice: &Invoice) -> Result<NewPayment, CommandError> {
    let mut check = form.check(view.lang);
    let amount = check.money("amount", invoice.currency);
    let method = PaymentMethod::ALL.into_iter().find(|method| method.as_str() == form.value("method"));
    if method.is_none() {
        check.error("method", Reason::UnknownChoice);
    }
    let at = check.optional("at", Check::date).map(When::Day);
    let reference = check.text("reference", money::MAX_REFERENCE);
    check.finish()?;
    let (Some(amount), Some(method)) = (amount, method) else { return Err(CommandError::NotFound) };
    let direction =
        if form.value("direction") == Direction::Out.as_str() { Direction::Out } else { Direction::In };
    Ok(NewPayment { invoice_id: invoice.id, amount, direction, method, at, reference })
}

/// The paper. A customer reaches it from the portal.
pub async fn print(State(deps): State<Deps>, user: User, view: View, Path(id): Path<Uuid>) -> PageResult {
    let invoice = visible(&deps, &user.actor, InvoiceId(id)).await?.ok_or(CommandError::NotFound)?;
    let lang = web::i18n::Lang::parse(&invoice.language).unwrap_or(view.lang);
    let back =
        if user.actor.customer_scope().is_some() { "/portal".into() } else { format!("/invoices/{id}") };
    let paper = print::invoice(lang, &invoice, &back)?;
    let title =
        invoice.state.issued().map_or_else(|| lang.t("billing-draft"), |issued| issued.number.to_string());
    Ok(layout::page(&view, &title, &paper).into_response())
}
