//! The fleet as a table: state, uptime, what is open, and when each asset was last heard of.

use super::file;
use crate::{
    choices::{self, Filters},
    fleet::{assets::json::filter, customers::pages::may_write, models::pages::model_name},
};
use axum::{extract::State, response::IntoResponse};
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
    fleet::{assets, devices, models, sites},
    work::tickets,
};
use web::{
    chart::{mini_strip, spans, state_pill, state_word},
    chooser::Kind,
    csv::Listed,
    deps::Deps,
    form::Form,
    i18n::Lang,
    icon::icon,
    layout,
    list::ListQuery,
    request::View,
    response::{PageResult, see_other},
    table::{self, Column},
    time::ago,
};

const DAYS: i64 = 30;

const COLUMNS: [Column; 8] = [
    Column::text("assets-name"),
    Column::text("assets-site"),
    Column::text("assets-model"),
    Column::text("assets-state"),
    Column::text("assets-strip"),
    Column::number("assets-uptime"),
    Column::number("assets-open"),
    Column::text("assets-last-seen"),
];

/// One line of the table.
pub(super) struct Row {
    pub asset: Asset,
    pub site: String,
    pub model: String,
    pub state: EquipmentState,
    pub log: Vec<StateInterval>,
    pub uptime: Option<f64>,
    pub alerts: u64,
    pub tickets: u64,
    pub last_seen: Option<Timestamp>,
}

/// The rows by which one narrows the list. A technician's is short, and what other customers own is nobody else's
/// business.
const CHOSEN: [(&str, Kind); 2] = [("site_id", Kind::Sites), ("model_id", Kind::Models)];

pub async fn list(State(deps): State<Deps>, view: View, query: ListQuery) -> PageResult {
    let chosen = if view.scope().technician().is_none() { &CHOSEN[..] } else { &[] };
    let names = ["q", "site_id", "model_id", "state"];
    let (form, query) = match choices::filters(&deps, &view, &query, &names, chosen).await? {
        Filters::At(address) => return Ok(see_other(&address)),
        Filters::Here(form, query) => (form, query),
    };
    let asked = assets::Filter {
        state: query.one_of("state", &EquipmentState::ALL, EquipmentState::as_str)?,
        ..filter(&query)?
    };
    if query.wants_csv()? {
        return file::all(Listed { deps, view, filter: asked }).await;
    }
    let scope = view.scope();
    let page = assets::list(deps.records.read(), scope, &asked, &query.page()?).await?;
    let (next_cursor, unreadable) = (page.next_cursor, page.unreadable);
    let rows = rows(&deps, scope, page.items, view.lang).await?;
    let lang = view.lang;
    let now = deps.now();
    let drawn: Vec<Markup> = rows.iter().map(|row| draw(&view, row, now)).collect();
    let filters = filters(&view, &query, &form, chosen);
    Ok(layout::page(
        &view,
        &lang.t("assets-title"),
        &html! {
            div.top {
                h1 { (lang.t("assets-title")) }
                @if may_write(&view) {
                    div.act {
                        a.btn2 href="/customers" { (icon("users")) (lang.t("customers-title")) }
                        a.btn2 href="/sites" { (icon("pin")) (lang.t("sites-title")) }
                        a.btn2 href="/models" { (icon("boxes")) (lang.t("models-title")) }
                        a.btn2 href="/devices" { (icon("radio")) (lang.t("devices-title")) }
                        a.btn href="/assets/new" { (icon("plus")) (lang.t("assets-new")) }
                    }
                }
            }
            (table::filters(lang, &query, &filters))
            (table::table(lang, "assets-title", &COLUMNS, &table::with_unreadable(lang, &COLUMNS, drawn, &unreadable), "assets-none"))
            (table::next_page(lang, &query, next_cursor.as_deref()))
        },
    )
    .into_response())
}

pub(super) async fn rows(
    deps: &Deps,
    scope: Scope,
    page: Vec<Asset>,
    lang: Lang,
) -> Result<Vec<Row>, CommandError> {
    let db = deps.records.read();
    let ids: Vec<AssetId> = page.iter().map(|asset| asset.id).collect();
    let period = last_days(deps.now(), DAYS);
    let sites = sites::by_ids(db, page.iter().map(|asset| asset.site_id)).await?;
    let models = models::by_ids(db, page.iter().map(|asset| asset.model_id)).await?;
    let mut logs = states::of_assets(db, ids.iter().copied(), period.from, period.to).await?;
    let current = states::current(db, ids.iter().copied(), deps.clock.horizon()).await?;
    let open = alerts::Filter { assets: Some(ids.clone()), ..Default::default() };
    let alerts = alerts::count_by_asset(db, scope, &open, deps.now()).await?;
    let tickets = tickets::open_by_asset(db, scope, ids.iter().copied()).await?;
    let seen = last_seen(deps, &ids).await?;
    let mut rows = Vec::with_capacity(page.len());
    for asset in page {
        let log = logs.remove(&asset.id).unwrap_or_default();
        let uptime = reliability::uptime(&log, period, asset.in_service_from, asset.in_service_to);
        rows.push(Row {
            site: sites.get(&asset.site_id).map_or_else(String::new, |site| site.name.clone()),
            model: models.get(&asset.model_id).map_or_else(String::new, |m| model_name(lang, m)),
            state: current.get(&asset.id).map_or(EquipmentState::Unknown, |interval| interval.state),
            uptime: uptime.and_then(|uptime| uptime.technical()),
            alerts: alerts.get(&asset.id).copied().unwrap_or(0),
            tickets: tickets.get(&asset.id).copied().unwrap_or(0),
            last_seen: seen.get(&asset.id).copied(),
            log,
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

fn draw(view: &View, row: &Row, now: Timestamp) -> Markup {
    let lang = view.lang;
    let period = last_days(now, DAYS);
    html! {
        tr {
            td {
                a href={ "/assets/" (row.asset.id) } { b { (row.asset.name) } }
                @if let Some(place) = &row.asset.functional_location { br; small { (lang.phrase(place)) } }
            }
            td { (row.site) }
            td { (row.model) }
            td { (state_pill(view, row.state)) }
            td { (mini_strip(view, &spans(&row.log, period), period.from, period.to)) }
            td.n { @match row.uptime { Some(share) => { (lang.number(share * 100.0, 2)) " %" } None => { "–" } } }
            td.n {
                @if row.alerts > 0 { span.pill.warn { (icon("bell")) (row.alerts) span.sr { (lang.t("assets-open-alerts")) } } " " }
                @if row.tickets > 0 { span.pill { (icon("ticket")) (row.tickets) span.sr { (lang.t("assets-open-tickets")) } } }
            }
            td { @match row.last_seen { Some(at) => { (ago(view, at, now)) } None => { (lang.t("assets-never-seen")) } } }
        }
    }
}

fn filters(view: &View, query: &ListQuery, form: &Form, chosen: &[(&str, Kind)]) -> Markup {
    let lang = view.lang;
    let mut words = vec![(String::new(), lang.t("assets-any-state"))];
    words.extend(EquipmentState::ALL.map(|state| {
        let key = format!("chart-state-{}", state_word(state));
        (state.as_str().to_owned(), lang.t(&key))
    }));
    let (any_site, any_model) = (lang.t("assets-any-site"), lang.t("assets-any-model"));
    let f = form.fields(lang);
    html! {
        @if let Some(id) = query.get("customer_id") { input type="hidden" name="customer_id" value=(id); }
        (f.input("search", "q", "assets-search"))
        @if !chosen.is_empty() {
            (f.choose("site_id", "assets-site", Kind::Sites).placeholder(&any_site))
            (f.choose("model_id", "assets-model", Kind::Models).placeholder(&any_model))
        }
        (f.select("state", "assets-state", &words))
    }
}
