//! The paper itself: what a customer receives, in the customer's language, ready for A4.

use crate::web::{i18n::Lang, icon::icon};
use domain::{
    MoneyError,
    calendar::{Zone, date_of},
    service::{
        coverage::Payer,
        invoice::{Invoice, InvoiceLine, InvoiceState, Party},
    },
};
use maud::{Markup, html};

/// The translation key of a snake_case word of the domain.
pub(super) fn word(prefix: &str, value: &impl serde::Serialize) -> String {
    let word = serde_json::to_value(value).ok().and_then(|value| value.as_str().map(String::from));
    format!("{prefix}-{}", word.unwrap_or_default())
}

/// What stands under a line: who bears which part of it, and why.
pub(super) fn coverage(lang: Lang, line: &InvoiceLine) -> Markup {
    let class = if line.payer == Payer::Customer { "pill" } else { "pill ok" };
    html! {
        span class=(class) {
            @if line.payer != Payer::Customer { (lang.share(line.covered_share)) " · " }
            (lang.t(&word("coverage", &line.reason)))
        }
    }
}

/// The lines, grouped by work order and asset, with the totals.
pub(super) fn lines(lang: Lang, invoice: &Invoice) -> Result<Markup, MoneyError> {
    let totals = invoice.totals()?;
    let groups = invoice.lines.chunk_by(|a, b| a.work_order_id == b.work_order_id);
    let covered = invoice.lines.iter().map(InvoiceLine::covered).collect::<Result<Vec<_>, _>>()?;
    let mut covered = covered.into_iter();
    Ok(html! {
        div.scroll tabindex="0" role="region" aria-label=(lang.t("billing-lines")) {
            table.list.invoice-lines {
                caption.sr { (lang.t("billing-lines")) }
                thead { tr {
                    th scope="col" { (lang.t("billing-description")) }
                    th.n scope="col" { (lang.t("billing-quantity")) }
                    th.n scope="col" { (lang.t("billing-unit-price")) }
                    th.n scope="col" { (lang.t("billing-gross")) }
                    th.n scope="col" { (lang.t("billing-covered")) }
                    th.n scope="col" { (lang.t("billing-net")) }
                } }
                @for group in groups {
                    @if let Some(first) = group.first() {
                        tbody {
                            tr.group { th colspan="6" scope="rowgroup" { (first.work_order) " · " (first.asset) } }
                            @for line in group {
                                tr {
                                    td {
                                        b { (line.description) } " "
                                        small { (lang.t(&word("line", &line.kind))) }
                                        div { (coverage(lang, line)) }
                                    }
                                    td.n { (lang.quantity(line.quantity)) }
                                    td.n { (lang.money(line.unit_price)) }
                                    td.n { (lang.money(line.gross)) }
                                    td.n { @if let Some(covered) = covered.next() { @if covered.is_zero() { "–" } @else { "−" (lang.money(covered)) } } }
                                    td.n { (lang.money(line.net)) }
                                }
                            }
                        }
                    }
                }
                tfoot {
                    tr { th colspan="5" scope="row" { (lang.t("billing-net-total")) } td.n { (lang.money(totals.net)) } }
                    @for tax in &totals.taxes {
                        tr { th colspan="5" scope="row" { (lang.t("billing-tax")) " " (lang.share(tax.rate)) } td.n { (lang.money(tax.tax)) } }
                    }
                    tr.total { th colspan="5" scope="row" { (lang.t("billing-total")) } td.n { b { (lang.money(totals.total)) } } }
                }
            }
        }
    })
}

/// The whole paper, dated in the organisation's `zone`, the same for every reader. `back` leads to where the reader came from; it is not printed.
pub(super) fn paper(lang: Lang, zone: Zone, invoice: &Invoice, back: &str) -> Result<Markup, MoneyError> {
    let issued = invoice.state.issued();
    let title = match &invoice.state {
        InvoiceState::Credited { .. } => lang.t("billing-credit-note"),
        InvoiceState::Draft | InvoiceState::Canceled { .. } => lang.t("billing-draft"),
        _ => lang.t("billing-invoice"),
    };
    let number = match &invoice.state {
        InvoiceState::Credited { note, .. } => Some(note.to_string()),
        _ => issued.map(|issued| issued.number.to_string()),
    };
    Ok(html! {
        p.noprint { a.btn2 href=(back) { (icon("back")) (lang.t("billing-back")) } " " span.hint { (lang.t("billing-print-hint")) } }
        article.paper lang=(lang.code()) {
            header {
                div { (party(lang, &invoice.issuer)) }
                div.n {
                    h1 { (title) }
                    @if let Some(number) = number { p { b { (number) } } }
                    @if let InvoiceState::Credited { issued, at, .. } = &invoice.state {
                        p { (lang.t("billing-date")) ": " (lang.day(date_of(*at, zone))) }
                        p { (lang.t("billing-credits")) " " (issued.number) }
                    } @else if let Some(issued) = issued {
                        p { (lang.t("billing-date")) ": " (lang.day(date_of(issued.at, zone))) }
                        p { (lang.t("billing-due")) ": " (lang.day(date_of(issued.due, zone))) }
                    }
                }
            }
            section.to { h2 { (lang.t("billing-to")) } (party(lang, &invoice.recipient)) }
            (lines(lang, invoice)?)
            p.hint { (lang.t("billing-rounding")) }
        }
    })
}

fn party(lang: Lang, party: &Party) -> Markup {
    html! {
        p { b { (party.name) } }
        @for line in party.address.lines() { p { (line) } }
        @if let Some(tax_id) = &party.tax_id { p { (lang.t("billing-tax-id")) ": " (tax_id) } }
    }
}
