//! A database of its own on the server that `tests/run` starts.

use crate::services;
use std::process::Command;

/// The URL of a new, empty database. `None` where there is no server and `tests/run` did not promise one.
pub fn database() -> Option<String> {
    let server = services::named("MAINSTAY_TEST_POSTGRES")?;
    let name = format!("journey_{}", std::process::id());
    let make = format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'");
    let made = Command::new("psql").args(["--quiet", "--no-psqlrc", &server, "--command", &make]).output();
    let made = made.expect("psql is there with the server");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let (start, _) = server.rsplit_once('/').expect("the URL names a database");
    Some(format!("{start}/{name}"))
}
