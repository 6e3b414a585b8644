//! Customers for programs.

use super::list::Customers;
use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use domain::{
    fleet::customer::{Buyer, Customer},
    id::CustomerId,
    people::party::Address,
};
use serde::Serialize;
use service::{
    fleet::customers::commands::{self, CustomerInput},
    scope,
};
use uuid::Uuid;
use web::{
    deps::Deps,
    json::Json,
    list::{Items, ListQuery},
    listing,
    problem::Problem,
    request::{Caller, User},
    time::rfc3339,
};

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CustomerView {
    id: Uuid,
    name: String,
    email: Option<String>,
    phone: Option<String>,
    tax_id: Option<String>,
    billing_address: Address,
    buyer: Buyer,
    currency: String,
    demo: bool,
    created_at: String,
}

impl From<Customer> for CustomerView {
    fn from(customer: Customer) -> Self {
        Self {
            id: customer.id.into(),
            name: customer.name,
            email: customer.email,
            phone: customer.phone,
            tax_id: customer.tax_id,
            billing_address: customer.billing_address,
            buyer: customer.buyer,
            currency: customer.currency.to_string(),
            demo: customer.demo,
            created_at: rfc3339(customer.created_at),
        }
    }
}

/// Customers, by name.
#[utoipa::path(get, path = "/api/v1/customers", tag = "customers",
    params(("q" = Option<String>, Query, description = "Text in name, e-mail, phone or tax id"), ("limit" = Option<u64>, Query, minimum = 1, maximum = 500), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Items<CustomerView>)))]
pub async fn list(
    State(deps): State<Deps>,
    user: User,
    query: ListQuery,
) -> Result<Json<Items<CustomerView>>, Problem> {
    listing::json::<Customers, _>(&deps, &user, &query).await
}

/// One customer.
#[utoipa::path(get, path = "/api/v1/customers/{id}", tag = "customers", params(("id" = Uuid, Path)),
    responses((status = 200, body = CustomerView), (status = 404, body = Problem)))]
pub async fn get(
    State(deps): State<Deps>,
    user: User,
    Path(id): Path<Uuid>,
) -> Result<Json<CustomerView>, Problem> {
    Ok(Json(scope::customer(deps.records.read(), user.scope(), CustomerId(id)).await?.into()))
}

/// Adds a customer.
#[utoipa::path(post, path = "/api/v1/customers", tag = "customers", request_body = CustomerInput,
    responses((status = 201, body = CustomerView), (status = 422, body = Problem)))]
pub async fn create(
    State(deps): State<Deps>,
    Caller(cx): Caller,
    Json(input): Json<CustomerInput>,
) -> Result<(StatusCode, Json<CustomerView>), Problem> {
    let customer = commands::create(&deps, cx, input).await?;
    Ok((StatusCode::CREATED, Json(customer.into())))
}

/// Changes a customer.
#[utoipa::path(put, path = "/api/v1/customers/{id}", tag = "customers", params(("id" = Uuid, Path)), request_body = CustomerInput,
    responses((status = 200, body = CustomerView), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn update(
    State(deps): State<Deps>,
    Path(id): Path<Uuid>,
    Caller(cx): Caller,
    Json(input): Json<CustomerInput>,
) -> Result<Json<CustomerView>, Problem> {
    Ok(Json(commands::update(&deps, cx, CustomerId(id), input).await?.into()))
}

/// What the OpenAPI document says of this capability.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list, get, create, update))]
pub struct Api;
