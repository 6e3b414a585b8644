//! Configuration: defaults < TOML file < environment `MAINSTAY_*` < flags. Read once, here; an unknown key is refused.
//! Secrets come from the environment or from a file named by `*_file`, and are never shown.

use crate::{cli::Engine, device_limits::DeviceLimits, role::Roles, telemetry::QuestDbSettings};
use anyhow::{Context, Result, anyhow, bail};
use figment::{
    Figment,
    providers::{Env, Format, Serialized},
};
use ingest::source::BrokerAddress;
use serde::{Deserialize, Serialize, Serializer, de::DeserializeOwned};
use service::jobs::retention::Retention;
use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};
use web::proxies::{ForwardedBy, Proxies};

/// Everything that can be configured. Nested keys are written `demo__password` in the environment.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Holds everything that is kept. One process at a time.
    pub data_dir: PathBuf,
    /// URL of the PostgreSQL database that holds the records; without one they are in the data folder. It may carry a
    /// password, so it is never shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records: Option<Secret>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records_file: Option<PathBuf>,
    /// Where the samples of devices are kept.
    pub telemetry: Engine,
    /// Where devices connect.
    pub mqtt_listen: SocketAddr,
    /// A broker that devices are read from as well; its password is in a file that it names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broker: Option<String>,
    /// Where people and programs connect.
    pub http_listen: SocketAddr,
    pub roles: Roles,
    /// Start empty instead of loading the demo into a new data folder.
    pub no_demo: bool,
    /// The product is reached over TLS: cookies carry `Secure`.
    pub secure_cookies: bool,
    /// Reverse proxies, as addresses or networks: only these are believed about who really asks.
    pub trusted_proxies: Vec<String>,
    /// The header in which they say so: `x-forwarded-for` or `forwarded`.
    pub forwarded_by: ForwardedBy,
    /// A level (`info`) or directives (`info,gateway=debug`).
    pub log_level: String,
    pub log_format: LogFormat,
    /// How long a stopping role may take before it is cut off.
    pub stop_timeout_s: u64,
    /// How far ahead of ours the clock of a device may be: what is later is set aside. At most a day.
    pub clock_tolerance_s: u32,
    pub devices: DeviceLimits,
    pub demo: Demo,
    pub questdb: QuestDbSettings,
    pub retention: Retention,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    Text,
    Json,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Demo {
    /// Of the demo's sign-ins, instead of a random one that is printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
}

/// A value that no log, error or `print-config` shows.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    pub fn expose(&self) -> &str {
        &self.0
    }
}
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}
impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("(hidden)")
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: "mainstay-data".into(),
            records: None,
            records_file: None,
            telemetry: Engine::default(),
            mqtt_listen: (Ipv4Addr::LOCALHOST, 1883).into(),
            broker: None,
            http_listen: (Ipv4Addr::LOCALHOST, 8080).into(),
            roles: Roles::default(),
            no_demo: false,
            secure_cookies: false,
            trusted_proxies: Vec::new(),
            forwarded_by: ForwardedBy::default(),
            log_level: "info".into(),
            log_format: LogFormat::Text,
            stop_timeout_s: 20,
            clock_tolerance_s: 120,
            devices: DeviceLimits::default(),
            demo: Demo::default(),
            questdb: QuestDbSettings::default(),
            retention: Retention::default(),
        }
    }
}

/// Read by the library that also writes it.
struct Toml;

impl Format for Toml {
    type Error = toml::de::Error;
    const NAME: &'static str = "TOML";

    fn from_str<T: DeserializeOwned>(text: &str) -> Result<T, Self::Error> {
        toml::from_str(text)
    }
}

/// Names under `MAINSTAY_` that others read: the command line (`CONFIG`), the simulator, tests and benchmarks.
const NOT_CONFIGURATION: &[&str] = &[
    "config",
    "api_token",
    "data",
    "test_services",
    "test_postgres",
    "test_questdb",
    "test_questdb_jar",
    "screenshots",
    "axe",
    "paho_python",
];

impl Config {
    /// Merges the four layers. `flags` serialises to the options that were given on the command line, and no others.
    pub fn load(file: Option<&Path>, flags: &impl Serialize) -> Result<Self> {
        let mut figment = Figment::from(Serialized::defaults(Self::default()));
        if let Some(file) = file {
            if !file.is_file() {
                bail!("there is no configuration file {}", file.display());
            }
            figment = figment.merge(Toml::file_exact(file));
        }
        let environment = Env::prefixed("MAINSTAY_").ignore(NOT_CONFIGURATION).split("__");
        let mut config: Self = figment
            .merge(environment)
            .merge(Serialized::defaults(flags))
            .extract()
            .context("configuration refused")?;
        if config.clock_tolerance_s > 86_400 {
            bail!("clock_tolerance_s is {}: at most a day, 86400", config.clock_tolerance_s);
        }
        config.read_secrets()?;
        config.proxies()?;
        config.broker()?;
        config.classes()?;
        Ok(config)
    }

    pub fn proxies(&self) -> Result<Proxies> {
        Proxies::parse(&self.trusted_proxies, self.forwarded_by).context("trusted_proxies")
    }

    pub fn broker(&self) -> Result<Option<BrokerAddress>> {
        let read = |url: &String| url.parse().map_err(|why: String| anyhow!("broker {url:?}: {why}"));
        self.broker.as_ref().map(read).transpose()
    }

    fn classes(&self) -> Result<()> {
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        for (name, class) in &self.retention.classes {
            if name.is_empty() || !name.chars().all(word) {
                bail!("retention.classes: {name:?} must be of letters, digits and underscores");
            }
            if class.metrics.is_empty() {
                bail!("retention.classes.{name}: metrics names none");
            }
        }
        Ok(())
    }

    fn read_secrets(&mut self) -> Result<()> {
        from_file("records", &mut self.records, self.records_file.as_deref())?;
        from_file("demo.password", &mut self.demo.password, self.demo.password_file.as_deref())?;
        let questdb = &mut self.questdb;
        from_file("questdb.password", &mut questdb.password, questdb.password_file.as_deref())?;
        let known = |url: &Secret| {
            ["postgres://", "postgresql://"].iter().any(|scheme| url.expose().starts_with(scheme))
        };
        match &self.records {
            Some(url) if !known(url) => bail!("records must be a URL that begins with postgres://"),
            _ => Ok(()),
        }
    }

    /// As TOML, without secrets.
    pub fn to_toml(&self) -> Result<String> {
        Ok(toml::to_string(self)?)
    }
}

/// Fills the secret `key` from the `file` that is named for it.
fn from_file(key: &str, secret: &mut Option<Secret>, file: Option<&Path>) -> Result<()> {
    let Some(file) = file else { return Ok(()) };
    if secret.is_some() {
        bail!("{key} and {key}_file are both set: keep one of them");
    }
    *secret = Some(Secret(read_secret(file)?));
    Ok(())
}

/// The first line of `file`, which must not be empty.
pub fn read_secret(file: &Path) -> Result<String> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    match text.lines().next().map(str::trim_end) {
        Some(line) if !line.is_empty() => Ok(line.into()),
        _ => bail!("{} is empty: its first line must hold the secret", file.display()),
    }
}

#[cfg(test)]
#[expect(clippy::result_large_err, reason = "figment's jail asks for its error type")]
mod tests {
    use super::*;
    use figment::Jail;
    use serde_json::json;

    #[test]
    fn flags_win_over_environment_over_file_over_defaults() {
        Jail::expect_with(|jail| {
            jail.create_file(
                "m.toml",
                "http_listen = \"127.0.0.1:1\"\nmqtt_listen = \"127.0.0.1:1\"\nno_demo = true\nroles = [\"api\"]",
            )?;
            jail.set_env("MAINSTAY_HTTP_LISTEN", "127.0.0.1:2");
            jail.set_env("MAINSTAY_MQTT_LISTEN", "127.0.0.1:2");
            jail.set_env("MAINSTAY_ROLES", "gateway,ingest");
            jail.set_env("MAINSTAY_DEMO__PASSWORD", "s3cret");
            jail.set_env("MAINSTAY_DEVICES__NAMES", "7");
            jail.set_env("MAINSTAY_DATA", "/elsewhere");
            jail.set_env("MAINSTAY_API_TOKEN", "the simulator's");
            let config = Config::load(Some(Path::new("m.toml")), &json!({ "http_listen": "127.0.0.1:3" }))
                .expect("valid");
            assert_eq!(config.http_listen.port(), 3);
            assert_eq!(config.mqtt_listen.port(), 2);
            assert!(config.no_demo);
            let limits = DeviceLimits::default();
            assert_eq!(config.devices, DeviceLimits { names: 7, ..limits });
            assert_eq!(config.roles.to_string(), "gateway,ingest");
            assert_eq!(config.data_dir, Path::new("mainstay-data"));
            assert_eq!(config.demo.password.as_ref().map(Secret::expose), Some("s3cret"));
            Ok(())
        });
    }

    #[test]
    fn an_unknown_key_is_refused_by_name_wherever_it_stands() {
        Jail::expect_with(|jail| {
            let message = |file: Option<&str>| {
                format!("{:#}", Config::load(file.map(Path::new), &json!({})).expect_err("refused"))
            };
            jail.create_file("m.toml", "htpp_listen = \"127.0.0.1:1\"")?;
            let text = message(Some("m.toml"));
            assert!(text.contains("htpp_listen") && text.contains("m.toml"), "{text}");
            jail.create_file("n.toml", "[demo]\npasword = \"x\"")?;
            assert!(message(Some("n.toml")).contains("pasword"));
            jail.set_env("MAINSTAY_NO_DEMOS", "true");
            assert!(message(None).contains("no_demos"));
            assert!(message(Some("missing.toml")).contains("missing.toml"));
            Ok(())
        });
    }

    #[test]
    fn metrics_have_classes_and_a_broker_its_words() {
        Jail::expect_with(|jail| {
            jail.create_file("m.toml", "[retention.classes.fast]\nmetrics = [\"vibration*\"]\ndays = 30")?;
            jail.set_env("MAINSTAY_BROKER", "mqtt://host?share=all");
            let config = Config::load(Some(Path::new("m.toml")), &json!({})).expect("valid");
            assert_eq!(config.retention.metric_classes().next().map(|(_, days)| days), Some(30));
            assert!(config.to_toml().expect("TOML").contains("[retention.classes.fast]"));
            assert!(
                config.broker().expect("valid").is_some_and(|broker| broker.share.as_deref() == Some("all"))
            );
            jail.set_env("MAINSTAY_BROKER", "http://host");
            let refused = Config::load(Some(Path::new("m.toml")), &json!({})).expect_err("refused");
            assert!(format!("{refused:#}").contains("http"), "{refused:#}");
            jail.create_file("n.toml", "[retention.classes.\"a b\"]\nmetrics = [\"x\"]\ndays = 1")?;
            let text = Config::load(Some(Path::new("n.toml")), &json!({ "broker": "mqtt://h" }));
            assert!(format!("{:#}", text.expect_err("refused")).contains("a b"));
            Ok(())
        });
    }

    #[test]
    fn the_example_of_deploy_is_accepted() {
        // In a jail, because the other tests set variables of the same process.
        Jail::expect_with(|_| {
            let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/mainstay.toml");
            let config = Config::load(Some(&example), &json!({})).expect("valid");
            assert!(config.no_demo && config.secure_cookies && config.log_format == LogFormat::Json);
            Ok(())
        });
    }

    #[test]
    fn a_trusted_proxy_must_be_a_network() {
        Jail::expect_with(|jail| {
            jail.create_file(
                "m.toml",
                "trusted_proxies = [\"127.0.0.1\", \"10.0.0.0/8\"]\nforwarded_by = \"forwarded\"",
            )?;
            let config = Config::load(Some(Path::new("m.toml")), &json!({})).expect("valid");
            assert_eq!(config.forwarded_by, ForwardedBy::Forwarded);
            jail.create_file("m.toml", "trusted_proxies = [\"proxy.example\"]")?;
            let refused = Config::load(Some(Path::new("m.toml")), &json!({})).unwrap_err();
            assert!(format!("{refused:#}").contains("proxy.example"), "{refused:#}");
            Ok(())
        });
    }

    #[test]
    fn secrets_come_from_files_and_are_never_shown() {
        Jail::expect_with(|jail| {
            jail.create_file("secret", "s3cret\n")?;
            jail.set_env("MAINSTAY_DEMO__PASSWORD_FILE", "secret");
            let config = Config::load(None, &json!({})).expect("valid");
            assert_eq!(config.demo.password.as_ref().map(Secret::expose), Some("s3cret"));
            let shown = config.to_toml().expect("TOML") + &format!("{config:?}");
            assert!(!shown.contains("s3cret") && shown.contains("(hidden)"), "{shown}");
            jail.set_env("MAINSTAY_DEMO__PASSWORD", "other");
            assert!(Config::load(None, &json!({})).is_err());
            Ok(())
        });
    }

    #[test]
    fn where_the_records_are_is_shown_to_nobody() {
        Jail::expect_with(|jail| {
            let url = "postgres://mainstay:s3cret@db/mainstay";
            let config = Config::load(None, &json!({ "records": url })).expect("valid");
            assert_eq!(config.records.as_ref().map(Secret::expose), Some(url));
            let shown = config.to_toml().expect("TOML") + &format!("{config:?}");
            assert!(!shown.contains("s3cret") && shown.contains("records = \"(hidden)\""), "{shown}");
            let refused = Config::load(None, &json!({ "records": "mysql://x:s3cret@db/x" })).unwrap_err();
            assert!(!format!("{refused:#} {refused:?}").contains("s3cret"), "{refused:#}");
            jail.create_file("url", &format!("{url}\n"))?;
            jail.set_env("MAINSTAY_RECORDS_FILE", "url");
            let config = Config::load(None, &json!({})).expect("valid");
            assert_eq!(config.records.as_ref().map(Secret::expose), Some(url));
            Ok(())
        });
    }
}
