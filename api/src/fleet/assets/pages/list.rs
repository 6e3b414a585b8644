//! The fleet as a table: state, uptime, what is open, and when each asset was last heard of.

use crate::{
    choices::{self, Filters},
    fleet::{customers::pages::may_write, models::pages::model_name},
};
use axum::extract::State;
use domain::{
    Timestamp,
    clock::from_micros,
    condition::{EquipmentState, reliability, state::StateInterval},
    fleet::asset::Asset,
    id::AssetId,
    people::account::Scope,
};
use maud::{Markup, html};
use service::{command::CommandError, condition::reliability::queries::last_days};
use std::collections::HashMap;
use store::records::{
    condition::{alerts, states},
    fleet::{
        assets::{self, By, Filter},
        devices, models, sites,
    },
    work::tickets,
};
use web::{
    chart::{mini_strip, spans, state_pill, state_word},
    chooser::Kind,
    deps::Deps,
    form::Fields,
    icon::icon,
    list::ListQuery,
    listing::{self, Column, Listing, Page, Read, Rows},
    request::{User, View},
    response::{PageResult, see_other},
    time::{ago, rfc3339},
};

const DAYS: i64 = 30;

/// One line of the table.
pub struct Row {
    asset: Asset,
    site: String,
    model: String,
    state: EquipmentState,
    log: Vec<StateInterval>,
    uptime: Option<f64>,
    alerts: u64,
    tickets: u64,
    last_seen: Option<Timestamp>,
    now: Timestamp,
}

/// The rows by which one narrows the list. A technician's is short, and what other customers own is nobody else's
/// business.
const CHOSEN: [(&str, Kind); 2] = [("site_id", Kind::Sites), ("model_id", Kind::Models)];

pub async fn list(State(deps): State<Deps>, view: View, query: ListQuery) -> PageResult {
    let (form, query) = match choices::filters(&deps, &view, &query, Assets::FIELDS, chosen(&view)).await? {
        Filters::At(address) => return Ok(see_other(&address)),
        Filters::Here(form, query) => (form, query),
    };
    listing::page_with::<Assets>(deps, view, query, &form, |view, list| {
        let lang = view.lang;
        html! {
            div.top {
                h1 { (lang.t("assets-title")) }
                @if may_write(view) {
                    div.act {
                        a.btn2 href="/customers" { (icon("users")) (lang.t("customers-title")) }
                        a.btn2 href="/sites" { (icon("pin")) (lang.t("sites-title")) }
                        a.btn2 href="/models" { (icon("boxes")) (lang.t("models-title")) }
                        a.btn2 href="/devices" { (icon("radio")) (lang.t("devices-title")) }
                        a.btn href="/assets/new" { (icon("plus")) (lang.t("assets-new")) }
                    }
                }
            }
            (list.filters)
            (list.table)
        }
    })
    .await
}

fn chosen(view: &View) -> &'static [(&'static str, Kind)] {
    if view.scope().technician().is_none() { &CHOSEN } else { &[] }
}

pub struct Assets;

impl Listing for Assets {
    type Filter = Filter;
    type By = By;
    type Item = Asset;
    type Row = Row;
    const TITLE: &'static str = "assets-title";
    const NONE: &'static str = "assets-none";
    const FILE: &'static str = "assets.csv";
    const FIELDS: &'static [&'static str] = &["q", "site_id", "model_id", "state"];

    fn filter(_: &Deps, _: &User, query: &ListQuery) -> Result<Filter, CommandError> {
        Ok(Filter {
            customer: query.id("customer_id")?,
            site: query.id("site_id")?,
            model: query.id("model_id")?,
            state: query.one_of("state", &EquipmentState::ALL, EquipmentState::as_str)?,
            text: query.get("q").map(Into::into),
        })
    }
    async fn find(deps: &Deps, scope: Scope, filter: &Filter, page: &Page<Self>) -> Read<Asset> {
        Ok(assets::list(deps.records.read(), scope, filter, page).await?)
    }
    async fn rows(deps: &Deps, view: &View, items: Vec<Asset>) -> Rows<Row> {
        rows(deps, view, items).await
    }
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::<Self>::drawn("assets-name", |view, Row { asset, .. }| {
                html! {
                    a href={ "/assets/" (asset.id) } { b { (asset.name) } }
                    @if let Some(place) = &asset.functional_location { br; small { (view.lang.phrase(place)) } }
                }
            })
            .file(|_, row| row.asset.name.clone())
            .by(By::Name),
            Column::<Self>::in_file("assets-serial-number", |_, row| row.asset.serial_number.clone()),
            Column::<Self>::text("assets-site", |_, row| row.site.clone()),
            Column::<Self>::text("assets-model", |_, row| row.model.clone()),
            Column::<Self>::drawn("assets-state", |view, row| state_pill(view, row.state))
                .file(|_, row| row.state.as_str().into()),
            Column::<Self>::drawn("assets-strip", |view, row| {
                let period = last_days(row.now, DAYS);
                mini_strip(view, &spans(&row.log, period), period.from, period.to)
            }),
            Column::<Self>::number("assets-uptime", |view, row| {
                html! { @match row.uptime { Some(share) => { (view.lang.number(share * 100.0, 2)) " %" } None => { "–" } } }
            })
            .file(|_, row| row.uptime.map_or_else(String::new, |share| format!("{:.4}", share * 100.0))),
            Column::<Self>::number("assets-open", |view, row| {
                html! {
                    @if row.alerts > 0 { span.pill.warn { (icon("bell")) (row.alerts) span.sr { (view.lang.t("assets-open-alerts")) } } " " }
                    @if row.tickets > 0 { span.pill { (icon("ticket")) (row.tickets) span.sr { (view.lang.t("assets-open-tickets")) } } }
                }
            }),
            Column::<Self>::in_file("assets-open-alerts", |_, row| row.alerts.to_string()),
            Column::<Self>::in_file("assets-open-tickets", |_, row| row.tickets.to_string()),
            Column::<Self>::drawn("assets-last-seen", |view, row| {
                html! { @match row.last_seen { Some(at) => { (ago(view, at, row.now)) } None => { (view.lang.t("assets-never-seen")) } } }
            })
            .file(|_, row| row.last_seen.map_or_else(String::new, rfc3339)),
        ]
    }
    fn fields(view: &View, fields: Fields<'_>, query: &ListQuery) -> Markup {
        let lang = view.lang;
        let mut words = vec![(String::new(), lang.t("assets-any-state"))];
        words.extend(EquipmentState::ALL.map(|state| {
            let key = format!("chart-state-{}", state_word(state));
            (state.as_str().to_owned(), lang.t(&key))
        }));
        let (any_site, any_model) = (lang.t("assets-any-site"), lang.t("assets-any-model"));
        html! {
            @if let Some(id) = query.get("customer_id") { input type="hidden" name="customer_id" value=(id); }
            (fields.input("search", "q", "assets-search"))
            @if !chosen(view).is_empty() {
                (fields.choose("site_id", "assets-site", Kind::Sites).placeholder(&any_site))
                (fields.choose("model_id", "assets-model", Kind::Models).placeholder(&any_model))
            }
            (fields.select("state", "assets-state", &words))
        }
    }
}

async fn rows(deps: &Deps, view: &View, page: Vec<Asset>) -> Rows<Row> {
    let (db, scope, now) = (deps.records.read(), view.scope(), deps.now());
    let ids: Vec<AssetId> = page.iter().map(|asset| asset.id).collect();
    let period = last_days(now, DAYS);
    let sites = sites::by_ids(db, page.iter().map(|asset| asset.site_id)).await?;
    let models = models::by_ids(db, page.iter().map(|asset| asset.model_id)).await?;
    let mut logs = states::of_assets(db, ids.iter().copied(), period.from, period.to).await?;
    let current = states::current(db, ids.iter().copied(), deps.clock.horizon()).await?;
    let open = alerts::Filter { assets: Some(ids.clone()), ..Default::default() };
    let alerts = alerts::count_by_asset(db, scope, &open, now).await?;
    let tickets = tickets::open_by_asset(db, scope, ids.iter().copied()).await?;
    let seen = last_seen(deps, &ids).await?;
    let mut rows = Vec::with_capacity(page.len());
    for asset in page {
        let log = logs.remove(&asset.id).unwrap_or_default();
        let uptime = reliability::uptime(&log, period, asset.in_service_from, asset.in_service_to);
        rows.push(Row {
            site: sites.get(&asset.site_id).map_or_else(String::new, |site| site.name.clone()),
            model: models.get(&asset.model_id).map_or_else(String::new, |m| model_name(view.lang, m)),
            state: current.get(&asset.id).map_or(EquipmentState::Unknown, |interval| interval.state),
            uptime: uptime.and_then(|uptime| uptime.technical()),
            alerts: alerts.get(&asset.id).copied().unwrap_or(0),
            tickets: tickets.get(&asset.id).copied().unwrap_or(0),
            last_seen: seen.get(&asset.id).copied(),
            log,
            now,
            asset,
        });
    }
    Ok(rows)
}

/// The time of the newest value of any device of each asset.
async fn last_seen(deps: &Deps, ids: &[AssetId]) -> Result<HashMap<AssetId, Timestamp>, CommandError> {
    let mut seen: HashMap<AssetId, Timestamp> = HashMap::new();
    for device in devices::of_assets(deps.records.read(), ids.iter().copied()).await? {
        let newest = deps.latest(device.id).await?.into_iter().map(|(_, point)| point.ts_us).max();
        if let (Some(asset), Some(us)) = (device.asset_id, newest) {
            let at = from_micros(us);
            seen.entry(asset).and_modify(|known| *known = at.max(*known)).or_insert(at);
        }
    }
    Ok(seen)
}
