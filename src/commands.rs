//! Commands of the binary beside `run`. They open the records only, so they work while the server runs.

use crate::{
    cli::{CreateAccount, CreateToken},
    config::{Config, read_secret},
};
use anyhow::{Result, anyhow, bail};
use domain::{Clock, SystemClock};
use service::{
    command::{CommandError, Context},
    people::accounts::{
        commands::{self as accounts, NewAccount, NewToken},
        password::Hashing,
    },
};
use std::io::{BufRead, Write};
use store::records::{Records, people::organisation};

pub async fn create_account(config: &Config, input: &CreateAccount) -> Result<()> {
    let password = match input.password_file.to_str() {
        Some("-") => first_line(&mut std::io::stdin().lock())?,
        _ => read_secret(&input.password_file)?,
    };
    let records = open(config).await?;
    let organisation = organisation::get(records.read()).await?;
    let account = NewAccount {
        email: input.email.clone(),
        name: input.name.clone(),
        role: input.role,
        customer_id: input.customer,
        technician_id: input.technician,
        language: Some(organisation.as_ref().map_or_else(|| "en".into(), |o| o.language.clone())),
        time_zone: Some(organisation.map_or_else(|| "UTC".into(), |o| o.time_zone)),
        password,
    };
    let cx = Context::system(SystemClock.now());
    let account =
        accounts::create_account(&records, &Hashing::default(), cx, account).await.map_err(explain)?;
    records.close().await?;
    print(&format!("{}\n", account.id))
}

pub async fn create_token(config: &Config, input: &CreateToken) -> Result<()> {
    let records = open(config).await?;
    let token = NewToken {
        name: input.name.clone(),
        role: input.role,
        customer_id: input.customer,
        technician_id: input.technician,
        may_backdate: input.may_backdate,
    };
    let cx = Context::system(SystemClock.now());
    let (_, secret) = accounts::create_token(&records, cx, token).await.map_err(explain)?;
    records.close().await?;
    let secret = secret.expect("invariant: without a key nothing is a repetition");
    print(&format!("{secret}\n"))
}

pub fn openapi() -> Result<()> {
    print(&format!("{}\n", api::operation::openapi::document().to_pretty_json()?))
}

/// Writes a result to stdout; a reader that has gone away is no failure.
pub fn print(text: &str) -> Result<()> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// The folder must exist: a mistyped one would otherwise get a store of its own.
async fn open(config: &Config) -> Result<Records> {
    let data_dir = &config.data_dir;
    if config.records.is_none() && !data_dir.is_dir() {
        bail!(
            "there is no data folder {}: start Mainstay once, or name another with --data-dir",
            data_dir.display()
        );
    }
    crate::records::open(config).await
}

/// What to change, in the words that programs hear.
fn explain(error: CommandError) -> anyhow::Error {
    match error {
        CommandError::Invalid(fields) => {
            let lines = fields.iter().map(|f| format!("{}: {}", f.field, f.reason.code().replace('_', " ")));
            anyhow!("{}", lines.collect::<Vec<_>>().join("\n"))
        }
        other => other.into(),
    }
}

fn first_line(input: &mut impl BufRead) -> Result<String> {
    let mut line = String::new();
    input.read_line(&mut line)?;
    match line.trim_end() {
        "" => bail!("no password on standard input"),
        line => Ok(line.into()),
    }
}
