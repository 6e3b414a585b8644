//! The real binary, started, stopped and killed.

use crate::{http::Api, wait};
use std::{
    io::Write,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::OnceLock,
    time::Duration,
};
use tempfile::TempDir;

const START_LIMIT: Duration = Duration::from_secs(60);

/// Path of a program of this workspace: from the folder that `MAINSTAY_PROGRAMS` names, such as `target/release`, else
/// built as these tests are.
#[expect(clippy::disallowed_methods, reason = "which build to test is the caller's choice")]
pub fn program(name: &str) -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let folder = BUILT.get_or_init(|| {
        if let Ok(folder) = std::env::var("MAINSTAY_PROGRAMS") {
            return root().join(folder);
        }
        let mut cargo = Command::new(env!("CARGO"));
        // With a test among the targets the dependencies have the features that `cargo test` gave them: nothing is
        // compiled a second time.
        cargo.args([
            "build",
            "--workspace",
            "--quiet",
            "--bin",
            "mainstay",
            "--bin",
            "simulator",
            "--test",
            "system",
        ]);
        cargo.current_dir(root());
        if !cfg!(debug_assertions) {
            cargo.arg("--release");
        }
        assert!(cargo.status().expect("cargo runs").success(), "the product does not build");
        let test = std::env::current_exe().expect("a test knows its own path");
        test.ancestors().nth(2).expect("target/<profile>/deps/<test>").to_path_buf()
    });
    folder.join(name)
}

/// The root of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the root")
}

/// How to start it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demo {
    Off,
    On,
}

/// One running product in a folder of its own. Stopped (killed) and removed when dropped.
pub struct Mainstay {
    child: Option<Child>,
    folder: TempDir,
    pub http: SocketAddr,
    pub mqtt: SocketAddr,
    demo: Demo,
    /// Variables of its environment.
    pub settings: Vec<(&'static str, String)>,
}

impl Mainstay {
    /// Starts on an empty folder and waits until it serves.
    pub async fn start(demo: Demo) -> Self {
        Self::start_on(demo, |_| ()).await
    }

    /// Starts on a data folder that `fill` has filled.
    pub async fn start_on(demo: Demo, fill: impl FnOnce(&Path)) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        fill(&folder.path().join("data"));
        let mut product =
            Self { child: None, folder, http: free_port(), mqtt: free_port(), demo, settings: Vec::new() };
        product.start_again().await;
        product
    }

    /// Starts on an empty folder with variables in its environment.
    pub async fn start_with(demo: Demo, settings: Vec<(&'static str, String)>) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let (http, mqtt) = (free_port(), free_port());
        let mut product = Self { child: None, folder, http, mqtt, demo, settings };
        product.start_again().await;
        product
    }

    /// Starts on a folder that somebody made for everybody.
    #[cfg(unix)]
    pub async fn start_in_open_folder(demo: Demo) -> Self {
        use std::os::unix::fs::PermissionsExt;
        let folder = TempDir::new().expect("a temporary folder");
        let mut product =
            Self { child: None, folder, http: free_port(), mqtt: free_port(), demo, settings: Vec::new() };
        std::fs::create_dir(product.data_dir()).expect("made");
        let open = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(product.data_dir(), open).expect("opened");
        product.start_again().await;
        product
    }

    pub fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Starts on the folder as it was left, on the same ports.
    pub async fn start_again(&mut self) {
        assert!(self.child.is_none(), "already running");
        let log =
            std::fs::OpenOptions::new().create(true).append(true).open(self.log_path()).expect("a log file");
        let mut command = self.command("run");
        command.args(["--http-listen", &self.http.to_string(), "--mqtt-listen", &self.mqtt.to_string()]);
        if self.demo == Demo::Off {
            command.arg("--no-demo");
        }
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("one file, two names")).stderr(log);
        let mut child = command.spawn().expect("the product starts");
        let url = format!("http://{}/health/ready", self.http);
        wait::until("the product to be ready", START_LIMIT, || {
            let ended = child.try_wait().expect("waitable");
            assert!(ended.is_none(), "the product ended at once: {}", self.log());
            let url = &url;
            async move { reqwest::get(url).await.ok().filter(|answer| answer.status().is_success()) }
        })
        .await;
        self.child = Some(child);
    }

    /// `kill -9`: nothing is flushed.
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("running");
        child.kill().expect("kill -9");
        child.wait().expect("reaped");
    }

    /// SIGTERM, and waits for the end.
    pub async fn stop(&mut self) -> std::process::ExitStatus {
        let mut child = self.child.take().expect("running");
        let pid = child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs").success());
        wait::until("the product to stop", START_LIMIT, || {
            let status = child.try_wait().expect("waitable");
            async move { status }
        })
        .await
    }

    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("running").id()
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// The present value of one of the product's own metrics; `None` before it was first set.
    pub async fn metric(&self, name: &str) -> Option<f64> {
        let answer =
            reqwest::get(format!("http://{}/metrics", self.http)).await.expect("the product answers");
        let text = answer.text().await.expect("text");
        text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
    }

    /// The JSON API with a new token of `role`.
    pub fn api(&self, role: &str) -> Api {
        let answer = self.run("create-token", &["--name", &format!("test {role}"), "--role", role], "");
        let token = String::from_utf8(answer.stdout).expect("text").trim().to_owned();
        Api::new(self.http, &token)
    }

    /// An account that signs in with `password`.
    pub fn create_account(&self, email: &str, role: &str, password: &str, more: &[&str]) {
        let mut arguments = vec!["--email", email, "--name", email, "--role", role, "--password-file", "-"];
        arguments.extend(more);
        self.run("create-account", &arguments, password);
    }

    /// What becomes of a second process on the same folder, with ports of its own.
    pub fn rival(&self) -> Output {
        let mut command = self.command("run");
        command.args(["--http-listen", &free_port().to_string(), "--mqtt-listen", &free_port().to_string()]);
        command.arg("--no-demo").stdin(Stdio::null()).output().expect("the product starts")
    }

    /// Another command of the binary on this product's folder, while it runs.
    pub fn run(&self, command: &str, arguments: &[&str], input: &str) -> Output {
        let mut child = self
            .command(command)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command starts");
        child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("input is read");
        let output = child.wait_with_output().expect("the command ends");
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        output
    }

    fn command(&self, command: &str) -> Command {
        let mut child = Command::new(program("mainstay"));
        // Switches of the tests are no configuration of the product.
        for (name, _) in
            std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("MAINSTAY_"))
        {
            child.env_remove(name);
        }
        child.args(command.split(' ')).arg("--data-dir").arg(self.data_dir());
        child.envs(self.settings.iter().cloned());
        child
    }
    fn log_path(&self) -> PathBuf {
        self.folder.path().join("log")
    }
}

impl Drop for Mainstay {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        if std::thread::panicking() {
            eprintln!("--- log of the product ---\n{}", self.log());
        }
    }
}

/// A loopback port that was free a moment ago.
pub fn free_port() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("bound")
}
