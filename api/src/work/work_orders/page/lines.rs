//! What the job used, who pays for it, and what the office corrects.

use super::{
    super::{
        KEEPERS,
        actions::{line_change, new_line},
        view::{amount_of, line_kind},
    },
    WorkOrderPage,
};
use domain::{Money, MoneyError, money::coverage::Payer, work::line::Line};
use maud::{Markup, html};
use web::{actions::Posted, form::Form, i18n::Lang, icon::icon, request::View, table::card_heads};

impl WorkOrderPage {
    pub(super) fn lines(&self, view: &View, refused: &Posted) -> Markup {
        let (lang, work) = (view.lang, &self.work);
        let editable = KEEPERS.admits(view.user.as_ref()) && work.state.accepts_lines();
        let billable = self.total(Line::billable);
        let cost = self.total(Line::cost);
        html! {
            section.card #lines {
                header { h2 { (icon("package")) (lang.t("work-orders-lines")) } }
                @if self.lines.is_empty() { p.nothing { (lang.t("work-orders-no-lines")) } }
                @else {
                    div.scroll tabindex="0" role="region" aria-label=(lang.t("work-orders-lines")) {
                        @let heads = ["work-orders-line", "service-quantity", "work-orders-price", "work-orders-coverage", "work-orders-billable"].map(|key| lang.t(key));
                        table.list.cards style=(card_heads(heads)) {
                            caption.sr { (lang.t("work-orders-lines")) }
                            thead { tr {
                                th scope="col" { (lang.t("work-orders-line")) } th.n scope="col" { (lang.t("service-quantity")) }
                                th.n scope="col" { (lang.t("work-orders-price")) } th scope="col" { (lang.t("work-orders-coverage")) }
                                th.n scope="col" { (lang.t("work-orders-billable")) }
                            } }
                            tbody { @for line in &self.lines { (self.line(view, line, editable, refused)) } }
                            tfoot { tr { th scope="row" colspan="4" { (lang.t("work-orders-billable-total")) @if let Some(cost) = cost { small { " · " (lang.with("work-orders-cost-total", &[("cost", lang.money(cost).into())])) } } }
                                td.n { b { @if let Some(total) = billable { (lang.money(total)) } @else { "—" } } } } }
                        }
                    }
                }
                @if editable { (self.new_line(view, refused)) }
            }
        }
    }

    /// None when there are no lines, or in more than one currency.
    fn total(&self, part: impl Fn(&Line) -> Result<Money, MoneyError>) -> Option<Money> {
        let currency = self.lines.first()?.unit_price.currency;
        let amounts: Result<Vec<Money>, _> = self.lines.iter().map(part).collect();
        Money::sum(amounts.ok()?, currency).ok()
    }

    fn line(&self, view: &View, line: &Line, editable: bool, refused: &Posted) -> Markup {
        let lang = view.lang;
        let action = format!("lines/{}", line.id);
        let form = refused.or(&action, || line_values(lang, line));
        let scope = format!("line-{}-", line.id);
        html! {
            tr {
                td {
                    b { (line_kind(lang, line.kind)) } " " (lang.line(&line.description))
                    @if let Some(serial) = &line.serial_number { small { " · " (serial) } }
                    @if editable && !line.invoiced {
                        details.action open[refused.action == action] {
                            summary { (lang.t("work-orders-change")) }
                            form.stack method="post" action={ "/work-orders/" (self.work.id) "/lines/" (line.id) } {
                                (line_change().draw(form.fields(lang).scope(&scope)))
                                div.act {
                                    button.btn2 type="submit" { (lang.t("save")) }
                                    button.btn2 type="submit" name="remove" value="yes" formnovalidate { (lang.t("work-orders-remove-line")) }
                                }
                            }
                        }
                    }
                }
                td.n { (amount_of(lang, line.quantity, line.time_us)) }
                td.n { (lang.money(line.unit_price)) }
                td { (coverage(lang, line)) }
                td.n { @if let Ok(billable) = line.billable() { (lang.money(billable)) } }
            }
        }
    }

    fn new_line(&self, view: &View, refused: &Posted) -> Markup {
        let lang = view.lang;
        let form = refused.or("lines", || Form::filled([("kind", "part"), ("quantity", "1")]));
        html! {
            details.action.pad open[refused.action == "lines"] {
                summary { (lang.t("work-orders-add-line")) }
                form.stack.narrow method="post" action={ "/work-orders/" (self.work.id) "/lines" } {
                    (new_line(lang).draw(form.fields(lang).scope("new-line-")))
                    div { button.btn2 type="submit" { (icon("plus")) (lang.t("work-orders-add-line")) } }
                }
            }
        }
    }
}

/// A line as its form shows it.
fn line_values(lang: Lang, line: &Line) -> Form {
    let form = Form::filled([
        ("description", line.description.clone()),
        ("quantity", lang.show_decimal(line.quantity)),
        ("unit_price", lang.show_money(line.unit_price)),
        ("goodwill", if line.coverage.payer == Payer::Goodwill { "on".into() } else { String::new() }),
    ]);
    form.showing("description", &lang.line(&line.description), &line.description)
}

/// Who pays, which share, and why.
fn coverage(lang: Lang, line: &Line) -> Markup {
    let word = serde_json::to_value(line.coverage.reason).ok();
    let word = word.as_ref().and_then(|word| word.as_str()).unwrap_or("").to_string();
    let share = line.coverage.covered_share;
    html! {
        (lang.t(&format!("coverage-{word}")))
        @if !share.is_zero() { small { " · " (lang.share(share)) } }
    }
}
