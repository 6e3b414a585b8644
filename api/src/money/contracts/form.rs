//! The form of a contract.

use crate::choices;
use domain::{
    calendar::{date_of, last_day},
    id::ContractId,
    money::contract::{
        Contract, CoveredAssets, Tier,
        billing::{Due, Every},
    },
    reason::{Reason, Refusal},
};
use maud::{Markup, html};
use rust_decimal::Decimal;
use serde_json::Value;
use service::{command::CommandError, money::contracts::commands::ContractInput};
use store::records::people::organisation;
use web::{
    chooser::Kind,
    deps::Deps,
    form::Form,
    i18n::Lang,
    inputs::{Inputs, choose, choose_some, date, decimal, money, percent, select, text, whole},
    layout,
    request::View,
};

fn inputs(lang: Lang) -> Inputs {
    let word = |word: &str, key: &str| (word.to_owned(), lang.t(&format!("contracts-{key}-{word}")));
    let every = Every::ALL.map(Every::as_str).into_iter().chain(["none"]);
    let count = |name, label| whole(name, label, Reason::NotAWholeNumber);
    Inputs::new([
        text("number", "contracts-number").required(),
        choose("customer_id", "contracts-customer", Kind::Customers).required(),
        select("tier", "contracts-tier", Tier::ALL.map(|tier| word(tier.as_str(), "tier")).into()),
        date("starts_on", "contracts-start").required(),
        date("ends_on", "contracts-end").required().hint("contracts-end-hint"),
        money("price", "contracts-price").required().hint("contracts-price-hint"),
        select(
            "billing_every",
            "contracts-billing-every",
            every.map(|every| word(every, "billing")).collect(),
        )
        .at("billing.every"),
        select("billing_due", "contracts-billing-due", Due::ALL.map(|due| word(due.as_str(), "due")).into())
            .at("billing.due")
            .or("advance"),
        date("billing_from", "contracts-billing-from").at("billing.from").hint("contracts-billing-from-hint"),
        percent("labour_share", "contracts-share-labour").required(),
        percent("travel_share", "contracts-share-travel").required(),
        percent("parts_share", "contracts-share-parts").required(),
        decimal("included_hours", "contracts-hours"),
        count("included_visits", "contracts-visits"),
        money("included_parts", "contracts-parts"),
        count("response_hours", "contracts-response"),
        count("restore_hours", "contracts-restore"),
        percent("availability_guarantee", "contracts-guarantee-percent"),
        choose_some("asset_ids", ("contracts-assets", "contracts-assets-hint"), Kind::Assets, "customer_id"),
    ])
}

/// What was typed.
pub async fn read(deps: &Deps, view: &View, form: &Form) -> Result<ContractInput, CommandError> {
    let ours = organisation::get(deps.records.read()).await?;
    let ours = ours.ok_or(CommandError::Refused(Refusal::NoOrganisation))?;
    let inputs = inputs(view.lang).in_currency(Some(ours.currency));
    let mut body = inputs.value(form, view)?;
    if form.checked("asset_ids_add_more") {
        // Not saved yet: the form comes back with one more asset in its list.
        return Err(CommandError::Invalid(Vec::new()));
    }
    if let Value::Object(members) = &mut body {
        match form.value("billing_every") {
            // The form does not ask.
            "" => drop(members.remove("billing")),
            "none" => drop(members.insert("billing".into(), Value::Null)),
            _ => {}
        }
    }
    inputs.of_body(&body)
}

/// What the form calls the fields of the command.
pub fn named(view: &View, error: CommandError) -> CommandError {
    inputs(view.lang).named(error)
}

/// The form with the names of the customer and the assets that are chosen in it.
pub async fn settled(deps: &Deps, view: &View, form: Form) -> Result<Form, CommandError> {
    let form = choices::settle(deps, view, form, &[("customer_id", Kind::Customers)]).await?;
    let customer = form.kept("customer_id").parse().ok();
    choices::settle_some(deps, view, form, "asset_ids", customer).await
}

pub fn values(view: &View, contract: &Contract) -> Vec<(&'static str, String)> {
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

pub fn draw(view: &View, form: &Form, id: Option<ContractId>) -> Markup {
    let lang = view.lang;
    let (f, inputs) = (form.fields(lang), inputs(lang));
    let one = |name| inputs.one(f, name);
    let (title, action) = match id {
        Some(id) => (lang.t("contracts-edit"), format!("/contracts/{id}/edit")),
        None => (lang.t("contracts-new"), "/contracts/new".into()),
    };
    let main = html! {
        div.top { div { a.crumb href="/contracts" { (lang.t("nav-contracts")) } h1 { (title) } } }
        form.card.pad.stack.narrow method="post" action=(action) {
            (f.start()) (f.hidden("version"))
            (one("number"))
            (one("customer_id"))
            (one("tier"))
            (one("starts_on"))
            (one("ends_on"))
            (one("price"))
            fieldset {
                legend { (lang.t("contracts-billing")) }
                (one("billing_every"))
                (one("billing_due"))
                (one("billing_from"))
            }
            fieldset {
                legend { (lang.t("contracts-bears")) }
                (one("labour_share"))
                (one("travel_share"))
                (one("parts_share"))
            }
            fieldset {
                legend { (lang.t("contracts-limits")) }
                (one("included_hours"))
                (one("included_visits"))
                (one("included_parts"))
            }
            fieldset {
                legend { (lang.t("contracts-promises")) }
                (one("response_hours"))
                (one("restore_hours"))
                (one("availability_guarantee"))
            }
            (one("asset_ids"))
            div.act { button.btn type="submit" { (lang.t("save")) } a.btn2 href="/contracts" { (lang.t("cancel")) } }
        }
    };
    layout::page(view, &title, &main)
}
