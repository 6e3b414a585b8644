//! Contracts for people: the list with what is left of each limit, one contract, and its form.

use super::list::{Contracts, TABS, tab};
use crate::choices;
use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use domain::{
    Money, Timestamp,
    calendar::{date_of, last_day},
    id::{AssetId, ContractId, CustomerId},
    money::contract::{
        Contract, ContractState, CoveredAssets, Tier, Used,
        billing::{Billing, Due, Every},
    },
    reason::{Reason, Refusal},
};
use maud::{Markup, html};
use rust_decimal::{Decimal, prelude::ToPrimitive};
use service::{
    command::CommandError,
    money::{
        billing::periods::{self, Planned, Standing},
        contracts::commands::{self, ContractInput},
    },
    scope,
};
use store::records::{
    fleet::{assets, customers},
    money::contracts,
    people::organisation,
};
use uuid::Uuid;
use web::{
    chooser::Kind,
    deps::Deps,
    form::{Check, Form},
    i18n::Lang,
    icon::icon,
    layout,
    list::ListQuery,
    listing,
    request::{Caller, View},
    response::{PageResult, see_other},
};

pub async fn list(State(deps): State<Deps>, view: View, query: ListQuery) -> PageResult {
    let (open, _) = tab(&query)?;
    listing::page::<Contracts>(deps, view, query, |view, list| {
        let lang = view.lang;
        html! {
            div.top {
                div { h1 { (lang.t("nav-contracts")) } p.sub { (lang.t("contracts-sub")) } }
                div.act { (list.file) a.btn href="/contracts/new" { (icon("plus")) (lang.t("contracts-new")) } }
            }
            nav.tabs aria-label=(lang.t("contracts-state")) {
                @for (tab, _) in TABS { a href={ "/contracts?status=" (tab) } aria-current=[(tab == open).then_some("page")] { (lang.t(&format!("contracts-state-{tab}"))) } }
            }
            (list.table)
        }
    })
    .await
}

/// A warning three months before the end.
pub(super) fn ending_pill(view: &View, contract: &Contract, now: Timestamp) -> Markup {
    let days = (contract.end - now).num_days();
    html! {
        @match contract.state(now) {
            ContractState::Active if days < 90 => span.pill.warn { (view.lang.count("contracts-ends-in", days)) },
            ContractState::Expired => span.pill { (view.lang.t("contracts-state-expired")) },
            _ => {}
        }
    }
}

pub(super) fn shares(lang: Lang, contract: &Contract) -> Markup {
    let shares = contract.shares;
    html! {
        @for (kind, share) in [("labour", shares.labour), ("travel", shares.travel), ("part", shares.parts)] {
            @if share > Decimal::ZERO { span.pill { (lang.t(&format!("line-{kind}"))) " " (lang.share(share)) } " " }
        }
    }
}

/// How much of the tightest limit is used: from 80 % a warning, from 100 % used up.
pub(super) fn balance_pill(lang: Lang, contract: &Contract, used: &Used) -> Markup {
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

pub async fn show(State(deps): State<Deps>, view: View, Path(id): Path<Uuid>) -> PageResult {
    let (lang, db) = (view.lang, deps.records.read());
    let contract = scope::contract(db, view.scope(), ContractId(id)).await?;
    let used = contracts::used(db, contract.id, None).await?;
    let customer = customers::get(db, contract.customer_id).await?;
    let machines = match &contract.covers_assets {
        CoveredAssets::All => None,
        CoveredAssets::Listed(ids) => Some(assets::by_ids(db, ids.iter().copied()).await?),
    };
    let organisation = organisation::get(db).await?.ok_or(CommandError::Refused(Refusal::NoOrganisation))?;
    let today = date_of(deps.now(), view.civil);
    let plan = periods::plan(db, &contract, &organisation, today).await?;
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
    let main = html! {
        div.top {
            div {
                a.crumb href="/contracts" { (lang.t("nav-contracts")) }
                h1 { (contract.number) " " (ending_pill(&view, &contract, deps.now())) }
                p.sub { @if let Some(customer) = &customer { (customer.name) " · " } (view.day(contract.start)) " – " (view.last_day(contract.end)) }
            }
            div.act { a.btn2 href={ "/contracts/" (id) "/edit" } { (icon("pen")) (lang.t("contracts-edit")) } }
        }
        div.cols {
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
            section.card.pad {
                h2 { (lang.t("contracts-promises")) }
                dl.meter.plain {
                    div { dt { (lang.t("contracts-tier")) } dd.n { (lang.t(&format!("contracts-tier-{}", contract.tier.as_str()))) } }
                    div { dt { (lang.t("contracts-bears")) } dd.n { (shares(lang, &contract)) } }
                    @if let Some(hours) = contract.response_hours { div { dt { (lang.t("contracts-response")) } dd.n { (hours) " h" } } }
                    @if let Some(hours) = contract.restore_hours { div { dt { (lang.t("contracts-restore")) } dd.n { (hours) " h" } } }
                    @if let Some(share) = contract.availability_guarantee { div { dt { (lang.t("contracts-guarantee")) } dd.n { (lang.share(share)) } } }
                    div { dt { (lang.t("contracts-price")) } dd.n { (lang.money(contract.price)) } }
                    div { dt { (lang.t("contracts-billing")) } dd.n { (billing_text(lang, &contract)) } }
                    div { dt { (lang.t("contracts-assets")) } dd.n {
                        @match &machines {
                            None => (lang.t("contracts-all-assets")),
                            Some(machines) => @for asset in machines.values() { a href={ "/assets/" (asset.id) } { (asset.name) } " " }
                        }
                    } }
                }
            }
        }
        (plan_card(&view, &contract, &plan))
    };
    Ok(layout::page(&view, &contract.number, &main).into_response())
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
fn plan_card(view: &View, contract: &Contract, plan: &[Planned]) -> Markup {
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

/// Makes the draft of what is due, and goes to it.
pub async fn invoice(
    State(deps): State<Deps>,
    Caller(cx): Caller,
    Path(id): Path<Uuid>,
    form: Form,
) -> PageResult {
    let draft = periods::create_draft(&deps, form.context(cx), ContractId(id)).await?;
    Ok(see_other(&format!("/invoices/{}", draft.id)))
}

pub async fn new(State(deps): State<Deps>, view: View, query: ListQuery) -> PageResult {
    let customer = query.id_text("customer_id")?;
    let mut values = vec![
        ("tier", "standard".to_string()),
        ("labour_share", "100".into()),
        ("travel_share", "100".into()),
        ("parts_share", "0".into()),
        ("billing_every", Every::Year.as_str().into()),
        ("billing_due", Due::Advance.as_str().into()),
    ];
    values.push(("customer_id", customer));
    let form = settled(&deps, &view, Form::filled(values)).await?;
    Ok(draw(&view, &form, None).into_response())
}

pub async fn create(State(deps): State<Deps>, view: View, Caller(cx): Caller, form: Form) -> PageResult {
    let form = settled(&deps, &view, form).await?;
    let made = match read(&deps, &view, &form).await {
        Ok(input) => commands::create(&deps, form.context(cx), input).await,
        Err(error) => Err(error),
    };
    finish(&view, form, made, None)
}

pub async fn edit(State(deps): State<Deps>, view: View, Path(id): Path<Uuid>) -> PageResult {
    let contract = scope::contract(deps.records.read(), view.scope(), ContractId(id)).await?;
    let form = settled(&deps, &view, Form::filled(values(&view, &contract))).await?;
    Ok(draw(&view, &form, Some(contract.id)).into_response())
}

pub async fn update(
    State(deps): State<Deps>,
    view: View,
    Caller(cx): Caller,
    Path(id): Path<Uuid>,
    form: Form,
) -> PageResult {
    let version = form.value("version").parse().unwrap_or(0);
    let form = settled(&deps, &view, form).await?;
    let made = match read(&deps, &view, &form).await {
        Ok(input) => commands::update(&deps, form.context(cx), ContractId(id), version, input).await,
        Err(error) => Err(error),
    };
    finish(&view, form, made, Some(ContractId(id)))
}

/// The form with the names of the customer and the assets that are chosen in it.
async fn settled(deps: &Deps, view: &View, form: Form) -> Result<Form, CommandError> {
    let form = choices::settle(deps, view, form, &[("customer_id", Kind::Customers)]).await?;
    let customer = form.kept("customer_id").parse().ok();
    choices::settle_some(deps, view, form, "asset_ids", customer).await
}

fn finish(
    view: &View,
    form: Form,
    made: Result<Contract, CommandError>,
    id: Option<ContractId>,
) -> PageResult {
    match made {
        Ok(contract) => Ok(see_other(&format!("/contracts/{}", contract.id))),
        Err(error) => form.again(error, |form| draw(view, form, id)),
    }
}

fn values(view: &View, contract: &Contract) -> Vec<(&'static str, String)> {
    let lang = view.lang;
    let number = |value: Decimal| lang.show_decimal(value);
    let percent = |value: Decimal| lang.show_percent(value);
    let mut values = vec![
        ("number", contract.number.clone()),
        ("customer_id", contract.customer_id.to_string()),
        ("tier", contract.tier.as_str().into()),
        ("starts_on", date_of(contract.start, view.civil).to_string()),
        ("ends_on", last_day(contract.end, view.civil).to_string()),
        ("labour_share", percent(contract.shares.labour)),
        ("travel_share", percent(contract.shares.travel)),
        ("parts_share", percent(contract.shares.parts)),
        ("included_hours", contract.limits.hours.map(number).unwrap_or_default()),
        ("included_visits", contract.limits.visits.map(|n| n.to_string()).unwrap_or_default()),
        ("included_parts", contract.limits.parts.map(|m| lang.show_money(m)).unwrap_or_default()),
        ("response_hours", contract.response_hours.map(|n| n.to_string()).unwrap_or_default()),
        ("restore_hours", contract.restore_hours.map(|n| n.to_string()).unwrap_or_default()),
        ("availability_guarantee", contract.availability_guarantee.map(percent).unwrap_or_default()),
        ("price", lang.show_money(contract.price)),
        ("version", contract.version.to_string()),
        ("billing_every", contract.billing.map_or("none", |billing| billing.every.as_str()).into()),
        ("billing_due", contract.billing.map_or("advance", |billing| billing.due.as_str()).into()),
        (
            "billing_from",
            contract.billing.and_then(|billing| billing.from).map(|day| day.to_string()).unwrap_or_default(),
        ),
    ];
    if let CoveredAssets::Listed(ids) = &contract.covers_assets {
        values.extend(ids.iter().map(|id| ("asset_ids", id.to_string())));
    }
    values
}

async fn read(deps: &Deps, view: &View, form: &Form) -> Result<ContractInput, CommandError> {
    let organisation = organisation::get(deps.records.read())
        .await?
        .ok_or(CommandError::Refused(Refusal::NoOrganisation))?;
    let currency = organisation.currency;
    let mut check = form.check(view.lang);
    let number = check.required("number", 60);
    let customer = check.parse::<CustomerId>("customer_id", Reason::UnknownChoice);
    let tier = Tier::ALL.into_iter().find(|tier| tier.as_str() == form.value("tier"));
    if tier.is_none() {
        check.error("tier", Reason::UnknownChoice);
    }
    let (starts_on, ends_on) = (check.date("starts_on"), check.date("ends_on"));
    let price = check.money("price", currency);
    let mut share = |name| check.percent(name);
    let shares = (share("labour_share"), share("travel_share"), share("parts_share"));
    let guarantee = check.optional("availability_guarantee", Check::percent);
    let included_hours = check.optional("included_hours", Check::decimal);
    let included_parts = check.optional("included_parts", |check, name| check.money(name, currency));
    let mut count = |name| check.optional(name, |check, name| check.whole(name, Reason::NotAWholeNumber));
    let (included_visits, response_hours, restore_hours) =
        (count("included_visits"), count("response_hours"), count("restore_hours"));
    let billing = read_billing(form, &mut check);
    let ids: Option<std::collections::BTreeSet<AssetId>> =
        form.all("asset_ids").into_iter().map(|id| id.parse().ok()).collect();
    if let Some(message) = form.undecided("asset_ids").or(ids.is_none().then_some(Reason::UnknownChoice)) {
        check.error("asset_ids", message);
    }
    check.finish()?;
    if form.checked("asset_ids_add_more") {
        // Not saved yet: the form comes back with one more asset in its list.
        return Err(CommandError::Invalid(Vec::new()));
    }
    let (Some(customer_id), Some(tier), Some(starts_on), Some(ends_on), Some(price)) =
        (customer, tier, starts_on, ends_on, price)
    else {
        return Err(CommandError::NotFound);
    };
    let (Some(labour_share), Some(travel_share), Some(parts_share)) = shares else {
        return Err(CommandError::NotFound);
    };
    Ok(ContractInput {
        customer_id,
        number,
        tier,
        starts_on,
        ends_on,
        labour_share,
        travel_share,
        parts_share,
        included_hours,
        included_visits,
        included_parts,
        response_hours,
        restore_hours,
        price,
        billing,
        availability_guarantee: guarantee,
        asset_ids: ids.filter(|ids| !ids.is_empty()),
    })
}

/// `None` where the form does not ask.
fn read_billing(form: &Form, check: &mut Check<'_>) -> Option<Option<Billing>> {
    let from = check.optional("billing_from", Check::date);
    let due = Due::ALL.into_iter().find(|due| due.as_str() == form.value("billing_due"));
    match form.value("billing_every") {
        "" => None,
        "none" => Some(None),
        word => {
            let every = Every::ALL.into_iter().find(|every| every.as_str() == word);
            if every.is_none() {
                check.error("billing_every", Reason::UnknownChoice);
            }
            Some(every.map(|every| Billing { every, due: due.unwrap_or(Due::Advance), from }))
        }
    }
}

fn draw(view: &View, form: &Form, id: Option<ContractId>) -> Markup {
    let lang = view.lang;
    let tiers: Vec<(String, String)> = Tier::ALL
        .map(|tier| (tier.as_str().into(), lang.t(&format!("contracts-tier-{}", tier.as_str()))))
        .into();
    let words = |words: &[&str], key: &str| -> Vec<(String, String)> {
        words.iter().map(|word| ((*word).to_string(), lang.t(&format!("contracts-{key}-{word}")))).collect()
    };
    let every = Every::ALL.map(Every::as_str);
    let every = words(&[&every[..], &["none"]].concat(), "billing");
    let due = words(&Due::ALL.map(Due::as_str), "due");
    let f = form.fields(lang);
    let (title, action) = match id {
        Some(id) => (lang.t("contracts-edit"), format!("/contracts/{id}/edit")),
        None => (lang.t("contracts-new"), "/contracts/new".into()),
    };
    let main = html! {
        div.top { div { a.crumb href="/contracts" { (lang.t("nav-contracts")) } h1 { (title) } } }
        form.card.pad.stack.narrow method="post" action=(action) {
            (f.start()) (f.hidden("version"))
            (f.text("number", "contracts-number").required())
            (f.choose("customer_id", "contracts-customer", Kind::Customers).required())
            (f.select("tier", "contracts-tier", &tiers))
            (f.date("starts_on", "contracts-start").required())
            (f.date("ends_on", "contracts-end").required().hint("contracts-end-hint"))
            (f.number("price", "contracts-price").required().hint("contracts-price-hint"))
            fieldset {
                legend { (lang.t("contracts-billing")) }
                (f.select("billing_every", "contracts-billing-every", &every))
                (f.select("billing_due", "contracts-billing-due", &due))
                (f.date("billing_from", "contracts-billing-from").hint("contracts-billing-from-hint"))
            }
            fieldset {
                legend { (lang.t("contracts-bears")) }
                (f.number("labour_share", "contracts-share-labour").required())
                (f.number("travel_share", "contracts-share-travel").required())
                (f.number("parts_share", "contracts-share-parts").required())
            }
            fieldset {
                legend { (lang.t("contracts-limits")) }
                (f.number("included_hours", "contracts-hours"))
                (f.number("included_visits", "contracts-visits"))
                (f.number("included_parts", "contracts-parts"))
            }
            fieldset {
                legend { (lang.t("contracts-promises")) }
                (f.number("response_hours", "contracts-response"))
                (f.number("restore_hours", "contracts-restore"))
                (f.number("availability_guarantee", "contracts-guarantee-percent"))
            }
            (f.choose_some("asset_ids", ("contracts-assets", "contracts-assets-hint"), Kind::Assets, Some("customer_id")))
            div.act { button.btn type="submit" { (lang.t("save")) } a.btn2 href="/contracts" { (lang.t("cancel")) } }
        }
    };
    layout::page(view, &title, &main)
}
