//! Units that things are sold in, with their codes of UN/ECE Recommendation 20.

use serde::{Deserialize, Serialize};
use strum::{EnumIter, IntoStaticStr};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, IntoStaticStr)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Unit {
    /// What is counted as one whole: a fee, an expense.
    #[default]
    One,
    Piece,
    Set,
    Minute,
    Hour,
    Day,
    Month,
    Year,
    Kilogram,
    Litre,
    Metre,
    SquareMetre,
    CubicMetre,
    Kilometre,
    KilowattHour,
}

impl Unit {
    pub fn code(self) -> &'static str {
        match self {
            Self::One => "C62",
            Self::Piece => "H87",
            Self::Set => "SET",
            Self::Minute => "MIN",
            Self::Hour => "HUR",
            Self::Day => "DAY",
            Self::Month => "MON",
            Self::Year => "ANN",
            Self::Kilogram => "KGM",
            Self::Litre => "LTR",
            Self::Metre => "MTR",
            Self::SquareMetre => "MTK",
            Self::CubicMetre => "MTQ",
            Self::Kilometre => "KMT",
            Self::KilowattHour => "KWH",
        }
    }
}
