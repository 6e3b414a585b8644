//! Contracts for people: the list with what is left of each limit, one contract, and its form.

use super::{
    cards::{balance_card, ending_pill, plan_card, promises_card},
    form::{draw, named, read, settled, values},
    list::{Contracts, TABS, tab},
};
use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use domain::{
    calendar::date_of,
    id::ContractId,
    money::contract::{
        Contract, CoveredAssets,
        billing::{Due, Every},
    },
    reason::Refusal,
};
use maud::html;
use service::{
    command::CommandError,
    money::{billing::periods, contracts::commands},
    scope,
};
use store::records::{
    fleet::{assets, customers},
    money::contracts,
    people::organisation,
};
use uuid::Uuid;
use web::{
    deps::Deps,
    form::Form,
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
            (balance_card(&view, &contract, &used))
            (promises_card(&view, &contract, machines.as_ref()))
        }
        (plan_card(&view, &contract, &plan))
    };
    Ok(layout::page(&view, &contract.number, &main).into_response())
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

fn finish(
    view: &View,
    form: Form,
    made: Result<Contract, CommandError>,
    id: Option<ContractId>,
) -> PageResult {
    match made {
        Ok(contract) => Ok(see_other(&format!("/contracts/{}", contract.id))),
        Err(error) => form.again(named(view, error), |form| draw(view, form, id)),
    }
}
