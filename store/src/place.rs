//! Where a test keeps its records, of other crates too: a folder of its own, or a database of its own when the tests run on PostgreSQL.

use crate::records::Records;
use tempfile::TempDir;
use tokio::sync::OnceCell;

/// The server that `tests/run` has started, as a URL of one of its databases.
const SERVER: &str = "MAINSTAY_TEST_POSTGRES";
/// Set for the run of the tests on that server.
const ON_SERVER: &str = "MAINSTAY_TEST_ON_POSTGRES";

/// Gone with its records when it is dropped; the databases go with the server.
pub struct Place {
    /// Of the folder or the database.
    name: String,
    _folder: Option<TempDir>,
}

/// Records without any row but the built-in ones.
pub async fn records() -> (Place, Records) {
    let place = Place::new().await;
    let records = place.open().await;
    (place, records)
}

impl Place {
    /// With the tables.
    pub async fn new() -> Self {
        static TEMPLATE: OnceCell<String> = OnceCell::const_new();
        if !on_server() {
            return Self::empty().await;
        }
        let template = TEMPLATE.get_or_init(async || {
            let place = database("template0").await;
            open(&place.name).await.close().await.expect("closed");
            place.name.rsplit('/').next().expect("invariant: the URL of a database").into()
        });
        database(template.await).await
    }
    /// With nothing at all.
    pub async fn empty() -> Self {
        if on_server() {
            return database("template0").await;
        }
        let folder = tempfile::tempdir().expect("a folder");
        Self { name: folder.path().display().to_string(), _folder: Some(folder) }
    }
    /// Opens the records, by connections of their own, as another process would.
    pub async fn open(&self) -> Records {
        open(&self.name).await
    }
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// The records of a place with this name.
pub async fn open(name: &str) -> Records {
    let opened = if on_server() { Records::connect(name).await } else { Records::open(name.as_ref()).await };
    opened.expect("records")
}

/// A new database, a copy of `template`.
async fn database(template: &str) -> Place {
    let server = server().expect("invariant: the run on a server names it");
    let name = format!("t{}", uuid::Uuid::now_v7().simple());
    let admin = sea_orm::Database::connect(&server).await.expect("the server answers");
    let make = format!("CREATE DATABASE {name} TEMPLATE {template} ENCODING 'UTF8'");
    sea_orm::ConnectionTrait::execute_unprepared(&admin, &make).await.expect("a database");
    admin.close().await.expect("closed");
    let (start, _) = server.rsplit_once('/').expect("the URL names a database");
    Place { name: format!("{start}/{name}"), _folder: None }
}

#[expect(clippy::disallowed_methods, reason = "tests/run says where the server is")]
fn server() -> Option<String> {
    std::env::var(SERVER).ok()
}

pub fn on_server() -> bool {
    std::env::var_os(ON_SERVER).is_some()
}

/// How SQL spells the id `row` on the engine that the tests run on.
pub fn id(row: &str) -> String {
    if on_server() { format!("'{row}'") } else { format!("x'{}'", row.replace('-', "")) }
}

/// Runs the tests of this test program whose names have `filter` once more, on PostgreSQL; at least so many must pass.
/// Within such a run it does nothing. Without a server it is skipped, unless `tests/run` promised one.
pub fn once_more_on_postgresql(filter: &str, at_least: usize) {
    if on_server() {
        return;
    }
    if server().is_none() {
        let required = std::env::var_os("MAINSTAY_TEST_SERVICES").is_some_and(|value| value == "1");
        assert!(!required, "{SERVER} names no server although tests/run starts one");
        eprintln!("SKIPPED: no PostgreSQL; `tests/run` starts one and runs this test");
        return;
    }
    let program = std::env::current_exe().expect("a test knows its own path");
    let run = std::process::Command::new(program).arg(filter).env(ON_SERVER, "1").output().expect("ran");
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{said}\n{}", String::from_utf8_lossy(&run.stderr));
    let passed = said.lines().filter(|line| line.ends_with("... ok")).count();
    assert!(passed >= at_least, "only {passed} tests ran on PostgreSQL:\n{said}");
}

#[test]
fn every_test_of_the_records_passes_on_postgresql() {
    once_more_on_postgresql("records::", 50);
}
