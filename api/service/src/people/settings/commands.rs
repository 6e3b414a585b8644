//! Changing the organisation.

use crate::{
    command::{Begun, CommandError, Context},
    input::{Checks, MAX_NAME},
    people::parties,
    work::work_orders,
};
use domain::{
    Currency, Money,
    people::{
        organisation::{LANGUAGES, Organisation, Seller},
        party::Address,
    },
    reason::Reason,
};
use rust_decimal::Decimal;
use store::records::{Db, Records, people::organisation};

/// Sensible values to begin with.
pub fn defaults(time_zone: &str, language: &str) -> Organisation {
    let eur = |minor| Money::new(minor, Currency::EUR);
    Organisation {
        name: String::new(),
        address: Address::default(),
        tax_id: None,
        seller: Seller::default(),
        currency: Currency::EUR,
        time_zone: time_zone.into(),
        language: language.into(),
        labour_rate_per_hour: eur(7500),
        travel_rate_per_hour: eur(5500),
        labour_step_minutes: 0,
        travel_step_minutes: 0,
        labour_cost_per_hour: eur(3800),
        tax_rate: Decimal::new(21, 2),
        payment_terms_days: 30,
        set_up_at: None,
    }
}

/// Longest name of the house.
pub const MAX_HOUSE: usize = 200;
/// The longest step that time is billed in: a working day.
const MAX_STEP_MINUTES: u32 = 480;

/// The organisation as it is kept, or what to change.
pub fn check(input: Organisation) -> Result<Organisation, CommandError> {
    let mut checks = Checks::default();
    checks.required("name", &input.name, MAX_HOUSE);
    let address = parties::address(&mut checks, "address", &input.address);
    let seller = parties::seller(&mut checks, &input.seller);
    checks.optional("tax_id", input.tax_id.as_deref(), MAX_NAME);
    if input.time_zone.parse::<chrono_tz::Tz>().is_err() {
        checks.add("time_zone", Reason::UnknownChoice);
    }
    if !LANGUAGES.contains(&input.language.as_str()) {
        checks.add("language", Reason::UnknownChoice);
    }
    let fraction = Decimal::ZERO..=Decimal::ONE;
    checks.within("tax_rate", Some(&input.tax_rate), &fraction, Reason::SettingsTaxRateInvalid);
    let terms = Some(&input.payment_terms_days);
    checks.within("payment_terms_days", terms, &(0..=365), Reason::SettingsPaymentTermsInvalid);
    for (field, step) in [
        ("labour_step_minutes", input.labour_step_minutes),
        ("travel_step_minutes", input.travel_step_minutes),
    ] {
        checks.within(field, Some(&step), &(0..=MAX_STEP_MINUTES), Reason::SettingsStepInvalid);
    }
    for (field, rate) in [
        ("labour_rate_per_hour", input.labour_rate_per_hour),
        ("travel_rate_per_hour", input.travel_rate_per_hour),
        ("labour_cost_per_hour", input.labour_cost_per_hour),
    ] {
        checks.price(field, Some(rate));
        if rate.currency != input.currency {
            checks.add(field, Reason::WorkOrdersOurCurrency);
        }
    }
    checks.finish()?;
    Ok(Organisation { address, seller, ..input })
}

pub fn in_force(currency: Currency) -> Result<(), CommandError> {
    if currency.in_force() {
        Ok(())
    } else {
        Err(CommandError::field("currency", Reason::SettingsCurrencyInvalid))
    }
}

/// Amounts have the currency they were made in, and days of terms, papers and figures the zone they were cut in: neither
/// changes under them.
async fn keeps_its_books(db: &Db, before: &Organisation, input: &Organisation) -> Result<(), CommandError> {
    let (currency, zone) = (before.currency != input.currency, before.time_zone != input.time_zone);
    if !currency && !zone {
        return Ok(());
    }
    let bound = organisation::bound(db).await?;
    let mut checks = Checks::default();
    if currency && bound.currency {
        checks.add("currency", Reason::CurrencyFixed);
    }
    if zone && bound.zone {
        checks.add("time_zone", Reason::TimeZoneFixed);
    }
    checks.finish()
}

pub async fn save(
    records: &Records,
    mut cx: Context,
    input: Organisation,
) -> Result<Organisation, CommandError> {
    let input = check(input)?;
    let tx = match cx.begin(records, "settings.save", &input).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(saved) => return Ok(saved),
    };
    let before = organisation::get(&tx).await?;
    match &before {
        Some(before) if before.currency == input.currency => {}
        _ => in_force(input.currency)?,
    }
    if let Some(before) = &before {
        keeps_its_books(&tx, before, &input).await?;
    }
    let first = before.is_none();
    let set_up_at = before.and_then(|before| before.set_up_at).or(Some(cx.at));
    let saved = Organisation { set_up_at, ..input };
    organisation::save(&tx, &saved).await?;
    if first {
        work_orders::lines::catch_up(&tx).await?;
    }
    cx.finish(tx, saved).await
}
