//! Finding things by their words, through an index of them that the engine keeps with every change (how it is made says
//! `migrations/m0001_tables/search.rs`).
//!
//! A searched table keeps what is looked in in its column `search`, as [`text`] writes it. The index holds every run of
//! three characters of it, so a word is found by any part of it. One ideograph is a word of its own: it is written
//! as three characters, and so is found alone too. What is shorter than three characters is looked for in the rows
//! themselves.
//!
//! Numbers that people say aloud are not searched for: they are looked up, see [`number`].

use crate::records::engine::dialect::Dialect;
use sea_orm::{
    ColumnTrait, Condition,
    sea_query::{BinOper, Expr, ExprTrait, Func, LikeExpr, Query, extension::postgres::PgBinOper},
};

/// What can be searched for. Each kind has its own range of rows in the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::records) enum Kind {
    Customer = 1,
    Site = 2,
    Model = 3,
    Asset = 4,
    Device = 5,
    Part = 6,
    Ticket = 7,
    WorkOrder = 8,
}

impl Kind {
    /// Rows of the index: from this one, excluded, to the one of the next kind.
    fn first(self) -> i64 {
        (self as i64) << 48
    }
}

/// Characters that the index sees at once.
const GRAM: usize = 3;
/// Written after an ideograph, so that it fills a run of the index alone.
const FILL: &str = "||";

/// What a search column holds of a row.
pub(in crate::records) fn text(words: &[Option<&String>]) -> String {
    words.iter().flatten().map(|word| indexed(word)).collect::<Vec<_>>().join("\n")
}

fn indexed(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    for char in word.chars().filter(|char| *char != '\0').flat_map(char::to_lowercase) {
        out.push(char);
        if is_word_of_its_own(char) {
            out.push_str(FILL);
        }
    }
    out
}

/// Han, kana and Hangul are written without spaces between words.
fn is_word_of_its_own(char: char) -> bool {
    matches!(char, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Rows of `kind` in whose words every word of `sought` is found.
pub(in crate::records) fn found<C: ColumnTrait>(
    dialect: Dialect,
    kind: Kind,
    id: C,
    search: C,
    sought: &str,
) -> Condition {
    let words: Vec<String> = sought.split_whitespace().map(indexed).filter(|word| !word.is_empty()).collect();
    let (long, short): (Vec<_>, Vec<_>) = words.into_iter().partition(|word| word.chars().count() >= GRAM);
    let mut all = Condition::all();
    match dialect {
        Dialect::Sqlite if long.is_empty() => {}
        Dialect::Sqlite => all = all.add(matched(kind, id, &long)),
        Dialect::Postgres => all = long.iter().fold(all, |all, word| all.add(within(search, word))),
    }
    for word in short {
        all = all.add(search.like(anywhere(&word)));
    }
    all
}

/// SQLite: what matches all words, by the rows of the full-text index.
fn matched(kind: Kind, id: impl ColumnTrait, words: &[String]) -> Expr {
    let quoted: Vec<String> = words.iter().map(|word| format!("\"{}\"", word.replace('"', "\"\""))).collect();
    let rows = Query::select()
        .column("rowid")
        .from("search_index")
        .and_where(Expr::cust_with_values("search_index MATCH ?", [quoted.join(" ")]))
        .and_where(Expr::col("rowid").between(kind.first() + 1, kind.first() + (1 << 48) - 1))
        .to_owned();
    let ids = Query::select()
        .column("subject_id")
        .from("search_ids")
        .and_where(Expr::col("seq").in_subquery(rows))
        .to_owned();
    id.in_subquery(ids)
}

/// PostgreSQL: what has the runs of the word, by their index, and has them in a row.
fn within(search: impl ColumnTrait, word: &str) -> Condition {
    let folded = |text: Expr| Expr::from(Func::cust("search_folded").arg(text));
    let grams = |text: Expr| Expr::from(Func::cust("search_grams").arg(folded(text)));
    let (text, word) = (|| Expr::col(search.as_column_ref()), || Expr::val(word));
    let runs = grams(text()).binary(BinOper::PgOperator(PgBinOper::Contains), grams(word()));
    let at = Expr::from(Func::cust("strpos").arg(folded(text())).arg(folded(word())));
    Condition::all().add(runs).add(at.gt(0))
}

fn anywhere(word: &str) -> LikeExpr {
    let mut pattern = String::from("%");
    for char in word.chars() {
        if matches!(char, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(char);
    }
    pattern.push('%');
    LikeExpr::new(pattern).escape('\\')
}

/// A number that somebody typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::records) enum Number {
    /// With its prefix: nothing else can be meant.
    Whole(String),
    /// Digits alone, which may also be words of a text.
    Digits(String),
}

/// Reads `T-1001`, `t-1001` and `1001` as a number of `prefix`.
pub(in crate::records) fn number(prefix: &str, sought: &str) -> Option<Number> {
    let sought = sought.trim().to_uppercase();
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_number(&sought) {
        return Some(Number::Digits(format!("{prefix}-{sought}")));
    }
    let digits = sought.strip_prefix(prefix)?.strip_prefix('-')?;
    is_number(digits).then_some(Number::Whole(sought))
}

/// The row with the number `sought` of `prefix`, or the rows with such words.
pub(in crate::records) fn numbered<C: ColumnTrait>(
    dialect: Dialect,
    (prefix, number_column): (&str, C),
    (kind, id, search): (Kind, C, C),
    sought: &str,
) -> Condition {
    match number(prefix, sought) {
        Some(Number::Whole(number)) => Condition::all().add(number_column.eq(number)),
        Some(Number::Digits(number)) => {
            Condition::any().add(number_column.eq(number)).add(found(dialect, kind, id, search, sought))
        }
        None => found(dialect, kind, id, search, sought),
    }
}

#[cfg(test)]
mod tests;
