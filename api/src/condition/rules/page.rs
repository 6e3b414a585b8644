//! One rule: what it watches for, tried over history before *Enable*, what technicians said of it, and its versions.

use super::{
    actions::actions,
    trial::{try_card, try_out},
    words::{describe, enabled_pill, precision_text, scope_text, severity_key},
};
use domain::{
    Timestamp,
    condition::{
        backtest::Tested,
        rule::{Condition, Rule, RuleSettings},
    },
    id::RuleId,
};
use maud::{Markup, html};
use service::{command::CommandError, condition::rules::queries};
use store::records::condition::rules::{self, Precision};
use web::{
    actions::{Actions, Page, Posted},
    deps::Deps,
    form::Form,
    icon::icon,
    layout,
    list::ListQuery,
    request::{User, View},
    response::PageError,
};

pub struct RulePage {
    pub rule: Rule,
    precision: Precision,
    versions: Vec<(i64, Timestamp, RuleSettings)>,
    scope: String,
    /// What is tried.
    period: Form,
    tested: Option<Tested>,
    actions: Actions<Self>,
}

impl RulePage {
    fn is_testable(&self) -> bool {
        !matches!(self.rule.settings.condition, Condition::DownUnplanned)
    }

    /// The same with what the rule would have done in the period that `query` asks for.
    pub async fn tried(self, deps: &Deps, view: &View, query: &ListQuery) -> Result<Self, PageError> {
        if !self.is_testable() {
            return Ok(self);
        }
        let (period, tested) = try_out(deps, view, &self.rule, query).await?;
        Ok(Self { period, tested, ..self })
    }
}

impl Page for RulePage {
    type Id = RuleId;

    async fn load(deps: &Deps, view: &View, user: &User, id: RuleId) -> Result<Self, CommandError> {
        let db = deps.records.read();
        let rule = queries::one(db, user.scope(), id).await?;
        Ok(Self {
            precision: queries::precision(db, user.scope()).await?.get(&rule.id).copied().unwrap_or_default(),
            versions: rules::versions(db, rule.id).await?,
            scope: scope_text(deps, view, &rule.settings.scope).await?,
            period: Form::blank(),
            tested: None,
            actions: actions(),
            rule,
        })
    }

    fn draw(&self, view: &View, refused: &Posted) -> Markup {
        let (lang, rule) = (view.lang, &self.rule);
        let main = html! {
            div.top {
                div { p.crumb { a href="/rules" { (lang.t("rules-title")) } }
                    h1 { (lang.phrase(&rule.settings.name)) " " (enabled_pill(view, rule)) }
                    p.sub { (describe(view, rule)) " · " (self.scope) } }
                div.act { a.btn2 href={ "/rules/" (rule.id) "/edit" } { (icon("pen")) (lang.t("rules-edit")) } (self.actions.press(view, self, refused, "disable")) (self.actions.next(view, self, refused, ("enable", "play"))) }
            }
            div.cols.wide {
                div.stack { @if self.is_testable() { (try_card(view, &self.period, self.tested.as_ref())) } }
                div.stack {
                    section.card { header { h2 { (lang.t("rules-about")) } }
                        dl.facts {
                            div { dt { (lang.t("rules-severity")) } dd { (lang.t(&severity_key(rule.settings.severity.as_str()))) } }
                            div { dt { (lang.t("rules-opens-ticket")) } dd { (lang.t(if rule.settings.opens_ticket { "rules-yes" } else { "rules-no" })) } }
                            div { dt { (lang.t("rules-precision")) } dd { (precision_text(view, self.precision)) } }
                        }
                        p.ask { a href={ "/alerts?show=all&rule_id=" (rule.id) } { (lang.t("rules-its-alerts")) } } }
                    section.card { header { h2 { (lang.t("rules-versions")) } }
                        ul.rows { @for (version, at, _) in &self.versions {
                            li { div { b { (lang.with("alerts-version", &[("n", (*version).into())])) }
                                @if *version > 1 || !rule.built_in { p { (lang.date_time(*at, view.zone)) } } } }
                        } } }
                }
            }
        };
        layout::page(view, &lang.phrase(&rule.settings.name), &main)
    }
    fn address(id: RuleId) -> String {
        format!("/rules/{id}")
    }
    fn id(&self) -> RuleId {
        self.rule.id
    }
    fn version(&self) -> i64 {
        self.rule.version
    }
}
