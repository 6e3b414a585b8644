//! Accounts and tokens for programs. The pattern of every capability's JSON: plain records in and out, one
//! `#[utoipa::path]` a handler, and an `Api` that `openapi.rs` merges.

use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use domain::{
    id::{AccountId, ApiTokenId},
    people::account::{Account, ApiToken, Role},
};
use serde::{Deserialize, Serialize};
use service::people::accounts::commands::{self, NewAccount, NewToken};
use store::records::people::{accounts, api_tokens};
use utoipa::{OpenApi, ToSchema};
use uuid::Uuid;
use web::{
    deps::Deps,
    json::{Json, Time},
    list::{Items, ListQuery},
    problem::{FieldProblem, Problem},
    request::{Caller, User},
};

#[derive(OpenApi)]
#[openapi(paths(me, list, create, disable, enable, list_tokens, create_token, revoke_token))]
pub struct Api;

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

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAccountJson {
    pub email: String,
    pub name: String,
    pub role: String,
    /// Required for role `customer`, refused for others.
    pub customer_id: Option<Uuid>,
    /// Required for role `technician`, refused for others.
    pub technician_id: Option<Uuid>,
    /// `en`, `es`, `it`, `ro` or `zh`; `en` when absent.
    pub language: Option<String>,
    /// IANA name; `UTC` when absent.
    pub time_zone: Option<String>,
    /// At least ten characters.
    pub password: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TokenJson {
    pub id: Uuid,
    pub name: String,
    pub role: String,
    pub customer_id: Option<Uuid>,
    pub technician_id: Option<Uuid>,
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
            created_at: token.created_at.into(),
            revoked_at: token.revoked_at.map(Time),
            token: None,
        }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTokenJson {
    pub name: String,
    pub role: String,
    pub customer_id: Option<Uuid>,
    pub technician_id: Option<Uuid>,
}

/// Who am I
#[utoipa::path(get, path = "/api/v1/me", tag = "accounts", responses((status = 200, body = Me)))]
pub async fn me(user: User) -> Json<Me> {
    Json(Me {
        name: user.name,
        role: user.actor.role.to_string(),
        customer_id: user.actor.customer.map(Into::into),
        technician_id: user.actor.technician.map(Into::into),
        language: user.lang.code().into(),
        time_zone: user.zone.name().into(),
    })
}

/// List accounts
#[utoipa::path(get, path = "/api/v1/accounts", tag = "accounts",
    params(("limit" = Option<u64>, Query, minimum = 1, maximum = 500), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Items<AccountJson>)))]
pub async fn list(State(deps): State<Deps>, query: ListQuery) -> Result<Json<Items<AccountJson>>, Problem> {
    let page = accounts::list(deps.records.read(), &query.page()?).await?;
    Ok(Json(page.map(AccountJson::from).into()))
}

/// Create an account
#[utoipa::path(post, path = "/api/v1/accounts", tag = "accounts", request_body = NewAccountJson,
    responses((status = 201, body = AccountJson), (status = 422, body = Problem)))]
pub async fn create(
    State(deps): State<Deps>,
    Caller(cx): Caller,
    Json(input): Json<NewAccountJson>,
) -> Result<(StatusCode, Json<AccountJson>), Problem> {
    let input = NewAccount {
        email: input.email,
        name: input.name,
        role: role(&input.role)?,
        customer_id: input.customer_id.map(Into::into),
        technician_id: input.technician_id.map(Into::into),
        language: input.language.unwrap_or_else(|| "en".into()),
        time_zone: input.time_zone.unwrap_or_else(|| "UTC".into()),
        password: input.password,
    };
    let account = commands::create_account(&deps.records, &deps.memory.hashing, cx, input).await?;
    Ok((StatusCode::CREATED, Json(account.into())))
}

/// Stop an account from signing in
#[utoipa::path(post, path = "/api/v1/accounts/{id}/disable", tag = "accounts", params(("id" = Uuid, Path)),
    responses((status = 200, body = AccountJson), (status = 409, body = Problem)))]
pub async fn disable(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    Caller(cx): Caller,
) -> Result<Json<AccountJson>, Problem> {
    Ok(Json(commands::set_enabled(&deps.records, cx, AccountId(id), false).await?.into()))
}

/// Let an account sign in again
#[utoipa::path(post, path = "/api/v1/accounts/{id}/enable", tag = "accounts", params(("id" = Uuid, Path)),
    responses((status = 200, body = AccountJson)))]
pub async fn enable(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    Caller(cx): Caller,
) -> Result<Json<AccountJson>, Problem> {
    Ok(Json(commands::set_enabled(&deps.records, cx, AccountId(id), true).await?.into()))
}

/// List API tokens
#[utoipa::path(get, path = "/api/v1/tokens", tag = "accounts",
    params(("limit" = Option<u64>, Query, minimum = 1, maximum = 500), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Items<TokenJson>)))]
pub async fn list_tokens(
    State(deps): State<Deps>,
    query: ListQuery,
) -> Result<Json<Items<TokenJson>>, Problem> {
    let page = api_tokens::list(deps.records.read(), &query.page()?).await?;
    Ok(Json(page.map(TokenJson::from).into()))
}

/// Create an API token
#[utoipa::path(post, path = "/api/v1/tokens", tag = "accounts", request_body = NewTokenJson,
    responses((status = 201, body = TokenJson), (status = 422, body = Problem)))]
pub async fn create_token(
    State(deps): State<Deps>,
    Caller(cx): Caller,
    Json(input): Json<NewTokenJson>,
) -> Result<(StatusCode, Json<TokenJson>), Problem> {
    let input = NewToken {
        name: input.name,
        role: role(&input.role)?,
        customer_id: input.customer_id.map(Into::into),
        technician_id: input.technician_id.map(Into::into),
    };
    let (token, secret) = commands::create_token(&deps.records, cx, input).await?;
    Ok((StatusCode::CREATED, Json(TokenJson { token: secret, ..token.into() })))
}

/// Revoke an API token
#[utoipa::path(post, path = "/api/v1/tokens/{id}/revoke", tag = "accounts", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
pub async fn revoke_token(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    Caller(cx): Caller,
) -> Result<StatusCode, Problem> {
    commands::revoke_token(&deps.records, cx, ApiTokenId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn role(text: &str) -> Result<Role, Problem> {
    text.parse().map_err(|_| {
        let mut problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "invalid input");
        problem.fields.insert("role".into(), FieldProblem::new("unknown_choice", "There is no such role."));
        problem
    })
}
