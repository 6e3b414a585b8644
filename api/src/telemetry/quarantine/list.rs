//! What was refused, as a list: a file for people, and the list for programs. The page draws cards.

use domain::{
    fleet::device::Device,
    people::account::Scope,
    telemetry::{Rejection, quarantine::Quarantined},
};
use maud::{Markup, html};
use service::command::CommandError;
use store::records::{
    fleet::devices,
    telemetry::quarantine::{self, By, Filter},
};
use web::{
    deps::Deps,
    form::Fields,
    i18n::Lang,
    list::ListQuery,
    listing::{Column, Listing, Page, Read, Rows},
    request::{User, View},
    time::rfc3339,
};

pub struct Quarantine;

impl Listing for Quarantine {
    type Filter = Filter;
    type By = By;
    type Item = Quarantined;
    type Row = Row;
    const TITLE: &'static str = "quarantine-title";
    const NONE: &'static str = "quarantine-none";
    const FILE: &'static str = "quarantine.csv";
    const FIELDS: &'static [&'static str] = &["reason"];

    fn filter(_: &Deps, _: &User, query: &ListQuery) -> Result<Filter, CommandError> {
        Ok(Filter {
            device: query.id("device_id")?,
            reason: query.word("reason", &Rejection::CODES)?.map(Into::into),
        })
    }
    async fn find(deps: &Deps, scope: Scope, filter: &Filter, page: &Page<Self>) -> Read<Quarantined> {
        Ok(quarantine::list(deps.records.read(), scope, filter, page).await?)
    }
    async fn rows(deps: &Deps, _: &View, items: Vec<Quarantined>) -> Rows<Row> {
        let senders = devices::by_ids(deps.records.read(), items.iter().filter_map(|row| row.device)).await?;
        let sender = |row: &Quarantined| row.device.and_then(|id| senders.get(&id)).cloned();
        Ok(items.into_iter().map(|kept| Row { sender: sender(&kept), kept }).collect())
    }
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::<Self>::in_file("chart-time", |_, row| rfc3339(row.kept.received_at)),
            Column::<Self>::in_file("devices-name", |view, row| row.sender(view)),
            Column::<Self>::in_file("quarantine-reason", |view, row| reason(view.lang, &row.kept.reason)),
            Column::<Self>::in_file("quarantine-detail", |_, row| row.kept.detail.clone()),
            Column::<Self>::in_file("quarantine-topic", |_, row| row.kept.topic.clone()),
            Column::<Self>::in_file("quarantine-payload", |_, row| {
                String::from_utf8_lossy(&row.kept.payload).into_owned()
            }),
            Column::<Self>::in_file("quarantine-count", |_, row| row.kept.count.to_string()),
        ]
    }
    fn fields(_: &View, fields: Fields<'_>, query: &ListQuery) -> Markup {
        let mut reasons = vec![(String::new(), fields.lang().t("quarantine-any-reason"))];
        reasons.extend(Rejection::CODES.map(|code| (code.to_owned(), reason(fields.lang(), code))));
        html! {
            @if let Some(id) = query.get("device_id") { input type="hidden" name="device_id" value=(id); }
            (fields.select("reason", "quarantine-reason", &reasons))
        }
    }
}

pub struct Row {
    pub kept: Quarantined,
    sender: Option<Device>,
}

impl Row {
    pub async fn of(deps: &Deps, kept: Quarantined) -> Result<Self, CommandError> {
        let sender = devices::by_ids(deps.records.read(), kept.device).await?.into_values().next();
        Ok(Self { kept, sender })
    }
    pub fn sender(&self, view: &View) -> String {
        match (self.kept.device, &self.sender) {
            (None, _) => view.lang.t("quarantine-unknown-sender"),
            (Some(_), Some(device)) => device.name.clone(),
            (Some(id), None) => id.to_string(),
        }
    }
}

pub fn reason(lang: Lang, code: &str) -> String {
    lang.t(&format!("quarantine-reason-{}", code.replace('_', "-")))
}
