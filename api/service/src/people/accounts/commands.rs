//! Making and changing accounts and tokens. Takes [`Records`] alone, so that the command line can use it while the
//! server runs.

use super::{
    password::{self, Hashing},
    secrets,
};
use crate::{
    command::{Begun, CommandError, Context},
    input::{Checks, MAX_NAME},
};
use domain::{
    Timestamp,
    id::{AccountId, ApiTokenId, CustomerId, TechnicianId},
    people::{
        account::{Account, ApiToken, Role},
        organisation::LANGUAGES,
    },
    reason::{Reason, Refusal},
};
use serde::{Deserialize, Serialize};
use store::{
    StoreError,
    records::{
        Db, Records,
        fleet::customers,
        people::{accounts, api_tokens, known_browsers, sessions},
        work::technicians,
    },
};

#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAccount {
    pub email: String,
    pub name: String,
    #[schema(value_type = String)]
    pub role: Role,
    /// Required for role `customer`, refused for others.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub customer_id: Option<CustomerId>,
    /// Required for role `technician`, refused for others.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub technician_id: Option<TechnicianId>,
    /// `en`, `es`, `it`, `ro` or `zh`; `en` when absent.
    pub language: Option<String>,
    /// IANA name; `UTC` when absent.
    pub time_zone: Option<String>,
    /// At least ten characters. Left out of what identifies a repeated command: a quick hash of it must not be kept.
    #[serde(skip_serializing)]
    pub password: String,
}

/// Makes an account, if the address is free.
pub async fn create_account(
    records: &Records,
    hashing: &Hashing,
    mut cx: Context,
    input: NewAccount,
) -> Result<Account, CommandError> {
    let (account, password) = checked(input.clone(), &cx)?;
    let hash = hashing.hash(password).await?;
    let tx = match cx.begin(records, "accounts.create", &input).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(account) => return Ok(account),
    };
    insert(&tx, &account, &hash).await?;
    cx.finish(tx, account).await
}

/// The account that `input` describes, and its password.
pub fn checked(input: NewAccount, cx: &Context) -> Result<(Account, String), CommandError> {
    let email = input.email.trim().to_lowercase();
    let name = named(&input.name)?;
    if !is_address(&email) {
        return Err(CommandError::field("email", Reason::AccountsEmailInvalid));
    }
    if let Some(reason) = password::objection(&input.password, &email) {
        return Err(CommandError::field("password", reason));
    }
    let language = input.language.unwrap_or_else(|| "en".into());
    let time_zone = input.time_zone.unwrap_or_else(|| "UTC".into());
    if !LANGUAGES.contains(&language.as_str()) {
        return Err(CommandError::field("language", Reason::UnknownChoice));
    }
    if time_zone.parse::<chrono_tz::Tz>().is_err() {
        return Err(CommandError::field("time_zone", Reason::UnknownChoice));
    }
    check_scope(input.role, input.customer_id, input.technician_id)?;
    let account = Account {
        id: AccountId::generate(),
        email,
        name,
        role: input.role,
        customer_id: input.customer_id,
        technician_id: input.technician_id,
        language,
        time_zone,
        disabled_at: None,
        created_at: cx.at,
        version: 1,
    };
    Ok((account, input.password))
}

/// Keeps `account` in the caller's transaction.
pub async fn insert(tx: &Db, account: &Account, hash: &str) -> Result<(), CommandError> {
    check_links(tx, account.customer_id, account.technician_id).await?;
    match accounts::insert(tx, account, hash).await {
        Err(StoreError::Conflict(_)) => Err(CommandError::field("email", Reason::EmailTaken)),
        result => Ok(result?),
    }
}

/// Whoever may sign in only sees rows of their scope, so a scoped role without its scope is a mistake, not a wish.
fn check_scope(
    role: Role,
    customer: Option<CustomerId>,
    technician: Option<TechnicianId>,
) -> Result<(), CommandError> {
    if (role == Role::Customer) != customer.is_some() {
        let message = if customer.is_some() { Reason::CustomerNotAllowed } else { Reason::CustomerRequired };
        return Err(CommandError::field("customer_id", message));
    }
    if (role == Role::Technician) != technician.is_some() {
        let message =
            if technician.is_some() { Reason::TechnicianNotAllowed } else { Reason::TechnicianRequired };
        return Err(CommandError::field("technician_id", message));
    }
    Ok(())
}

async fn check_links(
    db: &Db,
    customer: Option<CustomerId>,
    technician: Option<TechnicianId>,
) -> Result<(), CommandError> {
    if let Some(id) = customer
        && customers::get(db, id).await?.is_none()
    {
        return Err(CommandError::field("customer_id", Reason::UnknownCustomer));
    }
    if let Some(id) = technician
        && technicians::get(db, id).await?.is_none()
    {
        return Err(CommandError::field("technician_id", Reason::AccountsTechnicianUnknown));
    }
    Ok(())
}

/// What an account or a token is called.
fn named(name: &str) -> Result<String, CommandError> {
    let mut checks = Checks::default();
    let name = checks.required("name", name, MAX_NAME);
    checks.finish()?;
    Ok(name)
}

fn is_address(text: &str) -> bool {
    let plain = text.len() <= 254 && !text.chars().any(|c| c.is_whitespace() || c.is_control());
    plain
        && text
            .split_once('@')
            .is_some_and(|(local, host)| !local.is_empty() && !host.is_empty() && !host.contains('@'))
}

/// Lets an account sign in again, or no more. Disabling signs it out everywhere; the last administrator stays.
pub async fn set_enabled(
    records: &Records,
    mut cx: Context,
    id: AccountId,
    enabled: bool,
) -> Result<Account, CommandError> {
    let tx = match cx.begin(records, "accounts.set_enabled", &(id, enabled)).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(account) => return Ok(account),
    };
    let account = accounts::get(&tx, id).await?.ok_or(CommandError::NotFound)?;
    let change = if enabled { account.disabled_at.is_some() } else { account.disabled_at.is_none() };
    if !change {
        return cx.finish(tx, account).await;
    }
    if !enabled && account.role == Role::Admin && accounts::count_administrators(&tx).await? <= 1 {
        return Err(CommandError::Refused(Refusal::LastAdministrator));
    }
    let disabled_at = (!enabled).then_some(cx.at);
    let account = accounts::update(&tx, &Account { disabled_at, ..account }).await?;
    if !enabled {
        sessions::end_all_of(&tx, id).await?;
    }
    cx.finish(tx, account).await
}

/// Changes the reader's own language and time zone.
pub async fn set_preferences(
    records: &Records,
    mut cx: Context,
    id: AccountId,
    language: &str,
    time_zone: &str,
) -> Result<Account, CommandError> {
    if time_zone.parse::<chrono_tz::Tz>().is_err() {
        return Err(CommandError::field("time_zone", Reason::UnknownChoice));
    }
    if !LANGUAGES.contains(&language) {
        return Err(CommandError::field("language", Reason::UnknownChoice));
    }
    let input = (id, language, time_zone);
    let tx = match cx.begin(records, "accounts.set_preferences", &input).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(account) => return Ok(account),
    };
    let account = accounts::get(&tx, id).await?.ok_or(CommandError::NotFound)?;
    let changed = Account { language: language.into(), time_zone: time_zone.into(), ..account };
    let account = accounts::update(&tx, &changed).await?;
    cx.finish(tx, account).await
}

/// Replaces the password and signs out every browser, which is a stranger from then on.
pub async fn set_password(
    records: &Records,
    hashing: &Hashing,
    account: &Account,
    new: String,
) -> Result<(), CommandError> {
    if let Some(reason) = password::objection(&new, &account.email) {
        return Err(CommandError::field("password", reason));
    }
    let hash = hashing.hash(new).await?;
    let tx = records.begin().await?;
    accounts::set_password(&tx, account.id, &hash).await?;
    sessions::end_all_of(&tx, account.id).await?;
    known_browsers::forget_all_of(&tx, account.id).await?;
    Ok(tx.commit().await?)
}

#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    pub name: String,
    #[schema(value_type = String)]
    pub role: Role,
    #[schema(value_type = Option<uuid::Uuid>)]
    pub customer_id: Option<CustomerId>,
    #[schema(value_type = Option<uuid::Uuid>)]
    pub technician_id: Option<TechnicianId>,
    /// Lets the header `Effective-At` say when a command happened: for history from another system.
    #[serde(default)]
    pub may_backdate: bool,
}

impl NewToken {
    /// The token that this describes.
    pub fn token(&self, at: Timestamp) -> Result<ApiToken, CommandError> {
        let name = named(&self.name)?;
        // A program may be bound to one customer.
        let bound = if self.role == Role::Integration { None } else { self.customer_id };
        check_scope(self.role, bound, self.technician_id)?;
        Ok(ApiToken {
            id: ApiTokenId::generate(),
            name,
            role: self.role,
            customer_id: self.customer_id,
            technician_id: self.technician_id,
            may_backdate: self.may_backdate,
            created_at: at,
            revoked_at: None,
        })
    }
}

/// Makes a token; the secret is shown this once. A repetition of the same command answers the token without it.
pub async fn create_token(
    records: &Records,
    mut cx: Context,
    input: NewToken,
) -> Result<(ApiToken, Option<String>), CommandError> {
    let token = input.token(cx.at)?;
    let tx = match cx.begin(records, "accounts.create_token", &input).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(token) => return Ok((token, None)),
    };
    check_links(&tx, input.customer_id, input.technician_id).await?;
    let secret = secrets::random_secret();
    api_tokens::insert(&tx, &token, &secrets::hash(&secret)).await?;
    let token = cx.finish(tx, token).await?;
    Ok((token, Some(secret)))
}

pub async fn revoke_token(records: &Records, mut cx: Context, id: ApiTokenId) -> Result<(), CommandError> {
    let tx = match cx.begin(records, "accounts.revoke_token", &id).await? {
        Begun::New(tx) => tx,
        Begun::Repeated(()) => return Ok(()),
    };
    if !api_tokens::revoke(&tx, id, cx.at).await? {
        return Err(CommandError::NotFound);
    }
    cx.finish(tx, ()).await
}
