//! One invoice with what became of its money.

use super::{
    actions::{actions, payment, payment_of},
    json::visible,
    pages::status_pill,
    print,
};
use domain::{
    Currency, Date, Money,
    calendar::date_of,
    id::InvoiceId,
    money::{
        invoice::{Invoice, credit::CreditNote},
        payment::{Direction, Payment},
    },
};
use maud::{Markup, html};
use service::command::CommandError;
use store::records::money::{credit_notes, invoices, payments};
use web::{
    actions::{Actions, Page, Posted},
    deps::Deps,
    icon::icon,
    layout,
    request::{User, View},
};

pub struct InvoicePage {
    pub invoice: Invoice,
    total: Money,
    lines: Markup,
    moved: Vec<Payment>,
    notes: Vec<CreditNote>,
    today: Date,
    actions: Actions<Self>,
}

impl Page for InvoicePage {
    type Id = InvoiceId;

    async fn load(deps: &Deps, view: &View, user: &User, id: InvoiceId) -> Result<Self, CommandError> {
        let db = deps.records.read();
        let invoice = visible(deps, &user.actor, id).await?.ok_or(CommandError::NotFound)?;
        Ok(Self {
            total: invoice.totals()?.total,
            lines: print::lines(view.lang, &invoice)?,
            moved: payments::of_invoice(db, invoice.id).await?,
            notes: credit_notes::of_invoice(db, invoice.id).await?,
            today: date_of(deps.now(), user.civil),
            actions: actions(),
            invoice,
        })
    }

    fn draw(&self, view: &View, refused: &Posted) -> Markup {
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
                    (self.actions.press(view, self, refused, "cancel"))
                    (self.actions.next(view, self, refused, ("issue", "file")))
                    @if credits { a.btn2 href={ "/invoices/" (invoice.id) "/credit" } { (lang.t("billing-credit")) } }
                }
            }
            div.cols.wide {
                section.card { header { h2 { (lang.t("billing-lines")) } } (self.lines) }
                div.stack { (self.account(view, refused)) (self.papers(view)) }
            }
        };
        layout::page(view, &title, &main)
    }
    fn address(id: InvoiceId) -> String {
        format!("/invoices/{id}")
    }
    fn id(&self) -> InvoiceId {
        self.invoice.id
    }
    fn version(&self) -> i64 {
        self.invoice.version
    }
    async fn currency(deps: &Deps, id: InvoiceId) -> Result<Option<Currency>, CommandError> {
        Ok(invoices::get(deps.records.read(), id).await?.map(|invoice| invoice.currency))
    }
}

impl InvoicePage {
    fn account(&self, view: &View, refused: &Posted) -> Markup {
        let (lang, invoice) = (view.lang, &self.invoice);
        let open = invoice.open();
        let owed = if open.minor < 0 { "billing-to-refund" } else { "billing-open" };
        html! {
            section.card.pad {
                h2 { (lang.t("billing-payments")) }
                dl.meter.plain {
                    div { dt { (lang.t("billing-total")) } dd.n { (lang.money(self.total)) } }
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
        }
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
    fn pay_fields(&self, view: &View, refused: &Posted) -> Markup {
        let (lang, refunds) = (view.lang, self.invoice.open().minor < 0);
        let word = if refunds { "billing-record-refund" } else { "billing-record-payment" };
        let form = refused.or("payments", || payment_of(self, lang));
        html! {
            form.stack method="post" action={ "/invoices/" (self.invoice.id) "/payments" } {
                h3 { (lang.t(word)) }
                (payment(lang).in_currency(Some(self.invoice.currency)).draw(form.fields(lang)))
                button.btn type="submit" { (lang.t(word)) }
            }
        }
    }
}
