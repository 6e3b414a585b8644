//! The settings page.

use crate::people::parties;
use axum::{extract::State, response::IntoResponse};
use domain::{
    Currency,
    money::tax::TaxCategory,
    people::organisation::{Organisation, Seller},
    reason::Reason,
};
use maud::{Markup, html};
use rust_decimal::Decimal;
use service::{command::CommandError, people::settings::commands};
use store::records::people::organisation;
use web::{
    deps::{DemoStatus, Deps},
    form::{Fields, Form},
    i18n::Lang,
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
    let saved = match read(&form, view.lang) {
        Ok(input) => commands::save(&deps.records, form.context(cx), input).await.map_err(on_the_form),
        Err(error) => Err(error),
    };
    match saved {
        Ok(_) => Ok(see_other("/settings")),
        Err(error) => {
            let demo = deps.demo.status().await?;
            form.again(error, |form| draw(&view, form, &demo))
        }
    }
}

/// The page has names of its own, for the organisation's zone and language apart from those of the person.
pub fn on_the_form(error: CommandError) -> CommandError {
    error.renamed(&[
        ("time_zone", "organisation_time_zone"),
        ("language", "organisation_language"),
        ("labour_rate_per_hour", "labour_rate"),
        ("travel_rate_per_hour", "travel_rate"),
        ("labour_cost_per_hour", "labour_cost"),
    ])
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

pub fn read(form: &Form, lang: Lang) -> Result<Organisation, CommandError> {
    let mut check = form.check(lang);
    let name = check.required("name", commands::MAX_HOUSE);
    let address = parties::address(&mut check, form);
    let account = parties::account(&mut check, form);
    // Whether it is in force is for the command to say: one that was withdrawn stays with those who have it.
    let currency = Currency::stored(form.value("currency")).ok();
    if currency.is_none() {
        check.error("currency", Reason::SettingsCurrencyInvalid);
    }
    let unit = currency.unwrap_or(Currency::EUR);
    let labour_rate = check.money("labour_rate", unit);
    let travel_rate = check.money("travel_rate", unit);
    let labour_cost = check.money("labour_cost", unit);
    let mut step =
        |name| check.optional(name, |check, name| check.whole::<u32>(name, Reason::SettingsStepInvalid));
    let (labour_step, travel_step) = (step("labour_step_minutes"), step("travel_step_minutes"));
    let tax_rate = check.percent("tax_rate");
    let terms = check.whole::<u32>("payment_terms_days", Reason::SettingsPaymentTermsInvalid);
    if tax_rate.is_some_and(|rate| !(Decimal::ZERO..=Decimal::ONE).contains(&rate)) {
        check.error("tax_rate", Reason::SettingsTaxRateInvalid);
    }
    // The first run does not ask for it.
    let category = form.optional("tax_category").map(str::parse).transpose().ok();
    if category.is_none() {
        check.error("tax_category", Reason::UnknownChoice);
    }
    check.finish()?;
    let text = |name| form.optional(name).map(String::from);
    let checked = "invariant: checked";
    Ok(Organisation {
        name,
        address,
        tax_id: text("tax_id"),
        seller: Seller {
            registration_id: text("registration_id"),
            electronic_address: parties::electronic_address(form),
            email: text("email"),
            phone: text("phone"),
            account,
            tax_category: category.flatten().unwrap_or_default(),
        },
        currency: currency.expect(checked),
        time_zone: form.value("organisation_time_zone").into(),
        language: form.value("organisation_language").into(),
        labour_rate_per_hour: labour_rate.expect(checked),
        travel_rate_per_hour: travel_rate.expect(checked),
        labour_step_minutes: labour_step.unwrap_or(0),
        travel_step_minutes: travel_step.unwrap_or(0),
        labour_cost_per_hour: labour_cost.expect(checked),
        tax_rate: tax_rate.expect(checked),
        payment_terms_days: terms.expect(checked),
        set_up_at: None,
    })
}

/// The fields of prices, shared with the first run.
pub fn price_fields(f: Fields<'_>) -> Markup {
    html! {
        div.pair {
            (f.text("currency", "settings-currency").required().hint("settings-currency-hint").attribute("maxlength", "3"))
            (f.number("tax_rate", "settings-tax-rate").required().hint("settings-tax-rate-hint"))
        }
        div.pair {
            (f.number("labour_rate", "settings-labour-rate").required())
            (f.number("travel_rate", "settings-travel-rate").required())
        }
        div.pair {
            (f.number("labour_step_minutes", "settings-labour-step").hint("settings-step-hint"))
            (f.number("travel_step_minutes", "settings-travel-step"))
        }
        div.pair {
            (f.number("labour_cost", "settings-labour-cost").required().hint("settings-labour-cost-hint"))
            (f.number("payment_terms_days", "settings-payment-terms").required())
        }
    }
}

/// What stands on invoices beside name and address.
fn invoice_fields(f: Fields<'_>) -> Markup {
    let categories = parties::categories(f.lang(), TaxCategory::is_taxed);
    html! {
        (parties::number_fields(f))
        div.pair {
            (f.input("email", "email", "customers-email"))
            (f.input("tel", "phone", "customers-phone"))
        }
        div.pair { (f.text("iban", "party-iban")) (f.text("bic", "party-bic")) }
        (f.select("tax_category", "settings-tax-category", &categories))
    }
}

fn draw(view: &View, form: &Form, demo: &DemoStatus) -> Markup {
    let (lang, f) = (view.lang, form.fields(view.lang));
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
                    (f.text("name", "settings-name").required())
                    (parties::address_fields(f, "settings-address"))
                    (f.text("tax_id", "settings-tax-id"))
                    (invoice_fields(f))
                    (price_fields(f))
                    (f.select("organisation_time_zone", "accounts-time-zone", &offers::time_zones()))
                    (f.select("organisation_language", "settings-language", &offers::languages()))
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
