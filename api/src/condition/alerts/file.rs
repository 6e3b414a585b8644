//! The alerts of the inbox as a file.

use super::pages::{severity_key, why};
use crate::fleet::models::metrics::MetricNames;
use service::condition::alerts::queries::{self, Row};
use store::records::condition::alerts;
use web::{
    csv::{self, Listed},
    response::PageResult,
};

pub async fn all(list: Listed<alerts::Filter>) -> PageResult {
    let heads = [
        "alerts-severity",
        "alerts-equipment",
        "alerts-site",
        "alerts-what",
        "alerts-rule",
        "alerts-money",
        "alerts-since",
        "alerts-state",
    ];
    csv::file("alerts.csv", csv::heads(list.view.lang, heads), list, |list, page| {
        Box::pin(async move {
            let (view, lang) = (&list.view, list.view.lang);
            let found = queries::inbox(&list.deps, view.scope(), &list.filter, &page).await?;
            let ids = found.items.iter().map(|row| row.alert.asset_id);
            let names = MetricNames::of_assets(list.deps.records.read(), ids).await?;
            let cells = |row: Row| {
                vec![
                    lang.t(&severity_key(row.alert.severity)),
                    row.asset.as_ref().map(|asset| asset.name.clone()).unwrap_or_default(),
                    row.site.as_ref().map(|site| site.name.clone()).unwrap_or_default(),
                    why(view, &names, &row),
                    row.evidence
                        .as_ref()
                        .map(|evidence| lang.phrase(&evidence.rule.name))
                        .unwrap_or_default(),
                    row.alert.money_at_risk.map(|money| money.to_string()).unwrap_or_default(),
                    row.alert.raised_at.to_rfc3339(),
                    lang.t(&format!("alerts-state-{}", row.alert.state())),
                ]
            };
            Ok(found.map(cells))
        })
    })
    .await
}
