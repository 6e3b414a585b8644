//! How something that is sold is taxed. The categories are those of UNCL 5305 that EN 16931 allows for value added tax:
//! a category with a tax has a rate, every other is billed without tax and says why on the paper.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoEnumIterator, IntoStaticStr};

#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    EnumIter,
    EnumString,
    IntoStaticStr
)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum TaxCategory {
    /// S, at the rate of the country.
    #[default]
    Standard,
    /// Z.
    Zero,
    /// E.
    Exempt,
    /// AE: the customer owes the tax.
    ReverseCharge,
    /// K: to a business in another country of the union.
    IntraCommunity,
    /// G.
    Export,
    /// O.
    OutsideScope,
    /// L, of the Canary Islands.
    Igic,
    /// M, of Ceuta and Melilla.
    Ipsi,
}

impl TaxCategory {
    pub fn all() -> impl Iterator<Item = Self> {
        Self::iter()
    }
    pub fn as_str(self) -> &'static str {
        self.into()
    }
    /// Its code of UNCL 5305.
    pub fn code(self) -> &'static str {
        match self {
            Self::Standard => "S",
            Self::Zero => "Z",
            Self::Exempt => "E",
            Self::ReverseCharge => "AE",
            Self::IntraCommunity => "K",
            Self::Export => "G",
            Self::OutsideScope => "O",
            Self::Igic => "L",
            Self::Ipsi => "M",
        }
    }
    /// It has a rate above zero, or may have one.
    pub fn is_taxed(self) -> bool {
        matches!(self, Self::Standard | Self::Igic | Self::Ipsi)
    }
    /// The paper must say why no tax is asked for.
    pub fn needs_reason(self) -> bool {
        !self.is_taxed() && self != Self::Zero
    }
}

/// How a customer is taxed: like everybody, or in a category of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct TaxStatus {
    /// As the house taxes what it sells when absent.
    pub category: Option<TaxCategory>,
    /// Why, in the words of the paper; the category's usual ones when absent.
    pub reason: Option<String>,
}

impl TaxStatus {
    /// The tax of what this customer buys from a house that taxes others as `usual`.
    pub fn of(&self, usual: &LineTax) -> LineTax {
        match self.category {
            None => usual.clone(),
            Some(category) if category.is_taxed() => LineTax::new(category, usual.rate),
            Some(category) => {
                LineTax { reason: self.reason.clone(), ..LineTax::new(category, Decimal::ZERO) }
            }
        }
    }
}

/// The tax of one line of a paper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct LineTax {
    #[serde(rename = "tax_category", default)]
    pub category: TaxCategory,
    /// As a fraction: 0.21 is 21 %.
    #[serde(rename = "tax_rate")]
    pub rate: Decimal,
    #[serde(rename = "tax_reason", default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl LineTax {
    /// A standard rate of nothing is the zero rate: the two are different categories.
    pub fn new(category: TaxCategory, rate: Decimal) -> Self {
        let category =
            if category == TaxCategory::Standard && rate.is_zero() { TaxCategory::Zero } else { category };
        Self { category, rate: if category.is_taxed() { rate } else { Decimal::ZERO }, reason: None }
    }
}
