//! The index behind [`crate::records::lists::search`], of the column `search` of eight tables.
//!
//! On SQLite a full-text index that triggers keep. On PostgreSQL a function gives a text's runs of three characters,
//! and each table has an index of what it gives: a part of every installation, where `pg_trgm` is none.

use crate::records::engine::dialect::{Dialect, Trigger};

/// In the order of their ranges of rows in SQLite's index.
const TABLES: [&str; 8] =
    ["customers", "sites", "models", "assets", "devices", "parts", "tickets", "work_orders"];

pub(super) fn index(dialect: Dialect) -> Vec<String> {
    match dialect {
        Dialect::Sqlite => {
            let tables = [
                "CREATE TABLE search_ids (seq INTEGER PRIMARY KEY, subject_id BLOB NOT NULL UNIQUE)",
                // The words stand in the rows: the index alone is kept, without a copy of them.
                "CREATE VIRTUAL TABLE search_index USING fts5(text, content='', contentless_delete=1, \
                 tokenize='trigram remove_diacritics 1')",
            ];
            let triggers = (1..).zip(TABLES).flat_map(|(kind, table)| kept(kind, table));
            tables.map(String::from).into_iter().chain(triggers.map(|one| dialect.trigger(&one))).collect()
        }
        Dialect::Postgres => {
            let functions = [
                // Without accents, as SQLite's index sees it.
                "CREATE FUNCTION search_folded(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN \
                 regexp_replace(normalize($1, NFD), '[\\u0300-\\u036f]', '', 'g')",
                "CREATE FUNCTION search_grams(text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN \
                 ARRAY(SELECT DISTINCT substr($1, n, 3) FROM generate_series(1, length($1) - 2) AS n)",
            ];
            let indexes = TABLES.map(|table| {
                format!(
                    "CREATE INDEX {table}_search ON {table} USING gin (search_grams(search_folded(search)))"
                )
            });
            functions.map(String::from).into_iter().chain(indexes).collect()
        }
    }
}

/// What keeps SQLite's index with the rows of `table`, whoever writes them.
fn kept(kind: i64, table: &'static str) -> [Trigger; 3] {
    let first = kind << 48;
    let end = first + (1 << 48);
    let trigger = |what: &str, event: &str, when: Option<&str>, body: Vec<String>| Trigger {
        name: format!("{table}_search_{what}"),
        table,
        event: event.into(),
        when: when.map(Into::into),
        body,
    };
    let of = |row: &str| format!("(SELECT seq FROM search_ids WHERE subject_id = {row}.id)");
    [
        trigger(
            "made",
            "INSERT",
            None,
            vec![
                format!(
                    "INSERT INTO search_ids (seq, subject_id) SELECT coalesce(max(seq), {first}) + 1, new.id \
                     FROM search_ids WHERE seq > {first} AND seq < {end}"
                ),
                "INSERT INTO search_index (rowid, text) SELECT seq, new.search FROM search_ids \
                 WHERE subject_id = new.id"
                    .into(),
            ],
        ),
        trigger(
            "changed",
            "UPDATE OF search",
            Some("new.search <> old.search"),
            vec![format!("UPDATE search_index SET text = new.search WHERE rowid = {}", of("new"))],
        ),
        trigger(
            "gone",
            "DELETE",
            None,
            vec![
                format!("DELETE FROM search_index WHERE rowid = {}", of("old")),
                "DELETE FROM search_ids WHERE subject_id = old.id".into(),
            ],
        ),
    ]
}
