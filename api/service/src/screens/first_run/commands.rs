//! Making the first administrator and the organisation, once.

use crate::{
    command::{CommandError, Context},
    people::{
        accounts::{
            commands::{self as account_commands, NewAccount},
            password::Hashing,
        },
        settings,
    },
    work::work_orders,
};
use domain::{
    people::{account::Account, organisation::Organisation},
    reason::Refusal,
};
use store::{
    StoreError,
    records::{
        Records, Tx,
        people::{accounts, organisation},
    },
};

/// Of two first runs at once one wins: the transaction looks again, and the organisation's single row conflicts.
/// `sign_in` runs in the same transaction.
pub async fn create(
    records: &Records,
    hashing: &Hashing,
    cx: &Context,
    administrator: NewAccount,
    input: Organisation,
) -> Result<(Tx, Account), CommandError> {
    let input = settings::commands::check(input)?;
    settings::commands::in_force(input.currency)?;
    let (account, password) = account_commands::checked(administrator, cx)?;
    let hash = hashing.hash(password).await?;
    let tx = records.begin().await?;
    if accounts::exist(&tx).await? {
        return Err(CommandError::Refused(Refusal::FirstRunDone));
    }
    let kept = Organisation { set_up_at: Some(cx.at), ..input };
    match organisation::insert(&tx, &kept).await {
        Err(StoreError::Conflict(_)) => return Err(CommandError::Refused(Refusal::FirstRunDone)),
        result => result?,
    }
    work_orders::lines::catch_up(&tx).await?;
    account_commands::insert(&tx, &account, &hash).await?;
    Ok((tx, account))
}
