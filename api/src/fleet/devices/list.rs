//! The list of devices, each with its equipment and whether it is connected.

use domain::{
    fleet::{asset::Asset, device::Device},
    people::account::Scope,
};
use maud::{Markup, html};
use service::{command::CommandError, fleet::devices::queries};
use store::records::fleet::{
    assets,
    devices::{self, By, Filter},
};
use web::{
    deps::Deps,
    form::Fields,
    list::ListQuery,
    listing::{Column, Listing, Page, Read, Rows},
    request::{User, View},
    time::rfc3339,
};

pub struct Devices;

impl Listing for Devices {
    type Filter = Filter;
    type By = By;
    type Item = Device;
    type Row = Row;
    const TITLE: &'static str = "devices-title";
    const NONE: &'static str = "devices-none";
    const FILE: &'static str = "devices.csv";

    fn filter(_: &Deps, _: &User, query: &ListQuery) -> Result<Filter, CommandError> {
        Ok(Filter { asset: query.id("asset_id")?, text: query.get("q").map(Into::into) })
    }
    async fn find(deps: &Deps, scope: Scope, filter: &Filter, page: &Page<Self>) -> Read<Device> {
        Ok(devices::list(deps.records.read(), scope, filter, page).await?)
    }
    async fn rows(deps: &Deps, _: &View, items: Vec<Device>) -> Rows<Row> {
        let db = deps.records.read();
        let machines = assets::by_ids(db, items.iter().filter_map(|device| device.asset_id)).await?;
        let open = queries::connected(db, &items).await?;
        let row = |device: Device| Row {
            asset: device.asset_id.and_then(|id| machines.get(&id)).cloned(),
            connected: open.contains(&device.id),
            device,
        };
        Ok(items.into_iter().map(row).collect())
    }
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::<Self>::drawn("devices-name", |_, row| html! { a href={ "/devices/" (row.device.id) } { b { (row.device.name) } } })
                .file(|_, row| row.device.name.clone())
                .by(By::Name),
            Column::<Self>::drawn("devices-asset", |_, row| {
                html! { @if let Some(asset) = &row.asset { a href={ "/assets/" (asset.id) } { (asset.name) } } }
            })
            .file(|_, row| row.asset.as_ref().map(|asset| asset.name.clone()).unwrap_or_default()),
            Column::<Self>::drawn("devices-connection", |view, row| {
                html! { span.pill.ok[row.connected].crit[row.device.revoked_at.is_some()] { (row.connection(view)) } }
            })
            .file(|view, row| row.connection(view)),
            Column::<Self>::drawn("devices-created", |view, row| html! { (view.lang.date(row.device.created_at, view.zone)) })
                .file(|_, row| rfc3339(row.device.created_at))
                .by(By::Created),
        ]
    }
    fn fields(_: &View, fields: Fields<'_>, _: &ListQuery) -> Markup {
        html! { (fields.input("search", "q", "devices-search")) }
    }
}

pub struct Row {
    device: Device,
    asset: Option<Asset>,
    connected: bool,
}

impl Row {
    /// Whether it may connect, and does.
    fn connection(&self, view: &View) -> String {
        view.lang.t(match (self.device.revoked_at, self.connected) {
            (Some(_), _) => "devices-revoked",
            (None, true) => "devices-connected",
            (None, false) => "devices-not-connected",
        })
    }
}
