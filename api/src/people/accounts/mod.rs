//! Who may come in: accounts of people, tokens of programs, signing in and out.

pub mod json;
mod list;
mod pages;
mod preferences;
mod sign_in;
#[cfg(test)]
mod tests;

use domain::people::account::Role;
use web::routes::{Access, Routes};

const ADMIN: Access = Access::Roles(&[Role::Admin]);

pub fn routes() -> Routes {
    web::operation::routes(json::operations())
        .get("/sign-in", Access::Public, sign_in::page)
        .post("/sign-in", Access::Public, sign_in::sign_in)
        .post("/sign-out", Access::Public, sign_in::sign_out)
        .post("/language", Access::Public, preferences::language)
        .get("/menu", Access::SignedIn, preferences::menu)
        .get("/account", Access::SignedIn, preferences::page)
        .post("/account", Access::SignedIn, preferences::save)
        .post("/account/password", Access::SignedIn, preferences::change_password)
        .get("/settings/accounts", ADMIN, pages::accounts)
        .get("/settings/accounts/new", ADMIN, pages::new_account)
        .post("/settings/accounts", ADMIN, pages::create_account)
        .post("/settings/accounts/{id}/disable", ADMIN, pages::disable)
        .post("/settings/accounts/{id}/enable", ADMIN, pages::enable)
        .get("/settings/tokens", ADMIN, pages::tokens)
        .post("/settings/tokens", ADMIN, pages::create_token)
        .post("/settings/tokens/{id}/revoke", ADMIN, pages::revoke_token)
}
