//! The overview page and its data intake panel.

use super::{attention, fleet_health};
use crate::insight::kpis::figure::{text, tile};
use axum::{extract::State, response::IntoResponse};
use domain::{
    Currency,
    insight::kpi::{OPENED, SOURCES},
    people::account::Role,
};
use maud::{Markup, html};
use service::{
    command::CommandError,
    insight::kpis::queries::{self, DEFAULT_DAYS, Days, Figure},
};
use store::{
    StoreError,
    records::{
        Db, condition::state_days, fleet::devices, insight::kpi_facts, telemetry::connections, work::tickets,
    },
};
use web::{
    chart::pairs,
    deps::Deps,
    icon::icon,
    layout,
    list::ListQuery,
    request::{User, View},
    response::{PageResult, see_other},
};

const TILES: [&str; 5] = ["K4", "K17", "K2a", "K8", "M1"];
const MONEY: [&str; 5] = ["K29a", "K29b", "K28a", "K28c", "K33c"];
const BAR_DAYS: i32 = 14;

/// Everybody's first page.
pub async fn home(State(deps): State<Deps>, user: User, view: View) -> PageResult {
    match user.actor.role {
        Role::Technician => return Ok(see_other("/my-day")),
        Role::Customer => return Ok(see_other("/portal")),
        Role::Integration => return Err(CommandError::Forbidden.into()),
        _ => {}
    }
    let (lang, db, now) = (view.lang, deps.records.read(), deps.now());
    let organisation = queries::organisation(db).await?;
    let days = Days::last(&organisation, now, DEFAULT_DAYS);
    let currency = organisation.currency;
    let board = queries::board_kept(&deps, &organisation, user.actor.role, days, now).await?;
    let db = &deps.records.snapshot().await?;
    let footing = state_days::footing(db).await?;
    let attention = attention::load(db, user.scope(), now).await?;
    let sites = usize::try_from(footing.sites).unwrap_or(usize::MAX);
    let health = fleet_health::card(&deps, db, &view, sites, days, now).await?;
    let connects = matches!(user.actor.role, Role::Admin | Role::ServiceManager);
    let main = html! {
        div.top {
            div {
                h1 { (lang.t("nav-overview")) }
                p.sub {
                    (lang.count("overview-assets-n", count(footing.assets))) " · " (lang.count("overview-sites-n", count(footing.sites)))
                    " · " (lang.t("overview-period")) " · " a href="/kpis" { (lang.t("overview-all-kpis")) }
                }
            }
            @if connects { div.act { a.btn href="/connect" { (icon("plus")) (lang.t("nav-connect")) } } }
        }
        div #overview-live data-live-refresh="overview" {
            div.kpis {
                @for code in TILES {
                    @if let Some(figure) = find(&board, code) { (tile(&view, currency, figure, days)) }
                    @if code == "K17" { (risk_tile(&view, &attention.tickets)) }
                }
            }
            div.cols {
                div.stack { (attention.card(&view, now)) @if user.actor.role.sees_costs() { (money(&view, currency, &board)) } }
                (health)
            }
            div.cols.trio {
                (work_orders(db, &view, days).await?)
                (sources(db, &view, days).await?)
                (intake_card(&deps, &view, None).await?)
            }
        }
    };
    Ok(layout::page(&view, &lang.t("nav-overview"), &main).into_response())
}

fn find<'a>(board: &'a [Figure], code: &str) -> Option<&'a Figure> {
    board.iter().find(|figure| figure.definition.code == code)
}
fn count(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn risk_tile(view: &View, tickets: &tickets::Open) -> Markup {
    html! {
        a.kpi href="/tickets?status=open" title=(view.lang.t("overview-sla-definition")) {
            h2 { (view.lang.t("overview-sla")) }
            p { b.crit[tickets.at_risk > 0] { (tickets.at_risk) } " " small { "/ " (tickets.count) } }
            small { (view.lang.t("overview-sla-hint")) }
        }
    }
}

fn money(view: &View, currency: Currency, board: &[Figure]) -> Markup {
    html! {
        section.card {
            header { h2 { (view.lang.t("overview-money")) } a href="/invoices" { (view.lang.t("nav-invoices")) } }
            dl.meter.plain {
                @for figure in MONEY.iter().filter_map(|code| find(board, code)) {
                    @let (value, unit) = text(view.lang, figure.definition.unit, currency, figure.value);
                    div {
                        dt { a href={ "/kpis/" (figure.definition.code) } { (view.lang.t(&format!("kpis-{}", figure.definition.code))) } }
                        dd.n { (value) " " (unit) }
                    }
                }
            }
        }
    }
}

async fn work_orders(db: &Db, view: &View, days: Days) -> Result<Markup, CommandError> {
    let lang = view.lang;
    let from = days.to - BAR_DAYS;
    let sums = kpi_facts::days(db, from, days.to).await?;
    let of = |day: i32, code: &str| {
        let found = sums.get(code).and_then(|sums| sums.iter().find(|(at, _)| *at == day));
        found.map_or(0.0, |(_, sum)| sum.numerator as f64)
    };
    let bars: Vec<(f64, f64)> = (from..days.to).map(|day| (of(day, OPENED), of(day, "K19"))).collect();
    let (opened, closed) = bars.iter().fold((0.0, 0.0), |(a, b), (opened, closed)| (a + opened, b + closed));
    Ok(html! {
        section.card {
            header {
                h2 { (lang.t("overview-work-orders")) }
                span.legend2 { i.a {} (lang.t("overview-opened")) " " (lang.number(opened, 0)) " " i.b {} (lang.t("overview-closed")) " " (lang.number(closed, 0)) }
            }
            div.pad { (pairs(&bars)) }
        }
    })
}

async fn sources(db: &Db, view: &View, days: Days) -> Result<Markup, CommandError> {
    let lang = view.lang;
    let sums = kpi_facts::totals(db, days.from, days.to).await?;
    let of = |code: &str| sums.get(code).map_or(0, |sum| sum.numerator);
    let counts: Vec<(&str, i64)> = SOURCES.iter().map(|(source, code)| (source.as_str(), of(code))).collect();
    let total: i64 = counts.iter().map(|(_, n)| n).sum();
    Ok(html! {
        section.card {
            header { h2 { (lang.t("overview-sources")) } }
            @if total == 0 { p.nothing { (lang.t("overview-sources-none")) } } @else {
                dl.meter {
                    @for (source, n) in &counts {
                        @let share = *n as f64 / total as f64 * 100.0;
                        div { dt { (lang.t(&format!("overview-source-{source}"))) } dd { i style={ "width:" (format!("{share:.0}")) "%" } {} } dd.n { (lang.number(share, 0)) " %" } }
                    }
                }
            }
        }
    })
}

/// The panel alone, which the page fetches every few seconds; `since` and `samples` are those of the panel before.
pub async fn intake(State(deps): State<Deps>, view: View, query: ListQuery) -> PageResult {
    let since = query.instant("since")?.map(|at| at.timestamp_millis());
    let before = since.zip(query.whole("samples", 0..=i64::MAX)?.map(i64::unsigned_abs));
    Ok(intake_card(&deps, &view, before).await?.into_response())
}

async fn intake_card(deps: &Deps, view: &View, before: Option<(i64, u64)>) -> Result<Markup, StoreError> {
    let (lang, db) = (view.lang, deps.records.read());
    let stats = deps.telemetry.stats().await?;
    let (online, all) = (connections::count_open(db).await?, devices::count(db).await?);
    let now_ms = deps.now().timestamp_millis();
    let rate = before.and_then(|(since, samples)| {
        let seconds = (now_ms - since) as f64 / 1000.0;
        (seconds > 0.2).then(|| stats.samples.saturating_sub(samples) as f64 / seconds)
    });
    let next = format!("/overview/intake?since={now_ms}&samples={}", stats.samples);
    Ok(html! {
        section.card #overview-intake data-refresh-every="3000" data-live-url=(next) {
            header { h2 { (lang.t("overview-intake")) } span.live data-live="overview" { (lang.t("live")) } }
            dl.meter.plain {
                div { dt { (lang.t("overview-rate")) } dd.n { @match rate { Some(rate) => { (lang.number(rate, if rate < 10.0 { 1 } else { 0 })) " / s" }, None => "–" } } }
                div { dt { (lang.t("overview-online")) } dd.n { (online) " / " (all) } }
                div { dt { (lang.t("overview-samples")) } dd.n { (lang.number(stats.samples as f64, 0)) } }
                div { dt { (lang.t("overview-series")) } dd.n { (lang.number(stats.series as f64, 0)) } }
                div { dt { (lang.t("overview-storage")) } dd.n { (lang.number(stats.bytes as f64 / 1_048_576.0, 1)) " MB" } }
            }
        }
    })
}
