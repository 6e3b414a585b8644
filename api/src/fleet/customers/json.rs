//! Customers for programs.

use super::{READ, WRITE, list::Customers};
use domain::{
    fleet::customer::{Buyer, Customer},
    id::CustomerId,
    people::party::Address,
};
use serde::Serialize;
use service::{fleet::customers::commands, scope};
use uuid::Uuid;
use web::{
    deps::Deps,
    operation::{self, Operation, call, making, words},
    problem::Problem,
    request::User,
    routes::Access,
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
            created_at: rfc3339(customer.created_at),
        }
    }
}

pub fn operations() -> Vec<Operation> {
    let (read, write) = (Access::Roles(READ), Access::Roles(WRITE));
    let filters = vec![words("q", "Text in name, e-mail, phone or tax id")];
    vec![
        Operation::list::<Customers, CustomerView>("/api/v1/customers", read, "Customers, by name.", filters),
        Operation::get("/api/v1/customers/{id}", read, "One customer.", operation::read(one)),
        Operation::create(
            "/api/v1/customers",
            write,
            "Adds a customer.",
            making::<CustomerView, _, _>(commands::create),
        ),
        Operation::update(
            "/api/v1/customers/{id}",
            write,
            "Changes a customer.",
            call::<CustomerView, _, _, _>(commands::update),
        ),
    ]
}

async fn one(deps: &Deps, user: &User, id: CustomerId) -> Result<CustomerView, Problem> {
    Ok(scope::customer(deps.records.read(), user.scope(), id).await?.into())
}
