//! Changing the organisation.

use crate::{
    command::{Begun, CommandError, Context},
    input::Checks,
    web::i18n::Lang,
    work_orders,
};
use domain::{Currency, Money, organisation::Organisation};
use rust_decimal::Decimal;
use store::records::{Connection, Records, organisation};

/// Sensible values to begin with.
pub fn defaults(time_zone: &str, language: Lang) -> Organisation {
    let eur = |minor| Money::new(minor, Currency::EUR);
    Organisation {
        name: String::new(),
        address: String::new(),
        tax_id: None,
        currency: Currency::EUR,
        time_zone: time_zone.into(),
        language: language.code().into(),
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

/// The longest step that time is billed in: a working day.
const MAX_STEP_MINUTES: u32 = 480;

/// Says what to change, if anything.
pub fn check(input: &Organisation) -> Result<(), CommandError> {
    let rates = [input.labour_rate_per_hour, input.travel_rate_per_hour, input.labour_cost_per_hour];
    if input.name.trim().is_empty() {
        Err(CommandError::field("name", "form-required"))
    } else if input.time_zone.parse::<chrono_tz::Tz>().is_err() {
        Err(CommandError::field("time_zone", "form-choice"))
    } else if Lang::parse(&input.language).is_none() {
        Err(CommandError::field("language", "form-choice"))
    } else if input.tax_rate < Decimal::ZERO || input.tax_rate > Decimal::ONE {
        Err(CommandError::field("tax_rate", "settings-tax-rate-invalid"))
    } else if input.payment_terms_days > 365 {
        Err(CommandError::field("payment_terms_days", "settings-payment-terms-invalid"))
    } else if input.labour_step_minutes > MAX_STEP_MINUTES {
        Err(CommandError::field("labour_step_minutes", "settings-step-invalid"))
    } else if input.travel_step_minutes > MAX_STEP_MINUTES {
        Err(CommandError::field("travel_step_minutes", "settings-step-invalid"))
    } else if rates.iter().any(|rate| rate.minor < 0 || rate.currency != input.currency) {
        Err(CommandError::field("labour_rate", "form-money"))
    } else {
        Ok(())
    }
}

pub fn in_force(currency: Currency) -> Result<(), CommandError> {
    if currency.in_force() {
        Ok(())
    } else {
        Err(CommandError::field("currency", "settings-currency-invalid"))
    }
}

/// Amounts have the currency they were made in, and days of terms, papers and figures the zone they were cut in: neither
/// changes under them.
async fn keeps_its_books(
    db: &impl Connection,
    before: &Organisation,
    input: &Organisation,
) -> Result<(), CommandError> {
    let (currency, zone) = (before.currency != input.currency, before.time_zone != input.time_zone);
    if !currency && !zone {
        return Ok(());
    }
    let bound = organisation::bound(db).await?;
    let mut checks = Checks::default();
    if currency && bound.currency {
        checks.add("currency", "settings-currency-bound");
    }
    if zone && bound.zone {
        checks.add("time_zone", "settings-zone-bound");
    }
    checks.finish()
}

pub async fn save(
    records: &Records,
    mut cx: Context,
    input: Organisation,
) -> Result<Organisation, CommandError> {
    check(&input)?;
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
