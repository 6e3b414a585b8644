//! Lists as files: RFC 4180, UTF-8 with a byte order mark so that spreadsheets read it.
//!
//! A file has every row that matches, whatever a page of the list shows. It is read and sent piece by piece, because it
//! may be larger than memory; rows that change meanwhile are in it as they are when their piece is read. When a piece
//! cannot be read the connection breaks off: half a file must never be taken for a whole one.
//!
//! ```ignore
//! let listed = Listed { deps, view, filter };
//! csv::file("customers.csv", heads, listed, order, |listed, page| Box::pin(rows(listed, page))).await
//! ```

use super::{
    i18n::Lang,
    request::View,
    response::{PageError, PageResult},
};
use crate::deps::Deps;
use axum::response::Response;
use bytes::Bytes;
use futures::{Stream, future::BoxFuture};
use service::command::CommandError;
use std::io;
use store::records::{PageRequest, Paged};

/// What the rows of a file are read with.
pub struct Listed<F> {
    pub deps: Deps,
    pub view: View,
    pub filter: F,
}

/// A list that knows in which language its file is read.
pub trait Source: Send + Sync + 'static {
    fn lang(&self) -> Lang;
}

impl<F: Send + Sync + 'static> Source for Listed<F> {
    fn lang(&self) -> Lang {
        self.view.lang
    }
}

/// The cells of some rows, and where those after them begin.
pub type Rows = Result<Paged<Vec<String>>, CommandError>;

/// The file `name` of all rows that `read` finds in `list`, in `order`. A row that is stored and cannot be read has its name and
/// says so; what cannot be read at all is an error page.
pub async fn file<L, O, R>(name: &str, heads: Vec<String>, list: L, order: O, read: R) -> PageResult
where
    L: Source,
    O: Copy + Send + Sync + 'static,
    R: for<'a> Fn(&'a L, PageRequest<O>) -> BoxFuture<'a, Rows> + Send + Sync + 'static,
{
    let piece = move |cursor| PageRequest { limit: PageRequest::MAX_LIMIT, cursor, order };
    let mut page = read(&list, piece(None)).await.map_err(PageError)?;
    let pieces = async_stream::try_stream! {
        let mut text = String::from("\u{feff}");
        push_row(&mut text, &heads);
        loop {
            page.items.iter().for_each(|row| push_row(&mut text, row));
            for row in &page.unreadable {
                push_row(&mut text, &[row.name.clone(), list.lang().t("list-unreadable")]);
            }
            yield Bytes::from(std::mem::take(&mut text));
            let Some(cursor) = page.next_cursor else { break };
            page = read(&list, piece(Some(cursor))).await.map_err(io::Error::other)?;
        }
    };
    Ok(download(name, pieces))
}

/// The file `name` of rows that are few by nature.
pub fn of_rows(name: &str, heads: &[String], rows: &[Vec<String>]) -> Response {
    let mut text = String::from("\u{feff}");
    push_row(&mut text, heads);
    rows.iter().for_each(|row| push_row(&mut text, row));
    download(name, futures::stream::once(async { Ok(Bytes::from(text)) }))
}

/// `pieces` as a file to keep.
pub fn download(name: &str, pieces: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Response {
    crate::download::download(name, "text/csv; charset=utf-8", pieces)
}

/// The heads that translation keys stand for.
pub fn heads<'a>(lang: Lang, keys: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    keys.into_iter().map(|key| lang.t(key)).collect()
}

fn push_row(text: &mut String, cells: &[String]) {
    for (index, cell) in cells.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        push_cell(text, cell);
    }
    text.push_str("\r\n");
}

/// Appends `cell`, quoted. Spreadsheets run what begins like a formula; numbers alone may begin with a sign.
pub fn push_cell(text: &mut String, cell: &str) {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) && cell.parse::<f64>().is_err();
    text.push('"');
    if formula {
        text.push('\'');
    }
    text.push_str(&cell.replace('"', "\"\""));
    text.push('"');
}

#[cfg(test)]
mod tests;
