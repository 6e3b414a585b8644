//! Corrections for people: what was corrected of a device, and the form.

use super::{Made, list, sentence};
use crate::fleet::{customers::pages::may_write, models::metrics::MetricNames};
use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use domain::{clock::from_micros, fleet::device::Device, id::DeviceId, telemetry::Metric};
use maud::{Markup, html};
use service::{command::CommandError, scope, telemetry::samples::corrections};
use store::records::Paged;
use uuid::Uuid;
use web::{
    deps::Deps,
    form::Form,
    i18n::Lang,
    inputs::{Inputs, area, degrees, instant, select},
    layout,
    list::ListQuery,
    request::{Caller, View},
    response::{PageResult, see_other},
    table::{self, Column},
    time::rfc3339,
};

pub async fn show(
    State(deps): State<Deps>,
    view: View,
    Path(id): Path<Uuid>,
    query: ListQuery,
) -> PageResult {
    let page = Page::load(&deps, &view, DeviceId(id), query).await?;
    Ok(page.draw(&view, &Form::filled([("action", "delete")])).into_response())
}

pub async fn correct(
    State(deps): State<Deps>,
    view: View,
    Path(id): Path<Uuid>,
    Caller(cx): Caller,
    query: ListQuery,
    form: Form,
) -> PageResult {
    let page = Page::load(&deps, &view, DeviceId(id), query).await?;
    let made = match page.inputs(view.lang).read(&form, &view) {
        Ok(input) => corrections::correct(&deps, form.context(cx), DeviceId(id), input).await,
        Err(error) => Err(error),
    };
    match made {
        Ok(_) => Ok(see_other(&format!("/devices/{id}/corrections"))),
        Err(error) => form.again(error, |form| page.draw(&view, form)),
    }
}

struct Page {
    device: Device,
    metrics: Vec<Metric>,
    names: MetricNames,
    made: Paged<Made>,
    query: ListQuery,
}

impl Page {
    async fn load(deps: &Deps, view: &View, id: DeviceId, query: ListQuery) -> Result<Self, CommandError> {
        let db = deps.records.read();
        let device = scope::device(db, view.scope(), id).await?;
        Ok(Self {
            metrics: deps.telemetry.metrics(device.id).await?,
            names: MetricNames::of_devices(db, std::slice::from_ref(&device)).await?,
            made: list(db, (Some(device.id), None), &query.page()?).await?,
            query,
            device,
        })
    }

    fn inputs(&self, lang: Lang) -> Inputs {
        let metric = |metric: &Metric| (metric.to_string(), self.names.name(lang, metric));
        let actions = ["delete", "adjust"];
        let action = |word: &str| (word.to_owned(), lang.t(&format!("corrections-action-{word}")));
        Inputs::new([
            select("metric", "corrections-metric", self.metrics.iter().map(metric).collect()),
            instant("from", "corrections-from").required(),
            instant("to", "corrections-to").required(),
            select("action", "corrections-action", actions.map(action).into()),
            degrees("multiply", "corrections-multiply").hint("corrections-adjust-hint"),
            degrees("add", "corrections-add"),
            area("note", "corrections-note", "2").required().most(corrections::MAX_NOTE),
        ])
    }

    fn draw(&self, view: &View, form: &Form) -> Markup {
        let (lang, device) = (view.lang, &self.device);
        let title = lang.t("corrections-title");
        let row = |made: &Made| {
            let at = |us| lang.date_time(from_micros(us), view.zone);
            html! { tr {
                td { time datetime=(rfc3339(made.at)) { (lang.date_time(made.at, view.zone)) } }
                td { (sentence(lang, &self.names, made)) }
                td { (at(made.what.from_us)) " – " (at(made.what.to_us)) }
            } }
        };
        let rows: Vec<_> = self.made.items.iter().map(row).collect();
        let columns = [
            Column::text("corrections-at"),
            Column::text("corrections-what"),
            Column::text("corrections-period"),
        ];
        layout::page(
            view,
            &format!("{title} · {}", device.name),
            &html! {
                div.top {
                    div {
                        p.crumb { a href="/devices" { (lang.t("devices-title")) } " / " a href={ "/devices/" (device.id) } { (device.name) } }
                        h1 { (title) }
                        p.sub { (lang.t("corrections-intro")) }
                    }
                }
                div.cols.wide {
                    div.stack {
                        (table::table(lang, "corrections-title", &columns, &rows, "corrections-none"))
                        (table::next_page(lang, &self.query, self.made.next_cursor.as_deref()))
                    }
                    @if may_write(view) && !self.metrics.is_empty() {
                        div.stack {
                            form.card.pad.stack method="post" action={ "/devices/" (device.id) "/corrections" } {
                                h2 { (lang.t("corrections-new")) }
                                (self.inputs(lang).draw(form.fields(lang)))
                                button.btn type="submit" { (lang.t("corrections-do")) }
                            }
                        }
                    }
                }
            },
        )
    }
}
