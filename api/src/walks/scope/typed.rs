//! What people may type: every field of every form of every page with a text that has no end, and with numbers and
//! days that nobody means. The forms have the bounds of the bodies, because both stand before one command.

use super::rows::{Pair, Rows};
use crate::{
    testing::{Answer, Client, TestApp},
    walks::scope::asks::concrete,
};
use axum::http::Method;
use domain::people::account::Role;
use std::collections::BTreeSet;
use web::{
    form::KEY,
    request::is_program,
    routes::Access,
    testing::{PageForm, forms},
};

/// Longer than any text that a person writes here.
const LONG: usize = 10_001;
/// Questions, passwords that are compared and not kept, and the field from which a list is added to.
const NOT_KEPT: [&str; 4] = ["q", "password", "again", "asset_ids_add"];

/// What makes a form of `page` complete: what it shows, and something where it shows nothing.
fn filled(form: &PageForm, rows: &Rows) -> Vec<(String, String)> {
    let kind = |name: &str| form.typed.iter().find(|(typed, _)| typed == name).map(|(_, kind)| kind.as_str());
    let fields = form.fields.iter().filter(|(name, _)| name != KEY);
    fields
        .map(|(name, value)| {
            let something = match (name.as_str(), kind(name)) {
                ("stands_at", _) => "new".into(),
                ("resolution", _) => "remote".into(),
                (name, _) if name.starts_with("extent-") => "quantity".into(),
                ("asset" | "site", _) if form.action == "/connect" => String::new(),
                _ if !value.is_empty() => value.clone(),
                ("asset_id" | "asset", _) => rows.asset.clone(),
                ("customer_id", _) => rows.customer.clone(),
                ("site_id" | "site", _) => rows.site.clone(),
                ("model_id", _) => rows.model.clone(),
                ("technician_id", _) => rows.technician.clone(),
                ("part" | "part_id", _) => rows.part.clone(),
                ("stock_location_id" | "to" | "location_id", _) => rows.shelf.clone(),
                ("number", _) => "N-2".into(),
                ("country", _) => "ES".into(),
                ("scheme", _) => "9920".into(),
                ("iban", _) => "ES91 2100 0418 4502 0005 1332".into(),
                ("bic", _) => "CAIXESBB".into(),
                (_, Some("email")) => "someone@example.com".into(),
                (_, Some("date")) => "2026-06-20".into(),
                (_, Some("datetime-local")) => "2026-06-20T10:00".into(),
                (_, Some("password")) => "a long password".into(),
                (_, Some(_)) => "1".into(),
                (_, None) => value.clone(),
            };
            (name.clone(), something)
        })
        .collect()
}

async fn with(
    client: &Client<'_>,
    action: &str,
    fields: &[(String, String)],
    name: &str,
    value: &str,
) -> Answer {
    let fields: Vec<_> = fields
        .iter()
        .map(|(field, kept)| (field.as_str(), if field == name { value } else { kept.as_str() }))
        .collect();
    client.post_form(action, &fields).await
}

/// Whether the page that came back marks the field `name`. What a line is credited by is told above all of them.
fn marks(answer: &Answer, name: &str) -> bool {
    if name.starts_with("value-") {
        return true;
    }
    let text = answer.text();
    text.split("id=\"e-").skip(1).filter_map(|rest| rest.split('"').next()).any(|id| id.ends_with(name))
}

#[tokio::test]
async fn no_form_takes_a_text_without_end_or_falls_over_a_number() {
    let app = TestApp::new().await;
    let pair = Pair::new(&app).await;
    let routes = crate::routes();
    let (mut seen, mut wrong) = (BTreeSet::new(), Vec::new());
    for endpoint in routes.endpoints().iter().filter(|e| e.method == Method::GET && !is_program(e.path)) {
        let role = match endpoint.access {
            Access::Public => continue,
            Access::SignedIn => Role::Admin,
            Access::Roles(roles) if roles.contains(&Role::Admin) => Role::Admin,
            Access::Roles(roles) => roles[0],
        };
        let reader = app.as_role(role);
        let place = concrete(endpoint.path, &pair.ours).replace(&pair.ours.credited, &pair.ours.invoice);
        let page = reader.get(&place).await;
        if page.status != 200 {
            continue;
        }
        let kept = |form: &PageForm| form.value(KEY).is_some();
        let fields = forms(&page.text()).into_iter().filter(kept).flat_map(|form| {
            let typed = form.typed.into_iter().filter(|(name, _)| !NOT_KEPT.contains(&name.as_str()));
            typed.map(|(name, _)| (form.action.clone(), name)).collect::<Vec<_>>()
        });
        for (action, name) in fields.collect::<Vec<_>>() {
            // As it is now: what is not refused may have moved it on.
            let page = reader.get(&place).await.text();
            let Some(form) = forms(&page).into_iter().find(|form| form.action == action) else { continue };
            if !seen.insert((action.clone(), name.clone())) {
                continue;
            }
            let fields = filled(&form, &pair.ours);
            let answer = with(&reader, &action, &fields, &name, &"a".repeat(LONG)).await;
            if !(400..500).contains(&answer.status) || !marks(&answer, &name) {
                wrong.push(format!("{action} {name} too long: {}", answer.status));
            }
            for absurd in ["99999999999999999999999999999", "-1", "9999-12-31", "9999-12-31T10:00"] {
                let answer = with(&reader, &action, &fields, &name, absurd).await;
                if answer.status >= 500 {
                    wrong.push(format!("{action} {name} = {absurd}: {}", answer.status));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), seen.len(), wrong.join("\n"));
    assert!(seen.len() > 100, "the walk tried almost nothing: {}", seen.len());
}
