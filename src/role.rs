//! The parts that one process may carry, in the order in which data flows through them.

use serde::{Deserialize, Deserializer, Serialize, de};
use std::{collections::BTreeSet, fmt, str::FromStr};

/// Ordered from the beginning of the flow to its end: stopping follows this order, starting reverses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Gateway,
    Ingest,
    Analytics,
    Jobs,
    Api,
}

impl Role {
    pub const ALL: [Self; 5] = [Self::Gateway, Self::Ingest, Self::Analytics, Self::Jobs, Self::Api];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Ingest => "ingest",
            Self::Analytics => "analytics",
            Self::Jobs => "jobs",
            Self::Api => "api",
        }
    }
}
impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The roles of this process; never empty, and the gateway never without ingest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Roles(BTreeSet<Role>);

impl Roles {
    pub fn contains(&self, role: Role) -> bool {
        self.0.contains(&role)
    }
    fn new(roles: BTreeSet<Role>) -> Result<Self, InvalidRoles> {
        if roles.is_empty() {
            return Err(InvalidRoles::None);
        }
        if roles.contains(&Role::Gateway) && !roles.contains(&Role::Ingest) {
            return Err(InvalidRoles::GatewayWithoutIngest);
        }
        Ok(Self(roles))
    }
}
impl Default for Roles {
    fn default() -> Self {
        Self(Role::ALL.into())
    }
}
impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.0.iter().map(|role| role.as_str()).collect();
        f.write_str(&words.join(","))
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRoles {
    #[error("{0:?} is not a role; the roles are gateway, ingest, analytics, jobs and api")]
    Unknown(String),
    #[error("name at least one role: gateway, ingest, analytics, jobs, api")]
    None,
    #[error("the gateway hands its messages to ingest in the same process: add the role ingest")]
    GatewayWithoutIngest,
}

impl FromStr for Roles {
    type Err = InvalidRoles;
    fn from_str(s: &str) -> Result<Self, InvalidRoles> {
        let words = s.split(',').map(str::trim).filter(|word| !word.is_empty());
        let roles = words.map(|word| {
            Role::ALL
                .into_iter()
                .find(|role| role.as_str() == word)
                .ok_or_else(|| InvalidRoles::Unknown(word.into()))
        });
        Self::new(roles.collect::<Result<_, _>>()?)
    }
}

/// A list of words, or one text with commas as in the environment.
impl<'de> Deserialize<'de> for Roles {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Input {
            Text(String),
            List(Vec<String>),
        }
        let text = match Input::deserialize(deserializer)? {
            Input::Text(text) => text,
            Input::List(words) => words.join(","),
        };
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_read_from_text_and_refused_with_the_reason() {
        let roles: Roles = "gateway, ingest".parse().unwrap();
        assert!(roles.contains(Role::Gateway) && roles.contains(Role::Ingest) && !roles.contains(Role::Api));
        assert_eq!("gateway".parse::<Roles>(), Err(InvalidRoles::GatewayWithoutIngest));
        assert_eq!("web".parse::<Roles>(), Err(InvalidRoles::Unknown("web".into())));
        assert_eq!(" ,".parse::<Roles>(), Err(InvalidRoles::None));
        assert_eq!(Roles::default().to_string().parse::<Roles>(), Ok(Roles::default()));
    }
}
