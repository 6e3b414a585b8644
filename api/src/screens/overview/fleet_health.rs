//! How every site did over the last day, and its uptime over the period.

use chrono::TimeDelta;
use domain::{
    Timestamp,
    condition::{EquipmentState, reliability::Uptime, state::StateInterval},
    id::SiteId,
};
use maud::{Markup, html};
use service::{command::CommandError, insight::kpis::queries::Days};
use std::collections::HashMap;
use store::records::{
    Db,
    condition::{
        state_days::{self, Past},
        states,
    },
    fleet::{assets, sites},
    work::work_orders,
};
use web::{chart::bars, deps::Deps, request::View, table::card_heads};

const BARS: i32 = 48;
const SHOWN: usize = 8;

/// The worst that any of `logs` tells of each half hour of the last day: `crit` unplanned, `warn` planned, `ok` up,
/// nothing when nothing is known.
fn half_hours<'a>(
    logs: impl Iterator<Item = &'a StateInterval> + Clone,
    now: Timestamp,
) -> Vec<&'static str> {
    let step = TimeDelta::minutes(30);
    (0..BARS)
        .map(|index| {
            let from = now - step * (BARS - index);
            let within = logs.clone().filter(|interval| interval.clip(from, from + step).is_some());
            match within.map(|interval| rank(interval.state)).max() {
                Some(3) => "crit",
                Some(2) => "warn",
                Some(1) => "ok",
                _ => "none",
            }
        })
        .collect()
}

fn rank(state: EquipmentState) -> u8 {
    match state {
        EquipmentState::DownUnplanned => 3,
        EquipmentState::DownPlanned => 2,
        EquipmentState::Up | EquipmentState::Idle => 1,
        EquipmentState::Unknown => 0,
    }
}

/// The uptime of every site over `days`, which end with today.
async fn uptimes(
    deps: &Deps,
    db: &Db,
    days: Days,
    now: Timestamp,
) -> Result<HashMap<SiteId, Uptime>, CommandError> {
    let today = days.to - 1;
    let first = state_days::day(Days::date(days.from), days.zone);
    let version = state_days::version(db, days.from, today).await?;
    let past = deps.memory.past.get(days, version, Past::load(db, first, today)).await?;
    Ok(past.uptimes(db, now).await?)
}

/// Of `all` sites those that did worst over `days`, with what they did over the last day.
pub async fn card(
    deps: &Deps,
    db: &Db,
    view: &View,
    all: usize,
    days: Days,
    now: Timestamp,
) -> Result<Markup, CommandError> {
    let lang = view.lang;
    let uptimes = uptimes(deps, db, days, now).await?;
    let mut rows: Vec<(SiteId, Option<f64>)> =
        uptimes.iter().map(|(site, uptime)| (*site, uptime.technical())).collect();
    if rows.len() < SHOWN {
        let idle = assets::sites(db).await?.into_iter().filter(|site| !uptimes.contains_key(site));
        rows.extend(idle.map(|site| (site, None)));
    }
    rows.sort_by(|a, b| a.1.unwrap_or(2.0).total_cmp(&b.1.unwrap_or(2.0)).then(a.0.cmp(&b.0)));
    rows.truncate(SHOWN);
    let open = work_orders::open_at_sites(db, rows.iter().map(|(site, _)| *site)).await?;
    let machines = assets::at_sites(db, rows.iter().map(|(site, _)| *site)).await?;
    let day_ago = now - TimeDelta::hours(24);
    let logs = states::of_assets(db, machines.iter().map(|(asset, _)| *asset), day_ago, now).await?;
    let of_site = |site: SiteId| {
        let here = machines.iter().filter(move |(_, at)| *at == site);
        here.filter_map(|(asset, _)| logs.get(asset)).flatten()
    };
    let names = sites::by_ids(db, rows.iter().map(|(site, _)| *site)).await?;
    Ok(html! {
        section.card {
            header { h2 { (lang.t("overview-fleet")) } small { (lang.t("overview-fleet-hint")) @if rows.len() < all { " · " (rows.len()) " / " (all) } } }
            @if rows.is_empty() { p.nothing { (lang.t("overview-fleet-none")) } } @else {
                @let heads = ["site", "assets", "status", "uptime", "open"].map(|word| lang.t(&format!("overview-{word}")));
                table.fleet.cards style=(card_heads(heads)) {
                    caption.sr { (lang.t("overview-fleet")) }
                    thead { tr {
                        th scope="col" { (lang.t("overview-site")) }
                        th.n scope="col" { (lang.t("overview-assets")) }
                        th scope="col" { (lang.t("overview-status")) }
                        th.n scope="col" { (lang.t("overview-uptime")) }
                        th.n scope="col" { (lang.t("overview-open")) }
                    } }
                    tbody { @for (site, uptime) in &rows { tr {
                        td { b { a href={ "/assets?site_id=" (site) } { (names.get(site).map_or("", |site| site.name.as_str())) } } }
                        td.n { (machines.iter().filter(|(_, at)| at == site).count()) }
                        td { (bars(&half_hours(of_site(*site), now))) }
                        td.n { @match uptime { Some(share) => { (lang.number(share * 100.0, 2)) " %" }, None => "–" } }
                        td.n { (open.get(site).copied().unwrap_or(0)) }
                    } } }
                }
            }
        }
    })
}
