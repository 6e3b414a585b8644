//! List pages: the filter form, the table, the link to the next page and to the CSV file.
//!
//! On a phone a row is a card: each cell stands under its own head, so nothing is wider than the screen and nothing is
//! left out. The heads reach the style sheet as `--h1`, `--h2`... of the table, see [`card_heads`].
//!
//! ```ignore
//! html! {
//!     (table::filters(lang, &query, &html! { (fields.search("q", "assets-search")) }))
//!     (table::table(lang, "assets-title", &[Column::text("assets-name"), Column::number("assets-open")], &rows, "assets-none"))
//!     (table::next_page(lang, &query, page.next_cursor.as_deref()))
//! }
//! ```

use super::{i18n::Lang, icon::icon, list::ListQuery};
use maud::{Markup, html};
use store::records::Unreadable;

/// A column head; `label` is a translation key.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    label: &'static str,
    numeric: bool,
}

impl Column {
    pub const fn text(label: &'static str) -> Self {
        Self { label, numeric: false }
    }
    /// The translation key, for the head of a file.
    pub const fn label(&self) -> &'static str {
        self.label
    }
    /// Right aligned; its cells carry class `n`.
    pub const fn number(label: &'static str) -> Self {
        Self { label, numeric: true }
    }
}

/// A head as it is drawn.
pub struct Head {
    pub label: &'static str,
    pub numeric: bool,
    pub sort: Option<Sort>,
}

/// What a head does to the order of its list.
pub struct Sort {
    /// The list by this head, the other way if it is by this head already.
    pub link: String,
    /// Which way the list goes by this head now, if it does.
    pub descending: Option<bool>,
}

impl From<&Column> for Head {
    fn from(column: &Column) -> Self {
        Self { label: column.label, numeric: column.numeric, sort: None }
    }
}

/// A table in a card. Each row is a `tr`; `caption` and `empty` are translation keys, the caption for screen readers.
pub fn table(lang: Lang, caption: &str, columns: &[Column], rows: &[Markup], empty: &str) -> Markup {
    let heads: Vec<Head> = columns.iter().map(Into::into).collect();
    under(lang, caption, &heads, rows, empty)
}

/// The same under heads of which some sort.
pub fn under(lang: Lang, caption: &str, heads: &[Head], rows: &[Markup], empty: &str) -> Markup {
    html! {
        // Reachable by keyboard, because it may be wider than the screen.
        div.card.scroll tabindex="0" role="region" aria-label=(lang.t(caption)) {
            @if rows.is_empty() {
                p.nothing { (lang.t(empty)) }
            } @else {
                table.list.cards style=(card_heads(heads.iter().map(|head| lang.t(head.label)))) {
                    caption.sr { (lang.t(caption)) ": " (lang.count("list-count", rows.len() as i64)) }
                    thead { tr { @for head in heads { (head_cell(lang, head)) } } }
                    tbody { @for row in rows { (row) } }
                }
            }
        }
    }
}

fn head_cell(lang: Lang, head: &Head) -> Markup {
    let way = head.sort.as_ref().and_then(|sort| sort.descending);
    let way = way.map(|descending| if descending { "descending" } else { "ascending" });
    html! {
        th scope="col" class=[head.numeric.then_some("n")] aria-sort=[way] {
            @match &head.sort {
                Some(sort) => { a href=(sort.link) { (lang.t(head.label)) } }
                None => { (lang.t(head.label)) }
            }
        }
    }
}

/// The rows of a table, and after them those that cannot be read, each with what it is called.
pub fn with_unreadable(
    lang: Lang,
    columns: usize,
    mut rows: Vec<Markup>,
    unreadable: &[Unreadable],
) -> Vec<Markup> {
    rows.extend(unreadable.iter().map(|row| {
        html! { tr {
            td { b { (row.name) @if row.name.is_empty() { (row.id) } } }
            td colspan=(columns.saturating_sub(1)) { span.pill.crit { (icon("alert")) (lang.t("list-unreadable")) } }
        } }
    }));
    rows
}

/// The same for a list that is no table: a card above it, if there is something to tell.
pub fn unreadable(lang: Lang, rows: &[Unreadable]) -> Markup {
    html! {
        @if !rows.is_empty() {
            ul.rows.card { @for row in rows {
                li {
                    span.st { (icon("alert")) }
                    div { h3 { @if row.name.is_empty() { (row.id) } @else { (row.name) } } p { (lang.t("list-unreadable")) } }
                }
            } }
        }
    }
}

/// The heads of a table with class `cards`, as the value of its `style`.
pub fn card_heads(heads: impl IntoIterator<Item = String>) -> String {
    let mut style = String::new();
    for (index, head) in (1..).zip(heads) {
        let text: String = head
            .chars()
            .map(|c| {
                if c.is_alphanumeric() || c == ' ' { c.to_string() } else { format!("\\{:x} ", u32::from(c)) }
            })
            .collect();
        style.push_str(&format!("--h{index}:\"{text}\";"));
    }
    style
}

/// A form that filters the list without JavaScript, with the link to the CSV file beside it.
pub fn filters(lang: Lang, query: &ListQuery, fields: &Markup) -> Markup {
    html! {
        form.filters method="get" action=(query.path()) role="search" {
            // Narrowed, the list keeps its order.
            @if let Some(order) = query.get("sort") { input type="hidden" name="sort" value=(order); }
            (fields)
            button.btn2 type="submit" { (icon("search")) (lang.t("list-filter")) }
            (export_link(lang, query))
        }
    }
}

/// The same list as a CSV file; the handler asks [`ListQuery::wants_csv`].
pub fn export_link(lang: Lang, query: &ListQuery) -> Markup {
    html! { a.btn2 href=(query.link("format", Some("csv"))) download { (icon("download")) "CSV" span.sr { (lang.t("list-export")) } } }
}

pub fn next_page(lang: Lang, query: &ListQuery, next_cursor: Option<&str>) -> Markup {
    html! {
        @if query.get("cursor").is_some() || next_cursor.is_some() {
            nav.pages aria-label=(lang.t("list-pages")) {
                @if query.get("cursor").is_some() { a.btn2 href=(query.link("cursor", None)) { (lang.t("list-first")) } }
                @if let Some(cursor) = next_cursor {
                    a.btn2 href=(query.link("cursor", Some(cursor))) rel="next" { (lang.t("list-next")) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_head_breaks_out_of_its_style() {
        let heads = ["Name", "a\"b;c\\", "\u{540d}\u{79f0}"].map(String::from);
        assert_eq!(card_heads(heads), "--h1:\"Name\";--h2:\"a\\22 b\\3b c\\5c \";--h3:\"\u{540d}\u{79f0}\";");
    }

    #[test]
    fn every_cell_of_a_list_has_its_head_on_a_phone() {
        let columns = [Column::text("billing-number"), Column::number("billing-total")];
        let row = html! { tr { td { "1" } td.n { "2" } } };
        let drawn = table(Lang::En, "nav-invoices", &columns, &[row], "portal-invoices-none").into_string();
        assert!(drawn.contains("--h1:") && drawn.contains("--h2:") && !drawn.contains("--h3:"), "{drawn}");
    }
}
