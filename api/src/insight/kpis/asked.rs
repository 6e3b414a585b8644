//! The period that a query asks for.

use domain::{Date, Timestamp, calendar::date_of, people::organisation::Organisation};
use service::{
    command::{CommandError, Unreadable},
    insight::kpis::queries::{DEFAULT_DAYS, Days, MAX_DAYS},
};
use web::list::ListQuery;

/// What other queries are split or narrowed by. Indicators are not: their pages show them by model, technician and
/// territory, and a figure of everybody must not pass for one of somebody.
const DIMENSIONS: [&str; 6] = ["by", "technician_id", "model_id", "territory_id", "customer_id", "asset_id"];

/// The first and the last day asked for by `from` and `to` (both included), or the last `days` that end with `to`.
pub fn asked(query: &ListQuery, organisation: &Organisation, now: Timestamp) -> Result<Days, CommandError> {
    query.without(&DIMENSIONS, "an indicator is answered whole, for everybody")?;
    let (first, last) = (query.day("from")?, query.day("to")?);
    let days = query.whole("days", 1..=i64::from(MAX_DAYS))?;
    if first.is_some() && days.is_some() {
        return Err(Unreadable::value("days", "send `days`, or `from` and `to`"));
    }
    let last = last.unwrap_or_else(|| date_of(now, organisation.zone()));
    let length = days.unwrap_or(i64::from(DEFAULT_DAYS));
    let first = first.unwrap_or_else(|| last.plus_days(1 - length).unwrap_or(Date::MIN));
    Days::between(organisation, first, last).ok_or_else(|| {
        Unreadable::period("from", &format!("not after `to`, and at most {MAX_DAYS} days with it"))
    })
}
