//! How devices speak and what their values mean: the built-in profiles, and those that people made.

pub mod json;
pub mod pages;
mod provisioning;
mod written;

use crate::fleet::customers::WRITE;
use domain::fleet::device::DeviceProfile;
use web::{
    i18n::Lang,
    routes::{Access, Routes},
};

pub fn routes() -> Routes {
    let write = Access::Roles(WRITE);
    web::operation::routes(json::operations())
        .get("/profiles", write, pages::list)
        .get_heavy("/profiles/new", write, pages::new)
        .post("/profiles/new", write, pages::create)
        .get("/profiles/{id}", write, pages::edit)
        .post("/profiles/{id}", write, pages::update)
        .post("/profiles/{id}/delete", write, pages::delete)
        .post("/profiles/{id}/provisioning", write, provisioning::open)
        .post("/profiles/{id}/provisioning/close", write, provisioning::close)
}

pub fn profile_name(lang: Lang, profile: DeviceProfile) -> String {
    match profile.product() {
        Some(name) => name.into(),
        None => lang.t(&format!("devices-profile-{}", profile.as_str().replace('_', "-"))),
    }
}

#[cfg(test)]
mod tests;
