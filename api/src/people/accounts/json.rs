//! Accounts and tokens for programs.

use super::{
    ADMIN,
    list::{Accounts, Tokens},
};
use domain::{
    id::{AccountId, ApiTokenId},
    people::account::{Account, ApiToken},
};
use serde::Serialize;
use service::{
    command::{CommandError, Context},
    deps::Deps as Needs,
    people::accounts::commands::{self, NewAccount, NewToken},
};
use utoipa::ToSchema;
use uuid::Uuid;
use web::{
    deps::Deps,
    json::Time,
    list::ListQuery,
    operation::{self, Operation, making, press, press_silently},
    problem::Problem,
    request::User,
    routes::Access,
};

/// Who the request is made as.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    pub name: String,
    /// `admin`, `service_manager`, `dispatcher`, `technician`, `warehouse`, `billing`, `agent`, `customer` or `integration`.
    pub role: String,
    pub customer_id: Option<Uuid>,
    pub technician_id: Option<Uuid>,
    pub language: String,
    pub time_zone: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct AccountJson {
    pub id: Uuid,
    pub email: String,
    pub name: String,
    pub role: String,
    pub customer_id: Option<Uuid>,
    pub technician_id: Option<Uuid>,
    pub language: String,
    pub time_zone: String,
    pub disabled_at: Option<Time>,
    pub created_at: Time,
}

impl From<Account> for AccountJson {
    fn from(account: Account) -> Self {
        Self {
            id: account.id.into(),
            email: account.email,
            name: account.name,
            role: account.role.to_string(),
            customer_id: account.customer_id.map(Into::into),
            technician_id: account.technician_id.map(Into::into),
            language: account.language,
            time_zone: account.time_zone,
            disabled_at: account.disabled_at.map(Time),
            created_at: account.created_at.into(),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TokenJson {
    pub id: Uuid,
    pub name: String,
    pub role: String,
    pub customer_id: Option<Uuid>,
    pub technician_id: Option<Uuid>,
    /// Its commands may name an earlier time with the header `Effective-At`.
    pub may_backdate: bool,
    pub created_at: Time,
    pub revoked_at: Option<Time>,
    /// The secret to send as `Authorization: Bearer`: only in the first answer to its creation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

impl From<ApiToken> for TokenJson {
    fn from(token: ApiToken) -> Self {
        Self {
            id: token.id.into(),
            name: token.name,
            role: token.role.to_string(),
            customer_id: token.customer_id.map(Into::into),
            technician_id: token.technician_id.map(Into::into),
            may_backdate: token.may_backdate,
            created_at: token.created_at.into(),
            revoked_at: token.revoked_at.map(Time),
            token: None,
        }
    }
}

impl From<(ApiToken, Option<String>)> for TokenJson {
    fn from((kept, token): (ApiToken, Option<String>)) -> Self {
        Self { token, ..kept.into() }
    }
}

pub fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/api/v1/me", Access::SignedIn, "Who am I", operation::ask(me))
            .named("me")
            .refusals(&[]),
        Operation::list::<Accounts, AccountJson>("/api/v1/accounts", ADMIN, "List accounts", vec![]),
        Operation::create(
            "/api/v1/accounts",
            ADMIN,
            "Create an account",
            making::<AccountJson, _, _>(create),
        ),
        Operation::post(
            "/api/v1/accounts/{id}/disable",
            ADMIN,
            "Stop an account from signing in",
            press::<AccountJson, _, _>(disable),
        )
        .refusals(&[("409", "")]),
        Operation::post(
            "/api/v1/accounts/{id}/enable",
            ADMIN,
            "Let an account sign in again",
            press::<AccountJson, _, _>(enable),
        ),
        Operation::list::<Tokens, TokenJson>("/api/v1/tokens", ADMIN, "List API tokens", vec![])
            .named("list_tokens"),
        Operation::create(
            "/api/v1/tokens",
            ADMIN,
            "Create an API token",
            making::<TokenJson, _, _>(create_token),
        )
        .named("create_token"),
        Operation::post(
            "/api/v1/tokens/{id}/revoke",
            ADMIN,
            "Revoke an API token",
            press_silently(revoke_token),
        )
        .named("revoke_token")
        .silent()
        .refusals(&[("404", "")]),
    ]
}

async fn me(_: &Deps, user: &User, _: ListQuery) -> Result<Me, Problem> {
    Ok(Me {
        name: user.name.clone(),
        role: user.actor.role.to_string(),
        customer_id: user.actor.customer.map(Into::into),
        technician_id: user.actor.technician.map(Into::into),
        language: user.lang.code().into(),
        time_zone: user.zone.name().into(),
    })
}

pub async fn create(deps: &Needs, cx: Context, input: NewAccount) -> Result<Account, CommandError> {
    commands::create_account(&deps.records, &deps.memory.hashing, cx, input).await
}

async fn disable(deps: &Needs, cx: Context, id: AccountId) -> Result<Account, CommandError> {
    commands::set_enabled(&deps.records, cx, id, false).await
}

async fn enable(deps: &Needs, cx: Context, id: AccountId) -> Result<Account, CommandError> {
    commands::set_enabled(&deps.records, cx, id, true).await
}

async fn create_token(
    deps: &Needs,
    cx: Context,
    input: NewToken,
) -> Result<(ApiToken, Option<String>), CommandError> {
    commands::create_token(&deps.records, cx, input).await
}

async fn revoke_token(deps: &Needs, cx: Context, id: ApiTokenId) -> Result<(), CommandError> {
    commands::revoke_token(&deps.records, cx, id).await
}
