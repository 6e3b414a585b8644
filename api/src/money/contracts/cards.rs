//! What a contract promises, what is left of it, and when it is invoiced.

use domain::{
    Money, Timestamp,
    fleet::asset::Asset,
    id::AssetId,
    money::contract::{Contract, ContractState, Used},
};
use maud::{Markup, html};
use rust_decimal::{Decimal, prelude::ToPrimitive};
use service::money::billing::periods::{Planned, Standing};
use std::collections::HashMap;
use web::{form::Form, i18n::Lang, request::View};

/// What is left of each limit.
pub fn balance_card(view: &View, contract: &Contract, used: &Used) -> Markup {
    let lang = view.lang;
    let hours = |value: Decimal| format!("{}\u{a0}h", lang.quantity(value.round_dp(1)));
    let parts_used = Money::new(used.parts_minor, contract.price.currency);
    let limits = [
        contract
            .limits
            .hours
            .map(|limit| ("contracts-hours", hours(used.hours), hours(limit), used.hours, limit)),
        contract.limits.visits.map(|limit| {
            let count = Decimal::from(used.visits.len());
            (
                "contracts-visits",
                used.visits.len().to_string(),
                limit.to_string(),
                count,
                Decimal::from(limit),
            )
        }),
        contract.limits.parts.map(|limit| {
            (
                "contracts-parts",
                lang.money(parts_used),
                lang.money(limit),
                Decimal::from(used.parts_minor),
                Decimal::from(limit.minor),
            )
        }),
    ];
    html! {
            section.card.pad {
                h2 { (lang.t("contracts-balance")) }
                @if limits.iter().all(Option::is_none) { p.hint { (lang.t("contracts-no-limit")) } }
                dl.meter {
                    @for (label, is, of, used, limit) in limits.into_iter().flatten() {
                        @let share = if limit.is_zero() { 100.0 } else { (used / limit * Decimal::ONE_HUNDRED).to_f64().unwrap_or(0.0).min(100.0) };
                        div { dt { (lang.t(label)) } dd { i style={ "width:" (share) "%" } {} } dd.n { (is) " / " (of) } }
                    }
                }
            }
    }
}

/// What the contract promises, and what it costs.
pub fn promises_card(view: &View, contract: &Contract, machines: Option<&HashMap<AssetId, Asset>>) -> Markup {
    let lang = view.lang;
    html! {
            section.card.pad {
                h2 { (lang.t("contracts-promises")) }
                dl.meter.plain {
                    div { dt { (lang.t("contracts-tier")) } dd.n { (lang.t(&format!("contracts-tier-{}", contract.tier.as_str()))) } }
                    div { dt { (lang.t("contracts-bears")) } dd.n { (shares(lang, contract)) } }
                    @if let Some(hours) = contract.response_hours { div { dt { (lang.t("contracts-response")) } dd.n { (hours) " h" } } }
                    @if let Some(hours) = contract.restore_hours { div { dt { (lang.t("contracts-restore")) } dd.n { (hours) " h" } } }
                    @if let Some(share) = contract.availability_guarantee { div { dt { (lang.t("contracts-guarantee")) } dd.n { (lang.share(share)) } } }
                    div { dt { (lang.t("contracts-price")) } dd.n { (lang.money(contract.price)) } }
                    div { dt { (lang.t("contracts-billing")) } dd.n { (billing_text(lang, contract)) } }
                    div { dt { (lang.t("contracts-assets")) } dd.n {
                        @match machines {
                            None => (lang.t("contracts-all-assets")),
                            Some(machines) => @for asset in machines.values() { a href={ "/assets/" (asset.id) } { (asset.name) } " " }
                        }
                    } }
                }
            }
    }
}

/// A warning three months before the end.
pub fn ending_pill(view: &View, contract: &Contract, now: Timestamp) -> Markup {
    let days = (contract.end - now).num_days();
    html! {
        @match contract.state(now) {
            ContractState::Active if days < 90 => span.pill.warn { (view.lang.count("contracts-ends-in", days)) },
            ContractState::Expired => span.pill { (view.lang.t("contracts-state-expired")) },
            _ => {}
        }
    }
}

pub fn shares(lang: Lang, contract: &Contract) -> Markup {
    let shares = contract.shares;
    html! {
        @for (kind, share) in [("labour", shares.labour), ("travel", shares.travel), ("part", shares.parts)] {
            @if share > Decimal::ZERO { span.pill { (lang.t(&format!("line-{kind}"))) " " (lang.share(share)) } " " }
        }
    }
}

/// How much of the tightest limit is used: from 80 % a warning, from 100 % used up.
pub fn balance_pill(lang: Lang, contract: &Contract, used: &Used) -> Markup {
    html! {
        @match contract.used_fraction(used) {
            None => span.pill { (lang.t("contracts-no-limit")) },
            Some(fraction) => {
                span.pill.warn[fraction >= Decimal::new(8, 1) && fraction < Decimal::ONE].crit[fraction >= Decimal::ONE] {
                    (lang.share(fraction)) " " (lang.t("contracts-used"))
                }
            }
        }
    }
}

fn billing_text(lang: Lang, contract: &Contract) -> String {
    contract.billing.map_or_else(
        || lang.t("contracts-billing-none"),
        |billing| {
            let every = lang.t(&format!("contracts-billing-{}", billing.every.as_str()));
            format!("{every}, {}", lang.t(&format!("contracts-due-{}", billing.due.as_str())))
        },
    )
}

/// The periods of the price, with their invoices.
pub fn plan_card(view: &View, contract: &Contract, plan: &[Planned]) -> Markup {
    let lang = view.lang;
    let is_due = plan.iter().any(|planned| planned.standing == Standing::Due);
    html! {
        @if !plan.is_empty() {
            section.card {
                header {
                    h2 { (lang.t("contracts-periods")) }
                    @if is_due {
                        form method="post" action={ "/contracts/" (contract.id) "/invoices" } {
                            (Form::blank().fields(lang).start())
                            button.btn2 type="submit" { (lang.t("contracts-invoice-due")) }
                        }
                    }
                }
                div.scroll tabindex="0" role="region" aria-label=(lang.t("contracts-periods")) {
                    table.list {
                        caption.sr { (lang.t("contracts-periods")) }
                        thead { tr {
                            th scope="col" { (lang.t("contracts-period")) }
                            th scope="col" { (lang.t("contracts-period-due")) }
                            th.n scope="col" { (lang.t("billing-net")) }
                            th scope="col" { (lang.t("billing-status")) }
                        } }
                        tbody { @for planned in plan { tr {
                            td { (lang.day(planned.period.from)) " – " (lang.day(planned.period.to)) }
                            td { (lang.day(planned.period.due)) }
                            td.n { (lang.money(planned.period.amount)) }
                            td {
                                @match planned.standing {
                                    Standing::Invoiced(invoice) => a href={ "/invoices/" (invoice) } { (lang.t("contracts-period-invoiced")) },
                                    Standing::Due => span.pill.warn { (lang.t("contracts-period-due-now")) },
                                    Standing::Later => (lang.t("contracts-period-later")),
                                    Standing::Elsewhere => (lang.t("contracts-period-elsewhere")),
                                }
                            }
                        } } }
                    }
                }
            }
        }
    }
}
