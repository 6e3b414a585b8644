//! Making and changing customers.

use crate::{
    command::{Begun, CommandError, Context},
    deps::Deps,
    input::{Checks, MAX_NAME},
    people::parties,
    scope,
};
use domain::{
    Currency, Timestamp,
    fleet::customer::{Buyer, Customer},
    id::CustomerId,
    people::party::Address,
    reason::Reason,
};
use serde::{Deserialize, Serialize};
use store::records::fleet::customers;

/// What is typed of a customer. Without a currency it is the organisation's.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomerInput {
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub tax_id: Option<String>,
    /// In its parts, or as text.
    #[serde(default)]
    pub billing_address: Address,
    #[serde(default)]
    pub buyer: Buyer,
    /// ISO 4217 code, such as `EUR`.
    pub currency: Option<String>,
}

impl CustomerInput {
    /// The customer that this describes.
    pub fn read(
        &self,
        id: CustomerId,
        present_currency: Currency,
        created_at: Timestamp,
    ) -> Result<Customer, CommandError> {
        let mut checks = Checks::default();
        let currency = match self.currency.as_deref().map(str::trim).filter(|code| !code.is_empty()) {
            None => present_currency,
            // One that was withdrawn since stays with what has it.
            Some(code) if code == present_currency.as_str() => present_currency,
            Some(code) => code.parse().unwrap_or_else(|_| {
                checks.add("currency", Reason::CustomersCurrencyUnknown);
                present_currency
            }),
        };
        let customer = Customer {
            id,
            name: checks.required("name", &self.name, MAX_NAME),
            email: checks.optional("email", self.email.as_deref(), MAX_NAME),
            phone: checks.optional("phone", self.phone.as_deref(), MAX_NAME),
            tax_id: checks.optional("tax_id", self.tax_id.as_deref(), MAX_NAME),
            billing_address: parties::address(&mut checks, "billing_address", &self.billing_address),
            buyer: parties::buyer(&mut checks, &self.buyer),
            currency,
            created_at,
        };
        if customer.email.as_ref().is_some_and(|email| !email.contains('@')) {
            checks.add("email", Reason::CustomersEmailWrong);
        }
        checks.finish()?;
        Ok(customer)
    }
}

/// Another customer is no row of a program that is bound to one.
pub async fn create(deps: &Deps, mut cx: Context, input: CustomerInput) -> Result<Customer, CommandError> {
    scope::house(cx.scope())?;
    let tx = match cx.begin(&deps.records, "customers.create", &input).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(customer) => return Ok(customer),
    };
    let currency = house_currency(&tx).await?;
    let customer = input.read(CustomerId::generate(), currency, cx.at)?;
    customers::insert(&tx, &customer).await?;
    cx.finish(tx, customer).await
}

pub async fn update(
    deps: &Deps,
    mut cx: Context,
    id: CustomerId,
    input: CustomerInput,
) -> Result<Customer, CommandError> {
    let tx = match cx.begin(&deps.records, "customers.update", &(id, &input)).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(customer) => return Ok(customer),
    };
    let old = scope::customer(&tx, cx.scope(), id).await?;
    let customer = input.read(id, old.currency, old.created_at)?;
    customers::update(&tx, &customer).await?;
    cx.finish(tx, customer).await
}

/// The organisation's currency; the euro before it is set up.
pub async fn house_currency(db: &store::records::Db) -> Result<Currency, CommandError> {
    let organisation = store::records::people::organisation::get(db).await?;
    Ok(organisation.map_or(Currency::EUR, |organisation| organisation.currency))
}
