//! Rows by what is typed of them, and by their value; both within the reader's scope.

use super::{MAX_SOUGHT, OFFERED};
use crate::{fleet::models::pages::model_name, work::work_orders::view::place_name};
use domain::{
    fleet::{asset::Asset, site::Site},
    id::{AssetId, CustomerId},
    work::stock::Part,
};
use service::command::CommandError;
use std::collections::HashMap;
use store::records::{
    across::choices,
    fleet::{assets, customers, models, sites},
    work::{parts, stock, technicians},
};
use uuid::Uuid;
use web::{
    chooser::{Choice, Found, Kind},
    deps::Deps,
    i18n::Lang,
    request::View,
};

/// One more than is offered tells that there are more.
const READ: u64 = OFFERED as u64 + 1;

/// A row with the names that alone are enough to mean it.
struct Row {
    choice: Choice,
    names: Vec<String>,
}

fn row(value: impl ToString, text: &str, names: &[&str]) -> Row {
    Row { choice: Choice::new(value, text), names: names.iter().map(|name| name.to_lowercase()).collect() }
}

/// What is called like the words of `typed`, or has such a number; of assets only those of `customer`, if it is given.
pub async fn search(
    deps: &Deps,
    view: &View,
    kind: Kind,
    customer: Option<CustomerId>,
    typed: &str,
) -> Result<Found, CommandError> {
    let typed: String = typed.trim().chars().take(MAX_SOUGHT).collect();
    // What a field shows can be typed as well.
    let words = typed.replace('·', " ");
    let (db, scope, lang) = (deps.records.read(), view.scope(), view.lang);
    let rows = match kind {
        Kind::Assets => asset_rows(deps, choices::assets(db, scope, customer, &words, READ).await?).await?,
        Kind::Sites => site_rows(deps, choices::sites(db, scope, &words, READ).await?).await?,
        Kind::Customers => {
            let found = choices::customers(db, scope, &words, READ).await?;
            found.iter().map(|customer| row(customer.id, &customer.name, &[&customer.name])).collect()
        }
        Kind::Models => {
            let found = choices::models(db, scope, &words, READ).await?;
            found.iter().map(|model| row(model.id, &model_name(lang, model), &[&model.name])).collect()
        }
        Kind::Parts => {
            let found = choices::parts(db, &words, READ).await?;
            found
                .iter()
                .map(|part| row(part.id, &part_text(lang, part), &[&part.number, &part.name]))
                .collect()
        }
        Kind::Technicians => {
            let all = technicians::active(db).await?;
            containing(all.iter().map(|person| row(person.id, &person.name, &[&person.name])), &words)
        }
        Kind::Places => {
            let all = stock::locations(db, scope).await?;
            containing(
                all.iter().map(|place| row(place.id, &place_name(lang, place), &[&place.name])),
                &words,
            )
        }
        Kind::RuleScopes => rule_scopes(deps, view, &words).await?,
    };
    Ok(offer(rows, &typed))
}

fn offer(mut rows: Vec<Row>, typed: &str) -> Found {
    let typed = typed.to_lowercase();
    let is_called_so = |row: &Row| row.names.contains(&typed) || row.choice.text.to_lowercase() == typed;
    rows.sort_by_key(|row| !is_called_so(row));
    let exact = rows.iter().filter(|row| is_called_so(row)).count();
    let more = rows.len() > OFFERED;
    rows.truncate(OFFERED);
    Found { choices: rows.into_iter().map(|row| row.choice).collect(), exact, more }
}

/// Rows of which there are few enough to look at each, in whose text every word is found.
fn containing(rows: impl Iterator<Item = Row>, words: &str) -> Vec<Row> {
    let words: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
    let contains = |row: &Row| {
        let text = row.choice.text.to_lowercase();
        words.iter().all(|word| text.contains(word) || row.names.iter().any(|name| name.contains(word)))
    };
    rows.filter(contains).collect()
}

/// The row that `value` stands for, also one that is no longer offered.
pub async fn by_value(
    deps: &Deps,
    view: &View,
    kind: Kind,
    value: &str,
) -> Result<Option<Choice>, CommandError> {
    let (db, scope, lang) = (deps.records.read(), view.scope(), view.lang);
    if kind == Kind::RuleScopes {
        return rule_scope(deps, view, value).await;
    }
    let Ok(id) = value.parse::<Uuid>() else { return Ok(None) };
    Ok(match kind {
        Kind::Assets => by_ids(deps, view, &[AssetId(id)]).await?.pop(),
        Kind::Sites => match sites::find(db, scope, id.into()).await? {
            Some(site) => site_rows(deps, vec![site]).await?.pop().map(|row| row.choice),
            None => None,
        },
        Kind::Customers => {
            customers::find(db, scope, id.into()).await?.map(|customer| Choice::new(id, &customer.name))
        }
        Kind::Models => {
            models::find(db, scope, id.into()).await?.map(|m| Choice::new(id, &model_name(lang, &m)))
        }
        Kind::Parts => parts::get(db, id.into()).await?.map(|part| Choice::new(id, &part_text(lang, &part))),
        Kind::Technicians => {
            technicians::get(db, id.into()).await?.map(|person| Choice::new(id, &person.name))
        }
        Kind::Places => {
            let place = stock::find_location(db, scope, id.into()).await?;
            place.map(|place| Choice::new(id, &place_name(lang, &place)))
        }
        Kind::RuleScopes => None,
    })
}

/// Assets asked for in one statement.
const ASKED_AT_ONCE: usize = 1000;

/// Those of `ids` that the reader sees, by name.
pub async fn by_ids(deps: &Deps, view: &View, ids: &[AssetId]) -> Result<Vec<Choice>, CommandError> {
    let mut found: Vec<Asset> = Vec::new();
    for some in ids.chunks(ASKED_AT_ONCE) {
        let rows = assets::find_by_ids(deps.records.read(), view.scope(), some.iter().copied()).await?;
        found.extend(rows.into_values());
    }
    found.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
    Ok(asset_rows(deps, found).await?.into_iter().map(|row| row.choice).collect())
}

async fn asset_rows(deps: &Deps, found: Vec<Asset>) -> Result<Vec<Row>, CommandError> {
    let mut ids: Vec<CustomerId> = found.iter().map(|asset| asset.customer_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut owners = HashMap::new();
    for some in ids.chunks(ASKED_AT_ONCE) {
        owners.extend(customers::by_ids(deps.records.read(), some.iter().copied()).await?);
    }
    let text = |asset: &Asset| {
        let owner = owners.get(&asset.customer_id).map_or("", |customer| &customer.name);
        let parts = [asset.name.as_str(), owner, &asset.serial_number];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
    };
    Ok(found.iter().map(|asset| row(asset.id, &text(asset), &[&asset.name, &asset.serial_number])).collect())
}

async fn site_rows(deps: &Deps, found: Vec<Site>) -> Result<Vec<Row>, CommandError> {
    let owners = customers::by_ids(deps.records.read(), found.iter().map(|site| site.customer_id)).await?;
    let text = |site: &Site| match owners.get(&site.customer_id) {
        Some(owner) if owner.name != site.name => format!("{} · {}", site.name, owner.name),
        _ => site.name.clone(),
    };
    Ok(found.iter().map(|site| row(site.id, &text(site), &[&site.name])).collect())
}

fn part_text(lang: Lang, part: &Part) -> String {
    format!("{} · {}", part.number, lang.phrase(&part.name))
}

/// All, then types of equipment, models and assets.
async fn rule_scopes(deps: &Deps, view: &View, words: &str) -> Result<Vec<Row>, CommandError> {
    let (db, scope, lang) = (deps.records.read(), view.scope(), view.lang);
    let all = lang.t("rules-scope-all");
    let mut rows = vec![row("all", &all, &[&all])];
    for kind in models::equipment_types(db, scope).await? {
        let text = lang.equipment_type(&kind);
        rows.push(row(format!("type:{kind}"), &text, &[&text, &kind]));
    }
    let mut rows = containing(rows.into_iter(), words);
    let types = choices::models(db, scope, words, READ).await?;
    rows.extend(types.iter().map(|m| row(format!("model:{}", m.id), &model_name(lang, m), &[&m.name])));
    let machines = asset_rows(deps, choices::assets(db, scope, None, words, READ).await?).await?;
    rows.extend(machines.into_iter().map(|mut row| {
        row.choice.value = format!("asset:{}", row.choice.value);
        row
    }));
    Ok(rows)
}

async fn rule_scope(deps: &Deps, view: &View, value: &str) -> Result<Option<Choice>, CommandError> {
    let lang = view.lang;
    let Some((kind, of)) = value.split_once(':') else {
        return Ok((value == "all").then(|| Choice::new(value, &lang.t("rules-scope-all"))));
    };
    let row = match kind {
        "type" => return Ok(Some(Choice::new(value, &lang.equipment_type(of)))),
        "model" => Box::pin(by_value(deps, view, Kind::Models, of)).await?,
        "asset" => Box::pin(by_value(deps, view, Kind::Assets, of)).await?,
        _ => None,
    };
    Ok(row.map(|row| Choice::new(value, &row.text)))
}
