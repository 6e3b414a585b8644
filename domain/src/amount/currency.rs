//! Currencies: the codes of ISO 4217 and how many decimals each has.
//!
//! The standard's list of funds and currencies in force, without metals, bond units, `XTS` and `XXX`, which nobody can
//! be billed in. A code outside the list is refused where a person or a program writes one ([`str::parse`]). What is
//! already stored stays readable for ever ([`Currency::stored`]): currencies are withdrawn (the kuna in 2023, the lev
//! in 2026), their invoices are not.

use super::MoneyError;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::{fmt, str::FromStr};

/// Three capital letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

const WITHOUT_DECIMALS: &str = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
const TWO_DECIMALS: &str = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD \
    CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL \
    HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK \
    MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS \
    SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG";
const THREE_DECIMALS: &str = "BHD IQD JOD KWD LYD OMR TND";
const FOUR_DECIMALS: &str = "CLF UYW";

impl Currency {
    pub const EUR: Self = Self(*b"EUR");

    /// The code of something stored, in force or not.
    pub fn stored(code: &str) -> Result<Self, MoneyError> {
        match <[u8; 3]>::try_from(code.as_bytes()) {
            Ok(code) if code.iter().all(u8::is_ascii_uppercase) => Ok(Self(code)),
            _ => Err(MoneyError::UnknownCurrency),
        }
    }
    /// True for a currency that can be chosen today.
    pub fn in_force(self) -> bool {
        self.known_exponent().is_some()
    }
    /// Digits after the decimal point that this currency's minor unit stands for. Withdrawn currencies had two.
    pub fn exponent(self) -> u32 {
        self.known_exponent().unwrap_or(2)
    }
    fn known_exponent(self) -> Option<u32> {
        let lists = [(2, TWO_DECIMALS), (0, WITHOUT_DECIMALS), (3, THREE_DECIMALS), (4, FOUR_DECIMALS)];
        let listed = |codes: &str| codes.split_ascii_whitespace().any(|code| code == self.as_str());
        lists.into_iter().find(|(_, codes)| listed(codes)).map(|(exponent, _)| exponent)
    }
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("invariant: three ASCII letters")
    }
    /// Every currency in force, by code.
    pub fn all() -> Vec<Self> {
        let lists = [WITHOUT_DECIMALS, TWO_DECIMALS, THREE_DECIMALS, FOUR_DECIMALS];
        let codes = lists.into_iter().flat_map(str::split_ascii_whitespace);
        let mut all: Vec<Self> = codes.filter_map(|code| code.parse().ok()).collect();
        all.sort_unstable();
        all
    }
}

impl FromStr for Currency {
    type Err = MoneyError;
    fn from_str(code: &str) -> Result<Self, MoneyError> {
        Self::stored(code)
            .and_then(|code| if code.in_force() { Ok(code) } else { Err(MoneyError::UnknownCurrency) })
    }
}
impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}
/// Reads what was stored. Commands refuse a currency that is not in force.
impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Self::stored(&String::deserialize(d)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exponent(code: &str) -> Option<u32> {
        code.parse::<Currency>().ok().map(Currency::exponent)
    }

    #[test]
    fn minor_units_are_those_of_the_standard() {
        for (code, digits) in [
            ("VUV", 0),
            ("UGX", 0),
            ("JPY", 0),
            ("XPF", 0),
            ("EUR", 2),
            ("RON", 2),
            ("BHD", 3),
            ("TND", 3),
            ("CLF", 4),
        ] {
            assert_eq!(exponent(code), Some(digits), "{code}");
        }
        let all = Currency::all();
        assert_eq!(all.len(), 17 + 139 + 7 + 2);
        assert!(all.windows(2).all(|pair| pair[0] < pair[1]), "each code stands in one list");
    }

    #[test]
    fn a_code_that_is_no_currency_is_refused_but_what_is_stored_is_read() {
        for code in ["ABC", "XXX", "XAU", "eur", "EURO", "", "HRK", "€"] {
            assert_eq!(code.parse::<Currency>(), Err(MoneyError::UnknownCurrency), "{code}");
        }
        assert_eq!(Currency::stored("HRK").map(|kuna| (kuna.exponent(), kuna.in_force())), Ok((2, false)));
        assert_eq!(serde_json::from_str::<Currency>(r#""HRK""#).expect("stored").as_str(), "HRK");
        assert!(Currency::stored("€").is_err());
    }
}
