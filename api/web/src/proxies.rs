//! Who really asks when a reverse proxy stands in between. Only what a trusted proxy says counts: anybody can send the
//! header.

use axum::http::{HeaderMap, HeaderName, header};
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};

/// The proxies that are believed, and the header in which they say for whom they ask. By default nobody is.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    trusted: Vec<IpNet>,
    said_in: ForwardedBy,
}

/// Proxies append to one of these and pass the other on as a stranger wrote it: so only one is ever read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardedBy {
    #[default]
    XForwardedFor,
    /// RFC 7239.
    Forwarded,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither an address nor a network such as 10.0.0.0/8")]
pub struct NotANetwork(pub String);

impl Proxies {
    /// `trusted` are addresses or networks, such as `127.0.0.1` or `10.0.0.0/8`.
    pub fn parse(trusted: &[String], said_in: ForwardedBy) -> Result<Self, NotANetwork> {
        let network = |text: &String| {
            let alone = text.parse::<IpAddr>().map(IpNet::from);
            alone.or_else(|_| text.parse::<IpNet>()).map_err(|_| NotANetwork(text.clone()))
        };
        Ok(Self { trusted: trusted.iter().map(network).collect::<Result<_, _>>()?, said_in })
    }

    pub fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(&address.to_canonical()))
    }

    /// The address on whose behalf `peer` asks. Read from the end, where the nearest proxy wrote: the first address
    /// that is no trusted proxy is the one.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        let mut hops = self.hops(headers);
        while self.trusts(client)
            && let Some(before) = hops.pop()
        {
            // What a proxy cannot say hides everything before it.
            let Some(before) = before else { break };
            client = before;
        }
        client
    }

    /// `None` for a hop that names no address.
    fn hops(&self, headers: &HeaderMap) -> Vec<Option<IpAddr>> {
        let name = match self.said_in {
            ForwardedBy::XForwardedFor => HeaderName::from_static("x-forwarded-for"),
            ForwardedBy::Forwarded => header::FORWARDED,
        };
        let lines = headers.get_all(name).iter().map(|line| line.to_str().unwrap_or("?"));
        let hops = lines.flat_map(|line| line.split(','));
        match self.said_in {
            ForwardedBy::XForwardedFor => hops.map(|hop| address(hop.trim())).collect(),
            ForwardedBy::Forwarded => hops.map(|hop| address(forwarded_for(hop)?)).collect(),
        }
    }
}

/// The value of `for=` in one element of `Forwarded`.
fn forwarded_for(element: &str) -> Option<&str> {
    element.split(';').find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        name.eq_ignore_ascii_case("for").then(|| value.trim().trim_matches('"'))
    })
}

/// With or without a port, IPv6 with or without brackets.
fn address(text: &str) -> Option<IpAddr> {
    let plain = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let alone = plain.parse::<IpAddr>().ok();
    alone.or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip())).map(|ip| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(trusted: &[&str], said_in: ForwardedBy, peer: &str, said: &[&str]) -> String {
        let trusted: Vec<String> = trusted.iter().map(|text| (*text).into()).collect();
        let proxies = Proxies::parse(&trusted, said_in).expect("networks");
        let name = match said_in {
            ForwardedBy::XForwardedFor => "x-forwarded-for",
            ForwardedBy::Forwarded => "forwarded",
        };
        let mut headers = HeaderMap::new();
        for line in said {
            headers.append(name, line.parse().expect("a header"));
        }
        proxies.client(peer.parse().expect("an address"), &headers).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let by = ForwardedBy::XForwardedFor;
        assert_eq!(client(&[], by, "127.0.0.1", &["203.0.113.7"]), "127.0.0.1", "nobody is by default");
        assert_eq!(client(&["127.0.0.1"], by, "127.0.0.1", &["203.0.113.7"]), "203.0.113.7");
        assert_eq!(client(&["127.0.0.1"], by, "::ffff:127.0.0.1", &["203.0.113.7"]), "203.0.113.7");
        let invented = &["1.1.1.1, 203.0.113.7", "10.1.2.3"];
        assert_eq!(client(&["127.0.0.1", "10.0.0.0/8"], by, "127.0.0.1", invented), "203.0.113.7");
        assert_eq!(client(&["127.0.0.1"], by, "127.0.0.1", invented), "10.1.2.3");
        assert_eq!(client(&["127.0.0.1"], by, "192.0.2.1", invented), "192.0.2.1");
        assert_eq!(client(&["127.0.0.1"], by, "127.0.0.1", &["unknown"]), "127.0.0.1");
        assert_eq!(client(&["127.0.0.1"], by, "127.0.0.1", &["[2001:db8::1]:443"]), "2001:db8::1");
        assert_eq!(client(&["127.0.0.1"], by, "127.0.0.1", &[]), "127.0.0.1");
    }

    #[test]
    fn the_standard_header_is_read_where_it_is_configured() {
        let by = ForwardedBy::Forwarded;
        let said = &[r#"for=1.1.1.1, For="[2001:db8::7]:4711";proto=https, for=10.0.0.2"#];
        assert_eq!(client(&["127.0.0.1", "10.0.0.0/8"], by, "127.0.0.1", said), "2001:db8::7");
        assert_eq!(client(&["127.0.0.1"], by, "127.0.0.1", &["by=10.0.0.2"]), "127.0.0.1");
    }

    #[test]
    fn a_network_that_is_none_is_refused_by_name() {
        let refused = Proxies::parse(&["10.0.0.0/64".into()], ForwardedBy::default()).unwrap_err();
        assert_eq!(refused, NotANetwork("10.0.0.0/64".into()));
    }
}
