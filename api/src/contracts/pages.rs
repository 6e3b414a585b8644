//! Contracts for people: the list with what is left of each limit, one contract, and its form.

use super::commands::{self, ContractInput};
use crate::{
    Deps,
    command::{CommandError, Context},
    web::{
        form::Form,
        i18n::Lang,
        icon::icon,
        layout,
        list::ListQuery,
        request::View,
        response::{PageResult, csv, see_other},
        table::{self, Column},
    },
};
use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use chrono::{NaiveDate, TimeDelta};
use domain::{
    Money, Timestamp,
    id::{AssetId, ContractId, CustomerId},
    service::contract::{Contract, ContractState, CoveredAssets, Tier, Used},
};
use maud::{Markup, html};
use rust_decimal::{Decimal, prelude::ToPrimitive};
use store::records::{PageRequest, assets, contracts, customers, organisation};
use uuid::Uuid;

const TABS: [(&str, Option<ContractState>); 4] = [
    ("active", Some(ContractState::Active)),
    ("not_yet_started", Some(ContractState::NotYetStarted)),
    ("expired", Some(ContractState::Expired)),
    ("all", None),
];

pub async fn list(State(deps): State<Deps>, view: View, query: ListQuery) -> PageResult {
    let (lang, db, now) = (view.lang, deps.records.read(), deps.now());
    let word = query.get("status").unwrap_or("active");
    let state = TABS.iter().find(|(tab, _)| *tab == word).and_then(|(_, state)| *state);
    let filter = contracts::Filter {
        customer: query.parse::<Uuid>("customer_id").map(CustomerId),
        state: state.map(|state| (state, now)),
        ends: None,
    };
    let page = contracts::list(db, &filter, &query.page()).await?;
    let names = customers::by_ids(db, page.items.iter().map(|c| c.customer_id)).await?;
    let name = |id: CustomerId| names.get(&id).map_or("", |customer| customer.name.as_str());
    if query.wants_csv() {
        let head = ["number", "customer", "tier", "start", "end", "price"]
            .map(|c| lang.t(&format!("contracts-{c}")));
        let row = |c: &Contract| {
            vec![
                c.number.clone(),
                name(c.customer_id).into(),
                lang.t(&format!("contracts-tier-{}", c.tier.as_str())),
                lang.date(c.start, view.zone),
                last_day(&view, c),
                c.price.decimal().to_string(),
            ]
        };
        return Ok(csv("contracts.csv", &head, &page.items.iter().map(row).collect::<Vec<_>>()));
    }
    let mut rows = Vec::with_capacity(page.items.len());
    for contract in &page.items {
        let used = contracts::used(db, contract.id, None).await?;
        rows.push(html! { tr {
            td { a href={ "/contracts/" (contract.id) } { b { (contract.number) } } }
            td { (name(contract.customer_id)) }
            td { (lang.t(&format!("contracts-tier-{}", contract.tier.as_str()))) }
            td { (lang.date(contract.start, view.zone)) " – " (last_day(&view, contract)) " " (ending_pill(&view, contract, now)) }
            td { (shares(lang, contract)) }
            td { (balance_pill(lang, contract, &used)) }
            td.n { (lang.money(contract.price)) }
        } });
    }
    let columns = [
        Column::text("contracts-number"),
        Column::text("contracts-customer"),
        Column::text("contracts-tier"),
        Column::text("contracts-term"),
        Column::text("contracts-bears"),
        Column::text("contracts-balance"),
        Column::number("contracts-price"),
    ];
    let main = html! {
        div.top {
            div { h1 { (lang.t("nav-contracts")) } p.sub { (lang.t("contracts-sub")) } }
            div.act { (table::export_link(lang, &query)) a.btn href="/contracts/new" { (icon("plus")) (lang.t("contracts-new")) } }
        }
        nav.tabs aria-label=(lang.t("contracts-state")) {
            @for (tab, _) in TABS { a href={ "/contracts?status=" (tab) } aria-current=[(tab == word).then_some("page")] { (lang.t(&format!("contracts-state-{tab}"))) } }
        }
        (table::table(lang, "nav-contracts", &columns, &rows, "contracts-none"))
        (table::next_page(lang, &query, page.next_cursor.as_deref()))
    };
    Ok(layout::page(&view, &lang.t("nav-contracts"), &main).into_response())
}

fn last_day(view: &View, contract: &Contract) -> String {
    view.lang.date(contract.end - TimeDelta::seconds(1), view.zone)
}

/// A warning three months before the end.
fn ending_pill(view: &View, contract: &Contract, now: Timestamp) -> Markup {
    let days = (contract.end - now).num_days();
    html! {
        @match contract.state(now) {
            ContractState::Active if days < 90 => span.pill.warn { (view.lang.count("contracts-ends-in", days)) },
            ContractState::Expired => span.pill { (view.lang.t("contracts-state-expired")) },
            _ => {}
        }
    }
}

fn shares(lang: Lang, contract: &Contract) -> Markup {
    let shares = contract.shares;
    html! {
        @for (kind, share) in [("labour", shares.labour), ("travel", shares.travel), ("part", shares.parts)] {
            @if share > Decimal::ZERO { span.pill { (lang.t(&format!("line-{kind}"))) " " (percent(lang, share)) } " " }
        }
    }
}

fn percent(lang: Lang, fraction: Decimal) -> String {
    let value = (fraction * Decimal::ONE_HUNDRED).round_dp(1).normalize();
    format!("{}\u{a0}%", lang.number(value.to_f64().unwrap_or_default(), value.scale() as usize))
}

/// How much of the tightest limit is used: from 80 % a warning, from 100 % used up.
fn balance_pill(lang: Lang, contract: &Contract, used: &Used) -> Markup {
    html! {
        @match contract.used_fraction(used) {
            None => span.pill { (lang.t("contracts-no-limit")) },
            Some(fraction) => {
                span.pill.warn[fraction >= Decimal::new(8, 1) && fraction < Decimal::ONE].crit[fraction >= Decimal::ONE] {
                    (percent(lang, fraction)) " " (lang.t("contracts-used"))
                }
            }
        }
    }
}

pub async fn show(State(deps): State<Deps>, view: View, Path(id): Path<Uuid>) -> PageResult {
    let (lang, db) = (view.lang, deps.records.read());
    let contract = contracts::get(db, ContractId(id)).await?.ok_or(CommandError::NotFound)?;
    let used = contracts::used(db, contract.id, None).await?;
    let customer = customers::get(db, contract.customer_id).await?;
    let machines = match &contract.covers_assets {
        CoveredAssets::All => None,
        CoveredAssets::Listed(ids) => Some(assets::by_ids(db, ids.iter().copied()).await?),
    };
    let hours = |value: Decimal| format!("{}\u{a0}h", lang.number(value.to_f64().unwrap_or_default(), 1));
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
                p.sub { @if let Some(customer) = &customer { (customer.name) " · " } (lang.date(contract.start, view.zone)) " – " (last_day(&view, &contract)) }
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
                    @if let Some(share) = contract.availability_guarantee { div { dt { (lang.t("contracts-guarantee")) } dd.n { (percent(lang, share)) } } }
                    div { dt { (lang.t("contracts-price")) } dd.n { (lang.money(contract.price)) } }
                    div { dt { (lang.t("contracts-assets")) } dd.n {
                        @match &machines {
                            None => (lang.t("contracts-all-assets")),
                            Some(machines) => @for asset in machines.values() { a href={ "/assets/" (asset.id) } { (asset.name) } " " }
                        }
                    } }
                }
            }
        }
    };
    Ok(layout::page(&view, &contract.number, &main).into_response())
}

pub async fn new(State(deps): State<Deps>, view: View, query: ListQuery) -> PageResult {
    let customer = query.get("customer_id").unwrap_or("").to_string();
    let mut values = vec![
        ("tier", "standard".to_string()),
        ("labour_share", "100".into()),
        ("travel_share", "100".into()),
        ("parts_share", "0".into()),
    ];
    values.push(("customer_id", customer));
    Ok(draw(&deps, &view, &Form::filled(values), None).await?.into_response())
}

pub async fn create(State(deps): State<Deps>, view: View, cx: Context, form: Form) -> PageResult {
    let made = match read(&deps, &view, &form).await {
        Ok(input) => commands::create(&deps, form.context(cx), input).await,
        Err(error) => Err(error),
    };
    finish(&deps, &view, form, made, None).await
}

pub async fn edit(State(deps): State<Deps>, view: View, Path(id): Path<Uuid>) -> PageResult {
    let contract =
        contracts::get(deps.records.read(), ContractId(id)).await?.ok_or(CommandError::NotFound)?;
    let form = Form::filled(values(&view, &contract));
    Ok(draw(&deps, &view, &form, Some(contract.id)).await?.into_response())
}

pub async fn update(
    State(deps): State<Deps>,
    view: View,
    cx: Context,
    Path(id): Path<Uuid>,
    form: Form,
) -> PageResult {
    let version = form.value("version").parse().unwrap_or(0);
    let made = match read(&deps, &view, &form).await {
        Ok(input) => commands::update(&deps, form.context(cx), ContractId(id), version, input).await,
        Err(error) => Err(error),
    };
    finish(&deps, &view, form, made, Some(ContractId(id))).await
}

async fn finish(
    deps: &Deps,
    view: &View,
    form: Form,
    made: Result<Contract, CommandError>,
    id: Option<ContractId>,
) -> PageResult {
    match made {
        Ok(contract) => Ok(see_other(&format!("/contracts/{}", contract.id))),
        Err(error) => {
            // The page reads the lists of choices, so it is drawn after the form knows what was wrong.
            let mut refused = None;
            let answer = form.again(error, |form| {
                refused = Some(form.clone());
                html! {}
            })?;
            let page = draw(deps, view, &refused.unwrap_or_else(Form::blank), id).await?;
            Ok((answer.status(), page).into_response())
        }
    }
}

fn values(view: &View, contract: &Contract) -> Vec<(&'static str, String)> {
    let text = |value: Decimal| value.normalize().to_string();
    let share = |value: Decimal| text(value * Decimal::ONE_HUNDRED);
    let day = |at: Timestamp| at.with_timezone(&view.zone).format("%Y-%m-%d").to_string();
    let mut values = vec![
        ("number", contract.number.clone()),
        ("customer_id", contract.customer_id.to_string()),
        ("tier", contract.tier.as_str().into()),
        ("starts_on", day(contract.start)),
        ("ends_on", day(contract.end - TimeDelta::seconds(1))),
        ("labour_share", share(contract.shares.labour)),
        ("travel_share", share(contract.shares.travel)),
        ("parts_share", share(contract.shares.parts)),
        ("included_hours", contract.limits.hours.map(text).unwrap_or_default()),
        ("included_visits", contract.limits.visits.map(|n| n.to_string()).unwrap_or_default()),
        ("included_parts", contract.limits.parts.map(|m| m.decimal().to_string()).unwrap_or_default()),
        ("response_hours", contract.response_hours.map(|n| n.to_string()).unwrap_or_default()),
        ("restore_hours", contract.restore_hours.map(|n| n.to_string()).unwrap_or_default()),
        ("availability_guarantee", contract.availability_guarantee.map(share).unwrap_or_default()),
        ("price", contract.price.decimal().to_string()),
        ("version", contract.version.to_string()),
    ];
    if let CoveredAssets::Listed(ids) = &contract.covers_assets {
        values.extend(ids.iter().map(|id| ("asset_ids", id.to_string())));
    }
    values
}

async fn read(deps: &Deps, view: &View, form: &Form) -> Result<ContractInput, CommandError> {
    let organisation = organisation::get(deps.records.read())
        .await?
        .ok_or(CommandError::Refused { code: "no_organisation" })?;
    let currency = organisation.currency;
    let mut check = form.check(view.lang);
    let number = check.required("number", 60);
    let customer = check.parse::<CustomerId>("customer_id", "form-choice");
    let tier = Tier::ALL.into_iter().find(|tier| tier.as_str() == form.value("tier"));
    if tier.is_none() {
        check.error("tier", "form-choice");
    }
    let starts_on = check.parse::<NaiveDate>("starts_on", "form-date");
    let ends_on = check.parse::<NaiveDate>("ends_on", "form-date");
    let price = check.money("price", currency);
    let mut share = |name| check.decimal(name).map(|value| value / Decimal::ONE_HUNDRED);
    let shares = (share("labour_share"), share("travel_share"), share("parts_share"));
    let guarantee = form.optional("availability_guarantee").and_then(|_| share("availability_guarantee"));
    let included_hours = form.optional("included_hours").and_then(|_| check.decimal("included_hours"));
    let included_parts =
        form.optional("included_parts").and_then(|_| check.money("included_parts", currency));
    let included_visits = check.parse_optional("included_visits", "form-number");
    let response_hours = check.parse_optional("response_hours", "form-number");
    let restore_hours = check.parse_optional("restore_hours", "form-number");
    let ids: Option<std::collections::BTreeSet<AssetId>> =
        form.all("asset_ids").into_iter().map(|id| id.parse().ok()).collect();
    if ids.is_none() {
        check.error("asset_ids", "form-choice");
    }
    check.finish()?;
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
        availability_guarantee: guarantee,
        asset_ids: ids.filter(|ids| !ids.is_empty()),
    })
}

async fn draw(deps: &Deps, view: &View, form: &Form, id: Option<ContractId>) -> Result<Markup, CommandError> {
    let (lang, db) = (view.lang, deps.records.read());
    let all = PageRequest::first(PageRequest::MAX_LIMIT);
    let customers = customers::list(db, &customers::Filter::default(), &all).await?.items;
    let mut choices = vec![(String::new(), lang.t("contracts-choose"))];
    choices.extend(customers.iter().map(|customer| (customer.id.to_string(), customer.name.clone())));
    let tiers: Vec<(String, String)> = Tier::ALL
        .map(|tier| (tier.as_str().into(), lang.t(&format!("contracts-tier-{}", tier.as_str()))))
        .into();
    let machines = match form.value("customer_id").parse::<CustomerId>() {
        Ok(customer) => {
            assets::list(db, &assets::Filter { customer: Some(customer), ..Default::default() }, &all)
                .await?
                .items
        }
        Err(_) => Vec::new(),
    };
    let ticked = form.all("asset_ids");
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
            (f.select("customer_id", "contracts-customer", &choices))
            (f.select("tier", "contracts-tier", &tiers))
            (f.input("date", "starts_on", "contracts-start").required())
            (f.input("date", "ends_on", "contracts-end").required().hint("contracts-end-hint"))
            (f.number("price", "contracts-price").required().hint("contracts-price-hint"))
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
            @if !machines.is_empty() {
                fieldset {
                    legend { (lang.t("contracts-assets")) }
                    p.hint { (lang.t("contracts-assets-hint")) }
                    @for asset in &machines {
                        @let id = asset.id.to_string();
                        label.tickbox { input type="checkbox" name="asset_ids" value=(id) checked[ticked.contains(&id.as_str())]; " " (asset.name) }
                    }
                }
            }
            div.act { button.btn type="submit" { (lang.t("save")) } a.btn2 href="/contracts" { (lang.t("cancel")) } }
        }
    };
    Ok(layout::page(view, &title, &main))
}
