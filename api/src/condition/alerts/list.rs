//! The inbox of alerts.

use super::{
    pages::{button, flags, severity_key, severity_pill},
    sentence::sentence,
    thumbnail,
};
use crate::fleet::models::metrics::MetricNames;
use domain::{
    Timestamp,
    condition::{Severity, alert::Alert},
    people::account::Scope,
};
use maud::{Markup, html};
use service::{
    command::CommandError,
    condition::alerts::queries::{self, Beside},
};
use store::records::condition::alerts::{self, By, Filter, Show};
use web::{
    deps::Deps,
    form::Fields,
    list::ListQuery,
    listing::{Column, Listing, Page, Read, Rows},
    request::{User, View},
};

pub struct Alerts;

impl Listing for Alerts {
    type Filter = Filter;
    type By = By;
    type Item = Alert;
    type Row = Row;
    const TITLE: &'static str = "alerts-title";
    const NONE: &'static str = "alerts-none";
    const FILE: &'static str = "alerts.csv";
    const FIELDS: &'static [&'static str] = &["show", "severity"];

    fn filter(_: &Deps, _: &User, query: &ListQuery) -> Result<Filter, CommandError> {
        Ok(Filter {
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
            ..Filter::default()
        })
    }
    async fn find(deps: &Deps, scope: Scope, filter: &Filter, page: &Page<Self>) -> Read<Alert> {
        Ok(alerts::list(deps.records.read(), scope, filter, deps.now(), page).await?)
    }
    async fn rows(deps: &Deps, view: &View, items: Vec<Alert>) -> Rows<Row> {
        let ids = items.iter().map(|alert| alert.asset_id);
        let names = MetricNames::of_assets(deps.records.read(), ids).await?;
        let told = |row: &Beside| {
            let names = names.get(&row.alert.asset_id).cloned().unwrap_or_default();
            row.evidence
                .as_ref()
                .map(|evidence| sentence(view, &names, &evidence.sentence))
                .unwrap_or_default()
        };
        let rows = queries::beside(deps, items).await?.into_iter();
        Ok(rows.map(|known| Row { why: told(&known), known, now: deps.now() }).collect())
    }
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::<Self>::drawn("alerts-severity", |view, row| severity_pill(view, row.known.alert.severity))
                .file(|view, row| view.lang.t(&severity_key(row.known.alert.severity)))
                .by(By::Urgency),
            Column::<Self>::drawn("alerts-equipment", |_, Row { known, .. }| {
                html! {
                    @if let Some(asset) = &known.asset { a href={ "/assets/" (asset.id) } { b { (asset.name) } } }
                    @if let Some(site) = &known.site { p.sub { (site.name) } }
                }
            })
            .file(|_, row| row.known.asset.as_ref().map(|asset| asset.name.clone()).unwrap_or_default()),
            Column::<Self>::in_file("alerts-site", |_, row| row.known.site.as_ref().map(|site| site.name.clone()).unwrap_or_default()),
            Column::<Self>::drawn("alerts-what", |view, Row { known, why, .. }| {
                html! {
                    a href={ "/alerts/" (known.alert.id) } { (why) }
                    p.sub {
                        @if let Some(evidence) = &known.evidence { (view.lang.phrase(&evidence.rule.name)) }
                        " " (flags(view, &known.alert))
                    }
                }
            })
            .file(|_, row| row.why.clone())
            .class("wrapless"),
            Column::<Self>::in_file("alerts-rule", |view, row| {
                row.known.evidence.as_ref().map(|evidence| view.lang.phrase(&evidence.rule.name)).unwrap_or_default()
            }),
            Column::<Self>::drawn("alerts-chart", |view, row| {
                html! { @if let Some(evidence) = &row.known.evidence { div.thumb { (thumbnail(view, evidence)) } } }
            }),
            Column::<Self>::number("alerts-money", |view, row| {
                html! { @if let Some(money) = row.known.alert.money_at_risk { (view.lang.money(money)) } @else { "–" } }
            })
            .file(|_, row| row.known.alert.money_at_risk.map(|money| money.to_string()).unwrap_or_default()),
            Column::<Self>::drawn("alerts-since", |view, Row { known, now, .. }| {
                let (lang, at) = (view.lang, known.alert.raised_at);
                html! { time datetime=(at.to_rfc3339()) title=(lang.date_time(at, view.zone)) { (lang.relative(at, *now)) } }
            })
            .file(|_, row| row.known.alert.raised_at.to_rfc3339())
            .by(By::Raised),
            Column::<Self>::in_file("alerts-state", |view, row| view.lang.t(&format!("alerts-state-{}", row.known.alert.state()))),
            Column::<Self>::drawn("alerts-actions", |view, row| row.actions(view)),
        ]
    }
    fn fields(_: &View, fields: Fields<'_>, _: &ListQuery) -> Markup {
        let lang = fields.lang();
        let option = |value: &str, key: &str| (value.to_string(), lang.t(key));
        let shows = [
            option("", "alerts-show-open"),
            option("cleared", "alerts-show-cleared"),
            option("hidden", "alerts-show-hidden"),
            option("all", "alerts-show-all"),
        ];
        let mut severities = vec![option("", "alerts-any-severity")];
        severities.extend(Severity::ALL.iter().rev().map(|s| option(s.as_str(), &severity_key(*s))));
        html! {
            (fields.select("show", "alerts-show", &shows))
            (fields.select("severity", "alerts-severity", &severities))
        }
    }
}

pub struct Row {
    known: Beside,
    /// The sentence of its evidence.
    why: String,
    now: Timestamp,
}

impl Row {
    fn actions(&self, view: &View) -> Markup {
        let alert = &self.known.alert;
        html! { div.act {
            @if alert.cleared_at.is_none() && alert.acknowledged.is_none() { (button(view, alert, "acknowledge", "alerts-acknowledge", "mini")) }
            @match self.known.group.as_ref().and_then(|group| group.ticket_id) {
                Some(ticket) => { a.mini href={ "/tickets/" (ticket) } { (view.lang.t("alerts-ticket")) } }
                None => { @if alert.cleared_at.is_none() { (button(view, alert, "ticket", "alerts-create-ticket", "mini")) } }
            }
        } }
    }
}
