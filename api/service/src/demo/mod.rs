//! The demo: what it consists of, and how it comes and goes. Its telemetry is sent by simulated devices over MQTT like
//! that of any device; who starts them (the composition root) also decides when each step here is due.

mod history;
pub mod plan;
mod records;

use crate::{
    command::{CommandError, Context},
    deps::Deps,
    fleet::devices::commands as devices_commands,
    insight::kpis,
    people::accounts::commands::{self as accounts, NewAccount},
};
use domain::people::organisation::Seller;
use domain::{
    Currency, Money, Timestamp,
    id::{AccountId, DeviceId},
    people::{account::Role, organisation::Organisation},
};
use rust_decimal::Decimal;
use store::records::{
    Tx,
    across::demo,
    condition::{alerts, analytics_state, failures, rules, states},
    fleet::{assets, customers, devices, models, sites, territories},
    money::{contracts, credit_notes, invoices, payments, warranties},
    people::organisation,
    telemetry::device_events,
};

pub use history::Progress;
pub use records::Things;
pub use store::records::across::demo::{Demo, Stage};

/// Sign-ins that come with the demo; all have one password.
pub const SIGN_INS: [(&str, &str, Role); 4] = [
    ("manager@demo.example", "Elena Rusu", Role::ServiceManager),
    ("dispatcher@demo.example", "Javier Ortuño", Role::Dispatcher),
    ("technician@demo.example", "Ana Dobrescu", Role::Technician),
    ("customer@demo.example", "Ioana Marin", Role::Customer),
];
/// Index of the technician and of the customer whose sign-in there is.
const TECHNICIAN: usize = 2;
const CUSTOMER: usize = 3;

/// The demo as it stands, if there is one.
pub async fn standing(deps: &Deps) -> Result<Option<Demo>, CommandError> {
    Ok(demo::get(deps.records.read()).await?)
}

/// Sets a new product up for the demo: the organisation, and its first administrator.
pub async fn set_up(deps: &Deps, email: &str, password: &str) -> Result<(), CommandError> {
    let cx = Context::system(deps.now());
    let (account, password) = accounts::checked(account(email, "Administrator", Role::Admin, password), &cx)?;
    let hash = deps.memory.hashing.hash(password).await?;
    let tx = deps.records.begin().await?;
    organisation::insert(&tx, &organisation_at(cx.at)).await?;
    accounts::insert(&tx, &account, &hash).await?;
    tx.commit().await?;
    Ok(())
}

/// Makes everything but the history. What is left of an earlier attempt must have been removed.
pub async fn load_records(
    deps: &Deps,
    anchor: Timestamp,
    password: &str,
) -> Result<(Things, AccountId), CommandError> {
    let hash = deps.memory.hashing.hash(password.to_owned()).await?;
    let tx = deps.records.begin().await?;
    let things = records::insert(&tx, anchor).await?;
    let accounts = insert_accounts(&tx, &things, password, &hash, anchor).await?;
    let dispatcher = accounts[1];
    demo::save(&tx, &Demo { stage: Stage::Loading, anchor, accounts }).await?;
    tx.commit().await?;
    Ok((things, dispatcher))
}

async fn insert_accounts(
    tx: &Tx,
    things: &Things,
    password: &str,
    hash: &str,
    at: Timestamp,
) -> Result<Vec<AccountId>, CommandError> {
    let mut ids = Vec::new();
    for (email, name, role) in SIGN_INS {
        let input = NewAccount {
            customer_id: (role == Role::Customer).then(|| things.customers[CUSTOMER]),
            technician_id: (role == Role::Technician).then(|| things.technicians[TECHNICIAN]),
            ..account(email, name, role, password)
        };
        let (account, _) = accounts::checked(input, &Context::system(at))?;
        accounts::insert(tx, &account, hash).await?;
        ids.push(account.id);
    }
    Ok(ids)
}

/// Carries out what people did about the machines' past, and marks the demo as loaded.
pub async fn load_history(
    deps: &Deps,
    anchor: Timestamp,
    things: &Things,
    dispatcher: AccountId,
    progress: Progress<'_>,
) -> Result<(), CommandError> {
    history::History { deps, things, anchor, dispatcher }.run(progress).await?;
    let tx = deps.records.begin().await?;
    let demo = demo::get(&tx).await?.ok_or(CommandError::NotFound)?;
    demo::save(&tx, &Demo { stage: Stage::Loaded, ..demo }).await?;
    tx.commit().await?;
    Ok(())
}

/// The demo's devices with a new token each, by index into [`plan::ASSETS`]. Tokens are kept by nobody, so every start
/// makes its own.
pub async fn device_tokens(deps: &Deps) -> Result<Vec<(usize, String)>, CommandError> {
    let mut tokens = Vec::new();
    for device in devices::demo(deps.records.read()).await? {
        let Some(index) = plan::ASSETS.iter().position(|asset| asset.name == device.name) else { continue };
        let (_, token) = devices_commands::rotate(deps, Context::system(deps.now()), device.id).await?;
        tokens.push((index, token));
    }
    tokens.sort_unstable();
    Ok(tokens)
}

/// Whether analytics has dealt with everything that was stored up to `seq`.
pub async fn is_analysed(deps: &Deps, seq: u64) -> Result<bool, CommandError> {
    let memories = analytics_state::all(deps.records.read()).await?;
    Ok(memories.iter().any(|memory| memory.seq >= seq))
}

/// Deletes everything of the demo, and nothing else. Its devices must have been stopped.
pub async fn remove(deps: &Deps) -> Result<(), CommandError> {
    let of_demo: Vec<DeviceId> =
        devices::demo(deps.records.read()).await?.into_iter().map(|device| device.id).collect();
    let tx = deps.records.begin().await?;
    payments::delete_demo(&tx).await?;
    credit_notes::delete_demo(&tx).await?;
    invoices::delete_demo(&tx).await?;
    demo::delete_work(&tx).await?;
    alerts::delete_demo(&tx).await?;
    failures::delete_demo(&tx).await?;
    states::delete_demo(&tx, &of_demo).await?;
    device_events::delete_demo(&tx, &of_demo).await?;
    rules::delete_demo(&tx).await?;
    contracts::delete_demo(&tx).await?;
    warranties::delete_demo(&tx).await?;
    demo::forget(&tx).await?;
    devices::delete_demo(&tx).await?;
    assets::delete_demo(&tx).await?;
    models::delete_demo(&tx).await?;
    sites::delete_demo(&tx).await?;
    customers::delete_demo(&tx).await?;
    territories::delete_demo(&tx).await?;
    kpis::changes::settle_within(&tx).await?;
    tx.commit().await?;
    deps.telemetry.forget(of_demo).await?;
    Ok(())
}

fn account(email: &str, name: &str, role: Role, password: &str) -> NewAccount {
    NewAccount {
        email: email.into(),
        name: name.into(),
        role,
        customer_id: None,
        technician_id: None,
        language: "en".into(),
        time_zone: "Europe/Madrid".into(),
        password: password.into(),
    }
}

fn organisation_at(at: Timestamp) -> Organisation {
    let hourly = |minor| Money::new(minor, Currency::EUR);
    Organisation {
        name: "Mainstay Demo Service".into(),
        address: "Calle del Faro 9, 28006 Madrid, España".into(),
        tax_id: Some("ESB00000000".into()),
        seller: Seller::default(),
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
