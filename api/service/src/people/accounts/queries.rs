//! Who somebody is.

use domain::people::account::Identity;
use store::{
    StoreError,
    records::{
        Db,
        people::{accounts, api_tokens},
    },
};

/// What people call who acted; nothing for the product itself and for those who are no more.
pub async fn name_of(db: &Db, identity: &Identity) -> Result<Option<String>, StoreError> {
    Ok(match identity {
        Identity::Account(id) => accounts::get(db, *id).await?.map(|account| account.name),
        Identity::ApiToken(id) => api_tokens::get(db, *id).await?.map(|token| token.name),
        Identity::System => None,
    })
}
