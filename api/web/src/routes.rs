//! Routes that know who may use them. A handler cannot be mounted without an access rule.

use super::{
    documented::Documented,
    heavy::Heavy,
    request::{self, User},
};
use crate::deps::Deps;
use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    handler::Handler,
    http::Method,
    middleware,
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::people::account::Role;
use std::sync::Arc;

/// Longest body of a request, unless its route says otherwise.
pub const MAX_BODY_BYTES: usize = 256 * 1024;

/// Who may use an endpoint. Row scope comes on top, in the handler or command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anyone, on purpose.
    Public,
    /// Any signed-in account.
    SignedIn,
    /// These roles only.
    Roles(&'static [Role]),
}

impl Access {
    pub fn admits(self, user: Option<&User>) -> bool {
        match self {
            Self::Public => true,
            Self::SignedIn => user.is_some(),
            Self::Roles(roles) => user.is_some_and(|user| roles.contains(&user.actor.role)),
        }
    }
}

#[derive(Clone, Debug)]
pub struct Endpoint {
    pub method: Method,
    pub path: &'static str,
    pub access: Access,
}

#[derive(Default)]
pub struct Routes {
    router: Router<Deps>,
    endpoints: Vec<Endpoint>,
}

impl Routes {
    pub fn new() -> Self {
        Self::default()
    }
    pub fn get<H, T>(self, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, Deps>,
        T: 'static,
    {
        self.add(Method::GET, path, access, axum::routing::get(handler))
    }
    /// A read that may take long: few at a time, in threads of their own.
    pub fn get_heavy<H, T>(self, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, Deps>,
        T: 'static,
    {
        self.add(Method::GET, path, access, axum::routing::get(Heavy(handler)))
    }
    pub fn post<H, T>(self, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, Deps>,
        T: 'static,
    {
        self.add(Method::POST, path, access, axum::routing::post(handler))
    }
    /// What is asked with a body and may take long, as with [`Routes::get_heavy`].
    pub fn post_heavy<H, T>(self, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, Deps>,
        T: 'static,
    {
        self.add(Method::POST, path, access, axum::routing::post(Heavy(handler)))
    }
    pub fn put<H, T>(self, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, Deps>,
        T: 'static,
    {
        self.add(Method::PUT, path, access, axum::routing::put(handler))
    }
    pub fn delete<H, T>(self, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, Deps>,
        T: 'static,
    {
        self.add(Method::DELETE, path, access, axum::routing::delete(handler))
    }
    /// A post whose body may be up to `max_bytes` long, such as photos; others are limited to [`MAX_BODY_BYTES`].
    pub fn post_large<H, T>(self, path: &'static str, access: Access, max_bytes: usize, handler: H) -> Self
    where
        H: Handler<T, Deps>,
        T: 'static,
    {
        let limit = DefaultBodyLimit::max(max_bytes);
        self.add(Method::POST, path, access, axum::routing::post(handler).layer(limit))
    }
    /// A put whose body may be up to `max_bytes` long.
    pub fn put_large<H, T>(self, path: &'static str, access: Access, max_bytes: usize, handler: H) -> Self
    where
        H: Handler<T, Deps>,
        T: 'static,
    {
        let limit = DefaultBodyLimit::max(max_bytes);
        self.add(Method::PUT, path, access, axum::routing::put(handler).layer(limit))
    }
    pub fn patch<H, T>(self, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, Deps>,
        T: 'static,
    {
        self.add(Method::PATCH, path, access, axum::routing::patch(handler))
    }
    pub fn merge(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.endpoints.extend(other.endpoints);
        self
    }
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }
    pub fn into_router(self) -> Router<Deps> {
        self.router
    }

    fn add(
        mut self,
        method: Method,
        path: &'static str,
        access: Access,
        handler: axum::routing::MethodRouter<Deps>,
    ) -> Self {
        let guard =
            middleware::from_fn(move |request: Request, next: Next| guard(access, path, request, next));
        self.router = self.router.route(path, handler.route_layer(guard));
        self.endpoints.push(Endpoint { method, path, access });
        self
    }
}

/// Refuses before the handler runs: programs hear 401 or 403, people are led to the sign-in page. Of those who are
/// let in, programs hear 400 about parameters that the endpoint does not have; what is public is asked by devices.
async fn guard(access: Access, path: &str, request: Request, next: Next) -> Response {
    let user = request.extensions().get::<User>();
    if !access.admits(user) {
        return request::refuse(&request);
    }
    let documented = request.extensions().get::<Arc<Documented>>().filter(|_| access != Access::Public);
    let query = request.uri().query().unwrap_or("");
    match documented.map_or(Ok(()), |documented| documented.judge(request.method(), path, query)) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}
