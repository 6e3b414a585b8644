//! The demo from inside of the house: whether there is one, the organisation it begins with, what it made, and how it
//! goes. What it consists of is sent by a client of the product, like anybody's.

use crate::{
    command::{CommandError, Context},
    deps::Deps,
    fleet::devices::commands as devices_commands,
    insight::kpis,
    people::accounts::{
        commands::{self as accounts, NewAccount, NewToken},
        secrets,
    },
};
use domain::{
    Currency, Money, Timestamp,
    id::DeviceId,
    people::{
        account::Role,
        organisation::{Organisation, Seller},
        party::{Address, BankAccount},
    },
};
use rust_decimal::Decimal;
use store::{
    StoreError,
    records::{
        across::demo,
        condition::analytics_state,
        fleet::devices,
        people::{api_tokens, organisation},
    },
};
use uuid::Uuid;

pub use store::records::across::demo::{Demo, Stage};

/// The demo as it stands, if there is one.
pub async fn standing(deps: &Deps) -> Result<Option<Demo>, CommandError> {
    Ok(demo::get(deps.records.read()).await?)
}

/// Sets a new product up for the demo: the organisation, and its first administrator.
pub async fn set_up(deps: &Deps, email: &str, password: &str) -> Result<(), CommandError> {
    let cx = Context::system(deps.now());
    let input = NewAccount {
        email: email.into(),
        name: "Administrator".into(),
        role: Role::Admin,
        customer_id: None,
        technician_id: None,
        language: Some("en".into()),
        time_zone: Some("Europe/Madrid".into()),
        password: password.into(),
    };
    let (account, password) = accounts::checked(input, &cx)?;
    let hash = deps.memory.hashing.hash(password).await?;
    let tx = deps.records.begin().await?;
    organisation::insert(&tx, &organisation_at(cx.at)).await?;
    accounts::insert(&tx, &account, &hash).await?;
    tx.commit().await?;
    Ok(())
}

/// Begins a demo whose past ends at `anchor`, and answers the token with which it is made. What is left of an earlier
/// attempt must have been removed.
pub async fn begin(deps: &Deps, anchor: Timestamp) -> Result<String, CommandError> {
    let secret = secrets::random_secret();
    let input = NewToken {
        name: "Demo".into(),
        role: Role::Admin,
        customer_id: None,
        technician_id: None,
        may_backdate: true,
    };
    let token = input.token(deps.now())?;
    let tx = deps.records.begin().await?;
    api_tokens::insert(&tx, &token, &secrets::hash(&secret)).await?;
    demo::save(&tx, &Demo { stage: Stage::Loading, anchor }).await?;
    demo::remember(&tx, "api_token", token.id.into()).await?;
    tx.commit().await?;
    Ok(secret)
}

/// Remembers what it made.
pub async fn remember(deps: &Deps, kind: &str, id: Uuid) -> Result<(), CommandError> {
    let tx = deps.records.begin().await?;
    demo::remember(&tx, kind, id).await?;
    Ok(tx.commit().await?)
}

/// It is all there: nobody makes more of it.
pub async fn end(deps: &Deps) -> Result<(), CommandError> {
    let tx = deps.records.begin().await?;
    let demo = demo::get(&tx).await?.ok_or(CommandError::NotFound)?;
    for token in demo::made(&tx, "api_token").await? {
        api_tokens::revoke(&tx, token.into(), deps.now()).await?;
    }
    demo::save(&tx, &Demo { stage: Stage::Loaded, ..demo }).await?;
    Ok(tx.commit().await?)
}

/// The names of its devices, with a new token each. Tokens are kept by nobody, so every start makes its own.
pub async fn device_tokens(deps: &Deps) -> Result<Vec<(String, String)>, CommandError> {
    let mut tokens = Vec::new();
    for id in demo::made(deps.records.read(), "device").await? {
        let id = DeviceId(id);
        let Some(device) = devices::get(deps.records.read(), id).await? else { continue };
        let (_, token) = devices_commands::rotate(deps, Context::system(deps.now()), id).await?;
        tokens.push((device.name, token));
    }
    Ok(tokens)
}

/// Whether analytics has dealt with everything that was stored up to `seq`.
pub async fn is_analysed(deps: &Deps, seq: u64) -> Result<bool, CommandError> {
    let memories = analytics_state::all(deps.records.read()).await?;
    Ok(memories.iter().any(|memory| memory.seq >= seq))
}

/// Deletes everything of the demo, and nothing else. Its devices must have been stopped.
pub async fn remove(deps: &Deps) -> Result<(), CommandError> {
    let tx = deps.records.begin().await?;
    let devices = demo::remove(&tx).await?;
    kpis::changes::settle_within(&tx).await?;
    tx.commit().await?;
    Ok(deps.telemetry.forget(devices).await?)
}

/// Whether the demo made this.
pub async fn has_made(deps: &Deps, kind: &str, id: impl Into<Uuid>) -> Result<bool, StoreError> {
    demo::has_made(deps.records.read(), kind, id.into()).await
}

fn organisation_at(at: Timestamp) -> Organisation {
    let hourly = |minor| Money::new(minor, Currency::EUR);
    let address = Address {
        street: "Calle del Faro 9".into(),
        city: "Madrid".into(),
        postal_code: "28006".into(),
        region: String::new(),
        country: "ES".parse().ok(),
    };
    let account = "ES91 2100 0418 4502 0005 1332".parse().ok().map(|iban| BankAccount { iban, bic: None });
    Organisation {
        name: "Mainstay Demo Service".into(),
        address,
        tax_id: Some("ESB00000000".into()),
        seller: Seller { account, ..Seller::default() },
        currency: Currency::EUR,
        time_zone: "Europe/Madrid".into(),
        language: "en".into(),
        labour_rate_per_hour: hourly(7800),
        travel_rate_per_hour: hourly(5600),
        labour_step_minutes: 0,
        travel_step_minutes: 0,
        labour_cost_per_hour: hourly(3300),
        tax_rate: Decimal::new(21, 2),
        payment_terms_days: 30,
        set_up_at: Some(at),
    }
}
