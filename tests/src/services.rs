//! Outside programs that some tests need.

use std::{path::PathBuf, process::Command};

/// True when `tests/run` has installed everything: then nothing may be skipped.
#[expect(clippy::disallowed_methods, reason = "the switch that tests/run sets")]
pub fn all_installed() -> bool {
    std::env::var("MAINSTAY_TEST_SERVICES").is_ok_and(|value| value == "1")
}

/// Whether `program` can be used. Where it is missing: a failure under `tests/run`, a loud skip otherwise.
pub fn required(program: &str) -> bool {
    let found = Command::new("sh")
        .args(["-c", &format!("command -v {program}")])
        .output()
        .is_ok_and(|o| o.status.success());
    present(program, found)
}

/// A file from the cache of `tests/run`, named by an environment variable.
#[expect(clippy::disallowed_methods, reason = "paths that tests/run hands over")]
pub fn file(variable: &str) -> Option<PathBuf> {
    let path = std::env::var(variable).ok().map(PathBuf::from).filter(|path| path.exists());
    present(variable, path.is_some()).then(|| path.expect("invariant: checked above"))
}

/// What an environment variable of `tests/run` says, such as the URL of a server.
#[expect(clippy::disallowed_methods, reason = "addresses that tests/run hands over")]
pub fn named(variable: &str) -> Option<String> {
    let value = std::env::var(variable).ok();
    present(variable, value.is_some()).then(|| value.expect("invariant: checked above"))
}

/// Public data to measure with; absent on most machines.
#[expect(clippy::disallowed_methods, reason = "the folder of public data is named by the environment")]
pub fn data(folder: &str) -> Option<PathBuf> {
    let root = std::env::var("MAINSTAY_DATA")
        .map_or_else(|_| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"), PathBuf::from);
    let path = root.join(folder);
    if !path.exists() {
        eprintln!("SKIPPED: public data {folder:?} is not here (set MAINSTAY_DATA)");
        return None;
    }
    Some(path)
}

fn present(what: &str, found: bool) -> bool {
    assert!(found || !all_installed(), "{what} is missing although tests/run installs it");
    if !found {
        eprintln!("SKIPPED: {what} is not installed; `tests/run` installs it and runs this test");
    }
    found
}
