//! How every site did over the last day, and its uptime over the period.

use crate::{
    command::CommandError,
    kpis::queries::Equipment,
    web::{chart::bars, request::View, table::card_heads},
};
use chrono::TimeDelta;
use domain::{
    Timestamp,
    asset::Asset,
    condition::{EquipmentState, reliability::Period},
    id::SiteId,
};
use maud::{Markup, html};
use std::collections::BTreeMap;
use store::records::{Connection, sites, work_orders};

const BARS: i32 = 48;
const SHOWN: usize = 8;

/// The worst that any of `fleet` did in each half hour of the last day: `crit` unplanned, `warn` planned, `ok` up,
/// nothing when nothing is known.
fn half_hours(equipment: &Equipment, fleet: &[&Asset], now: Timestamp) -> Vec<&'static str> {
    let step = TimeDelta::minutes(30);
    (0..BARS)
        .map(|index| {
            let from = now - step * (BARS - index);
            let worst = fleet.iter().flat_map(|asset| {
                let log = equipment.logs.get(&asset.id).map_or(&[][..], Vec::as_slice);
                log.iter()
                    .filter(move |interval| interval.clip(from, from + step).is_some())
                    .map(|i| rank(i.state))
            });
            match worst.max() {
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

pub async fn card(
    db: &impl Connection,
    view: &View,
    equipment: &Equipment,
    now: Timestamp,
) -> Result<Markup, CommandError> {
    let lang = view.lang;
    let mut by_site = BTreeMap::<SiteId, Vec<&Asset>>::new();
    for asset in &equipment.fleet {
        by_site.entry(asset.site_id).or_default().push(asset);
    }
    let open = work_orders::open_by_site(db).await?;
    let mut rows: Vec<_> = by_site
        .into_iter()
        .map(|(site, fleet)| {
            let period = Period { from: equipment.period.from, to: now };
            let uptime =
                equipment.uptime(fleet.iter().copied(), period).and_then(|uptime| uptime.technical());
            (site, fleet, uptime)
        })
        .collect();
    rows.sort_by(|a, b| a.2.unwrap_or(2.0).total_cmp(&b.2.unwrap_or(2.0)));
    let (shown, all) = (rows.len().min(SHOWN), rows.len());
    rows.truncate(SHOWN);
    let names = sites::by_ids(db, rows.iter().map(|(site, ..)| *site)).await?;
    Ok(html! {
        section.card {
            header { h2 { (lang.t("overview-fleet")) } small { (lang.t("overview-fleet-hint")) @if shown < all { " · " (shown) " / " (all) } } }
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
                    tbody { @for (site, fleet, uptime) in &rows { tr {
                        td { b { a href={ "/assets?site_id=" (site) } { (names.get(site).map_or("", |site| site.name.as_str())) } } }
                        td.n { (fleet.len()) }
                        td { (bars(&half_hours(equipment, fleet, now))) }
                        td.n { @match uptime { Some(share) => { (lang.number(share * 100.0, 2)) " %" }, None => "–" } }
                        td.n { (open.get(site).copied().unwrap_or(0)) }
                    } } }
                }
            }
        }
    })
}
