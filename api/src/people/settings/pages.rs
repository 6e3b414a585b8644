//! The settings page.

use crate::people::parties;
use axum::{extract::State, response::IntoResponse};
use domain::{
    Currency,
    money::tax::TaxCategory,
    people::{organisation::Organisation, party::Iban},
    reason::Reason,
};
use maud::{Markup, html};
use service::people::settings::commands;
use store::records::people::organisation;
use web::{
    deps::{DemoStatus, Deps},
    form::{Fields, Form},
    i18n::Lang,
    inputs::{Inputs, email, money, percent, phone, select, text, whole},
    layout, offers,
    request::{Caller, View},
    response::{PageResult, see_other},
};

pub async fn page(State(deps): State<Deps>, view: View) -> PageResult {
    let kept = organisation::get(deps.records.read()).await?;
    let kept = kept.unwrap_or_else(|| commands::defaults(view.zone.name(), view.lang.code()));
    let demo = deps.demo.status().await?;
    Ok(draw(&view, &fill(&kept, view.lang), &demo).into_response())
}

pub async fn save(State(deps): State<Deps>, view: View, Caller(cx): Caller, form: Form) -> PageResult {
    let inputs = inputs(&form, view.lang);
    let saved = match inputs.read::<Organisation>(&form, &view) {
        Ok(input) => commands::save(&deps.records, form.context(cx), input).await,
        Err(error) => Err(error),
    };
    match saved {
        Ok(_) => Ok(see_other("/settings")),
        Err(error) => {
            let demo = deps.demo.status().await?;
            form.again(inputs.named(error), |form| draw(&view, form, &demo))
        }
    }
}

pub async fn remove_demo(State(deps): State<Deps>) -> PageResult {
    deps.demo.remove().await?;
    Ok(see_other("/settings"))
}

/// The organisation as form values.
pub fn fill(kept: &Organisation, lang: Lang) -> Form {
    let (seller, account) = (&kept.seller, kept.seller.account.as_ref());
    let form = Form::filled([
        ("name", kept.name.clone()),
        ("tax_id", kept.tax_id.clone().unwrap_or_default()),
        ("currency", kept.currency.to_string()),
        ("organisation_time_zone", kept.time_zone.clone()),
        ("organisation_language", kept.language.clone()),
        ("labour_rate", lang.show_money(kept.labour_rate_per_hour)),
        ("travel_rate", lang.show_money(kept.travel_rate_per_hour)),
        ("labour_step_minutes", kept.labour_step_minutes.to_string()),
        ("travel_step_minutes", kept.travel_step_minutes.to_string()),
        ("labour_cost", lang.show_money(kept.labour_cost_per_hour)),
        ("tax_rate", lang.show_percent(kept.tax_rate)),
        ("payment_terms_days", kept.payment_terms_days.to_string()),
        ("email", seller.email.clone().unwrap_or_default()),
        ("phone", seller.phone.clone().unwrap_or_default()),
        ("tax_category", seller.tax_category.as_str().into()),
        ("iban", account.map(|account| account.iban.to_string()).unwrap_or_default()),
        ("bic", account.and_then(|account| account.bic.clone()).unwrap_or_default()),
    ]);
    parties::fill(form, &kept.address, seller.registration_id.as_deref(), seller.electronic_address.as_ref())
}

/// The fields of the organisation; its amounts are of the currency that is typed beside them. Whether that is in force
/// is for the command to say: one that was withdrawn stays with those who have it.
pub fn inputs(form: &Form, lang: Lang) -> Inputs {
    let is_currency = |code: &str| Currency::stored(code).is_ok();
    let step = |name, label, hint| {
        let step = whole(name, label, Reason::SettingsStepInvalid);
        if hint { step.hint("settings-step-hint") } else { step }
    };
    let address =
        ["address.street", "address.postal_code", "address.city", "address.region", "address.country"];
    let numbers = [
        "seller.registration_id",
        "seller.electronic_address.scheme",
        "seller.electronic_address.identifier",
    ];
    Inputs::new([
        text("name", "settings-name").required().most(commands::MAX_HOUSE),
        text("tax_id", "settings-tax-id"),
        email("email", "customers-email").at("seller.email"),
        phone("phone", "customers-phone").at("seller.phone"),
        text("iban", "party-iban")
            .if_any()
            .proof(|iban| iban.parse::<Iban>().is_ok(), Reason::InvalidIban)
            .at("seller.account.iban"),
        text("bic", "party-bic").if_any().at("seller.account.bic"),
        select("tax_category", "settings-tax-category", parties::categories(lang, TaxCategory::is_taxed))
            .at("seller.tax_category"),
        text("currency", "settings-currency")
            .required()
            .hint("settings-currency-hint")
            .attribute("maxlength", "3")
            .proof(is_currency, Reason::SettingsCurrencyInvalid),
        percent("tax_rate", "settings-tax-rate").required().hint("settings-tax-rate-hint"),
        money("labour_rate", "settings-labour-rate").required().at("labour_rate_per_hour"),
        money("travel_rate", "settings-travel-rate").required().at("travel_rate_per_hour"),
        step("labour_step_minutes", "settings-labour-step", true),
        step("travel_step_minutes", "settings-travel-step", false),
        money("labour_cost", "settings-labour-cost")
            .required()
            .hint("settings-labour-cost-hint")
            .at("labour_cost_per_hour"),
        whole("payment_terms_days", "settings-payment-terms", Reason::SettingsPaymentTermsInvalid).required(),
        select("organisation_time_zone", "accounts-time-zone", offers::time_zones()).at("time_zone"),
        select("organisation_language", "settings-language", offers::languages()).at("language"),
    ])
    .with(parties::address_inputs("settings-address", address))
    .with(parties::number_inputs(numbers))
    .in_currency(Currency::stored(form.value("currency")).ok())
}

/// The fields of prices, shared with the first run.
pub fn draw_prices(inputs: &Inputs, f: Fields<'_>) -> Markup {
    html! {
        (inputs.pair(f, ["currency", "tax_rate"]))
        (inputs.pair(f, ["labour_rate", "travel_rate"]))
        (inputs.pair(f, ["labour_step_minutes", "travel_step_minutes"]))
        (inputs.pair(f, ["labour_cost", "payment_terms_days"]))
    }
}

fn draw(view: &View, form: &Form, demo: &DemoStatus) -> Markup {
    let (lang, f, inputs) = (view.lang, form.fields(view.lang), inputs(form, view.lang));
    let title = lang.t("nav-settings");
    layout::page(
        view,
        &title,
        &html! {
            div.top { h1 { (title) } }
            (super::tabs(lang, "/settings"))
            div.narrow.stack {
                form.card.pad.stack method="post" action="/settings" {
                    h2 { (lang.t("settings-organisation")) }
                    (f.start())
                    (inputs.one(f, "name"))
                    (parties::draw_address(&inputs, f))
                    (inputs.one(f, "tax_id"))
                    (parties::draw_numbers(&inputs, f))
                    (inputs.pair(f, ["email", "phone"]))
                    (inputs.pair(f, ["iban", "bic"]))
                    (inputs.one(f, "tax_category"))
                    (draw_prices(&inputs, f))
                    (inputs.one(f, "organisation_time_zone"))
                    (inputs.one(f, "organisation_language"))
                    button.btn type="submit" { (lang.t("save")) }
                }
                @if *demo != DemoStatus::Absent { (demo_card(lang, demo)) }
            }
        },
    )
}

fn demo_card(lang: Lang, demo: &DemoStatus) -> Markup {
    html! {
        form.card.pad.stack method="post" action="/settings/demo/remove" {
            h2 { (lang.t("settings-demo")) }
            p { (lang.t("settings-demo-lead")) }
            (Form::blank().fields(lang).start())
            button.btn2 type="submit" disabled[matches!(demo, DemoStatus::Loading { .. })] { (lang.t("settings-demo-remove")) }
        }
    }
}
