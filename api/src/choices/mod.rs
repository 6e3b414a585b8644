//! Choosing a row of however many there are: what is offered while somebody types, and what a form's words mean.
//! The field itself is drawn by [`web::chooser`].
//!
//! ```ignore
//! // before a form is drawn or read:
//! let form = choices::settle(&deps, &view, form, &[("asset_id", Kind::Assets)]).await?;
//! // in read
//! let asset_id: Option<AssetId> = check.parse("asset_id", "form-choice");
//! // in draw
//! (f.choose("asset_id", "service-asset", Kind::Assets).required())
//! ```

mod find;
mod settle;
#[cfg(test)]
mod tests;

pub use settle::{Filters, filters, settle, settle_some};

use axum::extract::State;
use domain::{
    id::CustomerId,
    people::account::Role::{
        self, Admin, Agent, Billing, Customer, Dispatcher, Integration, ServiceManager, Warehouse,
    },
};
use serde::Serialize;
use web::{
    chooser::{Choice, Kind},
    deps::Deps,
    json::Json,
    list::ListQuery,
    request::View,
    response::PageError,
    routes::{Access, Routes},
};

/// Rows offered at once; whoever looks for another types on.
const OFFERED: usize = 20;
/// Longer than any name.
const MAX_SOUGHT: usize = 300;

/// Whoever may fill in a form in which such a row is chosen.
fn choosers(kind: Kind) -> &'static [Role] {
    match kind {
        Kind::Assets => &[Admin, ServiceManager, Dispatcher, Agent, Billing, Integration],
        Kind::Customers => &[Admin, ServiceManager, Billing, Integration],
        Kind::Sites | Kind::Models => {
            &[Admin, ServiceManager, Dispatcher, Agent, Billing, Warehouse, Integration, Customer]
        }
        Kind::Technicians => &[Admin, ServiceManager, Dispatcher],
        Kind::Parts => &[Admin, ServiceManager, Dispatcher, Billing],
        Kind::Places => &[Admin, ServiceManager, Dispatcher, Billing, Warehouse],
        Kind::RuleScopes => &[Admin, ServiceManager],
    }
}

pub fn routes() -> Routes {
    Kind::ALL.into_iter().fold(Routes::new(), |routes, kind| {
        let answer = move |deps: State<Deps>, view: View, query: ListQuery| answer(kind, deps, view, query);
        routes.get(kind.path(), Access::Roles(choosers(kind)), answer)
    })
}

#[derive(Debug, Serialize)]
struct Answer {
    items: Vec<Choice>,
    /// How many there are and what to do if it is not among them, in the reader's language.
    note: String,
}

/// `?q=` what was typed so far; `customer_id=` narrows assets to a customer's.
async fn answer(
    kind: Kind,
    State(deps): State<Deps>,
    view: View,
    query: ListQuery,
) -> Result<Json<Answer>, PageError> {
    let customer = query.id::<CustomerId>("customer_id")?;
    let found = find::search(&deps, &view, kind, customer, query.get("q").unwrap_or("")).await?;
    let lang = view.lang;
    let note = match (found.choices.len(), found.more) {
        (0, _) => lang.t("choices-none"),
        (_, true) => lang.t("choices-more"),
        (n, false) => lang.count("choices-count", n as i64),
    };
    Ok(Json(Answer { items: found.choices, note }))
}
