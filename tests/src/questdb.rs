//! A QuestDB server of a test's own, killed and started as the test likes.

use crate::{product::free_port, services, wait};
use serde_json::Value;
use std::{
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;

/// A Java machine takes its time on a busy one.
const START_LIMIT: Duration = Duration::from_secs(90);

pub struct QuestDb {
    child: Option<Child>,
    /// Of the Java machine.
    options: &'static [&'static str],
    program: PathBuf,
    folder: TempDir,
    pub http: SocketAddr,
    pub pg: SocketAddr,
    health: SocketAddr,
}

impl QuestDb {
    /// `None` where it is not installed and `tests/run` did not promise it.
    pub async fn start() -> Option<Self> {
        Self::start_with(&["-XX:+UseSerialGC", "-Xmx512m"]).await
    }

    /// As one would run it to store much.
    pub async fn start_roomy() -> Option<Self> {
        Self::start_with(&["-XX:+UseParallelGC", "-Xmx2g"]).await
    }

    async fn start_with(options: &'static [&'static str]) -> Option<Self> {
        let program = services::file("MAINSTAY_TEST_QUESTDB_JAR")?;
        if !services::required("java") {
            return None;
        }
        let folder = TempDir::new().expect("a temporary folder");
        let [http, pg, health] = [free_port(), free_port(), free_port()];
        std::fs::create_dir(folder.path().join("conf")).expect("made");
        let settings = [
            format!("http.bind.to={http}\npg.net.bind.to={pg}\nhttp.min.bind.to={health}\n"),
            "line.tcp.enabled=false\nline.udp.enabled=false\ntelemetry.enabled=false\nshared.worker.count=2\n".into(),
            // A table can be suspended, as by a full disk.
            "dev.mode.enabled=true\n".into(),
            // What it sets aside for each partition would fill the disk.
            "cairo.writer.data.append.page.size=65536\ncairo.wal.writer.data.append.page.size=65536\n".into(),
        ];
        std::fs::write(folder.path().join("conf/server.conf"), settings.concat()).expect("written");
        let mut server = Self { child: None, options, program, folder, http, pg, health };
        server.start_again().await;
        Some(server)
    }

    pub async fn start_again(&mut self) {
        assert!(self.child.is_none(), "already running");
        let log = std::fs::File::create(self.folder.path().join("log")).expect("a log file");
        let mut java = Command::new("java");
        java.args(self.options);
        java.args(["--add-exports", "java.base/jdk.internal.math=io.questdb", "-p"]);
        java.arg(&self.program)
            .args(["-m", "io.questdb/io.questdb.ServerMain", "-d"])
            .arg(self.folder.path());
        // What a Java machine writes when it falls stays in there too.
        java.current_dir(self.folder.path());
        java.stdin(Stdio::null()).stdout(log.try_clone().expect("one file, two names")).stderr(log);
        self.child = Some(java.spawn().expect("java starts"));
        let url = format!("http://{}/", self.health);
        wait::until("QuestDB", START_LIMIT, || async {
            reqwest::get(&url).await.ok().filter(|answer| answer.status().is_success())
        })
        .await;
    }

    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("running").id()
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("running");
        child.kill().expect("kill -9");
        child.wait().expect("reaped");
    }

    /// The rows that a query answers; none where it is refused, as before there is a table.
    pub async fn rows(&self, sql: &str) -> Vec<Value> {
        let client = reqwest::Client::new();
        let asked = client.get(format!("http://{}/exec", self.http)).query(&[("query", sql)]).send().await;
        let answer: Value = asked.expect("the server answers").json().await.expect("JSON");
        answer["dataset"].as_array().cloned().unwrap_or_default()
    }
}

impl Drop for QuestDb {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
