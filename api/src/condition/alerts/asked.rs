//! The filters that page and programs share.

use domain::condition::Severity;
use service::command::CommandError;
use store::records::condition::alerts::{self, Show};
use web::list::ListQuery;

pub(super) fn filter(query: &ListQuery) -> Result<alerts::Filter, CommandError> {
    Ok(alerts::Filter {
        show: match query.word("show", &["open", "cleared", "hidden", "all"])? {
            Some("cleared") => Show::Cleared,
            Some("hidden") => Show::Hidden,
            Some("all") => Show::All,
            _ => Show::Open,
        },
        asset: query.id("asset_id")?,
        group: query.id("group_id")?,
        rule: query.id("rule_id")?,
        severity: query.one_of("severity", &Severity::ALL, Severity::as_str)?,
        acknowledged: query.flag("acknowledged")?,
        historical: query.flag("historical")?,
        ..alerts::Filter::default()
    })
}
