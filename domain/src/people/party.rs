//! What a paper says about somebody beside the name: where they are, who registered them and where an electronic
//! invoice reaches them. As wide as EN 16931 asks for a seller and a buyer.

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, MapAccess, Visitor, value::MapAccessDeserializer},
};
use std::{fmt, str::FromStr};

/// A postal address. Text that was typed without its parts stands in `street`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Address {
    /// EN 16931 has room for three lines.
    pub street: String,
    pub city: String,
    pub postal_code: String,
    /// Province, county or state.
    pub region: String,
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, example = "ES"))]
    pub country: Option<Country>,
}

impl Address {
    /// As it stands on an envelope.
    pub fn lines(&self) -> Vec<String> {
        let town = [self.postal_code.as_str(), self.city.as_str()];
        let town = town.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        let place = [town.as_str(), self.region.as_str(), self.country.as_ref().map_or("", Country::as_str)];
        let place = place.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
        self.street.lines().map(String::from).chain(Some(place).filter(|place| !place.is_empty())).collect()
    }
}

impl From<&str> for Address {
    fn from(text: &str) -> Self {
        Self { street: text.into(), ..Self::default() }
    }
}

/// Written in its parts, or as text, which is how releases before there were parts kept it.
impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Written)
    }
}

struct Written;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Parts {
    street: String,
    city: String,
    postal_code: String,
    region: String,
    country: Option<Country>,
}

impl<'de> Visitor<'de> for Written {
    type Value = Address;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an address: its parts, or text")
    }
    fn visit_str<E: de::Error>(self, text: &str) -> Result<Address, E> {
        Ok(text.into())
    }
    fn visit_map<A: MapAccess<'de>>(self, parts: A) -> Result<Address, A::Error> {
        let parts = Parts::deserialize(MapAccessDeserializer::new(parts))?;
        let Parts { street, city, postal_code, region, country } = parts;
        Ok(Address { street, city, postal_code, region, country })
    }
}

/// ISO 3166-1, two letters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Country([u8; 2]);

/// Every officially assigned code.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR \
    BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET \
    FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ \
    IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML \
    MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS \
    PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL \
    TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

impl Country {
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).expect("invariant: two letters of ASCII")
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a country's code of ISO 3166-1 with two letters")]
pub struct UnknownCountry;

impl FromStr for Country {
    type Err = UnknownCountry;
    fn from_str(code: &str) -> Result<Self, UnknownCountry> {
        let code = code.trim().to_ascii_uppercase();
        let known = COUNTRIES.split_ascii_whitespace().find(|known| *known == code).ok_or(UnknownCountry)?;
        Ok(Self(known.as_bytes().try_into().map_err(|_| UnknownCountry)?))
    }
}
impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
impl Serialize for Country {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
impl<'de> Deserialize<'de> for Country {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        code.parse().map_err(de::Error::custom)
    }
}

/// Where electronic invoices are sent to: an identifier within a scheme of the list of electronic address schemes, such
/// as 0088 (GLN), 9920 (VAT number in Spain) or 0201 (Codice Univoco in Italy).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ElectronicAddress {
    #[cfg_attr(feature = "schema", schema(example = "9920"))]
    pub scheme: String,
    pub identifier: String,
}

impl ElectronicAddress {
    /// Four digits, or two letters such as `EM` for an e-mail address.
    pub fn is_scheme(scheme: &str) -> bool {
        let all = |is: fn(&u8) -> bool| scheme.bytes().all(|byte| is(&byte));
        (scheme.len() == 4 && all(u8::is_ascii_digit)) || (scheme.len() == 2 && all(u8::is_ascii_uppercase))
    }
}

/// Where money for an invoice is sent to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct BankAccount {
    #[cfg_attr(feature = "schema", schema(value_type = String, example = "ES9121000418450200051332"))]
    pub iban: Iban,
    #[serde(default)]
    pub bic: Option<String>,
}

/// An account number of ISO 13616 whose check digits are right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Iban(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an IBAN, or one of its digits is wrong")]
pub struct WrongIban;

impl FromStr for Iban {
    type Err = WrongIban;
    fn from_str(text: &str) -> Result<Self, WrongIban> {
        let text: String =
            text.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_uppercase();
        let shaped = (15..=34).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && text[..2].parse::<Country>().is_ok()
            && text.as_bytes()[2..4].iter().all(u8::is_ascii_digit);
        if !shaped {
            return Err(WrongIban);
        }
        // ISO 7064, MOD 97-10: the country and the check digits count last, and a letter as 10 to 35.
        let rest = text[4..].chars().chain(text[..4].chars()).try_fold(0_u32, |rest, c| {
            let digit = c.to_digit(36)?;
            Some((rest * if digit < 10 { 10 } else { 100 } + digit) % 97)
        });
        if rest == Some(1) { Ok(Self(text)) } else { Err(WrongIban) }
    }
}
impl TryFrom<String> for Iban {
    type Error = WrongIban;
    fn try_from(text: String) -> Result<Self, WrongIban> {
        text.parse()
    }
}
impl From<Iban> for String {
    fn from(iban: Iban) -> Self {
        iban.0
    }
}
impl fmt::Display for Iban {
    /// In groups of four, as people read it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, c) in self.0.chars().enumerate() {
            if index > 0 && index % 4 == 0 {
                f.write_str(" ")?;
            }
            write!(f, "{c}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_in_its_parts_and_as_the_text_of_earlier_releases() {
        let text: Address = serde_json::from_str(r#""Calle 1\n28031 Madrid""#).expect("text");
        assert_eq!(text.lines(), ["Calle 1", "28031 Madrid"]);
        let parts = r#"{"street":"Calle 1","city":"Madrid","postal_code":"28031","country":"es"}"#;
        let parts: Address = serde_json::from_str(parts).expect("parts");
        assert_eq!(parts.lines(), ["Calle 1", "28031 Madrid, ES"]);
        let again = serde_json::to_string(&parts).expect("written");
        assert_eq!(serde_json::from_str::<Address>(&again).expect("read"), parts);
        assert!(serde_json::from_str::<Address>(r#"{"stret":"x"}"#).is_err());
        assert!(serde_json::from_str::<Address>(r#"{"country":"XX"}"#).is_err());
        assert_eq!(Address::default().lines(), Vec::<String>::new());
    }

    #[test]
    fn there_are_249_countries() {
        assert_eq!(
            COUNTRIES.split_ascii_whitespace().filter(|code| code.parse::<Country>().is_ok()).count(),
            249
        );
        assert_eq!(
            ("ES".parse::<Country>().map(|c| c.to_string()), "UK".parse::<Country>()),
            (Ok("ES".into()), Err(UnknownCountry))
        );
        assert_eq!("E".parse::<Country>(), Err(UnknownCountry));
    }

    #[test]
    fn a_wrong_digit_of_an_account_is_seen() {
        let good = [
            "ES91 2100 0418 4502 0005 1332",
            "RO49AAAA1B31007593840000",
            "IT60X0542811101000000123456",
            "MT84MALT011000012345MTLCAST001S",
        ];
        for text in good {
            let iban: Iban = text.parse().expect(text);
            assert_eq!(iban.to_string().parse::<Iban>(), Ok(iban));
        }
        for text in [
            "ES92 2100 0418 4502 0005 1332",
            "ES91 2100 0418 4502 0005 1323",
            "ES91",
            "",
            "XX91 2100 0418 4502 0005 1332",
            "ES91 2100 0418 4502 0005 133é",
        ] {
            assert_eq!(text.parse::<Iban>(), Err(WrongIban), "{text}");
        }
    }

    #[test]
    fn a_scheme_is_four_digits_or_two_letters() {
        let seen = ["9920", "0088", "EM", "em", "992", "99200", "", "A1"].map(ElectronicAddress::is_scheme);
        assert_eq!(seen, [true, true, true, false, false, false, false, false]);
    }
}
