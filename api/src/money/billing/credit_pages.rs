//! Crediting an invoice for people: choose what is taken back, and the paper of it.

use super::{
    json::{visible, visible_note},
    print,
};
use crate::work::work_orders::view::amount_of;
use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use domain::{
    Currency, MoneyError,
    id::{CreditNoteId, InvoiceId, InvoiceLineId},
    money::invoice::{Invoice, credit::CreditNote},
    reason::Reason,
};
use maud::{Markup, html};
use service::{
    command::CommandError,
    money::billing::credit::{self as credits, CreditedLine, NewCredit},
};
use store::records::money::credit_notes;
use uuid::Uuid;
use web::{
    deps::Deps,
    form::Form,
    i18n::Lang,
    layout,
    request::{Caller, User, View},
    response::{PageResult, see_other},
};

/// How much of a line, as the form's choice says it.
const EXTENTS: [&str; 4] = ["none", "whole", "quantity", "amount"];

pub async fn form(State(deps): State<Deps>, user: User, view: View, Path(id): Path<Uuid>) -> PageResult {
    let (invoice, notes) = load(&deps, &user, id).await?;
    let left = invoice.left(&notes)?;
    let extents = invoice.lines.iter().zip(&left).map(|(line, (quantity, net))| {
        let nothing = net.is_zero() && (!line.net.is_zero() || quantity.is_zero());
        (extent_name(line.id), if nothing { "none" } else { "whole" })
    });
    let fresh = Form::filled(extents).with("reopen", "on");
    Ok(draw(&view, &invoice, &notes, &fresh)?.into_response())
}

async fn load(deps: &Deps, user: &User, id: Uuid) -> Result<(Invoice, Vec<CreditNote>), CommandError> {
    let invoice = visible(deps, &user.actor, InvoiceId(id)).await?;
    let invoice = invoice.filter(|invoice| invoice.state.issued().is_some()).ok_or(CommandError::NotFound)?;
    let notes = credit_notes::of_invoice(deps.records.read(), invoice.id).await?;
    Ok((invoice, notes))
}

fn extent_name(line: InvoiceLineId) -> String {
    format!("extent-{line}")
}
fn value_name(line: InvoiceLineId) -> String {
    format!("value-{line}")
}

fn draw(view: &View, invoice: &Invoice, notes: &[CreditNote], form: &Form) -> Result<Markup, MoneyError> {
    let lang = view.lang;
    let f = form.fields(lang);
    let number = invoice.state.issued().map(|issued| issued.number.to_string()).unwrap_or_default();
    let title = lang.with("billing-credit-title", &[("number", number.clone().into())]);
    let left = invoice.left(notes)?;
    let main = html! {
        div.top { div { a.crumb href={ "/invoices/" (invoice.id) } { (number) } h1 { (title) } p.sub { (lang.t("billing-credit-lead")) } } }
        form.card.pad.stack method="post" action={ "/invoices/" (invoice.id) "/credit" } {
            (f.start())
            div.scroll tabindex="0" role="region" aria-label=(lang.t("billing-lines")) {
                table.list {
                    caption.sr { (lang.t("billing-lines")) }
                    thead { tr {
                        th scope="col" { (lang.t("billing-description")) }
                        th.n scope="col" { (lang.t("billing-left-quantity")) }
                        th.n scope="col" { (lang.t("billing-left-net")) }
                        th scope="col" { (lang.t("billing-credit-extent")) }
                        th scope="col" { (lang.t("billing-credit-value")) }
                    } }
                    tbody {
                        @for (line, (quantity, net)) in invoice.lines.iter().zip(left) {
                            @let (extent, value) = (extent_name(line.id), value_name(line.id));
                            @let whole = quantity == line.quantity;
                            tr {
                                td { b { (print::described(lang, line)) } " " small { (lang.t(&print::word("line", &line.kind))) } }
                                td.n { (amount_of(lang, quantity, line.time_us.filter(|_| whole))) }
                                td.n { (lang.money(net)) }
                                td {
                                    select name=(extent) aria-label=(lang.t("billing-credit-extent")) {
                                        @for word in EXTENTS {
                                            option value=(word) selected[form.value(&extent) == word] { (lang.t(&format!("billing-extent-{word}"))) }
                                        }
                                    }
                                }
                                td { input type="text" inputmode="decimal" name=(value) value=(form.value(&value)) aria-label=(lang.t("billing-credit-value")); }
                            }
                        }
                    }
                }
            }
            @if let Some(message) = form.error("lines") { p.wrong role="alert" { (lang.t(message)) } }
            (f.text("reason", "billing-credit-reason"))
            (f.checkbox("reopen", "billing-credit-reopen").hint("billing-credit-reopen-hint"))
            div.act { button.btn type="submit" { (lang.t("billing-credit")) } a.btn2 href={ "/invoices/" (invoice.id) } { (lang.t("cancel")) } }
        }
    };
    Ok(layout::page(view, &title, &main))
}

pub async fn credit(
    State(deps): State<Deps>,
    user: User,
    view: View,
    Caller(cx): Caller,
    Path(id): Path<Uuid>,
    form: Form,
) -> PageResult {
    let (invoice, notes) = load(&deps, &user, id).await?;
    let done = match read(&form, view.lang, &invoice) {
        Ok(input) => credits::credit(&deps, form.context(cx), invoice.id, input).await.map(drop),
        Err(error) => Err(error),
    };
    match done {
        Ok(()) => Ok(see_other(&format!("/invoices/{id}"))),
        Err(error) => form.again(error, |form| draw(&view, &invoice, &notes, form).unwrap_or_default()),
    }
}

/// A form without a choice for any line takes everything back.
fn read(form: &Form, lang: Lang, invoice: &Invoice) -> Result<NewCredit, CommandError> {
    let chosen = invoice.lines.iter().any(|line| !form.value(&extent_name(line.id)).is_empty());
    let mut lines = Vec::new();
    for line in &invoice.lines {
        lines.extend(read_line(form, lang, invoice.currency, line.id)?);
    }
    Ok(NewCredit {
        reason: form.value("reason").into(),
        lines: chosen.then_some(lines),
        reopen: chosen.then(|| form.checked("reopen")),
    })
}

fn read_line(
    form: &Form,
    lang: Lang,
    currency: Currency,
    id: InvoiceLineId,
) -> Result<Option<CreditedLine>, CommandError> {
    let text = form.value(&value_name(id)).trim();
    let whole = CreditedLine { invoice_line_id: id, quantity: None, amount: None };
    let wrong = || CommandError::field("lines", Reason::QuantityOrAmountRequired);
    Ok(match form.value(&extent_name(id)) {
        "whole" => Some(whole),
        "quantity" => {
            let quantity = lang.read_decimal(text).map_err(|_| wrong())?;
            Some(CreditedLine { quantity: Some(quantity), ..whole })
        }
        "amount" => Some(CreditedLine {
            amount: Some(lang.read_money(text, currency).map_err(|_| wrong())?),
            ..whole
        }),
        _ => None,
    })
}

/// The paper. A customer reaches it from the portal.
pub async fn print(State(deps): State<Deps>, user: User, view: View, Path(id): Path<Uuid>) -> PageResult {
    let found = visible_note(&deps, &user.actor, CreditNoteId(id)).await?;
    let (invoice, note) = found.ok_or(CommandError::NotFound)?;
    let lang = Lang::parse(&invoice.language).unwrap_or(view.lang);
    let back = if user.actor.customer_scope().is_some() {
        "/portal".into()
    } else {
        format!("/invoices/{}", invoice.id)
    };
    let paper = print::credit_note(lang, &invoice, &note, &back);
    Ok(layout::page(&view, &note.number.to_string(), &paper).into_response())
}
