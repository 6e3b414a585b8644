//! What SQLite and PostgreSQL say differently: types, triggers, bound values, functions, and the codes of errors.
//! Everything else that is written as SQL is written so that both understand it.

mod said;
mod schema;

pub(crate) use said::{Said, constraint, said};
pub(in crate::records) use schema::Trigger;

use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, ExprTrait, Statement, Value, sea_query::Expr};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::records) enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
    pub(in crate::records) fn of(db: &impl ConnectionTrait) -> Self {
        match db.get_database_backend() {
            DbBackend::Postgres => Self::Postgres,
            // No other engine is opened.
            _ => Self::Sqlite,
        }
    }
    /// The lesser of some numbers, none of which is null.
    pub(in crate::records) fn least(self, of: &str) -> String {
        let name = if self == Self::Sqlite { "min" } else { "least" };
        format!("{name}({of})")
    }
    /// The greater of some numbers, none of which is null.
    pub(in crate::records) fn greatest(self, of: &str) -> String {
        let name = if self == Self::Sqlite { "max" } else { "greatest" };
        format!("{name}({of})")
    }
    /// An id as a text that can be read as one.
    pub(in crate::records) fn id_text(self, column: &str) -> String {
        match self {
            Self::Sqlite => format!("hex({column})"),
            Self::Postgres => format!("CAST({column} AS text)"),
        }
    }
    /// Makes SQLite read a table by this index, which its planner does not choose; PostgreSQL's knows how rows are
    /// spread.
    pub(in crate::records) fn indexed_by(self, index: &str) -> String {
        if self == Self::Sqlite { format!("INDEXED BY {index}") } else { String::new() }
    }
    /// A join whose left side SQLite reads first.
    pub(in crate::records) fn ordered_join(self) -> &'static str {
        if self == Self::Sqlite { "CROSS JOIN" } else { "JOIN" }
    }
}

/// The sum of a column of whole numbers as one of them, which PostgreSQL widens.
pub(in crate::records) fn sum(column: impl ColumnTrait) -> Expr {
    column.sum().cast_as("bigint")
}

/// `sql` with `?` for each value in turn, or `?1` for the first, and so on.
pub(in crate::records) fn statement(
    db: &impl ConnectionTrait,
    sql: impl Into<String>,
    values: impl IntoIterator<Item = Value>,
) -> Statement {
    let sql = match Dialect::of(db) {
        Dialect::Sqlite => sql.into(),
        Dialect::Postgres => numbered(&sql.into()),
    };
    Statement::from_sql_and_values(db.get_database_backend(), sql, values)
}

/// PostgreSQL keeps no NUL in a text: what somebody wrote with one is kept with the sign for what cannot be shown.
pub(in crate::records) fn storable(mut statement: Statement) -> Statement {
    if statement.db_backend == DbBackend::Postgres
        && let Some(values) = &mut statement.values
    {
        for value in &mut values.0 {
            if let Value::String(Some(text)) = value
                && text.contains('\0')
            {
                *text = text.replace('\0', "\u{fffd}");
            }
        }
    }
    statement
}

/// `?` and `?1` as PostgreSQL writes them. No text in our SQL has a question mark.
fn numbered(sql: &str) -> String {
    let mut parts = sql.split('?');
    let mut out: String = parts.next().unwrap_or_default().into();
    for (number, part) in (1..).zip(parts) {
        out.push('$');
        if !part.starts_with(|char: char| char.is_ascii_digit()) {
            out.push_str(&i32::to_string(&number));
        }
        out.push_str(part);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bound_values_are_numbered_for_postgresql() {
        assert_eq!(numbered("a = ? AND b < ?"), "a = $1 AND b < $2");
        assert_eq!(numbered("a = ?2 OR ?1 < b AND ?2 > c"), "a = $2 OR $1 < b AND $2 > c");
        assert_eq!(numbered("a"), "a");
    }
}
