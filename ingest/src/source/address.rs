//! `mqtt://user:password-file@host:port?share=group&version=3&client_id=name&ca_file=path&profiles=tasmota,homie&topics=json:factory/%23`
//!
//! The password is the path of a file whose first line holds it, with what is not allowed in a URL percent-encoded. With
//! `mqtts` the connection is encrypted and the server's certificate checked against those of the system or of `ca_file`.

use domain::fleet::device::DeviceProfile;
use percent_encoding::percent_decode_str;
use std::{path::PathBuf, str::FromStr};

/// Where a broker is, and how it is spoken to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerAddress {
    pub host: String,
    pub port: u16,
    pub tls: bool,
    pub user: Option<String>,
    pub password_file: Option<PathBuf>,
    /// Processes of one group share the messages (MQTT 5, and Mosquitto's 3.1.1).
    pub share: Option<String>,
    /// 5, or 3 for MQTT 3.1.1.
    pub version: u8,
    /// Under which the broker keeps what is not yet taken; made of the machine and the data folder without one.
    pub client_id: Option<String>,
    pub ca_file: Option<PathBuf>,
    /// Only these of the dialects that are told apart by their topics; all without.
    pub profiles: Option<Vec<DeviceProfile>>,
    /// Filters beside those of the dialects that are told apart by their topics.
    pub topics: Vec<(String, DeviceProfile)>,
}

impl FromStr for BrokerAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once("://").ok_or("it must begin with mqtt:// or mqtts://")?;
        let tls = match scheme {
            "mqtt" => false,
            "mqtts" => true,
            other => return Err(format!("{other:?} is neither mqtt nor mqtts")),
        };
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (who, place) = match place.rsplit_once('@') {
            Some((who, place)) => (Some(who), place),
            None => (None, place),
        };
        let place = place.trim_end_matches('/');
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().map_err(|_| format!("{port:?} is no port"))?),
            None => (place, if tls { 8883 } else { 1883 }),
        };
        if host.is_empty() {
            return Err("it names no host".into());
        }
        let (user, file) = match who.map(|who| who.split_once(':').unwrap_or((who, ""))) {
            Some((user, file)) => (Some(decoded(user)?), (!file.is_empty()).then_some(decoded(file)?)),
            None => (None, None),
        };
        let mut address = Self {
            host: host.trim_matches(['[', ']']).into(),
            port,
            tls,
            user,
            password_file: file.map(PathBuf::from),
            share: None,
            version: 5,
            client_id: None,
            ca_file: None,
            profiles: None,
            topics: Vec::new(),
        };
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            address.set(&key, value.into_owned())?;
        }
        Ok(address)
    }
}

impl BrokerAddress {
    fn set(&mut self, key: &str, value: String) -> Result<(), String> {
        match key {
            "share" if value.is_empty() || value.contains(['/', '+', '#']) => {
                return Err(format!("{value:?} cannot be the name of a group"));
            }
            "share" => self.share = Some(value),
            "version" => {
                self.version = match value.as_str() {
                    "3" | "3.1.1" => 3,
                    "5" => 5,
                    other => return Err(format!("version {other:?}: 3 or 5")),
                }
            }
            "client_id" => self.client_id = Some(value),
            "ca_file" => self.ca_file = Some(value.into()),
            "profiles" => {
                let words = value.split(',').filter(|word| !word.is_empty());
                self.profiles = Some(words.map(profile).collect::<Result<_, _>>()?);
            }
            "topics" => {
                let (word, filter) =
                    value.split_once(':').ok_or_else(|| format!("topics={value:?} is not PROFILE:FILTER"))?;
                self.topics.push((filter.into(), profile(word)?));
            }
            other => return Err(format!("nothing is called {other:?}")),
        }
        Ok(())
    }

    /// How people know it.
    pub fn name(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

fn profile(word: &str) -> Result<DeviceProfile, String> {
    word.parse().map_err(|_| format!("no profile is called {word:?}"))
}

fn decoded(text: &str) -> Result<String, String> {
    let text = percent_decode_str(text).decode_utf8();
    text.map(Into::into).map_err(|_| "its user or password file is no text".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_can_be_said_in_one_line() {
        let full: BrokerAddress =
            "mqtts://me%40x:%2Fetc%2Fpassword@broker.example:8884?share=mainstay&version=3\
             &client_id=m1&ca_file=/etc/ca.pem&topics=json:factory/%23&profiles=tasmota,homie"
                .parse()
                .unwrap();
        assert_eq!(
            (full.host.as_str(), full.port, full.tls, full.version),
            ("broker.example", 8884, true, 3)
        );
        assert_eq!(full.user.as_deref(), Some("me@x"));
        assert_eq!(full.password_file.as_deref(), Some("/etc/password".as_ref()));
        assert_eq!((full.share.as_deref(), full.client_id.as_deref()), (Some("mainstay"), Some("m1")));
        assert_eq!(full.topics, [("factory/#".to_owned(), DeviceProfile::Json)]);
        assert_eq!(full.profiles, Some(vec![DeviceProfile::Tasmota, DeviceProfile::Homie]));
        let short: BrokerAddress = "mqtt://localhost".parse().unwrap();
        assert_eq!((short.port, short.version, short.user), (1883, 5, None));
        assert_eq!("mqtts://[::1]:1".parse::<BrokerAddress>().unwrap().host, "::1");
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, why) in [
            ("localhost:1883", "mqtt://"),
            ("http://x", "http"),
            ("mqtt://:1883", "host"),
            ("mqtt://x:no", "no"),
            ("mqtt://x?shar=a", "shar"),
            ("mqtt://x?share=a/b", "a/b"),
            ("mqtt://x?version=4", "4"),
            ("mqtt://x?topics=factory", "PROFILE:FILTER"),
            ("mqtt://x?topics=nobody:a", "nobody"),
        ] {
            let error = text.parse::<BrokerAddress>().unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
