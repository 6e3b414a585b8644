//! Who owns equipment and pays for its service.

use crate::{Currency, Timestamp, id::CustomerId};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    pub id: CustomerId,
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub tax_id: Option<String>,
    pub billing_address: String,
    pub currency: Currency,
    /// Part of the removable demo.
    pub demo: bool,
    pub created_at: Timestamp,
}
