//! How lists are read: pages by cursor, words searched for, rows in scope, rows that cannot be read.

pub(in crate::records) mod cursor;
pub(in crate::records) mod keyset;
pub(in crate::records) mod order;
pub(in crate::records) mod readable;
pub(in crate::records) mod scope;
pub(in crate::records) mod search;
