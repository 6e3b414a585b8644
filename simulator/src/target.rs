//! Where devices connect, and who they are there.

use anyhow::{Context, Result, bail};
use clap::Args;
use reqwest::Url;
use simulator::{
    fleet::Address,
    plant::Plant,
    replay::{Directory, Make},
    voice::{Format, SignIn, Voice},
};
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

#[derive(Args)]
pub struct Target {
    /// Where devices connect
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:1883")]
    mqtt: String,
    /// File of `id,token` lines; without it devices are made through the API
    #[arg(long, value_name = "FILE", conflicts_with_all = ["api", "api_token"])]
    tokens: Option<PathBuf>,
    /// Address of the web side, such as http://127.0.0.1:8080
    #[arg(long, value_name = "URL", requires = "api_token")]
    api: Option<Url>,
    /// Token for it, from `mainstay create-token --role admin`
    #[arg(long, env = "MAINSTAY_API_TOKEN", hide_env_values = true)]
    api_token: Option<String>,
    /// Publish there at a broker of your own, which knows no devices; {device} stands for the name of each
    #[arg(long, conflicts_with_all = ["tokens", "api", "api_token"])]
    topic: Option<String>,
    /// How messages are written there
    #[arg(long, value_enum, default_value = "json", requires = "topic")]
    format: Format,
    /// User name of all devices there
    #[arg(long, value_name = "NAME", requires = "topic")]
    user: Option<String>,
    #[arg(long, value_name = "FILE", requires = "user")]
    password_file: Option<PathBuf>,
    /// The result as JSON
    #[arg(long)]
    pub json: bool,
}

impl Target {
    pub fn address(&self) -> Result<Address> {
        address(&self.mqtt)
    }

    fn plant(&self) -> Result<Plant> {
        match (&self.api, &self.api_token) {
            (Some(api), Some(token)) => Plant::new(api, token),
            _ => bail!(
                "give --tokens FILE, or --api URL with --api-token, or --topic for a broker of your own"
            ),
        }
    }

    pub async fn directory(
        &self,
        customer: &str,
        models: HashMap<String, String>,
        make: Make,
    ) -> Result<Directory> {
        match (&self.topic, &self.tokens) {
            (Some(topic), _) => {
                Ok(Directory::Anyone { topic: topic.clone(), format: self.format, sign_in: self.sign_in()? })
            }
            (None, Some(file)) => Directory::from_file(&read(file)?),
            (None, None) => Directory::made(self.plant()?, customer, models, make).await,
        }
    }

    /// How `count` devices speak that belong to no asset; their names begin with `prefix`.
    pub async fn voices(&self, prefix: &str, count: u32) -> Result<Vec<Voice>> {
        let names = (1..=count).map(|number| format!("{prefix}{number}"));
        if let Some(topic) = &self.topic {
            let sign_in = self.sign_in()?;
            return Ok(names.map(|name| Voice::new(&name, topic, self.format, sign_in.clone())).collect());
        }
        let tokens = self.many_tokens(prefix, count).await?;
        Ok(names.zip(tokens).map(|(name, token)| Voice::with_token(&name, token)).collect())
    }

    /// Of all devices at a broker of one's own.
    fn sign_in(&self) -> Result<Option<SignIn>> {
        let Some(user) = self.user.clone() else { return Ok(None) };
        let password = self.password_file.as_deref().map(read).transpose()?.unwrap_or_default();
        Ok(Some(SignIn { user, password: password.trim_end_matches(['\r', '\n']).to_owned() }))
    }

    /// Tokens of devices that belong to no asset.
    async fn many_tokens(&self, prefix: &str, count: u32) -> Result<Vec<String>> {
        if let Some(file) = &self.tokens {
            let tokens: Vec<String> = read(file)?
                .lines()
                .filter_map(|line| line.rsplit(',').next())
                .map(|t| t.trim().to_owned())
                .collect();
            if tokens.len() < count as usize {
                bail!("{} holds {} tokens, {count} are needed", file.display(), tokens.len());
            }
            return Ok(tokens.into_iter().take(count as usize).collect());
        }
        let plant = self.plant()?;
        let mut tokens = Vec::new();
        for number in 1..=count {
            tokens.push(plant.device_token(&format!("{prefix}{number}"), None).await?);
        }
        Ok(tokens)
    }
}

pub fn address(mqtt: &str) -> Result<Address> {
    let (host, port) = mqtt.rsplit_once(':').context("--mqtt takes HOST:PORT")?;
    Ok(Address { host: host.into(), port: port.parse().context("--mqtt takes HOST:PORT")? })
}

fn read(file: &Path) -> Result<String> {
    std::fs::read_to_string(file).with_context(|| file.display().to_string())
}
