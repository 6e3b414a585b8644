//! One row that cannot be read never takes the others of its list with it: it is logged, set aside with its name, and
//! the rest is there. What decides about a single thing, such as the lines of a job or the contracts that cover an
//! asset, is still read whole or not at all.

use crate::{StoreError, records::Paged};
use uuid::Uuid;

/// A row that stands in a list and cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    pub id: Uuid,
    /// Its number or name, as people know it.
    pub name: String,
}

impl<M> Paged<M> {
    /// Reads each row by itself. `what` is the kind of row, `name` what to call one.
    pub(in crate::records) fn read<T>(
        self,
        what: &'static str,
        name: impl Fn(&M) -> (Uuid, &str),
        read: impl FnMut(M) -> Result<T, StoreError>,
    ) -> Paged<T> {
        let (items, mut unreadable) = each(what, self.items, name, read);
        unreadable.splice(0..0, self.unreadable);
        Paged { items, next_cursor: self.next_cursor, unreadable }
    }
}

/// The rows that can be read, and those that cannot.
pub(in crate::records) fn each<M, T>(
    what: &'static str,
    rows: Vec<M>,
    name: impl Fn(&M) -> (Uuid, &str),
    mut read: impl FnMut(M) -> Result<T, StoreError>,
) -> (Vec<T>, Vec<Unreadable>) {
    let (mut readable, mut unreadable) = (Vec::with_capacity(rows.len()), Vec::new());
    for row in rows {
        let (id, called) = name(&row);
        let aside = Unreadable { id, name: called.to_owned() };
        match read(row) {
            Ok(row) => readable.push(row),
            Err(error) => {
                tracing::error!(what, id = %aside.id, name = aside.name, %error, "a row cannot be read and is set aside");
                unreadable.push(aside);
            }
        }
    }
    (readable, unreadable)
}
