//! What selects of language and time zone offer.

use crate::i18n::Lang;

pub fn languages() -> Vec<(String, String)> {
    Lang::ALL.map(|lang| (lang.code().to_string(), lang.name().to_string())).into()
}

pub fn time_zones() -> Vec<(String, String)> {
    chrono_tz::TZ_VARIANTS
        .iter()
        .map(|zone| (zone.name().to_string(), zone.name().replace('_', " ")))
        .collect()
}
