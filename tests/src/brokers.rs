//! Somebody's MQTT broker: Mosquitto, or NATS with JetStream.

use crate::{product::free_port, services, wait};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;

const LIMIT: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Mosquitto,
    Nats,
}

pub struct Broker {
    kind: Kind,
    /// It speaks TLS, with a certificate that this file vouches for.
    authority: Option<PathBuf>,
    child: Option<Child>,
    folder: TempDir,
    pub address: SocketAddr,
}

impl Broker {
    /// The same over TLS.
    pub async fn start_over_tls(kind: Kind) -> Option<(Self, PathBuf)> {
        assert_eq!(kind, Kind::Mosquitto, "the others are not set up for it");
        if !services::required("openssl") {
            return None;
        }
        let mut broker = Self::prepare(kind)?;
        let authority = broker.folder.path().join("authority.pem");
        certify(broker.folder.path());
        broker.authority = Some(authority.clone());
        broker.start_again().await;
        Some((broker, authority))
    }

    /// `None` where it is not installed and `tests/run` did not promise it.
    pub async fn start(kind: Kind) -> Option<Self> {
        let mut broker = Self::prepare(kind)?;
        broker.start_again().await;
        Some(broker)
    }

    fn prepare(kind: Kind) -> Option<Self> {
        let program = match kind {
            Kind::Mosquitto => "mosquitto",
            Kind::Nats => "nats-server",
        };
        // Debian puts servers where not everybody looks.
        if !services::required(&format!("{program} || command -v /usr/sbin/{program}")) {
            return None;
        }
        let folder = TempDir::new().expect("a temporary folder");
        Some(Self { kind, authority: None, child: None, folder, address: free_port() })
    }

    pub async fn start_again(&mut self) {
        assert!(self.child.is_none(), "already running");
        let (address, folder) = (self.address, self.folder.path());
        let file = folder.join("settings");
        let tls = match &self.authority {
            Some(_) => format!("certfile {0}/server.pem\nkeyfile {0}/server.key\n", folder.display()),
            None => String::new(),
        };
        let (program, settings) = match self.kind {
            // What it holds for a session that is away has no limit, and is on its disk.
            Kind::Mosquitto => (
                "mosquitto",
                format!(
                    "listener {} {}\nallow_anonymous true\nmax_queued_messages 0\npersistence true\n\
                     persistence_location {folder}/\nautosave_interval 1\nuser root\n{tls}",
                    address.port(),
                    address.ip(),
                    folder = folder.display()
                ),
            ),
            Kind::Nats => (
                "nats-server",
                format!(
                    "server_name: one\nlisten: \"{}\"\njetstream {{ store_dir: \"{}\" }}\nmqtt {{ listen: \"{address}\" }}\n",
                    free_port(),
                    folder.join("jetstream").display()
                ),
            ),
        };
        std::fs::write(&file, settings).expect("written");
        let log = std::fs::File::create(folder.join("log")).expect("a log file");
        let mut server = Command::new("sh");
        server.args(["-c", &format!("PATH=$PATH:/usr/sbin exec {program} -c {}", file.display())]);
        server.stdin(Stdio::null()).stdout(log.try_clone().expect("one file, two names")).stderr(log);
        self.child = Some(server.spawn().expect("it starts"));
        wait::until("the broker", LIMIT, || async {
            tokio::net::TcpStream::connect(address).await.ok().map(drop)
        })
        .await;
    }

    /// SIGTERM: it writes down what it holds.
    pub async fn stop(&mut self) {
        let mut child = self.child.take().expect("running");
        let stopped = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
        assert!(stopped.expect("kill runs").success());
        wait::until("the broker to stop", LIMIT, || {
            let ended = child.try_wait().expect("waitable");
            async move { ended }
        })
        .await;
    }
}

/// An authority, and a certificate of it for this machine.
fn certify(folder: &Path) {
    let script = "openssl req -x509 -newkey rsa:2048 -nodes -keyout authority.key -out authority.pem -days 2 -subj /CN=authority && \
        openssl req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=localhost && \
        printf 'subjectAltName=IP:127.0.0.1,DNS:localhost' > names && \
        openssl x509 -req -in server.csr -CA authority.pem -CAkey authority.key -CAcreateserial -days 2 \
            -extfile names -out server.pem";
    let made = Command::new("sh").args(["-c", script]).current_dir(folder).output().expect("sh runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

impl Drop for Broker {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
