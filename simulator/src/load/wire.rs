//! As much of MQTT 3.1.1 as load needs.

use crate::{fleet::Address, voice::SignIn};
use anyhow::{Context, Result, bail};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, tcp::OwnedReadHalf},
};

pub const DISCONNECT: [u8; 2] = [0xe0, 0];
const PUBLISH_AT_LEAST_ONCE: u8 = 0x32;

/// A connection whose client has been let in.
pub async fn connect(address: &Address, client_id: &str, user: Option<&SignIn>) -> Result<TcpStream> {
    let place = format!("{}:{}", address.host, address.port);
    let mut stream = TcpStream::connect(&place).await.with_context(|| format!("cannot reach {place}"))?;
    stream.set_nodelay(true)?;
    let clean_session = 0x02;
    let (user, password) = user.map_or((None, None), |it| (Some(&it.user), Some(&it.password)));
    let password = password.filter(|password| !password.is_empty());
    let flags =
        clean_session | if user.is_some() { 0x80 } else { 0 } | if password.is_some() { 0x40 } else { 0 };
    // No keep-alive: it never falls silent for long.
    let mut body = [text("MQTT"), vec![4, flags, 0, 0], text(client_id)].concat();
    body.extend([user, password].into_iter().flatten().flat_map(|one| text(one)));
    let mut packet = vec![0x10];
    length(body.len(), &mut packet);
    packet.extend(body);
    stream.write_all(&packet).await?;
    let mut answer = [0; 4];
    stream.read_exact(&mut answer).await.context("the broker refused the connection")?;
    match answer {
        [0x20, 2, _, 0] => Ok(stream),
        [0x20, 2, _, code] => bail!("the broker refused {client_id}: return code {code}"),
        other => bail!("no answer to CONNECT: {other:02x?}"),
    }
}

/// Appends a publish of QoS 1 to `out`.
pub fn publish(topic: &str, id: u16, payload: &[u8], out: &mut Vec<u8>) {
    out.push(PUBLISH_AT_LEAST_ONCE);
    length(2 + topic.len() + 2 + payload.len(), out);
    out.extend((topic.len() as u16).to_be_bytes());
    out.extend(topic.as_bytes());
    out.extend(id.to_be_bytes());
    out.extend(payload);
}

fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u16).to_be_bytes()[..], text.as_bytes()].concat()
}

fn length(mut length: usize, out: &mut Vec<u8>) {
    loop {
        let byte = (length % 128) as u8;
        length /= 128;
        out.push(if length > 0 { byte | 0x80 } else { byte });
        if length == 0 {
            return;
        }
    }
}

/// The acknowledgements in what a broker sends, which may be cut anywhere.
#[derive(Debug, Default)]
pub struct Answers(Vec<u8>);

impl Answers {
    /// The next ones that come.
    pub async fn read(&mut self, reader: &mut OwnedReadHalf) -> Result<Vec<u16>> {
        let mut space = [0; 4_096];
        let length = reader.read(&mut space).await.context("the broker ended the connection")?;
        if length == 0 {
            bail!("the broker ended the connection");
        }
        self.take(&space[..length])
    }

    /// Identifiers of the messages that `bytes` acknowledge.
    pub fn take(&mut self, bytes: &[u8]) -> Result<Vec<u16>> {
        self.0.extend(bytes);
        let whole = self.0.len() / 4 * 4;
        let mut ids = Vec::with_capacity(whole / 4);
        for packet in self.0[..whole].chunks_exact(4) {
            match packet {
                [0x40, 2, high, low] => ids.push(u16::from_be_bytes([*high, *low])),
                other => bail!("the broker sent what is no acknowledgement: {other:02x?}"),
            }
        }
        self.0.drain(..whole);
        Ok(ids)
    }
}
