//! The stack of live charts: one per series, with the bands of the rules that watch it and marks of what happened.

use crate::fleet::models::metrics::MetricNames;
use chrono::TimeDelta;
use domain::{
    Timestamp,
    clock::from_micros,
    condition::{
        Severity,
        rule::{Condition, Rule, Side},
    },
    fleet::{asset::Asset, device::Device},
    people::account::Scope,
    telemetry::Metric,
};
use maud::{Markup, html};
use service::{
    command::CommandError,
    telemetry::samples::{
        counters::Counters,
        queries::{self, Drawn},
    },
};
use store::{
    StoreError,
    records::{
        PageRequest,
        condition::{alerts, rules},
        fleet::models,
        work::{tickets, work_orders},
    },
};
use web::{
    chart::{Limit, Line, Mark, Plot, Source},
    deps::Deps,
    i18n::Lang,
    list::ListQuery,
    request::View,
};

/// Ranges to choose from, with their hours.
const RANGES: [(&str, i64); 5] = [("1h", 1), ("24h", 24), ("7d", 168), ("30d", 720), ("90d", 2160)];
/// Charts of one page: a device with hundreds of metrics shows the first ones here and all of them as values.
const MAX_CHARTS: usize = 24;
const MAX_MARKS: u64 = 20;

/// The period that the charts show. It ends now, unless the data ended long ago: then it ends with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub range: &'static str,
    pub from: Timestamp,
    pub to: Timestamp,
    /// The end is now: values are appended as they come.
    pub live: bool,
}

impl Window {
    /// `?range=`, the shortest when absent.
    pub fn choose(
        query: &ListQuery,
        last_data: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Self, CommandError> {
        let asked = query.one_of("range", &RANGES, |(name, _)| name)?;
        Ok(Self::of(asked.unwrap_or(RANGES[0]), last_data, now))
    }

    fn of((range, hours): (&'static str, i64), last_data: Option<Timestamp>, now: Timestamp) -> Self {
        let span = TimeDelta::hours(hours);
        match last_data {
            Some(last) if last < now - span => {
                let to = last + TimeDelta::minutes(1);
                Self { range, from: to - span, to, live: false }
            }
            _ => Self { range, from: now - span, to: now, live: true },
        }
    }

    /// Links to the other ranges.
    pub fn chooser(self, view: &View, path: &str) -> Markup {
        html! {
            nav.ranges aria-label=(view.lang.t("assets-range")) {
                @for (name, _) in RANGES {
                    a href={ (path) "?range=" (name) "#charts" } aria-current=[(name == self.range).then_some("true")] {
                        (view.lang.t(&format!("assets-range-{name}")))
                    }
                }
            }
        }
    }
}

/// The newest value of any of `devices`.
pub async fn last_data(deps: &Deps, devices: &[Device]) -> Result<Option<Timestamp>, CommandError> {
    let mut newest = None;
    for device in devices {
        let latest = deps.latest(device.id).await?;
        newest = newest.max(latest.into_iter().map(|(_, point)| point.ts_us).max());
    }
    Ok(newest.map(from_micros))
}

/// The charts of a page; `None` while the values cannot be read.
pub struct Charts(Option<Vec<Plot>>);

impl Charts {
    /// One for each series of `devices`. Bands and marks need the asset. A page stays when only old values are away.
    pub async fn read(
        deps: &Deps,
        scope: Scope,
        asset: Option<&Asset>,
        devices: &[Device],
        window: Window,
        lang: Lang,
    ) -> Result<Self, CommandError> {
        match plots(deps, scope, asset, devices, window, lang).await {
            Ok(plots) => Ok(Self(Some(plots))),
            Err(CommandError::Store(error @ StoreError::Unavailable(_))) => {
                tracing::warn!(%error, "charts cannot be drawn");
                Ok(Self(None))
            }
            Err(error) => Err(error),
        }
    }

    pub fn draw(&self, view: &View) -> Markup {
        let lang = view.lang;
        html! {
            @match self.0.as_deref() {
                None => { p.card.nothing role="status" { (lang.t("assets-values-away")) } }
                Some([]) => { p.card.nothing { (lang.t("assets-no-values")) } }
                Some(plots) => { @for plot in plots { (plot.figure(view)) } }
            }
        }
    }

    pub fn has_some(&self) -> bool {
        self.0.as_ref().is_some_and(|plots| !plots.is_empty())
    }
}

async fn plots(
    deps: &Deps,
    scope: Scope,
    asset: Option<&Asset>,
    devices: &[Device],
    window: Window,
    lang: Lang,
) -> Result<Vec<Plot>, CommandError> {
    let watching = match asset {
        Some(asset) => watching(deps, asset).await?,
        None => Vec::new(),
    };
    let names = match asset {
        Some(asset) => MetricNames::of_asset(deps.records.read(), asset.id).await?,
        None => MetricNames::of_devices(deps.records.read(), devices).await?,
    };
    let counters = Counters::of(deps.records.read(), devices).await?;
    let drawing = Drawing { watching, names, counters, window, lang, several: devices.len() > 1 };
    let mut plots = Vec::new();
    for device in devices {
        for metric in deps.telemetry.metrics(device.id).await? {
            if plots.len() == MAX_CHARTS {
                return Ok(plots);
            }
            plots.push(drawing.plot(deps, device, &metric).await?);
        }
    }
    // What a rule watches comes first; the first one is drawn large, and carries the marks.
    plots.sort_by_key(|plot| plot.limits.is_empty());
    if let (Some(first), Some(asset)) = (plots.first_mut(), asset) {
        first.tall = true;
        first.marks = marks(deps, scope, asset, window).await?;
    }
    Ok(plots)
}

/// What the charts of a page have in common.
struct Drawing {
    watching: Vec<Rule>,
    names: MetricNames,
    counters: Counters,
    window: Window,
    lang: Lang,
    /// Whether the values are of several devices.
    several: bool,
}

impl Drawing {
    async fn plot(&self, deps: &Deps, device: &Device, metric: &Metric) -> Result<Plot, CommandError> {
        let Self { window, lang, .. } = *self;
        let name = self.names.name(lang, metric);
        let name = if self.several { format!("{name} · {}", device.name) } else { name };
        let (title, line, source) = match self.counters.get(device.id, metric) {
            // What a counter shows says little: by how much it rose is drawn.
            Some(counting) => {
                let period = (window.from, window.to);
                let (rises, bucket_us) = queries::risen(deps, device.id, metric, counting, period).await?;
                let span = lang.duration(TimeDelta::microseconds(bucket_us));
                let title = lang.with("assets-rise-per", &[("name", name.into()), ("span", span.into())]);
                (title, Line::of_buckets(&rises, bucket_us), None)
            }
            None => {
                let drawn = queries::drawn(deps, device.id, metric, window.from, window.to).await?;
                let source = Source {
                    url: format!("/api/v1/devices/{}/telemetry", device.id),
                    metric: metric.to_string(),
                    topic: window.live.then(|| format!("device:{}", device.id)),
                };
                (name, line(drawn), Some(source))
            }
        };
        Ok(Plot {
            title,
            unit: self.names.unit(metric).into(),
            from: window.from,
            to: window.to,
            line,
            limits: limits(&self.watching, metric),
            marks: Vec::new(),
            source,
            tall: false,
        })
    }
}

async fn watching(deps: &Deps, asset: &Asset) -> Result<Vec<Rule>, CommandError> {
    let db = deps.records.read();
    let model = models::get(db, asset.model_id).await?;
    let equipment_type = model.map_or_else(String::new, |model| model.equipment_type);
    let mut all = rules::all(db).await?;
    all.retain(|rule| {
        rule.settings.enabled && rule.settings.scope.covers(asset.id, asset.model_id, &equipment_type)
    });
    Ok(all)
}

fn limits(rules: &[Rule], metric: &str) -> Vec<Limit> {
    rules
        .iter()
        .filter_map(|rule| match &rule.settings.condition {
            Condition::Threshold { metric: watched, side, raise, .. } if watched == metric => Some(Limit {
                value: *raise,
                above: *side == Side::Above,
                alarm: rule.settings.severity >= Severity::Major,
            }),
            _ => None,
        })
        .collect()
}

/// Alerts, tickets and finished work within the window.
async fn marks(deps: &Deps, scope: Scope, asset: &Asset, window: Window) -> Result<Vec<Mark>, CommandError> {
    let db = deps.records.read();
    let within = |at: Timestamp| window.from <= at && at < window.to;
    let mut marks = Vec::new();
    let filter = tickets::Filter { asset: Some(asset.id), ..Default::default() };
    let mut of_tickets = Vec::new();
    for ticket in tickets::list(db, scope, &filter, &PageRequest::first(MAX_MARKS)).await?.items {
        of_tickets.extend(ticket.alert_group_id);
        if within(ticket.opened_at) {
            marks.push(mark(ticket.opened_at, ticket.number, format!("/tickets/{}", ticket.id)));
        }
    }
    let filter = alerts::Filter {
        show: alerts::Show::All,
        asset: Some(asset.id),
        raised_from: Some(window.from),
        raised_to: Some(window.to),
        ..Default::default()
    };
    for alert in alerts::list(db, scope, &filter, deps.now(), &PageRequest::first(MAX_MARKS)).await?.items {
        // The ticket stands for its alerts.
        if !of_tickets.contains(&alert.group_id) {
            marks.push(mark(alert.raised_at, "!".into(), format!("/alerts/{}", alert.id)));
        }
    }
    for job in work_orders::history_of_asset(db, asset.id, MAX_MARKS).await?.0 {
        if let Some(at) = job.state.completed_at().filter(|at| within(*at)) {
            marks.push(mark(at, job.number, format!("/work-orders/{}", job.id)));
        }
    }
    marks.sort_by_key(|mark| mark.at);
    Ok(marks)
}

fn mark(at: Timestamp, label: String, href: String) -> Mark {
    Mark { at, label, href: Some(href) }
}

fn line(drawn: Drawn) -> Line {
    match drawn {
        Drawn::Points(points) => Line::of_points(&points),
        Drawn::Buckets { buckets, bucket_us } => Line::of_buckets(&buckets, bucket_us),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_data_are_shown_where_they_are() {
        let now = from_micros(1_790_000_000_000_000);
        let window = Window::of(RANGES[0], Some(now - TimeDelta::minutes(5)), now);
        assert!(window.live && window.to == now && window.range == "1h");
        let last = now - TimeDelta::days(4000);
        let window = Window::of(RANGES[0], Some(last), now);
        assert!(!window.live && window.from < last && last < window.to);
        assert!(Window::of(RANGES[0], None, now).live, "the first value is yet to come");
    }
}
