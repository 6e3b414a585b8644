//! The document of the JSON API, OpenAPI 3.1, and the page that shows it.
//!
//! Each capability's `json.rs` has `#[utoipa::path]` on its handlers (with the full path, `/api/v1/...`) and a
//! `#[derive(OpenApi)] #[openapi(paths(...))] pub struct Api`; add it to [`document`]. Schemas follow from the paths.
//! Tests hold that the document and `routes()` name the same endpoints, and that `docs/openapi.json` is this document
//! (regenerate it with `UPDATE_OPENAPI=1 cargo test -p api openapi` or `mainstay openapi`).

use crate::{
    condition::{alerts, reliability, rules},
    fleet::{assets, customers, devices, models, profiles, sites, territories},
    insight::kpis,
    money::{billing, contracts},
    operation::jobs,
    people::{accounts, settings},
    screens::dispatch,
    telemetry::{corrections, quarantine, samples},
    work::{parts, tickets, visits, work_orders},
};
use axum::{
    extract::Path,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use std::sync::Arc;
use utoipa::{
    Modify, OpenApi,
    openapi::{
        ContentBuilder, Ref, RefOr, ResponseBuilder,
        path::{Parameter, ParameterIn},
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};
use utoipa_swagger_ui::{Config, serve};
use web::{
    operation,
    problem::Problem,
    routes::{Access, Routes},
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Mainstay",
        description = "IoT telemetry and predictive maintenance for after-sales service. Errors are \
            `application/problem+json` with a stable `code`. Every POST takes an `Idempotency-Key`: the same key and \
            body answer the same result, and another body answers 409. With a token that \
            may backdate, the header `Effective-At` says when a command happened. Times are RFC 3339 UTC. A query parameter \
            that cannot be read, is unknown, or is sent twice where one is meant answers 400 and is named in `fields`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(Problem)),
    security(("bearer" = [])),
    modifiers(&Bearer)
)]
struct Root;

struct Bearer;
impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
        document.components.get_or_insert_default().add_security_scheme("bearer", scheme);
    }
}

/// The whole document.
pub fn document() -> utoipa::openapi::OpenApi {
    let mut document = Root::openapi();
    for part in [
        operation::document("accounts", &accounts::json::operations()),
        operation::document("alerts", &alerts::json::operations()),
        alerts::actions::actions().document(),
        reliability::json::Api::openapi(),
        rules::json::Api::openapi(),
        operation::document("rules", &rules::json::operations()),
        rules::actions::actions().document(),
        operation::document("assets", &assets::json::operations()),
        operation::document("invoices", &billing::json::operations()),
        billing::actions::actions().document(),
        operation::document("payments", &billing::json::payment_operations()),
        operation::document("contracts", &contracts::json::operations()),
        operation::document("customers", &customers::json::operations()),
        operation::document("devices", &devices::json::operations()),
        operation::document("dispatch", &dispatch::json::operations()),
        jobs::json::Api::openapi(),
        kpis::json::Api::openapi(),
        kpis::rebuild::Api::openapi(),
        operation::document("models", &models::json::operations()),
        operation::document("telemetry", &corrections::json::operations()),
        operation::document("profiles", &profiles::json::operations()),
        parts::json::Api::openapi(),
        operation::document("parts", &parts::json::operations()),
        operation::document("quarantine", &quarantine::json::operations()),
        quarantine::actions::actions().document(),
        settings::json::Api::openapi(),
        operation::document("sites", &sites::json::operations()),
        operation::document("territories", &territories::json::operations()),
        samples::json::Api::openapi(),
        samples::fleet::Api::openapi(),
        samples::twin::Api::openapi(),
        operation::document("tickets", &tickets::json::operations()),
        tickets::actions::actions().document(),
        operation::document("visits", &visits::operations::operations()),
        operation::document("work orders", &work_orders::json::operations()),
        work_orders::actions::actions().document(),
    ] {
        document.merge(part);
    }
    with_refused_queries(document)
}

/// The whole document for those who look things up in it.
pub fn as_json() -> serde_json::Value {
    serde_json::to_value(document()).unwrap_or_default()
}

/// What every query that cannot be read is answered.
fn with_refused_queries(mut document: utoipa::openapi::OpenApi) -> utoipa::openapi::OpenApi {
    for item in document.paths.paths.values_mut() {
        let Some(get) = &mut item.get else { continue };
        let asks = |parameter: &RefOr<Parameter>| {
            matches!(parameter, RefOr::T(Parameter { parameter_in: ParameterIn::Query, .. }))
        };
        if get.parameters.iter().flatten().any(asks) {
            let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
            let refused = ResponseBuilder::new()
                .description("`invalid_query` or `invalid_cursor`; `fields` names the parameter")
                .content("application/json", content)
                .build();
            get.responses.responses.insert("400".into(), refused.into());
        }
    }
    document
}

pub fn routes() -> Routes {
    Routes::new()
        .get("/api/v1/openapi.json", Access::Public, json)
        .get("/api/docs", Access::Public, || async { Redirect::permanent("/api/docs/") })
        .get("/api/docs/", Access::Public, || swagger(Path(String::new())))
        .get("/api/docs/{*file}", Access::Public, swagger)
}

async fn json() -> axum::Json<utoipa::openapi::OpenApi> {
    axum::Json(document())
}

/// Swagger UI from the binary. It styles itself inline, so these pages alone allow inline styles; scripts stay ours.
async fn swagger(Path(file): Path<String>) -> Response {
    const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
        font-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";
    let config = Arc::new(Config::from("/api/v1/openapi.json").try_it_out_enabled(true));
    match serve(&file, config) {
        Ok(Some(asset)) => {
            let mut response =
                ([(header::CONTENT_TYPE, asset.content_type)], asset.bytes.into_owned()).into_response();
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
            response
        }
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => {
            tracing::error!(%error, "cannot serve Swagger UI");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

#[cfg(test)]
mod tests;
