//! An indicator by model, technician and territory.

use super::figure::text;
use crate::fleet::models::pages::model_name;
use domain::{
    insight::kpi::{Basis, Definition},
    people::organisation::Organisation,
};
use maud::{Markup, html};
use service::{
    command::CommandError,
    insight::kpis::queries::{self, Days},
};
use std::collections::HashMap;
use store::records::{
    Db,
    fleet::{models, territories},
    insight::kpi_facts::{self, By},
    work::technicians,
};
use uuid::Uuid;
use web::{deps::Deps, i18n::Lang, request::View};

/// What the things of a breakdown are called.
async fn names(
    db: &Db,
    lang: Lang,
    by: By,
    ids: impl Iterator<Item = Uuid>,
) -> Result<HashMap<Uuid, String>, CommandError> {
    Ok(match by {
        By::Model => {
            let found = models::by_ids(db, ids.map(Into::into)).await?;
            found.iter().map(|(id, model)| (Uuid::from(*id), model_name(lang, model))).collect()
        }
        By::Technician => {
            let found = technicians::by_ids(db, ids.map(Into::into)).await?;
            found.into_iter().map(|person| (Uuid::from(person.id), person.name)).collect()
        }
        By::Territory | By::Asset => {
            territories::all(db).await?.into_iter().map(|area| (Uuid::from(area.id), area.name)).collect()
        }
    })
}

/// By model, technician and territory, where the facts know them.
pub async fn breakdown(
    deps: &Deps,
    view: &View,
    definition: &'static Definition,
    organisation: &Organisation,
    days: Days,
) -> Result<Markup, CommandError> {
    let (lang, db) = (view.lang, deps.records.read());
    let known = days.known(deps.now());
    let Basis::Facts(of) = definition.basis else {
        return Ok(html! { p.hint { (lang.t("kpis-no-breakdown")) } });
    };
    let mut parts = Vec::new();
    for (by, label) in [
        (By::Model, "kpis-by-model"),
        (By::Technician, "kpis-by-technician"),
        (By::Territory, "kpis-by-territory"),
    ] {
        let sums = kpi_facts::by(db, definition.code, known.from, known.to, by).await?;
        if sums.is_empty() {
            continue;
        }
        let shown = &sums[..sums.len().min(12)];
        let names = names(db, lang, by, shown.iter().map(|(id, _)| *id)).await?;
        let mut rows = Vec::with_capacity(shown.len());
        for (id, sum) in shown {
            let name = names.get(id).map_or("", String::as_str);
            let (unit, value) = (of.alone)(definition.unit, queries::counted(*sum));
            let (value, unit) = text(lang, unit, organisation.currency, value);
            rows.push(
                html! { div { dt { (name) } dd.n { (value) " " (unit) " " small { "(" (sum.cases) ")" } } } },
            );
        }
        parts.push(html! { h3 { (lang.t(label)) } dl.meter.plain { @for row in rows { (row) } } });
    }
    Ok(html! { @if parts.is_empty() { p.hint { (lang.t("kpis-none")) } } @for part in parts { (part) } })
}
