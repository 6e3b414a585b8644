//! Exact money: a whole number of minor units with its currency. Arithmetic that leaves `i64` is an error, never a wrap.

mod currency;

pub use crate::amount::currency::Currency;
use rust_decimal::{Decimal, RoundingStrategy, prelude::ToPrimitive};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::fmt;
use thiserror::Error;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MoneyError {
    #[error("not the code of a currency in force, such as EUR")]
    UnknownCurrency,
    #[error("amounts in different currencies cannot be combined")]
    CurrencyMismatch,
    #[error("amount too large")]
    Overflow,
    #[error("not an amount with at most the currency's decimals")]
    NotAnAmount,
}

/// `minor` units of `currency` (cents for EUR). JSON: `{"amount": "12.34", "currency": "EUR"}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Money {
    pub minor: i64,
    pub currency: Currency,
}

impl Money {
    pub fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }
    pub fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }
    pub fn is_zero(self) -> bool {
        self.minor == 0
    }
    pub fn decimal(self) -> Decimal {
        Decimal::new(self.minor, self.currency.exponent())
    }
    /// Parses a plain decimal such as `12.34`; more decimals than the currency has are refused, not rounded.
    pub fn parse(amount: &str, currency: Currency) -> Result<Self, MoneyError> {
        let value = Decimal::from_str_exact(amount.trim()).map_err(|_| MoneyError::NotAnAmount)?;
        Self::exact(value, currency)
    }
    /// `value` in `currency`, refused when it has more decimals than the currency.
    pub fn exact(value: Decimal, currency: Currency) -> Result<Self, MoneyError> {
        if value.normalize().scale() > currency.exponent() {
            return Err(MoneyError::NotAnAmount);
        }
        Self::round(value, currency)
    }
    /// Rounds half away from zero to the currency's minor unit: the one rounding rule of every price and tax.
    pub fn round(value: Decimal, currency: Currency) -> Result<Self, MoneyError> {
        let factor = Decimal::from(10_i64.pow(currency.exponent()));
        let minor = value.checked_mul(factor).ok_or(MoneyError::Overflow)?;
        let minor = minor.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
        Ok(Self::new(minor.to_i64().ok_or(MoneyError::Overflow)?, currency))
    }
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Self::new(minor, self.currency))
    }
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let minor = self.minor.checked_sub(other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Self::new(minor, self.currency))
    }
    /// `self` times `factor`, rounded once.
    pub fn times(self, factor: Decimal) -> Result<Self, MoneyError> {
        Self::round(self.decimal().checked_mul(factor).ok_or(MoneyError::Overflow)?, self.currency)
    }
    /// `self` times `numerator / denominator`, exact until it is rounded once, half away from zero.
    pub fn fraction(self, numerator: i64, denominator: i64) -> Result<Self, MoneyError> {
        let denominator = i128::from(denominator);
        if denominator <= 0 {
            return Err(MoneyError::Overflow);
        }
        let product = i128::from(self.minor) * i128::from(numerator);
        let rounded = (2 * product.abs() + denominator) / (2 * denominator) * product.signum();
        Ok(Self::new(rounded.try_into().map_err(|_| MoneyError::Overflow)?, self.currency))
    }
    /// The sum of `amounts`, or zero in `currency` when there are none.
    pub fn sum(amounts: impl IntoIterator<Item = Self>, currency: Currency) -> Result<Self, MoneyError> {
        amounts.into_iter().try_fold(Self::zero(currency), Self::checked_add)
    }
    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency { Ok(()) } else { Err(MoneyError::CurrencyMismatch) }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.decimal(), self.currency)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MoneyJson {
    amount: String,
    currency: Currency,
}
impl Serialize for Money {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        MoneyJson { amount: self.decimal().to_string(), currency: self.currency }.serialize(s)
    }
}
impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let json = MoneyJson::deserialize(d)?;
        Self::parse(&json.amount, json.currency).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn eur(minor: i64) -> Money {
        Money::new(minor, Currency::EUR)
    }

    #[test]
    fn parses_and_prints_exactly() {
        assert_eq!(Money::parse("12.34", Currency::EUR), Ok(eur(1234)));
        assert_eq!(Money::parse("12.345", Currency::EUR), Err(MoneyError::NotAnAmount));
        assert_eq!(serde_json::to_string(&eur(-5)).expect("json"), r#"{"amount":"-0.05","currency":"EUR"}"#);
        assert_eq!(eur(-1234).to_string(), "-12.34 EUR");
        assert_eq!(format!("{:?}", Currency::EUR), "EUR", "a failed test names the currency");
        assert_eq!(Money::parse("1500", "JPY".parse().expect("code")).map(|m| m.minor), Ok(1500));
    }

    #[test]
    fn a_cent_is_not_nothing() {
        assert!(eur(0).is_zero() && !eur(1).is_zero() && !eur(-1).is_zero());
    }

    #[test]
    fn rounds_half_away_from_zero_once() {
        assert_eq!(eur(5).times(Decimal::new(5, 1)), Ok(eur(3)));
        assert_eq!(eur(-5).times(Decimal::new(5, 1)), Ok(eur(-3)));
    }

    #[test]
    fn a_fraction_is_exact_until_it_is_rounded_half_away_from_zero() {
        assert_eq!(eur(300).fraction(1, 600), Ok(eur(1)), "half a cent");
        assert_eq!(eur(-300).fraction(1, 600), Ok(eur(-1)));
        assert_eq!(eur(100).fraction(1, 3), Ok(eur(33)));
        assert_eq!(eur(100).fraction(2, 3), Ok(eur(67)));
        assert_eq!(eur(299).fraction(1, 600), Ok(eur(0)));
        assert_eq!((eur(0).fraction(1, 600), eur(300).fraction(0, 600)), (Ok(eur(0)), Ok(eur(0))));
        assert_eq!(eur(i64::MAX).fraction(i64::MAX, i64::MAX), Ok(eur(i64::MAX)));
        assert_eq!(eur(i64::MAX).fraction(3, 2), Err(MoneyError::Overflow));
        assert_eq!(eur(1).fraction(1, 0), Err(MoneyError::Overflow));
    }

    #[test]
    fn refuses_overflow_and_mixed_currencies() {
        assert_eq!(eur(i64::MAX).checked_add(eur(1)), Err(MoneyError::Overflow));
        let dollars = Money::new(1, "USD".parse().expect("code"));
        assert_eq!(eur(1).checked_add(dollars), Err(MoneyError::CurrencyMismatch));
        assert_eq!(eur(1).checked_sub(dollars), Err(MoneyError::CurrencyMismatch));
        assert_eq!(eur(i64::MIN).checked_sub(eur(1)), Err(MoneyError::Overflow));
        assert_eq!(eur(i64::MAX).times(Decimal::TWO), Err(MoneyError::Overflow));
    }
}
