//! One alert: its evidence, its group, the rule behind it, and what can be done about it.

use super::{
    actions::actions,
    evidence_card,
    pages::{flags, severity_pill},
    verdict_key,
};
use crate::fleet::models::metrics::MetricNames;
use domain::{
    condition::{
        alert::{Alert, AlertGroup},
        evidence::Evidence,
        rule::Rule,
    },
    fleet::{asset::Asset, site::Site},
    id::{AlertId, TicketId},
};
use maud::{Markup, html};
use service::{command::CommandError, condition::alerts::queries, scope};
use store::records::{
    condition::{alerts, rules},
    fleet::{assets, sites},
};
use web::{
    actions::{Actions, Page, Posted},
    deps::Deps,
    icon::icon,
    layout,
    request::{User, View},
};

pub struct AlertPage {
    pub alert: Alert,
    asset: Asset,
    site: Option<Site>,
    evidence: Option<Evidence>,
    group: Option<AlertGroup>,
    others: Vec<Alert>,
    rule: Option<Rule>,
    names: MetricNames,
    actions: Actions<Self>,
}

impl AlertPage {
    pub fn ticket(&self) -> Option<TicketId> {
        self.group.as_ref()?.ticket_id
    }
}

impl Page for AlertPage {
    type Id = AlertId;

    async fn load(deps: &Deps, _: &View, user: &User, id: AlertId) -> Result<Self, CommandError> {
        let db = deps.records.read();
        let alert = scope::alert(db, user.scope(), id).await?;
        let asset = assets::get(db, alert.asset_id).await?.ok_or(CommandError::NotFound)?;
        Ok(Self {
            site: sites::get(db, asset.site_id).await?,
            evidence: queries::evidence(db, user.scope(), id).await?,
            group: alerts::group(db, alert.group_id).await?,
            others: alerts::of_group(db, alert.group_id).await?,
            rule: rules::get(db, alert.rule_id).await?,
            names: MetricNames::of_asset(db, asset.id).await?,
            actions: actions(),
            asset,
            alert,
        })
    }

    fn draw(&self, view: &View, refused: &Posted) -> Markup {
        let lang = view.lang;
        let Self { alert, asset, site, evidence, group, others, rule, names, actions } = self;
        let title = evidence
            .as_ref()
            .map_or_else(|| lang.t("alerts-raised"), |evidence| lang.phrase(&evidence.rule.name));
        let main = html! {
            div.top {
                div {
                    p.crumb { a href="/alerts" { (lang.t("alerts-title")) } }
                    h1 { (title) " " (severity_pill(view, alert.severity)) }
                    p.sub {
                        a href={ "/assets/" (asset.id) } { (asset.name) }
                        @if let Some(site) = &site { " · " (site.name) }
                        " · " (lang.date_time(alert.raised_at, view.zone)) " " (flags(view, alert))
                    }
                }
                div.act {
                    (actions.press(view, self, refused, "acknowledge"))
                    @if let Some(ticket) = self.ticket() { a.btn href={ "/tickets/" (ticket) } { (icon("ticket")) (lang.t("alerts-open-ticket")) } }
                    (actions.next(view, self, refused, ("ticket", "ticket")))
                }
            }
            div.cols.wide {
                div.stack { @if let Some(evidence) = &evidence { (evidence_card(view, names, evidence)) } }
                div.stack {
                    @if let Some(given) = group.as_ref().and_then(|group| group.verdict.as_ref()) {
                        section.card { header { h2 { (lang.t("alerts-verdict")) } }
                            p.lead { b { (lang.t(verdict_key(given.verdict))) } @if let Some(found) = &given.found { " – " (found) } } }
                    }
                    section.card { header { h2 { (lang.t("alerts-group")) } }
                        ul.rows { @for other in others {
                            li { (severity_pill(view, other.severity)) div {
                                @if other.id == alert.id { b { (lang.date_time(other.raised_at, view.zone)) } }
                                @else { a href={ "/alerts/" (other.id) } { (lang.date_time(other.raised_at, view.zone)) } }
                                p { (lang.t(&format!("alerts-state-{}", other.state()))) } } }
                        } } }
                    @if let Some(rule) = &rule {
                        section.card { header { h2 { (lang.t("alerts-rule")) } a href={ "/rules/" (rule.id) } { (lang.t("alerts-to-rule")) } }
                            p.lead { (lang.phrase(&rule.settings.name)) } }
                    }
                    @if alert.cleared_at.is_none() { section.card.pad { (actions.ask(view, self, refused, "dismiss")) } }
                }
            }
        };
        layout::page(view, &title, &main)
    }
    fn address(id: AlertId) -> String {
        format!("/alerts/{id}")
    }
    fn id(&self) -> AlertId {
        self.alert.id
    }
    fn version(&self) -> i64 {
        self.alert.rule_version
    }
}
