//! Finding things by their words, through a full-text index that triggers keep in the transaction of every change.
//!
//! A searched table keeps what is looked in in its column `search`, as [`text`] writes it. The index holds every run of
//! three characters of it, so a word is found by any part of it. One ideograph is a word of its own: it is written
//! as three characters, and so is found alone too. What is shorter than three characters is looked for in the rows
//! themselves.
//!
//! Numbers that people say aloud are not searched for: they are looked up, see [`number`].

use sea_orm::{
    ColumnTrait, Condition, DbErr, FromQueryResult, Statement, Value,
    sea_query::{Expr, ExprTrait, LikeExpr, Query},
};
use sea_orm_migration::prelude::*;
use uuid::Uuid;

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
    const ALL: [Self; 8] = [
        Self::Customer,
        Self::Site,
        Self::Model,
        Self::Asset,
        Self::Device,
        Self::Part,
        Self::Ticket,
        Self::WorkOrder,
    ];
    fn table(self) -> &'static str {
        match self {
            Self::Customer => "customers",
            Self::Site => "sites",
            Self::Model => "models",
            Self::Asset => "assets",
            Self::Device => "devices",
            Self::Part => "parts",
            Self::Ticket => "tickets",
            Self::WorkOrder => "work_orders",
        }
    }
    /// The columns whose words are searched.
    fn words(self) -> &'static [&'static str] {
        match self {
            Self::Customer => &["name", "email", "phone", "tax_id"],
            Self::Site => &["name", "address"],
            Self::Model => &["manufacturer", "name", "equipment_type"],
            Self::Asset => &["name", "serial_number", "functional_location"],
            Self::Device => &["name"],
            Self::Part => &["number", "name"],
            Self::Ticket | Self::WorkOrder => &["subject"],
        }
    }
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
pub(in crate::records) fn found<C: ColumnTrait>(kind: Kind, id: C, search: C, sought: &str) -> Condition {
    let words: Vec<String> = sought.split_whitespace().map(indexed).filter(|word| !word.is_empty()).collect();
    let (long, short): (Vec<_>, Vec<_>) = words.into_iter().partition(|word| word.chars().count() >= GRAM);
    let mut all = Condition::all();
    if !long.is_empty() {
        let quoted: Vec<String> =
            long.iter().map(|word| format!("\"{}\"", word.replace('"', "\"\""))).collect();
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
        all = all.add(id.in_subquery(ids));
    }
    for word in short {
        all = all.add(search.like(anywhere(&word)));
    }
    all
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
    (prefix, number_column): (&str, C),
    (kind, id, search): (Kind, C, C),
    sought: &str,
) -> Condition {
    match number(prefix, sought) {
        Some(Number::Whole(number)) => Condition::all().add(number_column.eq(number)),
        Some(Number::Digits(number)) => {
            Condition::any().add(number_column.eq(number)).add(found(kind, id, search, sought))
        }
        None => found(kind, id, search, sought),
    }
}

pub(in crate::records) struct Migration;
impl MigrationName for Migration {
    fn name(&self) -> &str {
        "0084_search"
    }
}
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        for table in ["parts", "tickets", "work_orders"] {
            db.execute_unprepared(&format!("ALTER TABLE {table} ADD COLUMN search TEXT NOT NULL DEFAULT ''"))
                .await?;
        }
        db.execute_unprepared(
            "CREATE TABLE search_ids (seq INTEGER PRIMARY KEY, subject_id BLOB NOT NULL UNIQUE)",
        )
        .await?;
        // The words stand in the rows: the index alone is kept, without a copy of them.
        db.execute_unprepared(
            "CREATE VIRTUAL TABLE search_index USING fts5(text, content='', contentless_delete=1, \
             tokenize='trigram remove_diacritics 1')",
        )
        .await?;
        for kind in Kind::ALL {
            write_words(db, kind).await?;
            for sql in index_rows(kind).into_iter().chain(triggers(kind)) {
                db.execute_unprepared(&sql).await?;
            }
        }
        Ok(())
    }
}

#[derive(FromQueryResult)]
struct Words {
    id: Uuid,
    words: String,
}

/// Rows read at once.
const BATCH: usize = 1000;

/// Writes the search column of the rows that are there already.
async fn write_words(db: &impl ConnectionTrait, kind: Kind) -> Result<(), DbErr> {
    let (table, backend) = (kind.table(), db.get_database_backend());
    let joined: Vec<String> =
        kind.words().iter().map(|column| format!("coalesce({column} || char(10), '')")).collect();
    let select = format!(
        "SELECT id, {} AS words FROM {table} WHERE id > ? ORDER BY id LIMIT {BATCH}",
        joined.join(" || ")
    );
    let update = format!("UPDATE {table} SET search = ? WHERE id = ?");
    let mut last = Uuid::nil();
    loop {
        let batch = Statement::from_sql_and_values(backend, select.as_str(), [Value::from(last)]);
        let rows = Words::find_by_statement(batch).all(db).await?;
        let Some(newest) = rows.last().map(|row| row.id) else { return Ok(()) };
        last = newest;
        for row in rows {
            let values = [Value::from(indexed(row.words.trim_end())), Value::from(row.id)];
            db.execute_raw(Statement::from_sql_and_values(backend, update.as_str(), values)).await?;
        }
    }
}

/// Numbers the rows of `kind` by age and indexes their words.
fn index_rows(kind: Kind) -> [String; 2] {
    let (table, first) = (kind.table(), kind.first());
    [
        format!(
            "INSERT INTO search_ids (seq, subject_id) \
             SELECT {first} + row_number() OVER (ORDER BY id), id FROM {table}"
        ),
        format!(
            "INSERT INTO search_index (rowid, text) \
             SELECT seq, search FROM {table} JOIN search_ids ON subject_id = id ORDER BY seq"
        ),
    ]
}

/// What keeps the index with the rows, whoever writes them.
fn triggers(kind: Kind) -> [String; 3] {
    let (table, first) = (kind.table(), kind.first());
    let end = first + (1 << 48);
    [
        format!(
            "CREATE TRIGGER {table}_search_made AFTER INSERT ON {table} BEGIN \
             INSERT INTO search_ids (seq, subject_id) SELECT coalesce(max(seq), {first}) + 1, new.id \
             FROM search_ids WHERE seq > {first} AND seq < {end}; \
             INSERT INTO search_index (rowid, text) SELECT seq, new.search FROM search_ids \
             WHERE subject_id = new.id; END"
        ),
        format!(
            "CREATE TRIGGER {table}_search_changed AFTER UPDATE OF search ON {table} \
             WHEN new.search <> old.search BEGIN \
             UPDATE search_index SET text = new.search \
             WHERE rowid = (SELECT seq FROM search_ids WHERE subject_id = new.id); END"
        ),
        format!(
            "CREATE TRIGGER {table}_search_gone AFTER DELETE ON {table} BEGIN \
             DELETE FROM search_index WHERE rowid = (SELECT seq FROM search_ids WHERE subject_id = old.id); \
             DELETE FROM search_ids WHERE subject_id = old.id; END"
        ),
    ]
}

#[cfg(test)]
mod tests;
