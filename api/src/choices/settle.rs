//! What the words of a form mean: each field of a choice gets the row it stands for with its name, or what may be
//! meant.

use super::find;
use domain::id::{AssetId, CustomerId};
use service::command::CommandError;
use std::collections::HashSet;
use uuid::Uuid;
use web::{
    chooser::{Choice, Kind, another, companions},
    deps::Deps,
    form::Form,
    list::ListQuery,
    request::View,
};

/// Looks up what is chosen in the fields `asked`. A form that is drawn gets the names of its rows; one that was sent
/// gets the row that is meant by what was typed, if there is exactly one.
pub async fn settle(
    deps: &Deps,
    view: &View,
    mut form: Form,
    asked: &[(&str, Kind)],
) -> Result<Form, CommandError> {
    for (name, kind) in asked {
        form = one(deps, view, form, name, *kind).await?;
    }
    Ok(form)
}

async fn one(deps: &Deps, view: &View, form: Form, name: &str, kind: Kind) -> Result<Form, CommandError> {
    let (typed, sought) = (form.value(name).to_owned(), form.sought(name).to_owned());
    let form = form.without_choice(name);
    if typed.is_empty() {
        return Ok(form);
    }
    if let Some(choice) = find::by_value(deps, view, kind, &sought).await? {
        return Ok(form.choosing(name, &choice));
    }
    // A row that is not there, or not for this reader: the command says so.
    if sought.parse::<Uuid>().is_ok() {
        return Ok(form.with(name, &sought));
    }
    let found = find::search(deps, view, kind, None, &sought).await?;
    Ok(match found.only() {
        Some(choice) => form.choosing(name, choice),
        None => form.offering(name, found),
    })
}

/// The same for a field of several assets, of `customer` alone if it is known.
pub async fn settle_some(
    deps: &Deps,
    view: &View,
    form: Form,
    name: &str,
    customer: Option<CustomerId>,
) -> Result<Form, CommandError> {
    let ids: Vec<AssetId> = form.all(name).into_iter().filter_map(|id| id.parse().ok()).collect();
    let known = find::by_ids(deps, view, &ids).await?;
    let form = in_order(form, name, known);
    let typed = form.value(&another(name)).to_owned();
    if typed.is_empty() {
        return Ok(form);
    }
    let found = find::search(deps, view, Kind::Assets, customer, &typed).await?;
    Ok(match found.only() {
        Some(choice) => form.choosing_some(name, vec![choice.clone()]).without(&another(name)),
        None => form.offering(name, found),
    })
}

/// What is known by name first, then what is not known: the command says what is wrong with it.
fn in_order(form: Form, name: &str, known: Vec<Choice>) -> Form {
    let values: HashSet<&str> = known.iter().map(|choice| choice.value.as_str()).collect();
    let others: Vec<String> =
        form.all(name).into_iter().filter(|value| !values.contains(value)).map(Into::into).collect();
    let form = form.without(name).choosing_some(name, known);
    let others = others.into_iter().map(|value| Choice { text: value.clone(), value }).collect();
    form.choosing_some(name, others)
}

/// The filters of a list in which rows are chosen.
pub enum Filters {
    /// The filter form was sent without a script: the list is at this address.
    At(String),
    /// The form to draw, and what narrows the list: without the words that mean no row or several.
    Here(Form, ListQuery),
}

/// Reads the filters `names` of a list, of which `asked` are choices.
pub async fn filters(
    deps: &Deps,
    view: &View,
    query: &ListQuery,
    names: &[&str],
    asked: &[(&str, Kind)],
) -> Result<Filters, CommandError> {
    let sent = |name: &&str| query.get(name).map(|value| ((*name).to_owned(), value.to_owned()));
    let all: Vec<String> = asked.iter().flat_map(|(name, _)| companions(name)).collect();
    let companions: Vec<&str> = all.iter().map(String::as_str).collect();
    let came_from_form = companions.iter().any(|name| query.has(name));
    let values: Vec<_> = names.iter().chain(&companions).filter_map(sent).collect();
    let form = settle(deps, view, Form::filled(values), asked).await?;
    if !came_from_form {
        return Ok(Filters::Here(form, query.clone()));
    }
    let open: Vec<&str> =
        asked.iter().map(|(name, _)| *name).filter(|name| form.offered(name).is_some()).collect();
    let rest = query.dropping(&companions).dropping(&open);
    if !open.is_empty() {
        return Ok(Filters::Here(form, rest));
    }
    let plain = asked.iter().fold(rest, |query, (name, _)| query.with(name, form.kept(name)));
    Ok(Filters::At(plain.link("cursor", None)))
}
