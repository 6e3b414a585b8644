//! A list, spelled once: what it is asked, what it finds, and its columns. The page's table with heads that sort, the
//! file and the programs' list all come from it.
//!
//! ```ignore
//! struct Customers;
//! impl Listing for Customers { ... }
//!
//! // the page and its file
//! listing::page::<Customers>(deps, view, query, |view, shown| html! { h1 { "Customers" } (shown.filters) (shown.table) }).await
//! // for programs: its route and its documentation
//! Operation::list::<Customers, CustomerView>("/api/v1/customers", READERS, "Customers, by name.", filters)
//! ```

use super::{
    csv::{self, Listed},
    form::{Fields, Form},
    layout,
    list::ListQuery,
    request::{User, View},
    response::PageResult,
    table::{self, Head, Sort},
};
use crate::deps::Deps;
use axum::response::IntoResponse;
use domain::people::account::Scope;
use maud::{Markup, html};
use service::command::CommandError;
use store::records::{PageRequest, Paged, Sortable, Sorted, Unreadable};

/// A page of the list `L`, asked for.
pub type Page<L> = PageRequest<Sorted<<L as Listing>::By>>;
/// A page, read.
pub type Read<T> = Result<Paged<T>, CommandError>;
/// Rows with what people see beside them.
pub type Rows<T> = Result<Vec<T>, CommandError>;

/// A list of the product. Titles are translation keys.
pub trait Listing: Sized + Send + Sync + 'static {
    /// What narrows it.
    type Filter: Send + Sync + 'static;
    /// What it can be sorted by.
    type By: Sortable;
    /// A row as it is kept.
    type Item: Send + 'static;
    /// A row with what people see beside it.
    type Row: Send + Sync + 'static;

    /// Of the page, and of the table for screen readers.
    const TITLE: &'static str;
    /// What the table says when nothing is found.
    const NONE: &'static str;
    /// Name of the file.
    const FILE: &'static str;
    /// Names of the fields that the form of filters shows.
    const FIELDS: &'static [&'static str] = &["q"];

    /// What `query` asks for. The pages and the programs' lists ask alike.
    fn filter(deps: &Deps, user: &User, query: &ListQuery) -> Result<Self::Filter, CommandError>;
    fn find(
        deps: &Deps,
        scope: Scope,
        filter: &Self::Filter,
        page: &Page<Self>,
    ) -> impl Future<Output = Read<Self::Item>> + Send;
    fn rows(deps: &Deps, view: &View, items: Vec<Self::Item>)
    -> impl Future<Output = Rows<Self::Row>> + Send;
    fn columns() -> Vec<Column<Self>>;
    /// The form of filters; a list that has none draws what stands in its place on its page.
    fn fields(_: &View, _: Fields<'_>, _: &ListQuery) -> Markup {
        html! {}
    }
}

/// A column: its head, its cell on the page, its cell in the file, and the order that its head asks for.
pub struct Column<L: Listing> {
    head: &'static str,
    numeric: bool,
    class: Option<&'static str>,
    by: Option<L::By>,
    page: OnPage<L>,
    value: Option<Value<L>>,
}

/// What the page shows of a column.
enum OnPage<L: Listing> {
    Nothing,
    /// What the file has.
    Value,
    Cell(Cell<L>),
}

type Cell<L> = fn(&View, &<L as Listing>::Row) -> Markup;
type Value<L> = fn(&View, &<L as Listing>::Row) -> String;

impl<L: Listing> Column<L> {
    const fn headed(head: &'static str) -> Self {
        Self { head, numeric: false, class: None, by: None, page: OnPage::Nothing, value: None }
    }
    /// Drawn on the page, and in the file only if [`Column::file`] says how.
    pub fn drawn(head: &'static str, cell: Cell<L>) -> Self {
        Self { page: OnPage::Cell(cell), ..Self::headed(head) }
    }
    /// The same, right aligned.
    pub fn number(head: &'static str, cell: Cell<L>) -> Self {
        Self { numeric: true, class: Some("n"), ..Self::drawn(head, cell) }
    }
    /// The same text on the page and in the file.
    pub fn text(head: &'static str, value: Value<L>) -> Self {
        Self { page: OnPage::Value, ..Self::headed(head).file(value) }
    }
    /// A column that the page has no room for.
    pub fn in_file(head: &'static str, value: Value<L>) -> Self {
        Self::headed(head).file(value)
    }
    /// Its cell in the file.
    pub fn file(self, value: Value<L>) -> Self {
        Self { value: Some(value), ..self }
    }
    /// Its head sorts.
    pub fn by(self, by: L::By) -> Self {
        Self { by: Some(by), ..self }
    }
    /// The class of its cells.
    pub fn class(self, class: &'static str) -> Self {
        Self { class: Some(class), ..self }
    }
    fn draw(&self, view: &View, row: &L::Row) -> Markup {
        let cell = match (&self.page, self.value) {
            (OnPage::Cell(cell), _) => cell(view, row),
            (OnPage::Value, Some(value)) => html! { (value(view, row)) },
            _ => html! {},
        };
        html! { td class=[self.class] { (cell) } }
    }
}

/// A page of a list, read.
pub struct Found<L: Listing> {
    pub rows: Vec<L::Row>,
    next_cursor: Option<String>,
    unreadable: Vec<Unreadable>,
    order: Sorted<L::By>,
}

impl<L: Listing> Found<L> {
    pub async fn read(deps: &Deps, view: &View, query: &ListQuery) -> Result<Self, CommandError> {
        let (filter, order) = (L::filter(deps, user(view)?, query)?, query.sorted()?);
        let page = PageRequest { order, ..query.page()? };
        let found = L::find(deps, view.scope(), &filter, &page).await?;
        let rows = L::rows(deps, view, found.items).await?;
        Ok(Self { rows, next_cursor: found.next_cursor, unreadable: found.unreadable, order })
    }

    pub fn table(&self, view: &View, query: &ListQuery) -> Markup {
        let mut columns = L::columns();
        columns.retain(|column| !matches!(column.page, OnPage::Nothing));
        let heads: Vec<Head> = columns.iter().map(|column| self.head(column, query)).collect();
        let row = |row| html! { tr { @for column in &columns { (column.draw(view, row)) } } };
        let rows = self.rows.iter().map(row);
        let rows = table::with_unreadable(view.lang, heads.len(), rows.collect(), &self.unreadable);
        table::under(view.lang, L::TITLE, &heads, &rows, L::NONE)
    }

    /// The table and the way to the next page.
    pub fn draw(&self, view: &View, query: &ListQuery) -> Markup {
        html! { (self.table(view, query)) (self.pages(view, query)) }
    }

    pub fn pages(&self, view: &View, query: &ListQuery) -> Markup {
        table::next_page(view.lang, query, self.next_cursor.as_deref())
    }

    fn head(&self, column: &Column<L>, query: &ListQuery) -> Head {
        let sort = column.by.map(|by| {
            let descending = (self.order.by == by).then_some(self.order.descending);
            let next = Sorted { by, descending: descending == Some(false) };
            let sign = if next.descending { "-" } else { "" };
            Sort { link: query.link("sort", Some(&format!("{sign}{}", by.word()))), descending }
        });
        Head { label: column.head, numeric: column.numeric, sort }
    }
}

/// What a list page puts in its place.
pub struct Shown {
    pub filters: Markup,
    /// With the way to the next page.
    pub table: Markup,
    /// The link to the file, for pages without a form of filters.
    pub file: Markup,
}

/// The page of a list, or its file if that was asked for.
pub async fn page<L: Listing>(
    deps: Deps,
    view: View,
    query: ListQuery,
    draw: impl FnOnce(&View, &Shown) -> Markup,
) -> PageResult {
    let form = asked::<L>(&query);
    page_with::<L>(deps, view, query, &form, draw).await
}

/// The form of filters with what is asked.
pub fn filters<L: Listing>(view: &View, query: &ListQuery) -> Markup {
    filled::<L>(view, query, &asked::<L>(query))
}

fn asked<L: Listing>(query: &ListQuery) -> Form {
    Form::filled(L::FIELDS.iter().map(|name| (*name, query.get(name).unwrap_or(""))))
}

fn filled<L: Listing>(view: &View, query: &ListQuery, form: &Form) -> Markup {
    table::filters(view.lang, query, &L::fields(view, form.fields(view.lang), query))
}

/// The same with the form of filters filled in already.
pub async fn page_with<L: Listing>(
    deps: Deps,
    view: View,
    query: ListQuery,
    form: &Form,
    draw: impl FnOnce(&View, &Shown) -> Markup,
) -> PageResult {
    if query.wants_csv()? {
        return file::<L>(deps, view, &query).await;
    }
    let found = Found::<L>::read(&deps, &view, &query).await?;
    let shown = Shown {
        filters: filled::<L>(&view, &query, form),
        table: found.draw(&view, &query),
        file: table::export_link(view.lang, &query),
    };
    let main = draw(&view, &shown);
    Ok(layout::page(&view, &view.lang.t(L::TITLE), &main).into_response())
}

/// The list as a file, in the order of the page.
pub async fn file<L: Listing>(deps: Deps, view: View, query: &ListQuery) -> PageResult {
    let (filter, order) = (L::filter(&deps, user(&view)?, query)?, query.sorted()?);
    let columns = || L::columns().into_iter().filter_map(|column| Some((column.head, column.value?)));
    let heads = csv::heads(view.lang, columns().map(|(head, _)| head));
    csv::file(L::FILE, heads, Listed { deps, view, filter }, order, move |list, page| {
        Box::pin(async move {
            let found = L::find(&list.deps, list.view.scope(), &list.filter, &page).await?;
            let rows = L::rows(&list.deps, &list.view, found.items).await?;
            let values: Vec<Value<L>> = columns().map(|(_, value)| value).collect();
            let cells = |row| values.iter().map(|value| value(&list.view, row)).collect();
            Ok(Paged {
                items: rows.iter().map(cells).collect(),
                next_cursor: found.next_cursor,
                unreadable: found.unreadable,
            })
        })
    })
    .await
}

/// The list for programs, in the order that they ask for.
pub async fn find<L: Listing>(
    deps: &Deps,
    user: &User,
    query: &ListQuery,
) -> Result<Paged<L::Item>, CommandError> {
    let page = PageRequest { order: query.sorted()?, ..query.page()? };
    L::find(deps, user.scope(), &L::filter(deps, user, query)?, &page).await
}

fn user(view: &View) -> Result<&User, CommandError> {
    view.user.as_ref().ok_or(CommandError::Forbidden)
}
