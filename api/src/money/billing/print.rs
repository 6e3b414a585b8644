//! The paper itself: what a customer receives, in the customer's language, ready for A4.

use crate::{people::parties::category_key, work::work_orders::view::amount_of};
use domain::{
    MoneyError,
    money::{
        coverage::Payer,
        invoice::{
            BilledKind, Invoice, InvoiceLine, InvoiceNumber, Party, Source, Tax,
            credit::{CreditLine, CreditNote},
        },
        tax::TaxCategory,
    },
};
use maud::{Markup, html};
use web::{i18n::Lang, icon::icon, table::card_heads};

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

/// What lines are grouped by on the paper: the work order and its asset, or the contract.
fn heading_of(line: &InvoiceLine) -> (&str, &str) {
    match &line.source {
        Source::Work { work_order, asset, .. } => (work_order, asset),
        Source::Contract { contract, .. } => (contract, ""),
    }
}

/// A line's text; of a contract's price, the days it pays for.
pub(super) fn described(lang: Lang, line: &InvoiceLine) -> String {
    match &line.source {
        Source::Work { .. } => lang.line(&line.description),
        Source::Contract { from, to, .. } => lang.with(
            "billing-contract-period",
            &[("from", lang.day(*from).into()), ("to", lang.day(*to).into())],
        ),
    }
}

/// The lines, grouped by work order and asset, with the totals.
pub(super) fn lines(lang: Lang, invoice: &Invoice) -> Result<Markup, MoneyError> {
    let totals = invoice.totals()?;
    let groups = invoice.lines.chunk_by(|a, b| heading_of(a) == heading_of(b));
    let covered = invoice.lines.iter().map(InvoiceLine::covered).collect::<Result<Vec<_>, _>>()?;
    let mut covered = covered.into_iter();
    Ok(html! {
        div.scroll tabindex="0" role="region" aria-label=(lang.t("billing-lines")) {
            @let heads = ["description", "quantity", "unit-price", "gross", "covered", "net"].map(|word| lang.t(&format!("billing-{word}")));
            table.list.invoice-lines.cards style=(card_heads(heads)) {
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
                            @let (thing, of) = heading_of(first);
                            tr.group { th colspan="6" scope="rowgroup" { (thing) @if !of.is_empty() { " · " (of) } } }
                            @for line in group {
                                tr {
                                    td {
                                        b { (described(lang, line)) } " "
                                        small { (lang.t(&word("line", &line.kind))) }
                                        @if line.kind != BilledKind::Contract { div { (coverage(lang, line)) } }
                                    }
                                    td.n { (amount_of(lang, line.quantity, line.time_us)) }
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
                        tr { th colspan="5" scope="row" { (taxed_as(lang, invoice, tax)) } td.n { (lang.money(tax.tax)) } }
                    }
                    tr.total { th colspan="5" scope="row" { (lang.t("billing-total")) } td.n { b { (lang.money(totals.total)) } } }
                }
            }
        }
    })
}

/// The rate; of a category of its own its name, and why no tax is asked for.
fn taxed_as(lang: Lang, invoice: &Invoice, tax: &Tax) -> Markup {
    let category = tax.category;
    let own = invoice.lines.iter().filter(|line| line.tax.category == category);
    let own = own.filter_map(|line| line.tax.reason.clone()).next();
    let usual = || category.needs_reason().then(|| lang.t(&format!("tax-why-{}", category.as_str())));
    html! {
        (lang.t("billing-tax")) " " (lang.share(tax.rate))
        @if category != TaxCategory::Standard { " · " (lang.t(&category_key(category))) }
        @if let Some(why) = own.or_else(usual) { small { " · " (why) } }
    }
}

/// The whole paper, the same for every reader at any time. `back` leads to where the reader came from; it is not
/// printed.
pub(super) fn invoice(lang: Lang, invoice: &Invoice, back: &str) -> Result<Markup, MoneyError> {
    let issued = invoice.state.issued();
    let title = if issued.is_some() { "billing-invoice" } else { "billing-draft" };
    let dates = html! {
        @if let Some(issued) = issued {
            p { (lang.t("billing-date")) ": " (lang.day(issued.on)) }
            p { (lang.t("billing-due")) ": " (lang.day(issued.due)) }
        }
    };
    let heading = Heading { title, number: issued.map(|issued| issued.number), dates: &dates };
    let content = html! {
        (lines(lang, invoice)?)
        @if let Some(account) = &invoice.issuer.account {
            p { (lang.t("party-iban")) ": " b { (account.iban) } @if let Some(bic) = &account.bic { " · " (lang.t("party-bic")) ": " (bic) } }
        }
        p.hint { (lang.t("billing-rounding")) }
    };
    Ok(paper(lang, invoice, &heading, &content, back))
}

/// A credit note, with what it takes back of which line.
pub(super) fn credit_note(lang: Lang, invoice: &Invoice, note: &CreditNote, back: &str) -> Markup {
    let dates = html! {
        p { (lang.t("billing-date")) ": " (lang.day(note.on)) }
        @if let Some(issued) = invoice.state.issued() { p { (lang.t("billing-credits")) " " (issued.number) " · " (lang.day(issued.on)) } }
    };
    let heading = Heading { title: "billing-credit-note", number: Some(note.number), dates: &dates };
    let content = html! {
        @if !note.reason.is_empty() { p { (lang.t("billing-credit-reason")) ": " (note.reason) } }
        (credited_lines(lang, invoice, note))
        p.hint { (lang.t("billing-credit-rounding")) }
    };
    paper(lang, invoice, &heading, &content, back)
}

fn credited_lines(lang: Lang, invoice: &Invoice, note: &CreditNote) -> Markup {
    let pieces = note.lines.iter().filter_map(|piece| {
        Some((piece, invoice.lines.iter().find(|line| line.id == piece.invoice_line_id)?))
    });
    let pieces: Vec<_> = pieces.collect();
    let quantity = |piece: &CreditLine, line: &InvoiceLine| {
        let whole = piece.quantity == line.quantity;
        amount_of(lang, piece.quantity, line.time_us.filter(|_| whole))
    };
    html! {
        div.scroll tabindex="0" role="region" aria-label=(lang.t("billing-lines")) {
            table.list.invoice-lines {
                caption.sr { (lang.t("billing-lines")) }
                thead { tr {
                    th scope="col" { (lang.t("billing-description")) }
                    th.n scope="col" { (lang.t("billing-quantity")) }
                    th.n scope="col" { (lang.t("billing-unit-price")) }
                    th.n scope="col" { (lang.t("billing-credited-net")) }
                } }
                @for pieces in pieces.chunk_by(|a, b| heading_of(a.1) == heading_of(b.1)) {
                    tbody {
                        @if let Some((_, first)) = pieces.first() {
                            @let (thing, of) = heading_of(first);
                            tr.group { th colspan="4" scope="rowgroup" { (thing) @if !of.is_empty() { " · " (of) } } }
                        }
                        @for (piece, line) in pieces {
                            tr {
                                td { b { (described(lang, line)) } " " small { (lang.t(&word("line", &line.kind))) } }
                                td.n { @if piece.quantity.is_zero() { "–" } @else { (quantity(piece, line)) } }
                                td.n { (lang.money(line.unit_price)) }
                                td.n { (lang.money(piece.net)) }
                            }
                        }
                    }
                }
                tfoot {
                    tr { th colspan="3" scope="row" { (lang.t("billing-net-total")) } td.n { (lang.money(note.net)) } }
                    @for tax in &note.taxes {
                        tr { th colspan="3" scope="row" { (taxed_as(lang, invoice, tax)) } td.n { (lang.money(tax.tax)) } }
                    }
                    tr.total { th colspan="3" scope="row" { (lang.t("billing-credited-total")) } td.n { b { (lang.money(note.total)) } } }
                }
            }
        }
    }
}

struct Heading<'a> {
    title: &'a str,
    number: Option<InvoiceNumber>,
    dates: &'a Markup,
}

fn paper(lang: Lang, invoice: &Invoice, heading: &Heading<'_>, content: &Markup, back: &str) -> Markup {
    html! {
        p.noprint { a.btn2 href=(back) { (icon("back")) (lang.t("billing-back")) } " " span.hint { (lang.t("billing-print-hint")) } }
        article.paper lang=(lang.code()) {
            header {
                div { (party(lang, &invoice.issuer)) }
                div.n {
                    h1 { (lang.t(heading.title)) }
                    @if let Some(number) = heading.number { p { b { (number) } } }
                    (heading.dates)
                }
            }
            section.to { h2 { (lang.t("billing-to")) } (party(lang, &invoice.recipient)) }
            (content)
        }
    }
}

fn party(lang: Lang, party: &Party) -> Markup {
    html! {
        p { b { (party.name) } }
        @for line in party.address.lines() { p { (line) } }
        @let facts = [("billing-tax-id", &party.tax_id), ("party-registration", &party.registration_id), ("party-reference", &party.reference)];
        @for (label, fact) in facts {
            @if let Some(fact) = fact { p { (lang.t(label)) ": " (fact) } }
        }
    }
}
