//! Places in lists as callers carry them: sealed words that only the list they were made by opens.
//!
//! A [`List`] writes the sort key of the last row shown into a word, with a checksum over the list's name and the key.
//! So a word that was cut, retyped or taken from another list is refused, and never means some other place. It is no
//! secret and grants nothing: what a caller may see is decided when the rows are read.

use crate::{
    StoreError,
    records::{PageRequest, Paged},
};
use sha2::{Digest, Sha256};
use std::{borrow::Cow, marker::PhantomData};
use uuid::Uuid;

/// Bytes of the checksum: a damaged word passes once in 2^48.
const CHECK: usize = 6;
/// No key is longer: a name, an instant and an id.
const MAX_KEY: usize = 2048;

/// A list and how its rows are ordered: by `K`, which no two rows share.
#[derive(Debug)]
pub struct List<K> {
    name: Cow<'static, str>,
    key: PhantomData<fn() -> K>,
}

impl<K: Key> List<K> {
    /// Lists of different names refuse each other's places, also where their keys look alike.
    pub const fn named(name: &'static str) -> Self {
        Self { name: Cow::Borrowed(name), key: PhantomData }
    }
    /// The same with a name that is put together.
    pub fn called(name: String) -> Self {
        Self { name: Cow::Owned(name), key: PhantomData }
    }
    /// The place that `page` starts behind; `None` at the beginning.
    pub fn place<O>(&self, page: &PageRequest<O>) -> Result<Option<K>, StoreError> {
        page.cursor.as_deref().map(|cursor| self.open(cursor)).transpose()
    }
    /// A page of rows that were read with `limit + 1`; `key` gives the place of a row.
    pub fn page<T>(&self, mut rows: Vec<T>, limit: u64, key: impl Fn(&T) -> K) -> Paged<T> {
        let more = rows.len() as u64 > limit;
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let last = if more { rows.last() } else { None };
        Paged { next_cursor: last.map(|row| self.seal(&key(row))), items: rows, unreadable: Vec::new() }
    }
    /// Opaque, and safe in a URL.
    pub fn seal(&self, key: &K) -> String {
        let mut bytes = Vec::new();
        key.write(&mut bytes);
        let check = self.check(&bytes);
        check.iter().chain(&bytes).map(|byte| format!("{byte:02x}")).collect()
    }
    /// What [`List::seal`] wrote for this list, and nothing else.
    pub fn open(&self, cursor: &str) -> Result<K, StoreError> {
        let bytes = from_hex(cursor).ok_or(StoreError::Cursor)?;
        let (check, mut key) = bytes.split_at_checked(CHECK).ok_or(StoreError::Cursor)?;
        if check != self.check(key) {
            return Err(StoreError::Cursor);
        }
        let read = K::read(&mut key).ok_or(StoreError::Cursor)?;
        if key.is_empty() { Ok(read) } else { Err(StoreError::Cursor) }
    }
    fn check(&self, key: &[u8]) -> [u8; CHECK] {
        let digest = Sha256::new().chain_update(&*self.name).chain_update([0]).chain_update(key).finalize();
        let mut check = [0; CHECK];
        check.copy_from_slice(&digest[..CHECK]);
        check
    }
}

/// One place has one spelling: lower case only.
fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() || pairs.len() > CHECK + MAX_KEY {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(*high)? * 16 + digit(*low)?)).collect()
}

/// A sort key that can be written down.
pub trait Key: Sized {
    fn write(&self, out: &mut Vec<u8>);
    /// Takes what it needs from the front.
    fn read(bytes: &mut &[u8]) -> Option<Self>;
}

impl Key for i64 {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.to_be_bytes());
    }
    fn read(bytes: &mut &[u8]) -> Option<Self> {
        let (first, rest) = bytes.split_first_chunk()?;
        *bytes = rest;
        Some(Self::from_be_bytes(*first))
    }
}
impl Key for Uuid {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.as_bytes());
    }
    fn read(bytes: &mut &[u8]) -> Option<Self> {
        let (first, rest) = bytes.split_first_chunk()?;
        *bytes = rest;
        Some(Self::from_bytes(*first))
    }
}
impl Key for String {
    fn write(&self, out: &mut Vec<u8>) {
        i64::try_from(self.len()).unwrap_or(i64::MAX).write(out);
        out.extend(self.bytes());
    }
    fn read(bytes: &mut &[u8]) -> Option<Self> {
        let length = usize::try_from(i64::read(bytes)?).ok()?;
        let (text, rest) = bytes.split_at_checked(length)?;
        *bytes = rest;
        Self::from_utf8(text.to_vec()).ok()
    }
}
impl<A: Key, B: Key> Key for (A, B) {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
        self.1.write(out);
    }
    fn read(bytes: &mut &[u8]) -> Option<Self> {
        Some((A::read(bytes)?, B::read(bytes)?))
    }
}
impl<A: Key, B: Key, C: Key> Key for (A, B, C) {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
        self.1.write(out);
        self.2.write(out);
    }
    fn read(bytes: &mut &[u8]) -> Option<Self> {
        Some((A::read(bytes)?, B::read(bytes)?, C::read(bytes)?))
    }
}

#[cfg(test)]
mod tests;
